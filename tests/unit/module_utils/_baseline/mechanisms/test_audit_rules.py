# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit rules on a host: rules of others count, what is missing goes into one file, a locked kernel waits for a boot."""
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import services
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import audit_rules
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context

# The form of /etc/audit/rules.d/audit.rules of the package, on all releases.
VENDOR = "## First rule - delete all\n-D\n\n-b 8192\n\n--backlog_wait_time 60000\n\n## Set failure mode to syslog\n-f 1\n\n"
USER = "-F auid>=1000 -F auid!=unset"
PRIVILEGED = "-a always,exit -F path={0} -F perm=x " + USER + " -F key=privileged"


class Said(object):
    def __init__(self, stdout="", rc=0):
        self.stdout, self.stderr, self.rc = stdout, "", rc


def kernel(enabled="1", rules=""):
    def run(argv, **_more):
        return Said({"-s": "enabled {0}\nfailure 1\npid 700\n".format(enabled), "-l": rules}[argv[1]])
    return run


def no_kernel(argv, **_more):
    return Said("", 4)


def no_tool(argv, **_more):
    raise CommandError("auditctl is not there", "Install audit")


def view_of(root, run=no_kernel, machine="x86_64"):
    return View(Context(root=str(root), run=run, uname=("5.14", machine)))


@pytest.fixture
def host(tmp_path):
    (tmp_path / "etc" / "audit" / "rules.d").mkdir(parents=True)
    (tmp_path / "etc" / "audit" / "rules.d" / "audit.rules").write_text(VENDOR)
    return tmp_path


def add(host, name, text):
    (host / "etc" / "audit" / "rules.d" / name).write_text(text)


def control(**args):
    return Control({"id": "x", "mechanism": "audit_rules", "args": args})


def call(name, arch="both"):
    return control(rules=["-a always,exit -F arch={0} -S {1} {2} -F key=perm_mod".format(arch, name, USER)])


@pytest.mark.parametrize("run", [no_kernel, no_tool, kernel()])
def test_one_file_with_one_line_for_what_is_alike(host, run):
    view = view_of(host, run)
    for item in (call("chmod"), call("fchmod"), control(rules=["-w /etc/group -p wa -k identity"]), call("chmod")):
        if not audit_rules.check(item, view).ok:
            audit_rules.fix(item, view)
        assert audit_rules.check(item, view).ok
    assert view.read(audit_rules.OURS).splitlines()[1:] == [
        "-a always,exit -F arch=b32 -S chmod,fchmod {0} -F key=perm_mod".format(USER),
        "-a always,exit -F arch=b64 -S chmod,fchmod {0} -F key=perm_mod".format(USER),
        "-w /etc/group -p wa -k identity"]
    assert view.planned_files[audit_rules.OURS].attrs.mode == 0o600


def test_what_others_wrote_counts_and_is_named(host):
    add(host, "30-ours.rules", "# by hand\n-a exit,always -S chmod -S chown -F arch=b64 -F auid!=-1 -F auid>=1000 -k hand\n")
    view = view_of(host)
    found = audit_rules.check(call("chmod", "b64"), view)
    assert found.ok and (found.path, found.line) == ("/etc/audit/rules.d/30-ours.rules", 2)
    found = audit_rules.check(call("chmod"), view)
    assert not found.ok and found.before == {"missing": ["-a always,exit -F arch=b32 -S chmod {0} -F key=perm_mod".format(USER)]}
    audit_rules.fix(call("chmod"), view)
    assert view.read(audit_rules.OURS).count("-a ") == 1


def test_machines_without_the_call(host):
    found = audit_rules.check(call("create_module"), view_of(host, machine="aarch64"))
    assert not found.applies


def test_options_come_last(host):
    add(host, "10-base.rules", "-e 2\n-f 2\n")
    add(host, "audit.rules", VENDOR + "-e 1\n")
    view = view_of(host)
    lock, failure = control(option="-e", value=2), control(option="-f", value=2)
    found = audit_rules.check(failure, view)
    assert not found.ok and found.before == "1" and found.overridden_by == "/etc/audit/rules.d/audit.rules"
    audit_rules.fix(lock, view)
    audit_rules.fix(failure, view)
    assert view.read(audit_rules.LAST).splitlines()[1:] == ["-f 2", "-e 2"]
    assert audit_rules.check(lock, view).ok and audit_rules.check(failure, view).ok


@pytest.mark.parametrize("enabled, reboot", [("2", False), ("1", True)])
def test_a_lock_that_is_written_and_one_that_is_there(host, enabled, reboot):
    add(host, "99-finalize.rules", "-e 2\n")
    found = audit_rules.check(control(option="-e", value=2), view_of(host, kernel(enabled)))
    assert found.ok and found.reboot is reboot


def test_a_locked_kernel_waits_for_a_boot(host):
    add(host, "30-x.rules", "-w /etc/group -p wa -k identity\n-w /etc/shadow -p wa -k identity\n")
    view = view_of(host, kernel("2", "-w /etc/group -p wa -k identity\n"))
    assert not audit_rules.check(control(rules=["-w /etc/group -p wa -k identity"]), view).reboot
    found = audit_rules.check(control(rules=["-w /etc/shadow -p wa -k identity"]), view)
    assert found.ok and found.reboot
    assert services.audit_is_locked(view.context)
    assert not services.audit_is_locked(Context(root=str(host), run=no_tool))


