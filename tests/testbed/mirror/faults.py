# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults by path prefix.

A fault is {prefix, fault, seconds?, bytes?, host?, times?}. `prefix` is matched against the path asked for (with or without the host name before it);
the longest matching prefix wins.

slow            waits `seconds` (default 5) before the answer
hang            sends the head and then nothing for `seconds` (default 600)
404, 500, 503   answers that status
dead, reset     closes the connection with a TCP reset, without an answer
truncated       promises the whole length and sends `bytes` (default half)
tampered        alters the answer (one byte for packages, a comment for metadata): sizes or checksums no longer match
not-a-repomd    answers 200 with an HTML page in place of repomd.xml (and of anything else under the prefix)
stale           serves a repomd.xml of the year 2000; a metalink then no longer matches
"""
import threading

KINDS = ("slow", "hang", "404", "500", "503", "dead", "reset", "truncated", "tampered", "not-a-repomd", "stale")
KEYS = {"prefix": str, "fault": str, "seconds": (int, float), "bytes": int, "host": str, "times": int}


class BadFault(ValueError):
    """What was asked for is no fault; the message says why."""


def checked(item):
    """A fault as given by a client, validated. Raises BadFault."""
    if not isinstance(item, dict) or "prefix" not in item or "fault" not in item:
        raise BadFault("a fault is {prefix, fault}, and may have seconds, bytes, host, times")
    item = {**item, "fault": str(item["fault"])}
    for key, value in item.items():
        if key not in KEYS or not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise BadFault("%s=%r is not allowed in a fault" % (key, value))
    if item["fault"] not in KINDS:
        raise BadFault("unknown fault %r; known: %s" % (item["fault"], ", ".join(KINDS)))
    return item


class Faults:
    """The faults in force."""

    def __init__(self):
        self._items = []
        self._lock = threading.Lock()

    def replace(self, items):
        """Put a list of faults in force, in place of those before. Raises BadFault and changes nothing if one is wrong."""
        if not isinstance(items, list):
            raise BadFault("a list of faults is wanted")
        items = [checked(item) for item in items]
        with self._lock:
            self._items = items

    def items(self):
        """The faults in force."""
        with self._lock:
            return [dict(item) for item in self._items]

    def match(self, host, path):
        """The fault for a request, or None. One with `times` is used up by that many requests."""
        with self._lock:
            best = None
            for item in self._items:
                if item.get("times", 1) <= 0 or item.get("host", host) != host:
                    continue
                if path.startswith(item["prefix"]) or (host + path).startswith(item["prefix"]):
                    if best is None or len(item["prefix"]) > len(best["prefix"]):
                        best = item
            if best is not None and "times" in best:
                best["times"] -= 1
            return dict(best) if best else None
