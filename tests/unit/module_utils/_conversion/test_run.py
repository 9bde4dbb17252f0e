# SPDX-License-Identifier: GPL-3.0-or-later
"""When a conversion goes on: only where all is what was agreed to."""
import os
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import look, plan, run
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf.agent import Failure
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, TrustError, VerificationError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files


def comes(nevra, action="upgrade"):
    return {"action": action, "nevra": nevra, "repository": "baseos"}


def goes(nevra, action="remove"):
    return {"action": action, "nevra": nevra, "repository": None}


def answer(*items, **problems):
    return dict({"items": list(items), "problems": [], "not_allowed": [], "unmarked": []}, **problems)


def have(nevra, build="theirs"):
    return {"nevra": nevra, "hash": build}


PLANNED = [comes("bash-5-2"), goes("rocky-release-9-1"), goes("acme-1-1", "obsoleted")]
THERE = [have("bash-5-1"), have("rocky-release-9-1")]


@pytest.mark.parametrize("items", [PLANNED, PLANNED[:2], PLANNED[::-1]], ids=["the same", "what is obsoleted follows", "the order does not count"])
def test_what_was_agreed_to_runs(items):
    run.agree(answer(*items), plan.moves(PLANNED), THERE, list(THERE))


@pytest.mark.parametrize("found, now, words", [
    (answer(comes("bash-5-3"), goes("rocky-release-9-1")), THERE, ["other packages", "bash-5-2", "bash-5-3"]),
    (answer(comes("bash-5-2")), THERE, ["other packages", "rocky-release-9-1"]),
    (answer(comes("bash-5-2"), goes("rocky-release-9-1"), goes("sudo-1-1")), THERE, ["other packages", "sudo-1-1"]),
    (answer(*PLANNED), THERE + [have("htop-3-1")], ["changed since", "htop-3-1"]),
    (answer(*PLANNED), [have("bash-5-1", "ours")] + THERE[1:], ["changed since", "bash-5-1"]),
    (answer(problems=["nothing provides libold"]), THERE, ["do not fit together", "libold"]),
    (answer(*PLANNED, **{"not_allowed": ["sudo-1-1"]}), THERE, ["would be lost", "sudo-1-1"]),
    (answer(*PLANNED, **{"unmarked": [{"what": "x", "reason": "y"}]}), THERE, ["cannot do"])],
    ids=["newer", "less", "more goes", "installed since", "another build", "nothing fits", "off the leash", "unmarked"])
def test_anything_else_stops(found, now, words):
    with pytest.raises(HostError) as caught:
        run.agree(found, plan.moves(PLANNED), THERE, now)
    assert all(word in caught.value.message for word in words) and caught.value.remedy


def test_one_that_was_begun_by_an_older_version_goes_on():
    run.agree(answer(*PLANNED), None, THERE, THERE)


class Fetched(object):
    """As much of a state and a base as Run.fetched() needs."""

    def __init__(self, checked):
        self.state = SimpleNamespace(read=lambda _name: checked, progress=None)
        self.base = SimpleNamespace(transaction=True)
        self.has_fetched = False


@pytest.mark.parametrize("checked, fine", [({"bash-5-2": {"hash": "good"}}, True), ({"bash-5-2": {"hash": "other"}}, False), ({}, False)],
                         ids=["the same", "another build", "not checked"])
def test_what_is_fetched_anew_is_what_was_checked(monkeypatch, checked, fine):
    monkeypatch.setattr(run.dnf_conversion, "download", lambda _base, _progress: {"bash-5-2": "/cache/bash.rpm"})
    monkeypatch.setattr(run.rpm_transaction, "read_file", lambda path: path)
    monkeypatch.setattr(run.rpm_transaction, "header_hash", lambda _header: "good")
    one = Fetched(checked)
    if fine:
        run.Run.fetched(one)
        assert one.has_fetched
    else:
        with pytest.raises(HostError, match="bash-5-2"):
            run.Run.fetched(one)


