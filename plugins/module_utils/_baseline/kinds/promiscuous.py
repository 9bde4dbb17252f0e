# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether a network interface takes every frame it sees (bool); None where there is no such interface."""

PHASE = 55
NONE_IS_GONE = True
FLAG = 0x100


def load(view, name):
    text = view.context.read("/sys/class/net/{0}/flags".format(name))
    try:
        return None if text is None else bool(int(text.strip(), 16) & FLAG)
    except ValueError:
        return None


def put(context, name, value):
    """
    :raises CommandError: ip refuses
    """
    if value is not None:
        context.run(["ip", "link", "set", "dev", name, "promisc", "on" if value else "off"])
