# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""One writer per host."""

import contextlib
import errno
import fcntl
import os
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import LockedError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

STATE_DIRECTORY = "/var/lib/elkit"
LOCK_NAME = "lock"
# The locks that this process holds: a conversion holds it throughout, and calls what takes it for a while.
_HELD = set()


@contextlib.contextmanager
def host_lock(directory=STATE_DIRECTORY, timeout=30.0):
    """Hold the host's one lock, so that no two runs of the collection write at the same time. Within one process it may be
    taken again.

    The kernel lets go of it when the process ends, however it ends.

    :param directory: the state directory (made root-only if missing)
    :param timeout: seconds to wait for another run
    :raises LockedError: another run still holds it; names its process id
    :raises HostError: the state directory cannot be written
    """
    files.make_directory(directory, 0o700)
    path = os.path.join(directory, LOCK_NAME)
    if path in _HELD:
        yield
        return
    try:
        handle = open(path, "a+")  # pylint: disable=consider-using-with
    except OSError as error:
        raise files.describe(error, path)
    with handle:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise files.describe(error, path)
            if time.monotonic() >= deadline:
                handle.seek(0)
                raise LockedError(
                    "another run of elkit.almalinux (process {0}) works on this host".format(
                        handle.read().strip() or "unknown"),
                    "Wait for it to end and run again", path=path)
            time.sleep(0.2)
        # Unbuffered, so that a full disk is told here and not again when the file is closed.
        try:
            os.ftruncate(handle.fileno(), 0)
            os.write(handle.fileno(), str(os.getpid()).encode("ascii"))
        except OSError as error:
            raise files.describe(error, path)
        _HELD.add(path)
        try:
            yield
        finally:
            _HELD.discard(path)
