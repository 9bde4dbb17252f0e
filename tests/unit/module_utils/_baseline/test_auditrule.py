# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit rules: what a line means, and which lines mean the same."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import auditrule
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.auditrule import Index, Rule, expanded, joined, parse

USER = "-F auid>=1000 -F auid!=unset"
CHMOD = "-a always,exit -F arch=b64 -S chmod " + USER + " -F key=perm_mod"


@pytest.mark.parametrize("line, expected", [
    ("", None), ("   ", None), ("# -e 2", None), ("-D", None), ("-b 8192", ("-b", "8192")), ("--backlog_wait_time 60000", None),
    ("-e 2", ("-e", "2")), ("-f 1", ("-f", "1")), ("-a", None), ("-a always", None), ("-S open", None), ("nonsense here", None)])
def test_lines_that_are_no_rules(line, expected):
    assert parse(line) == expected


@pytest.mark.parametrize("line", [
    CHMOD, "-w /etc/passwd -p wa -k identity", "-a always,exit -F path=/usr/bin/su -F perm=x -F auid>=1000 -F auid!=unset -F key=privileged",
    "-a always,exit -F arch=b32 -S execve -C uid!=euid -F euid=0 -F key=setuid", "-a never,task",
    "-a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=time-change"])
def test_a_line_comes_back_as_it_was(line):
    assert parse(line).text == line


@pytest.mark.parametrize("wanted, there", [
    (CHMOD, "-a exit,always -F auid!=4294967295 -F auid>=1000 -F arch=x86_64 -S chmod -k other"),
    (CHMOD, "-a always,exit -S lchown -S chmod,fchmod -F arch=b64 -F auid>=1000 -F auid!=-1"),
    (CHMOD, "-a always,exit -F arch=b64 -S all " + USER + " -k x"),
    ("-w /etc/group -p wa -k identity", "-w /etc/group -p rwxa -k x"),
    ("-w /etc/group -p wa -k identity", "-a always,exit -F path=/etc/group -F perm=aw -F key=x"),
    ("-w /etc/sudoers.d/ -p wa -k scope", "-a always,exit -F dir=/etc/sudoers.d -F perm=wa -k x"),
    ("-w /etc/sudoers.d/ -p wa -k scope", "-w /etc/sudoers.d -k x"),
    ("-a always,exit -F arch=b64 -S clock_settime -F a0=0x0 -k t", "-a always,exit -F arch=b64 -S clock_settime -F a0=0 -k t"),
    ("-a always,exit -F arch=b64 -S open -F exit=-EPERM " + USER, "-a always,exit -F arch=b64 -S open,creat -F exit=-1 " + USER),
    ("-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0", "-a always,exit -F arch=b64 -S execve -C euid!=uid -F euid=root"),
    ("-a always,exit -F arch=b64 -S open -F a1&0100 -F exit=-EPERM", "-a always,exit -F arch=b64 -S open -F a1&0x40 -F exit=-EPERM")])
def test_lines_that_do_what_another_wants(wanted, there):
    assert Index([(parse(there), "here")]).missing(parse(wanted), "x86_64") == (None, [(0, "here")])


@pytest.mark.parametrize("wanted, there", [
    (CHMOD, CHMOD.replace("b64", "b32")), (CHMOD, CHMOD.replace("chmod", "fchmod")), (CHMOD, CHMOD.replace(">=1000", ">=500")),
    (CHMOD, CHMOD.replace("-F auid!=unset ", "")), (CHMOD, CHMOD.replace("-F key", "-F success=0 -F key")), (CHMOD, CHMOD.replace("always", "never")),
    (CHMOD, CHMOD.replace("-F arch=b64 ", "")), (CHMOD, "-a always,exit -F arch=b64 -F key=x"),
    ("-w /etc/group -p wa -k identity", "-w /etc/group -p r -k identity"), ("-w /etc/group -p wa -k identity", "-w /etc/group- -p wa -k identity"),
    ("-w /etc/group -p wa", "-a always,exit -F arch=b64 -F path=/etc/group -F perm=wa"),
    ("-a always,exit -F arch=b64 -S open -F exit=-EPERM", "-a always,exit -F arch=b64 -S open -F exit=-EACCES")])