def test_a_rule_that_silences_all_is_not_ours_to_remove(host):
    add(host, "10-no-audit.rules", "-a task,never\n")
    add(host, "30-x.rules", "-w /etc/group -p wa -k identity\n")
    view = view_of(host)
    item = control(rules=["-w /etc/group -p wa -k identity"])
    found = audit_rules.check(item, view)
    assert not found.ok and found.overridden_by == "/etc/audit/rules.d/10-no-audit.rules, line 1"
    with pytest.raises(NotFixable):
        audit_rules.fix(item, view)


def open_rules():
    tail = "-F exit=-EPERM {0} -F key=".format(USER)
    return ["-a always,exit -F arch=both -S open -F a1&0100 {0}c".format(tail), "-a always,exit -F arch=both -S open -F a1&01003 {0}m".format(tail),
            "-a always,exit -F arch=both -S open {0}a".format(tail)]


def test_the_order_of_rules(host):
    item = control(sequences=[open_rules()])
    view = view_of(host)
    audit_rules.fix(control(rules=open_rules()[2:]), view)
    audit_rules.fix(control(rules=open_rules()[:1]), view)
    assert not audit_rules.check(item, view).ok
    audit_rules.fix(item, view)
    assert audit_rules.check(item, view).ok
    words = [line.split() for line in view.lines(audit_rules.OURS)[1:]]
    assert [line[-1] for line in words] == ["key=c", "key=c", "key=m", "key=m", "key=a", "key=a"]
    add(host, "30-early.rules", open_rules()[2].replace("both", "b64") + "\n")
    found = audit_rules.check(item, view)
    assert not found.ok and "comes too early" in found.note


def test_privileged_programs(host):
    for name, mode in (("su", 0o4755), ("write", 0o2755), ("ls", 0o755)):
        path = host / "usr" / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        os.chmod(str(path), mode)
    item, view = control(privileged=True), view_of(host)
    assert not audit_rules.check(item, view).ok
    audit_rules.fix(item, view)
    assert audit_rules.check(item, view).ok
    assert view.read(audit_rules.OURS).splitlines()[1:] == [
        "-a always,exit -F path=/usr/bin/{0} -F perm=x {1} -F key=privileged".format(name, USER) for name in ("su", "write")]


@pytest.mark.parametrize("name", ["two words", "a!=b", "a>=b", "a<=b", "a&=b", "back\\", "line\nfeed", b"caf\xe9"])
def test_a_program_that_no_rule_can_name_keeps_no_other_from_its_rule(host, name):
    directory = os.fsencode(str(host)) + b"/usr/bin"
    os.makedirs(directory)
    for program in (b"su", os.fsencode(name)):
        path = os.path.join(directory, program)
        open(path, "w").close()
        os.chmod(path, 0o4755)
    item, view = control(privileged=True), view_of(host)
    audit_rules.fix(item, view)
    found = audit_rules.check(item, view)
    assert (found.ok, found.left, list(found.before)) == (False, True, ["no rule can name"]) and found.note.startswith("no rule can name /usr/bin/")
    assert view.read(audit_rules.OURS).splitlines()[1:] == [PRIVILEGED.format("/usr/bin/su")]
    with pytest.raises(NotFixable, match="no audit rule can name /usr/bin/"):
        audit_rules.fix(item, view)


def test_rules_of_ours_with_which_loading_stops_go(host):
    by_name = PRIVILEGED.format("/usr/bin/kmod")
    (host / "usr" / "bin").mkdir(parents=True)
    gone = [PRIVILEGED.format(path) for path in ("/home/anna/gone/x", "/usr/bin/a!=b")]
    add(host, "60-elkit-hardening.rules", "\n".join(gone + [by_name, "-w /home/anna/other/x -p wa -k mine"]) + "\n")
    add(host, "30-x.rules", gone[0] + "\n")
    item, view = control(privileged=True), view_of(host)
    assert audit_rules.check(item, view).before == {"of no use": gone}
    audit_rules.fix(item, view)
    assert audit_rules.check(item, view).ok
    # What others want or wrote is theirs.
    assert view.read(audit_rules.OURS).splitlines()[1:] == [by_name, "-w /home/anna/other/x -p wa -k mine"]


@pytest.mark.parametrize("path", ["var/log", "/var/log/a b", "/var/log/x\n-D", "/var/log/a!=b", ""])
def test_paths_that_no_rule_can_name(host, path):
    with pytest.raises(ControlError):
        audit_rules.check(control(watch=[path], key="logins"), view_of(host))


def test_a_rule_of_ones_own_that_is_none(host):
    with pytest.raises(ControlError):
        audit_rules.check(control(rules=["-w"]), view_of(host))


def test_a_directory_in_place_of_a_file_of_rules(host):
    (host / "etc" / "audit" / "rules.d" / "60-elkit-hardening.rules").mkdir()
    with pytest.raises(ControlError):
        audit_rules.check(call("chmod"), view_of(host))
