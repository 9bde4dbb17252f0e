# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Which of two rpm versions is newer: rpm's own rules, without rpm."""

import functools
import re

# rpm compares runs of digits and runs of letters; "~" sorts before anything, "^" after the end but before more.
_PART = re.compile(r"[0-9]+|[a-zA-Z]+|~|\^")


def _tokens(text):
    """The parts that count, e.g. ["1", "~", "rc", "2"]: what separates them does not."""
    return _PART.findall(text)


def compare_version(left, right):
    """-1, 0 or 1 as version (or release) *left* (str) is older than, equal to or newer than *right*.

    Source of the rules: rpm's documentation of dependencies and version comparison (rpm-version(7)).
    """
    if left == right:
        return 0
    ours, theirs = _tokens(left), _tokens(right)
    for index in range(max(len(ours), len(theirs))):
        mine = ours[index] if index < len(ours) else None
        other = theirs[index] if index < len(theirs) else None
        result = _compare_part(mine, other)
        if result:
            return result
    return 0


def _compare_part(mine, other):
    if mine == other:
        return 0
    if mine == "~" or other == "~":
        return -1 if mine == "~" else 1
    if mine == "^" or other == "^":
        # A caret beats the end of the other side, and loses to everything else.
        if mine is None or other is None:
            return 1 if other is None else -1
        return -1 if mine == "^" else 1
    if mine is None or other is None:
        return 1 if other is None else -1
    if mine.isdigit() and other.isdigit():
        return (int(mine) > int(other)) - (int(mine) < int(other))
    if mine.isdigit() or other.isdigit():
        # Numbers are newer than letters.
        return 1 if mine.isdigit() else -1
    return (mine > other) - (mine < other)


def compare_evr(left, right):
    """-1, 0 or 1 for (epoch, version, release) tuples; epochs are int or None (0), the others str."""
    first, second = left[0] or 0, right[0] or 0
    if first != second:
        return 1 if first > second else -1
    return compare_version(left[1], right[1]) or compare_version(left[2], right[2])


# sorted(items, key=lambda item: evr_key(item.evr))
evr_key = functools.cmp_to_key(compare_evr)
