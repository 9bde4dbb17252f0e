# SPDX-License-Identifier: GPL-3.0-or-later
"""The fresh login: the command line, what its end means, and that no password is on it or in what is said."""
import os
import shutil
import stat
import subprocess

import pytest

from ansible_collections.elkit.almalinux.plugins.plugin_utils import login

FAKE = """#!/bin/sh
printf '%s\\n' "$*" >>"$0.calls"
env | grep -i look-alike >>"$0.leaks"
for last; do :; done
{body}
"""


class Plugin:
    """A connection or become plugin with options."""

    def __init__(self, name=None, transport="ssh", become=None, **options):
        self.name, self.transport, self.become, self.options = name, transport, become, options

    def get_option(self, name):
        return self.options[name]


def way(ssh="ssh", become="ansible.builtin.sudo", transport="ssh", become_pass=None, **options):
    plugin = None if become is None else Plugin(become, become_user="root", become_exe="sudo", become_pass=become_pass)
    return login.Way(Plugin(transport=transport, become=plugin, **dict({"ssh_executable": ssh, "host": "al9", "timeout": 5, "pipelining": True}, **options)))


def fake(tmp_path, body):
    path = tmp_path / "ssh"
    path.write_text(FAKE.replace("{body}", body))
    path.chmod(0o755)
    return str(path)


# Runs what it was asked to run, here, with a sudo that does what *sudo* says.
def runs(tmp_path, sudo):
    (tmp_path / "sudo").write_text("#!/bin/sh\n" + sudo)
    (tmp_path / "sudo").chmod(0o755)
    return f'PATH={tmp_path}:$PATH; export PATH; exec sh -c "$last"'


def test_our_options_come_first_for_ssh_takes_the_first():
    command = way(ssh_args="-C -o ControlMaster=auto -o ControlPersist=60s", ssh_common_args='-o ProxyCommand="ssh -W %h:%p jump"', port=2222,
                  remote_user="admin", private_key_file="/k e y", host_key_checking=False, ssh_extra_args="-v").command("true")
    assert command[:3] == ["ssh", "-o", "ControlMaster=no"] and command[-4:-2] == ["-S", "none"]
    for word in ("Port=2222", 'User="admin"', 'IdentityFile="/k e y"', "ProxyCommand=ssh -W %h:%p jump", "BatchMode=yes", "PasswordAuthentication=no",
                 "StrictHostKeyChecking=no", "ConnectTimeout=5", "-v"):
        assert word in command
    assert command[-2:] == ["al9", "true"] and "-tt" not in command


@pytest.mark.parametrize("place", ["ssh_args", "ssh_common_args", "ssh_extra_args"])
@pytest.mark.parametrize("words", ["-S /old", "-o ControlPath=/old", "-S /old -o ControlMaster=auto"])
@pytest.mark.skipif(not shutil.which("ssh"), reason="there is no ssh here to ask")
def test_no_argument_of_the_user_leads_the_fresh_login_over_the_old_connection(place, words):
    def path(command):
        said = subprocess.run([command[0], "-F", "none", "-G", *command[1:]], stdout=subprocess.PIPE, check=True, text=True).stdout
        return dict(line.split(" ", 1) for line in said.splitlines()).get("controlpath", "none")

    found = way(**{place: words})
    assert path(found.command("true")) == "none" and path(found.command("true", "/cp/abc")) == "/cp/abc"


def test_a_terminal_where_ansible_has_one():
    assert "-tt" in way(pipelining=False, use_tty=True).command("true") and way(pipelining=False, use_tty=True).facts()["tty"]


@pytest.mark.parametrize("how, words", [
    ({"transport": "local"}, "the connection is local"), ({"transport": "paramiko"}, "paramiko"), ({"become": "community.general.doas"}, "by doas"),
    ({"become": "ansible.builtin.su"}, "by su"), ({"become": None}, None), ({}, None)])
def test_where_no_login_can_be_tried(how, words):
    reason = way(**how).why_not()
    assert reason is None if words is None else words in reason


def test_in_and_root(tmp_path):
    found = way(fake(tmp_path, runs(tmp_path, 'while [ "$1" != /bin/sh ]; do shift; done; exec "$@"'))).attempt()
    assert found.ok and found.message == ""


