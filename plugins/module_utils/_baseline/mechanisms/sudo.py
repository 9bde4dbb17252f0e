# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Global defaults of sudo: the last over sudoers and all it includes counts.

args: name, value (true, or a str or int), and optional: compare (equal or at_most).
A file of ours comes last in /etc/sudoers.d; a dot in its name would have sudo skip it.
"""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sudoers_text
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import keyvalue

MAIN = "/etc/sudoers"
DIRECTORY = "/etc/sudoers.d"
OURS = "/etc/sudoers.d/zz-elkit-hardening"
DEEPEST = 128


def lines(view, path=MAIN, depth=0, read=None):
    """[(path, line number, text)] of all logical lines, in the order sudo reads them.

    :param read: a function that gives the text of a path (str) from the view and the path; default: its own
    :raises ControlError: files include each other
    """
    if depth > DEEPEST:
        raise ControlError("{0} is included by itself".format(path), "Take the include out")
    found = []
    for number, text in sudoers_text.logical((read(view, path) if read else view.read(path)) or ""):
        item = sudoers_text.include(text)
        if item is None:
            found.append((path, number, text))
            continue
        for other in included(view, item, path):
            found.extend(lines(view, other, depth + 1, read))
    return found


def included(view, item, path):
    kind, target = item
    target = os.path.join(os.path.dirname(path), target)
    if kind == "include":
        return [target] if view.exists(target) and "%" not in target else []
    return [os.path.join(target, name) for name in view.names(target)
            if "." not in name and not name.endswith("~") and not view.is_directory(os.path.join(target, name))]


def effective(view, name):
    """(value, path, line) of a global default; (None, None, None) where nothing sets it."""
    found = (None, None, None)
    for path, number, text in lines(view):
        for item, value in sudoers_text.defaults(text) or ():
            if item == name:
                found = (value, path, number)
    return found


def good(control, value):
    wanted = control.need("value")
    if control.arg("compare") == "at_most":
        try:
            # A negative time-out never ends.
            return 0 <= float(value) <= float(wanted) and value not in (True, False)
        except (TypeError, ValueError):
            return False
    return value is True if wanted is True else value == str(wanted)


def check(control, view):
    value, path, number = effective(view, control.need("name"))
    ok = good(control, value)
    return Finding(ok, value, control.need("value"), path, number,
                   overridden_by="{0}:{1}".format(path, number) if not ok and path not in (None, OURS) else None)


def fix(control, view):
    name, value = control.need("name"), control.need("value")
    text = view.read(OURS)
    line = "Defaults {0}".format(name) if value is True else "Defaults {0}={1}".format(name, value)
    view.write(OURS, sudoers_text.with_default(keyvalue.HEADER if text is None else text, name, line), mode=0o440)
    now, path, number = effective(view, name)
    if not good(control, now):
        if path is None:
            raise NotFixable("{0} does not include {1}".format(MAIN, DIRECTORY), "Add the line: @includedir {0}".format(DIRECTORY))
        raise NotFixable("{0}, line {1}, overrides what we write".format(path, number), "Take that line out, or except the control")
