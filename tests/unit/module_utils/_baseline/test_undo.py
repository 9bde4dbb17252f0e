# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back on hosts that went on living: what is gone is left, what a run did not change is not its concern, and one thing that cannot be
put back keeps no other from it."""
import os
import shutil
import stat

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import put, services
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import package, registry, unit
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError, CommandError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files

AGES = {"-d": 2, "-m": 3, "-M": 4, "-W": 5, "-I": 6, "-E": 7}


class Host(object):
    """A tree with two users, whose chage is real enough; *stuck* commands fail."""

    def __init__(self, root):
        self.root = root
        self.calls = []
        self.stuck = set()
        (root / "etc").mkdir()
        self.write("passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n")
        self.write("shadow", "root:!::::::\nann:$6$x:20000:0:99999:7:::\nbob:$6$y:20000:0:99999:7:::\n")

    def write(self, name, text):
        (self.root / "etc" / name).write_text(text)

    def run(self, argv, check=True, **more):
        self.calls.append(list(argv))
        if argv[0] in self.stuck:
            raise CommandError("{0} failed".format(argv[0]), command=list(argv))
        if argv[0] == "chage":
            lines = (self.root / "etc/shadow").read_text().splitlines()
            for number, line in enumerate(lines):
                fields = line.split(":")
                if fields[0] == argv[-1]:
                    for option, value in zip(argv[1:-1:2], argv[2:-1:2]):
                        fields[AGES[option]] = "" if value == "-1" else value
                    lines[number] = ":".join(fields)
            self.write("shadow", "\n".join(lines) + "\n")
        return commands.Result(0, "", "")

    def shadow(self, name):
        return [line.split(":")[2:8] for line in (self.root / "etc/shadow").read_text().splitlines() if line.startswith(name + ":")][0]

    def context(self):
        return Context(root=str(self.root), run=self.run, uname=("5.14", "x86_64"))

    def load(self, kind, name):
        return registry.KINDS[kind].load(put.journal_view(self.context()), name)

    def change(self, states=(), changes=(), run="one", packages=None):
        """A run that brought states [(kind, name, value or a dict of parts)] and files {name: text}."""
        entry = journal.begin(put.CONCERN, str(self.root) + "/var/lib/elkit", run=run)
        if packages:
            entry.note("packages", packages)
        if changes:
            entry.write_all([journal.Change(str(self.root / "etc" / name), text) for name, text in sorted(dict(changes).items())])
        notes = []
        for kind, name, value in states:
            before = self.load(kind, name)
            notes.append({"kind": kind, "name": name, "before": before, "after": dict(before, **value) if isinstance(value, dict) else value})
        entry.note_all("state", notes)
        for note in notes:
            registry.change(self.context(), note["kind"], note["name"], note["before"], note["after"])
        entry.commit()

    def revert(self, force=False, check_mode=False, first=False):
        return put.revert(self.context, force, check_mode, first)

    def mode(self, name):
        return stat.S_IMODE(os.stat(str(self.root / "etc" / name)).st_mode)


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(services, "READERS", (services.Reader("daemon", ("/etc/daemon*",), None, ["reload-daemon"]),))
    host = Host(tmp_path)
    for name in ("a", "b", "daemon"):
        host.write(name, "old\n")
        os.chmod(str(tmp_path / "etc" / name), 0o666)
    return host


def private(name):
    return ("mode", "/etc/" + name, [os.getuid(), os.getgid(), 0o600])


def left(done):
    return [(item["kind"], item["name"]) for item in done]


def test_who_reads_a_file_reads_its_old_text_anew_once_and_nobody_else_is_told(host, monkeypatch):
    monkeypatch.setattr(services, "READERS", services.READERS + (services.Reader("other", ("/etc/other*",), None, ["reload-other"]),))
    host.change(changes={"daemon": "new\n", "daemon.d": "new\n", "a": "new\n"})
    host.run = told(host, "daemon")
    host.revert(check_mode=True)
    assert host.calls == []
    host.revert()
    assert [call for call in host.calls if call[0].startswith("reload-")] == [["reload-daemon"]] and host.read == ["old\n"]


def told(host, name):
    """host.run, and host.read: what stood in the file each time that its program was told to read it."""
    ran, host.read = host.run, []

    def run(argv, **more):
        if argv[0] == "reload-" + name:
            host.read.append((host.root / "etc" / name).read_text())
        return ran(argv, **more)
    return run


RESTART = ["systemctl", "restart", "x.service"]


@pytest.mark.parametrize("reader, systemd, word, acted", [
    (dict(act=RESTART, unit="x.service"), True, "active", True),
    (dict(act=RESTART, unit="x.service"), True, "inactive", False),
    (dict(act=RESTART, unit="x.service"), True, "failed", False),
    (dict(act=RESTART, unit="x.service"), False, "active", False),
    (dict(act=["exportfs", "-ra"], unit="x.service"), True, "inactive", False),
    (dict(act=RESTART), True, "inactive", True),
    (dict(act=["dconf", "update"]), False, "", True),
    (dict(act=RESTART, unit="x.service", unless=lambda context: True), True, "active", False),
    (dict(act=RESTART, unit="x.service", unless=lambda context: False), True, "active", True),
    (dict(unit="x.service"), True, "active", False),
])
def test_who_is_told_that_its_files_changed(tmp_path, reader, systemd, word, acted):
    calls = []

    def run(argv, **_more):
        calls.append(list(argv))
        return commands.Result(0 if word == "active" else 3, word + "\n", "")
    if systemd:
        (tmp_path / "run/systemd/system").mkdir(parents=True)
    put.act(Context(root=str(tmp_path), run=run), services.Reader("x", ("/etc/x",), **reader))
    assert [call for call in calls if call[:2] != ["systemctl", "is-active"]] == ([reader["act"]] if acted else [])


@pytest.mark.parametrize("said, locked", [("enabled 2\nfailure 1\n", True), ("enabled 1\nfailure 2\n", False), ("", False)])
def test_locked_audit_rules_are_left_for_the_boot(tmp_path, said, locked):
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    calls = []

    def run(argv, **_more):
        calls.append(argv[0])
        return commands.Result(0, said if argv[0] == "auditctl" else "active\n", "")
    put.act(Context(root=str(tmp_path), run=run), next(item for item in services.READERS if item.name == "audit rules"))
    assert ("augenrules" in calls) is not locked


class Audit(object):
    """A host with audit rules, whose augenrules is as real as that of every release: of what it replaces it leaves a copy."""

    def __init__(self, root, prev):
        self.root, self.locked = root, False
        (root / "etc/audit/rules.d").mkdir(parents=True)
        self.write("rules.d/audit.rules", "## first\n-D\n\n-b 8192\n")
        self.run(["augenrules", "--load"])
        if prev:
            self.write("audit.rules.prev", "of another day\n", 0o600)

    def write(self, name, text, mode=0o640):
        (self.root / "etc/audit" / name).write_text(text)
        os.chmod(str(self.root / "etc/audit" / name), mode)

    def text(self, name="audit.rules"):
        return (self.root / "etc/audit" / name).read_text()

    def run(self, argv, **_more):
        if argv == ["augenrules", "--load"]:
            if self.locked:
                raise CommandError("Operation not permitted", command=argv)
            there = self.root / "etc/audit/audit.rules"
            lines = [line for path in sorted((self.root / "etc/audit/rules.d").iterdir()) for line in path.read_text().splitlines()]
            text = "\n".join(["## generated"] + [line for line in lines if line and not line.startswith("#")]) + "\n"
            if not there.exists() or there.read_text() != text:
                if there.exists():
                    self.write("audit.rules.prev", there.read_text())
                self.write("audit.rules", text)
            self.locked = "-e 2" in lines
        if argv[0] == "auditctl":
            return commands.Result(0, "enabled {0}\n".format(1 + self.locked), "")
        return commands.Result(0, "active\n" if (self.root / "etc/audit").exists() else "inactive\n", "")

    def context(self):
        return Context(root=str(self.root), run=self.run, uname=("5.14", "x86_64"))

    def change(self, text):
        run, view = put.Run(), put.journal_view(self.context())
        view.write("/etc/audit/rules.d/60-elkit-hardening.rules", text, mode=0o600)
        run.put(view, [])
        run.next_entry()
        run.act([])
        run.commit()

    def picture(self):
        return dict((str(path), (path.read_text(), stat.S_IMODE(path.stat().st_mode))) for path in (self.root / "etc/audit").glob("**/*") if path.is_file())


@pytest.mark.parametrize("prev", [True, False])
@pytest.mark.parametrize("text", ["-w /etc/x -p wa\n", "-w /etc/x -p wa\n-e 2\n"])
def test_audit_rules_go_back_with_what_augenrules_makes_of_them(tmp_path, prev, text):
    audit = Audit(tmp_path, prev)
    before = audit.picture()
    audit.change(text)
    assert "/etc/x" in audit.text() and audit.text("audit.rules.prev") == "## generated\n-D\n-b 8192\n"
    put.revert(audit.context, False, False)
    assert audit.picture() == before


def test_rules_of_somebodys_own_keep_no_audit_rules_from_going_back(tmp_path):
    audit = Audit(tmp_path, True)
    audit.change("-w /etc/x -p wa\n")
    audit.write("rules.d/50-mine.rules", "-w /etc/mine -p wa\n")
    audit.run(["augenrules", "--load"])
    put.revert(audit.context, False, False)
    assert "/etc/x" not in audit.text() and "/etc/mine" in audit.text()


def test_where_audit_is_gone_its_rules_are_left_and_named(tmp_path):
    audit = Audit(tmp_path, False)
    audit.change("-w /etc/x -p wa\n")
    shutil.rmtree(str(tmp_path / "etc/audit"))
    assert left(put.revert(audit.context, False, False)["left"]) == [("file", "/etc/audit/audit.rules")]


def test_what_is_gone_is_left_and_named(host):
    host.change([private("a"), private("b"), ("account", "bob", {"max": 365}), ("account", "ann", {"max": 365})])
    host.write("passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
    os.unlink(str(host.root / "etc/a"))
    gone = [("account", "bob"), ("mode", "/etc/a")]
    looked, done = host.revert(check_mode=True), host.revert()
    for result in (looked, done):
        assert sorted(left(result["left"])) == gone and {item["why"] for item in result["left"]} == {put.GONE}
        assert sorted(left(result["states"])) == [("account", "ann"), ("mode", "/etc/b")]
    assert host.mode("b") == 0o666 and host.shadow("ann")[2] == "99999"
    assert host.revert()["changed"] is False


def test_of_an_account_only_what_the_run_changed_is_its_concern(host):
    host.change([("account", "ann", {"max": 365, "warn": 14})])
    # A new password, and an end that somebody set.
    host.run(["chage", "-d", "20400", "-E", "21000", "ann"])
    host.revert()
    assert host.shadow("ann") == ["20400", "0", "99999", "7", "", "21000"]


@pytest.mark.parametrize("again, date", [(False, "20000"), (True, "20400")])
def test_the_date_of_a_new_password_stays(host, again, date):
    host.change([("account", "ann", {"max": 365, "last": 20399})])
    if again:
        host.run(["chage", "-d", "20400", "ann"])
    host.revert()
    assert host.shadow("ann")[:3] == [date, "0", "99999"]


def test_what_the_run_changed_of_an_account_and_someone_since(host):
    host.change([("account", "ann", {"max": 365})])
    host.run(["chage", "-M", "90", "ann"])
    with pytest.raises(ChangedSinceError, match="account ann"):
        host.revert()
    host.revert(force=True)
    assert host.shadow("ann")[2] == "99999"


@pytest.mark.parametrize("before, after, now, wanted, foreign", [
    (("enabled", True), ("masked", False), ("masked", False), ("enabled", True), False),
    (("enabled", False), ("enabled", True), ("disabled", True), ("disabled", False), False),
    (("disabled", True), ("disabled", False), ("masked", False), ("masked", True), False),
    (("enabled", True), ("masked", False), ("static", False), ("enabled", True), True),
])
def test_of_a_unit_only_what_the_run_changed_is_put_back(host, monkeypatch, before, after, now, wanted, foreign):
    before, after, now, wanted = (dict(zip(("enabled", "active"), value)) for value in (before, after, now, wanted))
    done = []
    monkeypatch.setattr(unit, "load", lambda view, name: now)
    monkeypatch.setattr(unit, "put", lambda context, name, value: done.append(value))
    note = {"kind": "unit", "name": "a.service", "before": before, "after": after}
    planned = journal.Revert(None, {"notes": [{"kind": "state", "data": note}], "stage": "applied"}, [])
    assert put.changed_since(host.context(), planned, set()) == (["unit a.service"] if foreign else [])
    put.undo(host.context(), "state", note)
    assert done == [wanted]


@pytest.mark.parametrize("said", ["", "not-found"])
def test_of_a_unit_that_is_gone_the_mask_goes(host, said):
    real, words = host.run, ["masked", said]

    def run(argv, **more):
        if argv[:2] == ["systemctl", "is-enabled"]:
            return commands.Result(1, words.pop(0), "")
        return real(argv, **more)
    unit.put(Context(root=str(host.root), run=run, uname=("5", "x")), "a.service", {"enabled": "enabled", "active": True})
    assert host.calls == [["systemctl", "unmask", "a.service"]]


def test_one_that_cannot_be_put_back_keeps_no_other_from_it_and_stays_to_be_tried_again(host):
    host.change([("account", "ann", {"max": 365}), private("a")], {"daemon": "new\n"})
    host.stuck.add("chage")
    with pytest.raises(HostError, match="account ann: chage failed.*force: true") as caught:
        host.revert()
    assert left(caught.value.details["left"]) == [("account", "ann")]
    assert host.mode("a") == 0o666 and (host.root / "etc/daemon").read_text() == "old\n" and ["reload-daemon"] in host.calls
    # What is back is its owner's again.
    os.chmod(str(host.root / "etc/a"), 0o640)
    host.write("daemon", "of somebody\n")
    host.stuck.clear()
    assert host.revert()["left"] == [] and host.shadow("ann")[2] == "99999"
    assert host.mode("a") == 0o640 and (host.root / "etc/daemon").read_text() == "of somebody\n"
    assert host.revert()["changed"] is False


def test_with_force_it_is_left_and_older_runs_are_reached(host):
    host.change([private("a")], {"b": "one\n"})
    host.change([("account", "ann", {"max": 365})], {"b": "two\n"}, run="two")
    host.stuck.add("chage")
    with pytest.raises(HostError, match="account ann"):
        host.revert(first=True)
    # The older run is none that a failure of the newer one keeps.
    assert host.mode("a") == 0o666 and (host.root / "etc/b").read_text() == "old\n"
    done = host.revert(force=True, first=True)
    assert left(done["left"]) == [("account", "ann")] and done["left"][0]["why"] == "chage failed" and done["states"] == []
    assert host.revert()["changed"] is False


def test_what_somebody_moved_there_is_given_to_nobody(host):
    entry = journal.begin(put.CONCERN, str(host.root) + "/var/lib/elkit", run="one")
    owners = [os.getuid() + 1, os.getgid()]
    entry.note_all("state", [{"kind": "mode", "name": "/etc/a", "before": owners + [0o666], "after": owners + [0o664]}])
    entry.commit()
    os.chmod(str(host.root / "etc/a"), 0o600)
    done = host.revert(force=True)
    assert left(done["left"]) == [("mode", "/etc/a")] and "belongs to another" in done["left"][0]["why"] and host.mode("a") == 0o600


@pytest.mark.parametrize("before, after, by_hand", [(0o666, 0o664, 0o600), (0o777, 0o755, 0o700), (0o644, 0o600, 0o666), (0o755, 0o700, 0o4711)])
def test_by_force_a_mode_is_what_it_was(host, before, after, by_hand):
    os.chmod(str(host.root / "etc/a"), before)
    host.change([("mode", "/etc/a", [os.getuid(), os.getgid(), after])])
    assert host.mode("a") == after
    os.chmod(str(host.root / "etc/a"), by_hand)
    with pytest.raises(ChangedSinceError, match="mode /etc/a"):
        host.revert()
    assert host.mode("a") == by_hand
    assert host.revert(force=True)["left"] == [] and host.mode("a") == before


def test_what_failed_is_not_put_back_to_what_an_older_run_found(host):
    host.change([("account", "ann", {"max": 365})])
    host.change([("account", "ann", {"max": 90})], run="two")
    real, tried = host.run, []

    def run(argv, **more):
        if argv[0] == "chage":
            tried.append(argv[2])
            if len(tried) == 1:
                raise CommandError("chage failed", command=argv)
        return real(argv, **more)
    host.run = run
    with pytest.raises(HostError):
        host.revert(first=True)
    assert tried == ["365"] and host.shadow("ann")[2] == "90"
    host.revert(first=True)
    assert tried == ["365", "365", "99999"] and host.shadow("ann")[2] == "99999"


def test_a_file_that_cannot_be_put_back(host):
    host.change((), {"a": "new\n", "b": "new\n"})
    files.write_atomic(str(host.root / "var/lib/elkit/journal/baseline/00000001/before-0"), "damaged\n")
    for check_mode in (True, False):
        if check_mode:
            assert left(host.revert(check_mode=True)["left"]) == [("file", "/etc/a")]
            continue
        with pytest.raises(HostError, match="before-0 is not what was kept of"):
            host.revert()
    assert (host.root / "etc/b").read_text() == "old\n" and (host.root / "etc/a").read_text() == "new\n"
    assert host.revert(force=True)["left"][0]["name"] == "/etc/a"
    assert host.revert()["changed"] is False


def test_a_service_that_does_not_take_its_old_files_keeps_no_older_run(host):
    host.change((), {"a": "new\n"})
    host.change((), {"daemon": "new\n"}, run="two")
    host.stuck.add("reload-daemon")
    with pytest.raises(HostError, match="service daemon: reload-daemon failed"):
        host.revert(first=True)
    assert (host.root / "etc/a").read_text() == "old\n" and host.revert()["changed"] is False


def test_packages_that_cannot_be_had_any_more_keep_the_others_from_nothing(host, monkeypatch):
    asked = []

    class Client(object):
        @staticmethod
        def call(operation, request):
            asked.append(request)
            return {"transaction": {}, "missing": request["before"][:1]}
    monkeypatch.setattr(package, "_agent", lambda: Client)
    host.change([private("a")], packages={"installed": ["c-1-1.x"], "removed": ["a-1-1.x", "b-1-1.x"]})
    with pytest.raises(HostError, match="packages a-1-1.x, b-1-1.x, c-1-1.x: no enabled repository has a-1-1.x any more"):
        host.revert()
    assert host.mode("a") == 0o666
    assert asked == [{"before": ["a-1-1.x", "b-1-1.x"], "after": ["c-1-1.x"], "partial": True, "apply": True}]
    assert left(host.revert(force=True)["left"]) == [("packages", "a-1-1.x, b-1-1.x, c-1-1.x")] and host.revert()["changed"] is False
