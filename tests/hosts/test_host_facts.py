# SPDX-License-Identifier: GPL-3.0-or-later
"""host_facts on real hosts: what it says is what the host's own commands say."""
import json
import random

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import version

LOOK = "elkit.almalinux.host_facts"
ALMALINUX = {"al8": (8, 10, "Cerulean Leopard"), "al9": (9, 8, "Olive Jaguar"), "al10": (10, 2, "Lavender Lion")}
SECTIONS = ["identity", "lifecycle", "repositories", "module_streams", "packages", "kernel", "reboot", "security", "hardware",
            "environment", "subscription"]


def facts_of(run, host):
    assert run.rc == 0, run.output
    return run.result(host)["ansible_facts"]["almalinux"]


def look(play, host, subset=("all",), **more):
    return facts_of(play(host, [{LOOK: {"gather_subset": list(subset)}}], **more), host)


def lane(host, **variables):
    """EL8's own Python, 3.6, is too old for newer cores: core 2.16 is the last that can use it."""
    if host != "al8":
        return {"variables": variables}
    return {"core": "core216", "variables": dict(variables, ansible_python_interpreter="{{ testbed_python_36 }}")}


@pytest.mark.parametrize("host", list(ALMALINUX) + ["cs9"])
def test_every_section_without_an_error_and_without_a_change(play, host):
    run = play(host, [{LOOK: {}}], **lane(host), arguments=["--check"])
    facts = facts_of(run, host)
    assert sorted(facts) == sorted(SECTIONS), "updates only when named"
    assert {name: facts[name]["errors"] for name in facts if facts[name]["errors"]} == {}
    assert run.result(host)["changed"] is False


@pytest.mark.parametrize("host", list(ALMALINUX))
def test_an_almalinux_is_recognised(play, testbed, host):
    facts = look(play, host, **lane(host))
    identity = facts["identity"]
    assert (identity["major"], identity["minor"], identity["codename"]) == ALMALINUX[host]
    assert identity["is_almalinux"] and identity["is_el"] and identity["product"] == "almalinux"
    assert identity["conversion"]["possible"] is False and identity["leftover_release_packages"] == []
    assert identity["release"] == testbed(host, "cat", "/etc/almalinux-release").strip()
    assert facts["lifecycle"]["days_left"] > 0 and facts["lifecycle"]["support_end"] in testbed(host, "cat", "/etc/os-release")
    assert facts["module_streams"]["supported"] is (identity["major"] < 10)
    assert facts["environment"]["type"] == "container" and facts["environment"]["systemd"] is True


@pytest.mark.parametrize("host", list(ALMALINUX) + ["cs9"])
def test_packages_are_those_that_rpm_has(play, testbed, host):
    packages = look(play, host, ["packages"], **lane(host))["packages"]
    names = testbed(host, "rpm", "-qa", "--qf", "%{NAME}\\n").split()
    assert packages["count"] == len([name for name in names if name != "gpg-pubkey"]) >= 120
    assert len(packages["imported_keys"]) == names.count("gpg-pubkey")
    vendors = testbed(host, "rpm", "-qa", "--qf", "%{NAME}\\t%{VENDOR}\\n").splitlines()
    for vendor, count in packages["by_vendor"].items():
        assert count == len([line for line in vendors if line.endswith("\t" + vendor) and not line.startswith("gpg-pubkey")])


COMPARE = """
import json, rpm, sys
evr = lambda item: (str(item[0] or 0), item[1], item[2])
print(json.dumps([rpm.labelCompare(evr(one), evr(other)) for one, other in json.loads(sys.argv[1])]))
"""


def pairs(count):
    """[(EVR, EVR)]: two of a few parts each, and as often one and itself with a part more, less or another."""
    draw = random.Random(20261126)
    parts = ["0", "1", "01", "9", "10", "20260101", "a", "b", "rc", "el9", "el10", "alma", "A", ".", "_", "+", "~", "^"]

    def word():
        return "".join(draw.choice(parts) for _unused in range(draw.randint(1, 6)))

    def near(text):
        place = draw.randint(0, len(text))
        return (text[:place] + draw.choice(parts + [""]) + text[place + draw.randint(0, 1):]) or "0"

    found = []
    for number in range(count):
        one = (draw.choice([None, 0, 0, 1, 2, 10]), word(), word())
        other = (draw.choice([None, 0, 0, 1, 2, 10]), word(), word()) if number % 2 else (one[0], near(one[1]), one[2]) if number % 4 else (
            one[0], one[1], near(one[2]))
        found.append((one, other))
    return found


