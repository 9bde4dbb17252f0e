# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Repositories on a host: read, plan, check what is trusted, try it, write it, and the way back."""

import base64
import os
import time

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import (
    CommandError,
    ElkitError,
    HostError,
    LockedError,
    TrustError,
    VerificationError,
)
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue, desired, host, ini, options, plan, redact
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import host_lock

CONCERN = "repositories"
# rpm waits for its lock without end; somebody's transaction may rightly take a while.
RPM_TIMEOUT = 60


def ensure(params, check_mode, concern=CONCERN):
    """Bring the host to what *params* (the module's) say.

    :param concern: whose journal keeps what was there: a conversion has its own way back. Its packages are swapped by then, so what is wrong with
        EPEL's key, which none of AlmaLinux's packages needs, is a warning

    :returns: {"changed", "repositories", "files", "imported_keys", "diff", "warnings"}
    :raises ElkitError: nothing was changed then
    """
    here = host.identity()
    wanted = desired.check(params, here)
    main, variables = host.main_text(), host.variables()
    planned = plan.make(wanted, here, host.repository_texts(), main, variables)
    may_lack = [] if concern == CONCERN else [name for name, repository in catalogue.real_ids(here).items() if repository.kind == "epel"]
    keys = needed_keys(planned, params, main, may_lack)
    interrupted = journal.interrupted(concern)
    changed = bool(planned.texts or keys.files or keys.missing)
    if changed and params["verify"]:
        verify(planned, params, main)
    before = dict((path, files.read_text(path)) for path in keys.files)
    if (changed or interrupted) and not check_mode:
        apply(planned, keys, concern)
    return {
        "changed": changed,
        "repositories": planned.rows,
        "files": sorted(list(planned.texts) + list(keys.files)),
        "imported_keys": [{"fingerprint": key["fingerprint"], "file": key["path"], "repository": key["repository"]} for key in keys.missing],
        "diff": [diff(path, planned.before[path], planned.texts[path]) for path in sorted(planned.texts)]
        + [diff(path, before[path], keys.files[path].decode("utf-8", "replace"))
           for path in sorted(keys.files)]
        + [diff("key " + key["fingerprint"], None, "imported for {0}\n".format(key["repository"])) for key in keys.missing],
        "warnings": planned.warnings + keys.warnings,
    }


def diff(path, before, after):
    return {
        "before_header": path, "after_header": path,
        "before": redact.redact_text(before or ""), "after": redact.redact_text(after or "")}


# --- keys ------------------------------------------------------------------------------------------------------------

class Keys(object):
    """What is to be done about keys: files ({path: content}) to write, missing (list of dict: fingerprint, path or None,
    repository, armored (bytes)) to import, warnings (list of str)."""

    def __init__(self):
        self.files = {}
        self.missing = []
        self.warnings = []


def needed_keys(planned, params, main, may_lack=()):
    """The Keys that *planned* needs and the host lacks.

    :param may_lack: ids of repositories whose keys are not worth an error
    :raises TrustError: a key is not one that is pinned, or its time is up
    :raises VerificationError: a key cannot be fetched
    """
    found = Keys()
    if not planned.keys:
        return found
    imported = host.imported_keys()
    _look_for([key for key in planned.keys if key.repository not in may_lack], imported, found, planned, params, main)
    for key in planned.keys:
        if key.repository in may_lack:
            try:
                _look_for([key], imported, found, planned, params, main)
            except ElkitError as error:
                found.warnings.append("{0}. See to it before something is installed from {1}".format(error.message.rstrip("."), key.repository))
    return found


def _look_for(keys, imported, found, planned, params, main):
    """Put into *found* what the host lacks of *keys* (of *planned*); see needed_keys().

    :param imported: as host.imported_keys() gives them
    """
    fetch = {}
    for key in keys:
        if key.text:
            content = key.text.encode("utf-8")
            take(key, content, imported, found)
            if files.read_bytes(key.path) != content:
                found.files[key.path] = content
            continue
        content = files.read_bytes(key.path) if key.path else None
        if content is not None:
            take(key, content, imported, found)
        elif key.path is None and key.expected and key.expected <= set(imported):
            # The key of a URL that rpm has already need not be fetched again.
            continue
        elif key.path is not None and key.fetch is None:
            raise TrustError(
                "the key file {0}, which {1} is checked with, is not there".format(key.path, key.repository),
                "Reinstall the package that brings it (almalinux-release on 8, almalinux-gpg-keys on 9 and 10)" if key.ours
                else "Put it there, or give its URL or its text")
        else:
            fetch[key.fetch if key.path else key.url] = key
    for url, content in sorted(fetched(fetch, params, main, planned).items()):
        key = fetch[url]
        take(key, content, imported, found)
        if key.path:
            found.files[key.path] = content


