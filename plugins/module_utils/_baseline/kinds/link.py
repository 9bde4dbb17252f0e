# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A symbolic link: what it leads to, or None where there is none. For the few settings of a host that are links (default.target)."""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 45


def load(view, name):
    """
    :raises ControlError: something else is there
    """
    place = view.context.at(name)
    if not os.path.lexists(place):
        return None
    if not os.path.islink(place):
        raise ControlError("{0} is no link".format(name), "Move it away: a link belongs there")
    return os.readlink(place)


def put(context, name, value):
    """
    :raises HostError: it cannot be made
    """
    place = context.at(name)
    try:
        if value is None:
            os.unlink(place)
            return
        temporary = os.path.join(os.path.dirname(place), "{0}{1}".format(files.TEMPORARY_PREFIX, os.path.basename(place)))
        if os.path.lexists(temporary):
            os.unlink(temporary)
        os.symlink(value, temporary)
        os.rename(temporary, place)
    except OSError as error:
        raise files.describe(error, name)
