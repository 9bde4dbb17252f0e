# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""AlmaLinux as the target of a conversion: its repositories and keys for one major, from the user's mirror or the public ones."""

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import TrustError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue, desired

# Not AlmaLinux as released.
_NO_PART = ("testing", "devel", "synergy")
REQUIRED = ("baseos", "appstream")


def host_of(major, arch):
    return catalogue.Host(major, None, arch)


def enabled(source, repo_ids):
    """The canonical ids (sorted) that the enabled *repo_ids* of a mapping.Source stand for, of those that AlmaLinux has for this major."""
    known = catalogue.known(host_of(source.major, source.arch))
    found = set(item for item in source.enabled_targets(repo_ids) if item in known)
    if "epel" in found:
        # Which EPEL needs, and the module repositories enables with it.
        found.add("crb")
    return sorted(found)


def afterwards(source, wanted, silent):
    """The canonical ids (both sorted) of what is enabled after the swap, and of what is disabled though AlmaLinux's release packages enable it: what does
    not answer would stop every call of dnf. Where the host is AlmaLinux, what it has stays.

    :param source: mapping.Source
    :param wanted: canonical ids that stand for those of the source
    :param silent: ids of AlmaLinux's repositories that do not answer
    """
    if source.distribution.product == distributions.ALMALINUX:
        return sorted(wanted), []
    shipped = dict((name, item.id) for name, item in catalogue.known(host_of(source.major, source.arch)).items() if item.enabled and name not in wanted)
    mute = sorted(name for name in shipped if shipped[name] in silent)
    return sorted(set(wanted) | set(shipped) - set(mute)), mute


def asked(source, wanted, params):
    """What the user wants of the repositories of AlmaLinux, as the module repositories checks it: _repo.desired.Desired.

    It is checked before anything is begun, for it is asked of when the packages are swapped.

    :param source: mapping.Source
    :param wanted: canonical ids that will be enabled afterwards
    :param params: those of the module conversion_info
    :raises InputError: something is malformed, or not of this major
    """
    return desired.check(repository_params(wanted, [], params), host_of(source.major, source.arch))


def repositories(major, arch, wanted, where):
    """The repositories that take part in the transaction, enabled afterwards or not, for _dnf.conversion.open_base().

    :param wanted: canonical ids that will be enabled afterwards; those, baseos and appstream must answer, the others may not exist
    :param where: what asked() gave; without a source of its own it is mirrorlist, or baseurl where there is a mirror
    """
    here = host_of(major, arch)
    found = []
    for canonical, repository in sorted(catalogue.known(here).items()):
        if repository.suffix or repository.kind != "almalinux" or canonical in _NO_PART:
            continue
        option, url = catalogue.url(repository, here, where.source or "mirrorlist", where.mirror, where.minor, where.vault or where.mirror)
        found.append({
            "id": repository.id, "canonical": canonical, "option": option, "url": url, "keys": [],
            "required": canonical in REQUIRED or canonical in wanted,
            "options": {"skip_if_unavailable": not (canonical in REQUIRED or canonical in wanted)}})
    return found


def vault(source, minor, wanted, where):
    """Where the packages of an older minor of AlmaLinux still are, for _dnf.conversion.source_base(): AlmaLinux's own repositories hold those of
    the newest minor alone. What does not exist there is passed over. [] of another source.

    :param source: mapping.Source
    :param minor: that of the host (int), or None
    :param wanted: canonical ids of what the host's packages may have come from
    :param where: what asked() gave
    """
    if source.distribution.product != distributions.ALMALINUX or minor is None:
        return []
    here, pinned = host_of(source.major, source.arch), "{0}.{1}".format(source.major, minor)
    found = []
    for canonical in wanted:
        repository = catalogue.known(here)[canonical]
        if repository.kind == "almalinux":
            option, url = catalogue.url(repository, here, "baseurl", where.mirror, pinned, where.vault or where.mirror)
            found.append({"id": "elkit-vault-{0}".format(canonical), "option": option, "url": url, "keys": [], "options": {"skip_if_unavailable": True}})
    return found


def key_url(major, mirror=None):
    """Where the keys of AlmaLinux *major* are fetched from; on 8, one file holds both of its keys."""
    return "{0}/{1}".format(mirror or catalogue.BASEURL_ROOT, catalogue.KEY_FILES[major])


def repository_params(wanted, unwanted, params):
    """What the module repositories is asked after the packages are swapped: the source's repositories under AlmaLinux's ids.

    :param wanted: canonical ids of those that are enabled
    :param unwanted: of those that are not, whatever AlmaLinux's release packages say
    """
    return {
        "enabled": list(wanted), "disabled": list(unwanted), "undeclared": "keep", "source": params["source"], "mirror": params["mirror"],
        "minor": params["minor"], "vault_mirror": params["vault_mirror"], "options": {}, "epel": None, "extra": [], "main": {}, "vars": {},
        # What is enabled answered in the look.
        "trusted_keys": list(params["trusted_keys"]), "verify": False, "verify_timeout": 20}


def trusted(data, place, major, more=()):
    """The keys in *data* (bytes) that may sign AlmaLinux *major*: [_openpgp.Key].

    :param more: further full fingerprints that the user trusts, for re-signed mirrors
    :raises TrustError: one of them is not pinned
    :raises InputError: one of *more* is no full fingerprint
    """
    pinned = set(catalogue.ALMALINUX_KEYS[major]) | set(desired.fingerprint(item, "trusted_keys") for item in more)
    keys = _openpgp.parse(data, place)
    for key in keys:
        if key.fingerprint not in pinned:
            raise TrustError(
                "{0} holds a key that is not pinned, with the fingerprint {1} ({2})".format(
                    place, key.fingerprint, ", ".join(key.user_ids[:1]) or "no name"),
                "If you trust it, add the fingerprint to trusted_keys", fingerprint=key.fingerprint)
    return keys