def test_root_itself_needs_no_sudo(tmp_path):
    assert way(fake(tmp_path, 'exec sh -c "$last"'), become=None).attempt().ok


@pytest.mark.parametrize("body, stage, message", [
    ("echo 'admin@al9: Permission denied (publickey).' >&2; exit 255", login.AUTHENTICATION, "admin@al9: Permission denied (publickey)."),
    ("echo 'Received disconnect from 10.0.0.5: Too many authentication failures' >&2; exit 255", login.AUTHENTICATION, "Too many"),
    ("echo 'ssh: connect to host al9 port 22: Connection refused' >&2; exit 255", login.CONNECTION, "Connection refused"),
    ("exit 255", login.CONNECTION, "ssh said nothing"), ("echo 'This account is currently not available.'; exit 1", login.SESSION, "not available"),
    ("exit 7", login.SESSION, "code 7"),
])
def test_what_stops_it(tmp_path, body, stage, message):
    found = way(fake(tmp_path, body)).attempt()
    assert found.stage == stage and message in found.message


def test_sudo_that_refuses(tmp_path):
    found = way(fake(tmp_path, runs(tmp_path, "echo 'sudo: a password is required' >&2; exit 1"))).attempt()
    assert (found.stage, found.message) == (login.ESCALATION, "sudo: a password is required")


def test_what_hangs_is_ended(tmp_path):
    found = way(fake(tmp_path, "sleep 60")).attempt(timeout=1)
    assert found.stage == login.CONNECTION and "did not end within 1 s" in found.message


def test_the_password_of_sudo_goes_by_standard_input(tmp_path):
    ssh = fake(tmp_path, runs(tmp_path, 'read word; [ "$word" = "look-alike b" ] || exit 1; while [ "$1" != /bin/sh ]; do shift; done; exec "$@"'))
    assert way(ssh, become_pass="look-alike b").attempt().ok
    assert "look-alike" not in (tmp_path / "ssh.calls").read_text() and (tmp_path / "ssh.leaks").read_text() == ""
    assert " -k -S -p '' " in (tmp_path / "ssh.calls").read_text()


def test_the_password_of_ssh_goes_by_a_pipe(tmp_path):
    ssh = fake(tmp_path, 'word=$("$SSH_ASKPASS" "admin@al9\'s password: "); [ "$word" = look-alike ] || exit 255; exec sh -c "$last"')
    assert way(ssh, become=None, password="look-alike").attempt().ok
    assert "look-alike" not in (tmp_path / "ssh.calls").read_text() and (tmp_path / "ssh.leaks").read_text() == ""
    assert "BatchMode" not in (tmp_path / "ssh.calls").read_text()


def test_a_code_that_is_asked_for_does_not_get_the_password(tmp_path):
    ssh = fake(tmp_path, '"$SSH_ASKPASS" "Verification code: " && exit 0; echo "Permission denied (keyboard-interactive)." >&2; exit 255')
    assert way(ssh, become=None, password="look-alike").attempt().stage == login.AUTHENTICATION


def test_the_pipe_is_private_and_goes():
    with login._askpass("secret") as environment:
        assert stat.S_IMODE(os.stat(environment["ELKIT_ASKPASS"]).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(os.path.dirname(environment["ELKIT_ASKPASS"])).st_mode) == 0o700
        assert "secret" not in str(environment)
    assert not os.path.exists(environment["ELKIT_ASKPASS"])


def test_no_secret_in_what_is_said(tmp_path):
    found = way(fake(tmp_path, "echo 'bad word look-alike' >&2; exit 1"), become_pass="look-alike").attempt()
    assert found.message == "bad word ***"


def test_the_old_session(tmp_path):
    ssh = fake(tmp_path, 'case "$*" in *"-O exit"*) exit 0;; esac; exit 1')
    found = way(ssh)
    assert found.old_session_answers() is True
    found._connection.control_path, found._connection.control_path_dir = "%(directory)s/abc", "/cp"
    assert found.old_session_answers() is False
    calls = (tmp_path / "ssh.calls").read_text().splitlines()
    assert all("-S /cp/abc al9" in call for call in calls) and calls[0].endswith("al9 true") and "-O exit" in calls[1] and calls[1].endswith("al9")
