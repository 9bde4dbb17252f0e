# SPDX-License-Identifier: GPL-3.0-or-later
"""What a way back decides."""
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import back
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, VerificationError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files


def kernel(name, version="5.14.0-687.el9.aarch64"):
    return {"nevra": "{0}-{1}".format(name, version), "name": name, "hash": "new"}


@pytest.mark.parametrize("running, stays", [
    ("5.14.0-687.el9.aarch64", True), ("5.14.0-687.el9.aarch64+64k", True), ("5.14.0-687.el9.aarch64+rt-64k", True), ("5.14.0-600.el9.aarch64+64k", False)])
@pytest.mark.parametrize("name", ["kernel-core", "kernel-64k-core", "kernel-64k-devel", "kernel-rt-64k-modules-core", "kernel-debug-devel"])
def test_the_kernel_that_runs_stays_whatever_its_flavour(name, running, stays):
    _add, erase, stay = back.difference([], [kernel(name)], running)
    assert (stay, erase) == (([kernel(name)], []) if stays else ([], [kernel(name)]))


def test_the_source_s_build_of_the_kernel_that_runs_takes_the_place_of_almalinux_s():
    theirs, other = dict(kernel("kernel-core"), hash="old"), kernel("kernel-core", "5.14.0-700.el9.aarch64")
    assert back.difference([theirs], [kernel("kernel-core"), other], "5.14.0-687.el9.aarch64") == ([theirs], [kernel("kernel-core"), other], [])


def test_of_a_kernel_that_is_the_source_s_again_nothing_stays():
    """Not what somebody installed of it since: after a reboot nobody could tell the two kernels apart."""
    running, theirs = "5.14.0-687.el9.aarch64", dict(kernel("kernel-core"), hash="old")
    since = kernel("kernel-devel")
    assert back.difference([theirs], [kernel("kernel-core"), since], running)[1:] == ([kernel("kernel-core"), since], [])
    # The very same build: it never left.
    assert back.difference([theirs], [theirs, since], running) == ([], [since], [])
    # That of another flavour is no way to boot this one.
    runs = kernel("kernel-64k-core")
    assert back.difference([theirs], [kernel("kernel-core"), runs], running + "+64k") == ([theirs], [kernel("kernel-core")], [runs])


def test_nothing_else_of_that_version_stays():
    assert back.difference([], [kernel("kernel-tools")], "5.14.0-687.el9.aarch64")[1] == [kernel("kernel-tools")]


@pytest.mark.parametrize("now, earlier, before, copies", [
    (["/etc/a.repo.rpmsave"], [], {}, ["/etc/a.repo.rpmsave"]),
    (["/etc/a.rpmsave", "/etc/b.rpmnew"], ["/etc/b.rpmnew"], {}, ["/etc/a.rpmsave"]),
    (["/etc/a.rpmsave"], [], {"/etc/a.rpmsave": {}}, []),
    (["/etc/a.rpmsave"], None, {}, []),
], ids=["none before", "one was there", "it was there before the conversion", "not noted"])
def test_only_copies_of_this_way_back_go(now, earlier, before, copies):
    assert back.set_aside(now, earlier, before) == copies


def package(name, build, arch="x86_64"):
    return {"nevra": "{0}-{1}.{2}".format(name, build, arch), "name": name, "arch": arch, "hash": "{0} of {1}".format(build, name), "vendor": "x"}


BASH, BASH_THERE, ACME, LOGOS = package("bash", "5-1"), package("bash", "5-2"), package("acme", "1-1"), package("almalinux-logos", "9-1", "noarch")
KERNEL, KERNEL_THERE = package("kernel-core", "5-1"), package("kernel-core", "5-2")


@pytest.mark.parametrize("add, erase, absent, come, go", [
    ([BASH, ACME], [BASH_THERE, LOGOS], [], [BASH, ACME], [BASH_THERE, LOGOS]),
    ([BASH, ACME], [BASH_THERE, LOGOS], [ACME], [BASH], [BASH_THERE, LOGOS]),
    ([BASH, ACME], [BASH_THERE, LOGOS], [BASH], [ACME], [LOGOS]),
    ([BASH], [BASH_THERE], [BASH], [], []),
    ([KERNEL, package("kernel-core", "4-9")], [KERNEL_THERE], [KERNEL], [package("kernel-core", "4-9")], [KERNEL_THERE]),
    ([KERNEL, package("kernel-core", "4-9")], [dict(KERNEL, hash="ours")], [KERNEL], [package("kernel-core", "4-9")], [])],
    ids=["all are there", "one that is gone", "one that has another in its place", "that one alone", "one of several",
         "one of several, with one in its own place"])
