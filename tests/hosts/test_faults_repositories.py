# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of repositories that is disturbed at every point that its journal names: nothing is lost, and the way back is exact."""
import pytest

from tests.faults import matrix
from tests.faults.host import FaultError
from tests.faults.matrix import AGAIN, CONTROLLER, CUT, REVERT, SIGKILL, STOP
from tests.faults.plays import Play, play
from tests.faults.points import JOURNAL, KILL, PAUSE, journal

from .conftest import STATE

pytest_plugins = ["tests.faults.fixtures"]

TRUSTED = "{{ repositories_trusted_keys }}"
# Files of every kind: changed, new, and keys for rpm to import. Nothing is fetched: the faults here are the host's.
DESIRED = {"enabled": ["crb", "highavailability"], "main": {"retries": 4, "max_parallel_downloads": 5}, "vars": {"elkit_site": "north"},
           "trusted_keys": TRUSTED, "verify": False}
APPLY = [{"name": "apply", "elkit.almalinux.repositories": DESIRED}]
UNDO = [{"name": "undo", "elkit.almalinux.repositories": {"state": "reverted"}}]

STEPS = {step: journal("repositories", step) for step in ("planned", "before-images", "staged", "after-first-file", "files", "applied")}
# The second time that the state file says "files" it knows which keys rpm is about to import.
STEPS["keys"] = journal("repositories", "files", occurrence=2)
BACK = {step: journal("repositories", step) for step in ("reverting", "reverted")}

# What every change must pass; the rest of the product of points, actions and hosts is the long matrix.
SLICE = {("f9", "staged", STOP), ("f9", "files", CUT), ("f9", "applied", CONTROLLER),
         ("f8", "after-first-file", SIGKILL), ("f10", "after-first-file", SIGKILL)}
CASES = [(host, step, action) for host in ("f9", "f8", "f10") for step in STEPS for action in matrix.ACTIONS
         if host == "f9" or action == SIGKILL]


table = matrix.table_of("repositories")


@pytest.fixture(scope="module")
def subject():
    """A function that gives the Subject, learnt on a host."""
    known = matrix.Subject(APPLY, UNDO, lambda host: host.run(STATE), f"{JOURNAL}/repositories/*/state.json", {},
                           [{"elkit.almalinux.repositories": {"state": "reverted", "force": True}}])
    return known.on


@pytest.mark.parametrize("name, step, action", matrix.wide(CASES, SLICE))
def test_disturbed_then_the_same_play_again(fault_host, subject, table, name, step, action):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, STEPS[step], action, AGAIN))


@pytest.mark.parametrize("name, step", matrix.wide([("f9", step) for step in STEPS], {("f9", "after-first-file")}))
def test_disturbed_then_undone_at_once(fault_host, subject, table, name, step):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, STEPS[step], SIGKILL, REVERT))


@pytest.mark.parametrize("name, step, action", matrix.wide([("f9", step, action) for step in BACK for action in matrix.ACTIONS],
                                                           {("f9", "reverting", SIGKILL)}))
def test_a_disturbed_undo(fault_host, subject, table, name, step, action):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, BACK[step], action, AGAIN, of_undo=True))


def test_the_disk_fills_between_the_before_images_and_the_files(fault_host, subject):
    host = fault_host("f9")
    states = subject(host).states["f9"]
    with host.own_file_system("/etc/yum.repos.d"):
        host.arm(STEPS["before-images"], PAUSE)
        running = Play("f9", APPLY)
        host.confirmed(timeout=90)
        host.fill("/etc/yum.repos.d")
        host.release()
        run = running.wait()
        host.disarm()
        assert run.rc == 2, run.output
        message = run.result("f9", "apply")["msg"]
        assert "No space left on device" in message and "Free space" in message and "/etc/yum.repos.d" in message
        host.run("rm -f /etc/yum.repos.d/.elkit-fault-fill")
        assert host.run(STATE) == states["old"], "something was written"
    assert host.run(STATE) == states["old"]


def test_an_immutable_file_stops_all_of_the_change(fault_host, subject):
    host = fault_host("f10")
    states = subject(host).states["f10"]
    path = host.run("grep -l '^.highavailability.$' /etc/yum.repos.d/*").strip()
    with host.immutable(path):
        run = play("f10", APPLY)
        assert run.rc == 2, run.output
        message = run.result("f10", "apply")["msg"]
        assert path in message and "lsattr" in message and "Traceback" not in run.output, message
        assert host.run(STATE) == states["old"], "something was written"
    run = play("f10", APPLY + UNDO)
    assert run.rc == 0 and host.run(STATE) == states["old"], run.output


def test_a_file_that_someone_changes_meanwhile_is_not_undone_over(fault_host, subject):
    host = fault_host("f9")
    known = subject(host)
    host.arm(STEPS["after-first-file"], KILL)
    play("f9", APPLY)
    host.confirmed()
    host.disarm()
    # The first file is in its place; which one the journal says.
    changed = [item["path"] for item in host.state(known.journal)["files"]][0]
    host.run(f"cp -p {changed} /root/elkit-ours; echo '# by hand' >>{changed}")
    try:
        run = play("f9", UNDO)
        assert run.rc == 2 and changed in run.result("f9", "undo")["msg"]
        assert "# by hand" in host.run(f"cat {changed}")
    finally:
        host.run(f"cp -p /root/elkit-ours {changed}; rm /root/elkit-ours")
    assert play("f9", UNDO).rc == 0
    assert host.run(STATE) == known.states["f9"]["old"]


def test_rpm_is_locked(fault_host, subject):
    """rpm waits for its lock without end; we do not, and nothing stays half-done."""
    host = fault_host("f9")
    states = subject(host).states["f9"]
    with host.rpm_locked():
        run = play("f9", APPLY)
    assert run.rc == 2, run.output
    message = run.result("f9", "apply")["msg"]
    assert "rpm" in message and "run again" in message and "Traceback" not in run.output, message
    assert host.run(STATE) == states["old"], "something was written"


# --- the harness itself -------------------------------------------------------------------------------------------------

def test_an_unarmed_run_lives_and_a_point_that_is_not_reached_fails_the_test(fault_host, subject):
    host = fault_host("f9")
    subject(host)
    host.arm(journal("repositories", "no-such-step"), KILL)
    run = play("f9", APPLY)
    assert run.rc == 0, run.output
    with pytest.raises(FaultError, match="no process came to the point 'no-such-step'"):
        host.confirmed()
    host.disarm()
    with pytest.raises(FaultError, match="nothing was armed"):
        host.confirmed()
    run = play("f9", UNDO)
    assert run.rc == 0, run.output
