# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow over a small tree: mechanisms of three lines stand for the real ones, the journal and the files are real."""
import errno
import os
import stat

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import control as model
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import put, run, services
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.guard import Guard
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import registry as registry_of_kinds
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import packages, registry
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError, HostError, InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files


class Line(object):
    """A line in a file."""

    @staticmethod
    def check(control, view):
        path, line = control.need("path"), control.need("line")
        return Finding(line in view.lines(path), None, line, path)

    @staticmethod
    def fix(control, view):
        path = control.need("path")
        view.write(path, (view.read(path) or "") + control.need("line") + "\n")


class Mode(object):
    """The mode of a file."""

    @staticmethod
    def check(control, view):
        now = view.state("mode", control.need("path"))
        return Finding(now is not None and now[2] == control.need("mode"), now, control.need("mode"))

    @staticmethod
    def fix(control, view):
        now = view.state("mode", control.need("path"))
        view.put("mode", control.need("path"), now[:2] + [control.need("mode")])


class Both(object):
    """A line in a file, and the mode of another."""

    @staticmethod
    def check(control, view):
        return Finding(Line.check(control, view).ok and view.state("mode", "/etc/a")[2] == 0o600)

    @staticmethod
    def fix(control, view):
        Line.fix(control, view)
        view.put("mode", "/etc/a", view.state("mode", "/etc/a")[:2] + [0o600])


class Never(object):
    @staticmethod
    def check(control, view):
        return Finding(False)

    @staticmethod
    def fix(control, view):
        view.write("/etc/half", "half\n")
        raise NotFixable("a partition cannot be made", "Make it")


class Broken(object):
    @staticmethod
    def check(control, view):
        raise IndexError("list index out of range")

    fix = check


class Useless(object):
    @staticmethod
    def check(control, view):
        return Finding(False)

    @staticmethod
    def fix(control, view):
        view.write("/etc/useless", "x\n")


class Partly(object):
    """A line in a file, and something besides that is left to people."""

    @staticmethod
    def check(control, view):
        done = Line.check(control, view).ok
        return Finding(False, note="a name is no text", left=done)

    @staticmethod
    def fix(control, view):
        if Line.check(control, view).ok:
            raise NotFixable("a name is no text", "Rename it")
        Line.fix(control, view)


MECHANISMS = {"partly": Partly, "both": Both, "line": Line, "mode": Mode, "never": Never, "broken": Broken, "useless": Useless}


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "MECHANISMS", MECHANISMS)
    monkeypatch.setattr(services, "READERS", (
        services.Reader("daemon", ("/etc/daemon*",), ["check-daemon"], ["reload-daemon"]),
        # Of which the guard has all read anew.
        services.Reader("sshd", ("/etc/ssh/*",), ["sshd", "-t"], None, "sshd.service")))
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "a").write_text("one\n")
    (etc / "daemon").write_text("good\n")
    os.chmod(str(etc / "a"), 0o666)
    return tmp_path


@pytest.fixture
def context_of(host):
    calls = []

    def ran(argv, **more):
        calls.append(argv[0])
        text = (host / "etc/daemon").read_text() if (host / "etc/daemon").exists() else ""
        return commands.Result(1 if argv[0] == "check-daemon" and "bad" in text else 0, "", "line 2: bad")

    def make():
        return Context(root=str(host), run=ran, uname=("5.14", "x86_64"))
    make.calls = calls
    return make


def line(name, path="/etc/a", text=None, **more):
    return dict({"id": name, "mechanism": "line", "args": {"path": path, "line": text or name}}, **more)


def mode(name, path="/etc/a", value=0o600, **more):
    return dict({"id": name, "mechanism": "mode", "args": {"path": path, "mode": value}}, **more)


def picture(host):
    found = {}
    for directory, _names, others in os.walk(str(host / "etc")):
        for name in others:
            path = os.path.join(directory, name)
            found[path] = (open(path, "rb").read(), stat.S_IMODE(os.lstat(path).st_mode))
    return found


def statuses(rows):
    return dict((row.control.id, row.status) for row in rows)


def apply(items, context_of, guard=None):
    return run.apply(run.parse(items), context_of, 9, (), guard or Guard("local"))


