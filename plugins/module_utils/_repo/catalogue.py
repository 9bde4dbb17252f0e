# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The repositories and keys of AlmaLinux and EPEL on each major release: names that hold everywhere, real ids, URLs.

Sources: the repository files of almalinux-release 8.9, almalinux-repos 9.3 (official container images), the slugs of
AlmaLinux's mirror service (github.com/AlmaLinux/mirrors, 2026-07), AlmaLinux's wiki (2026-08), epel-release 8-22, 9-10,
10-7, and distribution-gpg-keys (2026-08) for the fingerprints. AlmaLinux 10 follows 9 where no capture exists.
"""

import re

MAJORS = (8, 9, 10)

KEY_DIRECTORY = "/etc/pki/rpm-gpg"
REPOSITORY_DIRECTORY = "/etc/yum.repos.d"

MIRRORLIST_ROOT = "https://mirrors.almalinux.org"
BASEURL_ROOT = "https://repo.almalinux.org/almalinux"
VAULT_ROOT = "https://vault.almalinux.org"
OLD_VAULT_ROOT = "https://repo.almalinux.org/vault"
KITTEN_MIRRORLIST_ROOT = "https://kitten.mirrors.almalinux.org"
KITTEN_BASEURL_ROOT = "https://kitten.repo.almalinux.org"
KITTEN_VAULT_ROOT = "https://kitten.vault.almalinux.org"
EPEL_METALINK = "https://mirrors.fedoraproject.org/metalink"
EPEL_KEY_ROOT = "https://dl.fedoraproject.org/pub/epel"
EPEL_V2_ROOT = "https://epel.repo.almalinux.org"

ALMALINUX_KEYS = {
    8: ("5E9B8F5617B5066CE92057C3488FCF7C3ABB34F8", "BC5EDDCADF502C077F1582882AE81E8ACED7258B"),
    9: ("BF18AC2876178908D6E71267D36CB86CB86B3716",),
    10: ("EE6DB7B98F5BF5EDD9DA0DE5DEE5C11CC2A1E572",),
}
EPEL_KEYS = {
    8: "94E279EB8D8F25B21810ADF121EA45AB2F86D6A1",
    9: "FF8AD1344597106ECE813B918A3872BF3228467C",
    10: "7D8D15CBFC4E62688591FB2633D98517E37ED158",
}
EPEL_V2_KEY = "68DD137B7690F4735197C4B1B620C02335D447A6"
EPEL_V2_KEY_FILE = "RPM-GPG-KEY-AlmaLinux-10-EPEL-AltArch"

KEY_FILES = {8: "RPM-GPG-KEY-AlmaLinux", 9: "RPM-GPG-KEY-AlmaLinux-9", 10: "RPM-GPG-KEY-AlmaLinux-10"}

X86_64 = ("x86_64", "x86_64_v2")
NOT_AARCH64 = ("x86_64", "x86_64_v2", "ppc64le", "s390x")
SUFFIXES = ("debuginfo", "source")

# canonical id: (id per major where it differs, directory, majors, package architectures or None for all)
_BASE = (
    ("baseos", {}, "BaseOS", MAJORS, None),
    ("appstream", {}, "AppStream", MAJORS, None),
    ("extras", {}, "extras", MAJORS, None),
    ("crb", {8: "powertools"}, "CRB", MAJORS, None),
    ("highavailability", {8: "ha"}, "HighAvailability", MAJORS, None),
    ("plus", {}, "plus", MAJORS, None),
    ("resilientstorage", {}, "ResilientStorage", (8, 9), NOT_AARCH64),
    ("sap", {}, "SAP", MAJORS, None),
    ("saphana", {}, "SAPHANA", MAJORS, None),
    ("nfv", {}, "NFV", MAJORS, X86_64),
    ("rt", {}, "RT", MAJORS, X86_64),
    ("devel", {}, "devel", MAJORS, None),
    ("synergy", {}, "synergy", MAJORS, None),
)
_DIRECTORY_8 = {"crb": "PowerTools"}
_TITLE = {"extras": "Extras", "plus": "Plus", "devel": "Devel", "synergy": "Synergy"}
_TITLE_8 = {"saphana": "SAP HANA"}

# What users may write on any major.
ALIASES = {"powertools": "crb", "ha": "highavailability", "almalinux-testing": "testing"}

EPEL_IDS = ("epel", "epel-testing")
NEVER_ON_ALMALINUX = ("epel-next", "epel-next-testing")


class Host(object):
    """What a plan must know of a host: major and minor (int; minor None on Kitten), arch (of packages: x86_64_v2 is one), kitten."""

    def __init__(self, major, minor=None, arch="x86_64", kitten=False):
        self.major = major
        self.minor = minor
        self.arch = arch
        self.kitten = kitten

    @property
    def basearch(self):
        """What stands for the architecture in URLs: dnf's variable, but literally where dnf is not sure to know it."""
        return "x86_64_v2" if self.arch == "x86_64_v2" else "$basearch"

    @property
    def releasever(self):
        return "$releasever-kitten" if self.kitten else "$releasever"


