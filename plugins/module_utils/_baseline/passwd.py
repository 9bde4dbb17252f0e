# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""/etc/passwd, /etc/shadow and /etc/group as data. A hash goes no further than the line it stands in: what is kept of a password is whether
there is one. Reads only."""

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError

NOLOGIN = ("/sbin/nologin", "/usr/sbin/nologin", "/bin/false", "/usr/bin/false")
NOBODY = ("nobody", "nfsnobody")
# What the password field of /etc/shadow says.
SET, EMPTY, LOCKED = "set", "empty", "locked"
AGES = ("last", "min", "max", "warn", "inactive", "expire")


class User(object):
    """A line of /etc/passwd. shadowed: whether its password field refers to /etc/shadow, or allows no password."""

    def __init__(self, name, shadowed, uid, gid, home, shell, line):
        self.name = name
        self.shadowed = shadowed
        self.uid = uid
        self.gid = gid
        self.home = home
        self.shell = shell
        self.line = line

    @property
    def interactive(self):
        """Whether a person may log in with it."""
        return self.uid >= 1000 and self.name not in NOBODY and self.shell not in NOLOGIN


class Group(object):
    def __init__(self, name, gid, members, line):
        self.name = name
        self.gid = gid
        self.members = members
        self.line = line


class Shadow(object):
    """A line of /etc/shadow: password is SET, EMPTY or LOCKED; the ages are days as int, or None where the field is empty."""

    def __init__(self, name, password, ages, line):
        self.name = name
        self.password = password
        self.ages = ages
        self.line = line


def number(text):
    try:
        return int(text)
    except ValueError:
        return None


def _rows(text, least):
    """[(line number, fields)]: comments, and lines of nis (+user), have no account of this host."""
    found = []
    for line_number, line in enumerate(keytext.split_lines(text or ""), 1):
        fields = line.split(":")
        if len(fields) >= least and fields[0] and fields[0][0] not in "#+-":
            found.append((line_number, fields))
    return found


def parse_passwd(text):
    """[User]; lines without a number for an id are left out."""
    found = []
    for line, fields in _rows(text, 7):
        uid, gid = number(fields[2]), number(fields[3])
        if uid is not None and gid is not None:
            found.append(User(fields[0], fields[1] in ("x", "*"), uid, gid, fields[5], fields[6].strip(), line))
    return found


def parse_group(text):
    found = []
    for line, fields in _rows(text, 4):
        gid = number(fields[2])
        if gid is not None:
            found.append(Group(fields[0], gid, [name for name in fields[3].strip().split(",") if name], line))
    return found


def kind_of(field):
    """SET, EMPTY or LOCKED for a password field."""
    if not field:
        return EMPTY
    return LOCKED if field[0] in "!*" else SET


def parse_shadow(text):
    """{name: Shadow}"""
    found = {}
    for line, fields in _rows(text, 8):
        found[fields[0]] = Shadow(fields[0], kind_of(fields[1]), dict(zip(AGES, [number(field) for field in fields[2:8]])), line)
    return found


def users(view):
    """[User] of the host.

    :raises ControlError: there is no /etc/passwd
    """
    def work():
        text = view.read("/etc/passwd")
        if not text:
            raise ControlError("there is no /etc/passwd", "Look at the host: nobody can log in without it")
        return parse_passwd(text)
    return view.once("passwd", work)


def groups(view):
    return view.once("group", lambda: parse_group(view.read("/etc/group")))


def shadows(view):
    """{name: Shadow} of the host."""
    return view.once("shadow", lambda: parse_shadow(view.read("/etc/shadow")))


def login_defs(view, name, default):
    """The number that /etc/login.defs gives *name*, or *default*."""
    found = default
    for line in view.lines("/etc/login.defs"):
        words = line.split()
        if len(words) >= 2 and words[0] == name and number(words[1]) is not None:
            found = number(words[1])
    return found


def named(names, most=8):
    """A list of names for a message."""
    names = list(names)
    return ", ".join(names[:most]) + (" and {0} more".format(len(names) - most) if len(names) > most else "")