def test_audit_says_what_apply_then_changes_and_a_second_run_nothing(host, context_of):
    items = [line("two"), line("one"), mode("private"), line("new", "/etc/sub/b")]
    before = picture(host)
    assert statuses(run.audit(run.parse(items), context_of(), 9, ())) == {
        "two": "fail", "one": "pass", "private": "fail", "new": "fail"}
    preview = run.preview(run.parse(items), context_of(), 9, ())
    assert picture(host) == before
    done = apply(items, context_of)
    assert statuses(done.rows) == statuses(preview.rows) == {
        "two": "changed", "one": "pass", "private": "changed", "new": "changed"}
    assert preview.files == done.files and (host / "etc/a").read_text() == "one\ntwo\n"
    assert stat.S_IMODE((host / "etc/a").stat().st_mode) == 0o600
    again = apply(items, context_of)
    assert not again.changed and again.run is None


def test_two_controls_share_a_file_and_the_plan_of_the_first_is_seen(host, context_of):
    done = apply([line("two"), line("three")], context_of)
    assert (host / "etc/a").read_text() == "one\ntwo\nthree\n" and done.changed


@pytest.mark.parametrize("mechanism, status, words", [
    ("never", "fail", "Make it"), ("broken", "error", "IndexError"), ("useless", "fail", "not enough")])
def test_one_bad_control_hides_no_other_and_leaves_no_half(host, context_of, mechanism, status, words):
    done = apply([{"id": "bad", "mechanism": mechanism}, line("two")], context_of)
    assert statuses(done.rows) == {"bad": status, "two": "changed"}
    assert words in done.rows[0].message
    assert not (host / "etc/half").exists() and not (host / "etc/useless").exists()


class Restless(Line):
    """A line whose next look, after the change, raises the first of *errors*."""

    errors = ()

    @classmethod
    def check(cls, control, view):
        if cls.errors and control.need("line") in (view.read(control.need("path")) or "") and not view.planned_files:
            raise cls.errors[0]
        return Line.check(control, view)


@pytest.mark.parametrize("risk", [[], ["lockout"]])
def test_what_does_not_hold_when_it_is_looked_at_again_is_no_success(host, context_of, risk):
    """The program that reads the file anew writes its own in its place."""
    def ran(argv, **more):
        if argv[0] == "reload-daemon":
            (host / "etc/daemon").write_text("good\n")
        return commands.Result(0, "", "")

    done = apply([line("lost", "/etc/daemon", risk=risk), line("two")], lambda: Context(root=str(host), run=ran, uname=("5.14", "x86_64")))
    assert statuses(done.rows) == {"lost": "error", "two": "changed"}
    assert done.rows[0].message.startswith("it was changed, and does not hold: ") and done.rows[1].message is None


@pytest.mark.parametrize("error, words", [(ControlError("it is broken", "Mend it"), "it is broken"), (IndexError("out of range"), "IndexError: out of range")])
def test_what_cannot_be_looked_at_again_is_no_success(host, context_of, monkeypatch, error, words):
    monkeypatch.setitem(MECHANISMS, "restless", Restless)
    monkeypatch.setattr(Restless, "errors", [error])
    done = apply([dict(line("new", "/etc/new"), mechanism="restless"), line("two")], context_of)
    assert statuses(done.rows) == {"new": "error", "two": "changed"}
    assert "it was changed, and does not hold: " + words in done.rows[0].message


def test_exceptions(host, context_of):
    kept = {"reason": "r", "owner": "o", "expires": "2030-01-01", "expired": False}
    gone = dict(kept, expires="2020-01-01", expired=True)
    done = apply([line("a1", exception=kept), line("a2", exception=gone), line("a3", exception=gone, enforce=True)], context_of)
    assert statuses(done.rows) == {"a1": "excepted", "a2": "fail", "a3": "changed"}
    assert (host / "etc/a").read_text() == "one\na3\n"
    assert "2020-01-01" in done.rows[1].message and done.rows[0].report()["holds"] is False


def test_environment_and_packages(host, context_of):
    rows = run.audit(run.parse([line("x", not_in=["container"]), line("y", only_in=["desktop"]), line("z")]), context_of(), 9, {"container": "podman"})
    assert statuses(rows) == {"x": "not_applicable", "y": "not_applicable", "z": "fail"}


