# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What a user asked for, checked as far as that needs no look at the host's files. Pure."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue, options, redact

_URL = re.compile(r"(?:https?|ftp|file)://[^\s]+\Z")
_ID = re.compile(r"[A-Za-z0-9_.:\-]+\Z")
_MINOR = re.compile(r"(\d+)\.(\d+)\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_EXTRA_FIELDS = frozenset(["id", "name", "baseurl", "mirrorlist", "metalink", "gpgkey", "key", "fingerprints", "gpgcheck",
                           "enabled", "state", "options"])
_EPEL_FIELDS = frozenset(["enabled", "testing", "mirror", "key_url"])


class Extra(object):
    """A third-party repository: id, name, enabled, absent (bool), url (option, text), gpgkey (list of URLs), key (armored
    text or None), fingerprints (list), options ({name: text or None})."""


class Desired(object):
    """The checked request: enabled and disabled (sets of canonical ids), undeclared, source, mirror, minor, vault,
    options ({canonical id: {name: text or None}}), epel (None to leave it, or bool), epel_mirror, epel_key_url, extra (list),
    main and variables ({name: text or None}), trusted (set of fingerprints)."""


def check_url(text, what):
    """*text* without a slash at its end.

    :raises InputError: it is no URL
    """
    if not _URL.match(text or ""):
        raise InputError("{0}: {1} is no URL".format(what, repr(redact.redact_url(str(text)))), "Write http://…, https://… or file:///…")
    return text.rstrip("/")


def fingerprint(text, what):
    """*text* as 40 (or 64) upper-case hex digits.

    :raises InputError: it is shorter, or no hex
    """
    found = _openpgp.normalize_fingerprint(str(text))
    if found is None:
        raise InputError(
            "{0}: {1} is no full fingerprint".format(what, repr(text)),
            "Give all 40 hexadecimal digits, as gpg --show-keys prints them: short key ids can be forged")
    return found


def canonical(identifier, host, what):
    """The canonical id of what a user wrote.

    :raises InputError: AlmaLinux has no such repository on this host; names the nearest or says why
    """
    name = catalogue.canonical_name(str(identifier))
    known = catalogue.known(host)
    if name in known:
        return name
    if name in catalogue.NEVER_ON_ALMALINUX:
        raise InputError("{0}: {1} is made for CentOS Stream and must not be on AlmaLinux".format(what, identifier), "Use epel")
    reason = catalogue.why_missing(name, host)
    if reason is not None:
        raise InputError("{0}: {1}".format(what, reason), "Take it out for AlmaLinux {0} hosts".format(host.major))
    near = catalogue.nearest(name, list(known) + list(catalogue.ALIASES))
    raise InputError(
        "{0}: there is no repository {1}".format(what, identifier),
        "Did you mean {0}? Repositories of others go into extra".format(near) if near
        else "There are: {0}. Repositories of others go into extra".format(
            ", ".join(sorted(item for item in known if not item.endswith(("-source", "-debuginfo"))))))


def check(params, host):
    """The Desired of the module's *params* for *host* (catalogue.Host).

    :raises InputError: something is unknown, malformed or contradicts something else
    """
    desired = Desired()
    desired.extra = [_extra(item) for item in params["extra"]]
    extra_ids = [item.id for item in desired.extra]
    for identifier in extra_ids:
        if extra_ids.count(identifier) > 1:
            raise InputError("extra names the repository {0} twice".format(identifier), "Name it once")
        if identifier in catalogue.real_ids(host):
            raise InputError("extra: {0} is a repository of AlmaLinux or EPEL".format(identifier),
                             "Use enabled, disabled, options and epel for it")
    desired.enabled = set(canonical(item, host, "enabled") for item in params["enabled"])
    desired.disabled = set(canonical(item, host, "disabled") for item in params["disabled"])
    _epel(desired, params["epel"])
    both = sorted(desired.enabled & desired.disabled)
    if both:
        raise InputError("{0} is to be enabled and disabled".format(both[0]), "Drop one of the two")
    if "epel" in desired.enabled and "crb" in desired.disabled:
        raise InputError("EPEL needs crb, and crb is to be disabled", "Enable crb, or do without EPEL")
    if "epel" in desired.enabled:
        desired.enabled.add("crb")
    _sources(desired, params, host)
    desired.options = {}
    for identifier, given in params["options"].items():
        name = identifier if identifier in extra_ids else canonical(identifier, host, "options")
        desired.options.setdefault(name, {}).update(_options(given, "the repository {0}".format(identifier)))
    for item in desired.extra:
        item.options.update(desired.options.pop(item.id, {}))
    desired.main = _main(params["main"])
    desired.variables = _variables(params["vars"])
    desired.undeclared = params["undeclared"]
    desired.trusted = set(fingerprint(item, "trusted_keys") for item in params["trusted_keys"])
    return desired