def test_what_cannot_be_had_does_not_stop_the_rest(add, erase, absent, come, go):
    assert back.without(add, erase, absent) == (come, go)


@pytest.fixture
def one(tmp_path, monkeypatch):
    """(the Back of a host that was bash and acme, and of which bash alone was kept; what is installed now, to be changed)."""
    state = states.create({"boot": {"container": True}}, str(tmp_path))
    state.finish(states.CONVERTED)
    state.turn_back()
    kept = tmp_path / "bash.rpm"
    kept.write_text(u"rpm")
    state.write("packages-before.json", [ACME, BASH])
    state.write("source-packages.json", {"kept": {BASH["nevra"]: str(kept)}, "missing": [ACME["nevra"]]})
    now = [BASH_THERE]
    monkeypatch.setattr(back.rpm_transaction, "installed", lambda: list(now))
    return back.Back(state), now


def test_what_was_kept_is_put_back_and_the_rest_is_named(one, monkeypatch):
    way, now = one
    assert way.left() == ([BASH], [BASH_THERE], [], [ACME])
    for stage in states.BACK_STAGES[:-1]:
        monkeypatch.setattr(way, stage.replace("-", "_"), lambda: None)
    monkeypatch.setattr(back.remains, "imported_keys", lambda: {})
    monkeypatch.setattr(back.snapshot, "take", lambda: {})
    for name in ("keys-before.json", "etc-before.json", "etc-after.json"):
        way.state.write(name, {})
    now[:] = [BASH]
    error = way.backward()
    assert ACME["nevra"] in error["message"] and BASH["nevra"] not in error["message"] and error["remedy"]
    now[:] = [ACME, BASH]
    assert way.backward() is None


def test_what_was_kept_and_is_gone_stops_it(one):
    way, _now = one
    way.kept[BASH["nevra"]] += ".gone"
    with pytest.raises(HostError) as caught:
        way.left()
    assert BASH["nevra"] in caught.value.message and way.kept[BASH["nevra"]] in caught.value.remedy and "acme" not in str(caught.value)


@pytest.mark.parametrize("there, done, again", [
    ([BASH, BASH_THERE], False, [BASH]), ([BASH_THERE], False, [BASH]), ([BASH, BASH_THERE], True, []), ([ACME, BASH], False, [])],
    ids=["beside the new one", "gone already", "rpm came to its end", "rpm had not begun"])
def test_what_a_transaction_has_written_over_comes_once_more(one, there, done, again):
    """rpm lays the files of the new build over those of the old one, and was ended before it took that away."""
    way, now = one
    way.state.write("plan.json", {"rows": [{"package": BASH["nevra"], "verdict": "upgraded"}, {"package": ACME["nevra"], "verdict": "kept-third-party"}]})
    if done:
        way.state.end("transaction", 1)
    now[:] = there
    found = back.Back(way.state)
    assert found.again == {item["nevra"] for item in again}
    if BASH in there and again:
        assert found.left(found.again)[:2] == ([BASH], [BASH_THERE]) and found.left()[0] == []
        assert {"package": BASH_THERE["nevra"], "verdict": "returns", "becomes": BASH["nevra"]} in found.foreseen()


ROWS = [{"package": "almalinux-logos-9-1.noarch", "verdict": "removed", "becomes": None},
        {"package": None, "verdict": "returns", "becomes": "centos-logos-9-1.noarch"},
        {"package": "bash-5-2.x86_64", "verdict": "returns", "becomes": "bash-5-1.x86_64"},
        {"package": "sed-4-8.x86_64", "verdict": "returns", "becomes": "sed-4-8.x86_64"},
        {"package": "kernel-core-5-2.x86_64", "verdict": "pending-reboot", "becomes": None},
        {"package": None, "verdict": "not-kept", "becomes": "acme-1-1.x86_64"}]


def test_what_becomes_of_each_package():
    add = [BASH, package("sed", "4-8"), package("centos-logos", "9-1", "noarch")]
    erase = [BASH_THERE, package("sed", "4-8"), LOGOS]
    found = back.rows(add, erase, [KERNEL_THERE], [ACME])
    assert found == sorted(ROWS, key=lambda row: row["package"] or row["becomes"])