@pytest.mark.parametrize("stage, anew", [("snapshot", True), ("download", True), ("test", True), ("registration", False), ("transaction", False)])
def test_what_was_there_is_noted_anew_as_long_as_nothing_was_changed(tmp_path, monkeypatch, stage, anew):
    """A run that was ended on Monday goes on on Wednesday, and somebody had the time between."""
    state = states.create({"product": "rocky", "major": 9, "arch": "x86_64", "extra": {}}, str(tmp_path))
    state.begin("snapshot")
    state.end("snapshot", 1)
    if stage != "snapshot":
        state.begin(stage)
    did = []
    for name in states.FORWARD_STAGES:
        monkeypatch.setattr(run.Run, name, lambda _self, name=name: did.append(name))
    monkeypatch.setattr(run.Run, "recover", lambda _self: None)
    monkeypatch.setattr(run.Run, "note_files", lambda _self: did.append("noted"))
    run.Run(state).forward()
    assert did == (["noted"] if anew else []) + list(states.FORWARD_STAGES[1:])


def test_what_is_wrong_with_the_key_of_epel_is_said_at_the_end(tmp_path, monkeypatch):
    state = states.create({"product": "rocky", "major": 9, "arch": "x86_64", "extra": {}, "repositories": {}}, str(tmp_path))
    monkeypatch.setattr(run.remains, "drop_source_repositories", lambda _source, _request: None)
    monkeypatch.setattr(run.repo_flow, "ensure", lambda _params, _check_mode, concern: {"repositories": [], "warnings": ["EPEL's key"]})
    assert run.Run(state).repositories() == "0 enabled" and state.read(states.NOTES) == ["EPEL's key"]


# --- the packages of the source, for the way back ---------------------------------------------------------------------

def leaves(nevra, verdict="upgraded"):
    return {"package": nevra, "verdict": verdict, "becomes": None}


KERNEL = "kernel-core-5-1"


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A Run before it keeps the source's packages: bash and rocky-release leave, a kernel stays beside. fetch({nevra: build}): what the mirror has."""
    state = states.create({"product": "rocky", "major": 9, "arch": "x86_64", "extra": {}, "ignore": [], "kernels_beside": [KERNEL],
                           "source_repositories": ["baseos", "acme"], "vault": ["the vault"],
                           "settings": {"repositories": [{"id": "baseos"}, {"id": "appstream"}]}}, str(tmp_path))
    state.write("packages-before.json", [have("bash-5-1"), have("rocky-release-9-1"), have(KERNEL), have("acme-1-1")])
    one = run.Run(state)
    one.answer = {"rows": [leaves("bash-5-1"), leaves("rocky-release-9-1", "removed"), leaves(KERNEL, "kept-beside"), leaves("acme-1-1", "kept-third-party")]}
    asked = []

    def fetch(builds):
        for nevra, build in builds.items():
            (tmp_path / nevra).write_text(build)
        monkeypatch.setattr(run.dnf_conversion, "fetch_exact", lambda _base, wanted: asked.append(wanted) or dict(
            (nevra, str(tmp_path / nevra)) for nevra in builds if nevra in wanted))
    monkeypatch.setattr(run.dnf_conversion, "source_base", lambda settings, keep, more: asked.append((settings["cache"], keep, more)) or SimpleNamespace(
        close=lambda: None))
    # Of the vault and of a repository of the source.
    monkeypatch.setattr(run.dnf_conversion, "silent", lambda _base: ["baseos", "elkit-vault-crb"])
    monkeypatch.setattr(run.rpm_transaction, "read_file", lambda path: path)
    monkeypatch.setattr(run.rpm_transaction, "header_hash", files.read_text)
    one.fetch, one.asked = fetch, asked
    return one


ALL = {"bash-5-1": "theirs", "rocky-release-9-1": "theirs", KERNEL: "theirs", "acme-1-1": "theirs"}


def without(gone):
    return dict((nevra, build) for nevra, build in ALL.items() if nevra != gone)


def test_what_the_enabled_repositories_lack_is_looked_for_in_those_that_are_not(source):
    source.request["spare_repositories"] = ["crb"]
    source.fetch(ALL)
    source.keep_source()
    assert len(source.asked) == 2, "nothing was lacking"
    del source.asked[:]
    source.fetch(without("bash-5-1"))
    with pytest.raises(HostError, match="bash-5-1"):
        source.keep_source()
    assert source.asked[2:] == [(source.state.path("source-cache"), ["crb"], []), {"bash-5-1"}]