def _epel(desired, given):
    desired.epel, desired.epel_mirror, desired.epel_key_url = None, None, None
    if isinstance(given, dict):
        unknown = sorted(set(given) - _EPEL_FIELDS)
        if unknown:
            raise InputError("epel has no field {0}".format(unknown[0]), "There are " + ", ".join(sorted(_EPEL_FIELDS)))
        desired.epel = _boolean(given.get("enabled", True), "epel.enabled")
        if given.get("mirror") is not None:
            desired.epel_mirror = check_url(given["mirror"], "epel.mirror")
        if given.get("key_url") is not None:
            desired.epel_key_url = check_url(given["key_url"], "epel.key_url")
        if _boolean(given.get("testing", False), "epel.testing"):
            if not desired.epel:
                raise InputError("epel: testing without epel itself", "Drop one of the two")
            desired.enabled.add("epel-testing")
    elif given is not None:
        desired.epel = _boolean(given, "epel")
    if desired.epel:
        desired.enabled.add("epel")
    elif desired.epel is False:
        if "epel" in desired.enabled:
            raise InputError("epel is to be enabled and disabled", "Drop one of the two")
        desired.disabled.update(catalogue.EPEL_IDS)


def _boolean(given, what):
    if isinstance(given, bool):
        return given
    if str(given).lower() in ("1", "yes", "true", "on"):
        return True
    if str(given).lower() in ("0", "no", "false", "off"):
        return False
    raise InputError("{0}: {1} is neither true nor false".format(what, repr(given)), "Write true or false")


def _sources(desired, params, host):
    desired.source = params["source"]
    desired.mirror = check_url(params["mirror"], "mirror") if params["mirror"] is not None else None
    desired.vault = check_url(params["vault_mirror"], "vault_mirror") if params["vault_mirror"] is not None else None
    desired.minor = str(params["minor"]) if params["minor"] is not None else None
    if desired.mirror is not None and desired.source is None:
        desired.source = "baseurl"
    if desired.source == "metalink" and desired.mirror is None:
        raise InputError("source: metalink needs a mirror: AlmaLinux publishes mirror lists", "Give mirror, or use source: mirrorlist")
    if desired.minor is None:
        return
    match = _MINOR.match(desired.minor)
    if match is None:
        raise InputError("minor: {0} is no minor release".format(repr(desired.minor)),
                         "Write it as {0}.N, in quotes: 8.10 without them is 8.1".format(host.major))
    if host.kitten:
        raise InputError("minor: AlmaLinux Kitten has no minor releases", "Leave minor out for this host")
    if int(match.group(1)) != host.major:
        raise InputError("minor: {0} does not belong to AlmaLinux {1}, which this host is".format(desired.minor, host.major),
                         "Set it by group for each major release")
    if desired.source in ("mirrorlist", "metalink"):
        raise InputError("minor is pinned in the vault, which has no {0}".format(desired.source), "Leave source out, or use baseurl")


def _options(given, place):
    if not isinstance(given, dict):
        raise InputError("{0}: the options are no dictionary".format(place), "Write name: value")
    options.check(given, options.REPOSITORY, place)
    if "enabled" in given:
        raise InputError("{0}: enabled is no option here".format(place), "Name the repository in enabled or disabled")
    return dict((name, options.value(name, item)) for name, item in given.items())


