# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes on after rpm was killed, there and back: which packages rpm gets, and that they are what was fetched."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import back, run
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

NAMES = ("bash", "kernel-core", "sed")
REQUEST = {"product": "rocky", "major": 9, "arch": "x86_64", "extra": {}, "boot": {"container": True}}


def nevra(name):
    return "{0}-5-1.el9.x86_64".format(name)


def package(name, build):
    return {"nevra": nevra(name), "name": name, "arch": "x86_64", "vendor": build, "hash": "{0} of {1}".format(name, build)}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A conversion whose packages are all there: what rpm is asked, and what is installed, are to be seen in it."""
    class Host:
        """asked: what rpm was asked, [(names to add, hashes to erase)]; installed; state; path(name)."""

        def __init__(self):
            self.asked, self.installed = [], []
            self.state = states.create(REQUEST, str(tmp_path))

        def path(self, name):
            return str(tmp_path / (name + ".rpm"))

        def run(self, add, erase, progress, test=False):
            self.asked.append((sorted(path.rsplit("/", 1)[1][:-4] for path, _side_by_side in add), sorted(digest for _nevra, digest in erase)))

    one = Host()
    for name in NAMES:
        (tmp_path / (name + ".rpm")).write_text(name)
    for module in (run, back):
        monkeypatch.setattr(module.rpm_transaction, "run", one.run)
        monkeypatch.setattr(module.rpm_transaction, "installed", lambda: [dict(item) for item in one.installed])
    # The kernel alone has a scriptlet that runs after all packages.
    monkeypatch.setattr(back.rpm_transaction, "read_file", lambda path: path)
    monkeypatch.setattr(back.rpm_transaction, "has_last_scriptlet", lambda header: "kernel-core" in header)
    one.state.write("packages-before.json", [package(name, "Rocky") for name in NAMES])
    one.state.write("packages.json", dict((nevra(name), {
        "path": one.path(name), "hash": package(name, "AlmaLinux")["hash"], "sha256": files.digest(one.path(name)), "last": name == "kernel-core"})
        for name in NAMES))
    one.state.write("plan.json", {"rows": [], "items": [
        {"action": "reinstall", "nevra": nevra(name), "name": name, "arch": "x86_64", "repository": "baseos"} for name in NAMES]})
    one.state.write("source-packages.json", {"kept": dict((nevra(name), one.path(name)) for name in NAMES), "missing": [],
                                             "sha256": dict((nevra(name), files.digest(one.path(name))) for name in NAMES)})
    return one


def killed(one, stage, *told):
    """A run that is killed in *stage* after it told of packages: the next process's State."""
    one.state.begin(stage)
    for name in told:
        one.state.progress(1, 3, nevra(name))
    one.state = states.State(one.state.data, one.state.directory)
    return one.state


def test_the_rest_comes_and_what_has_a_last_scriptlet_comes_again(host):
    host.installed = [package("bash", "AlmaLinux"), package("kernel-core", "AlmaLinux"), package("sed", "Rocky")]
    one = run.Run(killed(host, "transaction", "kernel-core", "sed"))
    one.recover()
    assert host.asked == [(["kernel-core", "sed"], [])] and one.recovered


def test_what_was_in_flight_at_every_kill_comes_again(host):
    host.installed = [package(name, "AlmaLinux") for name in NAMES]
    run.Run(killed(host, "transaction", "bash")).recover()
    # This one, too, is killed: rpm had another one in its hands, and may not have come to the first.
    host.state.progress(1, 2, nevra("sed"))
    run.Run(states.State(host.state.data, host.state.directory)).recover()
    assert [names for names, _erase in host.asked] == [["bash", "kernel-core"], ["bash", "kernel-core", "sed"]]


def test_nothing_was_begun_and_dnf_does_it_all(host):
    host.installed = [package(name, "Rocky") for name in NAMES]
    one = run.Run(killed(host, "transaction"))
    one.recover()
    assert host.asked == [] and not one.recovered


def test_a_package_that_was_changed_meanwhile_is_not_put_in(host):
    host.installed = [package("bash", "AlmaLinux"), package("kernel-core", "AlmaLinux"), package("sed", "Rocky")]
    with open(host.path("sed"), "a") as handle:
        handle.write("!")
    with pytest.raises(HostError, match="sed.rpm is not what was fetched"):
        run.Run(killed(host, "transaction", "bash")).recover()
    assert host.asked == []


