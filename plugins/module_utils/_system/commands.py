# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Run commands of the host: list form only, C locale, always with a time-out."""

import os
import shutil
import subprocess
import threading

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, ElkitError

# sbin is missing from PATH in some sudo and cron set-ups; the tools used here live there on EL.
SEARCH_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
DEFAULT_TIMEOUT = 60


class Result(object):
    """What a command left behind: rc (int), stdout and stderr (str, decoded as UTF-8 with replacement)."""

    def __init__(self, rc, stdout, stderr):
        self.rc = rc
        self.stdout = stdout
        self.stderr = stderr


def find(name):
    """The absolute path of command *name* (str), or None."""
    if os.path.isabs(name):
        return name if os.access(name, os.X_OK) else None
    return shutil.which(name, path=os.pathsep.join(SEARCH_PATH))


def _environment(extra):
    env = dict(os.environ)
    # C.UTF-8 exists on every EL from 8 on; LANGUAGE would win over LC_ALL in gettext programs.
    env.update({"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "PATH": os.pathsep.join(SEARCH_PATH)})
    env.pop("LANGUAGE", None)
    env.update(extra or {})
    return env


def run(argv, stdin=None, timeout=DEFAULT_TIMEOUT, env=None, check=True):
    """Run *argv* and wait for it.

    :param argv: list of str; argv[0] is a name looked up in SEARCH_PATH, or an absolute path
    :param stdin: str given to the command, or None for an empty standard input
    :param timeout: seconds; the command is killed after that
    :param env: dict of str added to the environment
    :param check: raise for a return code other than 0
    :returns: Result
    :raises CommandError: the command is missing, hangs, or (with check) fails
    """
    path = find(argv[0])
    if path is None:
        raise CommandError(
            "the command {0} is not there".format(argv[0]),
            "Install the package that provides it",
            command=list(argv), rc=None, stderr="")
    # AnsibleModule.run_command is not there for what runs without Ansible (workers, the agent's client); this is the
    # collection's one command runner.
    process = subprocess.Popen(  # pylint: disable=ansible-bad-function
        # Bytes: Python 3.6 under the C locale, as Ansible starts it on EL8, would encode text as ASCII and fail.
        [argument.encode("utf-8", "surrogateescape") for argument in [path] + list(argv[1:])], env=_environment(env), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(None if stdin is None else stdin.encode("utf-8"), timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise CommandError(
            "{0} did not end within {1} s".format(" ".join(argv[:3]), timeout),
            "Look at what it waits for on the host, then run again",
            command=list(argv), rc=None, stderr="")
    result = Result(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
    if check and result.rc != 0:
        raise CommandError(
            "{0} failed with code {1}: {2}".format(
                " ".join(argv[:3]), result.rc, (result.stderr or result.stdout).strip()[-500:]),
            command=list(argv), rc=result.rc, stderr=result.stderr)
    return result


def side_by_side(works):
    """Do all of *works* ({name: function}) at once, which wait for commands mostly: {name: ElkitError} of those that failed.

    :raises Exception: the first other one
    """
    errors, others = {}, []

    def one(name):
        try:
            works[name]()
        except ElkitError as error:
            errors[name] = error
        except Exception as error:  # pylint: disable=broad-except
            others.append(error)

    threads = [threading.Thread(target=one, args=(name,)) for name in sorted(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if others:
        raise others[0]
    return errors
