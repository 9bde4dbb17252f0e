# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Read and write files of the host: whole, atomic, keeping owner, mode and SELinux context."""

import errno
import hashlib
import os
import stat
import tempfile

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError

_SELINUX_XATTR = "security.selinux"
# No program reads a hidden file without the right ending as configuration, so one that a kill leaves behind does no harm.
TEMPORARY_PREFIX = ".elkit-"

# The kernel follows no more links than this in one path (path_resolution(7)).
_DEEPEST = 40


class Attributes(object):
    """Owner, mode and SELinux label of a file: uid, gid, mode (int, permission bits), context (bytes or None)."""

    def __init__(self, uid=0, gid=0, mode=0o644, context=None):
        self.uid = uid
        self.gid = gid
        self.mode = mode
        self.context = context


def describe(error, path):
    """A HostError for OSError *error* at *path*, with a remedy for the common causes."""
    remedies = {
        errno.ENOSPC: "Free space on that file system and run again",
        errno.EDQUOT: "Free space on that file system and run again",
        errno.EROFS: "Mount that file system writable and run again",
        errno.EACCES: "Run with become: true",
        errno.EPERM: "Run with become: true, and look for an immutable flag (lsattr)",
        errno.EISDIR: "Move the directory away: a file belongs there",
        errno.ELOOP: "Replace the symbolic link by the file itself",
    }
    return HostError("{0}: {1}".format(path, os.strerror(error.errno) if error.errno else error),
                     remedies.get(error.errno), path=path)


def read_bytes(path, missing_ok=True):
    """The content of *path* (bytes), or None where it is missing and *missing_ok*.

    :raises HostError: it cannot be read
    """
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except OSError as error:
        if missing_ok and error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise describe(error, path)


def read_text(path, missing_ok=True):
    """Like read_bytes, decoded as UTF-8; undecodable bytes survive a later write (surrogateescape)."""
    content = read_bytes(path, missing_ok)
    return None if content is None else content.decode("utf-8", "surrogateescape")


def digest(path):
    """The SHA-256 (hexadecimal str) of what the file *path* holds, however long it is; None where it is missing.

    :raises HostError: it cannot be read
    """
    found = hashlib.sha256()
    try:
        with open(path, "rb") as handle:
            for part in iter(lambda: handle.read(1 << 20), b""):
                found.update(part)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise describe(error, path)
    return found.hexdigest()


def attributes(path):
    """The Attributes of *path*, or None where it is missing. Symbolic links are followed."""
    try:
        info = os.stat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise describe(error, path)
    try:
        context = os.getxattr(path, _SELINUX_XATTR)
    except OSError:
        context = None
    return Attributes(info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode), context)


def stage(path, content, attrs=None):
    """Write *content* (bytes or str) beside *path*, on the disk for good, so that place() cannot fail for lack of space.

    :param attrs: Attributes to give; default: those of the file that is there, else root's, 0644. A context is set
        only where the file system has one; a new file otherwise gets its directory's default label.
    :returns: the temporary path, for place() or discard()
    :raises HostError: the directory cannot be written, the disk is full, …; nothing is left behind
    """
    if not isinstance(content, bytes):
        content = content.encode("utf-8", "surrogateescape")
    # Through a link, the target is replaced and the link stays.
    path = os.path.realpath(path)
    if attrs is None:
        attrs = attributes(path) or Attributes(uid=os.geteuid(), gid=os.getegid())
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=os.path.dirname(path))
        with os.fdopen(descriptor, "wb") as handle:
            os.fchown(handle.fileno(), attrs.uid, attrs.gid)
            os.fchmod(handle.fileno(), attrs.mode)
            if attrs.context is not None:
                try:
                    os.setxattr(handle.fileno(), _SELINUX_XATTR, attrs.context)
                except OSError as error:
                    if error.errno not in (errno.ENOTSUP, errno.EOPNOTSUPP):
                        raise
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        if temporary is not None:
            discard(temporary)
        raise describe(error, path)
    return temporary