class Install(object):
    """A package, which the plan alone knows."""

    @staticmethod
    def check(control, view):
        return Finding(view.has_package(control.need("name")))

    @staticmethod
    def fix(control, view):
        view.put("package", control.need("name"), True)


def test_check_mode_names_the_package_that_a_control_waits_for(host, context_of, monkeypatch):
    monkeypatch.setitem(MECHANISMS, "package", Install)
    monkeypatch.setattr(registry_of_kinds.KINDS["package"], "load", lambda view, name: name == "there")
    done = run.preview(run.parse([{"id": "installed", "mechanism": "package", "args": {"name": "aide"}}, line("waits", package=["there", "aide"]),
                                  line("ready", package=["there"]), line("never", package="gdm")]), context_of(), 9, ())
    assert statuses(done.rows) == {"installed": "changed", "waits": "changed", "ready": "changed", "never": "not_applicable"}
    assert [row.report().get("waits_for") for row in done.rows] == [None, ["aide"], None, None]


@pytest.mark.parametrize("needed, status", [
    ({}, {"first": "changed", "second": "changed", "beside": "changed"}),
    ({"httpd": "\thttpd is needed by (installed) mod_ssl-1:2.4.62-4.el9.x86_64\n"}, {"first": "error", "second": "changed", "beside": "changed"})])
def test_check_mode_names_no_package_that_others_need(context_of, monkeypatch, needed, status):
    """As the run, which asks dnf. What is said comes from rpm 4.16."""
    asked = []

    def rpm(argv, **_more):
        asked.append(argv[argv.index("--") + 1:])
        words = "".join(needed.get(name, "") for name in asked[-1])
        return commands.Result(1 if words else 0, "", words and "error: Failed dependencies:\n" + words)
    monkeypatch.setitem(MECHANISMS, "package", packages)
    monkeypatch.setattr(registry_of_kinds.KINDS["package"], "load", lambda view, name: name in ("httpd", "telnet"))
    context = context_of()
    monkeypatch.setattr(context, "run", rpm)
    gone = [{"id": identifier, "mechanism": "package", "args": {"name": name, "state": "removed"}} for identifier, name in (
        ("first", "httpd"), ("second", "telnet"))]
    done = run.preview(run.parse(gone + [line("beside")]), context, 9, ())
    assert statuses(done.rows) == status
    assert asked == [["httpd", "telnet"]] + ([["httpd"], ["telnet"]] if needed else [])
    if needed:
        assert "would take away what depends on it, too: mod_ssl-1:2.4.62-4.el9.x86_64. Remove those yourself" in done.rows[0].message


def test_files_that_a_reader_refuses_are_put_back_and_the_others_stay(host, context_of):
    done = apply([line("bad", "/etc/daemon"), line("two")], context_of)
    assert statuses(done.rows) == {"bad": "error", "two": "changed"}
    assert (host / "etc/daemon").read_text() == "good\n" and (host / "etc/a").read_text() == "one\ntwo\n"
    assert "line 2: bad" in done.rows[0].message and "reload-daemon" not in context_of.calls


def test_one_value_that_a_reader_refuses_keeps_no_other_of_the_same_file_out(host, context_of):
    done = apply([line("fine", "/etc/daemon"), line("bad", "/etc/daemon"), line("also", "/etc/daemon"), line("two")], context_of)
    assert statuses(done.rows) == {"fine": "changed", "bad": "error", "also": "changed", "two": "changed"}
    assert (host / "etc/daemon").read_text() == "good\nfine\nalso\n" and "bad" in done.rows[1].message
    assert done.files["/etc/daemon"] == ("good\n", "good\nfine\nalso\n") and context_of.calls.count("reload-daemon") == 1
    put.revert(context_of, False, False)
    assert (host / "etc/daemon").read_text() == "good\n" and (host / "etc/a").read_text() == "one\n"


def test_what_a_reader_refuses_among_others_leaves_the_undo_exact(host, context_of):
    (host / "etc/z").write_text("last\n")
    start = picture(host)
    done = apply([line("fine", "/etc/daemon"), line("bad", "/etc/daemon"), line("other", "/etc/z")], context_of)
    assert statuses(done.rows) == {"fine": "changed", "bad": "error", "other": "changed"}
    put.revert(context_of, False, False)
    assert picture(host) == start


