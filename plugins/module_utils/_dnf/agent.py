# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Runs under the host's own Python, the only one that has dnf's bindings: one JSON request in, one JSON answer out.

Standard library and dnf alone; dnf is imported inside the operations, so that this file can be imported (and shipped)
where dnf is not there. It is written for Python 3.6 and dnf 4.7 (EL8) and newer; tests/unit/agent holds the table of
the API that it may use.

Answer: {"ok": …} or {"error": {"kind", "message", "remedy", "details"}}; kinds are those of client.KINDS.
"""

import base64
import difflib
import fcntl
import hashlib
import json
import os
import select
import shutil
import signal
import struct
import sys
import tempfile
import textwrap
import time
from xml.etree import ElementTree

# How many repositories are tried side by side.
PARALLEL = 4
# A mirror list may name dozens of mirrors; if the first ones do not work, dnf would not be pleasant to use either.
MIRRORS = 5


class Failure(Exception):
    """An error for the answer: kind, message, remedy (str or None) and details (dict)."""

    def __init__(self, kind, message, remedy=None, **details):
        super(Failure, self).__init__(message)
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.details = details


def first_line(error):
    """The first line of what an exception says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


# --- verify ----------------------------------------------------------------------------------------------------------

def mirrors_of_list(text):
    """The base URLs of a mirror list: one a line, comments after a hash sign."""
    lines = [line.strip() for line in text.splitlines()]
    return [line.rstrip("/") for line in lines if line and not line.startswith("#") and "://" in line]


def read_metalink(content):
    """(URLs of repomd.xml, list of {algorithm: hex digest} that are good) of a metalink (bytes).

    :raises ValueError: it is no metalink
    """
    try:
        tree = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError("the metalink is no XML: {0}".format(first_line(error)))
    urls, digests = [], []
    for entry in tree.iter():
        tag = entry.tag.rsplit("}", 1)[-1]
        if tag == "url" and (entry.text or "").strip().split("://")[0] in ("http", "https", "file"):
            urls.append(entry.text.strip())
        elif tag == "verification":
            digests.append(dict((item.get("type"), (item.text or "").strip().lower()) for item in entry))
    if tree.tag.rsplit("}", 1)[-1] != "metalink" or not urls:
        raise ValueError("the metalink names no mirror")
    return urls, digests


def check_repomd(content, digests):
    """The revision (str) of a repomd.xml.

    :param digests: the good digests, one of which must fit; an empty list if nothing is known
    :raises ValueError: it is no repomd, or not the one that the metalink speaks of
    """
    if digests:
        good = False
        for digest in digests:
            for algorithm in ("sha512", "sha256"):
                if algorithm in digest:
                    good = good or hashlib.new(algorithm, content).hexdigest() == digest[algorithm]
                    break
        if not good:
            raise ValueError("repomd.xml is not the one that the metalink gives the checksum of")
    try:
        tree = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError("what is there is no repomd.xml ({0})".format(first_line(error)))
    if tree.tag.rsplit("}", 1)[-1] != "repomd":
        raise ValueError("what is there is no repomd.xml but <{0}>".format(tree.tag.rsplit("}", 1)[-1]))
    types = [item.get("type") for item in tree if item.tag.rsplit("}", 1)[-1] == "data"]
    if "primary" not in types:
        raise ValueError("repomd.xml names no primary metadata")
    revision = [item.text or "" for item in tree if item.tag.rsplit("}", 1)[-1] == "revision"]
    return revision[0].strip() if revision else ""


def fetch(base, repo, url):
    """The content (bytes) of *url*, fetched with the settings of *repo*.

    :raises ValueError: it cannot be had
    """
    try:
        # dnf's own method, by a name in two parts: sanity forbids the word, for it means Python's function.
        with getattr(base, "url" + "open")(url, repo=repo) as download:
            download.seek(0)
            return download.read()
    except (IOError, RuntimeError) as error:
        raise ValueError(first_line(error))


