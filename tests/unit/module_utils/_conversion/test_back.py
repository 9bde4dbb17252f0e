# SPDX-License-Identifier: GPL-3.0-or-later
"""What a way back decides."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import back
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError


def kernel(name, version="5.14.0-687.el9.aarch64"):
    return {"nevra": "{0}-{1}".format(name, version), "name": name, "hash": "new"}


@pytest.mark.parametrize("running, stays", [
    ("5.14.0-687.el9.aarch64", True), ("5.14.0-687.el9.aarch64+64k", True), ("5.14.0-687.el9.aarch64+rt-64k", True), ("5.14.0-600.el9.aarch64+64k", False)])
@pytest.mark.parametrize("name", ["kernel-core", "kernel-64k-core", "kernel-64k-devel", "kernel-rt-64k-modules-core", "kernel-debug-devel"])
def test_the_kernel_that_runs_stays_whatever_its_flavour(name, running, stays):
    _add, erase, stay = back.difference([], [kernel(name)], running)
    assert (stay, erase) == (([kernel(name)], []) if stays else ([], [kernel(name)]))


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
    ([KERNEL, package("kernel-core", "4-9")], [KERNEL_THERE], [KERNEL], [package("kernel-core", "4-9")], [KERNEL_THERE])],
    ids=["all are there", "one that is gone", "one that has another in its place", "that one alone", "one of several"])
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
