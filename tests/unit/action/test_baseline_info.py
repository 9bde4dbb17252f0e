# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part in an audit: what a host's module is given, and what users get."""
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.elkit.almalinux.plugins.action.baseline_info import ActionModule

RELEASE = 'ID="almalinux"\nVERSION_ID="9.8"\nPRETTY_NAME="AlmaLinux 9.8"\n'
EXCEPTIONS = [{"id": name, "reason": "x", "owner": "y", "expires": "2099-01-01"} for name in ("sshd_disable_root_login", "sudo_add_use_pty")]


def run(**arguments):
    """(result, what the module was given)."""
    one = ActionModule.__new__(ActionModule)
    one._task = SimpleNamespace(async_val=0, check_mode=False, args=arguments, action="baseline_info", environment=None)
    one._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/nowhere"))
    one._low_level_execute_command = lambda command: {"stdout": RELEASE}
    given = []

    def module(module_args, task_vars):
        given.append(module_args)
        return {"changed": False, "controls": [{"id": control["id"], "status": "pass"} for control in module_args["controls"]]}
    one._execute_module = module
    return one.run(task_vars={"inventory_hostname": "web01"}), given


def test_what_is_given_and_what_comes_of_it():
    result, given = run(themes=["sudo"], exceptions=EXCEPTIONS, environment={"router": "no"})
    found = {control["id"]: control for control in given[0]["controls"]}
    assert {control["theme"] for control in found.values()} == {"sudo"} and found["sudo_add_use_pty"]["exception"]["owner"] == "y"
    assert given[0]["environment"] == {"router": False} and given[0]["el"] == 9 and "themes" not in given[0]
    assert [(row["id"], row["message"]) for row in result["exceptions_unused"]] == [("sshd_disable_root_login", "its theme sshd takes no part")]
    assert "exceptions_unused" not in run(exceptions=EXCEPTIONS)[0]


@pytest.mark.parametrize("arguments, words", [
    ({"themes": [{}]}, "a theme of themes is {}"), ({"values": {1: 2}}, "there is no value 1"), ({"environment": {"rooter": True}}, "the nearest is router"),
    ({"exceptions": EXCEPTIONS, "skip_ids": ["sudo_add_use_pty"]}, "sudo_add_use_pty is in skip_ids and has an exception")])
def test_bad_input_is_one_error_before_the_host_is_touched(arguments, words):
    with pytest.raises(AnsibleActionFail, match="^baseline_info: ") as caught:
        run(**arguments)
    assert words in str(caught.value)
