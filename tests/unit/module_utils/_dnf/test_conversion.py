# SPDX-License-Identifier: GPL-3.0-or-later
"""The leash that a conversion has dnf on, and what a base that only looks has in the place of a transaction: by table.

That it says what is then done is a matter of the tests on hosts.
"""
import logging
import os
import sys
import types

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import agent, conversion
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf.conversion import DOWNGRADE, INSTALL, OBSOLETED, REINSTALL, REMOVE, UPGRADE


class Package:
    def __init__(self, nevra, side):
        self.nevra, self.name, self.side = nevra, nevra.split("-")[0], side

    def __str__(self):
        return self.nevra


class Goal:
    """hawkey's, of which Planned asks five lists and who obsoletes whom."""

    def __init__(self, obsoleted=(), **lists):
        self.lists = lists
        self.obsoleted = list(obsoleted)

    def list_obsoleted(self):
        return self.obsoleted

    def obsoleted_by_package(self, package):
        return next(old for key in self.lists if key != "erasures" for new, old in self.lists[key] if new is package)

    def __getattr__(self, name):
        return lambda: [new for new, _old in self.lists.get(name[len("list_"):], ())]


def old(nevra):
    return Package(nevra, "old")


def new(nevra):
    return Package(nevra, "new")


LOGOS, OTHER = old("logos-1"), old("acme-1")
CASES = {
    "reinstall": (Goal(reinstalls=[(new("bash-1"), [old("bash-1")])]), [(REINSTALL, "bash-1")]),
    "reinstall, two are there": (Goal(reinstalls=[(new("bash-1"), [old("bash-0"), old("bash-1")])]), [(REINSTALL, "bash-1"), (OBSOLETED, "bash-0")]),
    "upgrade": (Goal(upgrades=[(new("bash-2"), [old("bash-1")])]), [(UPGRADE, "bash-2")]),
    "upgrade that obsoletes": (Goal([OTHER], upgrades=[(new("bash-2"), [OTHER, old("bash-1")])]), [(UPGRADE, "bash-2"), (OBSOLETED, "acme-1")]),
    "downgrade": (Goal(downgrades=[(new("bash-1"), [old("bash-2")])]), [(DOWNGRADE, "bash-1")]),
    "install": (Goal(installs=[(new("almalinux-1"), [])]), [(INSTALL, "almalinux-1")]),
    "install that obsoletes": (Goal([LOGOS], installs=[(new("almalinux-1"), [LOGOS])]), [(INSTALL, "almalinux-1"), (OBSOLETED, "logos-1")]),
    "install beside": (Goal(installs=[(new("kernel-2"), [OTHER])]), [(INSTALL, "kernel-2")]),
    "erase": (Goal(erasures=[(old("centos-1"), [])]), [(REMOVE, "centos-1")]),
    "nothing": (Goal(), []),
}


@pytest.mark.parametrize("goal, items", list(CASES.values()), ids=list(CASES))
def test_planned(goal, items):
    planned = conversion.Planned(goal)
    assert [(action, str(package)) for action, package in planned] == items
    assert planned._rpm_limitations() is None


# --- the leash --------------------------------------------------------------------------------------------------------

class RepoError(Exception):
    pass


class Found(list):
    """A query of dnf's."""

    def installed(self):
        return Found(package for package in self if package.reponame == "@System")

    def available(self):
        return Found(package for package in self if package.reponame != "@System")

    def filter(self, pkg=None, name=None):
        return Found(package for package in self if (package in pkg if name is None else package.name in name))