def take(key, content, imported, found):
    """Put into *found* what rpm lacks of the keys in *content*, after a look that every one of them is pinned.

    :raises TrustError: one is not, none of those that were promised is there, or the time of all is up
    """
    place = key.path or redact.redact_url(key.url)
    items = _openpgp.parse(content, place)
    remedy = "If you trust it, add the fingerprint to {0}".format("trusted_keys" if key.ours else "the repository's fingerprints")
    for item in items:
        if item.fingerprint not in key.pinned:
            raise TrustError(
                "{0} holds a key that is not pinned, with the fingerprint {1} ({2})".format(
                    place, item.fingerprint, ", ".join(item.user_ids[:1]) or "no name"),
                remedy, fingerprint=item.fingerprint, repository=key.repository)
    # Not all: a key that is to follow may be named in advance, and one that went may still be.
    if key.expected and not key.expected & set(item.fingerprint for item in items):
        raise TrustError(
            "{0} holds no key that {1} names in fingerprints".format(place, key.repository),
            "It holds {0}: check both with the key's owner".format(", ".join(item.fingerprint for item in items)),
            fingerprint=items[0].fingerprint, repository=key.repository)
    now = time.time()
    good = [item for item in items if not item.expired(now)]
    if not good:
        message = "the time of the key {0} in {1} was up on {2}".format(
            items[0].fingerprint, place, time.strftime("%Y-%m-%d", time.gmtime(items[0].expires)))
        remedy = "Get the present key of {0} from its owner".format(key.repository)
        if not key.ours:
            raise TrustError(message, remedy, fingerprint=items[0].fingerprint, repository=key.repository)
        found.warnings.append(message + ": packages signed since need a newer key file. Update almalinux-release")
    known = set(item["fingerprint"] for item in found.missing)
    # An expired key beside a good one (AlmaLinux 8 ships such a file) is not missed: newer versions of rpm refuse it.
    for item in good:
        if item.fingerprint not in imported and item.fingerprint not in known:
            found.missing.append({"fingerprint": item.fingerprint, "path": key.path, "repository": key.repository,
                                  "armored": _openpgp.armor(item.data)})


def candidate(main, planned=None):
    """What the agent tries things with before they are written: files, main and vars of its operations.

    :param main: text of dnf.conf as it is, or None
    :param planned: plan.Plan, or None where nothing is to be written
    """
    if planned is None:
        return {"files": {}, "main": main, "vars": {}}
    return {
        "files": dict((name, document.render()) for name, document in planned.documents.items()),
        "main": planned.texts.get(plan.DNF_CONF, main),
        # None where a variable goes: dnf then leaves its name as it stands.
        "vars": dict((os.path.basename(path), None if text is None else text.strip()) for path, text in planned.texts.items()
                     if path.startswith(plan.VARIABLES + "/"))}


def fetched(urls, params, main, planned=None):
    """{url: content (bytes)} of key URLs, each fetched as dnf would: with the options that its repository will have.

    :param urls: {url: plan.Key}
    :param main: as candidate() takes it, and so planned
    :raises VerificationError: one cannot be had
    """
    if not urls:
        return {}
    from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
    repositories = dict((url, key.repository) for url, key in urls.items())
    answer = client.call("fetch", dict(candidate(main, planned), urls=repositories, timeout=params["verify_timeout"]),
                         timeout=params["verify_timeout"] * len(urls) + 60)
    found = {}
    for url, data in answer["files"].items():
        if data["content"] is None:
            raise VerificationError(
                "the key of {0} cannot be fetched from {1}: {2}".format(
                    urls[url].repository, redact.redact_url(url), redact.redact_url(data["reason"])),
                "Check the URL, or put the key file {0} in place".format(urls[url].path or "on the host"))
        found[url] = base64.b64decode(data["content"])
    return found


# --- verify ----------------------------------------------------------------------------------------------------------

def verify(planned, params, main):
    """Fetch repomd.xml of every repository that will be enabled, with the new settings.

    :raises VerificationError: one does not answer as it must; names repository, URL and reason
    """
    # Imported here: a run that changes nothing needs no agent.
    from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
    identifiers = plan.enabled_ids(planned.documents)
    answer = client.call(
        "verify", dict(candidate(main, planned), repos=identifiers, timeout=params["verify_timeout"]),
        timeout=params["verify_timeout"] * max(1, len(identifiers)) + 60)
    results = dict((row["id"], row) for row in answer["repos"])
    failed = []
    for identifier in identifiers:
        if results[identifier]["ok"]:
            continue
        _file, state = plan.state_of(planned.documents, identifier)
        if not results[identifier]["url"]:
            # One that hangs says nothing; what it was asked for is known.
            results[identifier]["url"] = " ".join(state[name] for name in options.URLS if name in state)
        if options.is_true(state.get("skip_if_unavailable")):
            planned.warnings.append("{0} does not answer and is skipped by dnf: {1}".format(
                identifier, redact.redact_url(results[identifier]["reason"])))
            continue
        failed.append(identifier)
    for row in planned.rows:
        if row["id"] in results:
            row["verified"] = results[row["id"]]["ok"]
    if failed:
        lines = ["{0} ({1}): {2}".format(
            identifier, redact.redact_url(results[identifier]["url"]) or "no URL", redact.redact_url(results[identifier]["reason"]))
            for identifier in failed]
        raise VerificationError(
            "nothing was changed, for {0} would not work: {1}".format(
                "this repository" if len(failed) == 1 else "{0} repositories".format(len(failed)), "; ".join(lines)),
            "Check the mirror, disable the repository, or set verify: false", failed=failed)