def test_the_look_goes_on_to_them_too_for_what_leaves(tmp_path, monkeypatch):
    """The first round does not know what will leave. Both load their metadata where the worker is handed them from."""
    monkeypatch.setattr(run.rpm_transaction, "installed", lambda: [{"nevra": name + "-1-1.x86_64", "name": name} for name in ("bash", "ninja-build", "acme")])
    have_them, asked, caches = {"baseos": ["bash-1-1.x86_64"], "crb": ["ninja-build-1-1.x86_64"]}, [], set()

    def opened(settings, keep, _more):
        os.makedirs(settings["cache"], exist_ok=True)
        caches.add(settings["cache"])
        return SimpleNamespace(keep=keep, close=lambda: None)
    monkeypatch.setattr(run.dnf_conversion, "source_base", opened)
    monkeypatch.setattr(run.dnf_conversion, "silent", lambda base: base.keep[:1] + ["elkit-vault-crb"])
    monkeypatch.setattr(run.dnf_conversion, "builds_of", lambda base, wanted: asked.append((base.keep, wanted)) or dict(
        (nevra, [[1, 1]]) for repository in base.keep for nevra in have_them[repository] if nevra in wanted))
    request = {"source_repositories": ["baseos"], "spare_repositories": ["crb"], "vault": [], "settings": {"directory": str(tmp_path)}}
    first = run.builds(request)
    assert sorted(first["found"]) == ["bash-1-1.x86_64"] and first["silent"] == ["baseos"]
    answer = {"rows": [leaves("bash-1-1.x86_64"), leaves("ninja-build-1-1.x86_64"), leaves("acme-1-1.x86_64", "kept-third-party")]}
    there = run.all_builds(request, answer, first)
    assert sorted(there["found"]) == ["bash-1-1.x86_64", "ninja-build-1-1.x86_64"]
    answer["built"] = dict.fromkeys(["bash-1-1.x86_64", "ninja-build-1-1.x86_64", "kernel-uek-1-1.x86_64", "kernel-uek-2-1.x86_64"], 1)
    answer["rows"] += [leaves(nevra, "kept-beside") for nevra in ("kernel-uek-1-1.x86_64", "kernel-uek-2-1.x86_64")]
    there["found"]["kernel-uek-2-1.x86_64"] = [[1, 40]]
    assert run.way_back(answer, there) == {"missing": [], "later": ["kernel-uek-1-1.x86_64"], "size": 42, "silent": ["baseos", "crb"]}
    assert [keep for keep, _wanted in asked] == [["baseos"], ["crb"]] and asked[1][1] == {"ninja-build-1-1.x86_64": "ninja-build"}
    seen = look.Seen(SimpleNamespace(is_root=True, identity=lambda: (None, [])))
    seen.directory = str(tmp_path)
    assert seen.caches() == {"source-cache": caches.pop()} and not caches
    del asked[:]
    assert run.all_builds(request, {"rows": [leaves("bash-1-1.x86_64")]}, first) == first and asked == []


def test_a_build_that_came_is_none_that_should_have_left(source):
    source.state.write("plan.json", source.answer)
    assert source.left() == {("bash-5-1", "theirs"), ("rocky-release-9-1", "theirs")}
    source.state.write("packages.json", {"bash-5-1": {"hash": "theirs"}, "rocky-release-9-1": {"hash": "ours"}})
    assert source.left() == {("rocky-release-9-1", "theirs")}


def test_what_leaves_is_kept_and_noted(source):
    source.fetch(ALL)
    assert source.keep_source() == 3 and source.asked == [
        (source.state.path("source-cache"), ["baseos", "acme"], ["the vault"]), {"bash-5-1", "rocky-release-9-1", KERNEL}]
    noted = source.state.read("source-packages.json")
    assert sorted(noted["kept"]) == sorted(noted["sha256"]) == ["bash-5-1", KERNEL, "rocky-release-9-1"] and noted["missing"] == []
    assert all(noted["sha256"][nevra] == files.digest(path) for nevra, path in noted["kept"].items())


