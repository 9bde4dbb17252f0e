# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What the source leaves besides its packages: its keys in rpm's database, variables of dnf that its repositories alone used, and what keeps dnf to
a minor of it."""

import os
import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import remains
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import repositories
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import ini
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files

# What was taken out of rpm's database, for the way back: {fingerprint: armored key}.
REMOVED = "keys-removed.json"
RPM_TIMEOUT = 60
# Where dnf looks for a release other than that of the release package; the second directory may be a link to the first.
RELEASE_LOCKS = (os.path.join(repositories.VARIABLES, "releasever"), "/etc/yum/vars/releasever")


def clear(source, state):
    """Take away what nothing needs any more of what the table of the *source* names; the way back puts it in again.

    :param state: state.State
    :returns: what was done, and what stays for which reason (str), or None where there is nothing to say
    :raises ElkitError: the rpm database or a repository file cannot be read
    """
    context = Context()
    configured = repositories.collect(context)["configured"]
    gone, kept = _keys(source, state, context, configured)
    paths = variables(source, context)
    for path in unused(paths, repository_texts(context, configured)) if paths else ():
        files.remove(path)
        gone.append("the variable {0}".format(path))
    for path, release in release_locks(source, context):
        files.remove(path)
        gone.append("{0}, which kept dnf to {1}".format(path, release or "no release"))
    said = ["removed: {0}".format(", ".join(gone))] if gone else []
    return "; ".join(said + (["kept: {0}".format(", ".join(kept))] if kept else [])) or None


def clear_keys(source, state, check_mode=False):
    """As clear(), of the keys alone: what was removed, or would be ([str]).

    :raises ElkitError: see there
    """
    context = Context()
    return _keys(source, state, context, repositories.collect(context)["configured"], check_mode)[0]


def _keys(source, state, context, configured, check_mode=False):
    """What is said of the keys: ([what was removed, or would be], [what stays, and why])."""
    imported = remains.imported_keys()
    ours = {}
    for fingerprint in source.keys:
        if fingerprint in imported:
            text = commands.run(["rpm", "-q", "--qf", "%{DESCRIPTION}", imported[fingerprint]]).stdout
            ours[fingerprint] = (text, _openpgp.parse(text.encode("utf-8"), imported[fingerprint]))
    if not ours:
        return [], []
    signers = set(key for package in context.database().packages for key in package.keys)
    named, anything = keys_of(configured, source)
    gone, kept = [], []
    for fingerprint, (text, keys) in sorted(ours.items()):
        reason = why_needed(fingerprint, keys, signers, named, anything)
        if reason is None and not check_mode:
            # Before it goes: what is not noted cannot be put back.
            state.write(REMOVED, dict(state.read(REMOVED) or {}, **{fingerprint: text}))
            result = commands.run(["rpm", "-e", "--allmatches", imported[fingerprint]], timeout=RPM_TIMEOUT, check=False)
            reason = result.stderr.strip()[-200:] or "rpm says no more than {0}".format(result.rc) if result.rc else None
        if reason is None:
            gone.append("the key {0}".format(fingerprint))
        else:
            kept.append("the key {0} ({1})".format(fingerprint, reason))
    return gone, kept


def keys_of(configured, source):
    """What the enabled repositories are checked with: ({fingerprint: id of a repository that names it}, [id of one that names no key, so that
    any that rpm has will do]). A key that is to be fetched from elsewhere is fetched again where dnf needs it.

    :param configured: of the facts section repositories
    """
    named, anything = {}, []
    for identifier, item in sorted(repositories.counting(configured).items()):
        if not item["enabled"] or item["gpgcheck"] is False:
            continue
        if not item["gpgkey"]:
            anything.append(identifier)
        for url in item["gpgkey"]:
            if url.startswith("file://"):
                path = url[len("file://"):].replace("$releasever_major", str(source.major)).replace("$releasever", str(source.major))
                named.update((key.fingerprint, identifier) for key in _in_file(path.replace("$basearch", source.arch)))
    return named, anything


def _in_file(path):
    """The keys in the file *path*; none where it holds none that can be read."""
    try:
        return _openpgp.parse(files.read_bytes(path) or b"", path)
    except ElkitError:
        return []


def why_needed(fingerprint, keys, signers, named, anything):
    """Why a key has to stay (str), or None.

    :param keys: [_openpgp.Key] that rpm has under its name
    :param signers: ids (lower-case hex) of the keys that the installed packages are signed with
    :param named: see keys_of(), anything likewise
    """
    ids = [one.fingerprint.lower() for key in keys for one in [key] + key.subkeys]
    if any(one.endswith(signer) for one in ids for signer in signers):
        return "installed packages are signed with it"
    if fingerprint in named:
        return "the repository {0} names it".format(named[fingerprint])
    if anything:
        return "the repository {0} names no key of its own".format(anything[0])
    return None


def release_locks(source, context):
    """(path, release) of each variable of dnf that keeps it to another release than the major, looked at one after the other: AlmaLinux's
    repositories would be those of that minor. What keeps a host of AlmaLinux to one is meant for it."""
    for path in () if source.distribution.product == distributions.ALMALINUX else RELEASE_LOCKS:
        text = context.read(path)
        if text is not None and text.partition("\n")[0].strip() != str(source.major):
            yield path, text.partition("\n")[0].strip()


def variables(source, context):
    """The paths of those of dnf's variables that the table of the *source* names and that no package brings."""
    paths = [os.path.join(repositories.VARIABLES, name) for name in context.names(repositories.VARIABLES) if name in source.variables]
    return [path for path in paths if not remains.is_packaged(path)]


def repository_texts(context, configured):
    """What dnf.conf and every repository file say."""
    paths = set(item["file"] for item in configured) | set([repositories.DNF_CONF])
    for directory in repositories.DIRECTORIES:
        paths.update(os.path.join(directory, name) for name in context.names(directory) if ini.is_read(name))
    return [context.read(path) or "" for path in sorted(paths)]


def unused(paths, texts):
    """Those of *paths* (of variables) that none of *texts* uses."""
    return [path for path in paths if not any(
        re.search(r"\$\{?" + re.escape(os.path.basename(path)) + r"(?![A-Za-z0-9_])", text) for text in texts)]


def put_back(state):
    """Let rpm import again what clear() took out.

    :raises CommandError: it does not; the next run tries again
    """
    removed = state.read(REMOVED) or {}
    missing = sorted(set(removed) - set(remains.imported_keys())) if removed else []
    path = state.path("key.asc")
    try:
        for fingerprint in missing:
            files.write_atomic(path, removed[fingerprint], files.Attributes(0, 0, 0o600))
            commands.run(["rpm", "--import", path], timeout=RPM_TIMEOUT)
    finally:
        files.discard(path)
