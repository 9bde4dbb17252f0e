# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Starts the agent under the host's own Python and brings its answer back."""

import json
import shutil
import tempfile
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import agent
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import (
    ChangedSinceError,
    CommandError,
    HostError,
    InputError,
    LockedError,
    TrustError,
    UnsupportedError,
    VerificationError,
)
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files

# EL8 keeps its own Python out of the PATH; EL9 and 10 have it as python3.
PYTHONS = ("/usr/libexec/platform-python", "/usr/bin/python3")
KINDS = {
    "changed": ChangedSinceError,
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
# Operations that write to a folder of their own. It is the client's, for a process that is killed clears nothing up.
IN_A_FOLDER = frozenset(["verify", "fetch", "updates"])


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
    deadline = time.time() + patience
    while True:
        try:
            return ask(operation, request, timeout)
        except LockedError:
            if time.time() >= deadline:
                raise
        time.sleep(1)


def ask(operation, request, timeout):
    """call(), once."""
    if operation not in IN_A_FOLDER:
        return answer_to(operation, request, timeout)
    try:
        directory = tempfile.mkdtemp(prefix="elkit-dnf-")
    except OSError as error:
        raise files.describe(error, "a temporary folder")
    try:
        return answer_to(operation, dict(request, directory=directory), timeout)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def answer_to(operation, request, timeout):
    """What the first Python that has dnf answers; errors without the passwords of URLs, which dnf's words may hold."""
    for python in PYTHONS:
        if commands.find(python) is None:
            continue
        try:
            # -c keeps the agent off the disk, which may be full; -s and -E keep the user's modules out.
            result = commands.run([python, "-s", "-E", "-c", source()], stdin=json.dumps(dict(request, op=operation)), timeout=timeout, check=False)
        except CommandError:
            raise CommandError("dnf did not answer within {0} s (operation {1})".format(timeout, operation),
                               "Look at what it waits for on the host, then run again", command=[python, "agent", operation], rc=None, stderr="")
        try:
            answer = json.loads(result.stdout)
        except ValueError:
            said = redact(result.stderr)
            raise CommandError(
                "dnf's helper ended with code {0} and without an answer: {1}".format(result.rc, said.strip()[-500:]),
                command=[python, "agent", operation], rc=result.rc, stderr=said)
        if "ok" in answer:
            return answer["ok"]
        error = answer["error"]
        if error["kind"] != "no-dnf":
            raise KINDS[error["kind"]](redact(error["message"]), redact(error["remedy"]), **redact(error["details"]))
    raise UnsupportedError(
        "none of {0} on this host can import dnf".format(", ".join(PYTHONS)),
        "This works on AlmaLinux 8, 9 and 10, where python3-dnf is installed")


def redact(data):
    # Only who meets an error pays for loading it.
    from ansible_collections.elkit.almalinux.plugins.module_utils._repo.redact import redact_data
    return redact_data(data)
