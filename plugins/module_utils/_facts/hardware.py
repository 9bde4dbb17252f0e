# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section hardware: which x86-64 level the processor has, which decides what releases can run."""

import re

# Source: the x86-64 psABI's micro-architecture levels, in the names that the kernel gives the flags.
LEVELS = (
    (1, ("lm", "cmov", "cx8", "fpu", "fxsr", "mmx", "sse", "sse2", "syscall")),
    (2, ("cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3")),
    (3, ("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave")),
    (4, ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")),
)
# The level that packages of a release are built for; 10 has a build of its own for level 2 (x86_64_v2).
NEEDED = {8: 1, 9: 2, 10: 3}
_FLAGS = re.compile(r"^flags\s*:\s*(.*)$", re.MULTILINE)
_MODEL = re.compile(r"^model name\s*:\s*(.*)$", re.MULTILINE)


def flags(cpuinfo):
    """The set of flags of the first processor in *cpuinfo* (str)."""
    match = _FLAGS.search(cpuinfo or "")
    return frozenset(match.group(1).split()) if match else frozenset()


def level(present):
    """(level, missing): 0 to 4, and the sorted flags that the next level lacks, for the flags *present* (set of str)."""
    reached = 0
    for number, needed in LEVELS:
        missing = sorted(set(needed) - present)
        if missing:
            return reached, missing
        reached = number
    return reached, []


def collect(context):
    facts = {"x86_64_level": None, "missing_for_next_level": [], "sufficient_for": [], "model": None, "errors": []}
    if context.machine != "x86_64":
        return facts
    cpuinfo = context.read("/proc/cpuinfo") or ""
    present = flags(cpuinfo)
    if not present:
        facts["errors"].append("/proc/cpuinfo names no processor flags")
        return facts
    facts["x86_64_level"], facts["missing_for_next_level"] = level(present)
    facts["sufficient_for"] = [major for major in sorted(NEEDED) if facts["x86_64_level"] >= NEEDED[major]]
    model = _MODEL.search(cpuinfo)
    facts["model"] = model.group(1).strip() if model else None
    return facts
