# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What must not be anywhere on the local file systems (one walk for all of these controls, see walk.py).

args: what, one of
    world_writable  files that anybody may write: loses that bit
    unsticky        directories that anybody may write, and where anybody may remove what others put there: gets the sticky bit
    unowned         files of a user that there is not: a person says whose they are
    ungrouped       files of a group that there is not
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import walk
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import permissions

# What each wants of the mode.
MODES = {"world_writable": lambda mode: mode & ~0o002, "unsticky": lambda mode: mode | 0o1000}
WORDS = ("world_writable", "unsticky", "unowned", "ungrouped")


def _what(control):
    what = control.need("what")
    if what not in WORDS:
        raise ControlError("the control {0} asks for {1}, which there is not".format(control.id, what), "Use one of {0}".format(", ".join(WORDS)))
    return what


def _left(view, what):
    """The paths that the walk found and that no plan has put right, each with what it is now."""
    found = []
    for path in getattr(walk.of(view), what):
        now = view.state("mode", path)
        if now is not None and MODES[what](now[2]) != now[2]:
            found.append((path, now))
    return found


def check(control, view):
    what, left = _what(control), False
    if what in MODES:
        found = [(permissions.text_of(path), permissions.shown(now)) for path, now in _left(view, what)]
        left = not any(permissions.has_text_name(path) for path, _now in _left(view, what))
    else:
        found = [(permissions.text_of(path), number) for path, number in getattr(walk.of(view), what)]
    if not found:
        return Finding(True)
    shown = dict(found[:permissions.SHOWN])
    if len(found) > permissions.SHOWN:
        shown["and"] = "{0} more".format(len(found) - permissions.SHOWN)
    note = "no UTF-8, so left alone: {0}".format(", ".join(path for path, _now in found[:permissions.SHOWN])) if left else "{0} of them".format(len(found))
    return Finding(False, shown, "none", found[0][0], note=note, left=left)


def looks_only(control):
    return _what(control) not in MODES


def fix(control, view):
    what = _what(control)
    if what not in MODES:
        raise NotFixable("whose these files should be, no program can tell", "Give each to a user and a group (chown), or remove it")
    left = _left(view, what)
    # One name that is no text keeps no other from it.
    for path, now in [item for item in left if permissions.has_text_name(item[0])] or left:
        permissions.put(view, path, [now[0], now[1], MODES[what](now[2])])
