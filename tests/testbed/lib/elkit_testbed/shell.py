# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands."""
import subprocess
import sys

from .errors import TestbedError


def run(argv, *, check=True, show=False, timeout=None, input=None):
    """Run ``argv`` (a list) and return its CompletedProcess with text output.

    ``show`` sends its output to our stderr as it comes. Raises TestbedError with the command and the tail of its output if ``check``
    and it fails, or if it takes more than ``timeout`` seconds.
    """
    argv = [str(word) for word in argv]
    try:
        done = subprocess.run(
            argv, check=False, text=True, errors="replace", timeout=timeout, input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            stdout=sys.stderr if show else subprocess.PIPE, stderr=subprocess.PIPE if not show else None)
    except FileNotFoundError:
        raise TestbedError("command %r not found: run tests/testbed/prepare.sh" % argv[0])
    except subprocess.TimeoutExpired:
        raise TestbedError("gave up after %s s: %s" % (timeout, " ".join(argv)))
    if check and done.returncode != 0:
        tail = "" if show else "\n" + "\n".join(((done.stdout or "") + (done.stderr or "")).splitlines()[-25:])
        raise TestbedError("exit code %d: %s%s" % (done.returncode, " ".join(argv)[:600], tail))
    return done


def say(message):
    """Progress, on stderr, so that stdout is for results."""
    print("testbed: " + message, file=sys.stderr, flush=True)
