# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Settings of GNOME for all users, by dconf's system database, and locked so that no user changes them.

args: and one of
    schema ("org/gnome/desktop/session"), key and value (as dconf writes it) or text (which gets its quotes here), optional: type ("uint32"),
        compare (at_most or at_least), zero (0 is as good), lock (default true), database (default "local")
    schema, key and only_lock: the key is locked, whatever its value
    up_to_date: the compiled databases are as new as their key files
Of several key files the last by name counts (dconf(7)). The profile "user" must name the database.
"""

import os
import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable

DATABASES = "/etc/dconf/db"
PROFILE = "/etc/dconf/profile/user"
PROFILE_TEXT = "user-db:user\nsystem-db:local\n"
NAME = "zz-elkit-hardening"


def _directory(control):
    return "{0}/{1}.d".format(DATABASES, control.arg("database", "local"))


def _files(view, directory):
    return [os.path.join(directory, name) for name in view.names(directory)
            if not name.startswith(".") and not view.is_directory(os.path.join(directory, name))]


def effective(view, directory, form, key):
    """(value, path, line) of a key; Nones where nothing sets it."""
    found = (None, None, None)
    for path in _files(view, directory):
        for number, value in keytext.values(view.read(path) or "", form, key):
            found = (value, path, number)
    return found


def locked(view, directory, entry):
    """The path of the file that locks *entry*, or None."""
    for path in _files(view, directory + "/locks"):
        if entry in [line.strip() for line in view.lines(path)]:
            return path
    return None


def _number(value):
    found = re.match(r"(?:u?int(?:16|32|64)\s+)?(-?\d+)\Z", (value or "").strip())
    return int(found.group(1)) if found else None


def wanted_of(control):
    """The value as dconf writes it."""
    if "text" in control.args:
        return "'{0}'".format(str(control.need("text")).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n"))
    value = str(control.need("value"))
    return "{0} {1}".format(control.arg("type"), value) if control.arg("type") else value


def good(control, value):
    wanted = wanted_of(control)
    if control.arg("compare") in ("at_most", "at_least"):
        now, limit = _number(value), _number(wanted)
        if now is None or limit is None:
            return False
        # Zero switches such a delay off, except where it is the time to the lock.
        return now <= limit and (now > 0 or bool(control.arg("zero"))) if control.arg("compare") == "at_most" else now >= limit
    return value == wanted


def names_database(text):
    """Whether the profile's text has users read the database "local" behind their own."""
    words = [line.split("#")[0].strip() for line in (text or "").splitlines()]
    words = [word for word in words if word]
    return words[:1] == ["user-db:user"] and "system-db:local" in words


def check(control, view):
    if control.arg("up_to_date"):
        return _check_compiled(view)
    directory = _directory(control)
    entry = "/{0}/{1}".format(control.need("schema"), control.need("key"))
    lock = locked(view, directory, entry)
    if not names_database(view.read(PROFILE)):
        return Finding(False, "the profile does not name the database", "system-db:local", PROFILE)
    if control.arg("only_lock"):
        return Finding(bool(lock), "locked" if lock else "not locked", "locked", lock)
    value, path, number = effective(view, directory, _form(control), control.need("key"))
    wanted = wanted_of(control)
    if good(control, value) and control.arg("lock", True) and not lock:
        return Finding(False, "not locked", wanted, path, number)
    return Finding(good(control, value), value, wanted, path, number)


def _form(control):
    return keytext.Form("=", section=control.need("schema"), comments="#")


def _databases(view):
    """The databases that have key files."""
    return [name[:-2] for name in view.names(DATABASES) if name.endswith(".d") and key_files(view, name)]


def key_files(view, directory):
    folder = os.path.join(DATABASES, directory)
    return _files(view, folder) + _files(view, folder + "/locks")


def _check_compiled(view):
    """What is planned now is compiled after it is written (services.READERS)."""
    for name in _databases(view):
        if not any(path in view.planned_files for path in key_files(view, name + ".d")) and not view.state("dconf", name):
            return Finding(False, "older than its key files", "compiled", os.path.join(DATABASES, name))
    return Finding(True, "compiled", "compiled")


def fix(control, view):
    if control.arg("up_to_date"):
        for name in _databases(view):
            view.put("dconf", name, True)
        return
    directory = _directory(control)
    key, schema = control.need("key"), control.need("schema")
    if not names_database(view.read(PROFILE)):
        if (view.read(PROFILE) or "").strip():
            raise NotFixable("{0} is somebody's own".format(PROFILE), "Let it begin with user-db:user and name system-db:local")
        view.write(PROFILE, PROFILE_TEXT)
    if not control.arg("only_lock"):
        form, ours = _form(control), os.path.join(directory, NAME)
        if not good(control, effective(view, directory, form, key)[0]):
            view.write(ours, keytext.with_value(view.read(ours) or "", form, key, wanted_of(control)))
            value, path, number = effective(view, directory, form, key)
            if not good(control, value):
                raise NotFixable("{0}, line {1}, overrides what we write".format(path, number), "Take that line out, or except the control")
    entry = "/{0}/{1}".format(schema, key)
    if control.arg("lock", True) and not locked(view, directory, entry):
        path = os.path.join(directory, "locks", NAME)
        view.write(path, "{0}{1}\n".format(view.read(path) or "", entry))
