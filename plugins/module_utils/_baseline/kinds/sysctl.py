# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The running value of a kernel parameter: str with single spaces, or None where the kernel has no such parameter."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 50


def path_of(name):
    """Where /proc has *name*; a dot in an interface's name is written as a slash, as sysctl(8) has it."""
    return "/proc/sys/" + name.replace("/", "\0").replace(".", "/").replace("\0", ".")


def load(view, name):
    try:
        text = view.context.read(path_of(name))
    except HostError:
        return None
    return None if text is None else " ".join(text.split())


def put(context, name, value):
    """
    :raises HostError: the kernel does not take it (read-only in a container)
    """
    try:
        with open(context.at(path_of(name)), "w") as handle:
            handle.write(value + "\n")
    except OSError as error:
        raise files.describe(error, path_of(name))
