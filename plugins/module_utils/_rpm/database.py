# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""One pass over the rpm database."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import nevra, signature

# Bytes that no tag of a package holds, so that a vendor with a tab or a line break does no harm.
_FIELD = "\x1f"
_RECORD = "\x1e"
_SIGNATURE = (
    "%|RSAHEADER?{%{RSAHEADER:pgpsig}}:{%|DSAHEADER?{%{DSAHEADER:pgpsig}}:{"
    "%|SIGPGP?{%{SIGPGP:pgpsig}}:{%|SIGGPG?{%{SIGGPG:pgpsig}}:{}|}|}|}|")
_TAGS = (
    "%{NAME}", "%|EPOCH?{%{EPOCH}}:{0}|", "%{VERSION}", "%{RELEASE}", "%|ARCH?{%{ARCH}}:{}|", "%|VENDOR?{%{VENDOR}}:{}|",
    _SIGNATURE, "%{INSTALLTIME}", "%|SIZE?{%{SIZE}}:{%{LONGSIZE}}|", "%{SUMMARY}")
FORMAT = _FIELD.join(_TAGS) + _RECORD

# Without these rpm checks every header's digest and signature again, which takes most of the time.
COMMAND = ("rpm", "-qa", "--nodigest", "--nosignature", "--qf", FORMAT)

# EL8: Packages (Berkeley DB); 9 and 10: rpmdb.sqlite; ndb has Packages.db. 10 and image-based hosts keep it in /usr.
DATABASES = tuple(
    directory + "/" + name for directory in ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")
    for name in ("rpmdb.sqlite", "Packages", "Packages.db"))

PUBKEY = "gpg-pubkey"


class Package(object):
    """An installed package: name, epoch (int), version, release, arch, vendor ("" for none), keys (ids of the keys that
    signed it; empty for an unsigned one), installed (seconds since 1970), size (bytes), summary."""

    __slots__ = ("name", "epoch", "version", "release", "arch", "vendor", "keys", "installed", "size", "summary")

    def __init__(self, name, epoch, version, release, arch, vendor="", keys=(), installed=0, size=0, summary=""):
        self.name = name
        self.epoch = epoch
        self.version = version
        self.release = release
        self.arch = arch
        self.vendor = vendor
        self.keys = tuple(keys)
        self.installed = installed
        self.size = size
        self.summary = summary

    @property
    def evr(self):
        return (self.epoch, self.version, self.release)

    @property
    def nevra(self):
        return nevra.render(self.name, self.epoch, self.version, self.release, self.arch)


class Database(object):
    """What is installed: packages (list of Package), pubkeys (list of Package: the imported keys), errors (list of str:
    records that could not be read)."""

    def __init__(self, packages, pubkeys, errors=()):
        self.packages = packages
        self.pubkeys = pubkeys
        self.errors = list(errors)

    def by_name(self):
        """{name: [Package, …]}."""
        found = {}
        for package in self.packages:
            found.setdefault(package.name, []).append(package)
        return found


def parse(text):
    """The Database of what rpm printed (str) for FORMAT. A damaged record becomes one of its errors."""
    packages, pubkeys, errors = [], [], []
    for record in text.split(_RECORD):
        # Not strip(): for Python the separators are blanks too.
        if not record.strip("\n"):
            continue
        try:
            package = _package(record.lstrip("\n"))
        except ValueError as error:
            errors.append("a record of the rpm database cannot be read: {0}".format(error))
            continue
        (pubkeys if package.name == PUBKEY else packages).append(package)
    packages.sort(key=lambda package: (package.name, package.version, package.release, package.arch))
    pubkeys.sort(key=lambda package: (package.version, package.release))
    return Database(packages, pubkeys, errors)


def _package(record):
    fields = record.split(_FIELD)
    if len(fields) != len(_TAGS):
        raise ValueError("{0} fields instead of {1}: {2!r}".format(len(fields), len(_TAGS), record[:60]))
    name, epoch, version, release, arch, vendor, signed, installed, size, summary = fields
    if not name or not version or not release:
        raise ValueError("no name, version or release: {0!r}".format(record[:60]))
    return Package(
        name, int(epoch), version, release, "" if arch == "(none)" else arch, "" if vendor == "(none)" else vendor,
        signature.key_ids(signed), int(installed) if installed.isdigit() else 0, int(size) if size.isdigit() else 0, summary)


def duplicates(packages, several):
    """The packages that are there more than once by name and architecture: {"name.arch": [Package, …]}.

    :param several: a function that says of a name (str) whether several at once are meant to be there (kernels)
    """
    found = {}
    for package in packages:
        if not several(package.name):
            found.setdefault("{0}.{1}".format(package.name, package.arch), []).append(package)
    return dict((key, group) for key, group in found.items() if len(group) > 1)


def read(run, exists):
    """The Database of the host.

    :param run: like _system.commands.run
    :param exists: says of a path (str) whether it is there
    :raises HostError: there is no database, no rpm, or nothing in it
    """
    # rpm makes an empty database where there is none; looking must not.
    if not any(exists(path) for path in DATABASES):
        raise HostError("there is no rpm database", "Nothing can be said about packages; look at /var/lib/rpm")
    result = run(list(COMMAND), timeout=120, check=False)
    database = parse(result.stdout)
    complaint = " ".join(line.strip() for line in result.stderr.splitlines() if line.strip().startswith("error:"))
    if not database.packages:
        raise HostError(
            "the rpm database cannot be read or is empty{0}".format(": " + complaint[:300] if complaint else ""),
            "Look at it with rpm -qa, and rebuild it with rpmdb --rebuilddb")
    if result.rc != 0 or complaint:
        database.errors.append("rpm -qa complains (code {0}): {1}".format(result.rc, complaint[:300] or "no reason given"))
    return database
