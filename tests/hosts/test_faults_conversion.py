# SPDX-License-Identifier: GPL-3.0-or-later
"""A conversion that is disturbed in every stage, inside rpm too: the same play again ends in AlmaLinux, and the way back is exact."""
import pytest

from tests.faults import gate, matrix
from tests.faults.gate import Gate
from tests.faults.matrix import AGAIN, CONTROLLER, CUT, REVERT, SIGKILL, STOP, strike
from tests.faults.plays import play
from tests.faults.points import CONVERSION, conversion, in_conversion, in_conversion_by_rpm

from .conversions import LOOK, MODULE, TRUSTED, from_mirror

pytest_plugins = ["tests.faults.fixtures"]

STAGES = ("snapshot", "resolve", "download", "test", "registration", "transaction", "repositories", "boot", "leftovers", "verify")
BACK_STAGES = ("back-test", "back-transaction", "back-files", "back-boot", "back-verify")
APPLY = [{"name": "apply", MODULE: {"trusted_keys": TRUSTED}}]
UNDO = [{"name": "undo", MODULE: {"state": "reverted"}}]
STEPS = {stage: conversion(stage) for stage in STAGES}
# rpm opens each of the 224 packages once to verify it, then to install it, and then erases the 220 old ones.
STEPS.update({"verified package": in_conversion("transaction", 100), "first package": in_conversion("transaction", 226),
              "middle package": in_conversion("transaction", 446),
              "last package": in_conversion("transaction", 668)})
BACK = {stage: conversion(stage) for stage in BACK_STAGES}
# rpm calls back several times for each of the packages that come.
BACK["inside rpm"] = in_conversion_by_rpm("back-transaction", 500)
SLICE = {("first package", SIGKILL), ("middle package", STOP), ("repositories", CUT), ("verify", CONTROLLER)}


table = matrix.table_of("conversion")


@pytest.fixture(scope="module")
def subject():
    """A function that gives the Subject, learnt on a host."""
    known = matrix.Subject(APPLY, UNDO, lambda host: host.run(LOOK), CONVERSION, {}, [{MODULE: {"state": "reverted", "force": True}}],
                           interrupted=("", *STAGES, *BACK_STAGES))
    return known.on


@pytest.mark.parametrize("step, action", matrix.wide([(step, action) for step in STEPS for action in matrix.ACTIONS], SLICE))
def test_disturbed_then_the_same_play_again(fault_host, subject, table, step, action):
    host = fault_host("fc9")
    table.add(matrix.case(subject(host), host, STEPS[step], action, AGAIN))


@pytest.mark.parametrize("step", [pytest.param(step, marks=[] if step == "test" else [pytest.mark.full])
                                  for step in ("snapshot", "download", "test", "registration", "transaction", "middle package", "repositories", "verify")])
def test_killed_then_back(fault_host, subject, table, step):
    host = fault_host("fc9")
    table.add(matrix.case(subject(host), host, STEPS[step], SIGKILL, REVERT))


@pytest.mark.parametrize("step, action", matrix.wide([(step, action) for step in BACK for action in (SIGKILL, STOP)], {("back-files", SIGKILL)}))
def test_a_disturbed_way_back(fault_host, subject, table, step, action):
    host = fault_host("fc9")
    table.add(matrix.case(subject(host), host, BACK[step], action, AGAIN, of_undo=True))


@pytest.mark.full
def test_killed_again_while_rpm_alone_goes_on(fault_host, subject):
    host = fault_host("fc9")
    states = subject(host).states["fc9"]
    try:
        strike(host, STEPS["middle package"], SIGKILL, APPLY)
        strike(host, in_conversion_by_rpm("transaction", 100), SIGKILL, APPLY)
    finally:
        host.disarm()
    run = play("fc9", APPLY)
    assert run.rc == 0 and host.run(LOOK) == states["new"], run.output
    run = play("fc9", UNDO)
    assert run.rc == 0 and host.run(LOOK) == states["old"], run.output


# --- and dnf is broken then -------------------------------------------------------------------------------------------

def test_packages_are_brought_to_their_end_where_dnf_cannot_be_imported_any_more(fault_host, subject):
    host = fault_host("fc9")
    states = subject(host).states["fc9"]
    away = ("d=$(/usr/bin/python3 -c 'import dnf, os; print(os.path.dirname(dnf.__file__))'); "
            "echo $d >/var/tmp/elkit-dnf-was; mv $d /var/tmp/elkit-dnf-away")
    try:
        strike(host, STEPS["middle package"], SIGKILL, APPLY)
        host.disarm()
        host.run(away)
        run = play("fc9", APPLY)
        assert run.rc != 0 and "dnf does not work" in run.output and "Traceback" not in run.output, run.output
        packages = host.run("rpm -qa --qf '%{nevra} %{vendor} %{sha256header}\\n' | sort")
        assert states["new"].startswith(packages), "rpm and the fetched packages alone do not do"
        assert host.state(CONVERSION)["stage"] == "verify"
    finally:
        host.disarm()
        host.run("[ ! -d /var/tmp/elkit-dnf-away ] || mv /var/tmp/elkit-dnf-away $(cat /var/tmp/elkit-dnf-was)")
    run = play("fc9", APPLY)
    assert run.rc == 0 and host.run(LOOK) == states["new"], run.output
    run = play("fc9", UNDO)
    assert run.rc == 0 and host.run(LOOK) == states["old"], run.output


# --- inside rpm, where a scriptlet waits ------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def gated(fault_host):
    """(the host with the package of the gate, its Subject, how many packages come and go)."""
    host = fault_host("fc9")
    play("fc9", [{MODULE: {"state": "reverted", "force": True}}])
    from_mirror("fc9", gate.spec(host), "/var/tmp/elkit-made")
    host.run("rpm -i --nodeps --nosignature /var/tmp/elkit-made/noarch/*.rpm; rm -rf /var/tmp/elkit-made")
    known = matrix.Subject(APPLY, UNDO, lambda host: host.run(LOOK), CONVERSION, {}, [{MODULE: {"state": "reverted", "force": True}}],
                           interrupted=("", *STAGES, *BACK_STAGES))
    gate.count(host)
    run = play("fc9", APPLY)
    total = gate.counted(host)
    gate.open_up(host)
    play("fc9", UNDO)
    assert run.rc == 0 and total > 300, f"{total} scriptlets ran: {run.output}"
    yield host, known.on(host), total
    gate.open_up(host)
    host.run(f"rpm -e {gate.NAME}")


GATES = {"first": lambda total: 1, "middle": lambda total: total // 2, "last": lambda total: total}


@pytest.mark.parametrize("place, action", matrix.wide([(place, action) for place in GATES for action in matrix.ACTIONS], {("middle", SIGKILL)}))
def test_disturbed_while_a_scriptlet_waits(gated, table, place, action):
    host, subject, total = gated
    table.add(matrix.case(subject, host, Gate(f"a scriptlet at the {place} package", GATES[place](total)), action, AGAIN))
