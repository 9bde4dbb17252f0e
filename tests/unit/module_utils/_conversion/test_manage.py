# SPDX-License-Identifier: GPL-3.0-or-later
"""What the look hands over to the worker, and when a module that waits for it reports."""
import contextlib
import subprocess
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import manage, mapping
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError, HostError


def test_metadata_move_to_the_worker(tmp_path):
    (tmp_path / "look" / "cache").mkdir(parents=True)
    (tmp_path / "look" / "cache" / "baseos.solv").write_text("x")
    one = states.create({}, str(tmp_path / "elkit"))
    manage.hand_over(SimpleNamespace(caches=lambda: {"cache": str(tmp_path / "look" / "cache")}), one)
    with open(one.path("cache", "baseos.solv")) as handle:
        assert handle.read() == "x"
    assert not (tmp_path / "look" / "cache").exists()


def test_what_cannot_be_moved_leaves_no_part(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    one = states.create({}, str(tmp_path / "elkit"))

    def full(_source, target):
        (tmp_path / "elkit" / "conversion" / one.data["number"] / "cache.new").mkdir()
        raise OSError(28, "No space left on device", target)
    monkeypatch.setattr(manage.shutil, "move", full)
    manage.hand_over(SimpleNamespace(caches=lambda: {"cache": str(tmp_path / "cache")}), one)
    assert sorted(path.name for path in (tmp_path / "elkit" / "conversion" / one.data["number"]).iterdir()) == ["state.json"]


@pytest.mark.parametrize("esp, efi", [
    (None, True), ({"partitions": [("sda", "sda1")], "error": None}, True), ({"partitions": [], "error": "efibootmgr is not there"}, False)],
    ids=["no EFI", "EFI", "the check efi is overridden"])
@pytest.mark.parametrize("kind", ["container", "machine"])
def test_what_the_boot_stage_is_asked(monkeypatch, esp, efi, kind):
    monkeypatch.setattr(manage.target, "repository_params", lambda *_more: {})
    rows = [{"package": package, "verdict": verdict} for package, verdict in [
        ("kernel-uek-core-5.15.0-1.el9uek.x86_64", "kept-beside"), ("kernel-rt-core-5.14.0-687.el9.x86_64", "replaced"), (None, "added-kernel")]]
    standard = {"release": "5.14.0-687.el9.x86_64", "flavour": "standard"}
    seen = SimpleNamespace(
        source=mapping.source("oracle", 9, "x86_64"), streams_after=[], repositories={"enabled": [], "configured": []}, targets=[], vault=[], keys="",
        dnf_check=[], drift={},
        registered=False, enabled_after=[], disabled_after=[], environment={"type": kind}, esp=esp, plan={"kernel": "rt", "items": []},
        kernel={"running": "5.14.0-687.el9.x86_64+rt", "installed": [standard, dict(standard, flavour="rt")]})
    data = manage.request_of(seen, {"packages": rows, "repositories": []},
                             {"ignore": [], "revert_cache": True, "source_extra": None, "registration": "refuse"})
    assert data["flavour"] == (None if kind == "container" else "rt"), "a container has no kernel of its own"
    assert data["boot"] == {"container": kind == "container", "itself": False, "arch": "x86_64", "flavour": "rt",
                            "beside": ["kernel-uek-core-5.15.0-1.el9uek.x86_64"], "rebuild": ["5.14.0-687.el9.x86_64+rt"], "efi": efi}


def test_no_kernel_is_asked_for_where_the_firmware_boots_it_by_itself(monkeypatch):
    monkeypatch.setattr(manage.target, "repository_params", lambda *_more: {})
    pi = {"release": "6.6.31-20240529.v8.1.el9", "flavour": "raspberrypi"}
    seen = SimpleNamespace(
        source=mapping.source("almalinux", 9, "aarch64"), streams_after=[], repositories={"enabled": [], "configured": []}, targets=[], vault=[], keys="",
        dnf_check=[], drift={}, registered=False, enabled_after=[], disabled_after=[], environment={"type": "machine"}, esp=None,
        plan={"kernel": None, "items": []}, kernel={"running": pi["release"], "installed": [pi]})
    data = manage.request_of(seen, {"packages": [], "repositories": []},
                             {"ignore": [], "revert_cache": True, "source_extra": None, "registration": "refuse"})
    assert data["flavour"] is None and data["boot"]["itself"] is True


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """(the State of a conversion that runs, a function that gives the seconds that attach() waited); time passes by sleeping alone."""
    one = states.create({}, str(tmp_path))
    one.begin("download")
    one.progress(1, 9, "a")
    clock = {"now": 100.0}
    monkeypatch.setattr(manage.states, "numbered", lambda _number: states.State(one.data, one.directory))
    monkeypatch.setattr(manage, "running", lambda: True)
    monkeypatch.setattr(manage.time, "time", lambda: clock["now"])
    monkeypatch.setattr(manage.time, "sleep", lambda seconds: clock.update(now=clock["now"] + seconds))
    return one, lambda: clock["now"] - 100


@pytest.mark.parametrize("known, least, most", [
    (["snapshot", None], manage.STAGE_SPELL, manage.STAGE_SPELL + 1),
    (["download", {"done": 0, "total": 9, "what": "z"}], manage.PACKAGE_SPELL, manage.PACKAGE_SPELL + 1),
    (["download", {"done": 1, "total": 9, "what": "a"}], 20, 21)], ids=["another stage", "another package", "nothing new"])
def test_reports_are_some_time_apart(worker, known, least, most):
    one, waited = worker
    answer = manage.attach(one.data["number"], known, 20)
    assert least <= waited() <= most and answer["alive"] and not answer["finished"]


def test_the_end_is_reported_at_once(worker):
    one, waited = worker
    one.finish(states.CONVERTED)
    assert manage.attach(one.data["number"], ["download", None], 20)["result"] == "converted" and waited() == 0


BESIDE = ["kernel-core-1-1.x86_64", "kernel-modules-1-1.x86_64"]


@pytest.mark.parametrize("installed, gone, keys, done, changed", [
    (BESIDE, BESIDE, ["a key"], BESIDE + ["keys"], True), (BESIDE, BESIDE[:1], ["a key"], BESIDE[:1], True), (BESIDE, [], ["a key"], [], False),
    ([], [], ["a key"], ["keys"], True), ([], [], [], ["keys"], False)],
    ids=["all of them", "one that could not come back stays", "they stay", "somebody removed them, or a run was lost", "something else needs the keys"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_the_keys_of_the_source_leave_after_its_kernels(tmp_path, monkeypatch, check_mode, installed, gone, keys, done, changed):
    last = states.create({"product": "rocky", "major": 9, "arch": "x86_64", "extra": None, "kernels_beside": BESIDE}, str(tmp_path))
    last.finish(states.CONVERTED)
    did = []
    monkeypatch.setattr(manage, "host_lock", contextlib.ExitStack)
    monkeypatch.setattr(manage, "outlived_kernels", lambda _state, _seen: (gone, []))
    monkeypatch.setattr(manage.kernels, "remove", did.extend)
    monkeypatch.setattr(manage.tidy, "clear_keys", lambda _source, state, check=False: (did.append("keys") if not check else None) or keys)
    seen = SimpleNamespace(database=SimpleNamespace(packages=[SimpleNamespace(nevra=nevra) for nevra in installed]))
    answer = manage.begin(seen, DONE_REPORT, {"follow_up": None}, last, check_mode)
    assert answer["changed"] is changed and answer["removed_kernels"] == gone and did == ([] if check_mode else done)
    if not check_mode and "keys" in done:
        del did[:]
        monkeypatch.setattr(manage, "outlived_kernels", lambda _state, _seen: ([], []))
        again = manage.begin(seen, DONE_REPORT, {"follow_up": None}, states.numbered(last.data["number"], str(tmp_path)), False)
        assert again["changed"] is False and did == [], "a key that somebody imports now is wanted"


@pytest.mark.parametrize("gone, removed, exchanged", [
    (["kernel-uek-1-1.x86_64", "linux-firmware-999:1-1.noarch"], ["kernel-uek-1-1.x86_64"], ["linux-firmware-999:1-1.noarch"]),
    (["linux-firmware-999:1-1.noarch"], None, ["linux-firmware-999:1-1.noarch"]), (["kernel-uek-1-1.x86_64"], ["kernel-uek-1-1.x86_64"], None)],
    ids=["both", "a run was lost in between", "no firmware stayed"])
def test_almalinux_s_firmware_comes_when_the_source_s_kernels_have_left(tmp_path, monkeypatch, gone, removed, exchanged):
    last = states.create({"product": "oracle", "major": 9, "arch": "x86_64", "extra": None, "kernels_beside": gone}, str(tmp_path))
    last.finish(states.CONVERTED)
    did = []
    monkeypatch.setattr(manage, "host_lock", contextlib.ExitStack)
    monkeypatch.setattr(manage.kernels.commands, "run", lambda argv, **_more: did.append(argv))
    monkeypatch.setattr(manage.look, "ask", lambda operation, data, _directory, _timeout: did.append([operation, data]))
    monkeypatch.setattr(manage.tidy, "clear_keys", lambda _source, _state: did.append("keys") or [])
    seen = SimpleNamespace(database=SimpleNamespace(packages=[SimpleNamespace(nevra=nevra) for nevra in gone]))
    assert manage.clear_kernels(last, seen, gone, False) == (True, [], [])
    assert did == ([["rpm", "-e"] + removed] if removed else []) + (
        [["exchange", {"number": last.data["number"], "packages": exchanged}]] if exchanged else []) + ["keys"]


@pytest.mark.parametrize("gone, changed", [(["kernel-uek-1-1.x86_64", "linux-firmware-999:1-1.noarch"], True), (["linux-firmware-999:1-1.noarch"], False)])
def test_firmware_that_cannot_be_had_stays_with_its_keys_until_a_later_run(tmp_path, monkeypatch, gone, changed):
    """The mirror of the day of the conversion is gone."""
    last = states.create({"product": "oracle", "major": 9, "arch": "x86_64", "extra": None, "kernels_beside": gone}, str(tmp_path))
    last.finish(states.CONVERTED)
    did, answers = [], [HostError("baseos: no such file"), None]

    def ask(*_arguments):
        answer = answers.pop(0)
        if answer:
            raise answer
    monkeypatch.setattr(manage, "host_lock", contextlib.ExitStack)
    monkeypatch.setattr(manage, "outlived_kernels", lambda _state, _seen: (gone, []))
    monkeypatch.setattr(manage.kernels.commands, "run", lambda argv, **_more: did.append(argv))
    monkeypatch.setattr(manage.look, "ask", ask)
    monkeypatch.setattr(manage.tidy, "clear_keys", lambda _source, _state: did.append("keys") or [])
    seen = SimpleNamespace(database=SimpleNamespace(packages=[SimpleNamespace(nevra=nevra) for nevra in gone]))
    answer = manage.begin(seen, DONE_REPORT, {"follow_up": None}, last, False)
    assert answer["changed"] is changed and answer["removed_kernels"] == gone[:-1] and "keys" not in did
    assert len(answer["warnings"]) == 1 and answer["warnings"][0] == (
        gone[-1] + " stays for now, beside a kernel that left: baseos: no such file. Run this again, or have AlmaLinux's: dnf distro-sync linux-firmware")
    gone = gone[-1:]
    del seen.database.packages[:-1]
    answer = manage.begin(seen, DONE_REPORT, {"follow_up": None}, states.numbered(last.data["number"], str(tmp_path)), False)
    assert answer["changed"] is True and answer["removed_kernels"] == gone and "warnings" not in answer and did[-1] == "keys"


@pytest.mark.parametrize("running, installed, said, did, left", [
    ("2-2.x86_64", BESIDE, (True, [], BESIDE), BESIDE, []), ("2-2.x86_64", BESIDE[:1], (True, [], BESIDE[:1]), BESIDE[:1], []),
    ("2-2.x86_64", [], (False, [], []), [], []), ("1-1.x86_64", BESIDE, (False, BESIDE, []), [], BESIDE)],
    ids=["all are there", "somebody removed one", "somebody removed all of them", "it runs still"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_the_kernel_that_ran_at_a_way_back_leaves_after_the_reboot(tmp_path, monkeypatch, check_mode, running, installed, said, did, left):
    one = states.create({}, str(tmp_path))
    one.finish(states.REVERTED)
    one.write("pending.json", BESIDE)
    ran = []
    monkeypatch.setattr(manage, "host_lock", contextlib.ExitStack)
    monkeypatch.setattr(manage.os, "uname", lambda: SimpleNamespace(release=running))
    monkeypatch.setattr(manage.kernels.commands, "run", lambda argv, **_more: ran.append(argv))
    monkeypatch.setattr(manage, "Context", lambda: SimpleNamespace(
        database=lambda: SimpleNamespace(packages=[SimpleNamespace(nevra=nevra) for nevra in installed])))
    answer = manage.after_reboot(one, check_mode)
    assert (answer["changed"], answer["pending_reboot"], answer["removed_kernels"]) == said
    assert ran == ([["rpm", "-e"] + did] if did and not check_mode else [])
    assert one.read("pending.json") == (BESIDE if check_mode else left)


def test_each_remedy_is_a_sentence():
    stopping = [{"id": name, "severity": "inhibitor", "overridden": False, "found": name, "remedy": remedy} for name, remedy in [
        ("mounts", "Mount it writable"), ("x", None), ("solver", "Remove them."), ("trust", "Check the URL")]]
    with pytest.raises(HostError) as caught:
        manage.begin(None, {"verdict": "inhibited", "checks": stopping}, {}, None, False)
    assert str(caught.value).endswith(". Mount it writable. Remove them. Check the URL")


DONE_REPORT = {"verdict": "almalinux", "packages": [], "checks": []}


@pytest.mark.parametrize("result, follow_up, asked, said", [
    (states.CONVERTED, "wanted", "wanted", "converted"), (states.CONVERTED, "wanted", None, None), (states.CONVERTED, "done", "wanted", None),
    (states.CONVERTED, None, "wanted", None), (states.REVERTED, "wanted", "wanted", None), (None, None, "wanted", None)],
    ids=["the play was lost", "nobody asks", "it was done", "nobody wanted it", "taken back", "never converted"])
def test_what_follows_a_conversion_is_owed_until_it_was_done(tmp_path, monkeypatch, result, follow_up, asked, said):
    last = None
    if result:
        last = states.create({}, str(tmp_path))
        last.data["follow_up"] = follow_up
        last.finish(result)
    monkeypatch.setattr(manage, "outlived_kernels", lambda _state, _seen: ([], []))
    answer = manage.begin(None, DONE_REPORT, {"follow_up": asked}, last, False)
    assert answer.get("result") == said and answer["changed"] is False and answer["verdict"] == "almalinux"


@pytest.mark.parametrize("check_mode, left", [(False, None), (True, "converted")])
def test_once_it_is_done_nothing_is_owed(tmp_path, monkeypatch, check_mode, left):
    one = states.create({}, str(tmp_path))
    one.data["follow_up"] = "wanted"
    one.finish(states.CONVERTED)
    monkeypatch.setattr(manage.states, "newest", lambda: states.numbered(one.data["number"], str(tmp_path)))
    assert manage.follow_up(check_mode)["changed"] is False
    assert manage.unfollowed(manage.states.newest(), {"follow_up": "wanted"}).get("result") == left


FOUND = {"remains": ["bash-5-1.el9.x86_64 is still of CentOS"]}


@pytest.mark.parametrize("change, said", [
    (lambda one: one.finish(states.CONVERTED), FOUND),
    (lambda one: one.data.update(stage="verify", error={"message": "does not pass", "remedy": None, "stage": "verify"}), FOUND),
    (lambda one: one.data.update(stage="boot", error={"message": "no kernel", "remedy": None, "stage": "boot"}), None),
    (lambda one: None, None)], ids=["it passed", "it did not", "it stopped before", "it works"])
def test_what_the_verification_found_is_said_whatever_it_was(worker, monkeypatch, change, said):
    one, _waited = worker
    one.write("verdict.json", FOUND)
    monkeypatch.setattr(manage, "running", lambda: False)
    change(one)
    assert manage.attach(one.data["number"], ["download", None], 1)["verdict_after"] == said


def test_a_way_back_says_what_was_not_put_back(worker):
    one, _waited = worker
    one.data.update(request={"product": "rocky"}, direction=states.BACK)
    one.write("absent.json", ["acme-1-1.x86_64"])
    one.finish(states.REVERTED, {"message": "not everything", "remedy": "Install it", "stage": "back-verify"})
    answer = manage.attach(one.data["number"], ["back-verify", None], 1)
    assert answer["not_restored"] == ["acme-1-1.x86_64"] and answer["error"]["message"] == "not everything"


def test_what_did_not_stop_a_conversion_is_said_at_its_end(worker):
    one, _waited = worker
    one.write(states.NOTES, ["the key of epel cannot be fetched"])
    one.finish(states.CONVERTED)
    assert manage.attach(one.data["number"], ["verify", None], 1)["warnings"] == ["the key of epel cannot be fetched"]


@pytest.mark.parametrize("stage, touched", [("", False), ("snapshot", False), ("test", False), ("registration", True), ("boot", True)])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_conversion_that_has_changed_nothing_is_over_and_changes_nothing(tmp_path, monkeypatch, check_mode, stage, touched):
    """However long ago it was ended: what others have changed since stays."""
    one = states.create({"revert_cache": True}, str(tmp_path))
    if stage:
        one.begin(stage)
    monkeypatch.setattr(manage.states, "newest", lambda: states.numbered(one.data["number"], str(tmp_path)))
    monkeypatch.setattr(manage, "running", lambda: False)
    asked = []
    monkeypatch.setattr(manage, "check_way_back", lambda _state, _params: asked.append("way back"))
    monkeypatch.setattr(manage, "foreseen", lambda _state: {})
    monkeypatch.setattr(manage, "resume", lambda _state: {})
    answer = manage.revert({"force": False}, check_mode)
    assert asked == (["way back"] if touched else [])
    if not touched:
        assert answer["changed"] is False and manage.states.newest().data["result"] == (None if check_mode else states.REVERTED)


def test_a_run_that_goes_on_trusts_what_the_user_trusts_now(tmp_path, monkeypatch):
    one = states.create({"repositories": {"trusted_keys": []}}, str(tmp_path))
    one.begin("repositories")
    monkeypatch.setattr(manage.states, "newest", lambda: states.numbered(one.data["number"], str(tmp_path)))
    monkeypatch.setattr(manage, "running", lambda: False)
    monkeypatch.setattr(manage, "start", lambda _state: None)
    manage.convert({"trusted_keys": ["A" * 40]}, False)
    assert manage.states.newest().data["request"]["repositories"]["trusted_keys"] == ["A" * 40]


@pytest.mark.parametrize("cache, ignore, gone", [(True, [], []), (True, ["rollback-packages"], BESIDE), (False, [], BESIDE)])
def test_kernels_that_cannot_be_had_again_go_where_the_way_back_may_be_without_them(tmp_path, monkeypatch, cache, ignore, gone):
    last = states.create({"product": "rocky", "major": 9, "arch": "x86_64", "extra": None, "kernels_beside": BESIDE, "revert_cache": cache,
                          "ignore": ignore}, str(tmp_path))
    last.finish(states.CONVERTED)
    last.write("source-packages.json", {"kept": {}})
    kernel = {"running": "5.14.0-687.el9.x86_64", "installed": [
        {"release": "5.14.0-687.el9.x86_64", "vendor": "AlmaLinux", "flavour": "standard", "package": "kernel-core-5.14.0-687.el9.x86_64"}]}
    seen = SimpleNamespace(environment={"type": "machine"}, kernel=kernel, database=SimpleNamespace(
        packages=[SimpleNamespace(nevra=nevra) for nevra in BESIDE]))
    assert manage.outlived_kernels(last, seen) == (gone, [nevra for nevra in BESIDE if nevra not in gone])
    if not gone:
        monkeypatch.setattr(manage, "host_lock", contextlib.ExitStack)
        answer = manage.begin(seen, DONE_REPORT, {"follow_up": None}, last, False)
        assert len(answer["warnings"]) == 1 and BESIDE[0] in answer["warnings"][0] and answer["changed"] is False


PROXY = "http://us$er:it's%20me@proxy.example.com:3128/"


def test_the_worker_gets_the_proxies_and_nobody_sees_them(tmp_path, monkeypatch):
    for name in manage.PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", PROXY)
    monkeypatch.setenv("no_proxy", "localhost,.example.com")
    one = states.create({}, str(tmp_path))
    monkeypatch.setattr(manage.states, "newest", lambda: one)
    monkeypatch.setattr(manage, "running", lambda: True)
    monkeypatch.setattr(manage.commands, "find", lambda name: "/usr/bin/" + name)
    started = []
    monkeypatch.setattr(manage.commands, "run", started.append)
    manage.start(one)
    assert "proxy.example.com" not in str(started)
    path = tmp_path / "conversion" / one.data["number"] / "proxies"
    assert path.stat().st_mode & 0o777 == 0o600
    # What is started, but for the worker itself.
    shell = started[0][-1].replace("exec ", "exec env; : ")
    done = subprocess.run(["/bin/sh", "-c", shell.split(" >>")[0]], env={}, stdout=subprocess.PIPE, check=True)
    assert {"https_proxy=" + PROXY, "no_proxy=localhost,.example.com"} <= set(done.stdout.decode().splitlines())
    assert not path.exists()


@pytest.mark.parametrize("stage, cache, after, edit, force, words", [
    ("verify", True, True, "centos.repo", False, "changed by someone else since: {0}/centos.repo"),
    ("verify", True, True, "new.repo", False, "changed by someone else since: {0}/new.repo"),
    ("verify", True, True, "centos.repo", True, None),
    ("verify", True, True, "untouched", False, None),
    ("verify", True, True, None, False, None),
    ("transaction", True, False, "centos.repo", False, None),
    ("verify", False, True, None, False, "were not kept"),
    ("verify", False, True, None, True, "were not kept"),
    ("transaction", False, False, None, False, "were not kept"),
    ("download", False, False, None, False, None)],
    ids=["a file that was written", "a file that came", "by force", "a file of somebody's own", "nothing", "where it did not come to its end",
         "without the packages", "without them, by force", "rpm may have begun", "rpm has not begun"])
def test_what_stands_against_a_way_back(tmp_path, monkeypatch, stage, cache, after, edit, force, words):
    etc = tmp_path / "etc"
    etc.mkdir()
    monkeypatch.setattr(manage.snapshot.take, "__defaults__", (None, (str(etc),)))
    for name in ("centos.repo", "untouched"):
        (etc / name).write_text("as it was\n")
    one = states.create({"revert_cache": cache}, str(tmp_path / "elkit"))
    one.write("etc-before.json", manage.snapshot.take())
    for name in ("centos.repo", "new.repo"):
        (etc / name).write_text("of the conversion\n")
    if after:
        one.write("etc-after.json", manage.snapshot.take())
    one.begin(stage)
    if edit:
        (etc / edit).write_text("by hand\n")
    if words is None:
        manage.check_way_back(one, {"force": force})
        return
    with pytest.raises(ElkitError) as caught:
        manage.check_way_back(one, {"force": force})
    assert words.format(etc) in str(caught.value)
    assert caught.value.details.get("paths") == ([str(etc / edit)] if edit else None)
