# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether a directory is there: [uid, gid, permission bits] that a new one is given, or None. It is taken away again only while it is empty."""

import errno
import os

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import mode
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 20


def load(view, name):
    return mode.load(view, name) if view.is_directory(name) else None


def put(context, name, value):
    """
    :raises HostError: it cannot be made (read-only, no parent)
    """
    path = context.at(name)
    try:
        if value is None:
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            return
        os.mkdir(path, 0o700)
        os.chown(path, value[0], value[1])
        os.chmod(path, value[2])
    except OSError as error:
        if value is None and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return
        raise files.describe(error, name)
