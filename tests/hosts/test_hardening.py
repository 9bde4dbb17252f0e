# SPDX-License-Identifier: GPL-3.0-or-later
"""Hardening as users meet it: playbooks by name, what they print, the evidence, the role in a play, bad input."""
import json
import subprocess

import jsonschema
import pytest

from tests.hosts.conftest import CLONE, TESTBED, player

HOST = "hd9"
SCHEMA = json.loads((CLONE / "docs/evidence.schema.json").read_text())
FEW = {"hardening_themes": ["sysctl", "banners", "sshd"]}
STATE = """
find /etc -xdev ! -name .updated ! -name resolv.conf ! -name mtab -printf '%p %y %u %g %m %l\\n' | sort
find /etc -xdev -type f ! -name .updated ! -name resolv.conf -exec sha256sum {} + | sort -k 2
systemctl list-unit-files --no-legend --no-pager | awk '$2 != "transient" {print $1, $2}' | sort
systemctl list-units --all --plain --no-legend --no-pager --type=service,socket,timer | awk '{print $1, $3}' | grep -v -e ^user -e ^session -e ^run- | sort
sysctl -a 2>/dev/null | grep -E '^net.ipv4.conf.(all|default)' | sort
"""


@pytest.fixture(scope="module")
def up():
    done = subprocess.run([TESTBED, "up", "--fresh", f"{HOST}:hard9"], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800)
    assert done.returncode == 0, done.stdout
    yield HOST
    subprocess.run([TESTBED, "down", HOST], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)


@pytest.fixture
def play(up, tmp_path):
    return player(tmp_path)


@pytest.fixture
def state(up):
    def look():
        return subprocess.run([TESTBED, "exec", HOST, "--", "sh", "-c", STATE], check=True, text=True,
                              stdout=subprocess.PIPE, timeout=300).stdout
    return look


def test_an_audit_shows_a_score_writes_evidence_and_changes_nothing(play, state, tmp_path):
    before = state()
    run = play(HOST, "elkit.almalinux.audit", variables={"hardening_evidence": str(tmp_path / "evidence"), "hardening_profile": "cis_server_l2"})
    assert run.rc == 0 and state() == before, run.output
    assert len(run.output.encode()) < 20480, "the output of one host at default verbosity"
    shown = run.result(HOST, "Show the host")["msg"]
    assert any(line.startswith("all ") for line in shown) and any(line.startswith("fail ") for line in shown)
    document = json.loads((tmp_path / "evidence" / f"{HOST}-hardening.json").read_text())
    jsonschema.validate(document, SCHEMA)
    assert run.result(HOST, "Show all hosts")["msg"][-1].split()[:2] == [HOST, document["profile"]] == [HOST, "cis_server_l2"]
    assert document["mode"] == "audit" and 350 < len(document["controls"]) < 400 and document["score"]["error"] == 0
    assert (tmp_path / "evidence" / f"{HOST}-hardening.html").stat().st_size > 50000


def test_a_run_that_fails_has_written_its_report_first(play, tmp_path):
    run = play(HOST, "elkit.almalinux.audit", variables=dict(FEW, hardening_evidence=str(tmp_path / "evidence"), hardening_fail_on=["level_1", "score<90"]))
    assert run.rc != 0
    message = run.failure(HOST, "elkit.almalinux.hardening : Fail for what hardening_fail_on names")["msg"]
    assert "level 1: " in message and "less than 90 %" in message
    assert run.result(HOST, "Show the host")["msg"] and (tmp_path / "evidence" / f"{HOST}-hardening.json").is_file()


