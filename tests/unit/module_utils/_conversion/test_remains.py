# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a transaction that was killed inside rpm: by table."""
import os
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import mapping, plan, remains
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

OLD, NEW = "bash-5.1-8.el9.x86_64", "bash-5.1-9.el9.x86_64"


def have(nevra, digest, name="bash"):
    return {"nevra": nevra, "hash": digest, "name": name, "arch": "x86_64", "vendor": "x"}


def comes(action, nevra, name="bash"):
    return {"action": action, "nevra": nevra, "name": name, "arch": "x86_64", "repository": "baseos"}


def goes(nevra, name="bash"):
    return {"action": "remove", "nevra": nevra, "name": name, "arch": "x86_64", "repository": None}


PATHS = {NEW: {"path": "/cache/new.rpm", "hash": "new"}, OLD: {"path": "/cache/same.rpm", "hash": "theirs"},
         "kernel-core-5-2.x86_64": {"path": "/cache/kernel.rpm", "hash": "kernel"}, "kernel-core-5-1.x86_64": {"path": "/cache/older.rpm", "hash": "older"}}
KERNEL = comes("install", "kernel-core-5-2.x86_64", "kernel-core")
# Two that AlmaLinux has in the same version, as on an ordinary host of Rocky or RHEL.
IN_PLACE = [comes("reinstall", "kernel-core-5-1.x86_64", "kernel-core"), comes("reinstall", "kernel-core-5-2.x86_64", "kernel-core")]


def core(version, digest):
    return have("kernel-core-5-{0}.x86_64".format(version), digest, "kernel-core")


CASES = {
    "a scriptlet of it runs after all packages": ([comes("upgrade", NEW)], [have(NEW, "new")], [NEW], [("/cache/new.rpm", False)], []),
    "a kernel whose scriptlet runs after all packages": ([KERNEL], [have("kernel-core-5-2.x86_64", "kernel", "kernel-core")], ["kernel-core-5-2.x86_64"],
                                                         [("/cache/kernel.rpm", True)], []),
    "not yet there": ([comes("upgrade", NEW)], [have(OLD, "old")], [], [("/cache/new.rpm", False)], []),
    "there, and the old one gone": ([comes("upgrade", NEW)], [have(NEW, "new")], [], [], []),
    "both are there": ([comes("upgrade", NEW)], [have(NEW, "new"), have(OLD, "old")], [], [], [(OLD, "old")]),
    "in flight when it was killed, so that its scriptlets run": ([comes("upgrade", NEW)], [have(NEW, "new")], [NEW], [("/cache/new.rpm", False)], []),
    "in flight, and the old one is there": ([comes("upgrade", NEW)], [have(NEW, "new"), have(OLD, "old")], [NEW], [("/cache/new.rpm", False)], []),
    "the same version of the source": ([comes("reinstall", OLD)], [have(OLD, "ours")], [], [("/cache/same.rpm", False)], []),
    "the same version in both builds": ([comes("reinstall", OLD)], [have(OLD, "ours"), have(OLD, "theirs")], [], [], [(OLD, "ours")]),
    "an older one comes": ([comes("downgrade", OLD)], [have(NEW, "newer")], [], [("/cache/same.rpm", False)], []),
    "still there, and to go": ([goes(OLD)], [have(OLD, "old")], [], [], [(OLD, "old")]),
    "gone already": ([goes(OLD)], [], [], [], []),
    "a kernel comes beside": ([KERNEL], [have("kernel-core-5-1.x86_64", "k1", "kernel-core")], [], [("/cache/kernel.rpm", True)], []),
    "a kernel is beside": ([KERNEL], [have("kernel-core-5-1.x86_64", "k1", "kernel-core"), have("kernel-core-5-2.x86_64", "kernel", "kernel-core")], [],
                           [], []),
    "kernels that are all in place": (IN_PLACE, [core(1, "older"), core(2, "kernel")], [], [], []),
    "a kernel in place, and one that stays beside it": (IN_PLACE[1:], [core(2, "kernel"), core(3, "theirs")], [], [], []),
    "kernels that are not in place yet": (IN_PLACE, [core(1, "t1"), core(2, "t2"), core(3, "t3")], [],
                                          [("/cache/older.rpm", True), ("/cache/kernel.rpm", True)],
                                          [("kernel-core-5-1.x86_64", "t1"), ("kernel-core-5-2.x86_64", "t2")]),
    "a kernel in both builds": (IN_PLACE, [core(1, "older"), core(2, "theirs"), core(2, "kernel")], [], [], [("kernel-core-5-2.x86_64", "theirs")]),
    "a kernel in place whose scriptlet runs after all packages": (IN_PLACE, [core(1, "older"), core(2, "kernel")], ["kernel-core-5-2.x86_64"],
                                                                  [("/cache/kernel.rpm", True)], []),
    "a kernel in flight, and the old one is there": (IN_PLACE, [core(1, "older"), core(2, "theirs"), core(2, "kernel")], ["kernel-core-5-2.x86_64"],
                                                     [("/cache/kernel.rpm", True)], [("kernel-core-5-2.x86_64", "theirs")]),
    "nothing was planned": ([], [have(OLD, "old")], [], [], []),
}


