# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What runs under the host's own Python, out of guard.zip, without Ansible, and returns the host to what it was.

    python guard.zip return TOKEN          the time is up
    python guard.zip boot                  the host was stopped before the commit
    python guard.zip wait TOKEN SECONDS    the same as return, after that time; for a host without systemd
"""

import sys
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard_return
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context

# Seconds that a run may hold the host's lock while the worker waits for it: a module that hangs is a module that works on.
PATIENCE = 600.0
TIME_IS_UP = "nobody logged in within the time-out"
BOOTED = "the host was started anew before the commit"


def main():
    """:returns: the exit code; systemd tries "return" again after any but 0"""
    verb, token = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    if verb == "wait":
        return wait(token, int(sys.argv[3]))
    return boot() if verb == "boot" else go_back(token, TIME_IS_UP)


def go_back(token, why, booting=False):
    try:
        guard_return.go_back(Context(booting=booting), token, why, PATIENCE)
        return 0
    except ElkitError as error:
        sys.stderr.write("{0}\n".format(error))
        return 1


def boot():
    """Go back once: sshd waits for it. What fails now is tried again while the host is up."""
    code = go_back(None, BOOTED, booting=True)
    if code:
        try:
            guard_return.arm_again(Context(booting=True))
        except ElkitError as error:
            sys.stderr.write("{0}\n".format(error))
    return code


def wait(token, seconds):
    """Sleep until the time is up or the part was committed; then go back, again and again until it is done."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = guard_return.load(Context())
            if state is None or state["token"] != token or state["stage"] not in guard_return.WAITING:
                return 0
        except ElkitError as error:
            # It may be readable again before the time is up; nobody else waits here.
            sys.stderr.write("{0}\n".format(error))
        time.sleep(1)
    for _again in range(60):
        if go_back(token, TIME_IS_UP) == 0:
            return 0
        time.sleep(10)
    return 1