class Base(object):
    """dnf's, of a host whose dnf.conf says otherwise in everything; it takes part in what it is told to."""

    packages, loads, persistdir, names = (), True, "/var/lib/dnf", ("baseos", "acme", "epel")
    substitutions = None

    def __init__(self):
        self.excluded, self.plugins = [], []
        self.conf = types.SimpleNamespace(
            best=False, install_weak_deps=True, clean_requirements_on_remove=True, installonly_limit=3, excludepkgs=["bash"], includepkgs=["acme"],
            disable_excludes=[], gpgcheck=False, keepcache=False, exit_on_lock=False, protected_packages=["dnf", "sudo", "rocky-release"],
            module_platform_id="platform:el8", read=lambda: None, cachedir="/var/cache/dnf", persistdir=self.persistdir, logdir="/var/log",
            substitutions=self.substitutions or Substitutions({"basearch": "x86_64"}))
        self.repos = Repositories()
        self.sack = types.SimpleNamespace(query=lambda: Found(package for package in Base.packages if package.reponame in ["@System"] + list(self.repos)),
                                          add_excludes=self.excluded.extend)

    def read_all_repos(self):
        for name in Base.names:
            self.repos[name] = types.SimpleNamespace(id=name, enabled=True, excludepkgs=["bash"], includepkgs=["acme"], enable=lambda: None)

    def init_plugins(self, disabled_glob=(), enable_plugins=()):
        self.plugins.append((list(disabled_glob), list(enable_plugins)))

    def configure_plugins(self):
        # They look at the repositories that are enabled then.
        self.plugins.append(sorted(self.repos))

    def fill_sack(self, load_system_repo=True):
        if not Base.loads:
            logging.getLogger("dnf").warning("Errors during downloading metadata for repository 'appstream':\n  - Curl error (28): too slow\n  - "
                                             "Status code: 404\n  - Status code: 500")
            raise RepoError("Failed to download metadata for repo 'appstream'")


class Substitutions(dict):
    def update_from_etc(self, root):
        self["ours"] = "of " + root


class Repositories(dict):
    def all(self):
        return list(self.values())

    iter_enabled = all

    def add(self, repo):
        self[repo.id] = repo


class Repo(object):
    enabled = False

    def __init__(self, name, _conf):
        self.id = name

    def enable(self):
        self.enabled = True


@pytest.fixture
def dnf(monkeypatch):
    """dnf and libdnf as much as open_base() needs of them."""
    made = dict((name, types.ModuleType(name)) for name in ("dnf", "dnf.repo", "dnf.exceptions", "libdnf", "libdnf.conf"))
    made["dnf"].Base, made["dnf.repo"].Repo, made["dnf.exceptions"].RepoError = Base, Repo, RepoError
    made["dnf"].repo, made["dnf"].exceptions, made["libdnf"].conf = made["dnf.repo"], made["dnf.exceptions"], made["libdnf.conf"]
    made["libdnf.conf"].ConfigParser = types.SimpleNamespace(substitute=lambda text, words: text.replace("$basearch", words["basearch"]))
    for name, module in made.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(Base, "packages", ())
    monkeypatch.setattr(Base, "loads", True)


def settings(**more):
    return dict({"major": 9, "directory": None, "cache": None, "others": [], "unprotected": ["rocky-release"], "repositories": [
        {"id": "baseos", "option": "mirrorlist", "url": "https://m/$basearch", "keys": ["file:///k"], "options": {"sslverify": False}},
        {"id": "appstream", "option": "baseurl", "url": "https://a/$basearch", "keys": ["file:///k"], "options": {}}]}, **more)


@pytest.mark.parametrize("option, value", [
    ("best", True), ("install_weak_deps", False), ("clean_requirements_on_remove", False), ("installonly_limit", 0), ("excludepkgs", []), ("includepkgs", []),
    ("gpgcheck", True), ("keepcache", True), ("exit_on_lock", True), ("module_platform_id", "platform:el9"),
    # What the conversion exchanges may go, and nothing else that somebody protects.
    ("protected_packages", ["dnf", "sudo"]),
    ("substitutions", {"basearch": "x86_64", "ours": "of /", "releasever": "9"}), ("cachedir", "/var/cache/dnf"), ("persistdir", "/var/lib/dnf")])
def test_dnf_is_on_the_leash_whatever_its_configuration_says(dnf, option, value):
    assert getattr(conversion.open_base(settings()).conf, option) == value


