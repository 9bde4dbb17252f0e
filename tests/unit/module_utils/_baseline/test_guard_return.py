# SPDX-License-Identifier: GPL-3.0-or-later
"""Arm, apply, commit, return: the guard's stages over a small tree, with systemd's commands noted and not run."""
import fcntl
import io
import os
import signal
import socket
import threading
import zipfile

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard as guards
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import flow, guard_return, guard_who, guard_worker, put, run, services
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, Finding
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import registry as kinds
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import aide, registry
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
from ansible_collections.elkit.almalinux.plugins.module_utils._system import worker
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import host_lock

STATE = guard_return.STATE
READERS = services.READERS


class Write(object):
    """args: path, text."""

    @staticmethod
    def check(control, view):
        return Finding(view.read(control.need("path")) == control.need("text"))

    @staticmethod
    def fix(control, view):
        view.write(control.need("path"), control.need("text"))


class Picture(object):
    """Keeps what there is in sshd_config, at args: path."""

    @staticmethod
    def comes_last(control):
        return True

    @staticmethod
    def check(control, view):
        return Finding(view.exists(control.need("path")))

    @staticmethod
    def fix(control, view):
        view.write(control.need("path"), view.read("/etc/ssh/sshd_config"))


class Host(object):
    def __init__(self, root):
        self.root = root
        self.calls = []
        self.refused = None
        self.down = set()
        self.log = ""
        for path in ("etc/ssh", "run/systemd/system", "var/lib"):
            (root / path).mkdir(parents=True)
        (root / "etc/ssh/sshd_config").write_text("old\n")

    def run(self, argv, **_more):
        self.calls.append(" ".join(argv))
        if self.refused and self.refused in self.calls[-1]:
            raise CommandError("{0} is refused".format(argv[0]), command=argv)
        if argv[:2] == ["systemctl", "is-active"]:
            return Result(0, "\n".join("failed" if unit in self.down else "active" for unit in argv[2:]) + "\n", "")
        if argv[:2] == ["systemctl", "restart"]:
            self.down.discard(argv[2])
        return Result(0, self.log if argv[0] == "journalctl" else "", "")

    def context(self, booting=False):
        return Context(root=str(self.root), run=self.run, uname=("5.14", "x86_64"), booting=booting)

    def state(self):
        return guard_return.load(self.context())

    def text(self, path="etc/ssh/sshd_config"):
        return (self.root / path).read_text()

    def waits(self):
        """Whether anything of a way back is still there."""
        return [path for path in (guard_return.BOOT_UNIT, guard_return.BOOT_LINK, guard_return.WORKER) if os.path.lexists(str(self.root) + path)]


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "MECHANISMS", {"write": Write, "picture": Picture})
    monkeypatch.setattr(services, "READERS", (services.Reader("sshd", ("/etc/ssh/*",), ["sshd", "-t"], ["systemctl", "reload", "sshd.service"],
                                                              "sshd.service"),))
    monkeypatch.setattr(guard_who, "connection", lambda process=None: None)
    monkeypatch.setattr(guard_return.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(guard_return.commands, "find", lambda name: name)
    return Host(tmp_path)


def apply(host, mode="login", items=None, guard=None):
    items = items or [("safe", "/etc/issue", "new\n", []), ("risky", "/etc/ssh/sshd_config", "new\n", ["lockout"])]
    guard = guard or guards.Guard(mode, timeout=60)
    return run.apply([Control({"id": name, "mechanism": "write", "args": {"path": path, "text": text}, "risk": risk}) for name, path, text, risk in items],
                     host.context, 9, (), guard)


def test_applied_waits_for_the_commit(host):
    done = apply(host)
    assert done.guard["stage"] == "applied" and done.guard["ids"] == ["risky"] and done.guard["files"] == ["/etc/ssh/sshd_config"]
    assert host.text() == "new\n" and host.state()["stage"] == "applied" and len(host.waits()) == 3
    armed = [call for call in host.calls if call.startswith("systemd-run")]
    assert len(armed) == 1 and "--on-active=60" in armed[0] and done.guard["token"] in armed[0] and "Restart=on-failure" in armed[0]
    # Somebody else may come between two tries and take the worker with him.
    assert "[ -e {0} ] || exit 0; ".format(guard_return.WORKER) in armed[0]
    assert os.readlink(str(host.root) + guard_return.BOOT_LINK) == guard_return.BOOT_UNIT
    assert "guard.zip boot" in host.text(guard_return.BOOT_UNIT[1:]) and "Before=sshd.service" in host.text(guard_return.BOOT_UNIT[1:])
    # All was ready before anything of the part was read by sshd.
    assert host.calls.index(armed[0]) < host.calls.index("systemctl reload sshd.service")
    for path, mode in ((guard_return.WORKER, 0o600), (STATE, 0o600), (guard_return.DIRECTORY, 0o700)):
        assert os.stat(str(host.root) + path).st_mode & 0o777 == mode
    assert journal.interrupted("baseline", str(host.root) + "/var/lib/elkit")


def test_what_takes_its_time_is_done_before_the_clock_of_the_guard_runs(host, monkeypatch):
    """Restarts and looks of the unguarded part come first; who reads guarded files as well restarts once, with them."""
    class Noted(Write):
        @staticmethod
        def check(control, view):
            host.calls.append("look at {0}".format(control.id))
            return Write.check(control, view)

    monkeypatch.setattr(registry, "MECHANISMS", {"write": Noted})
    monkeypatch.setattr(services, "READERS", services.READERS + (
        services.Reader("syslog", ("/etc/syslog.d/*",), None, ["systemctl", "restart", "syslog.service"], "syslog.service"),))
    done = apply(host, items=[("log", "/etc/syslog.d/a", "x\n", []), ("banner", "/etc/ssh/banner", "x\n", []),
                              ("risky", "/etc/ssh/sshd_config", "new\n", ["lockout"])])
    assert [row.status for row in done.rows] == ["changed"] * 3
    armed = next(number for number, call in enumerate(host.calls) if call.startswith("systemd-run"))
    before, after = host.calls[:armed], host.calls[armed:]
    assert before.index("systemctl restart syslog.service") < len(before) - 1 - before[::-1].index("look at log")
    assert "look at log" not in after and {"look at banner", "look at risky"} <= set(after)
    assert host.calls.count("systemctl restart syslog.service") == 1
    assert "systemctl reload sshd.service" not in before and after.count("systemctl reload sshd.service") == 1


def test_a_file_of_both_parts_has_changed_though_the_guarded_one_goes_back(host):
    done = apply(host, items=[("banner", "/etc/ssh/a", "x\n", []), ("risky", "/etc/ssh/a", "y\n", ["lockout"]), ("other", "/etc/ssh/b", "y\n", ["lockout"])])
    assert sorted(done.files) == ["/etc/ssh/a", "/etc/ssh/b"] and done.guard["files"] == ["/etc/ssh/b"]
    guards.later({"back": done.guard["token"]}, host.context())
    assert host.text("etc/ssh/a") == "x\n" and not (host.root / "etc/ssh/b").exists()


def test_what_this_host_took_back_itself_was_not_changed_but_for_what_the_part_before_did(host, monkeypatch):
    monkeypatch.setattr(guards.Guard, "shut_out", lambda self, view: ["admin: no"])
    done = apply(host, "local", [("banner", "/etc/ssh/a", "x\n", []), ("risky", "/etc/ssh/a", "y\n", ["lockout"]), ("other", "/etc/ssh/b", "y\n", ["lockout"])])
    assert done.files == {"/etc/ssh/a": (None, "x\n")} and done.states == [] and host.text("etc/ssh/a") == "x\n"


@pytest.mark.parametrize("mode, risk", [("none", ["lockout"]), ("local", [])])
def test_nobody_waits_for_a_guarded_part_that_does_not_come(host, mode, risk):
    apply(host, mode, [("banner", "/etc/ssh/banner", "x\n", []), ("other", "/etc/ssh/sshd_config", "new\n", risk)])
    assert host.calls.count("systemctl reload sshd.service") == 1


def test_a_reader_that_waited_for_a_refused_part_reads_the_rest(host):
    guard = guards.Guard("login", timeout=60)
    guard.refuse = lambda rows, view: dict((row.control.id, "refused") for row in rows)
    done = apply(host, items=[("banner", "/etc/ssh/banner", "x\n", []), ("risky", "/etc/ssh/sshd_config", "new\n", ["lockout"])], guard=guard)
    assert [row.status for row in done.rows] == ["changed", "error"] and host.calls.count("systemctl reload sshd.service") == 1
    assert done.guard is None and not journal.interrupted("baseline", str(host.root) + "/var/lib/elkit")


PICTURE = Control({"id": "picture", "mechanism": "picture", "args": {"path": "/etc/picture"}})
SAFE = Control({"id": "safe", "mechanism": "write", "args": {"path": "/etc/issue", "text": "new\n"}})
RISKY = Control({"id": "risky", "mechanism": "write", "args": {"path": "/etc/ssh/sshd_config", "text": "new\n"}, "risk": ["lockout"]})


def test_what_keeps_a_picture_of_the_host_is_left_for_after_the_login_and_one_undo_takes_all_back(host):
    controls = [PICTURE, SAFE, RISKY]
    preview = run.preview(controls, host.context(), 9, (), False, guards.Guard("login"))
    assert [row.status for row in preview.rows] == ["changed"] * 3
    done = run.apply(controls, host.context, 9, (), guards.Guard("login", timeout=60))
    assert done.later == ["picture"] and [row.status for row in done.rows] == ["fail", "changed", "changed"]
    assert "login" in done.rows[0].message and not (host.root / "etc/picture").exists()
    guards.later({"commit": done.guard["token"]}, host.context())
    last = run.apply([PICTURE], host.context, 9, (), guards.Guard("login", run=done.run))
    assert last.rows[0].status == "changed" and host.text("etc/picture") == "new\n"
    assert last.run == done.run and last.guard is None and last.later == []
    again = run.apply(controls, host.context, 9, (), guards.Guard("login"))
    assert not again.changed and again.later == [] and again.run is None
    put.revert(host.context, False, False)
    assert host.text() == "old\n" and not (host.root / "etc/issue").exists() and not (host.root / "etc/picture").exists()


@pytest.mark.parametrize("mode, controls", [("local", [PICTURE, SAFE, RISKY]), ("none", [PICTURE, SAFE, RISKY]), ("login", [PICTURE, SAFE])])
def test_where_nothing_waits_for_a_login_a_picture_is_made_at_once_and_last(host, mode, controls):
    done = run.apply(controls, host.context, 9, (), guards.Guard(mode))
    assert done.rows[0].status == "changed" and done.later == [] and host.text("etc/picture") == ("new\n" if mode == "local" else "old\n")
    assert not journal.interrupted("baseline", str(host.root) + "/var/lib/elkit")
    assert journal.open_run("baseline", str(host.root) + "/var/lib/elkit") is None
    put.revert(host.context, False, False)
    assert host.text() == "old\n" and not (host.root / "etc/issue").exists() and not (host.root / "etc/picture").exists()


def test_a_picture_is_made_after_a_return(host, monkeypatch):
    monkeypatch.setattr(guards.Guard, "shut_out", lambda self, view: ["admin: no"])
    done = run.apply([PICTURE, SAFE, RISKY], host.context, 9, (), guards.Guard("local"))
    # What was taken back was not changed.
    assert sorted(done.files) == ["/etc/issue", "/etc/picture"]
    assert [row.status for row in done.rows] == ["changed", "changed", "error"] and host.text("etc/picture") == "old\n"
    put.revert(host.context, False, False)
    assert not (host.root / "etc/issue").exists() and not (host.root / "etc/picture").exists()


def test_the_database_of_aide_comes_last(host, monkeypatch):
    monkeypatch.setattr(registry, "MECHANISMS", {"aide": aide})
    rows = [run.Row(Control({"id": "x", "mechanism": "aide", "args": args})) for args in ({"database": True}, {"schedule": "5 4 * * *"})]
    assert [run._stage_of(row) for row in rows] == [run.LAST, run.REST]


def test_commit(host):
    done = apply(host)
    answer = guards.later({"commit": done.guard["token"]}, host.context())
    assert answer["guard"]["stage"] == "committed" and not host.waits() and host.text() == "new\n"
    assert "systemctl stop elkit-guard-{0}.timer".format(done.guard["token"]) in host.calls
    assert not journal.interrupted("baseline", str(host.root) + "/var/lib/elkit")
    # A late worker finds nothing to do; one undo takes back both entries of the run.
    guard_return.go_back(host.context(), done.guard["token"], "late")
    assert host.text() == "new\n"
    put.revert(host.context, False, False)
    assert host.text() == "old\n" and not (host.root / "etc/issue").exists()


def test_return_takes_back_the_part_alone(host):
    host.log = (
        "100.000001 al9 sshd[7]: PAM adding faulty module: pam_lastlog.so\n9999999999.000001 al9 sshd[9]: PAM adding faulty module: pam_lastlog.so\n"
        "9999999999.000002 al9 sshd[9]: Accepted publickey for admin\n"
        "9999999999.000003 al9 sshd-session[9]: User admin from 10.0.0.9 not allowed because not listed in AllowUsers\n-- no line --\n")
    done = apply(host)
    host.calls[:] = []
    answer = guards.later({"back": done.guard["token"], "why": "it failed"}, host.context())
    state = answer["guard"]
    assert state["stage"] == "returned" and state["why"] == "it failed" and state["errors"] == []
    assert state["said"] == ["User admin from 10.0.0.9 not allowed because not listed in AllowUsers"]
    assert host.text() == "old\n" and host.text("etc/issue") == "new\n" and not host.waits()
    assert "systemctl reload sshd.service" in host.calls
    with pytest.raises(HostError, match=r"returned to before \(it failed\)"):
        guards.later({"commit": done.guard["token"]}, host.context())


def test_a_return_starts_what_went_down(host):
    done = apply(host)
    host.down.add("sshd.service")
    guard_return.go_back(host.context(), done.guard["token"], "x")
    assert "systemctl restart sshd.service" in host.calls and host.state()["errors"] == []


@pytest.mark.parametrize("down, times", [((), 1), (("sshd.service",), 0)])
def test_sshd_is_told_of_a_return_though_it_reads_none_of_the_files_itself(host, down, times):
    """A stack of PAM, or a crypto policy: sshd sees it, and no row of the readers says so."""
    host.down.update(down)
    done = apply(host, items=[("risky", "/etc/pam.d/sshd", "new\n", ["lockout"])])
    host.calls[:] = []
    guard_return.go_back(host.context(), done.guard["token"], "x")
    assert not (host.root / "etc/pam.d/sshd").exists()
    assert host.calls.count("systemctl reload sshd.service") == times and "systemctl restart sshd.service" not in host.calls


@pytest.mark.parametrize("path, told, told_of_a_return", [
    ("/etc/ssh/sshd_config", ["reload-or-restart"], ["reload-or-restart"]),
    # A reload keeps the arguments that systemd gave at the start.
    ("/etc/sysconfig/sshd", ["restart"], ["reload-or-restart", "restart"]),
])
def test_sshd_starts_anew_where_its_arguments_change_before_the_login_and_after_a_return(host, monkeypatch, path, told, told_of_a_return):
    monkeypatch.setattr(services, "READERS", READERS)
    done = apply(host, items=[("risky", path, "new\n", ["lockout"])])
    words = [call.split()[1] for call in host.calls if call.startswith("systemctl re") and "sshd.service" in call]
    assert done.rows[0].status == "changed" and words == told
    host.calls[:] = []
    guard_return.go_back(host.context(), done.guard["token"], "x")
    assert [call.split()[1] for call in host.calls if call.startswith("systemctl re") and "sshd.service" in call] == told_of_a_return


def test_without_systemd_sshd_is_told_by_one_reader(host, monkeypatch):
    monkeypatch.setattr(services, "READERS", READERS)
    guard_return.hang_up(host.context())
    assert host.calls == ["sshd -t"]


def test_a_return_tells_each_reader_once(host):
    done = apply(host, items=[("one", "/etc/ssh/a", "x\n", ["lockout"]), ("two", "/etc/ssh/b", "x\n", ["lockout"])])
    host.calls[:] = []
    guard_return.go_back(host.context(), done.guard["token"], "x")
    assert host.calls.count("systemctl reload sshd.service") == 1


def test_a_return_at_boot_starts_nothing(host):
    done = apply(host)
    host.calls[:] = []
    guard_return.go_back(host.context(booting=True), None, "boot")
    assert host.text() == "old\n" and not [call for call in host.calls if "reload" in call or "restart" in call]
    assert done.guard["token"] == host.state()["token"]


# What comes after what when a host boots: the units of bootup(7), sshd.socket as Enterprise Linux has it, and what is before which target by default.
BOOT = {
    "sysinit.target": ["local-fs.target"],
    "sshd.socket": ["sysinit.target"],
    "sockets.target": ["sshd.socket"],
    "basic.target": ["sysinit.target", "sockets.target"],
    "sshd.service": ["basic.target"],
    "firewalld.service": ["basic.target"],
    "multi-user.target": ["basic.target", "sshd.service", "firewalld.service"],
    "local-fs.target": [], "shutdown.target": [],
}
OURS = "elkit-baseline-guard.service"


def before_it(after, name, passed=()):
    """All units that *name* comes after; what comes after itself is an ordering cycle, in which systemd drops one of the jobs."""
    assert name not in passed, "an ordering cycle: {0}".format(" after ".join(passed + (name,)))
    found = set(after[name])
    for other in after[name]:
        found |= before_it(after, other, passed + (name,))
    return found


def test_the_unit_of_the_next_boot_comes_before_sshd_and_makes_no_cycle():
    settings = dict(line.split("=", 1) for line in guard_return.BOOT_TEXT.splitlines() if "=" in line and line[0] != "#")
    after = dict((name, list(others)) for name, others in BOOT.items())
    after[OURS] = settings.get("After", "").split() + ([] if settings.get("DefaultDependencies") == "no" else ["sysinit.target", "basic.target"])
    after["multi-user.target"].append(OURS)
    for name in settings["Before"].split():
        after[name].append(OURS)
    for name in after:
        before_it(after, name)
    # What it puts back lies on file systems that are mounted by then, and systemd stops it with the host.
    assert {"sysinit.target", "local-fs.target"} <= before_it(after, OURS) and settings["Conflicts"] == "shutdown.target"
    for name in ("sshd.service", "sshd.socket", "firewalld.service", "shutdown.target"):
        assert OURS in before_it(after, name)


def test_a_return_at_boot_waits_for_no_unit(host):
    apply(host)
    store = journal.reopen("baseline", host.state()["entry"], str(host.root) + "/var/lib/elkit")
    store.note("state", {"kind": "unit", "name": "x.service", "before": {"enabled": "enabled", "active": True}, "after": None})
    (host.root / "etc/systemd/system/x.service").write_text("")
    host.calls[:] = []
    guard_return.go_back(host.context(booting=True), None, "boot")
    assert "systemctl start --no-block x.service" in host.calls and "systemctl start x.service" not in host.calls


@pytest.mark.parametrize("booting, text", [(True, "[main]\nWirelessEnabled=true\nWWANEnabled=false\n"),
                                           (False, "[main]\nWirelessEnabled=false\nWWANEnabled=false\n")])
def test_a_radio_is_on_again_at_boot_though_networkmanager_has_not_started_yet(host, booting, text):
    memory = host.root / "var/lib/NetworkManager/NetworkManager.state"
    memory.parent.mkdir()
    memory.write_text("[main]\nWirelessEnabled=false\nWWANEnabled=false\n")
    put.undo(host.context(booting), "state", {"kind": "radio", "name": "wifi", "before": "enabled", "after": "disabled"})
    assert memory.read_text() == text and ("nmcli radio wifi on" in host.calls) == booting


@pytest.mark.parametrize("arguments, booting", [(["boot"], True), (["return", "0" * 16], False)])
def test_the_worker_says_that_the_host_boots(monkeypatch, arguments, booting):
    seen = []
    monkeypatch.setattr(guard_return, "go_back", lambda context, *_more: seen.append(context.booting))
    monkeypatch.setattr(guard_worker.sys, "argv", ["guard.zip"] + arguments)
    assert guard_worker.main() == 0 and seen == [booting]


@pytest.mark.parametrize("fails, code", [("the lock", 1), ("a state", 1), ("nothing", 0)])
def test_what_cannot_go_back_at_boot_is_tried_again_while_the_host_is_up(host, monkeypatch, fails, code):
    token = apply(host).guard["token"]
    failing = stick(host, monkeypatch, *["x.service"] if fails == "a state" else [])
    monkeypatch.setattr(guard_worker, "Context", host.context)
    monkeypatch.setattr(guard_worker, "PATIENCE", 0.0)
    monkeypatch.setattr(guard_worker.sys, "argv", ["guard.zip", "boot"])
    host.calls[:] = []
    with open(str(host.root) + "/var/lib/elkit/lock", "a") as holder:
        if fails == "the lock":
            fcntl.flock(holder, fcntl.LOCK_EX)
        assert guard_worker.main() == code
    armed = [call for call in host.calls if call.startswith("systemd-run")]
    assert len(armed) == code and bool(host.waits()) == bool(code)
    for call in armed:
        for words in ("--unit=elkit-guard-{0} ".format(token), "--on-active=10 ", "--no-block", "Restart=on-failure", "guard.zip return {0} ".format(token)):
            assert words in call
    failing.clear()
    monkeypatch.setattr(guard_worker.sys, "argv", ["guard.zip", "return", token])
    assert guard_worker.main() == 0 and host.text() == "old\n" and host.state()["stage"] == "returned" and not host.waits()


def test_another_token_is_not_mine(host):
    apply(host)
    guard_return.go_back(host.context(), "0" * 16, "x")
    assert host.text() == "new\n" and host.state()["stage"] == "applied"
    with pytest.raises(HostError):
        guard_return.commit(host.context(), "0" * 16)


def test_a_new_run_first_takes_back_what_nobody_committed(host):
    apply(host)
    assert guards.settle(host.context())["why"] == "another run began before the commit"
    assert host.text() == "old\n" and guards.settle(host.context()) is None


class Clock(object):
    """Time that passes while somebody sleeps; *then* happens in each sleep, with the seconds so far."""

    def __init__(self, then):
        self.now, self.then, self.sleeps = 0.0, then, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds
        self.then(self.now)


@pytest.fixture
def wait(host, monkeypatch):
    """A function that runs the worker of a host without systemd: wait(token, seconds, then) is (its code, the Clock)."""
    def run_worker(token, seconds, then=lambda now: None):
        clock = Clock(then)
        monkeypatch.setattr(guard_worker, "time", clock)
        monkeypatch.setattr(guard_worker, "Context", lambda booting=False: host.context(booting))
        monkeypatch.setattr(guard_worker, "PATIENCE", 0.0)
        monkeypatch.setattr(guard_worker.sys, "argv", ["guard.zip", "wait", token, str(seconds)])
        return guard_worker.main(), clock
    os.rmdir(str(host.root / "run/systemd/system"))
    return run_worker


def test_without_systemd_the_part_goes_back_when_the_time_is_up_and_not_before(host, wait):
    token, seen = apply(host).guard["token"], []
    code, clock = wait(token, 60, lambda now: seen.append(host.text()))
    assert code == 0 and set(seen) == {"new\n"} and 59 <= clock.now <= 61
    assert host.text() == "old\n" and host.text("etc/issue") == "new\n" and not host.waits()
    assert host.state()["stage"] == "returned" and host.state()["why"] == guard_worker.TIME_IS_UP


@pytest.mark.parametrize("refused, told", [(None, [(4711, signal.SIGHUP)]), ("sshd -t", [])], ids=["told", "it would end"])
def test_without_systemd_sshd_reads_all_anew_on_the_way_back_whatever_was_changed(host, wait, monkeypatch, refused, told):
    token = apply(host, items=[("risky", "/etc/ssh-stack", "new\n", ["lockout"])]).guard["token"]
    (host.root / "run/sshd.pid").write_text("4711\n")
    signals = []
    monkeypatch.setattr(guard_return.os, "kill", lambda number, what: signals.append((number, what)))
    host.refused = refused
    assert wait(token, 60)[0] == 0 and host.state()["stage"] == "returned" and signals == told


def test_without_systemd_a_part_that_waits_to_be_applied_goes_back_too(host, wait):
    token = apply(host).guard["token"]
    guard_return.save(host.context(), host.state(), stage=guard_return.ARMED)
    assert wait(token, 60)[0] == 0 and host.text() == "old\n"


def test_without_systemd_nobody_waits_on_after_the_commit(host, wait):
    token = apply(host).guard["token"]
    code, clock = wait(token, 60, lambda now: guard_return.commit(host.context(), token) if now == 3 else None)
    assert code == 0 and clock.now <= 4 and host.text() == "new\n" and host.state()["stage"] == "committed"


@pytest.mark.parametrize("gone", [False, True])
def test_without_systemd_the_part_of_another_run_is_left_alone(host, wait, gone):
    apply(host)
    if gone:
        os.unlink(str(host.root) + STATE)
    code, clock = wait("0" * 16, 60)
    assert code == 0 and clock.now <= 1 and host.text() == "new\n"


def test_without_systemd_a_return_that_fails_is_tried_again(host, wait):
    """Somebody holds the host's lock when the time is up, for the first two tries."""
    token = apply(host).guard["token"]
    holder = open(str(host.root) + "/var/lib/elkit/lock", "a")
    fcntl.flock(holder, fcntl.LOCK_EX)
    code, clock = wait(token, 60, lambda now: holder.close() if now >= 80 else None)
    assert code == 0 and clock.sleeps[-2:] == [10, 10] and 80 <= clock.now <= 82
    assert host.text() == "old\n" and host.state()["stage"] == "returned"


def test_without_systemd_a_state_that_cannot_be_read_for_a_while_ends_no_waiting(host, wait):
    token = apply(host).guard["token"]
    state = host.root / STATE.lstrip("/")
    text = state.read_text()
    code, clock = wait(token, 60, lambda now: state.write_text("{" if now < 10 else text))
    assert code == 0 and clock.now >= 59 and host.text() == "old\n" and host.state()["stage"] == "returned"


def test_without_systemd_a_return_that_never_works_ends_and_says_so(host, wait, capsys):
    token = apply(host).guard["token"]
    with open(str(host.root) + "/var/lib/elkit/lock", "a") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        code, clock = wait(token, 60)
    assert code == 1 and clock.now >= 600 and host.state()["stage"] == "applied" and "another run" in capsys.readouterr().err


def test_a_part_that_cannot_be_armed_leaves_no_entry(host):
    host.refused = "systemd-run"
    began, guard = put.Run(), guards.Guard("login", timeout=60)
    with pytest.raises(CommandError):
        guard.arm(began, ["risky"], host.context())
    assert began.entry is None and guard.state is None and not journal.interrupted("baseline", str(host.root) + "/var/lib/elkit")


def test_what_cannot_be_armed_is_not_changed(host):
    host.refused = "systemd-run"
    done = apply(host)
    assert [(row.control.id, row.status) for row in done.rows] == [("safe", "changed"), ("risky", "error")]
    assert host.text() == "old\n" and done.guard is None and not host.waits() and host.state()["stage"] == "returned"


def test_a_part_that_is_refused_by_its_program_leaves_nothing_waiting(host, monkeypatch):
    monkeypatch.setattr(services, "READERS", (services.Reader("sshd", ("/etc/ssh/*",), ["check-sshd"]),))
    ran = host.run
    host.run = lambda argv, **more: Result(1, "", "line 1: bad") if argv[0] == "check-sshd" and host.text() != "old\n" else ran(argv, **more)
    done = apply(host)
    assert done.rows[1].status == "error" and "line 1: bad" in done.rows[1].message
    assert done.guard is None and host.text() == "old\n" and not host.waits()


def test_a_write_that_fails_takes_the_part_back(host, monkeypatch):
    def broken(*_arguments):
        raise HostError("the disk is full")
    monkeypatch.setattr(run, "_carry_out", lambda rows, view, journal_run, outcome: broken() if any(row.control.locks_out for row in rows) else None)
    done = apply(host)
    assert done.rows[1].status == "error" and "the disk is full" in done.rows[1].message and not host.waits()
    assert done.guard["outcome"] == "returned" and done.guard["mode"] == "login" and "the disk is full" in done.guard["reason"]


def test_local_judges_and_commits_by_itself(host):
    done = apply(host, "local")
    assert host.state()["stage"] == "committed" and host.text() == "new\n" and not host.waits()
    assert done.guard == {"outcome": "committed", "mode": "local", "controls": ["risky"], "seconds": done.guard["seconds"]}
    assert 0 <= done.guard["seconds"] < 60 and not done.waits
    assert apply(host, "local").guard is None


@pytest.mark.parametrize("kind, name, times", [("selinux", "mode", 1), ("crypto_policy", "system", 1), ("sysctl", "net.ipv4.conf.all.rp_filter", 0)])
def test_sshd_starts_anew_under_what_it_is_told_only_then(host, monkeypatch, kind, name, times):
    class Put(object):
        @staticmethod
        def check(control, view):
            return Finding(view.state(kind, name) == "new")

        @staticmethod
        def fix(control, view):
            view.put(kind, name, "new")

    now = ["old"]
    monkeypatch.setattr(registry, "MECHANISMS", {"put": Put})
    monkeypatch.setattr(kinds.KINDS[kind], "load", lambda view, name: now[0])
    monkeypatch.setattr(kinds.KINDS[kind], "put", lambda context, name, value: now.__setitem__(0, value))
    done = run.apply([Control({"id": "risky", "mechanism": "put", "risk": ["lockout"]})], host.context, 9, (), guards.Guard("login"))
    assert done.guard["stage"] == "applied" and host.calls.count("systemctl reload-or-restart sshd.service") == times
    guard_return.go_back(host.context(), done.guard["token"], "x")
    assert now == ["old"]


def test_local_returns_where_sshd_does_not_run_any_more(host, monkeypatch):
    ran = host.run

    def falls(argv, **more):
        if "reload" in argv:
            host.down.add("sshd.service")
        return ran(argv, **more)
    host.run = falls
    done = apply(host, "local")
    assert done.rows[1].status == "error" and "sshd.service does not run any more" in done.rows[1].message
    assert done.guard["outcome"] == "returned" and done.guard["controls"] == ["risky"] and "does not run" in done.guard["reason"]
    assert host.text() == "old\n" and "sshd.service" not in host.down


class Shut(object):
    """Stands for the checks of a login: nobody gets in while there is /etc/shut."""

    @staticmethod
    def problems(view, who):
        return ["/etc/shut is there"] if view.exists("/etc/shut") else []


def shut_by_a_reload(host, monkeypatch):
    """A program makes the file that Shut looks at when it reads its new configuration."""
    monkeypatch.setattr(guards.guard_checks, "CHECKS", (Shut,))
    ran = host.run

    def shuts(argv, **more):
        if "reload" in argv and host.text() == "new\n":
            (host.root / "etc/shut").write_text("")
        return ran(argv, **more)
    host.run = shuts


def test_local_returns_where_its_own_look_finds_somebody_shut_out(host, monkeypatch):
    """No plan tells it: a program makes the file when it reads its configuration anew."""
    shut_by_a_reload(host, monkeypatch)
    done = apply(host, guard=guards.Guard("local", timeout=60, users=["rescue"]))
    assert [row.status for row in done.rows] == ["changed", "error"] and "rescue: /etc/shut is there" in done.rows[1].message
    assert done.guard["outcome"] == "returned" and "rescue: /etc/shut is there" in done.guard["reason"] and host.text() == "old\n"


def test_local_takes_nothing_back_for_who_could_not_log_in_before_either(host, monkeypatch, greeter):
    """By what the host can tell, the user of this very connection does not get in: the guard does not know all ways there are."""
    port = greeter(b"SSH-2.0-OpenSSH_8.7\r\n")
    monkeypatch.setattr(guards.guard_checks, "CHECKS", (Shut,))
    monkeypatch.setattr(guard_who, "connection", lambda process=None: ("admin", "10.0.0.9", ("127.0.0.1", port)))
    (host.root / "etc/shut").write_text("")
    done = apply(host, guard=guards.Guard("local", timeout=60, users=["admin"]))
    assert [row.status for row in done.rows] == ["changed", "changed"] and done.guard["outcome"] == "committed" and host.text() == "new\n"


def test_local_returns_where_another_user_is_shut_out_by_the_part_before(host, monkeypatch):
    """What nobody foresaw of an unguarded control is no state of before."""
    monkeypatch.setattr(guards.guard_checks, "CHECKS", (Shut,))
    done = apply(host, items=[("safe", "/etc/shut", "x\n", []), ("risky", "/etc/ssh/sshd_config", "new\n", ["lockout"])],
                 guard=guards.Guard("local", timeout=60, users=["rescue"]))
    assert [row.status for row in done.rows] == ["changed", "error"] and done.guard["reason"] == "rescue: /etc/shut is there" and host.text() == "old\n"


@pytest.mark.parametrize("mode", ["login", "local", "none"])
@pytest.mark.parametrize("check", [False, True])
def test_a_user_that_must_get_in_and_does_not_already_ends_the_run_before_anything_is_changed(host, monkeypatch, mode, check):
    monkeypatch.setattr(guards.guard_checks, "CHECKS", (Shut,))
    (host.root / "etc/shut").write_text("")
    guard = guards.Guard(mode, timeout=60, users=["rescue", "second"])
    with pytest.raises(HostError) as caught:
        run.preview([SAFE, RISKY], host.context(), 9, (), False, guard) if check else apply(host, guard=guard)
    assert "rescue: /etc/shut is there; second: /etc/shut is there" in caught.value.message and "take it out of guard_users" in caught.value.remedy
    assert host.text() == "old\n" and not (host.root / "etc/issue").exists() and not host.waits() and host.state() is None
    assert journal.open_run("baseline", str(host.root) + "/var/lib/elkit") is None and not [call for call in host.calls if "reload" in call]


def test_where_nothing_could_lock_anybody_out_nobody_is_asked_for(host, monkeypatch):
    monkeypatch.setattr(guards.guard_checks, "CHECKS", (Shut,))
    (host.root / "etc/shut").write_text("")
    done = apply(host, items=[("safe", "/etc/issue", "new\n", [])], guard=guards.Guard("login", users=["rescue"]))
    assert [row.status for row in done.rows] == ["changed"]


@pytest.mark.parametrize("users, words", [(["rescue"], "rescue: /etc/shut is there"), ([], None)])
def test_before_a_login_may_commit_the_host_looks_at_the_other_users_again(host, monkeypatch, users, words):
    """The login of the controller tells nothing of them."""
    shut_by_a_reload(host, monkeypatch)
    done = apply(host, guard=guards.Guard("login", timeout=60, users=users))
    assert done.guard["stage"] == "applied" and done.guard.get("shut_out") == words


@pytest.fixture
def greeter():
    """A function that gives the port of a server that greets with *words*, or of none at all (None)."""
    servers = []

    def serve(server, words):
        try:
            while True:
                connection, _address = server.accept()
                connection.sendall(words)
                connection.close()
        except OSError:
            pass

    def start(words):
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        if words is None:
            server.close()
            return port
        server.listen(5)
        servers.append(server)
        threading.Thread(target=serve, args=(server, words), daemon=True).start()
        return port
    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("words, good", [(b"SSH-2.0-OpenSSH_8.7\r\n", True), (b"HTTP/1.1 400 Bad Request\r\n", False), (b"", False), (None, False)])
def test_local_returns_where_no_sshd_answers_at_the_port_of_the_connection(host, monkeypatch, greeter, words, good):
    port = greeter(words)
    monkeypatch.setattr(guards.guard_checks, "CHECKS", ())
    monkeypatch.setattr(guard_who, "connection", lambda process=None: ("admin", "10.0.0.9", ("127.0.0.1", port)))
    done = apply(host, "local")
    assert done.guard["outcome"] == ("committed" if good else "returned") and host.text() == ("new\n" if good else "old\n")
    assert good or done.guard["reason"] == "nobody answers on 127.0.0.1 port {0}".format(port)


def test_without_systemd_a_process_waits_and_sshd_is_told(host, monkeypatch):
    os.rmdir(str(host.root / "run/systemd/system"))
    (host.root / "run/sshd.pid").write_text("4711\n")
    told = []
    monkeypatch.setattr(guard_return.os, "kill", lambda number, signal: told.append(number))
    done = apply(host)
    armed = [call for call in host.calls if call.startswith("setsid --fork env")]
    assert len(armed) == 1 and "wait {0} 60".format(done.guard["token"]) in armed[0] and told == [4711]
    guard_return.go_back(host.context(), None, "x")
    assert told == [4711, 4711] and host.text() == "old\n"


def test_an_entry_that_an_earlier_run_left_is_no_part_of_ours(host):
    left = journal.begin("baseline", str(host.root) + "/var/lib/elkit", run="killed")
    left.write_all([journal.Change(str(host.root / "etc/before"), "x")])
    done = apply(host, items=[("risky", "/etc/ssh/sshd_config", "new\n", ["lockout"])])
    guard_return.go_back(host.context(), done.guard["token"], "x")
    assert host.text() == "old\n" and (host.root / "etc/before").exists()


def stick(host, monkeypatch, *names):
    """The undo of units of these names, which the guarded part changed, fails: a set of those that still do."""
    failing, undo = set(names), put.undo

    def fails(context, kind, data):
        if data["name"] in failing:
            raise CommandError("{0} is stuck".format(data["name"]), command=["x"])
        return undo(context, kind, data)

    entry = journal.reopen("baseline", host.state()["entry"], str(host.root) + "/var/lib/elkit")
    for name in names:
        entry.note("state", {"kind": "unit", "name": name, "before": None, "after": None})
    monkeypatch.setattr(put, "undo", fails)
    monkeypatch.setattr(kinds.KINDS["unit"], "load", lambda view, name: None)
    return failing


def test_a_state_that_cannot_be_put_back_keeps_nothing_else_from_it(host, monkeypatch):
    done = apply(host)
    failing = stick(host, monkeypatch, "x.service", "y.service")
    with pytest.raises(guard_return.NotAllBack, match="y.service is stuck; x.service is stuck") as caught:
        guards.later({"back": done.guard["token"], "why": "no login"}, host.context())
    assert caught.value.details["errors"] == host.state()["errors"] == ["y.service is stuck", "x.service is stuck"]
    assert host.text() == "old\n" and host.calls.count("systemctl reload sshd.service") == 2
    # It waits on, to be tried again, and nobody commits what is half back.
    assert host.state()["stage"] == "returning" and len(host.waits()) == 3 and not [call for call in host.calls if "stop elkit-guard" in call]
    with pytest.raises(HostError, match=r"returned to before \(no login\)"):
        guard_return.commit(host.context(), done.guard["token"])
    failing.discard("x.service")
    with pytest.raises(guard_return.NotAllBack, match="y.service is stuck"):
        guards.settle(host.context())
    assert host.state()["errors"] == ["y.service is stuck"] and host.state()["why"] == "no login"
    failing.clear()
    assert guard_return.go_back(host.context(), None, "x")["stage"] == "returned"
    assert host.state()["errors"] == [] and host.state()["why"] == "no login" and not host.waits()


def test_a_file_that_cannot_be_put_back_keeps_nothing_else_from_it(host):
    done = apply(host, items=[("one", "/etc/ssh/a", "x\n", ["lockout"]), ("two", "/etc/ssh/sshd_config", "new\n", ["lockout"])])
    image = host.root / "var/lib/elkit/journal/baseline/00000001/before-0"
    text = image.read_text()
    image.write_text("damaged")
    with pytest.raises(guard_return.NotAllBack, match="is not what was kept"):
        guard_return.go_back(host.context(), done.guard["token"], "x")
    assert not (host.root / "etc/ssh/a").exists() and host.text() == "new\n" and len(host.waits()) == 3
    image.write_text(text)
    assert guard_return.go_back(host.context(), done.guard["token"], "x")["stage"] == "returned" and host.text() == "old\n"


def test_without_systemd_what_cannot_be_put_back_at_first_is_tried_again(host, wait, monkeypatch):
    token = apply(host).guard["token"]
    failing = stick(host, monkeypatch, "x.service")
    code, clock = wait(token, 60, lambda now: failing.clear() if now >= 75 else None)
    assert code == 0 and clock.now >= 80 and host.state()["stage"] == "returned"


def test_a_part_that_this_host_cannot_take_back_in_full_is_no_success_and_nothing_goes_into_its_entry(host, monkeypatch):
    def shut(self, view):
        stick(host, monkeypatch, "x.service")
        return ["admin: no"]
    monkeypatch.setattr(guards.Guard, "shut_out", shut)
    done = run.apply([PICTURE, SAFE, RISKY], host.context, 9, (), guards.Guard("local"))
    assert done.guard["outcome"] == "unknown" and done.guard["reason"] == "admin: no; x.service is stuck"
    assert done.rows[2].status == "error" and "x.service is stuck" in done.rows[2].message and host.text() == "old\n"
    assert done.later == ["picture"] and not (host.root / "etc/picture").exists() and host.state()["stage"] == "returning"


def test_what_reads_its_old_files_in_vain_is_told(host, monkeypatch):
    monkeypatch.setattr(guards.Guard, "shut_out", lambda self, view: ["admin: no"])
    monkeypatch.setattr(guard_return, "read_anew", lambda context, paths, units: ["firewalld does not start"])
    done = apply(host, "local")
    assert done.guard["outcome"] == "returned" and done.guard["reason"] == "admin: no; firewalld does not start"
    assert done.rows[1].message == "taken back: admin: no; firewalld does not start"


@pytest.mark.parametrize("force", [False, True])
def test_an_undo_goes_on_with_what_the_guard_could_not_put_back(host, monkeypatch, force):
    done = apply(host)
    failing = stick(host, monkeypatch, "x.service")
    with pytest.raises(guard_return.NotAllBack):
        guard_return.go_back(host.context(), done.guard["token"], "x")
    monkeypatch.setattr(flow, "Context", host.context)
    monkeypatch.setattr(flow, "host_lock", lambda: host_lock(str(host.root) + "/var/lib/elkit"))
    params = {"force": force, "revert_to": "last"}
    if not force:
        with pytest.raises(HostError, match="all but this is put back: unit x.service: x.service is stuck"):
            flow.revert(params, False, False)
        failing.clear()
    left = flow.revert(params, False, False)["left"]
    assert [item["name"] for item in left] == (["x.service"] if force else [])
    assert host.state()["stage"] == "returned" and not host.waits() and host.text() == "old\n" and not (host.root / "etc/issue").exists()


@pytest.mark.parametrize("text, words", [("{", "damaged"), ("[]", "damaged"), ('{"schema": 99}', "newer")])
def test_a_damaged_state_is_named(host, text, words):
    path = host.root / STATE[1:]
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(HostError, match=words):
        guards.settle(host.context())


def test_the_worker_is_whole():
    content = worker.build(guard_worker)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert "from {0} import guard_worker".format(guard_return.__name__.rpartition(".")[0]) in archive.read("__main__.py").decode()
        assert all(name.endswith(".py") for name in names) and len(names) > 40
        for name in names:
            if name.endswith("__init__.py"):
                assert archive.read(name) == b""
    assert worker.build(guard_worker) == content
