# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether a database of dconf is as new as its key files (bool)."""

import os

PHASE = 70

DATABASES = "/etc/dconf/db"


def _newest(context, directory):
    newest = None
    for name in context.names(directory):
        try:
            time = os.stat(context.at(os.path.join(directory, name))).st_mtime
        except OSError:
            continue
        newest = time if newest is None else max(newest, time)
    return newest


def load(view, name):
    folder = os.path.join(DATABASES, name + ".d")
    times = [time for time in (_newest(view.context, folder), _newest(view.context, folder + "/locks")) if time is not None]
    try:
        compiled = os.stat(view.context.at(os.path.join(DATABASES, name))).st_mtime
    except OSError:
        return not times
    return not times or compiled >= max(times)


def put(context, name, value):
    """
    :raises CommandError: a key file is no key file
    """
    # There is no way, and no reason, to make a database old again.
    if value:
        context.run(["dconf", "update"])