@pytest.mark.parametrize("items, installed, again, add, erase", list(CASES.values()), ids=list(CASES))
def test_what_is_left(items, installed, again, add, erase):
    assert remains.rest({"items": items}, PATHS, installed, set(again)) == (add, erase)


def test_what_was_in_flight_is_known_after_every_kill(tmp_path):
    state = states.create({}, str(tmp_path))
    assert not remains.was_ended(state, "transaction")
    for nevra in (OLD, NEW):
        state.progress(1, 2, nevra)
        again = states.newest(str(tmp_path))
        found = remains.in_flight(again, "transaction")
    assert found == {OLD, NEW} and remains.was_ended(state, "transaction") and not remains.was_ended(state, "back-transaction")
    state.forget_progress()
    assert remains.in_flight(states.newest(str(tmp_path)), "transaction") == {OLD, NEW}


def test_packages_that_are_not_what_was_fetched_are_refused(tmp_path):
    path = tmp_path / "bash.rpm"
    path.write_bytes(b"a package")
    noted = {str(path): files.digest(str(path))}
    remains.check_fetched(noted)
    remains.check_fetched({str(path): None})
    path.write_bytes(b"a packagE")
    with pytest.raises(HostError, match="bash.rpm is not what was fetched") as caught:
        remains.check_fetched(noted)
    assert noted[str(path)] in caught.value.remedy
    path.unlink()
    for digests in (noted, {str(path): None}):
        with pytest.raises(HostError, match="bash.rpm is gone"):
            remains.check_fetched(digests)


@pytest.mark.parametrize("rc, out, err, lines", [
    (0, "", "", []), (1, "acme-1 has missing requires of x\n\n", "Error: Check discovered 1 problem(s)", ["acme-1 has missing requires of x"]),
    (1, "", "Traceback …\nModuleNotFoundError: No module named 'dnf'\n", ["dnf does not work: ModuleNotFoundError: No module named 'dnf'"]),
    (137, "", "", ["dnf does not work: code 137"]), (0, "", "Warning: whatever", [])],
    ids=["sound", "a problem", "no dnf", "killed", "a warning"])
def test_what_dnf_complains_of(rc, out, err, lines):
    assert remains.complaints(SimpleNamespace(rc=rc, stdout=out, stderr=err)) == lines


def repository(identifier, path, url=None, enabled=True):
    return {"id": identifier, "file": path, "enabled": enabled, "ignored": False, "mirrorlist": None, "metalink": None, "baseurl": [url] if url else []}


ROCKY = "https://dl.rockylinux.org/pub/rocky/$releasever/BaseOS/$basearch/os"
DIRECTORY = "/etc/yum.repos.d/"
SOURCE_FILES = [repository("baseos", DIRECTORY + "rocky.repo"), repository("crb", DIRECTORY + "ours.repo"),
                repository("baseos", DIRECTORY + "local.repo"), repository("tools", DIRECTORY + "local.repo"), repository("extras", DIRECTORY + "local.repo"),
                repository("tools2", DIRECTORY + "tools.repo"), repository("appstream", remains.repositories.DNF_CONF)]


@pytest.mark.parametrize("product, found", [
    # rocky.repo leaves with its package.
    ("rocky", {DIRECTORY + "ours.repo": None, DIRECTORY + "local.repo": ["baseos", "extras"], remains.repositories.DNF_CONF: ["appstream"]}),
    ("almalinux", {})])