class Repository(object):
    """One repository of AlmaLinux or EPEL on one host.

    canonical, id, file (name in /etc/yum.repos.d), name, kind ("almalinux" or "epel"), suffix ("", "debuginfo" or
    "source"), directory, slug, key_file, key_url (None where the release packages own the key), extra (list of further
    (option, value) of a new section), enabled (bool: as shipped).
    """

    def __init__(self, canonical, repo_id, file, name, kind, suffix, directory, slug, key_file, key_url=None,
                 extra=(), enabled=False):
        self.canonical = canonical
        self.id = repo_id
        self.file = file
        self.name = name
        self.kind = kind
        self.suffix = suffix
        self.directory = directory
        self.slug = slug
        self.key_file = key_file
        self.key_url = key_url
        self.extra = tuple(extra)
        self.enabled = enabled

    @property
    def gpgkey(self):
        return "file://{0}/{1}".format(KEY_DIRECTORY, self.key_file)


def _split(identifier):
    """("crb", "debuginfo") of "crb-debuginfo"; the suffix is "" for the repository itself."""
    for suffix in SUFFIXES:
        if identifier.endswith("-" + suffix):
            return identifier[:-len(suffix) - 1], suffix
    return identifier, ""


def _join(base, suffix):
    return base + "-" + suffix if suffix else base


def known(host):
    """All repositories that AlmaLinux and EPEL have for *host*: {canonical id: Repository}."""
    found = {}
    for canonical, ids, directory, majors, arches in _BASE:
        if host.major not in majors or (arches is not None and host.arch not in arches):
            continue
        base = ids.get(host.major, canonical)
        if host.major == 8:
            directory = _DIRECTORY_8.get(canonical, directory)
        for suffix in ("",) + SUFFIXES:
            repository = _almalinux(host, canonical, base, directory, suffix)
            found[repository.canonical] = repository
    testing = _almalinux(host, "testing", "almalinux-testing", "testing", "")
    testing.slug = None
    found["testing"] = testing
    for base in EPEL_IDS:
        for suffix in ("",) + SUFFIXES:
            repository = _epel(host, base, suffix)
            found[repository.canonical] = repository
    return found


def _almalinux(host, canonical, base, directory, suffix):
    identifier = _join(base, suffix)
    slug = identifier
    # The mirror service calls the debuginfo of 9 and 10 "-debug", but for synergy.
    if suffix == "debuginfo" and host.major >= 9 and canonical != "synergy":
        slug = base + "-debug"
    shipped = canonical in ("baseos", "appstream", "extras") or (canonical == "crb" and host.major >= 10)
    enabled = shipped and not suffix
    extra = []
    if not suffix:
        extra.append(("countme", "1"))
    if host.major >= 9:
        extra.append(("metadata_expire", "86400"))
        extra.append(("enabled_metadata", "1" if canonical in ("baseos", "appstream") and not suffix else "0"))
    if base.startswith("almalinux-"):
        file = base + ".repo"
    elif host.major == 8 and canonical in ("baseos", "appstream", "extras"):
        file = "almalinux.repo"
    else:
        file = "almalinux-{0}.repo".format(base)
    return Repository(
        _join(canonical, suffix), identifier, file, _name(host, canonical, directory, suffix), "almalinux", suffix,
        directory, slug, KEY_FILES[host.major], extra=extra, enabled=enabled)


