# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Which running services still use files that an update replaced."""

import os
import re

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError

_CODE = ("/usr/", "/lib/", "/lib64/", "/opt/", "/bin/", "/sbin/")
# address perms offset dev inode path
_MAPPING = re.compile(r"^\S+ ..x. \S+ \S+ \d+ +(/.*) \(deleted\)$", re.MULTILINE)


def replaced_files(maps):
    """The paths of program code in *maps* (str: /proc/PID/maps) that are gone from the disk, each once and sorted."""
    if "(deleted)" not in maps:
        return []
    # While rpm replaces a file, the old one is called "<name>;<hex digits>".
    return sorted(set(path.split(";")[0] for path in _MAPPING.findall(maps) if path.startswith(_CODE)))


def unit(cgroup):
    """The unit (str) that a process of *cgroup* (str: /proc/PID/cgroup) belongs to, or None: cgroup v2, v1 and hybrid."""
    for line in cgroup.splitlines():
        parts = line.split(":", 2)
        if len(parts) != 3 or parts[1] not in ("", "name=systemd"):
            continue
        names = parts[2].split("/")
        if "user.slice" in names:
            scopes = [name for name in names if name.endswith((".scope", ".service"))]
            return scopes[0] if scopes else None
        for name in reversed(names):
            if name.endswith(".service"):
                return name
        for name in reversed(names):
            if name == "init.scope":
                return name
    return None


def start_time(stat, boot):
    """When a process started, in seconds since 1970.

    :param stat: /proc/PID/stat (str)
    :param boot: the machine's boot time, seconds since 1970
    :raises ValueError: that is no stat
    """
    # The name, in parentheses, may hold anything.
    fields = stat.rpartition(")")[2].split()
    if len(fields) < 20:
        raise ValueError("no process status: {0!r}".format(stat[:40]))
    return boot + int(fields[19]) / float(os.sysconf("SC_CLK_TCK"))


def boot_time(stat):
    """When the machine booted, in seconds since 1970, from /proc/stat (str), or None."""
    match = re.search(r"^btime (\d+)$", stat or "", re.MULTILINE)
    return int(match.group(1)) if match else None


def stale_units(context):
    """{unit or process name: [replaced file, …]} of all processes that can be looked at."""
    found = {}
    for pid in context.names("/proc"):
        if not pid.isdigit():
            continue
        folder = "/proc/" + pid + "/"
        try:
            paths = replaced_files(context.read(folder + "maps") or "")
            if not paths:
                continue
            name = unit(context.read(folder + "cgroup") or "") or (context.read(folder + "comm") or "").strip() or "process " + pid
        except ElkitError:
            # It ended meanwhile, or is another user's.
            continue
        found.setdefault(name, set()).update(paths)
    return dict((name, sorted(found[name])) for name in found)