def test_which_repository_files_are_of_the_source(monkeypatch, product, found):
    packaged = (DIRECTORY + "rocky.repo", remains.repositories.DNF_CONF)
    monkeypatch.setattr(remains.commands, "run", lambda argv, check: SimpleNamespace(
        rc=0 if argv[-1] in packaged else 1, stdout="{0}\tcn\n".format(argv[-1]) if argv[-1] in packaged else ""))
    assert remains.source_files(mapping.source(product, 9, "x86_64"), SOURCE_FILES) == found
    fates = dict((row["path"], row["fate"]) for row in plan.configuration([], {}, {}, found))
    assert fates == dict((path, "removed" if ids is None else "trimmed") for path, ids in found.items())


TEXT = "# ours\n[baseos]\nbaseurl={0}\n\n[tools]\n# the tools\nbaseurl=http://x/\n\n[extras]\nbaseurl=http://y/\n".format(ROCKY)


@pytest.mark.parametrize("linked", [False, True])
def test_the_sections_of_the_source_leave_a_file_and_what_a_link_points_at_stays(tmp_path, linked):
    path, kept = tmp_path / "local.repo", tmp_path / "elsewhere"
    (kept if linked else path).write_text(TEXT)
    (kept if linked else path).chmod(0o600)
    if linked:
        path.symlink_to(kept)
    remains.rewrite(str(path), remains.ini.Document.remove_section, ["baseos", "extras"])
    assert path.read_text() == "# ours\n[tools]\n# the tools\nbaseurl=http://x/\n\n"
    assert path.stat().st_mode & 0o777 == 0o600 and not path.is_symlink()
    assert not linked or kept.read_text() == TEXT
    assert sorted(os.listdir(str(tmp_path))) == (["elsewhere"] if linked else []) + ["local.repo"]


def test_a_repository_of_the_source_whose_package_stays_is_disabled(tmp_path, monkeypatch):
    section = "[{0}]\nbaseurl=http://x/\nenabled=1\n"
    files_of = {"stays.repo": ["ol9_oci_included", "ol9_UEKR8", "mine"], "almalinux.repo": ["baseos", "crb"], "old.repo": ["ol9_appstream"]}
    configured = []
    for name, ids in files_of.items():
        (tmp_path / name).write_text("".join(section.format(identifier) for identifier in ids))
        configured += [repository(identifier, str(tmp_path / name), enabled=identifier != "ol9_UEKR8") for identifier in ids]
    monkeypatch.setattr(remains.repositories, "collect", lambda _context: {"configured": configured})
    monkeypatch.setattr(remains, "is_packaged", lambda path: not path.endswith("old.repo"))
    request = {"enabled_after": ["baseos"], "settings": {"repositories": [{"id": "baseos"}, {"id": "crb"}]}}
    remains.drop_source_repositories(mapping.source("oracle", 9, "x86_64"), request)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["almalinux.repo", "stays.repo"]
    assert (tmp_path / "stays.repo").read_text() == section.format("ol9_oci_included").replace("=1", "=0") + "".join(
        section.format(identifier) for identifier in ("ol9_UEKR8", "mine"))
    assert (tmp_path / "almalinux.repo").read_text() == section.format("baseos") + section.format("crb")


OURS = repository("baseos", DIRECTORY + "almalinux-baseos.repo", "https://mirror.example.com/almalinux/9/BaseOS/")


@pytest.mark.parametrize("configured, words", [
    ([OURS], None),
    ([repository("baseos", DIRECTORY + "a.repo", ROCKY + "/"), OURS],
     "the repository baseos still comes from the source: {0} in {1}a.repo".format(ROCKY, DIRECTORY)),
    # dnf takes the first.
    ([OURS, repository("baseos", DIRECTORY + "z.repo", ROCKY)], None),
    ([repository("baseos", DIRECTORY + "a.repo", ROCKY, enabled=False), OURS], None),
    ([repository("tools", DIRECTORY + "a.repo", ROCKY), OURS], None),
    # A mirror that holds AlmaLinux now where it held the source.
    ([repository("baseos", DIRECTORY + "a.repo", "https://mirror.example.com/el9"), OURS], None)])
