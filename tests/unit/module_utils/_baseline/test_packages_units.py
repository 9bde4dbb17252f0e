# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages and units that are to be there, or not."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import packages, unit


class View(object):
    """As much of a view as these ask for: *states* {name: value} of one kind."""

    def __init__(self, kind, states):
        self.kind, self.states, self.planned = kind, dict(states), {}

    def state(self, kind, name):
        assert kind == self.kind
        return self.planned.get(name, self.states.get(name))

    def put(self, kind, name, value, needs=()):
        self.planned[name] = value

    def has_package(self, name):
        return bool(self.state("package", name))


def value(enabled, active):
    return {"enabled": enabled, "active": active}


def control(**args):
    return Control({"id": "x", "mechanism": "unit", "args": args})


@pytest.mark.parametrize("state, there, ok", [
    ("installed", True, True), ("installed", False, False), ("removed", True, False), ("removed", False, True)])
def test_packages(state, there, ok):
    view, wanted = View("package", {"httpd": there}), control(name="httpd", state=state)
    assert packages.check(wanted, view).ok == ok
    packages.fix(wanted, view)
    assert view.planned["httpd"] == (state == "installed") and packages.check(wanted, view).ok


def test_a_state_that_there_is_not():
    with pytest.raises(ControlError, match="gone"):
        packages.check(control(name="httpd", state="gone"), View("package", {}))


@pytest.mark.parametrize("want, now, planned", [
    ("masked", value("enabled", True), value("masked", False)), ("masked", value("disabled", False), value("masked", False)),
    ("masked", value("static", False), value("masked", False)), ("masked", value("masked", True), value("masked", False)),
    ("masked", value("enabled", None), value("masked", None)), ("masked", value("masked", False), None), ("masked", None, None),
    ("disabled", value("enabled", True), value("disabled", False)), ("disabled", value("static", True), value("static", False)),
    ("disabled", value("masked", False), None), ("disabled", None, None),
    ("enabled", value("disabled", False), value("enabled", True)), ("enabled", value("enabled", False), value("enabled", True)),
    ("enabled", value("masked", False), value("enabled", True)), ("enabled", value("static", False), value("static", True)),
    ("enabled", value("enabled", True), None), ("enabled", value("static", True), None), ("enabled", value("enabled", None), None),
])
def test_units(want, now, planned):
    view, wanted = View("unit", {"a.service": now}), control(units="a.service", want=want)
    assert unit.check(wanted, view).ok == (planned is None)
    unit.fix(wanted, view)
    assert view.planned.get("a.service") == planned and unit.check(wanted, view).ok


def test_what_wakes_a_service_goes_with_it():
    view = View("unit", {"rpcbind.socket": value("enabled", True), "rpcbind.service": value("indirect", True),
                         "other.service": value("enabled", True)})
    wanted = control(units=["rpcbind.socket", "rpcbind.service", "nosuch.service"], want="masked")
    assert unit.check(wanted, view).before == "rpcbind.socket: enabled, active, rpcbind.service: indirect, active"
    unit.fix(wanted, view)
    assert sorted(view.planned) == ["rpcbind.service", "rpcbind.socket"] and unit.check(wanted, view).ok


def test_a_unit_that_is_not_there_cannot_run():
    view, wanted = View("unit", {}), control(units=["aidecheck.timer"], want="enabled")
    assert unit.check(wanted, view).before == "aidecheck.timer: not there"
    with pytest.raises(NotFixable, match="aidecheck.timer"):
        unit.fix(wanted, view)


def test_a_wish_that_there_is_not():
    with pytest.raises(ControlError, match="gone"):
        unit.check(control(units=["a"], want="gone"), View("unit", {}))


@pytest.mark.parametrize("now, flags, planned", [(False, (), value("masked", False)), (False, ("no_systemd",), value("masked", None)), (True, (), None)])
def test_a_unit_that_comes_with_a_package_of_this_run(now, flags, planned):
    view, wanted = View("unit", {}), control(units="a.socket", want="masked", comes_with="a")
    view.flags, view.has_package, view.has_package_now = flags, lambda name: name == "a", lambda name: now
    assert unit.check(wanted, view).ok == (planned is None)
    unit.fix(wanted, view)
    assert view.planned.get("a.socket") == planned and unit.check(wanted, view).ok