def _name(host, canonical, directory, suffix):
    title = _TITLE.get(canonical, directory)
    sap = canonical in ("sap", "saphana")
    if host.major == 8:
        title = _TITLE_8.get(canonical, title)
        ending = {"": "", "source": " Sources" if sap else " Source", "debuginfo": " Debuginfo" if sap else " debuginfo"}
    else:
        ending = {"": "", "source": " - Source", "debuginfo": " - Debug"}
    product = "AlmaLinux Kitten" if host.kitten else "AlmaLinux"
    return "{0} $releasever - {1}{2}".format(product, title, ending[suffix])


def _epel(host, base, suffix):
    title = "Extra Packages for Enterprise Linux $releasever"
    if base == "epel-testing":
        title += " - Testing"
    ending = {"": "", "debuginfo": " - Debug", "source": " - Source"}[suffix]
    if host.arch == "x86_64_v2":
        key_file, key_url = EPEL_V2_KEY_FILE, None
    else:
        key_file = "RPM-GPG-KEY-EPEL-{0}".format(host.major)
        key_url = "{0}/{1}".format(EPEL_KEY_ROOT, key_file)
    # Fedora's metalink calls them epel-9, epel-debug-9, epel-source-9, testing-epel9, testing-debug-epel9, …
    return Repository(
        _join(base, suffix), _join(base, suffix), base + ".repo",
        title + " - $basearch" + ending, "epel", suffix,
        "testing/Everything" if base == "epel-testing" else "Everything", None, key_file, key_url,
        extra=[("countme", "1")] if not suffix else [])


def pinned_keys(host):
    """The fingerprints that AlmaLinux's and EPEL's own repositories may be signed with on *host*: {fingerprint: owner}."""
    keys = dict((fingerprint, "AlmaLinux {0}".format(host.major)) for fingerprint in ALMALINUX_KEYS[host.major])
    keys[EPEL_KEYS[host.major]] = "EPEL {0}".format(host.major)
    if host.major == 10:
        keys[EPEL_V2_KEY] = "EPEL 10, AlmaLinux's rebuild for x86_64_v2"
    return keys


def real_ids(host):
    """{real id: Repository} of *host*."""
    return dict((repository.id, repository) for repository in known(host).values())


def canonical_id(repo_id, major):
    """The canonical id (str) of the repository that has the real id *repo_id* on *major* (int), or None if it is not AlmaLinux's or EPEL's.

    On 8 "powertools" gives "crb"; on 9 it gives None, for no repository of AlmaLinux 9 has that id.
    """
    if major not in MAJORS:
        return None
    repository = _REAL[major].get(repo_id)
    return repository.canonical if repository is not None else None


def canonical_name(identifier):
    """What users wrote, as a canonical id: "powertools" gives "crb", "ha-source" gives "highavailability-source"."""
    base, suffix = _split(identifier)
    if identifier in ALIASES:
        return ALIASES[identifier]
    return _join(ALIASES.get(base, base), suffix)


def why_missing(canonical, host):
    """Why AlmaLinux has repository *canonical* elsewhere but not on *host*: str, or None if it has it nowhere."""
    base = _split(canonical)[0]
    for name, ids, directory, majors, arches in _BASE:
        if name != base:
            continue
        if host.major not in majors:
            return "{0} exists on AlmaLinux {1} only".format(canonical, " and ".join(str(item) for item in majors))
        if arches is not None and host.arch not in arches:
            return "{0} exists for {1} only, not for {2}".format(canonical, ", ".join(arches), host.arch)
    return None


def nearest(word, words):
    """The one of *words* that looks most like *word*, or None."""
    # Imported for an error alone: every run would pay for it.
    import difflib

    found = difflib.get_close_matches(word.lower(), sorted(words), 1, 0.6)
    return found[0] if found else None


# --- URLs ------------------------------------------------------------------------------------------------------------

def _tail(repository, host):
    """What follows the release in a directory URL."""
    if repository.id == "almalinux-testing":
        return "testing/{0}/os/".format(host.basearch)
    if repository.suffix == "debuginfo":
        return "{0}/debug/{1}/".format(repository.directory, host.basearch)
    if repository.suffix == "source":
        return "{0}/Source/".format(repository.directory)
    return "{0}/{1}/os/".format(repository.directory, host.basearch)