def test_a_repository_that_has_an_id_of_almalinux_and_comes_from_the_source(configured, words):
    request = {"source_urls": [ROCKY, "https://mirror.example.com/el9"], "settings": {"repositories": [
        {"id": "baseos", "url": "https://mirror.example.com/el9/"}, {"id": "appstream", "url": "https://mirror.example.com/appstream"}]}}
    assert remains.from_the_source(configured, request) == ([words] if words else [])


# --- the verdict --------------------------------------------------------------------------------------------------------

with open(os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "keys", "RPM-GPG-KEY-AlmaLinux")) as handle:
    KEYS = handle.read()
TRUSTED = sorted(key.fingerprint for key in _openpgp.parse(KEYS.encode("utf-8"), "the fixture"))
ROCKY_VENDOR = "Rocky Enterprise Software Foundation"


def of(vendor, name):
    return {"nevra": name + "-1-1.x86_64", "name": name, "vendor": vendor, "hash": name, "arch": "x86_64"}


class World(object):
    """A converted host that nothing is wrong with, and what was asked of its conversion; the cases change one thing."""

    def __init__(self, product="rocky"):
        self.source = mapping.source(product, 9, "x86_64", {"exceptions": {"rocky-tools": "we need them"}})
        self.facts = {"is_almalinux": True, "name": "AlmaLinux", "leftover_release_packages": []}
        self.packages = [of("AlmaLinux", "bash"), of("Acme", "acme")]
        self.complaints, self.drift, self.not_bootable = ["acme lacks x"], {"/etc/ours": "S.5......"}, []
        self.repositories = [OURS, repository("appstream", DIRECTORY + "almalinux-appstream.repo", "https://mirror.example.com/appstream")]
        self.keys = {TRUSTED[0]: "gpg-pubkey-1"}
        self.files = dict.fromkeys(remains.RELEASE_FILES, "AlmaLinux release 9.8 (Olive Jaguar)\n")
        self.left = {("bash-1-1.x86_64", "the source's"), ("sed-1-1.x86_64", "sed")}
        self.request = {
            "before": {"dependencies": ["acme lacks x"], "configuration": {"/etc/ours": "S.5......"}}, "may_stay": ["kernel-core-1-1.x86_64"],
            "enabled_after": ["appstream", "baseos"], "keys": KEYS, "boot": {"container": False}, "source_urls": [ROCKY],
            "settings": {"repositories": [{"id": name, "url": "https://mirror.example.com/" + name} for name in ("appstream", "baseos", "crb")]}}

    def verify(self, monkeypatch):
        asked = []
        monkeypatch.setattr(remains, "Context", lambda: SimpleNamespace(identity=lambda: (self.facts, None), read=self.files.get))
        monkeypatch.setattr(remains, "dependencies", lambda: self.complaints)
        monkeypatch.setattr(remains, "configuration", lambda: self.drift)
        monkeypatch.setattr(remains, "leftovers", lambda: ["/etc/a.rpmnew"])
        monkeypatch.setattr(remains, "imported_keys", lambda: self.keys)
        monkeypatch.setattr(remains.rpm_transaction, "installed", lambda: self.packages)
        monkeypatch.setattr(remains.repositories, "collect", lambda _context: {
            "configured": self.repositories, "enabled": [item["id"] for item in self.repositories if item["enabled"]]})
        monkeypatch.setattr(remains.boot, "not_bootable", lambda request, _context: asked.append(request) or self.not_bootable)
        found = remains.verify(self.source, self.request, self.left, lambda: asked.append("meanwhile"))
        assert asked == ["meanwhile", self.request["boot"]]
        return found


def changed(**values):
    def change(world):
        vars(world).update(values)
    return change


def facts(**values):
    return lambda world: world.facts.update(values)


def more(*packages):
    return lambda world: world.packages.extend(packages)


def configured(*items):
    return lambda world: world.repositories.extend(items)


@pytest.mark.parametrize("product", ["almalinux-kitten", "almalinux"])
def test_the_vendor_says_nothing_of_a_source_that_shares_it_with_almalinux(monkeypatch, product):
    world = World(product)
    assert world.verify(monkeypatch)["remains"] == []
    world.packages.append(of("AlmaLinux", "sed"))
    assert world.verify(monkeypatch)["remains"] == ["sed-1-1.x86_64 is still the build from before"]


