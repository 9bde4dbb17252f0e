# SPDX-License-Identifier: GPL-3.0-or-later
"""What a step makes for docs/verification.md (`makes` in steps.yml): files below .build, bound to the one run of the step that wrote them."""

from __future__ import annotations


def _files(build, step):
    return sorted({path for pattern in step.get("makes", ()) for path in build.glob(pattern) if path.is_file()})


def clear(build, step):
    """Remove what an earlier run of *step*, or a run by hand, left: what is there afterwards is of the run that begins now."""
    for path in _files(build, step):
        path.unlink()


def read(build, step):
    """{path below *build* (str): text} of what *step* has made."""
    return {path.relative_to(build).as_posix(): path.read_text(encoding="utf-8", errors="replace") for path in _files(build, step)}


def hosts(path):
    """What the testbed noted at *path* of the hosts that it started: {kind (str): "official" or "look-alike"}."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else ()
    return dict(sorted(line.split(" ", 1) for line in lines))