def test_versions_are_ordered_as_rpm_orders_them(testbed):
    asked = pairs(800)
    theirs = json.loads(testbed("al9", "/usr/bin/python3", "-c", COMPARE, json.dumps(asked)))
    assert {result: theirs.count(result) > 20 for result in (-1, 0, 1)} == {-1: True, 0: True, 1: True}
    assert [(one, other, result) for (one, other), result in zip(asked, theirs) if version.compare_evr(one, other) != result] == []


@pytest.mark.parametrize("host", list(ALMALINUX))
def test_crb_has_one_name_on_every_major(play, host):
    repositories = look(play, host, ["repositories"], **lane(host))["repositories"]
    canonical = {item["canonical"]: item for item in repositories["configured"]}
    assert canonical["crb"]["id"] == ("powertools" if host == "al8" else "crb")
    assert {"baseos", "appstream", "extras"} <= set(repositories["enabled"])


def test_a_stream_is_a_source_of_a_conversion(play):
    identity = look(play, "cs9", ["identity"])["identity"]
    assert identity["stream"] is True and identity["distribution"] == "centos" and identity["is_almalinux"] is False
    assert identity["conversion"] == {"possible": True, "source": "centos-stream-9", "target": "almalinux-9", "reason": None}


def test_a_broken_repository_file_is_named_and_its_password_is_not(play, testbed):
    testbed("al9", "sh", "-c", "printf '[ours]\\nname=x\\nnothing\\nbaseurl=https://me:s3cr3t@repo.invalid/\\n' >/etc/yum.repos.d/zz-broken.repo")
    try:
        run = play("al9", [{LOOK: {"gather_subset": ["repositories", "identity"]}}], arguments=["-vvv"])
    finally:
        testbed("al9", "rm", "-f", "/etc/yum.repos.d/zz-broken.repo")
    facts = facts_of(run, "al9")
    assert [item["file"] for item in facts["repositories"]["broken_files"]] == ["/etc/yum.repos.d/zz-broken.repo"]
    assert "line 3" in facts["repositories"]["errors"][0]
    assert "baseos" in facts["repositories"]["enabled"] and facts["identity"]["errors"] == []
    assert "s3cr3t" not in run.output + json.dumps(run.events)


def test_no_rpm_database_spoils_only_what_needs_it(play, testbed):
    path = testbed("al9", "sh", "-c", "rpm --eval %_dbpath").strip()
    testbed("al9", "mv", path, path + ".away")
    try:
        facts = look(play, "al9")
        made = testbed("al9", "sh", "-c", f"ls -d {path} || true")
    finally:
        testbed("al9", "sh", "-c", f"rm -rf {path} && mv {path}.away {path}")
    assert "No such file" in made, "looking must not make a database"
    assert "no rpm database" in facts["packages"]["errors"][0] and facts["reboot"]["required"] is None
    assert facts["identity"]["major"] == 9 and facts["repositories"]["errors"] == [] and facts["security"]["errors"] == []


def test_without_root_it_still_answers(play):
    facts = look(play, "al9", become=False)
    assert facts["reboot"]["all_processes_seen"] is False
    assert facts["identity"]["minor"] == 8 and facts["packages"]["count"] > 120


def test_updates_only_when_named(play):
    updates = look(play, "al9", ["updates"])["updates"]
    assert updates["errors"] == [] and updates["count"] == len(updates["pending"])
    assert sum(updates["by_type"].values()) == updates["count"]
    named = {item["advisory"] for item in updates["pending"]} - {None}
    assert named <= {item["id"] for item in updates["advisories"]}


def test_an_unknown_section_is_one_clear_error(play):
    run = play("al9", [{LOOK: {"gather_subset": ["packges"]}}])
    assert run.rc != 0
    assert "there is no section 'packges'" in run.result("al9")["msg"] and "packages" in run.result("al9")["msg"]
    assert "Traceback" not in run.output


BOTH = {"ansible_facts_modules": ["ansible.builtin.setup", LOOK]}


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("host", ["al8", "al9", "al10"])
def test_beside_setup_with_module_defaults(play, host, parallel):
    show = {"name": "show", "ansible.builtin.debug": {"msg": "{{ [ansible_facts['almalinux'] | list, ansible_facts['distribution']] }}"}}
    run = play(host, [show], gather_facts=True, **lane(host, ansible_facts_parallel=parallel, **BOTH),
               keywords={"module_defaults": {LOOK: {"gather_subset": ["identity", "lifecycle"]}},
                         "gather_subset": ["!all", "min", "network"], "gather_timeout": 20, "fact_path": "/etc/ansible/facts.d"})
    assert run.rc == 0, run.output
    sections, distribution = run.result(host, "show")["msg"]
    assert sorted(sections) == ["identity", "lifecycle"] and distribution