def place(temporary, path):
    """Put what stage() wrote in the place of *path* in one step: a reader sees the old file or the new, never a part.

    :raises HostError: it cannot be renamed; the old file is then untouched
    """
    path = os.path.realpath(path)
    try:
        os.rename(temporary, path)
        sync_directory(os.path.dirname(path))
    except OSError as error:
        discard(temporary)
        raise describe(error, path)


def discard(temporary):
    """Remove what stage() wrote, if it is still there."""
    try:
        os.unlink(temporary)
    except OSError:
        pass


def write_atomic(path, content, attrs=None):
    """Replace *path* by *content* (bytes or str) in one step; see stage() for *attrs* and place() for the step.

    :raises HostError: the directory cannot be written, the disk is full, …; the old file is then untouched
    """
    place(stage(path, content, attrs), path)


def write_soon(path, content):
    """Replace *path* (root's alone) by *content* (bytes or str) in one step, without waiting for the disk: only with the power it can be lost.

    To wait takes tens of milliseconds while rpm writes, which does not wait between packages either.

    :raises HostError: as write_atomic()
    """
    if not isinstance(content, bytes):
        content = content.encode("utf-8", "surrogateescape")
    temporary = os.path.join(os.path.dirname(path), TEMPORARY_PREFIX + os.path.basename(path))
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            handle.write(content)
        os.rename(temporary, path)
    except OSError as error:
        discard(temporary)
        raise describe(error, path)


def read_link(path):
    """Where the symbolic link *path* leads, as it is written there (str); None for anything else."""
    return os.readlink(path) if os.path.islink(path) else None


def make_link(target, path):
    """Make *path*, where nothing is, a symbolic link to *target* (str).

    :raises HostError: it cannot be made
    """
    try:
        os.symlink(target, path)
        sync_directory(os.path.dirname(path))
    except OSError as error:
        raise describe(error, path)


def remove(path):
    """Remove file *path*; True if it was there.

    :raises HostError: it cannot be removed
    """
    # Asked first: a read-only file system refuses to remove what is not there, too.
    if not os.path.lexists(path):
        return False
    try:
        os.unlink(path)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return False
        raise describe(error, path)
    sync_directory(os.path.dirname(path))
    return True


def open_path(path):
    """A descriptor (O_PATH, to be closed) of *path*, which nobody but root could have led elsewhere meanwhile.

    A link on the way is followed only where it is root's, or ours, and so is the directory that it lies in, which nobody else can write; the
    last part is never followed. O_PATH opens what cannot be read, too.

    :raises OSError: a part is missing, or cannot be entered
    :raises HostError: a link on the way is not to be trusted
    """
    descriptor = os.open("/", os.O_PATH | os.O_DIRECTORY)
    parts, links = [part for part in reversed(os.path.abspath(path).split("/")) if part], 0
    try:
        while parts:
            part = parts.pop()
            found = os.open(part, os.O_PATH | os.O_NOFOLLOW, dir_fd=descriptor)
            info = os.fstat(found)
            if not stat.S_ISLNK(info.st_mode) or not parts:
                descriptor, before = found, descriptor
                os.close(before)
                continue
            try:
                target = os.readlink("", dir_fd=found)
            finally:
                os.close(found)
            links += 1
            if links > _DEEPEST or not _trusted(info, os.fstat(descriptor)):
                raise HostError("{0}: {1}, on the way, is a link that is not root's".format(path, part), "Replace the link by the directory itself", path=path)
            parts.extend(item for item in reversed(target.split("/")) if item)
            if target.startswith("/"):
                found = os.open("/", os.O_PATH | os.O_DIRECTORY)
                descriptor, before = found, descriptor
                os.close(before)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _trusted(link, directory):
    """Whether nobody but root, or ourselves, could have made or moved a link (its stat result, and its directory's)."""
    known = (0, os.geteuid())
    return link.st_uid in known and directory.st_uid in known and (not directory.st_mode & 0o022 or bool(directory.st_mode & stat.S_ISVTX))


def make_directory(path, mode=0o755):
    """Make *path* and its parents, the last with *mode*.

    :raises HostError: it cannot be made
    """
    try:
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
    except OSError as error:
        raise describe(error, path)


def sync_directory(path):
    """Make a rename in directory *path* survive a power cut."""
    descriptor = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
