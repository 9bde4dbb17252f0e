# SPDX-License-Identifier: GPL-3.0-or-later
"""Which skips are allowed."""

from __future__ import annotations

import fnmatch

FIELDS = ("id", "reason", "machine")


class SkipListError(Exception):
    """tests/skips.yml is not what it must be."""


def validate(entries):
    """*entries* (what tests/skips.yml holds) as they are.

    :raises SkipListError: not a list, a field is missing or empty, an unknown field, or an id twice
    """
    if not isinstance(entries, list):
        raise SkipListError("tests/skips.yml is no list")
    seen = set()
    for entry in entries:
        if not isinstance(entry, dict) or sorted(entry) != sorted(FIELDS) or not all(
                isinstance(entry[field], str) and entry[field].strip() for field in FIELDS):
            raise SkipListError("each entry of tests/skips.yml has exactly {}: {!r}".format(", ".join(FIELDS), entry))
        if entry["id"] in seen:
            raise SkipListError("tests/skips.yml names {} twice".format(entry["id"]))
        seen.add(entry["id"])
    return entries


def entry_for(identifier, entries):
    """The entry of *entries* that allows the skip *identifier* (a step's id or a pytest node id), or None."""
    for entry in entries:
        if fnmatch.fnmatchcase(identifier, entry["id"].replace("[", "[[]")):
            return entry
    return None