def test_harden_twice_then_rollback(play, state, tmp_path):
    before = state()
    variables = dict(FEW, hardening_evidence=str(tmp_path / "evidence"))
    preview = play(HOST, "elkit.almalinux.harden", variables=variables, arguments=["--check", "--diff"])
    assert preview.rc == 0 and state() == before and "PermitRootLogin no" in preview.output
    assert json.loads((tmp_path / "evidence" / f"{HOST}-hardening.json").read_text())["mode"] == "check"
    first = play(HOST, "elkit.almalinux.harden", variables=variables)
    assert first.rc == 0 and len(first.output.encode()) < 20480, first.output
    assert "lockout guard: committed" in first.result(HOST, "Show the host")["msg"]
    second = play(HOST, "elkit.almalinux.harden", variables=variables)
    assert second.rc == 0 and " changed=0 " in second.output
    task = "elkit.almalinux.hardening : Bring the host to the baseline"
    done, again = first.result(HOST, task), second.result(HOST, task)
    assert done["changed_ids"] == preview.result(HOST, task)["changed_ids"] and done["changed_ids"] and again["changed_ids"] == []
    back = play(HOST, "elkit.almalinux.rollback", variables={"rollback_concerns": "hardening"})
    assert back.rc == 0 and state() == before


def on_host(script):
    return subprocess.run([TESTBED, "exec", HOST, "--", "sh", "-c", script], check=True, text=True, stdout=subprocess.PIPE, timeout=600).stdout


def test_aide_knows_the_host_as_the_run_leaves_it(play, state):
    """Its database is made after sshd's part, so that the first look of every night finds nothing; one undo takes all of it back."""
    keys = play(HOST, [{"name": "keys", "elkit.almalinux.repositories": {
        "enabled": ["baseos"], "trusted_keys": "{{ repositories_trusted_keys }}", "verify": False}}])
    assert keys.rc == 0, keys.output
    before = state()
    ids = ["package_aide_installed", "aide_build_database", "aide_periodic_cron_checking", "sshd_disable_root_login", "sshd_set_max_auth_tries"]
    options = {"only_ids": ids, "profile": "cis_server_l2"}
    run = play(HOST, [{"name": "check", "elkit.almalinux.baseline": options, "check_mode": True}, {"name": "apply", "elkit.almalinux.baseline": options}])
    assert run.rc == 0, run.output
    looked, done = run.result(HOST, "check"), run.result(HOST, "apply")
    assert done["changed_ids"] == looked["changed_ids"] and "aide_build_database" in done["changed_ids"] and "sshd_disable_root_login" in done["changed_ids"]
    assert done["guard"]["outcome"] == "committed" and "later" not in done and "aide" in {item["kind"] for item in done["states"]}
    said = on_host("aide --check; echo ended $?")
    assert said.split()[-2:] == ["ended", "0"], said
    back = play(HOST, [{"name": "undo", "elkit.almalinux.baseline": {"state": "reverted"}}])
    assert back.rc == 0 and state() == before and on_host("ls -A /var/lib/aide 2>/dev/null; true").strip() == ""


def test_the_role_twice_in_a_play_under_tags_in_check_mode(play):
    role = {"name": "elkit.almalinux.hardening", "tasks_from": "audit", "apply": {"tags": ["look"]}}
    tasks = [{"name": "first", "ansible.builtin.include_role": role, "tags": ["look"], "vars": {"hardening_themes": ["sudo"]}},
             {"name": "second", "ansible.builtin.include_role": role, "tags": ["look"], "vars": {"hardening_themes": ["cron"]}},
             {"name": "left out", "ansible.builtin.fail": {}}]
    run = play(HOST, tasks, arguments=["--tags", "look", "--check"])
    assert run.rc == 0, run.output
    looks = run.results(HOST, "elkit.almalinux.hardening : Look at the host")
    assert [{row["theme"] for row in look["controls"]} for look in looks] == [{"sudo"}, {"cron"}]


def test_provision_looks_when_told_to(play, state):
    before = state()
    run = play(HOST, "elkit.almalinux.provision", variables=dict(FEW, provision_harden="audit", repositories_verify=False), arguments=["--check"])
    assert run.rc == 0 and state() == before, run.output
    assert "%" in run.result(HOST, "Sum up")["ansible_facts"]["provision_result"]["hardening"]