@pytest.mark.parametrize("detected, minor", [("10", "2"), ("10-stream", None)])
def test_dnf_keeps_the_minor_that_it_knows(dnf, monkeypatch, detected, minor):
    """dnf forgets it with every setting of releasever, even to what it is; EPEL's URLs of release 10 have a part of it."""
    class Forgetful(Substitutions):
        def __setitem__(self, key, value):
            if key == "releasever":
                self.pop("releasever_minor", None)
            super(Forgetful, self).__setitem__(key, value)
    monkeypatch.setattr(Base, "substitutions", Forgetful({"basearch": "x86_64", "releasever": detected, "releasever_minor": "2"}))
    found = conversion.open_base(settings(major=10)).conf.substitutions
    assert (found["releasever"], found.get("releasever_minor")) == ("10", minor)


@pytest.mark.parametrize("given, cachedir, persistdir", [
    ({"directory": "/tmp/look"}, "/tmp/look/cache", "/tmp/look/persist"), ({"cache": "/var/lib/elkit/1/cache"}, "/var/lib/elkit/1/cache", "/var/lib/dnf")])
def test_where_dnf_writes(dnf, given, cachedir, persistdir):
    conf = conversion.open_base(settings(**given)).conf
    assert (conf.cachedir, conf.persistdir) == (cachedir, persistdir)


def test_a_look_knows_of_streams_what_dnf_has_kept(dnf, tmp_path, monkeypatch):
    monkeypatch.setattr(Base, "persistdir", str(tmp_path / "dnf"))
    (tmp_path / "dnf" / "modulefailsafe").mkdir(parents=True)
    (tmp_path / "dnf" / "modulefailsafe" / "perl:5.99:x86_64.yaml").write_text("x")
    conf = conversion.open_base(settings(directory=str(tmp_path / "look"))).conf
    assert os.listdir(os.path.join(conf.persistdir, "modulefailsafe")) == ["perl:5.99:x86_64.yaml"] and str(tmp_path / "look") in conf.persistdir


def test_almalinux_s_repositories_are_what_was_asked_for_and_the_others_those_that_are_named(dnf):
    assert sorted(conversion.open_base(settings()).repos) == ["appstream", "baseos"]
    base = conversion.open_base(settings(others=["epel"]))
    assert sorted(base.repos) == ["appstream", "baseos", "epel"]
    # The check excludes says that what is overridden does not count; what others may bring is the user's word.
    assert (base.repos["epel"].excludepkgs, base.repos["epel"].includepkgs) == ([], ["acme"])
    found = [vars(base.repos[name]) for name in ("baseos", "appstream")]
    common = {"gpgcheck": True, "gpgkey": ["file:///k"], "skip_if_unavailable": False, "retries": conversion.RETRIES, "enabled": True}
    assert found == [dict(common, id="baseos", mirrorlist="https://m/x86_64", sslverify=False), dict(common, id="appstream", baseurl=["https://a/x86_64"])]


def test_what_is_installed_is_had_again_whatever_is_excluded(dnf):
    base = conversion.source_base({"directory": None, "cache": "/c"}, ["baseos"])
    # Of dnf.conf and of every repository.
    assert sorted(base.repos) == ["baseos"] and base.conf.disable_excludes == ["all"]
    # A mirror that hangs is found out soon.
    assert base.repos["baseos"].retries == conversion.RETRIES


RHUI = "rhel-9-baseos-rhui-rpms"


@pytest.mark.parametrize("keep, plugins", [(["baseos", RHUI], [(["*"], ["amazon?id"]), ["baseos", RHUI]]), (["baseos"], [])])
def test_a_cloud_s_mirror_is_asked_as_its_plugin_does_and_no_other_is_loaded(dnf, monkeypatch, keep, plugins):
    monkeypatch.setattr(Base, "names", ("baseos", "acme", RHUI))
    assert conversion.source_base({"directory": None, "cache": "/c"}, keep).plugins == plugins
    assert conversion.open_base(settings(others=["acme"])).plugins == []


