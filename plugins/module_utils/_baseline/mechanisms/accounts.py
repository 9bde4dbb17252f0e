# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether /etc/passwd, /etc/shadow and /etc/group make sense together.

args: check, one of
    unique_uid, unique_user, unique_gid, unique_group, known_gids     nothing there twice, nothing missing
    only_root_is_0, only_root_group_is_0                              nobody else is root, or of its group
    shadowed                                                          no hash in /etc/passwd
    root_password                                                     root has one
    no_empty_password    those without one are locked
    system_locked        accounts of the system have no password: they are locked
    system_nologin       accounts of the system have no shell: they get /sbin/nologin; keep (list): those that keep theirs

The last three are put right. For the others people must say who is who.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import passwd
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable

# Accounts of the system whose "shell" is what they are for.
DOES_SOMETHING = ("root", "sync", "shutdown", "halt")
NO_SHELLS = ("/sbin/nologin", "/usr/sbin/nologin", "/bin/sync", "/usr/bin/sync", "/sbin/shutdown", "/usr/sbin/shutdown", "/sbin/halt",
             "/usr/sbin/halt")
# They are of root's group from the start.
OF_ROOTS_GROUP = ("root", "sync", "shutdown", "halt", "operator")


def twice(pairs):
    """[(what is there more than once, [names])] of [(what, name)], in order."""
    found = {}
    for what, name in pairs:
        found.setdefault(what, []).append(name)
    return [(what, names) for what, names in sorted(found.items()) if len(names) > 1]


def _doubles(pairs):
    return ["{0}: {1}".format(what, ", ".join(names)) for what, names in twice(pairs)]


def _system(view):
    limit = passwd.login_defs(view, "UID_MIN", 1000)
    return [user for user in passwd.users(view) if user.uid < limit]


def unique_uid(control, view):
    return _doubles((user.uid, user.name) for user in passwd.users(view))


def unique_user(control, view):
    return _doubles((user.name, "line {0}".format(user.line)) for user in passwd.users(view))


def unique_gid(control, view):
    return _doubles((group.gid, group.name) for group in passwd.groups(view))


def unique_group(control, view):
    return _doubles((group.name, "line {0}".format(group.line)) for group in passwd.groups(view))


def known_gids(control, view):
    known = set(group.gid for group in passwd.groups(view))
    return ["{0}: {1}".format(user.name, user.gid) for user in passwd.users(view) if user.gid not in known]


def only_root_is_0(control, view):
    return [user.name for user in passwd.users(view) if user.uid == 0 and user.name != "root"]


def only_root_group_is_0(control, view):
    return [user.name for user in passwd.users(view)
            if (user.gid == 0 and user.name not in OF_ROOTS_GROUP) or (user.gid != 0 and user.name == "root")]


def shadowed(control, view):
    return [user.name for user in passwd.users(view) if not user.shadowed]


def root_password(control, view):
    root = view.state("account", "root")
    return [] if root is not None and root["password"] == passwd.SET else ["root"]


def no_empty_password(control, view):
    return [user.name for user in passwd.users(view) if _password(view, user.name) == passwd.EMPTY]


def system_locked(control, view):
    return [user.name for user in _system(view) if user.name not in DOES_SOMETHING and _password(view, user.name) != passwd.LOCKED]


def system_nologin(control, view):
    keep = control.arg("keep") or ()
    return [user.name for user in _system(view) if user.name != "root" and user.name not in keep and
            view.state("account", user.name)["shell"] not in NO_SHELLS]


def _password(view, name):
    return view.state("account", name)["password"]


# name: (who is found, what to do about it where software cannot)
CHECKS = {
    "unique_uid": (unique_uid, "Give each user an id of its own (usermod -u), and its files with it"),
    "unique_user": (unique_user, "Remove the second line of each: vipw"),
    "unique_gid": (unique_gid, "Give each group an id of its own (groupmod -g), and its files with it"),
    "unique_group": (unique_group, "Remove the second line of each: vigr"),
    "known_gids": (known_gids, "Make the groups (groupadd -g), or give the users another one (usermod -g)"),
    "only_root_is_0": (only_root_is_0, "Give them another id (usermod -u), or remove them; let them use sudo"),
    "only_root_group_is_0": (only_root_group_is_0, "Give them a group of their own (usermod -g), and root the group 0"),
    "shadowed": (shadowed, "Move the hashes: pwconv"),
    "root_password": (root_password, "Set one (passwd root) and keep it safe, or except the control where sudo and a rescue image do"),
    "no_empty_password": (no_empty_password, None),
    "system_locked": (system_locked, None),
    "system_nologin": (system_nologin, None),
}


def _named(control):
    name = control.need("check")
    if name not in CHECKS:
        raise ControlError("the control {0} has the check {1}, which there is not".format(control.id, name),
                           "Use one of {0}".format(", ".join(sorted(CHECKS))))
    return CHECKS[name]


def check(control, view):
    found = _named(control)[0](control, view)
    return Finding(not found, passwd.named(found) or "as wanted", "nobody" if control.arg("check") != "root_password" else "a password")


def looks_only(control):
    return _named(control)[1] is not None


def fix(control, view):
    find, remedy = _named(control)
    found = find(control, view)
    if remedy is not None:
        raise NotFixable(passwd.named(found), remedy)
    for name in found:
        value = dict(view.state("account", name))
        if control.arg("check") == "system_nologin":
            value["shell"] = "/sbin/nologin"
        else:
            value["password"] = passwd.LOCKED
        view.put("account", name, value)