def test_provision_hardens_when_told_to(play, state, tmp_path):
    def provision(**variables):
        run = play(HOST, "elkit.almalinux.provision", variables=dict(FEW, repositories_verify=False, provision_evidence=str(tmp_path), **variables))
        assert run.rc == 0, run.output
        return run.result(HOST, "Sum up")["ansible_facts"]["provision_result"], json.loads((tmp_path / f"{HOST}.json").read_text())
    untold, _kept = provision()
    assert untold["hardening"] == "not looked at"
    before = state()
    first, kept = provision(provision_harden=True)
    assert {"sshd_disable_root_login", "banner_etc_issue_cis", "sysctl_net_ipv4_conf_all_send_redirects"} <= set(first["changed"])
    assert first["hardening"].endswith(" %") and kept["hardening"] == first["hardening"] and state() != before
    second, _kept = provision(provision_harden="yes")
    assert second["changed"] == [] and second["hardening"] == first["hardening"]
    back = play(HOST, "elkit.almalinux.rollback", variables={"rollback_concerns": ["hardening"]})
    assert back.rc == 0 and state() == before, back.output


def test_exceptions_own_controls_and_a_scan_without_openscap(play, tmp_path):
    (tmp_path / "controls").mkdir()
    (tmp_path / "controls" / "ours.yml").write_text(
        "theme: ours\ntitle: Ours\n"
        "controls: [{id: ours_motd, title: The message of the day is there, mechanism: content, args: {path: /etc/motd, text: x}}]\n")
    exceptions = [{"id": "banner_etc_issue_cis", "reason": "<b>", "owner": "ops", "expires": "2099-01-01"},
                  {"id": "banner_etc_issue_net_cis", "reason": "old", "owner": "ops", "expires": "2020-01-01"}]
    run = play(HOST, "elkit.almalinux.audit", variables={
        "hardening_themes": ["banners", "ours"], "hardening_controls_folders": [str(tmp_path / "controls")], "hardening_exceptions": exceptions,
        "hardening_scan": True, "hardening_evidence": str(tmp_path), "hardening_fail_on": ["error", "expired"]})
    assert "1 expired: banner_etc_issue_net_cis" in run.failure(HOST, "elkit.almalinux.hardening : Fail for what hardening_fail_on names")["msg"]
    document = json.loads((tmp_path / f"{HOST}-hardening.json").read_text())
    found = {row["id"]: row for row in document["controls"]}
    assert found["ours_motd"]["theme"] == "ours" and found["banner_etc_issue_cis"]["status"] == "excepted"
    assert found["banner_etc_issue_net_cis"]["status"] == "fail" and "(package " in document["scan"]["error"]
    assert "<b>" not in (tmp_path / f"{HOST}-hardening.html").read_text()


BAD = [
    ({"hardening_profile": "cis"}, ["the profile is cis", "nearest is cis_server_l"]),
    ({"hardening_only_ids": ["sshd_disable_root_logn"]}, ["sshd_disable_root_logn", "nearest is sshd_disable_root_login"]),
    ({"hardening_values": {"sshd_max_auth_tries": "many"}}, ["sshd_max_auth_tries is 'many', and must be int"]),
    ({"hardening_exceptions": [{"id": "sshd_disable_root_login", "reason": "x", "owner": "y"}]}, ["has no expires"]),
    ({"hardening_controls_folders": ["/nowhere"]}, ["folder of controls /nowhere is not there"]),
    ({"hardening_environment": {"moon": True}}, ["there is no environment moon"]),
    ({"hardening_evidence": "/dev/null/x"}, ["the evidence cannot be written to /dev/null"]),
]


@pytest.mark.parametrize(("variables", "words"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_bad_input_is_one_error_and_changes_nothing(play, variables, words):
    run = play(HOST, "elkit.almalinux.audit", variables=dict({"hardening_themes": ["sudo"]}, **variables))
    message = run.failure(HOST, "elkit.almalinux.hardening : Look at the host")["msg"]
    assert run.rc != 0 and "Traceback" not in run.output
    for word in words:
        assert word in message


def test_nobody_but_root(play):
    run = play(HOST, [{"name": "look", "elkit.almalinux.baseline_info": {}}], become=False)
    assert "Run with become: true" in run.failure(HOST, "look")["msg"]