def test_the_plugin_of_a_cloud_s_mirror_is_loaded_by_each_base_of_a_process(dnf, monkeypatch):
    """dnf 4.14 refuses it while what an earlier Base has loaded is there."""
    monkeypatch.setattr(Base, "names", (RHUI,))
    loaded = []
    monkeypatch.setattr(Base, "init_plugins", lambda self, **_arguments: loaded.append("dnf.plugin.dynamic" in sys.modules) or sys.modules.update(
        {"dnf.plugin.dynamic": None}))
    for _number in range(2):
        conversion.source_base({"directory": None, "cache": "/c"}, [RHUI])
    sys.modules.pop("dnf.plugin.dynamic")
    assert loaded == [False, False]


def test_a_repository_that_cannot_be_loaded_is_named(dnf, monkeypatch):
    monkeypatch.setattr(Base, "loads", False)
    with pytest.raises(agent.Failure, match="appstream") as caught:
        conversion.open_base(settings())
    assert caught.value.details["untouched"]
    assert str(caught.value).endswith("'appstream' (Curl error (28): too slow; Status code: 404)"), "why, as far as that helps"
    assert logging.getLogger("dnf").handlers == []


@pytest.mark.parametrize("words, theirs", [
    ("Failed to download metadata for repo 'acme': Cannot download repomd.xml", True), ("Failed to synchronize cache for repo 'acme'", True),
    ("Cannot find a valid baseurl for repo: acme", True), ("Failed to download metadata for repo 'appstream' (acme: 404)", False),
    ("Something else: acme", False)])
def test_a_repository_of_others_that_cannot_be_loaded_is_called_that(words, theirs):
    failure = conversion.not_loaded(words, ["acme", "for"])
    assert words in failure.message and failure.details["untouched"]
    assert ("a repository of others" in failure.message, "disable it" in failure.remedy, "another mirror" in failure.remedy) == (theirs, theirs, not theirs)


def test_what_could_not_be_loaded_and_is_done_without_is_told(dnf):
    heard = []
    base = conversion.open_base(settings(others=["acme", "epel"]), heard)
    assert conversion.silent_of(base, settings()) == {"ours": [], "others": []} and heard == []
    for name in ("epel", "appstream"):
        base.repos[name].enabled = False
    assert conversion.silent_of(base, settings()) == {"ours": ["appstream"], "others": ["epel"]}


def test_what_dnf_says_of_repositories_is_heard(dnf, monkeypatch):
    monkeypatch.setattr(Base, "loads", False)
    heard = []
    with pytest.raises(agent.Failure):
        conversion.open_base(settings(), heard)
    assert conversion.reasons(heard) == " (Curl error (28): too slow; Status code: 404)"


def of(name, repository):
    return types.SimpleNamespace(name=name, reponame=repository)


def test_others_offer_only_what_is_theirs_already(dnf, monkeypatch):
    theirs, newer_bash, new = of("acme", "epel"), of("bash", "epel"), of("htop", "epel")
    monkeypatch.setattr(Base, "packages", [of("bash", "@System"), of("acme", "@System"), of("bash", "baseos"), of("almalinux-release", "baseos"),
                                           theirs, newer_bash, new, of("acme", "acme")])
    assert conversion.open_base(settings(others=["epel"])).excluded == [newer_bash, new]
    assert conversion.open_base(settings()).excluded == []


def test_what_is_to_leave_and_is_protected_is_named(dnf, monkeypatch):
    class Named(types.SimpleNamespace):
        def __str__(self):
            return self.name + "-1-1.noarch"

    monkeypatch.setattr(Base, "packages", [Named(name=name, reponame="@System") for name in ("sudo", "dnf", "rocky-release", "rocky-logos")])
    base = conversion.open_base(settings())
    assert conversion.protected_of(base, ["sudo-1-1.noarch", "rocky-release-1-1.noarch", "rocky-logos-1-1.noarch"]) == ["sudo-1-1.noarch"]


