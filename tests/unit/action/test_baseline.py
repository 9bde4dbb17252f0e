# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part of a baseline: whether it finds out beforehand that no second login can be tried, and what it tells the host of it."""
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.action.baseline import ActionModule

OS_RELEASE = 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\nPRETTY_NAME="AlmaLinux 9.6"\nPLATFORM_ID="platform:el9"\n'
# What ssh does: it asks for a code that nobody gives; it runs what it is asked to, whose last words are those of root; sudo asks for a password.
CODE = "echo 'admin@al9: Permission denied (keyboard-interactive).' >&2; exit 255"
IN = 'for last; do :; done; exec sh -c "$last"'
NO_ROOT = "for last; do :; done; echo \"$last\" | sed -n 's/^echo \\(elkit-in-[0-9a-f]*\\);.*/\\1/p'; echo 'sudo: a password is required' >&2; exit 1"
FAILED = "no second login can be tried: one failed before anything was changed, at the "


class Plugin:
    """A connection with options."""

    def __init__(self, transport, **options):
        self.transport, self.become, self.options = transport, None, options
        self._shell = SimpleNamespace(tmpdir="/nowhere")

    def get_option(self, name):
        return self.options[name]


def first_call(tmp_path, ssh, check=False, transport="ssh", **arguments):
    """(guard_state of the module's first call, how many logins were tried)."""
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\necho x >>'{tmp_path}/logins'\n{ssh}\n")
    program.chmod(0o755)
    one = ActionModule.__new__(ActionModule)
    one._task = SimpleNamespace(async_val=0, check_mode=check, args=arguments, action="baseline", environment=None)
    one._connection, one._play_context = Plugin(transport, ssh_executable=str(program), host="al9", timeout=5, pipelining=True), None
    one._low_level_execute_command = lambda command: {"stdout": OS_RELEASE}
    calls = []

    def module(module_args, task_vars):
        calls.append(module_args)
        return {"changed": False, "controls": []}
    one._execute_module = module
    result = one.run(task_vars={"inventory_hostname": "al9"})
    assert not result.get("failed") and result["mode"] == ("check" if check else "apply"), result
    assert calls[0]["el"] == 9 and calls[0]["controls"]
    tried = tmp_path / "logins"
    return calls[0]["guard_state"], len(tried.read_text().split()) if tried.exists() else 0


@pytest.mark.parametrize("check", [False, True], ids=["apply", "check"])
@pytest.mark.parametrize("ssh, reason", [
    (IN, None), (CODE, FAILED + "authentication: admin@al9: Permission denied (keyboard-interactive)."),
    (NO_ROOT, FAILED + "escalation: sudo: a password is required"), ("exit 255", FAILED + "connection: ssh said nothing")],
    ids=["in", "one-time codes", "no root", "no connection"])
def test_a_login_is_tried_before_anything_is_changed(tmp_path, ssh, reason, check):
    """In check mode, too: it must not name controls as changed that wait in a run."""
    state, logins = first_call(tmp_path, ssh, check, guard_users=["rescue"], guard_timeout=60)
    assert (state["mode"], state["reason"]) == ("none" if reason else "login", reason)
    assert logins == 1 and state["users"] == ["rescue"] and state["timeout"] == 60


@pytest.mark.parametrize("how, mode", [({"guard": "local"}, "local"), ({"skip_risks": ["lockout"]}, "login"), ({"transport": "local"}, "none")])
def test_no_login_is_tried_where_none_is_asked_for(tmp_path, how, mode):
    state, logins = first_call(tmp_path, CODE, **how)
    assert state["mode"] == mode and logins == 0
