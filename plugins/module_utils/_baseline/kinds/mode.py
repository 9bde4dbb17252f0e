# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Owner, group and mode of a path: [uid, gid, permission bits], or None where there is none. Links are never followed."""

import os
import stat

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 30
NONE_IS_GONE = True


def load(view, name):
    """
    :raises ControlError: it is a link
    """
    try:
        info = os.lstat(view.context.at(name))
    except OSError:
        return None
    if stat.S_ISLNK(info.st_mode):
        raise ControlError("{0} is a link".format(name), "Replace the link by what it leads to")
    return [info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)]


def seen(after, now):
    """What an undo takes for looked at (see change()), where a run made it *after* and it is *now*: all of the mode is put back, and no owner but the
    run's is taken for good."""
    return after if now is None else after[:2] + now[2:]


def change(context, name, before, value):
    """Make what differs between *before*, which is what was looked at, and *value* so; what is the same in both stays as it is.

    :raises ControlError: it is a link, or another's than when it was looked at
    :raises HostError: it cannot be changed (read-only, immutable), or somebody has put a link on the way to it
    """
    try:
        # By an open descriptor, so that nobody puts a link in its place, or on the way to it, meanwhile.
        descriptor = files.open_path(context.at(name))
        try:
            info = os.fstat(descriptor)
            if stat.S_ISLNK(info.st_mode):
                raise ControlError("{0} is a link".format(name), "Replace the link by what it leads to")
            owners, bits = [info.st_uid, info.st_gid], stat.S_IMODE(info.st_mode)
            if owners + [bits] == value:
                return
            # Whoever may write the directory could have moved a file of somebody else's there, to be given it.
            if owners != before[:2]:
                raise ControlError("{0} belongs to another user or group than when it was looked at".format(name), "Look at it on the host, and run again")
            through = "/proc/self/fd/{0}".format(descriptor)
            if owners != value[:2]:
                os.chown(through, value[0], value[1])
            # A change of owner takes set-user-id bits away, so the mode comes after it.
            os.chmod(through, (bits & ~(before[2] & ~value[2])) | (value[2] & ~before[2]))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise files.describe(error, name)
