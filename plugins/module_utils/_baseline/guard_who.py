# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Who must get in: the user whose connection this run came by, and the users that the guard is told of."""

import grp
import os
import pwd

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError

UNKNOWN = "127.0.0.1"


class Who(object):
    """Somebody who must get in.

    :param name: str
    :param address: where they come from
    :param local: (address, port) of this host that they come to
    :param password: bool, whether they log in with a password (else with a key, or a ticket)
    :param become: None, or the method by which they become root ("sudo")
    :param become_password: bool, whether they have a password for that
    :param tty: bool, whether their commands get a terminal
    :param known: bool, whether this is the connection that the run came by
    """

    def __init__(self, name, address=UNKNOWN, local=(UNKNOWN, 22), password=False, become=None, become_password=False, tty=False, known=False):
        self.name = name
        self.address = address
        self.local = local
        self.password = password
        self.become = become
        self.become_password = become_password
        # Whoever must get in by any way that there is may have a key; of the connection the controller knows it.
        self.key = not (known and password)
        self.tty = tty
        self.known = known

    def __str__(self):
        return "{0} from {1}".format(self.name, self.address) if self.known else self.name


def all_of(asked, process=None):
    """The list of Who.

    :param asked: dict from the controller: users, user, password, become, become_password, tty
    :param process: see connection()
    """
    found = []
    connected = connection(process)
    if connected is not None:
        name, address, local = connected
        found.append(Who(name, address, local, bool(asked.get("password")), asked.get("become"), bool(asked.get("become_password")),
                         bool(asked.get("tty")), known=True))
    for name in asked.get("users") or ():
        if not any(who.name == name for who in found):
            # They come from where the connection came from, for want of a better guess, and by any way that there is.
            found.append(Who(name, *((found[0].address, found[0].local) if connected is not None else ()), password=True))
    return found


def connection(process=None):
    """(user, their address, (our address, our port)) of the ssh connection that this process hangs on, or None.

    sudo empties the environment of what it starts, but root may read that of the shell above it.

    :param process: a function that gives (parent's id, owner's id, environment (bytes)) of a process id; default: from /proc
    """
    process = process or read_process
    number, found = os.getpid(), None
    while number > 1:
        try:
            parent, owner, environment = process(number)
        except (OSError, ValueError, IndexError):
            break
        values = dict(item.partition("=")[::2] for item in environment.decode("utf-8", "replace").split("\0"))
        words = values.get("SSH_CONNECTION", "").split()
        if len(words) == 4 and words[3].isdigit():
            # The topmost is what sshd started, and sshd told it its user. Where the shell gave way to sudo, its owner would be root.
            found = (values.get("LOGNAME") or values.get("USER"), owner, words[0], (words[2], int(words[3])))
        number = parent
    if found is None:
        return None
    name, owner, address, local = found
    try:
        return name or pwd.getpwuid(owner).pw_name, address, local
    except KeyError:
        return None


def read_process(number):
    directory = "/proc/{0}".format(number)
    with open(directory + "/stat") as handle:
        parent = int(handle.read().rpartition(")")[2].split()[1])
    user = os.stat(directory).st_uid
    try:
        with open(directory + "/environ", "rb") as handle:
            environment = handle.read()
    except OSError:
        environment = b""
    return parent, user, environment


def account(view, name):
    """[home, shell] of a user, as planned in /etc/passwd or as the host's other directories have it; None where there is no such user."""
    for line in view.lines("/etc/passwd"):
        fields = line.split(":")
        if len(fields) >= 7 and fields[0] == name:
            return [fields[5], fields[6].strip() or "/bin/sh"]
    if view.context.root:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return [entry.pw_dir, entry.pw_shell or "/bin/sh"]


def is_local(view, name):
    """Whether a user is of this host itself, and of no directory."""
    return any(line.split(":")[0] == name for line in view.lines("/etc/passwd"))


def user_id(view, name):
    for line in view.lines("/etc/passwd"):
        fields = line.split(":")
        if len(fields) >= 7 and fields[0] == name and fields[2].isdigit():
            return int(fields[2])
    try:
        return None if view.context.root else pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def groups(view, name):
    """The names of a user's groups (set)."""
    return set(memberships(view, name))


def memberships(view, name):
    """{name: number} of a user's groups."""
    found = {}
    first = None
    for line in view.lines("/etc/passwd"):
        fields = line.split(":")
        if len(fields) >= 7 and fields[0] == name:
            first = fields[3]
    for line in view.lines("/etc/group"):
        fields = line.split(":")
        if len(fields) >= 4 and fields[2].isdigit() and (fields[2] == first or name in fields[3].strip().split(",")):
            found[fields[0]] = int(fields[2])
    if view.context.root:
        return found
    try:
        entry = pwd.getpwnam(name)
        numbers = os.getgrouplist(name, entry.pw_gid)
    except (KeyError, OSError):
        return found
    for number in numbers:
        try:
            found[grp.getgrgid(number).gr_name] = number
        except KeyError:
            continue
    return found


def text_of(view, path):
    """The planned text of *path*, or "" where it cannot be read as a file."""
    try:
        return view.read(path) or ""
    except ElkitError:
        return ""
