# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The running value of a kernel parameter: str with single spaces, or None where the kernel has no such parameter."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 50
NONE_IS_GONE = True


def path_of(name):
    """Where /proc has *name*; a dot in an interface's name is written as a slash, as sysctl(8) has it."""
    return "/proc/sys/" + name.replace("/", "\0").replace(".", "/").replace("\0", ".")


def load(view, name):
    return _now(view.context, name)


def _now(context, name):
    try:
        text = context.read(path_of(name))
    except HostError:
        return None
    return None if text is None else " ".join(text.split())


# A host that begins or ceases to forward has these set anew by the kernel (RFC 1812, RFC 1122), whoever set them before.
SET_ANEW = {
    "net.ipv4.ip_forward": ("net.ipv4.conf.all.accept_redirects",),
    "net.ipv4.conf.all.forwarding": ("net.ipv4.conf.all.accept_redirects",),
}


def put(context, name, value):
    """
    :raises HostError: the kernel does not take it (read-only in a container)
    """
    kept = [(other, _now(context, other)) for other in SET_ANEW.get(name, ())]
    _write(context, name, value)
    for other, before in kept:
        if before is not None and _now(context, other) != before:
            _write(context, other, before)


def _write(context, name, value):
    try:
        with open(context.at(path_of(name)), "w") as handle:
            handle.write(value + "\n")
    except OSError as error:
        raise files.describe(error, path_of(name))
