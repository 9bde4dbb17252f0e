# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/verification.md: what ran, where, and what came out."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess

from tests.runner import skips


def _line(path, key):
    try:
        for line in open(path, encoding="utf-8"):
            if line.startswith(key):
                return line.split("=" if "=" in line else ":", 1)[1].strip().strip('"')
    except OSError:
        pass
    return "unknown"


def machine():
    """One sentence about this machine, without its name."""
    memory = _line("/proc/meminfo", "MemTotal")
    gib = round(int(memory.split()[0]) / 1024 / 1024) if memory != "unknown" else "?"
    return "{}, kernel {}, {} cores, {} GiB, {}".format(
        _line("/etc/os-release", "PRETTY_NAME"), platform.release().split("-")[0], os.cpu_count(), gib, platform.machine())


def _output(root, command):
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip()


def _images(root):
    """The kind of test hosts that were used, as the step that made their images wrote it."""
    path = root / ".build/log/images-mode"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else "none"


def _bench(root):
    lines = []
    for path in sorted((root / ".build/bench").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        lines += ["### {}".format(data["name"]), "", "| Measured | Value |", "| --- | --- |"]
        lines += ["| {} (ratio) | {:.2f} |".format(key, value) for key, value in data.get("ratios", {}).items()]
        lines += ["| {} (s) | {:.3f} |".format(key, value) for key, value in data.get("seconds", {}).items()]
        lines += ["| {} | {} |".format(key, value) for key, value in data.get("more", {}).items()]
        lines += ["| repetitions | {} |".format(data.get("n", "")), ""]
    return lines or ["None were run.", ""]


def _faults(root):
    """The fault tables of this run, as the matrices wrote them."""
    lines = []
    for path in sorted((root / ".build/faults").glob("*.txt")):
        lines += ["### {}".format(path.stem), "", "```text", path.read_text(encoding="utf-8").rstrip(), "```", ""]
    return lines or ["None were run.", ""]


def _judged(root):
    """What the outside judge said of hardened hosts, as tests/hosts/test_outside.py wrote it."""
    lines = ["| Profile | Release | Rules | Passed before | Passed after | After | Of the failing, waived |", "| --- | --- | --- | --- | --- | --- | --- |"]
    paths = sorted((root / ".build/outside").glob("*.json"), key=lambda path: [int(word) if word.isdigit() else word for word in path.stem.split("-")])
    for path in paths:
        data = json.loads(path.read_text(encoding="utf-8"))
        lines.append("| {profile} | {el} | {total} | {before} | {after} | {percent} % | {waivers} |".format(
            waivers=", ".join(data["waived"]) or "none", **data))
    return lines + [""] if paths else ["Nothing was judged.", ""]


def render(root, outcomes, allowed, totals):
    """The page (str).

    :param outcomes: list of Outcome in the order of the steps
    :param allowed: the entries of tests/skips.yml
    :param totals: (passed, failed, skipped)
    """
    images = _images(root)
    lines = [
        "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->",
        "# Verification",
        "",
        "Written by `make test-full`; not edited by hand.",
        "",
        "| | |",
        "| --- | --- |",
        "| Date | {} |".format(datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        "| Commit | {}{} |".format(_output(root, ["git", "rev-parse", "HEAD"]),
                                   " with uncommitted changes" if _output(root, ["git", "status", "--porcelain", "--", ".", ":!docs/verification.md"]) else ""),
        "| Machine | {} |".format(machine()),
        "| Test hosts | {} |".format(images),
        "| Result | {} passed, {} failed, {} skipped; the steps took {:.0f} s together |".format(*totals, sum(outcome.seconds for outcome in outcomes)),
        "",
    ]
    if images == "lookalike":
        lines += ["The test hosts are look-alikes: a Debian userland with real rpm, dnf, systemd and sshd and AlmaLinux's",
                  "package names (tests/testbed/README.md). None of this is a result on AlmaLinux itself.", ""]
    lines += ["## Steps", "", "A step of an earlier commit passed there, and no file that it hangs on is another since (tests/runner/kept.py).", "",
              "| Step | Result | Passed | Failed | Skipped | Seconds | Ended (UTC) | Commit |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for outcome in outcomes:
        lines.append("| {} | {} | {} | {} | {} | {:.1f} | {} | {} |".format(
            outcome.step["id"], outcome.state, outcome.passed, len(outcome.failed), len(outcome.skipped), outcome.seconds, outcome.ended, outcome.commit))
    lines += ["", "## Not run here", ""]
    met = {}
    for outcome in outcomes:
        for identifier, reason in outcome.skipped:
            entry = skips.entry_for(identifier, allowed)
            met.setdefault(entry["id"] if entry else identifier, []).append(reason)
    listed = {entry["id"]: entry for entry in allowed}
    # Written, and run by no step of this project.
    met.update((identifier, [entry["reason"]]) for identifier, entry in listed.items() if identifier.startswith("not-run-"))
    lines += ["| What | Skips | Why | Where it would run |", "| --- | --- | --- | --- |"] if met else ["Nothing."]
    for identifier, reasons in met.items():
        entry = listed.get(identifier, {"reason": reasons[0] + " (not listed)", "machine": "?"})
        lines.append("| {} | {} | {} | {} |".format(identifier, len(reasons), entry["reason"], entry["machine"]))
    lines += ["", "## Faults", "", "What a host was left in, and what it came to.", ""] + _faults(root)
    lines += ["## The outside judge", "", "OpenSCAP on hardened look-alikes, over the rules in tests/outside/denominators; a waived rule counts as failed.", ""]
    lines += _judged(root)
    lines += ["## Benchmarks", "", "Ratios are of medians, both sides measured alternately in one run.", ""] + _bench(root)
    return "\n".join(lines).rstrip() + "\n"