# --- apply and back --------------------------------------------------------------------------------------------------

def apply(planned, keys, concern=CONCERN):
    """Write the files and import the keys, or leave everything as it was.

    :raises HostError: a file cannot be written, rpm does not take a key, or somebody changed a file after it was read
    """
    changes = [journal.Change(path, keys.files[path]) for path in sorted(keys.files)]
    changes += [journal.Change(path, planned.texts[path], _attributes(path, planned.texts[path])) for path in sorted(planned.texts)]
    with host_lock():
        for path in sorted(planned.texts):
            if files.read_text(path) != planned.before[path]:
                raise HostError("{0} was changed while this ran".format(path), "Run again", path=path)
        entry = journal.begin(concern)
        entry.write_all(changes)
        try:
            import_keys(entry, keys.missing)
        except ElkitError:
            entry.give_up(undo)
            raise
        entry.commit()


def _attributes(path, text):
    """Owner and mode of a file that is not there yet: one that holds a password is root's alone."""
    if text is None or files.attributes(path) is not None:
        return None
    secret = bool(redact.secrets(text))
    return files.Attributes(0, 0, 0o600 if secret else 0o644)


def import_keys(entry, missing):
    """Let rpm import what needed_keys() found missing, each key alone: a file may hold others that nobody asked for.

    :raises HostError: rpm does not take one, for its database is locked for example
    """
    if not missing:
        return
    entry.note("keys", {"fingerprints": sorted(item["fingerprint"] for item in missing)})
    paths = []
    try:
        for item in missing:
            path = os.path.join(entry.store.path(entry.state["number"]), item["fingerprint"] + ".asc")
            files.write_atomic(path, item["armored"], files.Attributes(0, 0, 0o600))
            paths.append(path)
        commands.run(["rpm", "--import"] + paths, timeout=RPM_TIMEOUT)
    except CommandError as error:
        said = ((error.details.get("stderr") or "").strip() or error.message).splitlines()[0]
        kind = LockedError if "transaction lock" in said else HostError
        raise kind(
            "rpm did not import the key {0}, and everything is as it was: {1}".format(missing[0]["fingerprint"], said),
            "Another program holds rpm's database: wait for it to end, and run again" if kind is LockedError
            else "Look at what rpm --import says to that key, and run again")
    finally:
        for path in paths:
            files.discard(path)
    lost = sorted(set(item["fingerprint"] for item in missing) - set(host.imported_keys()))
    if lost:
        raise HostError("rpm did not keep the key {0}, and everything is as it was".format(lost[0]),
                        "Look at what rpm --import says to that key")


def undo(kind, data):
    """Take back what the journal noted besides files."""
    if kind != "keys":
        return
    imported = host.imported_keys()
    for fingerprint in data["fingerprints"]:
        if fingerprint in imported:
            commands.run(["rpm", "-e", "--allmatches", imported[fingerprint]], timeout=RPM_TIMEOUT)


def revert(force, check_mode):
    """Put the last change back.

    :returns: like ensure()
    :raises ChangedSinceError: somebody changed a file since, and *force* is not set
    """
    planned = journal.revert(CONCERN, force)
    result = {"changed": planned is not None, "repositories": [], "files": [], "imported_keys": [], "diff": [], "warnings": []}
    if planned is None:
        return result
    imported = host.imported_keys() if planned.notes else {}
    for item in planned.restore:
        before = planned.before(item)
        result["files"].append(item["path"])
        result["diff"].append(diff(
            item["path"], files.read_text(item["path"]),
            None if before is None else before.decode("utf-8", "surrogateescape")))
    for note in planned.notes:
        if note["kind"] == "keys":
            result["imported_keys"].extend({"fingerprint": item, "file": None, "repository": None}
                                           for item in note["data"]["fingerprints"] if item in imported)
    result["diff"].extend(diff("key " + key["fingerprint"], "imported\n", None) for key in result["imported_keys"])
    result["files"].sort()
    # An entry that was interrupted before it changed anything is closed all the same.
    result["changed"] = bool(result["files"] or result["imported_keys"])
    result["repositories"] = reverted_rows(planned)
    if not check_mode:
        with host_lock():
            planned.apply(undo)
    return result


def reverted_rows(planned):
    """A row for each repository that the undo changes."""
    now, then = {}, {}
    for item in planned.restore:
        if not item["path"].startswith(catalogue.REPOSITORY_DIRECTORY + "/"):
            continue
        name = os.path.basename(item["path"])
        before = planned.before(item)
        now[name] = ini.parse(files.read_text(item["path"]) or "")
        then[name] = ini.parse((before or b"").decode("utf-8", "surrogateescape"))
    return plan.rows(now, then, {}, set())
