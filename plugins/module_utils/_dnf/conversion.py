# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""dnf's part in a conversion: one transaction that swaps the release, the brand and every package at once.

Like agent.py it runs under the host's own Python alone, imports dnf inside its functions, is written for dnf 4.7 (EL8) and
newer, and takes and gives plain data. It decides nothing: which packages are to leave, to come and to be swapped is its
caller's word, and dnf may erase nothing else (allow_erasing is off).
"""

import logging
import os
import re
import shutil
import sys

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf.agent import Failure, check_rpm_lock, failed_packages, first_line, lock_holder, mark

# dnf's own ten would have a mirror that hangs found out after five minutes.
RETRIES = 3
# libdnf's name of the repository of the streams that no other has any more, and where it keeps them.
REMEMBERED, REMEMBERED_IN = "@modulefailsafe", "modulefailsafe"
# Amazon's mirrors of Red Hat's repositories answer to nobody who does not send the headers that this plugin of dnf makes.
CLOUD_MIRROR, CLOUD_PLUGIN = "rhui", "amazon?id"
# What a package does in a transaction, in words that hold on every dnf.
INSTALL, UPGRADE, DOWNGRADE, REINSTALL, REMOVE, OBSOLETED = "install", "upgrade", "downgrade", "reinstall", "remove", "obsoleted"


def open_base(settings, heard=None):
    """A dnf.Base with the repositories of the target, those third-party ones that are enabled, and what is installed.

    :param settings: {"major": int; "directory": where cache, history and logs go (str), or None for the host's own;
        "cache": where packages and metadata are cached (str) or None for the host's;
        "repositories": [{"id", "option" ("baseurl", "mirrorlist", "metalink"), "url", "keys" [URL], "options" {name: value}}];
        "others": ids of the host's own repositories that take part; "unprotected": names of packages that dnf may let go}
    :param heard: a list, to which is added what dnf warns of while it loads the repositories (texts)
    :raises Failure: a repository cannot be loaded (names it), or another dnf works
    """
    import dnf

    base = dnf.Base()
    base.conf.read()
    base.conf.substitutions.update_from_etc("/")
    base.conf.exit_on_lock = True
    if base.conf.substitutions.get("releasever") != str(settings["major"]):
        # Setting it, even to what it is, makes dnf forget the minor, which EPEL's URLs of release 10 have a part of (releasever_minor).
        base.conf.substitutions["releasever"] = str(settings["major"])
    if settings["directory"] is not None:
        persistdir = os.path.join(settings["directory"], "persist")
        # What dnf has kept of streams that no repository has any more, which the run goes by.
        remembered = os.path.join(base.conf.persistdir, REMEMBERED_IN)
        if os.path.isdir(remembered):
            shutil.copytree(remembered, os.path.join(persistdir, REMEMBERED_IN))
        base.conf.persistdir = persistdir
        base.conf.logdir = settings["directory"]
        base.conf.cachedir = os.path.join(settings["directory"], "cache")
    if settings.get("cache"):
        base.conf.cachedir = settings["cache"]
    # A run that goes on, and the way back, need the packages.
    base.conf.keepcache = True
    base.conf.best = True
    base.conf.install_weak_deps = False
    base.conf.clean_requirements_on_remove = False
    # dnf would erase the oldest kernel to make room for AlmaLinux's.
    base.conf.installonly_limit = 0
    # These lines are looked at before, and are either an inhibitor or overridden by name.
    base.conf.excludepkgs = []
    base.conf.includepkgs = []
    base.conf.gpgcheck = True
    base.conf.module_platform_id = "platform:el{0}".format(settings["major"])
    base.conf.protected_packages = [name for name in base.conf.protected_packages if name not in settings["unprotected"]]
    if settings["others"]:
        base.read_all_repos()
        for repo in list(base.repos.all()):
            if repo.id not in settings["others"]:
                # Not only disabled: a key or a URL of it that cannot be read must not matter.
                base.repos.pop(repo.id)
            else:
                repo.excludepkgs = []
    for item in settings["repositories"]:
        add_repository(base, item)
    warnings = [] if heard is None else heard
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warnings.append(record.getMessage())
    logging.getLogger("dnf").addHandler(handler)
    try:
        base.fill_sack()
    except dnf.exceptions.RepoError as error:
        raise not_loaded(first_line(error) + reasons(warnings), settings["others"])
    finally:
        logging.getLogger("dnf").removeHandler(handler)
    keep_to_their_own(base, settings)
    return base


def not_loaded(words, others):
    """The Failure for a repository that dnf cannot load.

    :param words: dnf's, which have its id
    :param others: ids of the repositories that are not the target's
    """
    named = re.search(r"repo:? '?([^\s']+)", words)
    theirs = named.group(1).rstrip(":") if named else None
    if theirs in others:
        return Failure("host", "dnf cannot load {0}, a repository of others that is enabled on this host: {1}".format(theirs, words),
                       "Mend it, or disable it for the time of the conversion: its packages stay as they are", untouched=True)
    return Failure("host", "dnf cannot load a repository that the conversion needs: {0}".format(words),
                   "Mend the mirror or the network, or name another mirror", untouched=True)


def silent_of(base, settings):
    """{"ours": [id] of the target's repositories, "others": [id] of the rest} that dnf could not load and does without."""
    target = set(item["id"] for item in settings["repositories"])
    names = silent(base)
    return {"ours": [name for name in names if name in target], "others": [name for name in names if name not in target]}


def silent(base):
    """Ids (sorted) of the repositories of *base*, which were all enabled, that dnf could not load and does without."""
    return sorted(repo.id for repo in base.repos.all() if not repo.enabled)


def reasons(warnings):
    """What went wrong with the mirrors of a repository, in brackets, or "": dnf's error says only that it tried them all.

    :param warnings: what dnf logged (texts): after a heading, "  - " and the reason for each
    """
    found = []
    for line in "\n".join(warnings).splitlines():
        if line.startswith("  - ") and line[4:] not in found:
            found.append(line[4:])
    return " ({0})".format("; ".join(found[:2])) if found else ""


def add_repository(base, item):
    """Add the enabled repository *item* of open_base()'s settings."""
    import dnf.repo
    import libdnf.conf

    repo = dnf.repo.Repo(item["id"], base.conf)
    # dnf fills variables in where it fetches, but not where it looks for the packages of a file:// mirror.
    url = libdnf.conf.ConfigParser.substitute(item["url"], base.conf.substitutions)
    setattr(repo, item["option"], [url] if item["option"] == "baseurl" else url)
    repo.gpgcheck = True
    repo.gpgkey = list(item["keys"])
    repo.skip_if_unavailable = False
    repo.retries = RETRIES
    for name, value in item["options"].items():
        setattr(repo, name, value)
    repo.enable()
    base.repos.add(repo)


def keep_to_their_own(base, settings):
    """Let the other repositories offer only packages that are installed and that no repository of the target has."""
    if not settings["others"]:
        return
    target = set(item["id"] for item in settings["repositories"])
    installed = set(package.name for package in base.sack.query().installed())
    ours = set(package.name for package in base.sack.query().available() if package.reponame in target)
    away = [package for package in base.sack.query().available()
            if package.reponame not in target and (package.name not in installed or package.name in ours)]
    base.sack.add_excludes(base.sack.query().filter(pkg=away))


def installed_of(base):
    """[{"nevra", "name", "epoch", "version", "release", "arch", "vendor", "provides" [name], "size"}] of what is installed."""
    return [dict(describe(package), vendor=package.vendor or "", provides=sorted(set(str(item).split()[0] for item in package.provides)),
                 size=package.installsize, built=package.buildtime) for package in base.sack.query().installed() if package.name != "gpg-pubkey"]


def available_of(base, repositories, names):
    """[{"nevra", …, "repository", "download", "size"}] of the packages called *names* that *repositories* (ids) have, after modular filtering."""
    wanted = set(repositories)
    return [dict(describe(package), repository=package.reponame, download=package.downloadsize, size=package.installsize)
            for package in base.sack.query().available().filter(name=sorted(names)) if package.reponame in wanted]


def describe(package):
    return {"nevra": str(package), "name": package.name, "epoch": int(package.epoch), "version": package.version,
            "release": package.release, "arch": package.arch}


def switch_streams(base, streams):
    """Enable other *streams* ([[module, stream, [profile]]]) before anything is resolved; the transaction saves them.

    :raises Failure: the target has no such stream
    """
    import dnf
    import dnf.module.module_base

    if not streams:
        return
    modules = dnf.module.module_base.ModuleBase(base)
    try:
        mark(modules.enable, ["{0}:{1}".format(name, stream) for name, stream, _profiles in streams])
    except dnf.exceptions.Error as error:
        raise Failure("host", "dnf refuses the module streams of AlmaLinux: {0}".format(" ".join(str(error).split())),
                      "Reset the module on the host, or name the stream it is to have (source_extra: streams)", untouched=True)
    # dnf forgets with a stream which profiles of it are installed.
    for name, stream, profiles in streams:
        for profile in profiles:
            base._moduleContainer.install(name, stream, profile)


def unknown_streams(base, streams):
    """Those of the enabled module *streams* ([[module, stream]]) that no repository has."""
    if not streams:
        return []
    import dnf.module.module_base

    modules = dnf.module.module_base.ModuleBase(base)
    return [[name, stream] for name, stream in streams
            # Of one that it has once read, dnf itself has kept what it is.
            if all(record.getRepoID() == REMEMBERED for record in modules.get_modules("{0}:{1}".format(name, stream))[0])]


def put(base, jobs):
    """Mark *jobs*: {"erase": [NEVRA], "install": [NEVRA or name], "reinstall": [NEVRA], "sync": ["name.arch"]}.

    :returns: [{"what", "reason"}] of those that dnf cannot mark
    """
    import dnf

    failed = []
    by_nevra = dict((str(package), package) for package in base.sack.query().installed())
    for nevra in jobs["erase"]:
        base.package_remove(by_nevra[nevra])
    for operation, specs in ((base.reinstall, jobs["reinstall"]), (base.distro_sync, jobs["sync"]), (base.install, jobs["install"])):
        for spec in specs:
            try:
                operation(spec)
            except dnf.exceptions.Error as error:
                failed.append({"what": spec, "reason": first_line(error)})
    return failed


def protected_of(base, nevras):
    """Those of the installed packages *nevras* (sorted) that the host's dnf is told to protect: it refuses to take them away."""
    return sorted(str(package) for package in base.sack.query().installed().filter(name=sorted(base.conf.protected_packages)) if str(package) in nevras)


def resolve(base):
    """What stands against the marked jobs: [] or the solver's own words, a line each. Nothing is erased to make them fit."""
    import dnf

    try:
        base.resolve(allow_erasing=False)
    except dnf.exceptions.DepsolveError as error:
        return [" ".join(line.split()) for line in str(error).splitlines() if line.strip()]
    return []


class Planned(list):
    """What stands in the place of dnf's transaction in a base that only looks: [(action, package)].

    dnf writes each item of a transaction to its history, which takes as long as all the rest of a look.
    """

    def __init__(self, goal):
        super(Planned, self).__init__()
        obsoleted = set(goal.list_obsoleted())
        for action, packages in ((DOWNGRADE, goal.list_downgrades()), (REINSTALL, goal.list_reinstalls()), (UPGRADE, goal.list_upgrades())):
            for package in packages:
                self.append((action, package))
                others = goal.obsoleted_by_package(package)
                # The old half, as dnf chooses it: the same package, else one of the same name, else any.
                halves = [one for one in others if str(one) == str(package)] or [one for one in others if one.name == package.name] or others
                self.extend((OBSOLETED, one) for one in others if one is not halves[0])
        for package in goal.list_installs():
            self.append((INSTALL, package))
            self.extend((OBSOLETED, one) for one in goal.obsoleted_by_package(package) if one in obsoleted or one.name == package.name)
        self.extend((REMOVE, package) for package in goal.list_erasures())

    def _rpm_limitations(self):
        """dnf asks its transaction so whether rpm can do it; whoever runs one asks again."""
        return None


def only_look(base):
    """From now on, resolve() makes a Planned instead of a transaction, which cannot be run."""
    base._goal2transaction = Planned


def items_of(base):
    """The resolved transaction: [{"action", "nevra", "name", …, "repository", "download", "size"}].

    The old half of an upgrade, a downgrade or a reinstall is not named again. Packages that leave have no repository.
    """
    import dnf.transaction

    words = {dnf.transaction.PKG_INSTALL: INSTALL, dnf.transaction.PKG_UPGRADE: UPGRADE, dnf.transaction.PKG_DOWNGRADE: DOWNGRADE,
             dnf.transaction.PKG_REINSTALL: REINSTALL, dnf.transaction.PKG_REMOVE: REMOVE, dnf.transaction.PKG_OBSOLETED: OBSOLETED}
    found = {}
    if isinstance(base.transaction, Planned):
        pairs = base.transaction
    else:
        pairs = [(words.get(item.action), item.pkg) for item in base.transaction or ()]
    for action, package in pairs:
        if action is None:
            continue
        coming = action not in (REMOVE, OBSOLETED)
        found[(action, str(package))] = dict(
            describe(package), action=action, repository=package.reponame if coming else None,
            download=package.downloadsize if coming else 0, size=package.installsize)
    return [found[key] for key in sorted(found)]


def download(base, progress):
    """Fetch what the resolved transaction brings: {nevra: path}.

    :param progress: called as progress(done, total, what) for each file
    :raises Failure: one cannot be had
    """
    import dnf
    import dnf.callback

    class Meter(dnf.callback.DownloadProgress):
        """Counts files."""

        def __init__(self):
            super(Meter, self).__init__()
            self.done = self.total = 0

        def start(self, total_files, total_size, total_drpms=0):
            self.total = total_files

        def progress(self, payload, done):
            pass

        def end(self, payload, status, msg):
            self.done += 1
            progress(self.done, self.total, str(payload))

    coming = list(base.transaction.install_set) if base.transaction else []
    try:
        base.download_packages(coming, Meter())
    except dnf.exceptions.Error as error:
        # Of a mirror on the host's own disk dnf says only that something is wrong.
        local = [package for package in coming if not package.localPkg().startswith(base.conf.cachedir) and os.path.exists(package.localPkg())]
        spoilt = sorted(str(package) for package in local if not package.verifyLocalPkg())
        if spoilt:
            raise Failure("host", "{0}: not what the metadata of its repository say".format(", ".join(spoilt[:8])),
                          "Bring the mirror up to date", untouched=True)
        raise Failure("host", "a package cannot be downloaded: {0}".format(first_line(error)), "Run again once the mirror works",
                      untouched=True)
    return dict((str(package), package.localPkg()) for package in coming)


def transact(base, progress, test):
    """Run the resolved transaction, whose packages are downloaded and checked.

    :param progress: called as progress(done, total, nevra) before each package
    :param test: let rpm try it, and change nothing
    :raises Failure: rpm refuses it, and nothing was begun then; or it failed, or left single packages as they were
    """
    import dnf
    import dnf.callback

    class Meter(dnf.callback.TransactionProgress):
        """Counts packages, and keeps what scriptlets say."""

        def __init__(self):
            super(Meter, self).__init__()
            self.current = None
            self.complaints = []

        def progress(self, package, action, ti_done, ti_total, ts_done, ts_total):
            if not test and package is not None and (str(package), action) != self.current:
                self.current = (str(package), action)
                progress(ts_done, ts_total, str(package))

        def scriptout(self, msgs):
            if msgs:
                self.complaints.extend(str(msgs).splitlines())

        def error(self, message):
            self.complaints.append(message)

    meter = Meter()
    base.conf.tsflags = ["test"] if test else []
    check_rpm_lock()
    try:
        base.do_transaction(meter)
    except dnf.exceptions.TransactionCheckError as error:
        raise Failure("host", "rpm refuses the transaction: {0}".format(" ".join(str(error).split())[:1500]),
                      "Look at the packages and files that are named", untouched=True)
    except dnf.exceptions.Error as error:
        raise Failure("host", "the transaction failed: {0}".format(" ".join(str(error).split())[:1500]),
                      "Run again: it goes on from here", complaints=meter.complaints[-20:])
    failed = [] if test else failed_packages(base)
    if failed:
        raise Failure("host", "rpm did not do its part with {0}{1}: {2}".format(
            ", ".join(failed[:8]), " and {0} more".format(len(failed) - 8) if len(failed) > 8 else "",
            " ".join(meter.complaints[-3:]) or "a script or the files of the package failed"),
            "Mend what it complains of and run again: it goes on from here", complaints=meter.complaints[-20:])
    return meter.complaints


def busy(base):
    """The id of the process that works on the packages of this host, 0 if it is not known, or None if nobody does."""
    import rpm

    holder = lock_holder(rpm.expandMacro("%{_rpmlock_path}"))
    if holder is not None:
        return holder
    try:
        # Where dnf writes who has the packages; one that was killed leaves its file behind.
        with open(os.path.join(base.conf.persistdir, "rpmdb_lock.pid")) as handle:
            process = int(handle.read())
        os.kill(process, 0)
    except (IOError, OSError, ValueError):
        return None
    return process


def source_base(settings, keep, more=()):
    """A dnf.Base with the repositories that the host has enabled now but none of the target's, to get the host's own packages again.

    :param settings: as in open_base(); only directory and cache count
    :param keep: ids of the repositories of the source
    :param more: further repositories, as in open_base()
    """
    import dnf

    base = dnf.Base()
    base.conf.read()
    base.conf.substitutions.update_from_etc("/")
    base.conf.exit_on_lock = True
    # What is installed counts, whatever dnf.conf or a repository leaves out of what may come.
    base.conf.disable_excludes = ["all"]
    if settings["directory"] is not None:
        base.conf.persistdir = os.path.join(settings["directory"], "persist")
        base.conf.logdir = settings["directory"]
    base.conf.cachedir = settings["cache"]
    base.conf.keepcache = True
    base.read_all_repos()
    for repo in list(base.repos.all()):
        if repo.id not in keep:
            base.repos.pop(repo.id)
        else:
            repo.skip_if_unavailable = True
            repo.retries = RETRIES
            repo.enable()
    if any(CLOUD_MIRROR in name.lower() for name in base.repos):
        # Up to dnf 4.14 an earlier Base of this process keeps them from being loaded again.
        sys.modules.pop("dnf.plugin.dynamic", None)
        # No other plugin: what they do to repositories is not known.
        base.init_plugins(disabled_glob=["*"], enable_plugins=[CLOUD_PLUGIN])
        base.configure_plugins()
    for item in more:
        add_repository(base, item)
    # Every version counts, whichever stream of a module is enabled.
    for repo in base.repos.iter_enabled():
        repo.module_hotfixes = True
    base.fill_sack(load_system_repo=False)
    return base


def builds_of(base, wanted):
    """{nevra: [[build time, bytes to fetch]]} of the packages in *wanted* ({NEVRA: name}) that the repositories have."""
    found = {}
    for package in base.sack.query().available().filter(name=sorted(set(wanted.values()))):
        if str(package) in wanted:
            found.setdefault(str(package), []).append([package.buildtime, package.downloadsize])
    return found


def fetch_exact(base, wanted):
    """Fetch packages by their exact NEVRA: {nevra: path}; what no repository has is left out."""
    import dnf

    found = {}
    for package in base.sack.query().available():
        if str(package) in wanted:
            found.setdefault(str(package), package)
    try:
        base.download_packages(list(found.values()))
    except dnf.exceptions.DownloadError as error:
        raise Failure("host", "a package of the source cannot be downloaded: {0}".format(first_line(error)),
                      "Run again once its mirror works, or do without the way back (revert_cache: false)", untouched=True)
    return dict((nevra, package.localPkg()) for nevra, package in found.items())
