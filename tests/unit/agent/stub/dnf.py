# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording stub in dnf's place. The environment variable STUB_STATE (JSON) says what it knows:

    repos, urls, print      for verify: repositories, what is at each URL (a dict of the id of the repository that it is fetched for, where that
                            matters), what is printed while they are read
    vars                    {name: value} in /etc/dnf/vars
    streams                 {module: {stream: {profile: [package]}}}; defaults {module: stream}
    locked                  whether fill_sack() finds a lock, held by process 4711
    refuse                  what enable() and disable() raise: missing and broken specs, and "defaults", "latest" or null for the kind of trouble
    installed, available    for want and packages: [package], a name or a NEVRA; needs {package: [what it cannot be without]}
    modular                 {"module:stream": [package]} that are available once that stream is enabled, those of no other then
    bad_signature           the package whose signature is not good
    broken                  [package] that rpm neither installs nor removes
    record                  the file that gets a line (JSON: name, arguments) for each call that matters
"""

import io
import json
import os
import re
import sys
import time
import types

STATE = json.loads(os.environ.get("STUB_STATE", "{}"))


def record(name, *arguments):
    if "record" in STATE:
        with open(STATE["record"], "a") as handle:
            handle.write(json.dumps([name] + list(arguments)) + "\n")


class Error(Exception):
    pass


class RepoError(Error):
    pass


class DepsolveError(Error):
    pass


class DownloadError(Error):
    pass


class MarkingError(Error):
    pass


class MarkingErrors(Error):
    def __init__(self, missing, broken, trouble):
        super(MarkingErrors, self).__init__("refused")
        self.no_match_group_specs, self.error_group_specs = missing, broken
        self.module_depsolv_errors = ((("why",),), trouble) if trouble else ()


class LockError(Error):
    pass


class ProcessLockError(LockError):
    def __init__(self, value, pid):
        super(ProcessLockError, self).__init__(value)
        self.pid = pid


class _Substitutions(dict):
    def update_from_etc(self, installroot):
        self["etc"] = installroot
        self.update(STATE.get("vars", {}))


class _Conf(object):
    def __init__(self):
        self.substitutions = _Substitutions()

    def read(self, filename=None):
        if filename is not None and not os.path.exists(filename):
            raise IOError(filename)


class _Repo(object):
    def __init__(self, name, data):
        self.id = name
        self.metalink = data.get("metalink")
        self.mirrorlist = data.get("mirrorlist")
        self.baseurl = data.get("baseurl", [])


class _Named(object):
    arch = "noarch"

    def __init__(self, text):
        self.text = text
        found = re.match(r"(.+)-([^-]+-[^-]+)\.noarch\Z", text)
        self.name, self.evr = found.groups() if found else (text, "")

    def __str__(self):
        return self.text

    def getName(self):
        return self.name

    def evr_cmp(self, other):
        return (self.evr > other.evr) - (self.evr < other.evr)


class _Record(_Named):
    def __init__(self, name, stream, profiles):
        super(_Record, self).__init__(name)
        self.stream, self.profiles = stream, profiles

    def getStream(self):
        return self.stream

    def getProfiles(self):
        return [_Named(profile) for profile in self.profiles]

    def getArtifacts(self):
        return [name + "-0:1-1.noarch" for names in self.profiles.values() for name in names]


class ModuleBase(object):
    def __init__(self, base):
        self.base = base

    def get_modules(self, spec):
        return [_Record(name, stream, profiles) for name, streams in STATE["streams"].items() if spec in (name, "*")
                for stream, profiles in streams.items()], None

    def enable(self, specs):
        record("enable", *specs)
        self.refuse()
        self.base.sack.modular = STATE.get("modular", {}).get(specs[0], [])

    def disable(self, specs):
        record("disable", *specs)
        self.refuse()

    def refuse(self):
        if "refuse" in STATE:
            raise MarkingErrors(*STATE["refuse"])

    def reset(self, specs):
        record("reset", *specs)

    def install(self, specs):
        record("install", *specs)
        for spec in specs:
            module, profile = spec.split("/")
            name, stream = module.split(":")
            self.base.marked.extend(STATE["streams"][name][stream][profile])


class _Container(object):
    def getEnabledStream(self, name):
        return ""

    def getDefaultStream(self, name):
        return STATE.get("defaults", {}).get(name, "")

    def getDefaultProfiles(self, name, stream):
        return tuple(STATE["streams"][name][stream])[:1]


class _Transaction(object):
    def __init__(self, install_set, remove_set):
        self.install_set = install_set
        self.remove_set = remove_set

    def __iter__(self):
        return iter(self.install_set | self.remove_set)


class _Query(object):
    def __init__(self, modular):
        self.modular = modular

    def installed(self):
        return [_Named(name) for name in STATE.get("installed", [])]

    def available(self):
        return [_Named(name) for name in STATE.get("available", []) + self.modular]


class _Sack(object):
    modular = []

    def query(self):
        return _Query(self.modular)


class Base(object):
    def __init__(self):
        self.conf = _Conf()
        self.repos = {}
        self.marked, self.removed = [], set()
        self.transaction = None
        self.sack = _Sack()
        self._moduleContainer = _Container()

    def init_plugins(self):
        record("init_plugins")

    def pre_configure_plugins(self):
        pass

    def configure_plugins(self):
        record("configure_plugins")

    def read_all_repos(self):
        if "print" in STATE:
            print(STATE["print"])
            os.write(1, b"noise below Python\n")
        self.repos = dict((name, _Repo(name, data)) for name, data in STATE.get("repos", {}).items())

    def fill_sack(self):
        if STATE.get("locked"):
            raise ProcessLockError("locked", 4711)
        record("fill_sack")

    def install(self, spec):
        record("install", spec)
        if spec not in STATE.get("available", []):
            raise MarkingError("no match for argument: " + spec)
        self.marked.append(spec)

    def package_install(self, package):
        record("package_install", str(package))
        self.marked.append(str(package))

    def package_upgrade(self, package):
        record("package_upgrade", str(package))
        self.replace(package)

    def package_downgrade(self, package):
        record("package_downgrade", str(package))
        self.replace(package)

    def replace(self, package):
        self.marked.append(str(package))
        self.removed.update(str(present) for present in self.sack.query().installed() if present.name == package.name)

    def remove(self, spec):
        record("remove", spec, self.conf.clean_requirements_on_remove)
        self.removed.add(spec)

    def resolve(self, allow_erasing):
        record("resolve", allow_erasing)
        for name, needed in sorted(STATE.get("needs", {}).items()):
            if self.removed & set(needed):
                self.removed.add(name)
        self.transaction = _Transaction(set(_Named(name) for name in self.marked), set(_Named(name) for name in self.removed)) \
            if self.marked or self.removed else None

    def download_packages(self, packages):
        record("download", *sorted(map(str, packages)))

    def package_signature_check(self, package):
        return (1, "no good") if package.name == STATE.get("bad_signature") else (0, "")

    def do_transaction(self):
        record("do_transaction")
        for package in self.transaction or ():
            package.state = "error" if package.name in STATE.get("broken", []) else "done"

    def close(self):
        pass

    def urlopen(self, url, repo=None):
        content = STATE.get("urls", {}).get(url)
        if isinstance(content, dict):
            content = content.get(repo.id if repo is not None else None)
        if content is None:
            raise IOError("Status code: 404 for {0}".format(url))
        if content == "HANG":
            time.sleep(60)
        return io.BytesIO(content.encode())


def _module(name, **content):
    made = types.ModuleType("dnf." + name)
    made.__dict__.update(content)
    made.__path__ = []
    sys.modules["dnf." + name] = made
    return made


# One file stands for the package: its parts are made here.
__path__ = []
exceptions = _module("exceptions", **dict((cls.__name__, cls) for cls in (
    Error, RepoError, DepsolveError, DownloadError, MarkingError, MarkingErrors, LockError, ProcessLockError)))
module = _module("module")
module.module_base = _module("module.module_base", ModuleBase=ModuleBase)
