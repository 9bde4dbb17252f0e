# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Everything that a conversion must know of a host before it begins. Reads only; what dnf and rpm need to write goes to a
directory that is removed again."""

import json
import os
import shutil
import stat
import tempfile

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import (
    boot, bundle, kernels, mapping, remains, run, snapshot, space, target)
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, ElkitError, HostError, UnsupportedError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import (
    environment,
    kernel,
    module_streams,
    reboot,
    repositories,
    security,
)
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import flow as repo_flow
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import host as repo_host
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import ini
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files

PREFIX = "elkit-look-"
ARCHIVE = "worker.zip"
TIMEOUT = 900
# Seconds of what fetches packages and runs rpm, which must not be killed at it.
LONGER = 4 * 3600
# Bytes: the metadata of a distribution, and what dnf makes of them, may not fit into less.
LITTLE = 32 * space.MEBIBYTE
REGISTERED = ("/etc/pki/consumer/cert.pem", "/etc/rhsm/facts/katello.facts")
VERSION_LOCK_CONF = "/etc/dnf/plugins/versionlock.conf"
VERSION_LOCKS = ("/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list")


class Seen(object):
    """What was found: one attribute for each thing that a check looks at.

    context, identity (facts), source (mapping.Source or None), why_not (str or None), repositories, streams, kernel, reboot,
    security, environment (facts sections), registered (bool), registration (what the user wants of it), database (_rpm.database.Database
    or None), excludes {file: [pattern]}, locks [line], mounts [dict], immutable [path], esp (see efi(), or None), plan (worker.look()'s
    answer, or None), errors {what: ElkitError}, dnf_check [line], targets (target.repositories()), enabled_after (canonical ids),
    disabled_after (canonical ids of what AlmaLinux would enable, and what does not answer), keys (armored, or None),
    drift (remains.configuration()), modified ({path: [owner's NEVRA, whether its package keeps it]} of configuration),
    vault (target.vault()), leaving_files ({path: NEVRA} below /etc of packages without a counterpart), source_files (remains.source_files()), is_root,
    directory (where dnf wrote meanwhile, or None; close() removes it), files_size (bytes of what a snapshot keeps), metadata_size (bytes of caches()
    that are on another file system than the state directory)
    """

    def __init__(self, context):
        self.context = context
        self.identity = context.identity()[0]
        self.source = None
        self.why_not = None
        self.database = None
        self.plan = None
        self.errors = {}
        self.excludes = {}
        self.locks = []
        self.mounts = []
        self.immutable = []
        self.dnf_check = []
        self.targets = []
        self.enabled_after = []
        self.disabled_after = []
        self.vault = []
        self.streams_after = []
        self.registered = False
        self.registration = "refuse"
        self.esp = None
        self.keys = None
        self.directory = None
        self.drift = {}
        self.modified = {}
        self.leaving_files = {}
        self.source_files = {}
        self.is_root = context.is_root
        self.files_size = 0
        self.metadata_size = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Remove what dnf needed for the look."""
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    def caches(self):
        """{name of its place: directory} of the metadata that dnf loaded: "cache" AlmaLinux's, "source-cache" the source's."""
        places = {"cache": os.path.join(self.directory, "cache"), "source-cache": os.path.join(run.source_folder(self.directory), "cache")}
        return dict((name, path) for name, path in places.items() if os.path.isdir(path))


def recognise(seen, extra, sync, registration):
    """Set source, or why_not where this host is none that can be converted."""
    distribution = distributions.recognise(seen.context.os_release()[0])
    answer = distributions.as_source(distribution, seen.identity["major"], seen.identity["architecture"], sync)
    if answer["possible"]:
        seen.source = mapping.source(distribution.product, seen.identity["major"], seen.identity["architecture"], extra,
                                     registration == "preserve")
    else:
        seen.why_not = answer["reason"]


def gather(context, params):
    """The Seen of a host; whoever takes it closes it.

    :param context: _facts.context.Context
    :param params: those of the module conversion_info
    :raises InputError: one of them is wrong
    """
    seen = Seen(context)
    try:
        fill(seen, context, params)
    except BaseException:
        seen.close()
        raise
    return seen


def fill(seen, context, params):
    """Look at everything."""
    recognise(seen, params["source_extra"], params["sync"], params["registration"])
    seen.repositories = repositories.collect(context)
    seen.streams = module_streams.collect(context)
    seen.kernel = kernel.collect(context)
    seen.reboot = reboot.collect(context)
    seen.security = security.collect(context)
    seen.environment = environment.collect(context)
    # Hosts of any distribution may be registered with a Foreman.
    seen.registered = any(context.exists(path) for path in REGISTERED)
    seen.registration = params["registration"]
    seen.esp = efi(context, seen)
    try:
        seen.database = context.database()
    except ElkitError as error:
        seen.errors["database"] = error
    seen.excludes = excludes(context, seen.source)
    seen.locks = version_locks(context)
    seen.mounts = mounts(context)
    seen.immutable = immutable(context)
    if seen.source is None:
        return
    seen.enabled_after = target.enabled(seen.source, seen.repositories["enabled"])
    where = target.asked(seen.source, seen.enabled_after, params)
    seen.targets = target.repositories(seen.source.major, seen.source.arch, seen.enabled_after, where)
    seen.vault = target.vault(seen.source, seen.identity["minor"], may_have_come_from(seen.source, seen.repositories, seen.enabled_after), where)
    seen.streams_after = streams_after(seen.source, seen.streams)
    if seen.is_root and seen.database is not None:
        _ask_dnf(seen, params)
    seen.enabled_after, seen.disabled_after = target.afterwards(seen.source, seen.enabled_after, seen.plan["silent"]["ours"] if seen.plan else ())


def _ask_dnf(seen, params):
    """All that takes long, side by side."""
    directory = seen.directory = folder()

    def resolve():
        asked = dict(request(seen, params, directory), revert_cache=params["revert_cache"], kept_streams=kept_streams(seen.source, seen.streams))
        seen.plan = ask("look", asked, directory)

    def check():
        seen.dnf_check = dnf_check(directory)

    def keys():
        seen.keys = keys_of(seen.source, params)

    def configuration():
        seen.drift = remains.configuration()

    errors = commands.side_by_side({"plan": resolve, "dependencies": check, "trust": keys, "configuration": configuration})
    for name in ("dependencies", "configuration"):
        if name in errors:
            raise errors[name]
    seen.errors.update(errors)
    if "plan" in errors:
        seen.errors["plan"] = with_room(errors["plan"], directory)
    if seen.plan:
        seen.modified = remains.owners(seen.drift)
        seen.leaving_files = remains.configuration_of([row["package"] for row in seen.plan["rows"] if row["verdict"] in ("removed", "swapped")])
        seen.files_size = size_of(snapshot.ROOTS)
        if space.mount_of(directory, seen.mounts) is not space.mount_of(space.STATE, seen.mounts):
            seen.metadata_size = size_of(seen.caches().values())
        seen.source_files = remains.source_files(seen.source, seen.repositories["configured"])


def folder():
    """A directory for what dnf writes during a look.

    :raises HostError: there is no place for one
    """
    try:
        return tempfile.mkdtemp(prefix=PREFIX)
    except OSError as error:
        raise files.describe(error, "a temporary folder")


def with_room(error, directory):
    """*error* (of dnf, which says of a full disk whatever comes of it), with a word on the room at *directory* where there is little."""
    info = os.statvfs(directory)
    free = info.f_frsize * info.f_bavail
    if free >= LITTLE:
        return error
    place = os.path.dirname(directory)
    return HostError("{0} ({1} has only {2} free, which may be why)".format(error.message, place, space.readable(free)),
                     ". ".join(["Make room in {0}, where dnf's metadata lie during the look".format(place)] + ([error.remedy] if error.remedy else [])),
                     **error.details)


def request(seen, params, directory):
    """The worker's request (dict) for a host that was looked at."""
    source = seen.source
    return {
        "product": source.distribution.product, "major": source.major, "arch": source.arch, "extra": params["source_extra"],
        "streams": seen.streams_after, "registration": params["registration"],
        # A container's kernel is not its own.
        "flavour": None if seen.environment["type"] == "container" or kernels.boots_itself(seen.kernel) else kernels.flavour(seen.kernel),
        "source_repositories": sorted(set(seen.repositories["enabled"])), "vault": seen.vault,
        "spare_repositories": spare(source, seen.repositories),
        "source_urls": source_urls(source, seen.repositories["configured"]),
        "settings": {
            "major": source.major, "directory": directory, "cache": None,
            "repositories": [dict((key, item[key]) for key in ("id", "option", "url", "keys", "options")) for item in seen.targets],
            "others": third_party(seen), "unprotected": list(source.release_packages)}}


def spare(source, repositories):
    """Ids (sorted) of repositories that are not enabled, and that installed packages may have come from all the same: CRB, which people
    enable for one call of dnf.

    :param repositories: the facts section
    """
    others = set(item["id"] for item in repositories["configured"]) - set(repositories["enabled"])
    return sorted(item for item in others if source.is_own(item) and source.canonical(item) == "crb")


def may_have_come_from(source, repositories, wanted):
    """Canonical ids (sorted) of the repositories that installed packages may have come from.

    :param repositories: the facts section
    :param wanted: those of the enabled ones, as target.enabled() gives them
    """
    return sorted(set(wanted) | set(source.canonical(item) for item in spare(source, repositories)))


def source_urls(source, configured):
    """The URLs (sorted) of the source's repositories, without secrets, as verify looks for them afterwards.

    :param configured: of the facts section repositories
    """
    if source.distribution.product == distributions.ALMALINUX:
        return []
    return sorted(set(url for item in configured if source.is_own(item["id"]) for url in remains.urls_of(item)))


def keys_of(source, params):
    """The armored keys (str) that AlmaLinux's packages must be signed with, fetched and pinned.

    :raises TrustError: one is not pinned
    :raises VerificationError: it cannot be had
    :raises HostError: dnf.conf, which says how to fetch it, is broken
    """
    if params["keys"]:
        text = params["keys"]
        target.trusted(text.encode("utf-8"), "keys", source.major, params["trusted_keys"])
        return text
    url = params["key_url"] or target.key_url(source.major, params["mirror"])

    class Wanted(object):
        """What fetched() says of a key that cannot be had."""

        repository, path = "AlmaLinux", None

    # With the proxy and the certificates of dnf.conf, which a mirror may not be reached without.
    content = repo_flow.fetched({url: Wanted}, {"verify_timeout": 60}, repo_host.main_text())[url]
    target.trusted(content, url, source.major, params["trusted_keys"])
    return content.decode("utf-8")


def efi(context, seen):
    """{"partitions": [(disk, partition)] of the EFI system partition, "error": why no boot entry can be made there, or None}; None where there is no EFI."""
    if seen.environment["type"] == "container" or not context.exists(boot.EFI) or seen.identity["architecture"] not in boot.LOADERS:
        return None
    try:
        return {"partitions": boot.check_efi(context, seen.identity["architecture"]), "error": None}
    except ElkitError as error:
        return {"partitions": [], "error": str(error)}


def immutable(context):
    """Files that rpm may have to replace and that have the flag immutable (chattr +i), sorted; those that no package writes do not count."""
    if not commands.find("lsattr"):
        return []
    paths = ["/usr/lib/os-release"]
    for directory in ("/etc", "/etc/yum.repos.d", "/etc/dnf", "/etc/dnf/vars", "/etc/pki/rpm-gpg"):
        paths.extend("{0}/{1}".format(directory, name) for name in context.names(directory))
    # It complains of links and of what has no flags, and goes on.
    lines = [line.split(None, 1) for line in commands.run(["lsattr", "-d"] + paths, check=False).stdout.splitlines()]
    return sorted(words[1] for words in lines if len(words) == 2 and "i" in words[0] and words[1] not in snapshot.LEFT_OUT)


def third_party(seen):
    """Ids of the enabled repositories that are neither the source's nor have the id of one of AlmaLinux's."""
    taken = set(item["id"] for item in seen.targets)
    return sorted(item for item in set(seen.repositories["enabled"]) if not seen.source.is_own(item) and item not in taken)


def streams_after(source, streams):
    """[[module, stream, [profile]]] for the enabled module streams that AlmaLinux calls otherwise.

    :param streams: the facts section module_streams
    """
    found = []
    for item in streams["streams"]:
        if item["state"] == "enabled" and source.stream(item["stream"]) != item["stream"]:
            found.append([item["module"], source.stream(item["stream"]), list(item["profiles"])])
    return found


def kept_streams(source, streams):
    """[[module, stream]] of the enabled module streams that have the same name on AlmaLinux; parameters as of streams_after()."""
    return [[item["module"], item["stream"]] for item in streams["streams"]
            if item["state"] == "enabled" and item["stream"] and source.stream(item["stream"]) == item["stream"]]


def ask(operation, data, directory, timeout=TIMEOUT):
    """What the worker answers, run under the first Python of the host that has dnf.

    :param directory: where its archive lies meanwhile
    :param timeout: seconds that it may take
    :raises ElkitError: what it says went wrong
    """
    path = os.path.join(directory, ARCHIVE)
    try:
        with open(path, "wb") as handle:
            handle.write(bundle.build())
    except OSError as error:
        raise files.describe(error, path)
    for python in client.PYTHONS:
        if commands.find(python) is None:
            continue
        result = commands.run([python, "-s", "-E", path, operation], stdin=json.dumps(data), timeout=timeout, check=False)
        try:
            answer = json.loads(result.stdout)
        except ValueError:
            raise CommandError(
                "the worker ended with code {0} and without an answer: {1}".format(result.rc, client.redact(result.stderr).strip()[-500:]),
                command=[python, path, operation], rc=result.rc, stderr=client.redact(result.stderr))
        if "ok" in answer:
            return answer["ok"]
        error = answer["error"]
        if error["kind"] != "no-dnf":
            # dnf's words may hold the passwords of URLs.
            raise client.KINDS[error["kind"]](*client.redact([error["message"], error["remedy"]]), **client.redact(error["details"]))
    raise UnsupportedError("none of {0} on this host can import dnf".format(", ".join(client.PYTHONS)), "Install python3-dnf")


def dnf_check(directory):
    """What `dnf check` complains of: [line]."""
    result = commands.run(
        ["dnf", "-q", "--noplugins", "--setopt=persistdir={0}/check".format(directory), "--setopt=cachedir={0}/check-cache".format(directory),
         "--setopt=logdir={0}".format(directory), "--disablerepo=*", "check"], timeout=300, check=False)
    return remains.complaints(result)


def excludes(context, source):
    """{file: [what is left out]} of the exclude=, excludepkgs= and includepkgs= lines of dnf.conf and the repository files.

    :param source: mapping.Source or None. What a repository of others may bring is left to its includepkgs=, which a conversion minds, too.
    """
    found = {}
    paths = [repositories.DNF_CONF]
    for directory in repositories.DIRECTORIES:
        paths += [os.path.join(directory, name) for name in context.names(directory) if ini.is_read(name)]
    for path in paths:
        try:
            document = ini.parse(context.read(path) or "")
        except ElkitError:
            # The check of the repositories speaks of it.
            continue
        for section in document.sections():
            if repositories.boolean(document.options(section).get("enabled"), True) is False:
                continue
            for option in ("exclude", "excludepkgs"):
                words = repositories.words(document.options(section).get(option))
                if words:
                    found.setdefault(path, []).extend(words)
            words = repositories.words(document.options(section).get("includepkgs"))
            if words and (section == repositories.MAIN or source is not None and source.is_own(section)):
                found.setdefault(path, []).append("all but {0}".format(" and ".join(sorted(words))))
    return found


def version_locks(context):
    """The locks (lines) of dnf's plugin versionlock, unless it is switched off."""
    try:
        settings = ini.parse(context.read(VERSION_LOCK_CONF) or "").options(repositories.MAIN)
    except ElkitError:
        settings = {}
    if repositories.boolean(settings.get("enabled"), True) is False:
        return []
    found = []
    for path in (settings.get("locklist") or VERSION_LOCKS[0],) + VERSION_LOCKS[1:]:
        try:
            text = context.read(path) or ""
        except ElkitError:
            continue
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        # The folder of the second place may be a link to that of the first.
        found += [line for line in lines if line not in found]
    return found


def mounts(context):
    """[{"mount", "device", "type", "options" [str], "free" (bytes for root)}] of what is mounted; free is None where a conversion writes nothing,
    and of what is on the network."""
    found = []
    for line in (context.read("/proc/self/mounts") or "").splitlines():
        words = line.split()
        if len(words) >= 4:
            # The kernel writes blanks in paths as \040.
            found.append({"mount": words[1].replace("\\040", " "), "device": words[0], "type": words[2], "options": words[3].split(","), "free": None})
    for mount in space.holders(found):
        try:
            info = os.statvfs(mount["mount"])
        except OSError:
            continue
        mount["free"] = info.f_frsize * info.f_bfree
    return found


def size_of(roots):
    """The bytes that the files below *roots* (directories) take."""
    total = 0
    for root in roots:
        for directory, _directories, names in os.walk(root):
            for name in names:
                try:
                    info = os.lstat(os.path.join(directory, name))
                except OSError:
                    continue
                if stat.S_ISREG(info.st_mode):
                    total += space.blocks(info.st_size)
    return total
