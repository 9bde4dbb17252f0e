# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh login from the controller, with an ssh of its own: same user, key or password, port and jump hosts as Ansible's connection, but
no connection that is there already; then root again, with nothing that sudo remembers."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import secrets
import shlex
import signal
import subprocess
import tempfile
import threading

# How far a login came.
CONNECTION, AUTHENTICATION, SESSION, ESCALATION, ROOT = "connection", "authentication", "session", "escalation", "root"
# No login at all: the host itself says that one of guard_users would not get in.
USERS = "users"
# No login either: the call that put the part in did not come to its end.
CALL = "call"
WITHOUT_PASSWORD = ("-o", "KbdInteractiveAuthentication=no", "-o", "PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey",
                    "-o", "PasswordAuthentication=no")
# ssh asks through this for a password. It is handed over by a pipe with a name; only its name is in the environment.
ASKPASS = """#!/bin/sh
case "$1" in
*[Pp]ass*|*PIN*) exec cat "$ELKIT_ASKPASS" ;;
esac
exit 1
"""


@dataclasses.dataclass(frozen=True)
class Attempt:
    """How a login went: stage is ROOT where it came to its end, else what it failed at; message (str) is what ssh or sudo said."""

    stage: str
    message: str

    @property
    def ok(self):
        """Whether one is in, and root."""
        return self.stage == ROOT

    @property
    def why(self):
        """What failed, for people (str)."""
        if self.stage == USERS:
            return f"of guard_users, not all could log in any more: {self.message}"
        if self.stage == CALL:
            return f"a call failed: {self.message}"
        return f"a fresh login failed at the {self.stage}: {self.message}"


def option(plugin, name):
    """The value of a plugin's option, or None where it has none of that name."""
    try:
        return plugin.get_option(name)
    except (KeyError, AttributeError):
        return None