def test_a_reader_that_refuses_what_is_there_already_is_not_touched(host, context_of):
    (host / "etc/daemon").write_text("bad\n")
    done = apply([line("fine", "/etc/daemon")], context_of)
    assert statuses(done.rows) == {"fine": "error"} and "as they are" in done.rows[0].message
    assert (host / "etc/daemon").read_text() == "bad\n"


def test_a_control_whose_file_cannot_be_written_is_not_put_in_by_half(host, context_of, monkeypatch):
    real = files.stage

    def stage(path, *more):
        if path.endswith("/etc/b"):
            raise files.describe(OSError(errno.EROFS, "x"), path)
        return real(path, *more)
    monkeypatch.setattr(files, "stage", stage)
    done = apply([dict(line("half", "/etc/b"), mechanism="both"), line("two", "/etc/c")], context_of)
    assert statuses(done.rows) == {"half": "error", "two": "changed"} and "writable" in done.rows[0].message
    assert stat.S_IMODE(os.stat(str(host / "etc/a")).st_mode) == 0o666 and (host / "etc/c").read_text() == "two\n"


def test_a_reader_reads_anew_once(host, context_of):
    apply([line("fine", "/etc/daemon"), line("also", "/etc/daemon.d")], context_of)
    assert context_of.calls.count("reload-daemon") == 1


@pytest.mark.parametrize("spoil, words", [
    (lambda etc: os.symlink("/nowhere", str(etc / "b")), "link to nothing"),
    (lambda etc: os.symlink(str(etc.parent / "shadow"), str(etc / "b")), "is a link to"),
    (lambda etc: (etc / "b").mkdir(), "no file"),
    (lambda etc: os.symlink(str(etc), str(etc / "c")) or os.mkfifo(str(etc / "b")), "no file"),
])
def test_what_is_no_file_is_refused_by_name_and_never_followed(host, context_of, spoil, words):
    (host / "shadow").write_text("secret\n")
    spoil(host / "etc")
    done = apply([line("bad", "/etc/b"), line("two")], context_of)
    assert statuses(done.rows) == {"bad": "error", "two": "changed"} and words in done.rows[0].message
    assert (host / "shadow").read_text() == "secret\n"


def test_a_linked_directory_on_the_way_is_refused(host, context_of):
    (host / "elsewhere").mkdir()
    os.symlink(str(host / "elsewhere"), str(host / "etc/d"))
    done = apply([line("bad", "/etc/d/b")], context_of)
    assert statuses(done.rows) == {"bad": "error"} and "on the way" in done.rows[0].message
    assert not os.listdir(str(host / "elsewhere"))


def test_the_mode_of_a_link_is_refused(host, context_of):
    os.symlink("a", str(host / "etc/l"))
    assert statuses(apply([mode("m", "/etc/l")], context_of).rows) == {"m": "error"}


def test_a_mode_is_not_put_through_a_link_that_came_meanwhile(host, context_of):
    (host / "etc/d").mkdir()
    (host / "etc/d/file").write_text("")
    (host / "etc/e").mkdir()
    (host / "etc/e/file").write_text("")
    os.chmod(str(host / "etc"), 0o777)
    view, row = run.new_view(context_of(), 9, ()), run.Row(run.parse([mode("m", "/etc/d/file")])[0])
    run.look(row, view)
    run.plan([row], view)
    os.rename(str(host / "etc/d"), str(host / "etc/was"))
    os.symlink("e", str(host / "etc/d"))
    before = picture(host)
    with pytest.raises(HostError, match="on the way, is a link"):
        registry_of_kinds.change(context_of(), "mode", "/etc/d/file", view.state_now("mode", "/etc/d/file"), view.planned_states[("mode", "/etc/d/file")])
    assert picture(host) == before


@pytest.mark.parametrize("before, value, wanted", [
    # Those of another user or group: somebody moved it there meanwhile.
    ([1, 0, 0o666], [1, 0, 0o664], None), ([0, 1, 0o666], [0, 1, 0o664], None), ([1, 0, 0o644], [0, 0, 0o640], None),
    # It is as wanted already.
    ([1, 0, 0o644], [0, 0, 0o600], 0o600),
    # Bits that nobody spoke of stay as they are.
    ([0, 0, 0o666], [0, 0, 0o664], 0o600), ([0, 0, 0o777], [0, 0, 0o1777], 0o1600), ([0, 0, 0o660], [0, 0, 0o440], 0o400)])
