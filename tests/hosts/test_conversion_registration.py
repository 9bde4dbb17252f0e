# SPDX-License-Identifier: GPL-3.0-or-later
"""A RHEL host that is registered with a Satellite: refused, unregistered, or preserved. subscription-manager is a stand-in that notes its calls."""
import pytest

from tests.faults import remote
from tests.faults.host import FaultHost
from tests.faults.plays import Play
from tests.faults.points import CONVERSION

from . import conversions
from .conversions import LOOK, convert, look, ran

HOST = "fr9"
CALLS = "/root/subscription-manager.calls"
CERTIFICATE = "/etc/pki/consumer/cert.pem"
REPOSITORIES = "/etc/yum.repos.d/redhat.repo"
WAS = "/var/tmp/elkit-redhat.repo"
REGISTER = f"""
mkdir -p /etc/pki/consumer; echo stand-in >{CERTIFICATE}; rm -f {CALLS}
cat >/usr/sbin/subscription-manager <<'END'
#!/bin/sh
[ ! -e /var/tmp/elkit-kill-before ] || {{ rm /var/tmp/elkit-kill-before; kill -KILL $PPID; exit 1; }}
echo "$@" >>{CALLS}
[ ! -e /root/refuse ] || {{ echo 'Unable to verify server' >&2; exit 70; }}
case $1 in unregister) rm -f {CERTIFICATE} {REPOSITORIES};; esac
[ ! -e /var/tmp/elkit-kill-after ] || {{ rm /var/tmp/elkit-kill-after; kill -KILL $PPID; }}
END
chmod 755 /usr/sbin/subscription-manager
"""


@pytest.fixture(scope="module")
def up():
    remote.testbed("up", f"{HOST}:rhel9", timeout=3600)
    yield FaultHost(HOST)
    remote.testbed("down", HOST)


@pytest.fixture
def host(up):
    """The host as RHEL, registered."""
    conversions.as_source(HOST, up).run(REGISTER)
    yield up
    up.run("rm -f /root/refuse")


def calls(host):
    return host.run(f"cat {CALLS} 2>/dev/null || true").splitlines()


@pytest.mark.full
def test_it_is_refused_until_somebody_decides(host):
    before = host.run(LOOK)
    found = ran(HOST, look()).result(HOST, "look")
    assert found["inhibitors"] == ["registration"]
    assert "registration" in conversions.refused(HOST, ["registered", "unregister or preserve"], convert())["inhibitors"]
    assert host.run(LOOK) == before and calls(host) == []


def test_it_is_unregistered_right_before_the_transaction_and_a_way_back_says_that_it_stays_so(host):
    # Of no counterpart, and managed by subscription-manager alone.
    client = "satellite-client-6-for-rhel-9-x86_64-rpms"
    host.run(f"cp -p {REPOSITORIES} {WAS}; sed -n '/appstream-rpms/,$p' {WAS} | sed '1s/.*/[{client}]/' >>{REPOSITORIES}")
    found = ran(HOST, look(registration="unregister")).result(HOST, "look")
    assert found["verdict"] == "ready" and calls(host) == []
    assert {"before": client, "after": None, "kept": False} in found["repositories"]
    done = ran(HOST, convert(registration="unregister")).result(HOST, "convert")
    assert done["result"] == "converted" and calls(host) == ["unregister"]
    assert [(item["name"], item["detail"]) for item in done["stages"]][4] == ("registration", "unregistered")
    assert host.run("rpm -qa 'subscription-manager*' 'katello*'").strip() == ""
    run = ran(HOST, convert(state="reverted"))
    assert run.result(HOST, "convert")["result"] == "reverted"
    assert any("not restored" in item for item in run.result(HOST, "convert")["warnings"]) and "register the host anew" in " ".join(run.output.split())
    assert client in host.run(f"cat {REPOSITORIES}; mv {WAS} {REPOSITORIES}")


@pytest.mark.full
def test_a_server_that_does_not_answer_stops_it_before_anything_is_changed(host):
    before = host.run(LOOK)
    host.run("touch /root/refuse")
    conversions.refused(HOST, ["cannot be unregistered", "Unable to verify server"], convert(registration="unregister"))
    assert host.run(LOOK) == before and calls(host) == ["unregister"]
    host.run("rm /root/refuse")
    assert ran(HOST, convert(registration="unregister")).result(HOST, "convert")["result"] == "converted"
    ran(HOST, convert(state="reverted"))


@pytest.mark.full
@pytest.mark.parametrize("killed, done_then", [("before", []), ("after", ["unregister"])])
def test_it_is_unregistered_once_where_the_worker_is_killed_right_there(host, killed, done_then):
    before = host.run(f"cp -p {REPOSITORIES} {WAS}\n{LOOK}")
    host.run(f"touch /var/tmp/elkit-kill-{killed}")
    assert Play(HOST, [convert(registration="unregister")]).wait(300).rc != 0
    assert host.state(CONVERSION)["stage"] == "registration" and calls(host) == done_then
    done = ran(HOST, convert(registration="unregister")).result(HOST, "convert")
    assert done["result"] == "converted" and calls(host) == ["unregister"] and done["verdict_after"]["remains"] == []
    assert ran(HOST, convert(state="reverted")).result(HOST, "convert")["result"] == "reverted"
    host.run(f"mv {WAS} {REPOSITORIES}; mkdir -p /etc/pki/consumer; echo stand-in >{CERTIFICATE}")
    assert host.run(LOOK) == before


@pytest.mark.full
def test_it_is_preserved_with_its_client(host):
    found = ran(HOST, look(registration="preserve")).result(HOST, "look")
    seen = {row["package"].rsplit("-", 2)[0]: row["verdict"] for row in found["packages"] if row["package"]}
    assert found["verdict"] == "ready" and seen["subscription-manager"] in ("excepted", "replaced", "upgraded", "downgraded")
    assert seen["insights-client"] == "removed" and seen["katello-host-tools"] == "kept-third-party"
    done = ran(HOST, convert(registration="preserve")).result(HOST, "convert")
    assert done["result"] == "converted" and host.run(f"cat {CERTIFICATE}").strip() == "stand-in"
    assert sorted(calls(host)) == [f"repos --disable=rhel-9-for-x86_64-{name}-rpms" for name in ("appstream", "baseos")]
    assert host.run("rpm -q subscription-manager katello-host-tools >/dev/null && echo both").strip() == "both"
    # A client that brings the source's repositories back does not go unseen.
    assert "rhel-9" not in host.run("dnf -q repolist --enabled")
    ran(HOST, convert(state="reverted"))
