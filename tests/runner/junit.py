# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of a JUnit file as pytest writes it (junit_family xunit1, which names the file)."""

from __future__ import annotations

from xml.etree import ElementTree


def node_id(case):
    """pytest's node id (str) of the testcase element *case*.

    pytest writes folder.module.Class as the class name and the path apart; a file that could not be collected has
    its dotted path as its name, and neither of the others.
    """
    path, classname, name = case.get("file", ""), case.get("classname", ""), case.get("name", "")
    if not classname:
        return path or name.replace(".", "/") + ".py"
    if not path:
        return "{}.py::{}".format(classname.replace(".", "/"), name)
    dotted = path[:-len(".py")].replace("/", ".") if path.endswith(".py") else path
    classes = classname[len(dotted):].strip(".") if classname.startswith(dotted) else ""
    return "::".join([path] + [part for part in classes.split(".") if part] + [name])


def read(path):
    """{"passed": int, "failed": [node id], "skipped": [(node id, reason)]} of the JUnit file at *path*.

    An xfail counts as a skip: it is a test that does not hold.
    """
    passed, failed, skipped = 0, [], []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        identifier = node_id(case)
        kinds = {child.tag: child for child in case}
        if "failure" in kinds or "error" in kinds:
            failed.append(identifier)
        elif "skipped" in kinds:
            skipped.append((identifier, kinds["skipped"].get("message", "")))
        else:
            passed += 1
    return {"passed": passed, "failed": failed, "skipped": skipped}
