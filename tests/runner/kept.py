# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes of the steps of a long run that was ended before its time: a run that resumes takes them if not one file is another."""

from __future__ import annotations

import hashlib
import json
import subprocess

# Written by the run itself.
REPORT = "docs/verification.md"
KEYS = ("state", "seconds", "passed", "failed", "skipped", "note", "ended")


def files(root):
    """What stands for all files of the clone (str); None if some are not committed, or this is no clone."""
    listed = subprocess.run(["git", "ls-files", "--stage", "--", ".", ":!" + REPORT], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    changed = subprocess.run(["git", "status", "--porcelain", "--", ".", ":!" + REPORT], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=False)
    if listed.returncode or changed.returncode or changed.stdout.strip():
        return None
    return hashlib.sha256(listed.stdout).hexdigest()


def write(folder, outcome, digest):
    """Keep *outcome* of a full run with the files of *digest*."""
    data = dict({key: getattr(outcome, key) for key in KEYS}, files=digest)
    (folder / (outcome.step["id"] + ".json")).write_text(json.dumps(data), encoding="utf-8")


def read(folder, identifier, digest):
    """The keywords of the Outcome of a step that was kept with these files, or None."""
    path = folder / (identifier + ".json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if data.pop("files", None) != digest:
        return None
    return dict(data, skipped=[tuple(item) for item in data["skipped"]])