@pytest.fixture
def modules(dnf, monkeypatch):
    """What dnf is asked to enable: [[spec]]; and what it says of it, where it refuses."""
    asked, refusals = [], []

    class ModuleBase(object):
        def __init__(self, _base):
            pass

        def enable(self, specs):
            asked.append(specs)
            for refusal in refusals:
                raise refusal

    made = types.ModuleType("dnf.module"), types.ModuleType("dnf.module.module_base")
    made[0].module_base, made[1].ModuleBase = made[1], ModuleBase
    sys.modules["dnf"].module = made[0]
    for module in made:
        monkeypatch.setitem(sys.modules, module.__name__, module)
    sys.modules["dnf"].exceptions.Error = Exception
    sys.modules["dnf"].exceptions.MarkingErrors = KeyError
    return asked, refusals


@pytest.mark.parametrize("streams, asked", [
    # Profiles after their streams, with which dnf forgets them.
    ([["perl", "rhel8", ["common", "s2i"]], ["virt", "rhel", []]], [["perl:rhel8", "virt:rhel"], ("perl", "rhel8", "common"), ("perl", "rhel8", "s2i")]),
    ([], [])])
def test_streams_are_switched_with_their_profiles_before_anything_is_resolved(modules, streams, asked):
    conversion.switch_streams(types.SimpleNamespace(_moduleContainer=types.SimpleNamespace(install=lambda *profile: modules[0].append(profile))), streams)
    assert modules[0] == asked


def test_streams_that_no_repository_has_are_told(modules):
    has = {"nginx:1.22": ["appstream"], "perl:5.99": ["@modulefailsafe"], "php:8.2": ["@modulefailsafe", "remi-modular"]}
    sys.modules["dnf.module.module_base"].ModuleBase.get_modules = lambda self, spec: (
        [types.SimpleNamespace(getRepoID=lambda repo=repo: repo) for repo in has.get(spec, ())], None)
    streams = [["nginx", "1.22"], ["perl", "5.99"], ["php", "8.2"], ["acme", "1"]]
    assert conversion.unknown_streams(object(), streams) == [["perl", "5.99"], ["acme", "1"]]
    assert conversion.unknown_streams(None, []) == []


def test_streams_that_almalinux_does_not_have_are_named(modules):
    modules[1].append(ValueError("No such stream:\n  perl:x"))
    with pytest.raises(agent.Failure, match="No such stream: perl:x") as caught:
        conversion.switch_streams(object(), [["perl", "x", []]])
    assert caught.value.details["untouched"] and "source_extra" in caught.value.remedy


@pytest.mark.parametrize("test, broken, raised", [(False, ["bash-2"], True), (False, [], False), (True, ["bash-2"], False)])
def test_what_rpm_left_as_it_was_is_no_success(monkeypatch, test, broken, raised):
    """dnf's API says nothing of single packages whose script or files failed; the rest is done then, and a run that goes on brings them in."""
    dnf = types.ModuleType("dnf")
    dnf.callback = types.SimpleNamespace(TransactionProgress=object)
    dnf.exceptions = types.SimpleNamespace(TransactionCheckError=KeyError, Error=KeyError)
    monkeypatch.setitem(sys.modules, "dnf", dnf)
    monkeypatch.setitem(sys.modules, "dnf.callback", dnf.callback)
    monkeypatch.setattr(conversion, "check_rpm_lock", lambda: None)
    monkeypatch.setattr(conversion, "failed_packages", lambda _base: broken)

    def do_transaction(meter):
        meter.scriptout("%pre(bash-2) scriptlet failed, exit status 1")
    base = types.SimpleNamespace(conf=types.SimpleNamespace(), do_transaction=do_transaction)
    if not raised:
        assert conversion.transact(base, lambda *_: None, test=test) == ["%pre(bash-2) scriptlet failed, exit status 1"]
        return
    with pytest.raises(agent.Failure) as caught:
        conversion.transact(base, lambda *_: None, test=test)
    assert "bash-2: %pre(bash-2)" in caught.value.message and "Run again" not in caught.value.message and "run again" in caught.value.remedy
