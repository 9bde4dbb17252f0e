# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes of the steps of a long run that takes more than one day or one machine: a run that resumes takes those whose files are the same.

They are committed: who resumes elsewhere, or reads docs/verification.md, has what each step said, of which files, when and where.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import subprocess

# Written by the run itself: the page, and a file for each step.
REPORT, OUTCOMES = "docs/verification.md", "tests/runner/outcomes"
BY_THE_RUN = (":!" + REPORT, ":!" + OUTCOMES)
KEYS = ("state", "seconds", "passed", "failed", "skipped", "note", "ended", "commit", "machine", "made", "hosts")

# What a step that names test modules, a Molecule scenario or a benchmark does not look at: what only other steps read.
APART = re.compile(r"docs/.*\.md$|changelogs/|tests/unit/|tests/playbooks/|tests/runner/steps\.yml$|README\.md$|CHANGELOG|CONTRIBUTING\.md$|\.github/|\.ci/"
                   r"|scripts/(sanity|shellcheck|importer|tarball|coverage|units|changelog)\.sh$")
# What runs the benchmarks, and the folder of them, which no other step looks at.
MEASURES, BENCHMARKS = "tests/bench/run", "tests/bench/"
# Of these it looks at what its command names, and at whatever is not such a module or scenario.
MODULE = re.compile(r"tests/hosts/(?P<name>test_\w+\.py)$")
SCENARIO = re.compile(r"molecule/(?!shared/)(?P<name>[^/]+)/")
# Parts of the collection, and their tests, that nothing else comes near (tests/unit/runner holds them to that). A step names those it does without.
PARTS = {
    "conversion": re.compile(
        r"plugins/(modules|action|doc_fragments)/conversion\w*\.py$|plugins/module_utils/(_conversion/|_dnf/conversion\.py$)|roles/convert/"
        r"|playbooks/(convert|preflight|tasks/(conversions|convert))\.yml$|molecule/shared/convert/|tests/hosts/(conversions\.py|look_beside\.yml)$"
        r"|tests/testbed/manifests/sources/"),
    "hardening": re.compile(
        r"plugins/(modules|action|doc_fragments|filter)/baseline\w*\.py$|plugins/plugin_utils/|plugins/module_utils/_baseline/|roles/hardening/"
        r"|playbooks/(audit|harden|tasks/hardenings)\.yml$|tests/hosts/(hardened|lockout)\.py$|tests/outside/|tests/testbed/images/(hard|judge)/"
        r"|docs/evidence\.schema\.json$"),
}


def files(root):
    """The committed files of the clone: dict of path to mode and object (str); None if some are not committed, or this is no clone."""
    listed = subprocess.run(["git", "ls-files", "--stage", "--", ".", *BY_THE_RUN], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            check=False)
    changed = subprocess.run(["git", "status", "--porcelain", "--", ".", *BY_THE_RUN], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=False)
    if listed.returncode or changed.returncode or changed.stdout.strip():
        return None
    return {path: entry for entry, path in (line.split("\t", 1) for line in listed.stdout.splitlines())}


def commit(root):
    """The commit that the clone is at (str, 8 digits), empty if this is no clone."""
    return subprocess.run(["git", "rev-parse", "--short=8", "HEAD"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout.strip()


def _owner(path):
    """The name of the test module or scenario that *path* is of (str), or None."""
    found = MODULE.match(path) or SCENARIO.match(path)
    return found and found.group("name")


def digest(listed, step):
    """What stands for the command of *step*, the files it makes, and all that it hangs on: files, and which images are asked for (str).

    :param listed: what files() returned
    :param step: an entry of steps.yml

    A step that names no test module, no scenario and no benchmark hangs on every file (a linter does).
    """
    words = set(step["run"].split())
    measures = MEASURES in words
    # Benchmarks have the names of scenarios, and look at none.
    own = {None} if measures else words & {_owner(path) for path in listed} | {None}
    if measures or own != {None}:
        without = [PARTS[name] for name in step.get("without", ())]
        listed = {path: entry for path, entry in listed.items()
                  if not APART.match(path) and _owner(path) in own and (measures or not path.startswith(BENCHMARKS))
                  and not any(part.match(path) for part in without)}
    lines = [step["run"], "makes {}".format(step.get("makes")), "images {}".format(os.environ.get("ELKIT_IMAGES", "auto"))]
    lines += ["{} {}".format(path, entry) for path, entry in sorted(listed.items())]
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def write(folder, outcome, value):
    """Keep *outcome* of a full run whose files are those of the digest *value*."""
    data = dict({key: getattr(outcome, key) for key in KEYS}, files=value)
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(folder) / (outcome.step["id"] + ".json")).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def forget(folder, identifier):
    """A step runs again: what was kept of it counts no more, whatever comes of it now."""
    (pathlib.Path(folder) / (identifier + ".json")).unlink(missing_ok=True)


def read(folder, identifier, value):
    """The keywords of the Outcome of a step that was kept with this digest, or None."""
    path = pathlib.Path(folder) / (identifier + ".json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # Kept by an earlier state of this code, it may lack something.
    if data.pop("files", None) != value or set(data) != set(KEYS):
        return None
    return dict(data, skipped=[tuple(item) for item in data["skipped"]])
