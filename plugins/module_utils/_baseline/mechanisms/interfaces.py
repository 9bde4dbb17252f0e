# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Network interfaces.

args: check, one of
    not_promiscuous  none takes frames that are not for it
    no_wireless      none of those without a wire is up: NetworkManager's radio is turned off
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable, not_applicable

NET = "/sys/class/net"
UP = 0x1


def wireless(view):
    """The names of the interfaces without a wire."""
    return [name for name in view.context.names(NET)
            if name.startswith("wl") or view.context.first(["{0}/{1}/{2}".format(NET, name, entry) for entry in ("wireless", "phy80211")])]


def _is_up(view, name):
    try:
        return bool(int((view.context.read("{0}/{1}/flags".format(NET, name)) or "0").strip(), 16) & UP)
    except ValueError:
        return False


def check(control, view):
    what = control.need("check")
    if what == "not_promiscuous":
        bad = [name for name in view.context.names(NET) if view.state("promiscuous", name)]
        return Finding(not bad, ", ".join(bad) or "none", "none")
    if what != "no_wireless":
        raise ControlError("the control {0} has the check {1}".format(control.id, what), "Use not_promiscuous or no_wireless")
    found = wireless(view)
    if not found:
        return not_applicable("there is no interface without a wire")
    bad = [name for name in found if _is_up(view, name)]
    off = bool(bad) and view.state("radio", "wifi") == "disabled"
    return Finding(not bad or off, ", ".join(bad) or "down", "down")


def fix(control, view):
    if control.need("check") == "not_promiscuous":
        for name in view.context.names(NET):
            if view.state("promiscuous", name):
                view.put("promiscuous", name, False)
        return
    if view.state("radio", "wifi") is None:
        raise NotFixable("{0} is up, and NetworkManager does not run".format(", ".join(wireless(view))),
                         "Take it down where it is set up, or blacklist its module")
    view.put("radio", "wifi", "disabled")