def test_what_an_older_version_of_this_collection_noted_is_enough(host):
    host.state.write("packages.json", dict((nevra(name), {"path": host.path(name), "hash": package(name, "AlmaLinux")["hash"]}) for name in NAMES))
    host.installed = [package("bash", "AlmaLinux"), package("kernel-core", "AlmaLinux"), package("sed", "Rocky")]
    run.Run(killed(host, "transaction", "bash")).recover()
    assert host.asked == [(["bash", "sed"], [])]


@pytest.mark.parametrize("ended, again", [((), False), (("boot",), True), (("transaction",), True)])
def test_files_of_a_kernel_that_may_be_half_made_are_made_anew(host, monkeypatch, ended, again):
    asked = []
    monkeypatch.setattr(run.boot, "mend", lambda request: asked.append(request["again"]))
    host.installed = [package(name, "AlmaLinux") for name in NAMES]
    for stage in ended:
        killed(host, stage, "bash")
    one = run.Run(host.state)
    if "transaction" in ended:
        one.recover()
        one = run.Run(host.state)
    one.boot()
    assert asked == [again]


# --- the way back -----------------------------------------------------------------------------------------------------

def stages_of(one, monkeypatch, *names):
    """Let *names* be all stages of a way back: a Back at it."""
    monkeypatch.setattr(back.states, "BACK_STAGES", names)
    return back.Back(one.state)


def test_a_way_back_begins_with_what_is_missing(host, monkeypatch):
    host.installed = [package("bash", "AlmaLinux"), package("kernel-core", "Rocky"), package("sed", "Rocky")]
    stages_of(host, monkeypatch, "back-transaction").backward()
    assert host.asked == [(["bash"], ["bash of AlmaLinux"])]


def test_a_way_back_that_was_killed_inside_rpm(host, monkeypatch):
    host.installed = [package("bash", "AlmaLinux"), package("kernel-core", "Rocky"), package("sed", "Rocky")]
    killed(host, "back-transaction", "kernel-core", "sed")
    stages_of(host, monkeypatch, "back-transaction").backward()
    assert host.asked == [(["bash", "kernel-core", "sed"], ["bash of AlmaLinux"])]


def test_a_way_back_that_is_killed_again(host, monkeypatch):
    host.installed = [package(name, "Rocky") for name in NAMES]
    killed(host, "back-transaction", "sed")
    monkeypatch.setattr(back.rpm_transaction, "run", lambda *_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stages_of(host, monkeypatch, "back-transaction").backward()
    monkeypatch.setattr(back.rpm_transaction, "run", host.run)
    killed(host, "back-transaction", "bash")
    stages_of(host, monkeypatch, "back-transaction").backward()
    assert host.asked == [(["bash", "kernel-core", "sed"], [])]


def test_what_is_not_kept_cannot_come_again(host, monkeypatch):
    host.state.write("source-packages.json", {"kept": {nevra("sed"): host.path("sed")}, "missing": []})
    host.installed = [package("bash", "Rocky"), package("kernel-core", "Rocky"), package("sed", "AlmaLinux")]
    killed(host, "back-transaction", "bash")
    stages_of(host, monkeypatch, "back-transaction").backward()
    assert host.asked == [(["sed"], ["sed of AlmaLinux"])]


@pytest.mark.parametrize("stage", ["back-test", "back-transaction"])
def test_a_kept_package_that_was_changed_is_not_put_in(host, monkeypatch, stage):
    host.installed = [package(name, "AlmaLinux") for name in NAMES]
    host.state.write("etc-before.json", {})
    with open(host.path("sed"), "a") as handle:
        handle.write("!")
    with pytest.raises(HostError, match="sed.rpm is not what was fetched"):
        stages_of(host, monkeypatch, stage).backward()
    assert host.asked == []


@pytest.mark.parametrize("ended, again", [(None, False), ("back-boot", True), ("back-transaction", True)])
def test_files_of_the_source_s_kernel_are_made_anew_then(host, monkeypatch, ended, again):
    asked = []
    monkeypatch.setattr(back.boot, "mend_back", lambda request, _noted: asked.append(request["again"]))
    host.installed = [package(name, "Rocky") for name in NAMES]
    if ended:
        killed(host, ended, "bash")
    stages_of(host, monkeypatch, *(["back-transaction", "back-boot"] if ended == "back-transaction" else ["back-boot"])).backward()
    assert asked == [again]
