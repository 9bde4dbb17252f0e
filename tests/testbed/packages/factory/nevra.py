# SPDX-License-Identifier: GPL-3.0-or-later
"""Package names as rpm writes them: name-[epoch:]version-release.arch."""
import re
from collections import namedtuple

from .errors import FactoryError

_FORM = re.compile(r"^(?P<name>.+)-(?:(?P<epoch>\d+):)?(?P<version>[^-:]+)-(?P<release>[^-]+)\.(?P<arch>[^.]+)$")


class Nevra(namedtuple("Nevra", "name epoch version release arch")):
    """A package's name, epoch (a string, '0' for none), version, release and architecture."""

    __slots__ = ()

    @property
    def evr(self):
        """epoch:version-release, without a zero epoch."""
        return "%s%s-%s" % ("" if self.epoch == "0" else self.epoch + ":", self.version, self.release)

    @property
    def nvra(self):
        """The file name without .rpm."""
        return "%s-%s-%s.%s" % (self.name, self.version, self.release, self.arch)

    def __str__(self):
        return "%s-%s.%s" % (self.name, self.evr, self.arch)


def parse(text):
    """The Nevra in a string. Raises FactoryError when there is none."""
    found = _FORM.match(text)
    if not found:
        raise FactoryError("%r is no name-[epoch:]version-release.arch" % text)
    parts = found.groupdict()
    parts["epoch"] = parts["epoch"] or "0"
    return Nevra(**parts)