@pytest.mark.parametrize("builds, missing", [
    (without("bash-5-1"), ["bash-5-1"]),
    # AlmaLinux's, or one that was built again: it has the name, and is not what was there.
    (dict(ALL, **{"bash-5-1": "ours"}), ["bash-5-1"]), (dict(ALL, **{"bash-5-1": "ours", "rocky-release-9-1": "other"}), ["bash-5-1", "rocky-release-9-1"]),
    # It does not leave now.
    (without(KERNEL), []), (dict(ALL, **{KERNEL: "other"}), [])],
    ids=["gone", "another build", "two of them", "a kernel that is gone", "a kernel of another build"])
def test_a_way_back_has_the_very_builds_or_there_is_none(source, builds, missing):
    source.fetch(builds)
    if missing:
        with pytest.raises(HostError) as caught:
            source.keep_source()
        assert caught.value.details["packages"] == missing and all(nevra in caught.value.message for nevra in missing)
        assert caught.value.message.endswith("; repositories that cannot be loaded: baseos")
        assert source.state.read("source-packages.json") is None
        source.request["ignore"] = ["rollback-packages"]
    good = [nevra for nevra in ("bash-5-1", KERNEL, "rocky-release-9-1") if builds.get(nevra) == "theirs"]
    assert source.keep_source() == len(good)
    noted = source.state.read("source-packages.json")
    assert sorted(noted["kept"]) == good and noted["missing"] == missing


# --- signatures -------------------------------------------------------------------------------------------------------

PATHS = {"bash-5-2": "/cache/bash.rpm", "acme-2-1": "/cache/acme.rpm"}


def signed(source, monkeypatch, result, ours=None):
    """What check() does with bash of AlmaLinux, and acme of another repository whose signature dnf finds *result*: the files that were held against
    AlmaLinux's keys."""
    checked = []

    class Package(object):
        def __init__(self, nevra, reponame):
            self.nevra, self.reponame = nevra, reponame

        def __str__(self):
            return self.nevra

    def check(headers, keys, _directory):
        checked.append((headers, keys))
        if ours:
            raise ours
    monkeypatch.setattr(run.trust, "check", check)
    monkeypatch.setattr(run._openpgp, "parse", lambda data, _name: data)
    source.request["keys"] = "AlmaLinux's"
    source.answer = answer(comes("bash-5-2"), dict(comes("acme-2-1"), repository="acme"), goes("rocky-release-9-1"))
    source.base = SimpleNamespace(transaction=SimpleNamespace(install_set=[Package("bash-5-2", "baseos"), Package("acme-2-1", "acme")]),
                                  package_signature_check=lambda package: result if str(package) == "acme-2-1" else pytest.fail("not by its own rules"))
    source.check(PATHS, {"bash-5-2": "header of bash", "acme-2-1": "header of acme"})
    return checked


def test_packages_are_held_against_the_keys_of_those_they_come_from(source, monkeypatch):
    assert signed(source, monkeypatch, (0, "")) == [({"/cache/bash.rpm": "header of bash"}, b"AlmaLinux's")]


@pytest.mark.parametrize("result, words", [((2, "bad signature"), "acme-2-1 is not good: bad signature"), ((1, ""), "acme-2-1 is not good: no key for it")])
def test_a_bad_signature_of_a_third_party_s_package_stops_it(source, monkeypatch, result, words):
    with pytest.raises(Failure, match=words) as caught:
        signed(source, monkeypatch, result)
    assert caught.value.kind == "trust" and caught.value.details["untouched"]


def test_a_bad_signature_of_almalinux_s_package_stops_it(source, monkeypatch):
    with pytest.raises(TrustError, match="bash"):
        signed(source, monkeypatch, (0, ""), TrustError("bash is signed by another key", "Get it anew"))


def test_what_a_way_back_needs_is_noted_at_the_end(tmp_path, monkeypatch):
    """The files and the keys, so that what somebody changes afterwards is told from what the conversion did; of a host that does not pass, too."""
    state = states.create({"product": "rocky", "major": 9, "arch": "x86_64", "extra": {}}, str(tmp_path))
    monkeypatch.setattr(run.remains, "imported_keys", lambda: {"B" * 40: "gpg-pubkey-b"})
    monkeypatch.setattr(run.snapshot, "take", lambda: {"/etc/a": 2})
    state.write("packages-before.json", [have("bash-5-1"), have("acme-1-1")])
    state.write("plan.json", {"rows": [leaves("bash-5-1"), leaves("acme-1-1", "kept-third-party")]})
    asked = []
    monkeypatch.setattr(run.remains, "verify", lambda source, request, left, meanwhile: asked.append(left) or meanwhile() or {"remains": ["something"]})
    with pytest.raises(VerificationError):
        run.Run(state).verify()
    assert asked == [{("bash-5-1", "theirs")}]
    assert (state.read("keys-after.json"), state.read("etc-after.json")) == ({"B" * 40: "gpg-pubkey-b"}, {"/etc/a": 2})


