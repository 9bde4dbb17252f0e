# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What the sections read a host through: its files under a root, its commands, its clock. Reads only."""

import os
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import identity, os_release
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import database
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files


class Context(object):
    """One host, looked at once: what several sections need is read once.

    :param root: where the host's tree is ("" for the host itself; tests give a directory)
    :param run: like _system.commands.run
    :param now: seconds since 1970
    :param uname: (kernel release, machine)
    :param is_root: whether other users' processes can be looked at
    :param updates_timeout: seconds that the section "updates" may take
    :param booting: whether the host boots: units wait for the process that looks, so nothing may wait for a unit
    """

    def __init__(self, root="", run=commands.run, now=None, uname=None, is_root=None, updates_timeout=300, booting=False):
        self.root = root
        self.run = run
        self.now = time.time() if now is None else now
        if uname is None:
            uname = os.uname().release, os.uname().machine
        self.kernel_release, self.machine = uname
        self.is_root = os.geteuid() == 0 if is_root is None else is_root
        self.updates_timeout = updates_timeout
        self.booting = booting
        self._memory = {}

    def at(self, path):
        """Where the host's absolute *path* is."""
        return self.root + path

    def exists(self, path):
        """Whether *path* is there (a dangling link counts)."""
        return os.path.lexists(self.at(path))

    def first(self, paths):
        """The first of *paths* that is there, or None."""
        for path in paths:
            if self.exists(path):
                return path
        return None

    def read_bytes(self, path):
        """The content of *path* (bytes), or None where it is missing.

        :raises HostError: it cannot be read
        """
        return files.read_bytes(self.at(path))

    def read(self, path):
        """The content of *path* (str), or None where it is missing. Bytes that are no UTF-8 become U+FFFD: JSON needs text.

        :raises HostError: it cannot be read
        """
        content = self.read_bytes(path)
        return None if content is None else content.decode("utf-8", "replace")

    def names(self, directory):
        """The sorted names in *directory*; none where it is missing.

        :raises HostError: it cannot be read
        """
        try:
            return sorted(os.listdir(self.at(directory)))
        except OSError as error:
            if not os.path.isdir(self.at(directory)):
                return []
            raise files.describe(error, directory)

    def _once(self, key, work):
        """What work() gives, or raises, the first time."""
        if key not in self._memory:
            try:
                self._memory[key] = (work(), None)
            except ElkitError as error:
                self._memory[key] = (None, error)
        value, error = self._memory[key]
        if error is not None:
            raise error
        return value

    def database(self):
        """The rpm database (_rpm.database.Database), read once.

        :raises HostError: there is none, or it cannot be read
        """
        return self._once("database", lambda: database.read(self.run, self.exists))

    def packages(self, errors):
        """{name: [Package, …]}; {} with the reason in *errors* (list of str) where the database cannot be read."""
        try:
            return self._once("packages", lambda: self.database().by_name())
        except ElkitError as error:
            errors.append(str(error))
            return {}

    def os_release(self):
        """({name: value}, [problem, …]) of os-release; ({}, [problem]) where there is none."""
        def work():
            for path in ("/etc/os-release", "/usr/lib/os-release"):
                text = self.read(path)
                if text is not None:
                    values, problems = os_release.parse(text)
                    return values, ["{0}: {1}".format(path, problem) for problem in problems]
            return {}, ["there is no /etc/os-release"]
        return self._once("os_release", work)

    def identity(self):
        """(facts, errors) of what the host is: see _identity.identity.identify()."""
        def work():
            values, problems = self.os_release()
            errors = list(problems)
            release = self.read(self.first(("/etc/system-release", "/etc/almalinux-release", "/etc/redhat-release"))
                                or "/etc/system-release")
            # A system of another family has no rpm database to miss.
            quiet = [] if not identity.distributions.is_el(values) else errors
            return identity.identify(values, release, self.machine, self.packages(quiet)), errors
        return self._once("identity", work)
