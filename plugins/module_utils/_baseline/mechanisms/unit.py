# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Units of systemd that are to run, or never to.

args: units (list of str, "rpcbind.socket" before "rpcbind.service": what wakes a service is listed with it), and want:
    masked     none of those that are there runs or can be started; a host without them is as wanted
    disabled   none of those that are there runs or is started at boot
    enabled    all of them run, now and after a boot (sockets and timers: listen and wait)
and optional: comes_with (str), the package that has them, where the control itself does not depend on it: a unit of a package that this run
installs is taken for one that is there and off; needs_active (list of str): units that take over, so that without them none of the others is
touched.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds.unit import STARTED_BY_OTHERS

ENABLED = ("enabled", "enabled-runtime") + STARTED_BY_OTHERS
OFF = {"masked": ("masked",), "disabled": ("disabled", "masked", "masked-runtime") + STARTED_BY_OTHERS}


def names_of(control):
    names = control.need("units")
    return [names] if isinstance(names, str) else list(names)


def want_of(control):
    """
    :raises ControlError: want is no word that there is
    """
    want = control.need("want")
    if want not in ("masked", "disabled", "enabled"):
        raise ControlError("the control {0} wants a unit {1}".format(control.id, want), "Use masked, disabled or enabled")
    return want


def good(want, value):
    """Whether a unit's state (see kinds.unit) is as wanted; None is a unit that is not there."""
    if value is None:
        return want != "enabled"
    if want == "enabled":
        return value["enabled"] in ENABLED and value["active"] is not False
    return value["enabled"] in OFF[want] and not value["active"]


def words(value):
    """A unit's state for people."""
    if value is None:
        return "not there"
    if value["active"] is None:
        return value["enabled"]
    return "{0}, {1}".format(value["enabled"], "active" if value["active"] else "inactive")


def state_of(control, view, name):
    value = view.state("unit", name)
    packages = control.packages + ((control.arg("comes_with"),) if control.arg("comes_with") else ())
    if value is None and any(view.has_package(package) and not view.has_package_now(package) for package in packages):
        return {"enabled": "disabled", "active": None if "no_systemd" in view.flags else False}
    return value


def check(control, view):
    want = want_of(control)
    values = [(name, state_of(control, view, name)) for name in names_of(control)]
    there = [(name, value) for name, value in values if value is not None]
    before = ", ".join("{0}: {1}".format(name, words(value)) for name, value in there or values)
    return Finding(all(good(want, value) for _name, value in values), before, want)


def fix(control, view):
    want = want_of(control)
    successors = list(control.arg("needs_active") or ())
    for name in names_of(control):
        value = state_of(control, view, name)
        if good(want, value):
            continue
        for other in successors:
            if not good("enabled", view.state("unit", other)):
                raise NotFixable("{0} would leave nothing in its place: {1} is not up".format(name, other), "Have {0} put right with it".format(other))
        if value is None:
            raise NotFixable("there is no unit {0}".format(name), "Install the package that has it")
        running = value["active"] is not None
        if want == "enabled":
            word = value["enabled"] if value["enabled"] in STARTED_BY_OTHERS else "enabled"
        elif want == "disabled" and value["enabled"] in OFF["disabled"]:
            word = value["enabled"]
        else:
            word = want
        view.put("unit", name, {"enabled": word, "active": (want == "enabled") if running else None},
                 [("unit", other) for other in successors])