def _main(given):
    options.check(given, options.MAIN, "dnf.conf")
    # Without the line, dnf checks nothing.
    if "gpgcheck" in given and (given["gpgcheck"] is None or not _boolean(given["gpgcheck"], "main.gpgcheck")):
        raise InputError("main: gpgcheck is not switched off for all repositories",
                         "Switch it off for one by name, in options, if you must")
    if "reposdir" in given or "varsdir" in given:
        raise InputError("main: the folders of repositories and variables are not moved", "Leave reposdir and varsdir alone")
    return dict((name, options.value(name, item)) for name, item in given.items())


def _variables(given):
    for name in given:
        if not _VARIABLE.match(str(name)):
            raise InputError("vars: {0} is no name of a dnf variable".format(repr(name)), "Use letters, digits and underscores")
        if name in ("releasever", "basearch", "arch"):
            raise InputError("vars: {0} is dnf's own; setting it breaks EPEL and third parties".format(name),
                             "Pin a minor release with minor")
    return dict((name, options.value(name, item)) for name, item in given.items())


def _extra(given):
    unknown = sorted(set(given) - _EXTRA_FIELDS)
    identifier = given.get("id")
    if not identifier or not _ID.match(str(identifier)):
        raise InputError("extra: {0} is no repository id".format(repr(identifier)), "Use letters, digits and _ . : -")
    place = "extra: {0}".format(identifier)
    if unknown:
        near = catalogue.nearest(unknown[0], _EXTRA_FIELDS)
        raise InputError("{0} has no field {1}".format(place, unknown[0]),
                         "Did you mean {0}? Options of dnf go into options".format(near) if near else "Options of dnf go into options")
    extra = Extra()
    extra.id = str(identifier)
    extra.name = options.value("name", given.get("name")) or extra.id
    extra.absent = given.get("state", "present") == "absent"
    if given.get("state", "present") not in ("present", "absent"):
        raise InputError("{0}: state is {1}".format(place, repr(given["state"])), "There are present and absent")
    extra.enabled = _boolean(given.get("enabled", True), place + ": enabled")
    extra.options = _options(given.get("options") or {}, place)
    extra.fingerprints = [fingerprint(item, place) for item in _list(given.get("fingerprints"))]
    extra.gpgkey = [str(item).strip() for item in _list(given.get("gpgkey"))]
    extra.key = given.get("key")
    extra.gpgcheck = _boolean(given.get("gpgcheck", True), place + ": gpgcheck")
    extra.url = None
    if extra.absent:
        return extra
    urls = [name for name in options.URLS if given.get(name)]
    if len(urls) != 1:
        raise InputError("{0} has {1} of baseurl, mirrorlist and metalink".format(place, "none" if not urls else len(urls)),
                         "Give exactly one")
    texts = [check_url(item, place + ": " + urls[0]) if urls[0] != "baseurl" else check_url(item, place + ": baseurl") + "/"
             for item in _list(given[urls[0]])]
    extra.url = (urls[0], " ".join(texts))
    # dnf has them in one line, with blanks between them.
    extra.gpgkey = ["file://" + item if item.startswith("/") else item for item in extra.gpgkey]
    for item in extra.gpgkey:
        check_url(item, place + ": gpgkey")
    if extra.gpgcheck and not (extra.gpgkey or extra.key):
        raise InputError("{0} has no key".format(place), "Give gpgkey (URL or path) or key (the text), and its full fingerprint in fingerprints")
    if (extra.gpgkey or extra.key) and not extra.fingerprints:
        raise InputError("{0} has a key and no fingerprint to know it by".format(place),
                         "Give the key's full fingerprint in fingerprints, from a source you trust")
    if extra.gpgkey and extra.key:
        raise InputError("{0} has both gpgkey and key".format(place), "Give one of the two")
    return extra


def _list(given):
    if given is None:
        return []
    return [given] if isinstance(given, str) else list(given)
