# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A package that is to be there, or not to be there.

args: name (str), state ("installed" or "removed"), and optional: stays_off (list of str), units that come with it and are not to be up because of
that: the distribution's preset would start them at the next boot, and another control, which is guarded, has them up

Everything that a run installs and removes goes in one transaction of dnf, before all else. A removal takes what was named and nothing
besides: where something that nobody named depends on the package, dnf's helper refuses and names it.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding

WORDS = {True: "installed", False: "not installed"}


def wanted(control):
    """
    :raises ControlError: state is none of the two words
    """
    state = control.need("state")
    if state not in ("installed", "removed"):
        raise ControlError("the control {0} has the state {1}".format(control.id, state), "Use installed or removed")
    return state == "installed"


def check(control, view):
    want, there = wanted(control), view.has_package(control.need("name"))
    return Finding(there == want, WORDS[there], WORDS[want])


def fix(control, view):
    view.put("package", control.need("name"), wanted(control))