def test_lines_that_do_not(wanted, there):
    assert Index([(parse(there), "here")]).missing(parse(wanted), "x86_64")[0].text == parse(wanted).text


def test_several_lines_together_do_it():
    there = Index([(parse(line), number) for number, line in enumerate((
        "-a always,exit -F arch=b64 -S chmod " + USER, "-a always,exit -F arch=b64 -S lchown -S chown " + USER))])
    rest, places = there.missing(parse("-a always,exit -F arch=b64 -S chmod,chown,fchown {0} -k p".format(USER)), "x86_64")
    assert rest.calls == ("fchown",) and places == [(0, 0), (1, 1)]
    watches = Index([(parse("-a always,exit -F arch={0} -F path=/etc/group -F perm=wa -k x".format(arch)), arch) for arch in ("b32", "b64")])
    assert watches.missing(parse("-w /etc/group -p wa"), "x86_64")[0] is None


@pytest.mark.parametrize("machine, expected", [
    ("x86_64", ["b32 chmod,stime", "b64 chmod"]), ("ppc64le", ["b64 chmod,stime"]), ("s390x", ["b32 chmod,stime", "b64 chmod"]),
    ("aarch64", ["b32 chmod"])])
def test_both_widths_and_calls_that_a_machine_has_not(machine, expected):
    found = expanded(parse("-a always,exit -F arch=both -S chmod,stime -k x"), machine)
    assert ["{0} {1}".format(rule.arch, ",".join(rule.calls)) for rule in found] == expected


def test_a_watch_has_no_width():
    assert [rule.text for rule in expanded(parse("-w /etc/group -p wa -k x"), "aarch64")] == ["-w /etc/group -p wa -k x"]
    assert expanded(parse("-a always,exit -F arch=b32 -S stime -k x"), "ppc64le") == []


def test_calls_join_and_special_rules_come_first():
    lines = ["-a always,exit -F arch=b64 -S open -F exit=-EPERM -F key=access", "-w /etc/group -p wa -k identity",
             "-a always,exit -F arch=b64 -S open -F a1&01003 -F exit=-EPERM -F key=m", "-a always,exit -F arch=b64 -S open -F a1&0100 -F exit=-EPERM -F key=c"]
    more = ["-a always,exit -F arch=b64 -S creat -F exit=-EPERM -F key=access", "-a always,exit -F arch=b64 -S open -F exit=-EPERM -F key=access",
            "-w /etc/group -p wa -k identity"]
    assert [rule.text for rule in joined(map(parse, lines), map(parse, more))] == [
        lines[3], lines[2], "-a always,exit -F arch=b64 -S open,creat -F exit=-EPERM -F key=access", lines[1]]


def test_order_of_files_is_that_of_ls_v():
    names = ["audit.rules", "100-x.rules", "60-x.rules", "zz-x.rules", "9.rules", "60-elkit.rules"]
    assert sorted(names, key=auditrule.natural) == ["9.rules", "60-elkit.rules", "60-x.rules", "100-x.rules", "audit.rules", "zz-x.rules"]


@pytest.mark.parametrize("line, silent", [
    ("-a never,task", True), ("-a task,never", True), ("-a never,exit", True), ("-a never,exit -F auid=0", False), ("-a never,exit -F arch=b64 -S open", False),
    ("-a always,exit -F dir=/x", False), ("-a never,exclude -F msgtype=CWD", False)])
def test_what_silences_everything(line, silent):
    assert auditrule.silences(parse(line)) is silent


def test_rules_are_values():
    rule = Rule(("exit", "always"), "b64", ("open",), (("-F", "odd"),), None)
    assert rule.text == "-a always,exit -F arch=b64 -S open -F odd"
