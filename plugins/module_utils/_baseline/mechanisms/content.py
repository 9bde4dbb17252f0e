# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A whole file that no program reads in parts: banners, messages.

args: path, text, and optional: forbidden (regular expressions that must not be in it), exact (the text must be this; otherwise any text that
has nothing forbidden is good), may_be_empty (no file, or an empty one, is good), mode of a file that is made ("0644").
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding


def _problem(control, text):
    """What is wrong with *text*, or None."""
    wanted = _text(control)
    if control.arg("exact"):
        return None if (text or "") == wanted else "another text"
    if not (text or "").strip():
        return None if control.arg("may_be_empty") else "empty"
    for pattern in control.arg("forbidden") or ():
        try:
            found = re.search(pattern, text, re.I)
        except re.error as error:
            raise ControlError("{0} is no regular expression: {1}".format(pattern, error), "Correct the control {0}".format(control.id))
        if found:
            return "it says {0}".format(found.group(0))
    return None


def _text(control):
    text = str(control.need("text"))
    return text if not text or text.endswith("\n") else text + "\n"


def check(control, view):
    path = control.need("path")
    text = view.read(path)
    problem = _problem(control, text)
    return Finding(problem is None, "as wanted" if problem is None else problem, _text(control).strip()[:80], path)


def fix(control, view):
    path = control.need("path")
    mode = control.arg("mode")
    view.write(path, _text(control), mode=int(str(mode), 8) if mode and view.read(path) is None else None)
    problem = _problem(control, view.read(path))
    if problem:
        raise ControlError("the text for {0} is not as the control wants it: {1}".format(path, problem), "Choose another text")