def url(repository, host, source, mirror=None, minor=None, vault=None):
    """Where *repository* of AlmaLinux is: (option, URL), e.g. ("mirrorlist", "https://…").

    :param source: "mirrorlist", "metalink" or "baseurl"
    :param mirror: one root for all, without a slash at the end; None for AlmaLinux's own
    :param minor: "9.6" to pin it in the vault, or None
    :param vault: root of the vault; None for AlmaLinux's own
    """
    if minor is not None:
        root = vault or (KITTEN_VAULT_ROOT if host.kitten else VAULT_ROOT)
        return "baseurl", "{0}/{1}/{2}".format(root, minor, _tail(repository, host))
    if source == "baseurl" or repository.slug is None:
        root = mirror if source == "baseurl" else None
        return "baseurl", "{0}/{1}/{2}".format(root or _own_root(repository, host), host.releasever, _tail(repository, host))
    root = mirror or (KITTEN_MIRRORLIST_ROOT if host.kitten else MIRRORLIST_ROOT)
    query = "?arch=x86_64_v2" if host.arch == "x86_64_v2" else ""
    return source, "{0}/{1}/{2}/{3}{4}".format(root, source, host.releasever, repository.slug, query)


def _own_root(repository, host):
    if host.kitten:
        return KITTEN_BASEURL_ROOT
    if repository.slug is None:
        return VAULT_ROOT
    if repository.suffix:
        return OLD_VAULT_ROOT if host.major < 10 else VAULT_ROOT
    return BASEURL_ROOT


def epel_url(repository, host, mirror=None):
    """Where EPEL's *repository* is: (option, URL); with *mirror* (root as of https://dl.fedoraproject.org/pub/epel) a baseurl."""
    tail = {
        "": "{0}/{1}/".format(repository.directory, host.basearch),
        "debuginfo": "{0}/{1}/debug/".format(repository.directory, host.basearch),
        "source": "{0}/source/tree/".format(repository.directory),
    }[repository.suffix]
    testing = repository.id.startswith("epel-testing")
    if host.arch == "x86_64_v2" and mirror is None:
        release = "10" if host.kitten else "10z"
        return "baseurl", "{0}/{1}/{2}/".format(EPEL_V2_ROOT, release, host.arch)
    if mirror is not None:
        if testing:
            # Upstream's layout is testing/<release>/Everything/…
            return "baseurl", "{0}/testing/{1}/{2}".format(mirror, _epel_release(host), tail[len("testing/"):])
        return "baseurl", "{0}/{1}/{2}".format(mirror, _epel_release(host), tail)
    return "metalink", "{0}?repo={1}&arch=$basearch".format(EPEL_METALINK, epel_metalink_name(repository, host))


def _epel_release(host):
    # EPEL 10 has minors: AlmaLinux follows a "z" branch, Kitten (which has no minor) the leading one.
    return "$releasever${releasever_minor:+z}" if host.major >= 10 else "$releasever"


def epel_metalink_name(repository, host):
    """What Fedora's metalink calls *repository* (epel-9, testing-epel9, …), written with dnf's variables."""
    part = {"": "", "debuginfo": "debug-", "source": "source-"}[repository.suffix]
    testing = repository.id.startswith("epel-testing")
    if host.major >= 10:
        stem = "epel-testing" if testing else "epel"
        return stem + "${releasever_minor:+-z}-" + part + "$releasever"
    if testing:
        return "testing-{0}epel$releasever".format(part)
    return "epel-{0}$releasever".format(part)


def is_epel_metalink(value, repository, host):
    """Whether *value* is Fedora's metalink for *repository*, however its query goes on (infra, content, …)."""
    match = re.match(r"https?://mirrors\.fedoraproject\.org/(?:metalink|mirrorlist)\?repo=([^&\s]+)&", value)
    if match is None:
        return False
    name = epel_metalink_name(repository, host)
    return match.group(1) in (name, name.replace("$releasever", str(host.major)))


_REAL = dict((major, real_ids(Host(major))) for major in MAJORS)
