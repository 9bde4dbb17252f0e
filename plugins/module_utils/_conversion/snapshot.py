# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The configuration as it was: every file below /etc, by hash, so that what a conversion changes can be put back exactly.

Packages write, rename and remove configuration as they come and go; no list of files that they might touch would be
complete, and /etc is small.
"""

import base64
import os
import stat

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal.store import sha256
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

ROOTS = ("/etc", "/var/lib/alternatives")
# Written by the system while it runs, and by no package.
LEFT_OUT = frozenset(["/etc/mtab", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/etc/ld.so.cache", "/etc/adjtime",
                      "/etc/machine-id", "/etc/.updated", "/etc/.pwd.lock"])


def take(keep=None, roots=ROOTS):
    """{path: entry} of everything below *roots*.

    :param keep: a directory that gets the content of each file, by the name of its hash; None: nothing is kept
    :returns: entry is {"type": "file", "sha256", "mode", "uid", "gid", "context"}, {"type": "link", "to"} or
        {"type": "directory", "mode", "uid", "gid"}
    :raises HostError: a file cannot be read, or no room is left for it
    """
    found = {}
    for root in roots:
        for directory, directories, names in os.walk(root):
            for name in directories + names:
                path = os.path.join(directory, name)
                if path in LEFT_OUT:
                    continue
                entry = describe(path, keep)
                if entry is not None:
                    found[path] = entry
    if keep is not None:
        # All contents at once: to wait for the disk after each takes as long again as everything else.
        os.sync()
    return found


def describe(path, keep=None):
    """The entry of *path*, or None for what is gone, or is neither file, link nor directory."""
    try:
        info = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISLNK(info.st_mode):
        return {"type": "link", "to": os.readlink(path)}
    rights = {"mode": stat.S_IMODE(info.st_mode), "uid": info.st_uid, "gid": info.st_gid}
    if stat.S_ISDIR(info.st_mode):
        return dict(rights, type="directory")
    if not stat.S_ISREG(info.st_mode):
        return None
    content = files.read_bytes(path)
    if content is None:
        return None
    digest = sha256(content)
    if keep is not None and not os.path.exists(os.path.join(keep, digest)):
        files.write_soon(os.path.join(keep, digest), content)
    context = files.attributes(path).context
    return dict(rights, type="file", sha256=digest, context=base64.b64encode(context).decode("ascii") if context else None)


def changed(before, after):
    """Sorted paths that are not the same in two snapshots."""
    return sorted(path for path in set(before) | set(after) if before.get(path) != after.get(path))


def foreign(before, after, now):
    """Sorted paths that the conversion changed and somebody else has changed since.

    :param after: the snapshot at the conversion's end, or None if it did not come so far: then nothing is known
    """
    if after is None:
        return []
    return [path for path in changed(before, after) if now.get(path) not in (after.get(path), before.get(path))]


def returning(before, after, now):
    """Sorted paths that restore() puts back or removes, of three snapshots.

    :param after: as in foreign()
    """
    return changed(before, now) if after is None else [path for path in changed(before, after) if now.get(path) != before.get(path)]


def restore(before, after, kept):
    """Put back what is other than *before*; what is below the roots, was not there and came with the conversion goes.

    :param after: as in foreign()
    :param kept: the directory that take() kept the contents in
    :returns: sorted paths that were put back
    :raises HostError: something cannot be put back; names it
    """
    paths = returning(before, after, take())
    # Directories before what is in them; what goes, the other way round.
    for path in paths:
        if path in before:
            put(path, before[path], kept)
    for path in reversed(paths):
        if path not in before:
            remove(path)
    return paths


def put(path, entry, kept):
    if entry["type"] == "directory":
        if os.path.lexists(path) and not os.path.isdir(path):
            remove(path)
        files.make_directory(path, entry["mode"])
        attempt(lambda: (os.chown(path, entry["uid"], entry["gid"]), os.chmod(path, entry["mode"])), path)
        return
    if os.path.isdir(path) and not os.path.islink(path):
        remove(path)
    if entry["type"] == "link":
        # In one step, as with files.
        temporary = os.path.join(os.path.dirname(path), files.TEMPORARY_PREFIX + "link")
        attempt(lambda: (files.discard(temporary), os.symlink(entry["to"], temporary), os.rename(temporary, path)), path)
        return
    if os.path.islink(path):
        remove(path)
    context = base64.b64decode(entry["context"]) if entry["context"] else None
    content = files.read_bytes(os.path.join(kept, entry["sha256"]), missing_ok=False)
    files.write_atomic(path, content, files.Attributes(entry["uid"], entry["gid"], entry["mode"], context))


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        # One that holds what somebody else put there stays.
        try:
            os.rmdir(path)
        except OSError:
            pass
        return
    attempt(lambda: os.unlink(path), path)


def attempt(work, path):
    try:
        work()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            return
        raise files.describe(error, path)


def check_readable(entries, kept):
    """Whether every content that a way back needs is there, and what it was.

    :raises HostError: one is missing or damaged
    """
    for path in sorted(entries):
        digest = entries[path].get("sha256")
        found = files.digest(os.path.join(kept, digest)) if digest else None
        if found != digest:
            raise HostError("what {0} held before is {1} {2}".format(path, "gone from" if found is None else "damaged in", kept),
                            "Restore it from a backup", path=path)
