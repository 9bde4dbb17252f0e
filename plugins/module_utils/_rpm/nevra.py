# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Names of packages: name, epoch, version, release, architecture."""

import re
from collections import namedtuple

Nevra = namedtuple("Nevra", "name epoch version release arch")

# What stands behind the last dot is an architecture only if rpm knows it: "nginx-1.20-1.el9" has none.
_ARCHES = frozenset([
    "noarch", "src", "nosrc", "x86_64", "x86_64_v2", "x86_64_v3", "x86_64_v4", "i386", "i486", "i586", "i686", "aarch64",
    "armv7hl", "ppc64le", "ppc64", "s390x", "riscv64"])
_EVR = re.compile(r"(?:(\d+):)?([^-:\s]+)-([^-:\s]+)\Z")
_NAME = re.compile(r"[A-Za-z0-9._+\-%{}]+\Z")


def parse(text):
    """*text* (str) as a Nevra: "bash-0:5.1.8-9.el9.x86_64", "1:bash-5.1.8-9.el9.x86_64", with ".rpm" or without.

    epoch is an int (0 where none is written), arch None where none is written.

    :raises ValueError: it is no name-version-release
    """
    rest = text[:-4] if text.endswith(".rpm") else text
    epoch = None
    leading = re.match(r"(\d+):(.+)\Z", rest)
    if leading:
        epoch, rest = int(leading.group(1)), leading.group(2)
    arch = None
    stem, dot, last = rest.rpartition(".")
    if dot and last in _ARCHES:
        rest, arch = stem, last
    parts = rest.rsplit("-", 2)
    match = _EVR.match("-".join(parts[1:])) if len(parts) == 3 else None
    if match is None or not _NAME.match(parts[0]):
        raise ValueError("{0!r} is no package name of the form name-[epoch:]version-release[.arch]".format(text))
    if match.group(1) is not None:
        if epoch is not None:
            raise ValueError("{0!r} has two epochs".format(text))
        epoch = int(match.group(1))
    return Nevra(parts[0], epoch or 0, match.group(2), match.group(3), arch)


def render(name, epoch, version, release, arch):
    """The usual form: "bash-5.1.8-9.el9.x86_64", "openssl-1:3.0.7-1.el9.x86_64"; the epoch shows only if it is not 0."""
    return "{0}-{1}{2}-{3}{4}".format(
        name, "{0}:".format(epoch) if epoch else "", version, release, ".{0}".format(arch) if arch else "")
