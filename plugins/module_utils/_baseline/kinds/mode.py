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


def put(context, name, value):
    """
    :raises HostError: it cannot be changed (read-only, immutable), or somebody has put a link on the way to it
    """
    try:
        # By an open descriptor, so that nobody puts a link in its place, or on the way to it, meanwhile.
        descriptor = files.open_path(context.at(name))
        try:
            info = os.fstat(descriptor)
            if stat.S_ISLNK(info.st_mode):
                raise ControlError("{0} is a link".format(name), "Replace the link by what it leads to")
            through = "/proc/self/fd/{0}".format(descriptor)
            if (info.st_uid, info.st_gid) != (value[0], value[1]):
                os.chown(through, value[0], value[1])
            # A change of owner takes set-user-id bits away, so the mode comes after it.
            os.chmod(through, value[2])
        finally:
            os.close(descriptor)
    except OSError as error:
        raise files.describe(error, name)
