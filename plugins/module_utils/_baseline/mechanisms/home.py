# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Home directories, and the dot files in them, of the local users who may log in.

args: check, one of
    exists       every home is a directory; a missing one is made
    mode         at most *mode* ("0750")
    owner        it is the user's, and of no other
    dot_mode     init files (.profile …): at most *mode*
    dot_owner, dot_group   dot files in it, and one level below (without homes of others), are the user's and of the user's group
    dot_programs init files name no program that everyone may write; that right is taken from it
    file_mode    the file *name* in it: at most *mode*
    no_file      there is no file *name* in it, nor any of *others* (list of paths); remove: true takes them away
"""

import os
import re
import stat

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import passwd
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable

INIT_FILE = re.compile(r"\.[\w\- ]+\Z")
PATH = re.compile(r"(?:(?<=[\s\"'=;&|(`])|^)(~|\$HOME|\$\{HOME\})?(/[^\s\"';&|()<>`$*?]+)", re.MULTILINE)
# Whoever has one of these for a home does not own it, nor what is in it.
NOT_A_HOME = re.compile(r"/(?:|bin|sbin|lib|lib64|usr|usr/.*|etc|etc/.*|var|var/[^/]+|dev|dev/.*|proc|proc/.*|sys|sys/.*|run|boot|boot/.*"
                        r"|root|tmp|opt|srv|home|mnt|media|nonexistent)\Z")


def people(view):
    """[User] who may log in, each home once; their homes without a slash at the end."""
    found, seen = [], set()
    for user in passwd.users(view):
        if user.interactive and user.home.startswith("/"):
            home = user.home.rstrip("/") or "/"
            if home not in seen:
                seen.add(home)
                found.append((user, home))
    return found


def homes(view):
    """[(User, home)] whose home is there."""
    return [(user, home) for user, home in people(view) if view.is_directory(home) and not os.path.islink(view.context.at(home))]


def _is_plain(view, path):
    try:
        return stat.S_ISREG(os.lstat(view.context.at(path)).st_mode)
    except OSError:
        return False


def dot_files(view, home, deep=False):
    """The paths of the regular dot files in *home*, and one level below."""
    directories = [home]
    if deep:
        others = set(user.home.rstrip("/") for user in passwd.users(view))
        below = [os.path.join(home, name) for name in view.context.names(home)]
        directories += [path for path in below if path not in others and view.is_directory(path) and not os.path.islink(view.context.at(path))]
    return [os.path.join(directory, name) for directory in directories for name in view.context.names(directory)
            if name.startswith(".") and _is_plain(view, os.path.join(directory, name))]


def init_files(view, home):
    return [path for path in dot_files(view, home) if INIT_FILE.match(os.path.basename(path))]


def _mode(control):
    return int(str(control.need("mode")), 8)


# Each gives [(path, the state "mode" that it should have)] of what is not as wanted in the home of a user.

def _wrong_mode(control, view, paths):
    """Of *paths* those with a bit that the mode does not have."""
    allowed, found = _mode(control), []
    for path in paths:
        now = view.state("mode", path)
        if now is not None and now[2] & ~allowed:
            found.append((path, [now[0], now[1], now[2] & allowed]))
    return found


def _owned(view, paths, uid=None, gid=None):
    """Of *paths* those of another owner or group."""
    found = []
    for path in paths:
        now = view.state("mode", path)
        wanted = now and [now[0] if uid is None else uid, now[1] if gid is None else gid, now[2]]
        if wanted != now:
            found.append((path, wanted))
    return found


def mode(control, view, user, home):
    return _wrong_mode(control, view, [home])


def owner(control, view, user, home):
    return _owned(view, [home], uid=user.uid)


def dot_mode(control, view, user, home):
    return _wrong_mode(control, view, init_files(view, home))


def dot_owner(control, view, user, home):
    return _owned(view, dot_files(view, home, True), uid=user.uid)


def dot_group(control, view, user, home):
    return _owned(view, dot_files(view, home, True), gid=user.gid)


def file_mode(control, view, user, home):
    return _wrong_mode(control, view, [path for path in [os.path.join(home, control.need("name"))] if _is_plain(view, path)])


def dot_programs(control, view, user, home):
    found = []
    for program in sorted(set(program for path in init_files(view, home) for program in programs_of(view.read(path) or "", home))):
        now = view.state("mode", program) if _is_plain(view, program) else None
        if now is not None and now[2] & 0o002:
            found.append((program, [now[0], now[1], now[2] & ~0o002]))
    return found


def programs_of(text, home):
    """The absolute paths that an init file names, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return sorted(set(home + path if prefix else path for prefix, path in PATH.findall("\n".join(lines))))


