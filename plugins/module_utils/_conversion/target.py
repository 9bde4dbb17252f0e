# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""AlmaLinux as the target of a conversion: its repositories and keys for one major, from the user's mirror or the public ones."""

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError, TrustError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue

# Not AlmaLinux as released.
_NO_PART = ("testing", "devel", "synergy")
REQUIRED = ("baseos", "appstream")


def host_of(major, arch):
    return catalogue.Host(major, None, arch)


def repositories(major, arch, enabled, mirror=None, source=None, minor=None, vault=None):
    """The repositories that take part in the transaction, enabled afterwards or not, for _dnf.conversion.open_base().

    :param enabled: canonical ids that will be enabled afterwards; those, baseos and appstream must answer, the others may not exist
    :param mirror: root of a mirror as in the module repositories, or None
    :param source: "mirrorlist", "metalink" or "baseurl"; None: mirrorlist, or baseurl where there is a mirror
    :raises InputError: the minor is not of this major
    """
    here = host_of(major, arch)
    if minor is not None and str(minor).split(".")[0] != str(major):
        raise InputError("minor: {0} is no minor of AlmaLinux {1}".format(minor, major), "Name one like {0}.8, quoted".format(major))
    found = []
    for canonical, repository in sorted(catalogue.known(here).items()):
        if repository.suffix or repository.kind != "almalinux" or canonical in _NO_PART:
            continue
        option, url = catalogue.url(
            repository, here, source or ("baseurl" if mirror else "mirrorlist"), mirror, minor, vault)
        found.append({
            "id": repository.id, "canonical": canonical, "option": option, "url": url, "keys": [],
            "required": canonical in REQUIRED or canonical in enabled,
            "options": {"skip_if_unavailable": not (canonical in REQUIRED or canonical in enabled)}})
    return found


def key_urls(major, mirror=None):
    """Where the keys of AlmaLinux *major* are fetched from: [URL]."""
    # The root of 8 holds both of its keys.
    return ["{0}/{1}".format(mirror or catalogue.BASEURL_ROOT, catalogue.KEY_FILES[major])]


def trusted(data, place, major, more=()):
    """The keys in *data* (bytes) that may sign AlmaLinux *major*: [_openpgp.Key].

    :param more: further full fingerprints that the user trusts, for re-signed mirrors
    :raises TrustError: one of them is not pinned
    """
    pinned = set(catalogue.ALMALINUX_KEYS[major]) | set(_openpgp.normalize_fingerprint(item) for item in more)
    keys = _openpgp.parse(data, place)
    for key in keys:
        if key.fingerprint not in pinned:
            raise TrustError(
                "{0} holds a key that is not pinned, with the fingerprint {1} ({2})".format(
                    place, key.fingerprint, ", ".join(key.user_ids[:1]) or "no name"),
                "If you trust it, add the fingerprint to trusted_keys", fingerprint=key.fingerprint)
    return keys