def try_repository(base, repo):
    """{"url", "revision"} of the first mirror of *repo* that has a good repomd.xml.

    :raises Failure: none has; details: url, reason
    """
    import libdnf

    digests = []
    source = None
    try:
        if repo.metalink:
            source = repo.metalink
            urls, digests = read_metalink(fetch(base, repo, source))
        elif repo.mirrorlist:
            source = repo.mirrorlist
            content = fetch(base, repo, source)
            if b"<metalink" in content[:2000]:
                urls, digests = read_metalink(content)
            else:
                urls = [item + "/repodata/repomd.xml" for item in mirrors_of_list(content.decode("utf-8", "replace"))]
            if not urls:
                raise ValueError("the mirror list names no mirror")
        else:
            urls = [item.rstrip("/") + "/repodata/repomd.xml" for item in repo.baseurl]
            if not urls:
                raise ValueError("it has neither baseurl, mirrorlist nor metalink")
    except ValueError as error:
        raise Failure("verification", first_line(error), url=source)
    failed = None
    for url in urls[:MIRRORS]:
        # AlmaLinux's mirror lists name $basearch: librepo fills variables in in whatever names a mirror.
        url = libdnf.conf.ConfigParser.substitute(url, base.conf.substitutions)
        try:
            return {"url": url, "revision": check_repomd(fetch(base, repo, url), digests)}
        except ValueError as error:
            failed = failed or Failure("verification", first_line(error), url=url)
    raise failed


def candidate_base(request, directory):
    """A dnf.Base that knows the candidate files of *request* alone and keeps everything below *directory*."""
    import dnf

    repositories = os.path.join(directory, "repos.d")
    os.mkdir(repositories)
    for name, text in request["files"].items():
        with open(os.path.join(repositories, os.path.basename(name)), "w", encoding="utf-8", errors="surrogateescape") as handle:
            handle.write(text)
    main = os.path.join(directory, "dnf.conf")
    with open(main, "w", encoding="utf-8", errors="surrogateescape") as handle:
        handle.write(request.get("main") or "[main]\n")
    base = dnf.Base()
    base.conf.read(main)
    base.conf.reposdir = [repositories]
    base.conf.cachedir = os.path.join(directory, "cache")
    base.conf.persistdir = os.path.join(directory, "persist")
    base.conf.logdir = os.path.join(directory, "log")
    base.conf.substitutions.update_from_etc("/")
    for name, value in (request.get("vars") or {}).items():
        base.conf.substitutions.pop(name, None)
        if value is not None:
            base.conf.substitutions[name] = value
    base.read_all_repos()
    return base


def candidate_repo(base, identifier, timeout):
    """The dnf.repo.Repo of *base* that has *identifier* as it is written in its file, or None.

    :param timeout: seconds that one answer is waited for
    """
    import libdnf

    # dnf fills variables in in ids, too.
    repo = base.repos.get(libdnf.conf.ConfigParser.substitute(identifier, base.conf.substitutions))
    if repo is not None:
        repo.timeout = timeout
        repo.retries = 1
    return repo


