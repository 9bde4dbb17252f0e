# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks by the names that users call them by, over ssh."""
import json
import re

import pytest

ALMALINUX = ("t8", "t9", "t10")
WANTED = {"repositories_enabled": ["crb", "highavailability"], "repositories_epel": True, "repositories_main": {"retries": 5},
          "module_streams_streams": "{{ ['nodejs:20'] if inventory_hostname != 't10' else [] }}"}
SYSTEMS = {
    "7": ('NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n',
          ["CentOS Linux 7", "ELevate", "Nothing was changed"]),
    "debian": ('PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nID=debian\n',
               ["Debian GNU/Linux 13", "no Enterprise Linux", "Take it out"]),
}


def summary(run, host):
    found = re.search(rf"^{host}\s.*?changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", run.output, re.M)
    assert found, run.output
    return dict(zip(("changed", "unreachable", "failed"), map(int, found.groups())))


def test_provision_twice_and_rollback(play, hosts, tmp_path):
    """Also the host that is none: the play goes on with the others."""
    first_state = hosts.state()
    everyone = ":".join((*ALMALINUX, "tcs9"))
    variables = dict(WANTED, provision_evidence=str(tmp_path))
    first = play(everyone, "elkit.almalinux.provision", variables=variables)
    second = play(everyone, "elkit.almalinux.provision", variables=variables)
    for run in (first, second):
        message = run.result("tcs9", "Stop at a host that is not AlmaLinux")["msg"]
        assert all(word in message for word in ("CentOS Stream 9", "not AlmaLinux", "elkit.almalinux.convert", "provision_convert: true"))
        assert summary(run, "tcs9") == {"changed": 0, "unreachable": 0, "failed": 1}
        assert "Traceback" not in run.output
        # Once for all, so on the first of them.
        table = [event["result"]["msg"] for event in run.events if event["task"] == "Show all hosts"]
        assert len(table) == 1 and sorted(line.split()[0] for line in table[0][2:]) == sorted(ALMALINUX), "a row for each host that was provisioned"
    for host in ALMALINUX:
        assert summary(first, host)["changed"] > 0 and summary(first, host)["failed"] == 0, first.output
        assert summary(second, host) == {"changed": 0, "unreachable": 0, "failed": 0}, second.output
        evidence = json.loads((tmp_path / f"{host}.json").read_text())
        assert {"epel", "baseos", "powertools" if host == "t8" else "crb"} <= set(evidence["repositories"])
        assert evidence["changed"] == [] and evidence["release"].startswith("AlmaLinux release")
    assert hosts.state(["tcs9"])["tcs9"] == first_state["tcs9"]
    back = play(":".join(ALMALINUX), "elkit.almalinux.rollback")
    assert back.rc == 0, back.output
    now = hosts.state(ALMALINUX)
    for host in ALMALINUX:
        assert now[host] == first_state[host]


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_el7_and_debian_get_their_answer_before_any_module_is_sent(play, hosts, system):
    text, words = SYSTEMS[system]
    hosts.run(f"cp -P /etc/os-release /root/keep; rm /etc/os-release; printf '%s' '{text}' >/etc/os-release", ["tcs9"])
    try:
        before = hosts.state(["tcs9"])
        # No Python at all: only raw can have given the answer.
        run = play("tcs9", "elkit.almalinux.provision", variables={"ansible_python_interpreter": "/nowhere/python"})
        assert run.rc != 0 and "Traceback" not in run.output
        message = [event["result"]["msg"] for event in run.events if event["status"] == "failed"]
        assert len(message) == 1 and all(word in message[0] for word in words), message
        assert hosts.state(["tcs9"]) == before
    finally:
        hosts.run("mv -f /root/keep /etc/os-release", ["tcs9"])


def test_bootstrap_finds_or_brings_a_python(play, hosts):
    run = play("t8:t10", "elkit.almalinux.bootstrap", arguments=["--check"])
    assert run.rc == 0, run.output
    for host in ("t8", "t10"):
        assert re.search("nothing to do|would install python3", run.result(host, "Say what was done")["msg"])


def test_bootstrap_installs_a_python_where_none_is_new_enough(play, hosts):
    """No host here lacks a new Python, so the play is told that only 3.99 will do."""
    run = play("t8", "elkit.almalinux.bootstrap", variables={"__bootstrap_oldest": "3.99"})
    assert run.rc == 0 and run.result("t8", "Say what was done")["msg"].endswith(": installed python3.12"), run.output
    assert "python3.12-" in hosts.run("rpm -q python3.12", ["t8"])["t8"]
    run = play("t8", "elkit.almalinux.bootstrap", variables={"__bootstrap_oldest": "3.99", "__bootstrap_packages": ["python9.9"]})
    message = [event["result"]["msg"] for event in run.events if event["status"] == "failed"]
    assert run.rc != 0 and len(message) == 1 and "installs none of python9.9 on t8" in message[0] and "AppStream" in message[0]


def test_rollback_of_a_concern_that_there_is_not(play, hosts):
    run = play("t9", "elkit.almalinux.rollback", variables={"rollback_concerns": ["repositories", "repos"]})
    message = [event["result"]["msg"] for event in run.events if event["status"] == "failed"]
    assert run.rc != 0 and message == ["rollback_concerns names repos. There are: module_streams, repositories, hardening, conversion. Nothing was changed."]
