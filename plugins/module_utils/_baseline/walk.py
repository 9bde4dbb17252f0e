# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""One walk over the local file systems, for every control that asks about all files.

Only file systems on a disk of this host are walked, and what "/" is (a container's is an overlay): no NFS, CIFS, FUSE, no /proc, no tmpfs.
What a container engine keeps on the disk belongs to its containers, not to this host, and is left out.
"""

import os
import pwd
import grp
import re
import stat

LOCAL = frozenset(("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "reiserfs", "zfs", "bcachefs", "vfat", "exfat", "ntfs3"))
PRUNED = frozenset((
    "/proc", "/sys", "/dev", "/run", "/sysroot",
    "/var/lib/containers/storage", "/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/machines",
))
# Where a user's own podman keeps its images.
ROOTLESS = "/.local/share/containers"

_WORLD_WRITABLE, _SET_ID = stat.S_IWOTH, stat.S_ISUID | stat.S_ISGID
_INTERESTING = _WORLD_WRITABLE | _SET_ID
_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(object):
    """A line of mountinfo: point, fstype, options (set of str), device ("8:1"), root (the part of that device that it shows)."""

    def __init__(self, point, fstype, options, device, root):
        self.point = point
        self.fstype = fstype
        self.options = options
        self.device = device
        self.root = root


def parse_mounts(text):
    """The Mounts of the text of /proc/self/mountinfo (proc(5)); of two on one point the upper, which is the later."""
    found = {}
    for line in text.splitlines():
        left, _dash, right = line.partition(" - ")
        fields, more = left.split(), right.split()
        if len(fields) < 6 or not more:
            continue
        point = _unescape(fields[4])
        found[point] = Mount(point, more[0], set(fields[5].split(",")), fields[2], _unescape(fields[3]))
    return [found[point] for point in sorted(found)]


def _unescape(text):
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), text)


def starts(mounts):
    """The Mounts to begin at: "/" and what is local, each part of a device once."""
    begun, chosen = [], []
    for mount in sorted(mounts, key=lambda item: (item.point != "/", len(item.root), item.point)):
        if mount.point != "/" and (mount.fstype not in LOCAL or _pruned(mount.point)):
            continue
        if any(device == mount.device and _within(mount.root, root) for device, root in begun):
            continue
        begun.append((mount.device, mount.root))
        chosen.append(mount)
    return chosen or [Mount("/", "", set(), "", "/")]


def _within(path, top):
    return path == top or path.startswith(top.rstrip("/") + "/")


def _pruned(path):
    return any(_within(path, top) for top in PRUNED) or (ROOTLESS + "/") in path + "/"


class Findings(object):
    """What the walk found, each a list of absolute paths, sorted: world_writable (files), unsticky (world-writable directories without the
    sticky bit), privileged (set-user-id or set-group-id files where such bits count), unowned and ungrouped (list of (path, id)).
    unreadable: directories that could not be read."""

    def __init__(self):
        self.world_writable = []
        self.unsticky = []
        self.privileged = []
        self.unowned = []
        self.ungrouped = []
        self.unreadable = []


def walk(top, mounts, known_user, known_group):
    """The Findings below directory *top* (the host's "/").

    :param known_user: whether a uid has a name (function)
    :param known_group: whether a gid has a name (function)
    """
    found = Findings()
    points = set(mount.point for mount in mounts)
    users, groups = _Memory(known_user), _Memory(known_group)
    for mount in starts(mounts):
        _walk_one(top, mount, points, users, groups, found)
    for name in vars(found):
        getattr(found, name).sort()
    return found


class _Memory(dict):
    """Answers of a function, asked once per key; a look-up in a dict is the cheapest there is."""

    def __init__(self, ask):
        dict.__init__(self)
        self._ask = ask

    def __missing__(self, key):
        answer = self[key] = self._ask(key)
        return answer


def _walk_one(top, mount, points, users, groups, found):
    # By descriptor and name: half the cost of a path per entry, and a link put in a directory's place meanwhile leads nowhere.
    listdir, lstat, directory_bits, file_bits = os.listdir, os.stat, stat.S_IFDIR, stat.S_IFREG
    set_id_counts = not mount.options & {"nosuid", "noexec"}
    waiting = [mount.point.rstrip("/")]
    while waiting:
        parent = waiting.pop()
        try:
            descriptor = os.open(top + (parent or "/"), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            found.unreadable.append(parent)
            continue
        try:
            for name in listdir(descriptor):
                try:
                    info = lstat(name, dir_fd=descriptor, follow_symlinks=False)
                except OSError:
                    continue        # it went away meanwhile
                mode = info.st_mode
                kind = mode & 0o170000
                if kind == directory_bits:
                    path = parent + "/" + name
                    if path in points or path in PRUNED or path.endswith(ROOTLESS):
                        continue
                    waiting.append(path)
                    if mode & _WORLD_WRITABLE and not mode & stat.S_ISVTX:
                        found.unsticky.append(path)
                elif kind == file_bits and mode & _INTERESTING:
                    path = parent + "/" + name
                    if path in points:
                        continue
                    if mode & _WORLD_WRITABLE:
                        found.world_writable.append(path)
                    if mode & _SET_ID and set_id_counts:
                        found.privileged.append(path)
                if not users[info.st_uid]:
                    found.unowned.append((parent + "/" + name, info.st_uid))
                if not groups[info.st_gid]:
                    found.ungrouped.append((parent + "/" + name, info.st_gid))
        except OSError:
            found.unreadable.append(parent)
        finally:
            os.close(descriptor)


def ids_of(lines):
    """The numbers in the third field of the lines of passwd or group."""
    found = set()
    for line in lines:
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isdigit():
            found.add(int(fields[2]))
    return found


def of(view):
    """The Findings on the host of *view*, walked for once."""
    return view.once("walk", lambda: _of(view))


def _of(view):
    context = view.context
    mounts = parse_mounts(context.read("/proc/self/mountinfo") or "")
    users = ids_of(view.lines("/etc/passwd")) | ids_of(view.lines("/usr/lib/passwd"))
    groups = ids_of(view.lines("/etc/group")) | ids_of(view.lines("/usr/lib/group"))
    here = not context.root
    return walk(context.root, mounts,
                lambda number: number in users or (here and _named(pwd.getpwuid, number)),
                lambda number: number in groups or (here and _named(grp.getgrgid, number)))


def _named(ask, number):
    # The accounts of a domain, and those that systemd makes for a unit while it runs.
    try:
        ask(number)
        return True
    except (KeyError, OSError):
        return False
