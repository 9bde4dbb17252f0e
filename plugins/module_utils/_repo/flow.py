# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Repositories on a host: read, plan, check what is trusted, try it, write it, and the way back."""

import base64
import os
import time

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError, HostError, TrustError, VerificationError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue, desired, host, ini, options, plan, redact
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import host_lock

CONCERN = "repositories"
# rpm waits for its lock without end; somebody's transaction may rightly take a while.
RPM_TIMEOUT = 60


def ensure(params, check_mode):
    """Bring the host to what *params* (the module's) say.

    :returns: {"changed", "repositories", "files", "keys", "diff", "warnings"}
    :raises ElkitError: nothing was changed then
    """
    here = host.identity()
    wanted = desired.check(params, here)
    main, variables = host.main_text(), host.variables()
    planned = plan.make(wanted, here, host.repository_texts(), main, variables)
    keys = needed_keys(planned, params, main)
    interrupted = journal.interrupted(CONCERN)
    changed = bool(planned.texts or keys)
    if changed and params["verify"]:
        verify(planned, params, main)
    if (changed or interrupted) and not check_mode:
        apply(planned, keys)
    return {
        "changed": changed,
        "repositories": planned.rows,
        "files": sorted(planned.texts),
        "keys": [{"fingerprint": key["fingerprint"], "file": key["path"], "repository": key["repository"]} for key in keys],
        "diff": [diff(path, planned.before[path], planned.texts[path]) for path in sorted(planned.texts)]
        + [diff("key " + key["fingerprint"], None, "imported for {0}\n".format(key["repository"])) for key in keys],
        "warnings": planned.warnings,
    }


def diff(path, before, after):
    return {
        "before_header": path, "after_header": path,
        "before": redact.redact_text(before or ""), "after": redact.redact_text(after or "")}


# --- keys ------------------------------------------------------------------------------------------------------------

def needed_keys(planned, params, main):
    """The keys that rpm lacks: [{"fingerprint", "path" (of the file, or None), "content" (bytes), "repository", "write" (bool)}].

    :raises TrustError: a key is not one that is pinned
    :raises VerificationError: a key cannot be fetched
    """
    if not planned.keys:
        return []
    imported = host.imported_keys()
    missing, fetch = [], {}
    for key in planned.keys:
        content = key.text.encode("utf-8") if key.text else files.read_bytes(key.path) if key.path else None
        write = bool(key.text) and files.read_bytes(key.path) != content
        if content is None:
            url = key.fetch if key.path else key.url
            if not key.path and key.pinned <= set(imported):
                # The key of a URL that rpm has already need not be fetched again.
                continue
            if url is None:
                raise TrustError(
                    "the key file {0}, which {1} is checked with, is not there".format(key.path, key.repository),
                    "Reinstall the package that brings it (almalinux-release on 8, almalinux-gpg-keys on 9 and 10)")
            fetch[url] = key
            continue
        missing.extend(lacking(key, content, write, imported))
    for url, content in fetched(fetch, params, main).items():
        missing.extend(lacking(fetch[url], content, bool(fetch[url].path), imported))
    return missing


def lacking(key, content, write, imported):
    """The keys in *content* that rpm lacks, after a look that every one of them is pinned."""
    found = []
    place = key.path or redact.redact_url(key.url)
    for item in _openpgp.parse(content, place):
        if item.fingerprint not in key.pinned:
            raise TrustError(
                "{0} holds a key that is not pinned, with the fingerprint {1} ({2})".format(
                    place, item.fingerprint, ", ".join(item.user_ids[:1]) or "no name"),
                "If you trust it, add the fingerprint to {0}".format(
                    "fingerprints of {0}".format(key.repository) if key.text or not key.path else "trusted_keys"),
                fingerprint=item.fingerprint, repository=key.repository)
        # An expired key (AlmaLinux 8 ships one beside the one that signs today) is not missed: rpm may refuse it.
        if write or (item.fingerprint not in imported and not item.expired(time.time())):
            found.append({"fingerprint": item.fingerprint, "path": key.path, "content": content, "repository": key.repository,
                          "write": write})
    return found


def fetched(urls, params, main):
    """{url: content (bytes)} of key URLs.

    :raises VerificationError: one cannot be had
    """
    if not urls:
        return {}
    from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
    answer = client.call("fetch", {"urls": list(urls), "main": main, "timeout": params["verify_timeout"]},
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
    variables = dict((os.path.basename(path), (text or "").strip()) for path, text in planned.texts.items()
                     if path.startswith(plan.VARIABLES + "/"))
    answer = client.call(
        "verify",
        {"files": dict((name, document.render()) for name, document in planned.documents.items()),
         "main": planned.texts.get(plan.DNF_CONF, main), "vars": variables, "repos": identifiers,
         "timeout": params["verify_timeout"]},
        timeout=params["verify_timeout"] * max(1, len(identifiers)) + 60)
    results = dict((row["id"], row) for row in answer["repos"])
    failed = []
    for identifier in identifiers:
        if results[identifier]["ok"]:
            continue
        _file, state = plan.state_of(planned.documents, identifier)
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

def apply(planned, keys):
    """Write the files and import the keys, or leave everything as it was."""
    changes = []
    for key in keys:
        if key["write"] and key["path"] not in [change.path for change in changes]:
            changes.append(journal.Change(key["path"], key["content"]))
    for path in sorted(planned.texts):
        changes.append(journal.Change(path, planned.texts[path], _attributes(path, planned.texts[path])))
    with host_lock():
        entry = journal.begin(CONCERN)
        entry.write_all(changes)
        try:
            import_keys(entry, keys)
        except ElkitError:
            entry.rollback(undo)
            raise
        entry.commit()


def _attributes(path, text):
    """Owner and mode of a file that is not there yet: one that holds a password is root's alone."""
    if text is None or files.attributes(path) is not None:
        return None
    secret = bool(redact.secrets(text))
    return files.Attributes(0, 0, 0o600 if secret else 0o644)


def import_keys(entry, keys):
    done = set()
    for key in keys:
        if key["content"] in done:
            continue
        done.add(key["content"])
        before = host.imported_keys()
        # rpm imports all keys of a file, the expired one of AlmaLinux 8 too: the undo must know of each.
        fingerprints = sorted(item.fingerprint for item in _openpgp.parse(key["content"], key["path"] or "the key")
                              if item.fingerprint not in before)
        if not fingerprints:
            continue
        entry.note("keys", {"fingerprints": fingerprints})
        path = key["path"] or os.path.join(entry.store.path(entry.state["number"]), "key.asc")
        if not key["path"]:
            files.write_atomic(path, key["content"], files.Attributes(0, 0, 0o600))
        commands.run(["rpm", "--import", path], timeout=RPM_TIMEOUT)
        after = host.imported_keys()
        lost = [item["fingerprint"] for item in keys if item["content"] == key["content"] and item["fingerprint"] not in after]
        if lost:
            raise HostError("rpm did not take the key {0} from {1}".format(lost[0], path),
                            "Look at what rpm --import says to that file")


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
    result = {"changed": planned is not None, "repositories": [], "files": [], "keys": [], "diff": [], "warnings": []}
    if planned is None:
        return result
    for item in planned.restore:
        before = planned.before(item)
        result["files"].append(item["path"])
        result["diff"].append(diff(
            item["path"], files.read_text(item["path"]),
            None if before is None else before.decode("utf-8", "surrogateescape")))
    for note in planned.notes:
        if note["kind"] == "keys":
            result["keys"].extend({"fingerprint": item, "file": None, "repository": None} for item in note["data"]["fingerprints"])
    result["files"].sort()
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
