# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""AIDE's database at a path: whether it is there (bool). It is made last of all, so that it knows the host as this run leaves it."""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 95

# A host with millions of files takes its time.
TIMEOUT = 3600
CONFIG = "/etc/aide.conf"


def load(view, name):
    return view.context.exists(name)


def put(context, name, value):
    """
    :raises CommandError: aide fails
    :raises ControlError: it wrote no database where its configuration says
    """
    from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms.aide import parse

    if not value:
        files.remove(context.at(name))
        return
    new = parse(context.read(CONFIG) or "")["out"]
    if new is None:
        raise ControlError("{0} does not say where a new database goes".format(CONFIG), "Give it database_out")
    context.run(["aide", "--config={0}".format(CONFIG), "--init"], timeout=TIMEOUT)
    if not context.exists(new):
        raise ControlError("aide --init left no {0}".format(new), "Run it on the host, and look at what it says")
    try:
        os.rename(context.at(new), context.at(name))
    except OSError as error:
        raise files.describe(error, name)