def test_a_way_back_shows_packages_and_files():
    packages, files = back.diff(ROWS, ["/etc/almalinux-release", "/etc/centos-release"], {"/etc/centos-release": {}})
    assert packages["before"].split() == ["almalinux-logos-9-1.noarch", "bash-5-2.x86_64", "sed-4-8.x86_64"]
    assert packages["after"].splitlines() == ["centos-logos-9-1.noarch", "bash-5-1.x86_64", "sed-4-8.x86_64 (the source's build)"]
    assert files["before"].split() == ["/etc/almalinux-release", "/etc/centos-release"] and files["after"] == "/etc/centos-release (as it was)\n"


def test_what_is_foreseen_is_what_is_then_done(one):
    way, _now = one
    assert way.foreseen() == [{"package": None, "verdict": "not-kept", "becomes": ACME["nevra"]},
                              {"package": BASH_THERE["nevra"], "verdict": "returns", "becomes": BASH["nevra"]}]


CENTOS, ALMALINUX, EPEL = {"A" * 40: "gpg-pubkey-a"}, {"B" * 40: "gpg-pubkey-b"}, {"C" * 40: "gpg-pubkey-c"}


@pytest.mark.parametrize("after, now, gone", [
    ([CENTOS, ALMALINUX], [CENTOS, ALMALINUX], ["gpg-pubkey-b"]), ([CENTOS, ALMALINUX], [CENTOS, ALMALINUX, EPEL], ["gpg-pubkey-b"]),
    ([ALMALINUX], [ALMALINUX, EPEL], ["gpg-pubkey-b"]), ([CENTOS, ALMALINUX], [CENTOS], []),
    (None, [CENTOS, ALMALINUX, EPEL], ["gpg-pubkey-b", "gpg-pubkey-c"])],
    ids=["AlmaLinux's", "one that somebody imported since", "the source's went meanwhile", "none is left", "an unfinished conversion"])
def test_the_keys_that_the_conversion_imported_go_and_no_others(one, monkeypatch, after, now, gone):
    way, _now = one
    calls = []
    there = dict(pair for keys in now for pair in keys.items())
    monkeypatch.setattr(back.remains, "imported_keys", lambda: there)
    monkeypatch.setattr(back.remains, "leftovers", lambda: [])
    monkeypatch.setattr(back.snapshot, "take", lambda: {})
    monkeypatch.setattr(back.commands, "run", lambda argv, check: calls.append(argv[-1]))
    for name, value in (("keys-before.json", CENTOS), ("etc-before.json", {}), ("etc-after.json", {})):
        way.state.write(name, value)
    if after is not None:
        way.state.write("keys-after.json", dict(pair for keys in after for pair in keys.items()))
    way.back_files()
    assert calls == gone


# --- the verdict ------------------------------------------------------------------------------------------------------

class World(object):
    """A host at the end of a way back that nothing is wrong with; the cases change one thing."""

    def __init__(self, now):
        self.now = now
        self.now[:] = [ACME, BASH]
        self.keys, self.boot = {"A" * 40: "gpg-pubkey-a"}, []
        self.before, self.after, self.etc = {"/etc/a": 1, "/etc/b": 1}, {"/etc/a": 2, "/etc/b": 1, "/etc/new": 1}, {"/etc/a": 1, "/etc/b": 1}


@pytest.fixture
def end(one, monkeypatch):
    """(the Back, its World): back_verify() of it looks at that."""
    way, now = one
    world = World(now)
    monkeypatch.setattr(back.remains, "imported_keys", lambda: world.keys)
    monkeypatch.setattr(back.snapshot, "take", lambda: world.etc)
    monkeypatch.setattr(back.boot, "not_as_before", lambda request, noted: world.boot if (request, noted) == (
        {"container": True}, {"default": "/boot/vmlinuz-1", "entries": []}) else ["asked for something else"])
    way.state.write("boot-before.json", {"default": "/boot/vmlinuz-1", "entries": []})

    def verify():
        way.state.write("keys-before.json", {"A" * 40: "gpg-pubkey-a"})
        way.state.write("etc-before.json", world.before)
        way.state.write("etc-after.json", world.after)
        return way.back_verify()
    return way, world, verify


