# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What controls read a host through, and what they plan on top of it.

A View is the host as it is now, read once, and over it what was planned so far. A mechanism's check() reads; its fix() writes
into the view, never to the host. So a second control that edits the same file sees what the first one planned, check() on the
view after fix() tells whether the plan is enough, and the plan itself is data: files, and states.

A state is anything of a host that is no file: the mode of a path, a unit, a package, a sysctl value, the authselect profile. It has a
kind (kinds.registry.KINDS), a name and a JSON-able value.
"""

import fnmatch
import os
import stat

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import registry
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

# Links of the distribution's own that lead where a configuration file really lies.
VENDOR_LINKS = {
    "/etc/grub2.cfg": "/boot/grub2/grub.cfg",
    "/etc/grub2-efi.cfg": "/boot/grub2/grub.cfg",
    "/etc/os-release": "/usr/lib/os-release",
    "/etc/sysctl.d/99-sysctl.conf": "/etc/sysctl.conf",
    "/etc/init.d": "/etc/rc.d/init.d",
}
# Directories that are links on every Enterprise Linux.
MERGED = ("/bin", "/sbin", "/lib", "/lib64", "/var/run", "/var/lock", "/usr/sbin")


class PlannedFile(object):
    """A file to be: text (str, or None for no file), and owner and mode where they are not those that are there."""

    def __init__(self, before, text, attrs=None):
        self.before = before
        self.text = text
        self.attrs = attrs


class View(object):
    """The host and the plan over it.

    :param context: a _facts.context.Context (its root lets tests give a directory for a host)
    :param el: int, the major release
    :param flags: set of environment flags, see environment.py
    :param scanner_compat: whether values also go into the vendor's files that some scanners read alone
    :param units: names of units that will be asked for: one question to systemd does for all of them
    """

    def __init__(self, context, el=9, flags=(), scanner_compat=False, units=()):
        self.context = context
        self.el = el
        self.flags = set(flags)
        self.scanner_compat = scanner_compat
        self.units = frozenset(units)
        self.current = None     # the id of the control that plans now
        self.planned_files = {}  # path: PlannedFile
        self.planned_states = {}  # (kind, name): value
        self.authors = {}       # path, or (kind, name): set of control ids
        self.needs = {}         # (kind, name): set of (kind, name) without which it is not put
        self._texts = {}
        self._states = {}
        self._memory = {}

    # --- files -------------------------------------------------------------------------------------------------------

    def read(self, path):
        """The text of *path* as planned, or None where there is no such file. Bytes that are no UTF-8 survive a later write.

        A link to /dev/null is an empty file: so systemd's masks, and those of sysctl.d(5), are to be read.

        :raises ControlError: it is no regular file, or cannot be read
        """
        if path in self.planned_files:
            return self.planned_files[path].text
        if path not in self._texts:
            try:
                info = os.stat(self.context.at(path))
            except OSError:
                info = None
            masked = info is not None and stat.S_ISCHR(info.st_mode) and info.st_rdev == os.stat(os.devnull).st_rdev
            if info is not None and not stat.S_ISREG(info.st_mode) and not masked:
                raise ControlError("{0} is no file".format(path), "Move it away: a file belongs there")
            self._texts[path] = files.read_text(self.context.at(path))
        return self._texts[path]

    def lines(self, path):
        """The lines of *path* without their ends; [] where there is no such file."""
        return keytext.split_lines(self.read(path) or "")

    def exists(self, path):
        """Whether *path* is there, or will be; a dangling link counts."""
        if path in self.planned_files:
            return self.planned_files[path].text is not None
        return self.context.exists(path)

    def is_directory(self, path):
        return os.path.isdir(self.context.at(path))

    def names(self, directory):
        """The sorted names in *directory*, planned files among them; [] where there is none."""
        names = set(self.context.names(directory))
        for path, planned in self.planned_files.items():
            if os.path.dirname(path) == directory:
                (names.discard if planned.text is None else names.add)(os.path.basename(path))
        return sorted(names)

    def glob(self, pattern):
        """The sorted paths that fit *pattern*, whose last part alone has wildcards ("/etc/sysctl.d/*.conf")."""
        directory, name = os.path.split(pattern)
        return [os.path.join(directory, item) for item in self.names(directory) if fnmatch.fnmatchcase(item, name)]

    def drop_ins(self, directories, ending=".conf"):
        """The paths of a drop-in scheme as systemd, sysctl and modprobe read it: a name counts once, the first directory wins, and
        all are read in the order of their names.

        :param directories: list of str, the strongest first ("/etc/sysctl.d", "/run/sysctl.d", "/usr/lib/sysctl.d")
        """
        found = {}
        for directory in directories:
            for name in self.names(directory):
                if name.endswith(ending):
                    found.setdefault(name, os.path.join(directory, name))
        return [found[name] for name in sorted(found)]

    def write(self, path, text, mode=None, uid=None, gid=None):
        """Plan *text* for *path*. Owner and mode stay as they are, or are root's and 0644 for a new file, where not given.

        :raises ControlError: it is a directory or a link that leads elsewhere
        """
        self.check_place(path)
        before = self.planned_files[path].before if path in self.planned_files else self.read(path)
        attrs = self.planned_files[path].attrs if path in self.planned_files else None
        if mode is not None or uid is not None or gid is not None:
            now = attrs or files.attributes(self.context.at(path)) or files.Attributes()
            attrs = files.Attributes(now.uid if uid is None else uid, now.gid if gid is None else gid,
                                     now.mode if mode is None else mode, now.context)
        self.planned_files[path] = PlannedFile(before, text, attrs)
        self._by(path)

    def remove(self, path):
        """Plan that *path* is no more."""
        if self.read(path) is not None:
            self.write(path, None)

    def check_place(self, path):
        """Nothing is written through a link that leads elsewhere, nor over what is no file.

        :raises ControlError: names the path and the remedy
        """
        real_root = os.path.realpath(self.context.root or "/")
        place = self.context.at(path)
        if os.path.islink(place):
            target = os.path.realpath(place)
            inside = "/" + os.path.relpath(target, real_root)
            if not os.path.exists(target):
                raise ControlError("{0} is a link to nothing".format(path), "Remove it")
            if inside != VENDOR_LINKS.get(path) and os.path.dirname(target) != os.path.dirname(os.path.realpath(os.path.dirname(place)) + "/x"):
                raise ControlError("{0} is a link to {1}".format(path, inside), "Replace the link by the file itself")
        elif os.path.isdir(place):
            raise ControlError("{0} is a directory".format(path), "Move it away: a file belongs there")
        elif os.path.lexists(place) and not os.path.isfile(place):
            raise ControlError("{0} is no regular file".format(path), "Move it away: a file belongs there")
        parent = os.path.dirname(place)
        part = parent
        while len(part) > len(self.context.root) and part != "/":
            inside = part[len(self.context.root):]
            if os.path.islink(part) and inside not in MERGED and VENDOR_LINKS.get(inside) is None:
                raise ControlError("{0}, on the way to {1}, is a link".format(inside, path), "Replace the link by the directory itself")
            if os.path.lexists(part) and not os.path.isdir(part):
                raise ControlError("{0}, on the way to {1}, is no directory".format(inside, path), "Move it away")
            part = os.path.dirname(part)

    # --- states ------------------------------------------------------------------------------------------------------

    def state(self, kind, name):
        """The value of a state as planned.

        :raises ControlError: or another ElkitError of the kind: it cannot be read
        """
        key = (kind, name)
        if key in self.planned_states:
            return self.planned_states[key]
        return self.state_now(kind, name)

    def state_now(self, kind, name):
        """The value of a state on the host, whatever is planned."""
        key = (kind, name)
        if key not in self._states:
            self._states[key] = registry.KINDS[kind].load(self, name)
        return self._states[key]

    def put(self, kind, name, value, needs=()):
        """Plan *value* for a state.

        :param needs: (kind, name) of planned states: where one of them cannot be put, this one is not, either
        """
        key = (kind, name)
        if needs:
            self.needs.setdefault(key, set()).update(needs)
        if self.state_now(kind, name) == value:
            self.planned_states.pop(key, None)
            return
        self.planned_states[key] = value
        self._by(key)

    # --- the host ----------------------------------------------------------------------------------------------------

    def once(self, key, work):
        """What work() gives, called the first time only: for what several controls need and no plan changes."""
        if key not in self._memory:
            self._memory[key] = work()
        return self._memory[key]

    def run(self, argv, **more):
        """A command that reads only (_system.commands.run), run every time; memorise with once()."""
        return self.context.run(argv, **more)

    def has_package(self, name):
        """Whether a package of that name is installed, or will be."""
        return bool(self.state("package", name))

    def has_package_now(self, name):
        return bool(self.state_now("package", name))

    def _by(self, key):
        if self.current:
            self.authors.setdefault(key, set()).add(self.current)

    # --- the plan ----------------------------------------------------------------------------------------------------

    def changes(self):
        """(files, states): {path: PlannedFile} and {(kind, name): value} of what really differs from the host."""
        changed = dict((path, planned) for path, planned in self.planned_files.items()
                       if planned.text != planned.before or (planned.attrs is not None and self._differs(path, planned.attrs)))
        return changed, dict(self.planned_states)

    def _differs(self, path, attrs):
        now = files.attributes(self.context.at(path))
        return now is None or (now.uid, now.gid, now.mode) != (attrs.uid, attrs.gid, attrs.mode)

    def mark(self):
        """A point to which forget() goes back."""
        return (dict(self.planned_files), dict(self.planned_states), dict((key, set(ids)) for key, ids in self.authors.items()))

    def forget(self, mark):
        """Drop what was planned since *mark*: a control that cannot be put right leaves no half of a plan."""
        self.planned_files, self.planned_states, self.authors = mark
