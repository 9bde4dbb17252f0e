# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of a JUnit file as pytest writes it."""

from __future__ import annotations

from xml.etree import ElementTree


def read(path):
    """{"passed": int, "failed": [node id], "skipped": [(node id, reason)]} of the JUnit file at *path*.

    An xfail counts as a skip: it is a test that does not hold.
    """
    passed, failed, skipped = 0, [], []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        identifier = "{}::{}".format(case.get("classname", "").replace(".", "/"), case.get("name", ""))
        kinds = {child.tag: child for child in case}
        if "failure" in kinds or "error" in kinds:
            failed.append(identifier)
        elif "skipped" in kinds:
            skipped.append((identifier, kinds["skipped"].get("message", "")))
        else:
            passed += 1
    return {"passed": passed, "failed": failed, "skipped": skipped}