def answer_for(request, identifier):
    """What a child process says of one repository."""
    directory = tempfile.mkdtemp(dir=request["directory"])
    try:
        base = candidate_base(request, directory)
        # So that one mirror that hangs leaves time for the next.
        repo = candidate_repo(base, identifier, max(2, int(request["timeout"]) // 3))
        if repo is None:
            return {"ok": False, "url": None, "reason": "dnf does not read this repository from the new files"}
        found = try_repository(base, repo)
        return {"ok": True, "url": found["url"], "revision": found["revision"], "reason": None}
    except Failure as failure:
        return {"ok": False, "url": failure.details.get("url"), "reason": failure.message}
    except Exception as error:  # pylint: disable=broad-except
        return {"ok": False, "url": None, "reason": "{0}: {1}".format(type(error).__name__, first_line(error))}
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def start_child(request, identifier):
    """(process id, file descriptor of its answer). dnf's downloads cannot be interrupted, a process can."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        # A group of its own: what it may start ends with it.
        os.setpgid(0, 0)
        try:
            os.write(writer, json.dumps(answer_for(request, identifier)).encode("utf-8"))
        finally:
            os._exit(0)
    os.close(writer)
    return child, reader


def verify(request):
    """Fetch repomd.xml of each repository with the candidate settings; nothing of the host's cache is touched.

    :param request: files {name: text}, main (text of dnf.conf or None), vars {name: value, or None to do without}, repos [id], timeout (s each),
        directory (an empty folder, which the caller clears away)
    :returns: {"repos": [{"id", "ok", "url", "reason", "revision"}]} in the order of repos
    """
    import dnf  # a host without it says so once, not once per repository

    del dnf
    waiting = list(request["repos"])
    running, answers = {}, {}
    while waiting or running:
        while waiting and len(running) < PARALLEL:
            identifier = waiting.pop(0)
            child, reader = start_child(request, identifier)
            running[reader] = (identifier, child, time.time() + request["timeout"], [])
        patience = max(0.0, min(entry[2] for entry in running.values()) - time.time())
        ready = select.select(list(running), [], [], patience)[0]
        for reader in list(running):
            identifier, child, deadline, parts = running[reader]
            done = False
            if reader in ready:
                part = os.read(reader, 65536)
                parts.append(part)
                done = not part
            if done:
                text = b"".join(parts).decode("utf-8")
                answers[identifier] = json.loads(text) if text else {"ok": False, "url": None, "reason": "the check ended without an answer"}
            elif time.time() >= deadline:
                os.kill(child, signal.SIGKILL)
                answers[identifier] = {"ok": False, "url": None, "reason": "no answer within {0} s".format(request["timeout"])}
                done = True
            if done:
                os.close(reader)
                os.waitpid(child, 0)
                del running[reader]
    return {"repos": [dict(answers[identifier], id=identifier) for identifier in request["repos"]]}


def fetch_files(request):
    """Fetch small files (keys) with the candidate settings, as dnf fetches the keys of a repository: proxy, certificates, passwords.

    :param request: like verify(); urls {url: id of the repository that asks for it} instead of repos
    :returns: {"files": {url: {"content" (base64) or None, "reason"}}}
    """
    found = {}
    base = candidate_base(request, request["directory"])
    # For what no repository asks for.
    base.conf.timeout = int(request["timeout"])
    base.conf.retries = 1
    for url, identifier in sorted(request["urls"].items()):
        repo = candidate_repo(base, identifier, int(request["timeout"]))
        try:
            found[url] = {"content": base64.b64encode(fetch(base, repo, url)).decode("ascii"), "reason": None}
        except ValueError as error:
            found[url] = {"content": None, "reason": first_line(error)}
    return {"files": found}


# --- what needs the host's packages ----------------------------------------------------------------------------------

def host_base(cachedir=None):
    """A dnf.Base with the host's own configuration, installed and available packages.

    :param cachedir: a cache of its own, for what only looks; None: the host's
    """
    import dnf

    base = dnf.Base()
    base.conf.read()
    base.conf.substitutions.update_from_etc("/")
    # Somebody else's dnf must not make this one wait for ever.
    base.conf.exit_on_lock = True
    if cachedir is not None:
        base.conf.cachedir = cachedir
        base.read_all_repos()
    else:
        # What changes packages minds the host's plugins, versionlock for one, as the dnf command does. What only looks goes
        # without, for a plugin may write (subscription-manager does).
        base.init_plugins()
        base.pre_configure_plugins()
        base.read_all_repos()
        base.configure_plugins()
    try:
        base.fill_sack()
    except dnf.exceptions.RepoError as error:
        raise Failure("host", "dnf cannot load its repositories: {0}".format(first_line(error)),
                      "Mend the repository, or disable it, and run again")
    return base


def lock_holder(path):
    """The process id (int) of who holds rpm's transaction lock *path*, or None. rpm itself would wait for it without end."""
    try:
        with open(path, "r+b") as handle:
            # struct flock of 64-bit Linux: type, whence, start, length, process id.
            asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, _whence, _start, _length, holder = struct.unpack("hhqqi4x", fcntl.fcntl(handle, fcntl.F_GETLK, asked))
    except (IOError, OSError):
        return None
    return None if kind == fcntl.F_UNLCK else holder


def check_rpm_lock():
    """Whether rpm's database may be written now.

    :raises Failure: another process holds rpm's lock; names it
    """
    import rpm

    holder = lock_holder(rpm.expandMacro("%{_rpmlock_path}"))
    if holder is not None:
        raise locked(holder)


def locked(holder):
    """The Failure for a lock that process *holder* (int, 0 or None if unknown) has."""
    return Failure("locked", "another package run{0} works on this host".format(" (process {0})".format(holder) if holder else ""),
                   "Wait for it to end and run again", untouched=True)


def transaction_of(base):
    """What the resolved transaction does: {"installed": [NEVRA], "removed": [NEVRA]}."""
    return {
        "installed": sorted(str(package) for package in base.transaction.install_set) if base.transaction else [],
        "removed": sorted(str(package) for package in base.transaction.remove_set) if base.transaction else [],
    }


def run_transaction(base):
    """Download, check every signature, and run what is resolved.

    :raises Failure: a download, a signature or the transaction failed, or rpm left single packages as they were
    """
    import dnf

    coming = list(base.transaction.install_set) if base.transaction else []
    try:
        base.download_packages(coming)
    except dnf.exceptions.DownloadError as error:
        raise Failure("host", "a package cannot be downloaded: {0}".format(first_line(error)), "Run again once the mirror works",
                      untouched=True)
    for package in coming:
        result, message = base.package_signature_check(package)
        if result != 0:
            raise Failure(
                "trust", "the signature of {0} is not good: {1}".format(package, message or "no key for it is imported"),
                "Import its key through the module repositories, with the fingerprint pinned", untouched=True)
    check_rpm_lock()
    base.do_transaction()
    failed = failed_packages(base)
    if failed:
        raise Failure("host", "rpm did not do its part with {0}: a script or the files of the package failed; the rest of the transaction is done".format(
            ", ".join(failed)), "Look at what dnf install or dnf remove says of it, mend that, and run again", failed=failed)


def failed_packages(base):
    """NEVRAs (sorted) of what rpm did not install or remove in the transaction that has run: dnf's command asks for them itself, its API says
    nothing of them."""
    import libdnf

    return sorted(set(str(step) for step in base.transaction or () if step.state == libdnf.transaction.TransactionItemState_ERROR))


def resolve(base, allow_erasing):
    import dnf

    try:
        base.resolve(allow_erasing=allow_erasing)
    except dnf.exceptions.DepsolveError as error:
        raise Failure("host", "the packages do not fit together: {0}".format(" ".join(str(error).split())),
                      "Look at what stands against it: dnf module info, dnf repoquery", untouched=True)


def nearest(word, words):
    found = difflib.get_close_matches(word, words, 1, 0.5)
    return found[0] if found else None


def known_streams(modules, name):
    """{stream: sorted profile names} of module *name*."""
    found = {}
    for record in modules.get_modules(name)[0]:
        profiles = found.setdefault(record.getStream(), set())
        profiles.update(profile.getName() for profile in record.getProfiles())
    return dict((stream, sorted(names)) for stream, names in found.items())


def check_item(modules, item):
    """The streams of *item*'s module, after a look that everything in it exists.

    :raises Failure: an unknown module, stream or profile; names the nearest and what there is
    """
    name = item["name"]
    streams = known_streams(modules, name)
    if not streams:
        names = sorted(set(record.getName() for record in modules.get_modules("*")[0]))
        near = nearest(name, names)
        raise Failure(
            "input", "there is no module {0} in the enabled repositories".format(name),
            "Did you mean {0}? There are: {1}".format(near, ", ".join(names)) if near
            else "There are: {0}".format(", ".join(names) or "none at all: is appstream enabled?"), known=names)
    if item.get("stream") is not None and item["stream"] not in streams:
        raise Failure(
            "input", "the module {0} has no stream {1}".format(name, item["stream"]),
            "There are: {0}".format(", ".join(sorted(streams))), known=sorted(streams))
    for profile in item.get("profiles") or []:
        profiles = streams.get(item.get("stream"), sorted(set(sum(streams.values(), []))))
        if profile not in profiles:
            raise Failure(
                "input", "the stream {0}:{1} has no profile {2}".format(name, item.get("stream") or "(default)", profile),
                "There are: {0}".format(", ".join(profiles) or "none"), known=profiles)
    return streams


def artifact_names(modules, name):
    """Names of the packages that any stream of module *name* brings."""
    found = set()
    for record in modules.get_modules(name)[0]:
        for artifact in record.getArtifacts():
            # name-epoch:version-release.arch
            found.add(artifact.rsplit("-", 2)[0])
    return found


def streams(request):
    """Bring module streams to the wanted state, or say what that would do.

    :param request: items [{"name", "stream", "profiles", "state", "switch" (bool)}], apply (bool)
    :returns: {"modules": {name: {"stream", "profiles"}}, "transaction": {"installed", "removed"}}
    """
    import dnf
    import dnf.module.module_base

    base = host_base()
    modules = dnf.module.module_base.ModuleBase(base)
    container = base._moduleContainer
    answer = {}
    for item in request["items"]:
        check_item(modules, item)
    try:
        for item in request["items"]:
            name = item["name"]
            if item["state"] == "reset":
                modules.reset([name])
            elif item["state"] == "disabled":
                mark(modules.disable, [name])
            else:
                answer[name] = put_stream(base, modules, container, item)
    except dnf.exceptions.MarkingErrors as error:
        raise Failure("host", "dnf refuses the streams: {0}".format(" ".join(str(error).split())),
                      "Streams may need others: name those too, or drop one of the two that stand against each other")
    except dnf.exceptions.Error as error:
        raise Failure("host", "dnf refuses the streams: {0}".format(" ".join(str(error).split())))
    resolve(base, any(item.get("switch") for item in request["items"]))
    result = {"modules": answer, "transaction": transaction_of(base)}
    if request["apply"]:
        run_transaction(base)
    base.close()
    return result


def mark(operation, specs):
    """Call an *operation* of dnf's ModuleBase on *specs*.

    Trouble among the default streams that nobody enabled does not count, as dnf's own command has it: on EL8 the default
    php:7.2 wants nginx:1.14, which must not stand in the way of nginx:1.22.
    """
    import dnf
    import libdnf

    try:
        operation(specs)
    except dnf.exceptions.MarkingErrors as refusal:
        trouble = refusal.module_depsolv_errors
        if refusal.no_match_group_specs or refusal.error_group_specs or not trouble or \
                trouble[1] != libdnf.module.ModulePackageContainer.ModuleErrorType_ERROR_IN_DEFAULTS:
            raise


def put_stream(base, modules, container, item):
    """Enable (and install) what *item* says; {"stream", "profiles"} as they will be."""
    import dnf

    name = item["name"]
    stream = item.get("stream") or container.getEnabledStream(name) or container.getDefaultStream(name)
    if not stream:
        raise Failure("input", "the module {0} has no default stream".format(name),
                      "Name one of {0}".format(", ".join(sorted(known_streams(modules, name)))))
    # No reset before a switch: libdnf lets the stream of a module change once in a session, and enabling another one is that.
    spec = "{0}:{1}".format(name, stream)
    mark(modules.enable, [spec])
    profiles = []
    if item["state"] == "installed":
        profiles = item.get("profiles") or list(container.getDefaultProfiles(name, stream))
        if not profiles:
            raise Failure("input", "the stream {0} has no default profile".format(spec),
                          "Name one of {0}".format(", ".join(known_streams(modules, name)[stream]) or "none: install packages by name"))
        mark(modules.install, ["{0}/{1}".format(spec, profile) for profile in profiles])
    if item.get("switch"):
        installed = set(package.name for package in base.sack.query().installed())
        for package_name in sorted(installed & artifact_names(modules, name)):
            try:
                base.distro_sync(package_name)
            except dnf.exceptions.MarkingError:
                # The new stream does not have it; it stays unless something needs it gone.
                continue
    return {"stream": stream, "profiles": sorted(profiles)}


def packages(request):
    """Undo a transaction: have the packages of *before* again, and those of *after* no more.

    :param request: before [NEVRA], after [NEVRA] (both as transaction_of() wrote them), apply (bool), partial (bool: what no repository has any
        more keeps the others from nothing), since (what becomes of packages that are now neither: None leaves those that came as they are;
        "refuse" stops at them, and where others would go with them; "overwrite" undoes them all the same),
        modules (as pretend() takes them, for a look alone)
    :returns: {"transaction": {"installed", "removed"}, "missing": [NEVRA of before]}
    """
    base = host_base()
    # All that came is named in after; what else nobody needs was there before.
    base.conf.clean_requirements_on_remove = False
    pretend(base, request.get("modules") or [])
    installed, by_place, available, before = {}, {}, {}, set(request["before"])
    for package in base.sack.query().installed():
        installed[str(package)] = package
        by_place.setdefault((package.name, package.arch), []).append(package)
    for package in base.sack.query().available():
        if str(package) in before:
            available[str(package)] = package
    since = request.get("since")
    if since == "refuse":
        check_unchanged(request, by_place)
    names_before = set(split_name(item) for item in request["before"])
    missing = [nevra for nevra in request["before"] if nevra not in installed and nevra not in available]
    if missing and not request.get("partial"):
        raise Failure("host", "packages that were there before cannot be had any more: {0}".format(", ".join(missing)),
                      "Enable the repository that has them and run again", missing=missing)
    for nevra in request["before"]:
        if nevra in available and nevra not in installed:
            bring_back(base, available[nevra], by_place)
    for nevra in request["after"]:
        if split_name(nevra) in names_before:
            continue
        if nevra in installed:
            base.remove(nevra)
        elif since == "overwrite":
            for package in by_place.get(place_of(nevra), []):
                base.remove(str(package))
    resolve(base, True)
    if since == "refuse":
        check_others_stay(base, names_before | set(split_name(item) for item in request["after"]))
    result = {"transaction": transaction_of(base), "missing": missing}
    if request["apply"]:
        run_transaction(base)
    base.close()
    return result


def pretend(base, items):
    """Have dnf see the available packages as it would with other states of modules. Only a transaction would write those down.

    :param items: [{"name", "stream", "state" ("enabled", "disabled" or "" for none)}]
    """
    import dnf
    import dnf.module.module_base

    modules = dnf.module.module_base.ModuleBase(base)
    # Enabling comes last, for a stream can bring others that it requires.
    for item in sorted(items, key=lambda item: item["state"] == "enabled"):
        try:
            if item["state"] == "enabled":
                modules.enable(["{0}:{1}".format(item["name"], item["stream"])])
            elif item["state"] == "disabled":
                modules.disable([item["name"]])
            else:
                modules.reset([item["name"]])
        except dnf.exceptions.MarkingErrors:
            # No repository has it, or streams stand against each other: where a state file says so, dnf goes on, too.
            continue


def check_unchanged(request, by_place):
    """Whether the packages of before and after are as they were before the transaction or as it left them. Some may be the one and some the
    other: it may have been killed, and so may its undo.

    :param by_place: {(name, architecture): [installed package]}
    :raises Failure: somebody updated or removed some since; names them
    """
    before, after = by_place_of(request["before"]), by_place_of(request["after"])
    changed = []
    for place in sorted(set(before) | set(after)):
        now = [str(package) for package in by_place.get(place, [])]
        known = after.get(place, []) + before.get(place, [])
        if now and not set(now) & set(known):
            changed.append("{0} (it was {1})".format(", ".join(now), known[0]))
        elif not now and place in before and place in after:
            changed.append("{0} (it is gone)".format(known[0]))
    if changed:
        raise Failure("changed", "packages of the last change were changed by someone else since: {0}".format(", ".join(changed)),
                      "Look at dnf history, and use force: true to undo it all the same", packages=changed, untouched=True)


def check_others_stay(base, names):
    """Whether the resolved transaction takes away or replaces packages of these *names* alone.

    :raises Failure: it does not; names the others
    """
    others = sorted(str(package) for package in base.transaction.remove_set if package.name not in names) if base.transaction else []
    if others:
        raise Failure("changed", "the undo would take away or replace what the last change did not bring, too: {0}".format(", ".join(others)),
                      "Remove those yourself if nobody needs them, or use force: true", packages=others, untouched=True)


def want(request):
    """Have packages by name, and have others no more. What nobody named is not removed.

    :param request: install [name], remove [name], apply (bool)
    :returns: {"transaction": {"installed", "removed"}}
    :raises Failure: a package cannot be had, or something that nobody named would go
    """
    import dnf

    base = host_base()
    # What the removed ones brought with them stays: nobody named it either.
    base.conf.clean_requirements_on_remove = False
    there = {}
    for package in base.sack.query().installed():
        there.setdefault(package.name, []).append(str(package))
    for name in request["remove"]:
        for nevra in there.get(name, []):
            base.remove(nevra)
    missing = []
    for name in request["install"]:
        if name not in there:
            try:
                base.install(name)
            except dnf.exceptions.MarkingError:
                missing.append(name)
    if missing:
        raise Failure("host", "no enabled repository has {0}".format(", ".join(missing)), "Enable the repository that has it, and run again",
                      missing=missing, untouched=True)
    resolve(base, bool(request["remove"]))
    if base.transaction:
        coming = set(package.name for package in base.transaction.install_set)
        gone = sorted(set(str(package) for package in base.transaction.remove_set
                          if package.name not in coming and package.name not in request["remove"]))
        if gone:
            raise Failure("host", "it would take away what depends on it, too: {0}".format(", ".join(gone)),
                          "Remove those yourself if nobody needs them, or except the control", others=gone, untouched=True)
    result = {"transaction": transaction_of(base)}
    if request["apply"]:
        run_transaction(base)
    base.close()
    return result


def bring_back(base, package, by_place):
    """Mark *package* for the place of the installed one of its name and architecture, if there is one."""
    for present in by_place.get((package.name, package.arch), []):
        if present.evr_cmp(package) < 0:
            base.package_upgrade(package)
        else:
            base.package_downgrade(package)
        return
    base.package_install(package)


def split_name(nevra):
    """The name in "name-[epoch:]version-release.arch"."""
    return nevra.rsplit("-", 2)[0]


def place_of(nevra):
    """(name, architecture) of "name-[epoch:]version-release.arch"."""
    return split_name(nevra), nevra.rpartition(".")[2]


def by_place_of(nevras):
    """{(name, architecture): [NEVRA]} of *nevras*."""
    found = {}
    for nevra in nevras:
        found.setdefault(place_of(nevra), []).append(nevra)
    return found


def updates(request):
    """What could be updated, and why. Uses a cache of its own, so that nothing on the host changes.

    :param request: directory (an empty folder, which the caller clears away)
    :returns: {"pending": [{"name", "nevra", "installed", "advisory", "type", "severity"}],
               "advisories": [{"id", "type", "severity", "issued", "cves", "packages"}], "counts": {type or severity: int}}
    """
    import hawkey

    base = host_base(request["directory"])
    kinds = {hawkey.ADVISORY_SECURITY: "security", hawkey.ADVISORY_BUGFIX: "bugfix",
             hawkey.ADVISORY_ENHANCEMENT: "enhancement", hawkey.ADVISORY_NEWPACKAGE: "newpackage"}
    installed = {}
    for package in base.sack.query().installed():
        installed[(package.name, package.arch)] = str(package)
    advisories, by_package = {}, {}
    for package in base.sack.query().upgrades():
        for advisory in package.get_advisories(hawkey.EQ):
            entry = advisories.setdefault(advisory.id, {
                "id": advisory.id, "type": kinds.get(advisory.type, "unknown"), "severity": advisory.severity or None,
                "issued": advisory.updated.strftime("%Y-%m-%d") if advisory.updated else None,
                "cves": sorted(set(reference.id for reference in advisory.references if reference.type == hawkey.REFERENCE_CVE)),
                "packages": []})
            entry["packages"].append(str(package))
            by_package.setdefault((package.name, package.arch), []).append(entry)
    pending = []
    order = {"security": 0, "bugfix": 1, "enhancement": 2}
    ranks = {"Critical": 0, "Important": 1, "Moderate": 2, "Low": 3}
    for package in base.sack.query().upgrades().latest():
        # Of all the advisories between the installed and the newest, the gravest says why to update.
        why = sorted(by_package.get((package.name, package.arch), []),
                     key=lambda entry: (order.get(entry["type"], 3), ranks.get(entry["severity"], 4), entry["id"]))
        pending.append({
            "name": package.name, "nevra": str(package), "installed": installed.get((package.name, package.arch)),
            "advisory": why[0]["id"] if why else None, "type": why[0]["type"] if why else None,
            "severity": why[0]["severity"] if why else None})
    counts = {}
    for entry in advisories.values():
        entry["packages"] = sorted(set(entry["packages"]))
        counts[entry["type"]] = counts.get(entry["type"], 0) + 1
        if entry["type"] == "security" and entry["severity"]:
            counts[entry["severity"].lower()] = counts.get(entry["severity"].lower(), 0) + 1
    base.close()
    pending.sort(key=lambda entry: entry["nevra"])
    return {"pending": pending, "advisories": [advisories[key] for key in sorted(advisories)], "counts": counts}


OPERATIONS = {"verify": verify, "fetch": fetch_files, "streams": streams, "packages": packages, "updates": updates,
              "want": want}


def respond(request):
    """The answer (dict) to *request*: {"op", …}."""
    try:
        return {"ok": OPERATIONS[request["op"]](request)}
    except Failure as failure:
        return describe(failure)
    except ImportError as error:
        # For the client alone, which then tries the next Python.
        return {"error": {"kind": "no-dnf", "message": first_line(error), "remedy": None, "details": {}}}
    except Exception as error:  # pylint: disable=broad-except
        return describe(failure_of(error))


def describe(failure):
    return {"error": {"kind": failure.kind, "message": failure.message, "remedy": failure.remedy, "details": failure.details}}


def failure_of(error):
    """The Failure for an exception of dnf or of ours; locks have a kind of their own."""
    names = [cls.__name__ for cls in type(error).__mro__]
    if "LockError" in names:
        return locked(getattr(error, "pid", None))
    # Whole words: half of a URL would not be known for one by whoever masks its password.
    return Failure("host", "dnf failed: {0}: {1}".format(type(error).__name__, textwrap.shorten(str(error), 1000, placeholder=" ...")))


def main():
    # What dnf, librepo and scriptlets print goes to standard error: standard output holds the answer alone.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.read())
    json.dump(respond(request), answer)
    answer.close()


if __name__ == "__main__":
    main()