class Way:
    """How Ansible reaches a host, for logins beside it.

    :param connection: the connection plugin of the task
    :param play_context: the task's play context, for passwords that were asked for at the prompt
    """

    def __init__(self, connection, play_context=None):
        self._connection = connection
        self._become = getattr(connection, "become", None)
        self._password = option(connection, "password") or getattr(play_context, "password", None)
        self._become_password = None
        if self._become is not None:
            self._become_password = option(self._become, "become_pass") or getattr(play_context, "become_pass", None)

    # -- what kind of way ----------------------------------------------------------------------------------------------
    @property
    def method(self):
        """The become method's short name, or None."""
        return None if self._become is None else self._become.name.split(".")[-1]

    @property
    def tty(self):
        """Whether Ansible's commands have a terminal on the host."""
        return bool(option(self._connection, "use_tty")) and not (option(self._connection, "pipelining") or getattr(self._connection, "pipelining", False))

    def why_not(self):
        """Why no second login can be tried (str), or None."""
        transport = getattr(self._connection, "transport", None)
        if transport != "ssh":
            return f"no second login can be tried: the connection is {transport}, not ssh"
        if self.method not in (None, "sudo"):
            return f"no second login can be tried: becoming root by {self.method} needs a person"
        return None

    @property
    def counts(self):
        """Whether logins that fail may be counted against the user: there is a password in them."""
        return bool(self._password or self._become_password)

    def facts(self):
        """What the host has to know to judge beforehand (dict); no secrets."""
        return {"password": bool(self._password), "become": self.method, "become_password": bool(self._become_password), "tty": self.tty}

    # -- the command -------------------------------------------------------------------------------------------------
    def command(self, remote, path="none", *more):
        """The ssh command (list of str). Of what is given twice with -o ssh takes the first.

        :param path: the socket of the connection that it goes over, or "none" for one of its own
        :param more: other options
        """
        connection = self._connection
        words = [option(connection, "ssh_executable") or "ssh", "-o", "ControlMaster=no", *more]
        if not self._password:
            words += ["-o", "BatchMode=yes"]
        words += shlex.split(option(connection, "ssh_args") or "")
        if option(connection, "host_key_checking") is False:
            words += ["-o", "StrictHostKeyChecking=no"]
        if option(connection, "port") is not None:
            words += ["-o", f"Port={option(connection, 'port')}"]
        if option(connection, "private_key_file"):
            words += ["-o", f'IdentityFile="{os.path.expanduser(option(connection, "private_key_file"))}"']
        if option(connection, "pkcs11_provider"):
            words += ["-o", f"PKCS11Provider={option(connection, 'pkcs11_provider')}"]
        if self._password:
            words += ["-o", "NumberOfPasswordPrompts=1"]
        else:
            words += WITHOUT_PASSWORD
        if option(connection, "remote_user"):
            words += ["-o", f'User="{option(connection, "remote_user")}"']
        words += ["-o", f"ConnectTimeout={option(connection, 'timeout') or 10}"]
        for name in ("ssh_common_args", "ssh_extra_args"):
            words += shlex.split(option(connection, name) or "")
        if self.tty:
            words.append("-tt")
        # Of -S, which wins over every ControlPath, ssh takes the last: the user's arguments may have one.
        words += ["-S", path]
        return words + [option(connection, "host") or connection.host, remote]

    def remote(self, token):
        """The command on the host: it says that one is in, then that one is root."""
        inside = f"echo elkit-in-{token}"
        if self._become is None:
            return f"{inside}; echo elkit-root-{token}"
        # -k with a command: nothing that sudo remembers counts. A password comes by standard input.
        asking = "-S -p ''" if self._become_password else "-n"
        user = shlex.quote(option(self._become, "become_user") or "root")
        program = shlex.quote(option(self._become, "become_exe") or "sudo")
        return f"{inside}; {program} -k {asking} -u {user} /bin/sh -c 'echo elkit-root-{token}'"

    # -- the login ---------------------------------------------------------------------------------------------------
    def attempt(self, timeout=30):
        """Log in and become root, within *timeout* seconds: an Attempt."""
        token = secrets.token_hex(8)
        code, out, err = self._run(self.command(self.remote(token)), timeout)
        return self.judge(token, code, out, err, timeout)

    def judge(self, token, code, out, err, timeout):
        """The Attempt that an ended ssh means; *code* is None where it did not end."""
        inside, root = f"elkit-in-{token}" in out.split(), f"elkit-root-{token}" in out.split()
        if root:
            return Attempt(ROOT, "")
        lines = [line.strip() for line in (err if inside and err.strip() else out + "\n" + err).splitlines()
                 if line.strip() and "elkit-in-" not in line and not line.startswith("Warning: Permanently added")]
        message = self._without_secrets(lines[-1] if lines else "")[:300]
        if code is None:
            message = f"it did not end within {timeout} s" + (f": {message}" if message else "")
        if inside:
            return Attempt(ESCALATION, message or f"sudo ended with code {code}")
        if "Permission denied" in err or "Too many authentication failures" in err:
            return Attempt(AUTHENTICATION, message)
        if code in (255, None):
            return Attempt(CONNECTION, message or "ssh said nothing")
        return Attempt(SESSION, message or f"the shell ended with code {code}")

    def _without_secrets(self, text):
        for secret in (self._password, self._become_password):
            if secret:
                text = text.replace(str(secret), "***")
        return text

    # -- the old session ---------------------------------------------------------------------------------------------
    def old_session_answers(self, timeout=10):
        """Whether the connection that Ansible holds open still runs commands; one that does not is closed."""
        path = getattr(self._connection, "control_path", None)
        if not path:
            return True
        folder = getattr(self._connection, "control_path_dir", None) or ""
        with contextlib.suppress(TypeError, ValueError, KeyError):
            path %= {"directory": os.path.expanduser(os.path.expandvars(folder))}
        command = self.command("true", path)
        if self._run([word for word in command if word != "-tt"], timeout)[0] == 0:
            return True
        self._run(self.command("true", path, "-O", "exit")[:-1], timeout)
        return False

    # -- a process ---------------------------------------------------------------------------------------------------
    def _run(self, command, timeout):
        """(code or None, stdout, stderr) of *command*."""
        given = f"{self._become_password}\n".encode() if self._become_password else b""
        with _askpass(self._password) as environment:
            # A session of its own: ssh finds no terminal to ask at, and all of it can be ended.
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, **environment}, start_new_session=True) as process:
                try:
                    out, err = process.communicate(given, timeout)
                    code = process.returncode
                except subprocess.TimeoutExpired:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    out, err = process.communicate()
                    code = None
        return code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


@contextlib.contextmanager
def _askpass(password):
    """An environment in which ssh gets *password* when it asks, or the plain one where there is none."""
    if not password:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="elkit-login-") as folder:
        pipe, script = os.path.join(folder, "pipe"), os.path.join(folder, "askpass")
        os.mkfifo(pipe, 0o600)
        with open(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700), "w", encoding="ascii") as handle:
            handle.write(ASKPASS)
        done = threading.Event()
        writer = threading.Thread(target=_answer, args=(pipe, f"{password}\n".encode(), done), daemon=True)
        writer.start()
        try:
            yield {"SSH_ASKPASS": script, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": os.environ.get("DISPLAY") or "none", "ELKIT_ASKPASS": pipe}
        finally:
            done.set()
            writer.join(5)


def _answer(pipe, content, done):
    """Give *content* to everyone who reads *pipe*, until it is done."""
    while not done.wait(0.05):
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.ENXIO:
                continue
            return
        with contextlib.suppress(OSError):
            os.write(descriptor, content)
        os.close(descriptor)
        done.wait(0.2)
