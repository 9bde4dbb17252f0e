# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of module streams that is disturbed before, inside and after rpm's transaction: nothing is lost, and the way back is exact."""
import time

import pytest

from tests.faults import matrix
from tests.faults.matrix import AGAIN, CONTROLLER, CUT, PARENT, REVERT, SIGKILL, STOP
from tests.faults.plays import play
from tests.faults.points import JOURNAL, in_transaction, journal

pytest_plugins = ["tests.faults.fixtures"]

CONCERN = "module_streams"
# nodejs:18 is there already: its packages follow the stream.
STREAMS = ["nodejs:20", {"name": "nginx", "stream": "1.24", "state": "installed", "profiles": ["common"]}, {"name": "php", "state": "disabled"}]
APPLY = [{"name": "apply", "elkit.almalinux.module_streams": {"streams": STREAMS, "allow_switch": True}}]
UNDO = [{"name": "undo", "elkit.almalinux.module_streams": {"state": "reverted"}}]
READY = [{"name": "keys", "elkit.almalinux.repositories": {"enabled": ["baseos"], "trusted_keys": "{{ repositories_trusted_keys }}"}},
         {"name": "old stream", "ansible.builtin.command": "dnf -q -y module install nodejs:18/common"}]
# Streams, packages (a double one shows), and what rpm says of its own database.
LOOK = """
for file in /etc/dnf/modules.d/*; do [ ! -s "$file" ] || { echo "$file"; cat "$file"; }; done
rpm -qa | sort
rpm --verifydb || echo 'the database is damaged'
"""
STEPS = {
    "planned": journal(CONCERN, "planned"),
    # The fourth time, the state file has the files, the packages and the switch, and dnf is about to run.
    "before dnf": journal(CONCERN, "planned", occurrence=4),
    "first package": in_transaction(CONCERN, "planned", 1),
    "third package": in_transaction(CONCERN, "planned", 3),
    "applied": journal(CONCERN, "applied"),
}
BACK = {"reverting": journal(CONCERN, "reverting"), "second package": in_transaction(CONCERN, "reverting", 2), "reverted": journal(CONCERN, "reverted")}
SLICE = {("fd12", "third package", SIGKILL), ("fd12", "third package", STOP)}
CASES = [(name, step, action) for name in ("fd12", "f9", "f8") for step in STEPS for action in (*matrix.ACTIONS, PARENT)
         if (action != PARENT or "package" in step) and (name == "fd12" or action == SIGKILL)]


table = matrix.table_of("module_streams")


@pytest.fixture(scope="module")
def subject():
    """A function that gives the Subject, learnt on a host."""
    known = matrix.Subject(APPLY, UNDO, lambda host: host.run(LOOK), f"{JOURNAL}/{CONCERN}/*/state.json", {},
                           [{"elkit.almalinux.module_streams": {"state": "reverted", "force": True}}])

    def give(host):
        if host.name not in known.states:
            assert play(host.name, READY).rc == 0
        return known.on(host)
    return give


@pytest.mark.parametrize("name, step, action", matrix.wide(CASES, SLICE))
def test_disturbed_then_the_same_play_again(fault_host, subject, table, name, step, action):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, STEPS[step], action, AGAIN))


@pytest.mark.parametrize("name, step", matrix.wide([("fd12", step) for step in STEPS], {("fd12", "first package")}))
def test_disturbed_then_undone_at_once(fault_host, subject, table, name, step):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, STEPS[step], SIGKILL, REVERT))


@pytest.mark.parametrize("name, step, action", matrix.wide([("fd12", step, action) for step in BACK for action in (SIGKILL, CUT, CONTROLLER, STOP)],
                                                           {("fd12", "second package", SIGKILL)}))
def test_a_disturbed_undo(fault_host, subject, table, name, step, action):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, BACK[step], action, AGAIN, of_undo=True))


def refused(host, subject, words, within, look=LOOK):
    """The play ends in time with an error that has *words*; nothing was changed, and the next play goes through."""
    known, begun = subject(host), time.monotonic()
    run = play(host.name, APPLY)
    took = time.monotonic() - begun
    assert run.rc == 2, run.output
    message = run.result(host.name, "apply")["msg"]
    assert not [word for word in words if word not in message] and "Traceback" not in run.output, message
    assert took < within, f"it took {took:.0f} s to say so"
    assert host.run(look) == (known.states[host.name]["old"] if look == LOOK else "")


@pytest.mark.full
def test_another_dnf_holds_the_lock(fault_host, subject):
    host = fault_host("fd12")
    subject(host)
    with host.dnf_locked():
        refused(host, subject, ["another package run", "run again"], 60)


def test_rpm_holds_its_lock(fault_host, subject):
    host = fault_host("fd12")
    subject(host)
    # rpm could not look at its database while it is locked.
    with host.rpm_locked():
        refused(host, subject, ["another package run", "run again"], 60, look="true")
    assert host.run(LOOK) == subject(host).states[host.name]["old"]


def test_a_read_only_state_of_the_streams(fault_host, subject):
    host = fault_host("fd12")
    subject(host)
    with host.read_only("/etc/dnf/modules.d"):
        refused(host, subject, ["/etc/dnf/modules.d", "ead-only"], 90)


@pytest.mark.full
def test_a_full_journal(fault_host, subject):
    host = fault_host("fd12")
    subject(host)
    with host.full("/var/lib/elkit"):
        refused(host, subject, ["/var/lib/elkit", "space"], 90)
