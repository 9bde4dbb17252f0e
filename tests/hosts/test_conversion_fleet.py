# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of several distributions: a canary whose verdict is bad stops the roll-out, batches, limits, and hosts that are AlmaLinux already."""
import pytest

from tests.faults import remote
from tests.faults.host import FaultHost
from tests.faults.plays import play

from . import conversions
from .conversions import LOOK, convert, ran

CANARY, NEXT, DONE = "fc9", "fr9", "fa9"
KINDS = {CANARY: "cs9", NEXT: "rhel9", DONE: "al9"}
ALL = ":".join(KINDS)
LOCK = "/etc/dnf/plugins/versionlock.list"


@pytest.fixture(scope="module")
def fleet():
    """{name: FaultHost}, as what they were."""
    remote.testbed("up", *(f"{name}:{kind}" for name, kind in KINDS.items()), timeout=3600)
    hosts = {name: FaultHost(name) for name in KINDS}
    for name in (CANARY, NEXT):
        conversions.as_source(name, hosts[name])
    hosts[NEXT].run("rm -f /etc/pki/consumer/cert.pem")
    yield hosts
    remote.testbed("down", NEXT, DONE)


def test_a_bad_canary_stops_the_roll_out(fleet):
    before = {name: fleet[name].run(LOOK) for name in (NEXT, DONE)}
    fleet[CANARY].run(f"cp -p {LOCK} /root/lock 2>/dev/null; echo 'bash-0:5*' >>{LOCK}")
    try:
        run = play(ALL, "elkit.almalinux.convert", variables={"convert_canary": CANARY})
    finally:
        fleet[CANARY].run(f"if [ -e /root/lock ]; then mv /root/lock {LOCK}; else rm {LOCK}; fi")
    assert run.rc != 0 and "version-locks" in run.output, run.output
    assert {name: fleet[name].run(LOOK) for name in before} == before, "another host was touched"
    assert not [event for event in run.events if event["host"] in (NEXT, DONE)], "another host was looked at"


@pytest.mark.full
def test_a_good_canary_then_batches_and_who_is_there_already_passes_through(fleet, tmp_path):
    before = fleet[DONE].run(LOOK)
    run = play(ALL, "elkit.almalinux.convert", variables={"convert_canary": CANARY, "convert_serial": 1, "convert_evidence": str(tmp_path)})
    assert run.rc == 0, run.output
    assert fleet[DONE].run(LOOK) == before
    order = [event["host"] for event in run.events if event["task"].endswith(" : Convert the host") and event["result"].get("result") == "converted"]
    assert order == [CANARY, NEXT]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}-conversion.json" for name in KINDS)
    table = " ".join(run.output[run.output.index("Show all hosts"):].split())
    assert all(name in table for name in KINDS) and "rhel-9" in table and "centos-stream-9" in table
    run = play(ALL, "elkit.almalinux.convert", variables={"convert_canary": CANARY})
    assert run.rc == 0 and run.output.count("changed=0") == 3, run.output


@pytest.mark.full
def test_a_limit_takes_one_host_back(fleet):
    run = play(NEXT, "elkit.almalinux.rollback", variables={"rollback_concerns": ["conversion"]})
    assert run.rc == 0, run.output
    assert "Red Hat" in fleet[NEXT].run("cat /etc/os-release") and "AlmaLinux" in fleet[CANARY].run("cat /etc/os-release")
    assert ran(CANARY, convert(state="reverted")).result(CANARY, "convert")["result"] == "reverted"
