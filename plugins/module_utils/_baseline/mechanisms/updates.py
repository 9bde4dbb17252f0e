# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""No security update waits. args: none. Installing updates is a decision of its own (the time, the reboot), so that this only looks."""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable


def _pending(view):
    # Here, as most looks do without it: what is imported is compiled anew on the host.
    from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
    answer = client.call("updates", {}, timeout=300)
    return sorted(set(item.get("name") or item.get("nevra") or "?" for item in answer["pending"] if (item.get("type") or "").lower() == "security"))


def check(control, view):
    found = view.once("security updates", lambda: _pending(view))
    return Finding(not found, "{0} wait: {1}".format(len(found), ", ".join(found[:10])) if found else "none waits", "none waits")


def looks_only(control):
    return True


def fix(control, view):
    raise NotFixable("security updates wait", "dnf upgrade --security, when the host may be restarted")