def test_a_host_that_passes(monkeypatch):
    assert World().verify(monkeypatch) == {"remains": [], "kept": [], "configuration": {}, "left": ["/etc/a.rpmnew"]}


@pytest.mark.parametrize("change, said", [
    (facts(is_almalinux=False, name="Rocky Linux"), "the host calls itself Rocky Linux"),
    (facts(leftover_release_packages=["rocky-release-9.6-1.noarch"]), "the release package rocky-release-9.6-1.noarch is still there"),
    (lambda world: world.files.update({"/etc/redhat-release": "Rocky Linux release 9.6 (Blue Onyx)\n"}),
     "/etc/redhat-release says Rocky Linux release 9.6 (Blue Onyx)"),
    (lambda world: world.files.update({"/etc/almalinux-release": "AlmaLinux Kitten release 10 (Lion Cub)\n"}),
     "/etc/almalinux-release says AlmaLinux Kitten release 10"),
    (lambda world: world.files.pop("/etc/system-release"), "/etc/system-release is not there"),
    (more(of(ROCKY_VENDOR, "sed")), "sed-1-1.x86_64 is still of " + ROCKY_VENDOR),
    (changed(complaints=["acme lacks x", "bash lacks y"]), "dnf check: bash lacks y"),
    (lambda world: world.repositories.pop(), "the repository appstream is not enabled"),
    (lambda world: world.repositories.insert(0, repository("baseos", DIRECTORY + "a.repo", ROCKY)), "the repository baseos still comes from the source"),
    (configured(repository("plus", DIRECTORY + "rocky.repo", ROCKY + "/plus")), "the repository plus of the source is still enabled"),
    (changed(keys={"A" * 40: "gpg-pubkey-2"}), "none of AlmaLinux's keys is imported"),
    (changed(not_bootable=["the default kernel is x, not AlmaLinux's y"]), "the default kernel is x, not AlmaLinux's y")],
    ids=["name", "release package", "release file", "Kitten's release file", "no release file", "package", "dependencies",
         "not enabled", "from the source", "repository of the source", "keys", "boot"])
def test_what_must_not_be_after_a_conversion(monkeypatch, change, said):
    world = World()
    change(world)
    found = world.verify(monkeypatch)["remains"]
    assert len(found) == 1 and found[0].startswith(said), found


@pytest.mark.parametrize("change, rest", [
    (more(of(ROCKY_VENDOR, "kernel-core"), of(ROCKY_VENDOR, "rocky-tools")), {"kept": ["kernel-core-1-1.x86_64", "rocky-tools-1-1.x86_64"]}),
    (changed(drift={"/etc/ours": "S.5......", "/etc/new": "..5......"}), {"configuration": {"/etc/new": "..5......"}}),
    (changed(complaints=[]), {}), (configured(repository("acme", DIRECTORY + "acme.repo", "https://acme.example.com")), {}),
    (configured(repository("plus", DIRECTORY + "rocky.repo", ROCKY + "/plus", enabled=False)), {}),
    # That has the id of one of the target's, and is not of the source: the user's own mirror of AlmaLinux.
    (configured(repository("crb", DIRECTORY + "ours.repo", "https://mirror.example.com/crb")), {}),
    (changed(keys=dict((fingerprint, "gpg-pubkey") for fingerprint in TRUSTED + ["A" * 40])), {})],
    ids=["kernel and exception", "configuration", "a complaint less", "a third party's", "a disabled one", "one of the target", "keys of others too"])
def test_what_may_be_after_a_conversion(monkeypatch, change, rest):
    world = World()
    change(world)
    assert world.verify(monkeypatch) == dict({"remains": [], "kept": [], "configuration": {}, "left": ["/etc/a.rpmnew"]}, **rest)


def not_read():
    raise HostError("rpm does not answer", "Mend it")


def test_what_cannot_be_looked_at_is_no_verdict(monkeypatch):
    world = World()
    monkeypatch.setattr(World, "drift", property(lambda _self: not_read(), lambda _self, _value: None), raising=False)
    with pytest.raises(HostError, match="rpm does not answer"):
        world.verify(monkeypatch)