def test_a_way_back_that_passes(end):
    way, _world, verify = end
    assert verify() == "as it was" and way.state.read("absent.json") == [] and way.state.read("pending.json") == []


def lose(world):
    world.now.remove(BASH)


def change_build(world):
    world.now[:] = [ACME, dict(BASH, hash="of AlmaLinux")]


@pytest.mark.parametrize("change, said", [
    (lose, ["bash-5-1.x86_64 is missing"]),
    (change_build, ["bash-5-1.x86_64 is missing", "bash-5-1.x86_64 is still there"]),
    (lambda world: world.now.append(LOGOS), ["almalinux-logos-9-1.noarch is still there"]),
    (lambda world: world.keys.clear(), ["the key {0} is imported no more".format("A" * 40)]),
    (lambda world: world.etc.update({"/etc/a": 2}), ["/etc/a is not what it was"]),
    (lambda world: world.etc.pop("/etc/a"), ["/etc/a is not what it was"]),
    (lambda world: world.etc.update({"/etc/new": 1}), ["/etc/new is not what it was"]),
    # Where the conversion did not come to its end, nobody knows what it changed.
    (lambda world: vars(world).update(after=None, etc={"/etc/a": 1, "/etc/b": 2}), ["/etc/b is not what it was"]),
    (lambda world: world.boot.append("the default kernel is x, not y"), ["the default kernel is x, not y"])],
    ids=["package", "build", "AlmaLinux's package", "key", "file", "file that is gone", "file that came", "an unfinished conversion's file", "boot"])
def test_what_must_not_be_after_a_way_back(end, change, said):
    _way, world, verify = end
    change(world)
    with pytest.raises(VerificationError) as caught:
        verify()
    assert caught.value.details["remains"] == said and all(item in caught.value.message for item in said) and caught.value.remedy


@pytest.mark.parametrize("change", [
    lambda world: world.keys.update({"B" * 40: "gpg-pubkey-b"}), lambda world: world.etc.update({"/etc/b": 2, "/etc/mine": 1}),
], ids=["a key that came", "a file that the conversion left alone"])
def test_what_may_be_after_a_way_back(end, change):
    _way, world, verify = end
    change(world)
    assert verify() == "as it was"


def test_what_was_not_kept_and_what_waits_for_a_reboot_is_noted(end, monkeypatch):
    way, world, verify = end
    monkeypatch.setattr(back.os, "uname", lambda: SimpleNamespace(release="5-2.x86_64"))
    world.now[:] = [BASH, KERNEL_THERE]
    assert verify() == "pending reboot: 5-2.x86_64 runs"
    assert way.state.read("absent.json") == [ACME["nevra"]] and way.state.read("pending.json") == [KERNEL_THERE["nevra"]]


# --- and what leads to it -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("noted, content, words", [
    (True, "rpm", None), (True, "rpM", "not what was fetched and checked"), (False, "rpM", None)], ids=["as it was", "changed since", "by an older version"])
def test_what_was_kept_is_looked_at_before_anything_is_done(one, monkeypatch, noted, content, words):
    way, _now = one
    path = way.kept[BASH["nevra"]]
    way.digests = {BASH["nevra"]: files.digest(path)} if noted else {}
    with open(path, "w") as handle:
        handle.write(content)
    ran = []
    monkeypatch.setattr(back.rpm_transaction, "run", lambda add, erase, _progress, test=False: ran.append((add, erase, test)))
    monkeypatch.setattr(back.remains, "leftovers", lambda: [])
    way.state.write("etc-before.json", {})
    for stage in (way.back_test, way.back_transaction):
        if words:
            with pytest.raises(HostError, match=words):
                stage()
        else:
            stage()
    todo = ([(path, False)], [(BASH_THERE["nevra"], BASH_THERE["hash"])])
    assert ran == ([] if words else [todo + (True,), todo + (False,)])


def test_a_before_image_that_is_gone_stops_it_before_anything_is_done(one, monkeypatch):
    way, _now = one
    monkeypatch.setattr(back.rpm_transaction, "run", lambda *_arguments, **_more: pytest.fail("something was done"))
    way.state.write("etc-before.json", {"/etc/a": {"type": "file", "sha256": "0" * 64}})
    with pytest.raises(HostError, match="/etc/a"):
        way.back_test()