MODES = {"mode": mode, "owner": owner, "dot_mode": dot_mode, "dot_owner": dot_owner, "dot_group": dot_group, "dot_programs": dot_programs,
         "file_mode": file_mode}


def missing(view):
    """[(User, home)] whose home is no directory, as planned."""
    return [(user, home) for user, home in people(view) if not view.is_directory(home) and view.state("directory", home) is None]


def unwanted(control, view):
    """The paths that are there and should not be."""
    paths = [os.path.join(home, control.need("name")) for _user, home in homes(view)] + list(control.arg("others") or ())
    return [path for path in paths if view.exists(path)]


def check(control, view):
    what, left, note = control.need("check"), False, None
    if what == "exists":
        found = ["{0}: {1}".format(user.name, home) for user, home in missing(view)]
    elif what == "no_file":
        found = unwanted(control, view)
    elif what in MODES:
        wrong = _wrong(control, view, what)
        found = sorted(set(path for _user, _home, path, _value in wrong))
        others = shared(view) if what == "owner" else []
        refused = [item for item in wrong if _is_system(what, item[1])]
        left = bool(wrong) and refused == wrong and not others
        if left:
            note = _refusal(*refused[0][:2])[0]
        found += ["{0}: {1}".format(home, ", ".join(names)) for home, names in others]
    else:
        raise ControlError("the control {0} has the check {1}, which there is not".format(control.id, what),
                           "Use one of {0}, exists, no_file".format(", ".join(sorted(MODES))))
    return Finding(not found, passwd.named(found) or "as wanted", control.arg("mode") or "none other", note=note, left=left)


def _wrong(control, view, what):
    """[(User, home, path, the state "mode" that it should have)]."""
    return [(user, home, path, value) for user, home in homes(view) for path, value in MODES[what](control, view, user, home)]


def _is_system(what, home):
    """Whether *home* is a directory of the system, and what the check *what* speaks of is its own."""
    # A program that everybody may write is none of the home's, wherever that is.
    return what != "dot_programs" and bool(NOT_A_HOME.match(re.sub("/+", "/", os.path.normpath(home))))


def _refusal(user, home):
    """(message, remedy) where the home of a User is a directory of the system."""
    return ("the home of {0} is {1}, a directory of the system".format(user.name, home),
            "Give the user a home of its own (usermod -d), or no shell (usermod -s /sbin/nologin)")


def shared(view):
    """[(home, [names])] of homes that several users have."""
    names = {}
    for user in passwd.users(view):
        if user.interactive:
            names.setdefault(user.home.rstrip("/") or "/", []).append(user.name)
    return [(home, found) for home, found in sorted(names.items()) if len(found) > 1]


def looks_only(control):
    return control.need("check") == "no_file" and not control.arg("remove")


def fix(control, view):
    what = control.need("check")
    if what == "exists":
        for user, home in missing(view):
            if _is_system(what, home):
                raise NotFixable(*_refusal(user, home))
            if view.exists(home) or not view.is_directory(os.path.dirname(home)):
                raise NotFixable("{0}, the home of {1}, cannot be made here".format(home, user.name),
                                 "Mount what it lies on, or give the user another home (usermod -d)")
            view.put("directory", home, [user.uid, user.gid, 0o700])
    elif what == "no_file":
        found = unwanted(control, view)
        if not control.arg("remove"):
            raise NotFixable("somebody may need {0}".format(passwd.named(found)), "Ask its owner, and remove it")
        for path in found:
            view.remove(path)
    else:
        if what == "owner" and shared(view):
            raise NotFixable("several users share {0}".format(passwd.named(home for home, _names in shared(view))),
                             "Give each a home of its own (usermod -d)")
        wrong = _wrong(control, view, what)
        # One home that is none keeps no other user's from it.
        good = [item for item in wrong if not _is_system(what, item[1])]
        if wrong and not good:
            raise NotFixable(*_refusal(*wrong[0][:2]))
        for _user, _home, path, value in good:
            view.put("mode", path, value)
