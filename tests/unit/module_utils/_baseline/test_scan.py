# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import scan
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result

PRINTED = """\
xccdf_org.ssgproject.content_rule_sshd_disable_root_login:pass
xccdf_org.ssgproject.content_rule_package_telnet-server_removed:fail
WARNING: something else: here
xccdf_org.ssgproject.content_rule_partition_for_tmp:notapplicable
"""


def context(tmp_path, answer=None, content="ssg-almalinux9-ds.xml", oscap=True):
    folder = tmp_path / scan.CONTENT.strip("/")
    folder.mkdir(parents=True)
    (folder / content).write_text("")
    if oscap:
        (tmp_path / "usr/bin").mkdir()
        (tmp_path / "usr/bin/oscap").write_text("")
    asked = []

    def run(argv, check=True, timeout=60):
        asked.append(argv)
        if isinstance(answer, Exception):
            raise answer
        return answer
    made = Context(root=str(tmp_path), run=run)
    made.asked = asked
    return made


def test_look(tmp_path):
    host = context(tmp_path, Result(2, PRINTED, ""))
    found = scan.look(host, 9, "almalinux", "cis_server_l2")
    assert found == {"content": scan.CONTENT + "ssg-almalinux9-ds.xml", "profile": "cis", "results": {
        "sshd_disable_root_login": "pass", "package_telnet-server_removed": "fail", "partition_for_tmp": "notapplicable"}}
    assert host.asked == [["oscap", "xccdf", "eval", "--progress", "--profile", "xccdf_org.ssgproject.content_profile_cis",
                           scan.CONTENT + "ssg-almalinux9-ds.xml"]]


@pytest.mark.parametrize(("el", "identifier", "content", "found"), [
    (9, "almalinux", "ssg-almalinux9-ds.xml", True), (8, "almalinux", "ssg-almalinux9-ds.xml", False), (9, "centos", "ssg-cs9-ds.xml", True),
    (8, "centos", "ssg-centos8-ds.xml", True), (9, "almalinux", "ssg-rhel9-ds.xml", False), (9, "rhel", "ssg-rhel9-ds.xml", True),
    (9, "ol", "ssg-ol9-ds.xml", True), (9, "", "ssg-rhel9-ds.xml", False)])
def test_the_data_stream_of_the_host(tmp_path, el, identifier, content, found):
    assert (scan.content_for(context(tmp_path, content=content), el, identifier) is not None) == found


@pytest.mark.parametrize(("answer", "said"), [
    (Result(1, "", "Invalid file"), "oscap ended with code 1: Invalid file"),
    (CommandError("oscap did not end within 1800 s"), "did not end within 1800 s")])
def test_a_scan_that_fails_is_said_so(tmp_path, answer, said):
    assert said in scan.look(context(tmp_path, answer), 9, "almalinux", "cis_server_l1")["error"]


def test_what_is_not_there_is_said_so(tmp_path):
    host = context(tmp_path, oscap=False)
    assert scan.look(host, 9, "almalinux", "cis_server_l1") == {"error": "OpenSCAP is not installed (package openscap-scanner)"}
    assert scan.look(host, 9, "almalinux", "ours") == {"error": "OpenSCAP has no profile ours"}
    assert host.asked == []


@pytest.mark.parametrize(("row", "theirs", "good", "said"), [
    ({"status": "pass"}, "pass", True, "same"), ({"status": "pass"}, "fail", True, "other"), ({"status": "fail"}, "fail", True, "same"),
    ({"status": "fail"}, "pass", True, "other"), ({"status": "changed"}, "pass", True, "same"), ({"status": "changed"}, "fail", False, "same"),
    ({"status": "excepted", "holds": False}, "fail", True, "same"), ({"status": "excepted", "holds": True}, "fail", True, "other"),
    ({"status": "pending"}, "fail", True, "same"), ({"status": "error"}, "pass", True, "other"),
    ({"status": "not_applicable"}, "fail", True, "same"), ({"status": "not_applicable"}, "notapplicable", True, "none"),
    ({"status": "fail"}, "notchecked", True, "none"), (None, "fail", True, "other"), (None, "pass", True, "none")])
def test_compare(row, theirs, good, said):
    rows = [dict(row, id="x")] if row else []
    found = scan.compare({"content": "c", "profile": "p", "results": {"x": theirs}}, rows, good)
    assert (found["agree"], len(found["disagreements"])) == {"same": (1, 0), "other": (0, 1), "none": (0, 0)}[said]


def test_compare_hands_an_error_on():
    assert scan.compare({"error": "e"}, [], True) == {"error": "e"}