def test_a_mode_goes_to_what_was_looked_at_alone(host, context_of, before, value, wanted):
    os.chmod(str(host / "etc/a"), 0o600)
    own = (os.getuid(), os.getgid())
    before, value = ([own[0] + item[0], own[1] + item[1], item[2]] for item in (before, value))
    if wanted is None:
        with pytest.raises(ControlError, match="/etc/a belongs to another"):
            registry_of_kinds.change(context_of(), "mode", "/etc/a", before, value)
    else:
        registry_of_kinds.change(context_of(), "mode", "/etc/a", before, value)
    info = os.stat(str(host / "etc/a"))
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == own + (wanted or 0o600,)


def test_what_is_left_to_people_undoes_nothing_of_the_rest(host, context_of):
    items = [line("rest", mechanism="partly")]
    assert [(row.status, row.message) for row in run.preview(run.parse(items), context_of(), 9, ()).rows] == [("changed", "a name is no text")]
    done = apply(items, context_of)
    assert done.changed and [(row.status, row.message) for row in done.rows] == [("changed", "a name is no text")]
    assert (host / "etc/a").read_text() == "one\nrest\n"
    done = apply(items, context_of)
    assert not done.changed and statuses(done.rows) == {"rest": "fail"} and "Rename it" in done.rows[0].message


def test_a_path_with_spaces(host, context_of):
    assert statuses(apply([line("s", "/etc/with space/a file")], context_of).rows) == {"s": "changed"}


def test_revert_to_the_last_and_to_the_first(host, context_of):
    start = picture(host)
    apply([line("two"), mode("private")], context_of)
    middle = picture(host)
    second = Guard("local")
    second.run = "second"
    apply([line("three"), line("new", "/etc/sub/b")], context_of, second)
    looked = put.revert(context_of, False, True)
    assert looked["changed"] and picture(host) != middle
    done = put.revert(context_of, False, False)
    assert picture(host) == middle and sorted(done["files"]) == ["/etc/a", "/etc/sub/b"] and not (host / "etc/sub").exists()
    apply([line("three")], context_of, second)
    assert sorted(put.revert(context_of, False, True, first=True)["files"]) == ["/etc/a", "/etc/a"]
    put.revert(context_of, False, False, first=True)
    assert picture(host) == start
    assert put.revert(context_of, False, False)["changed"] is False


def test_revert_refuses_what_someone_changed_since_unless_forced(host, context_of):
    start = picture(host)
    apply([line("two"), mode("private", "/etc/daemon")], context_of)
    os.chmod(str(host / "etc/daemon"), 0o640)
    with pytest.raises(ChangedSinceError, match="mode /etc/daemon"):
        put.revert(context_of, False, False)
    assert "two" in (host / "etc/a").read_text()
    put.revert(context_of, True, False)
    assert picture(host) == start


def test_risky_controls_wait_where_no_login_can_be_tried(host, context_of):
    done = apply([line("two"), line("risky", risk=["lockout"])], context_of, Guard("none", "no ssh"))
    assert statuses(done.rows) == {"two": "changed", "risky": "pending"} and done.rows[1].message == "no ssh"
    assert (host / "etc/a").read_text() == "one\ntwo\n"


def test_risky_controls_that_the_guard_refuses_do_not_go_in_with_others(host, context_of):
    guard = Guard("local")
    guard.refuse = lambda rows, view: {"bad": "it would shut admin out"} if any(row.control.id == "bad" for row in rows) else {}
    done = apply([line("good", risk=["lockout"]), line("bad", risk=["lockout"])], context_of, guard)
    assert statuses(done.rows) == {"good": "changed", "bad": "error"} and done.rows[1].message == "it would shut admin out"
    assert (host / "etc/a").read_text() == "one\ngood\n"


@pytest.mark.parametrize("items, words", [
    ([{"id": "x"}], "no mechanism"), ([{"id": "x", "mechanism": "none"}], "names the mechanism none"), ([line("x"), line("x")], "twice")])
def test_bad_controls(host, items, words):
    with pytest.raises(InputError, match=words):
        run.parse(items)


def test_every_status_is_one_that_is_documented():
    assert len(set(model.STATUSES)) == 8
