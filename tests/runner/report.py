# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/verification.md: what ran, where, and what came out."""

from __future__ import annotations

import datetime
import fnmatch
import json
import os
import pathlib
import platform
import subprocess

from tests.runner import kept, skips

CONTROLS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "controls.md"


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


def _used(outcomes):
    """{"official" or "look-alike": [kind of test host]} of what the steps started."""
    used = {}
    for outcome in outcomes:
        for kind, image in outcome.hosts.items():
            used.setdefault(image, set()).add(kind)
    return {image: sorted(kinds) for image, kinds in sorted(used.items())}


def _evidence(outcomes, folder, show):
    """What the steps made in a folder below .build, each after a line that says of which run of which step it is.

    :param show: function that gives the lines for {path: text} of one step
    """
    lines = []
    for outcome in outcomes:
        patterns = [pattern for pattern in outcome.step.get("makes", ()) if pattern.startswith(folder)]
        if not patterns or outcome.state == "skipped":
            continue
        found = {path: text for path, text in outcome.made.items() if path.startswith(folder)}
        missing = [pattern for pattern in patterns if not fnmatch.filter(found, pattern)]
        lines += ["{} {} at commit {}, {} UTC{}:".format(
            outcome.step["id"], outcome.state, outcome.commit or "unknown", outcome.ended,
            "" if outcome.state == "passed" else " (**the step failed**; this is what it wrote until then)"), ""]
        lines += (show(found) if found else []) + (["It did not write {}.".format(", ".join(missing)), ""] if missing else [])
    return lines or ["None were run.", ""]


def _parsed(found):
    """The JSON in {path: text}, by path; what a step that was ended left half written is left out."""
    for path, text in found.items():
        try:
            yield pathlib.PurePath(path), json.loads(text)
        except ValueError:
            continue


def _bench_row(data, title, unit, value):
    aim = "{}: {}".format(data["aims"][title], "**missed**" if title in data["missed"] else "met") if title in data["aims"] else ""
    times = " (failed in {} rounds)".format(data["failed"][title]) if title in data["failed"] else ""
    return "| {}{}{} | {} | {} |".format(title, unit, times, value, aim)


def _bench(found):
    """The results as tests/bench/bench.py wrote them."""
    lines = []
    for _path, data in _parsed(found):
        lines += ["### {}".format(data["name"]), "", "On {}, ansible-core {}.".format(data["host"], data["core"]), "",
                  "| Measured | Value | Aim |", "| --- | --- | --- |"]
        lines += [_bench_row(data, title, " (ratio)", "{:.2f}".format(value)) for title, value in data["ratios"].items()]
        lines += [_bench_row(data, title, " (s)", "{:.3f}".format(value)) for title, value in data["seconds"].items()]
        lines += [_bench_row(data, title, "", value) for title, value in data["more"].items()]
        lines += [_bench_row(data, "repetitions", "", data["n"]), ""]
    return lines


def _tables(found):
    """Tables of text, as the tests wrote them."""
    lines = []
    for path, text in found.items():
        lines += ["### {}".format(pathlib.PurePath(path).stem), "", "```text", text.rstrip(), "```", ""]
    return lines


def _covered():
    """The table of the controls of each profile and release, as docs/controls.md has it: a unit test holds that against the catalogue."""
    text = CONTROLS.read_text(encoding="utf-8")
    section = text.partition("\n## Profiles\n")[2].partition("\n## ")[0]
    return section.strip().splitlines() + [""]


def _judged(found):
    """What the outside judge said of hardened hosts, as tests/hosts/test_outside.py wrote it."""
    lines = ["| Profile | Release | Rules | Passed before | Passed after | After | Of the failing, waived |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for _path, data in sorted(_parsed(found), key=lambda item: [int(word) if word.isdigit() else word for word in item[0].stem.split("-")]):
        lines.append("| {profile} | {el} | {total} | {before} | {after} | {percent} % | {waivers} |".format(
            waivers=", ".join(data["waived"]) or "none", **data))
    return lines + [""]


def render(root, outcomes, allowed, totals):
    """The page (str).

    :param outcomes: list of Outcome in the order of the steps
    :param allowed: the entries of tests/skips.yml
    :param totals: (passed, failed, skipped)
    """
    used = _used(outcomes)
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
                                   "" if kept.files(root) else " with uncommitted changes"),
        "| Machine | {} |".format("; ".join(sorted({outcome.machine or "unknown" for outcome in outcomes}))),
        "| Test hosts | {} |".format("; ".join("{}: {}".format(image, ", ".join(kinds)) for image, kinds in used.items()) or "none"),
        "| Result | {} passed, {} failed, {} skipped; the steps took {:.0f} s together |".format(*totals, sum(outcome.seconds for outcome in outcomes)),
        "",
    ]
    if "look-alike" in used:
        lines += ["Look-alikes are a Debian userland with real rpm, dnf, systemd and sshd and AlmaLinux's package names (tests/testbed/README.md).",
                  "What a step found on them is no result on AlmaLinux itself.", ""]
    lines += ["## Steps", "", "A step of an earlier commit passed there, and no file that it hangs on is another since (tests/runner/kept.py).",
              "What each came to, and on which machine, is in tests/runner/outcomes.", "",
              "| Step | Result | Passed | Failed | Skipped | Seconds | Ended (UTC) | Commit | Test hosts |",
              "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for outcome in outcomes:
        lines.append("| {} | {} | {} | {} | {} | {:.1f} | {} | {} | {} |".format(
            outcome.step["id"], outcome.state, outcome.passed, len(outcome.failed), len(outcome.skipped), outcome.seconds, outcome.ended, outcome.commit,
            ", ".join(_used([outcome]))))
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
    lines += ["", "## Matrix", "", "Every source there, back and there again, with the seconds of each step; - where a case did not come so far.", ""]
    lines += _evidence(outcomes, "matrix/", _tables)
    lines += ["## Faults", "", "What a host was left in, and what it came to.", ""] + _evidence(outcomes, "faults/", _tables)
    lines += ["## Controls", "", "What the catalogue of hardening covers (docs/controls.md lists all of them).", ""] + _covered()
    lines += ["## The outside judge", "", "OpenSCAP on hardened test hosts, over the rules in tests/outside/denominators; a waived rule counts as failed.", ""]
    lines += _evidence(outcomes, "outside/", _judged)
    lines += ["## Benchmarks", "", "Ratios are of medians, both sides measured alternately in one run. A count that misses its aim fails the step,",
              "a time does not.", ""]
    lines += _evidence(outcomes, "bench/", _bench)
    return "\n".join(lines).rstrip() + "\n"
