# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A source of a conversion: what its repositories, packages and module streams become on AlmaLinux."""

import fnmatch
import re

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import sources
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions

RELEASE, REPLACE, REMOVE, KERNEL = "release", "replace", "remove", "kernel"
PRESERVED = "the client of the registration, which is preserved"

# (ending of an id on the source, suffix of AlmaLinux's). RHEL's ids end in -rpms, its others in -debug-rpms, -source-rpms.
_ENDINGS = (("-debuginfo", "-debuginfo"), ("-debug", "-debuginfo"), ("-source", "-source"), ("-srpms", "-source"), ("_src", "-source"))
_EXTENDABLE = {"repositories": dict, "replace": dict, "streams": dict, "exceptions": dict, "remove": list, "provides": list, "kernels": list,
               "firmware": list,
               "registration": list, "keys": list, "variables": list}


class Source(object):
    """What one host is converted from.

    distribution (distributions.Distribution), major (int), arch (str, of packages); repositories {id: canonical or None},
    replace {name: name}, remove, kernels and firmware (names and patterns), provides (capabilities), streams {stream: stream},
    exceptions {name or pattern: why it may stay}, keys (full fingerprints that its packages are signed by), variables (names of dnf's variables
    that its repositories use), oldest (int, the oldest minor that works, or None).
    """

    def __init__(self, distribution, major, arch, table, preserve=False):
        self.distribution = distribution
        self.major = major
        self.arch = arch
        # RHEL names its repositories by the machine, and so do its x86_64_v2 relatives not.
        words = {"major": major, "arch": "x86_64" if arch == "x86_64_v2" else arch}
        self.repositories = dict((key.format(**words), value) for key, value in table["repositories"].items())
        self.replace = dict(table["replace"])
        self.remove = tuple(table["remove"]) + (() if preserve else tuple(table["registration"]))
        self.provides = tuple(table["provides"])
        self.streams = dict(table["streams"])
        self.kernels = tuple(table["kernels"])
        self.firmware = tuple(table["firmware"])
        self.keys = tuple(table["keys"])
        self.variables = tuple(table["variables"])
        self.exceptions = dict(table["exceptions"])
        if preserve:
            self.exceptions.update((name, PRESERVED) for name in table["registration"])
        self.oldest = table["oldest"].get(major)
        # AlmaLinux's own are what the others' are exchanged for.
        self.release_packages = () if distribution.product == distributions.ALMALINUX else tuple(distribution.packages)

    @property
    def name(self):
        return "{0}-{1}".format(self.distribution.product, self.major)

    def canonical(self, repo_id):
        """The canonical id of AlmaLinux's repository for *repo_id*: str; None for one that is known to have none.

        :raises KeyError: it is no repository of this source
        """
        for known, target in self.repositories.items():
            if fnmatch.fnmatchcase(repo_id, known):
                return target
            for ending, suffix in _ENDINGS:
                stem = re.sub(r"-rpms\Z", "", known)
                if repo_id in (known + ending, stem + ending, stem + ending + "-rpms"):
                    return target + suffix if target else None
        raise KeyError(repo_id)

    def is_own(self, repo_id):
        """Whether *repo_id* is a repository of this source."""
        try:
            self.canonical(repo_id)
        except KeyError:
            return False
        return True

    def enabled_targets(self, repo_ids):
        """The canonical ids (sorted list) that stand for the enabled *repo_ids* on AlmaLinux; baseos and appstream always."""
        found = {"baseos", "appstream"}
        for repo_id in repo_ids:
            if self.is_own(repo_id) and self.canonical(repo_id):
                found.add(self.canonical(repo_id))
        return sorted(found)

    def exception(self, name):
        """Why package *name* of the source may stay, or None."""
        for known, reason in sorted(self.exceptions.items()):
            if fnmatch.fnmatchcase(name, known):
                return reason
        return None

    def fate(self, name, provides=(), vendor=None):
        """What the table says of package *name*: (RELEASE, None), (REPLACE, AlmaLinux's name), (REMOVE, None), (KERNEL, None), or
        (None, None) where it says nothing.

        :param provides: the capabilities (names) of the package
        :param vendor: its vendor; capabilities count only for packages of the source's vendor
        """
        if name in self.release_packages:
            return RELEASE, None
        if name in self.replace:
            return REPLACE, self.replace[name]
        if matches(name, self.remove):
            return REMOVE, None
        if matches(name, self.kernels):
            return KERNEL, None
        if vendor in self.distribution.vendors and any(item in self.provides for item in provides):
            return REMOVE, None
        return None, None

    def stream(self, stream):
        """AlmaLinux's stream (str) for *stream* of any module."""
        return self.streams.get(stream, stream)


def matches(name, patterns):
    """Whether *name* is one of *patterns* (names, or with * and ?)."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def source(product, major, arch, extra=None, preserve=False):
    """The Source for a product of distributions.DISTRIBUTIONS.

    :param extra: {key: value} as in sources.TABLE that is added to it: what a user knows of his hosts and the table does not
    :param preserve: whether the client of a registration stays
    :raises KeyError: there is no such product in the table
    :raises InputError: *extra* has a key or a value of another kind
    """
    table = {}
    for key, common in sources.COMMON.items():
        table[key] = _merged(common, sources.TABLE[product].get(key, type(common)()))
    for key, value in (extra or {}).items():
        _check_extra(key, value)
        table[key] = _merged(table[key], value)
    if preserve:
        # The table names capabilities of such clients alone.
        table["provides"] = tuple((extra or {}).get("provides", ()))
    return Source(distributions.BY_PRODUCT[product], major, arch, table, preserve)


def _merged(one, other):
    """Two dicts, or two lists, as one; the second wins."""
    if not isinstance(one, dict):
        return tuple(one) + tuple(other)
    found = dict(one)
    found.update(other)
    return found


def _check_extra(key, value):
    kind = _EXTENDABLE.get(key)
    if kind is None:
        raise InputError("source_extra: there is no {0!r}".format(key), "There are: {0}".format(", ".join(sorted(_EXTENDABLE))))
    if not isinstance(value, kind):
        raise InputError("source_extra: {0} is no {1}".format(key, "dictionary" if kind is dict else "list"),
                         "Give it as {0}".format("name: value" if kind is dict else "a list of names"))
    words = list(value) if kind is list else list(value) + [item for item in value.values() if item is not None]
    for word in words:
        if not isinstance(word, str):
            raise InputError("source_extra: {0} has {1!r}, which is no text".format(key, word), "Quote it")
