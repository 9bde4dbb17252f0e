# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A local group: the sorted list of its members, or None where there is no such group."""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import passwd

PHASE = 40
NONE_IS_GONE = True


def _find(text, name):
    for group in passwd.parse_group(text):
        if group.name == name:
            return sorted(group.members)
    return None


def load(view, name):
    return _find(view.context.read("/etc/group"), name)


def put(context, name, value):
    """
    :raises CommandError: a tool refuses
    """
    now = _find(context.read("/etc/group"), name)
    if value is None:
        if now is not None:
            context.run(["groupdel", name])
        return
    if now is None:
        context.run(["groupadd", "-r", name])
        now = []
    for member in sorted(set(now) - set(value)):
        context.run(["gpasswd", "-d", member, name])
    for member in sorted(set(value) - set(now)):
        context.run(["gpasswd", "-a", member, name])
