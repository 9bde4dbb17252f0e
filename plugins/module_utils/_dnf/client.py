# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Starts the agent under the host's own Python and brings its answer back."""

import json
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import agent
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import (
    CommandError,
    HostError,
    InputError,
    LockedError,
    TrustError,
    UnsupportedError,
    VerificationError,
)
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

# EL8 keeps its own Python out of the PATH; EL9 and 10 have it as python3.
PYTHONS = ("/usr/libexec/platform-python", "/usr/bin/python3")
KINDS = {
    "host": HostError,
    "input": InputError,
    "locked": LockedError,
    "trust": TrustError,
    "verification": VerificationError,
}
# Metadata of all repositories may have to be fetched, and a transaction run.
DEFAULT_TIMEOUT = 1800
# Seconds that a lock of somebody else's dnf or rpm is waited for: dnf-makecache.timer holds it that long now and then.
LOCK_PATIENCE = 20


def source():
    """The text of agent.py, out of the zip file in which Ansible ships it or out of a plain tree."""
    return agent.__loader__.get_data(agent.__file__).decode("utf-8")


def call(operation, request, timeout=DEFAULT_TIMEOUT, patience=LOCK_PATIENCE):
    """What the agent answers to *operation* ("verify", "streams", "packages", "updates"); see the agent for each.

    :param request: dict that JSON can hold
    :param timeout: seconds
    :param patience: seconds to wait for a lock; an operation that finds one has touched nothing and is tried again
    :raises UnsupportedError: this host has no dnf that Python can use (EL7, no Enterprise Linux)
    :raises ElkitError: what the agent says went wrong, of the class its kind stands for
    :raises CommandError: it did not end in time, or ended without an answer
    """
    text = json.dumps(dict(request, op=operation))
    deadline = time.time() + patience
    while True:
        try:
            return ask(operation, text, timeout)
        except LockedError:
            if time.time() >= deadline:
                raise
        time.sleep(1)


def ask(operation, text, timeout):
    """call(), once; *text* is the request as JSON."""
    for python in PYTHONS:
        if commands.find(python) is None:
            continue
        # -c keeps the agent off the disk, which may be full; -s and -E keep the user's modules out.
        result = commands.run([python, "-s", "-E", "-c", source()], stdin=text, timeout=timeout, check=False)
        try:
            answer = json.loads(result.stdout)
        except ValueError:
            raise CommandError(
                "dnf's helper ended with code {0} and without an answer: {1}".format(result.rc, result.stderr.strip()[-500:]),
                command=[python, "agent", operation], rc=result.rc, stderr=result.stderr)
        if "ok" in answer:
            return answer["ok"]
        error = answer["error"]
        if error["kind"] != "no-dnf":
            raise KINDS[error["kind"]](error["message"], error["remedy"], **error["details"])
    raise UnsupportedError(
        "none of {0} on this host can import dnf".format(", ".join(PYTHONS)),
        "This works on AlmaLinux 8, 9 and 10, where python3-dnf is installed")