def test_what_a_run_that_was_ended_in_its_snapshot_kept_does_not_count(tmp_path, monkeypatch):
    """With the power, what had not come to the disk is empty there, under its name."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "shadow").write_text("root:x\n")
    state = states.create({"product": "rocky", "major": 9, "arch": "x86_64", "extra": {}, "boot": {"container": True}}, str(tmp_path))
    monkeypatch.setattr(run.snapshot.take, "__defaults__", (None, (str(etc),)))
    monkeypatch.setattr(run.rpm_transaction, "installed", list)
    monkeypatch.setattr(run.remains, "imported_keys", dict)
    one = run.Run(state)
    one.snapshot()
    kept = state.path("before", os.listdir(state.path("before"))[0])
    open(kept, "w").close()
    one.snapshot()
    run.snapshot.check_readable(state.read("etc-before.json"), state.path("before"))
    with open(kept) as handle:
        assert handle.read() == "root:x\n"


CORE, FIRMWARE = "linux-firmware-core-999:1-1.noarch", "linux-firmware-999:1-1.noarch"
COMES = {"action": "downgrade", "nevra": "linux-firmware-1-1.noarch", "name": "linux-firmware", "arch": "noarch", "repository": "baseos"}
GOES = {"action": "remove", "nevra": CORE, "name": "linux-firmware-core", "arch": "noarch", "repository": None}


@pytest.mark.parametrize("items, problems, words", [
    ([COMES, GOES], [], None), ([COMES, GOES, dict(GOES, nevra="kernel-core-1-1.x86_64")], [], "would be lost that no table names: kernel-core"),
    ([], ["nothing provides x"], "do not fit together")], ids=["it fits", "more would leave", "it does not fit"])
def test_firmware_that_stayed_is_exchanged_and_nothing_else(tmp_path, monkeypatch, items, problems, words):
    def package(nevra, **more):
        name = nevra.rsplit("-", 2)[0]
        return dict({"nevra": nevra, "name": name, "arch": "noarch", "epoch": 0, "version": "1", "release": "1", "provides": []}, **more)
    state = states.create({"product": "oracle", "major": 9, "arch": "x86_64", "extra": {},
                           "settings": {"repositories": [{"id": "baseos"}], "others": ["acme"]}}, str(tmp_path))
    there = [package(nevra, vendor="Oracle America", size=1) for nevra in (FIRMWARE, CORE, "sudo-1-1.noarch")]
    done, ours = [], package("linux-firmware-1-1.noarch", repository="baseos")
    for name, answer in {"open_base": lambda settings: done.append(settings["others"]) or SimpleNamespace(close=lambda: None),
                         "installed_of": lambda _base: there, "put": lambda _base, jobs: done.append(jobs) or [],
                         "available_of": lambda _base, _ids, names: [ours] if ours["name"] in names else [],
                         "resolve": lambda _base: problems, "items_of": lambda _base: items,
                         "download": lambda _base, _progress: {"linux-firmware-1-1.noarch": "/cache/firmware.rpm"},
                         "transact": lambda _base, _progress, test: done.append("transaction")}.items():
        monkeypatch.setattr(run.dnf_conversion, name, answer)
    monkeypatch.setattr(run.rpm_transaction, "read_file", lambda path: "header of " + path)
    one = run.Run(state)
    monkeypatch.setattr(one, "check", lambda paths, headers: done.append(headers))
    if words:
        with pytest.raises(HostError, match=words):
            one.exchange([FIRMWARE, CORE])
    else:
        one.exchange([FIRMWARE, CORE])
    assert done[:2] == [[], {"erase": [CORE], "install": [], "reinstall": [], "sync": ["linux-firmware.noarch"]}]
    assert done[2:] == ([] if words else [{"linux-firmware-1-1.noarch": "header of /cache/firmware.rpm"}, "transaction"])
