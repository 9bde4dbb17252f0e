# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part of a conversion: what it makes of a module's answers."""
import re
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.elkit.almalinux.plugins.action import conversion
from ansible_collections.elkit.almalinux.plugins.action.conversion import ActionModule

LOOKED = {"verdict": "ready", "packages": [], "source": "rocky-9", "target": "almalinux-9", "changed": True}
WORKS = {"running": True, "finished": False, "alive": True, "stage": "verify", "progress": None, "number": "00000001", "error": None, "result": None}
REMAINS = {"remains": ["bash-5-1.el9.x86_64 is still of Rocky"]}


def action(answers, **task):
    """An action whose module gives *answers*, and the arguments that it was called with."""
    one = ActionModule.__new__(ActionModule)
    one._task = SimpleNamespace(**dict({"async_val": 0, "check_mode": False, "args": {}, "action": "conversion", "environment": None}, **task))
    one._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/nowhere"))
    calls, left = [], list(answers)

    def module(module_args, task_vars):
        calls.append(module_args)
        return dict(left.pop(0))
    one._execute_module = module
    return one, calls


def run(one):
    return one.run(task_vars={"inventory_hostname": "web01"})


def test_async_is_refused_with_the_reason():
    one, calls = action([], async_val=60)
    with pytest.raises(AnsibleActionFail, match="outlives the connection"):
        run(one)
    assert calls == []


def test_a_host_that_does_not_pass_is_failed_with_what_remains():
    error = {"message": "the host was converted, and does not pass", "remedy": "Mend it", "stage": "verify"}
    one, calls = action([dict(LOOKED, **WORKS), dict(WORKS, alive=False, error=error, verdict_after=REMAINS)])
    result = run(one)
    assert result["failed"] and result["verdict_after"] == REMAINS and result["msg"] == "the host was converted, and does not pass. Mend it"
    assert result["source"] == "rocky-9" and calls[1]["attach"]["number"] == "00000001"


def test_one_that_is_through_is_changed():
    one, _calls = action([dict(LOOKED, **WORKS), dict(WORKS, running=False, finished=True, result="converted", verdict_after={"remains": []})])
    result = run(one)
    assert result["changed"] and result["result"] == "converted" and "failed" not in result


def test_a_worker_that_was_ended_is_told():
    one, _calls = action([dict(LOOKED, **WORKS), dict(WORKS, alive=False)])
    assert run(one)["failed"] and "Run the play again" in run(action([dict(LOOKED, **WORKS), dict(WORKS, alive=False)])[0])["msg"]


def packages(done):
    return dict(WORKS, stage="transaction", progress={"done": done, "total": 440, "what": "bash-5-1"})


def test_a_line_is_printed_for_each_change_and_none_where_there_is_none(monkeypatch):
    lines = []
    monkeypatch.setattr(conversion.display, "display", lines.append)
    works = [WORKS, WORKS, dict(WORKS, stage="boot"), dict(WORKS, stage="boot"), dict(WORKS, stage="boot"), packages(1), packages(1), packages(260)]
    one, calls = action([dict(LOOKED, **dict(WORKS, stage=None))] + works + [dict(WORKS, running=False, finished=True, result="converted")])
    run(one)
    assert [re.sub(r"[0-9]+ s", "? s", line) for line in lines] == [
        "web01: starting (? s)", "web01: verify (? s)", "web01: boot (? s)", "web01: transaction 1/440 (? s)", "web01: transaction 260/440 (? s)"]
    # What the module is told is known is what was said last.
    assert [call["attach"]["known"] for call in calls[1:]] == [[item["stage"], item["progress"]] for item in [dict(WORKS, stage=None)] + works]


def ended(*names):
    return [{"name": name, "seconds": 0.4, "detail": None} for name in names]


def test_a_stage_that_was_over_before_anybody_looked_is_told_once_and_those_of_an_earlier_run_are_not(monkeypatch):
    lines = []
    monkeypatch.setattr(conversion.display, "display", lines.append)
    one, _calls = action([
        dict(LOOKED, **dict(WORKS, stage="download", stages=ended("snapshot"))),
        dict(WORKS, stage="boot", stages=ended("snapshot", "download", "test", "transaction")),
        dict(WORKS, running=False, finished=True, result="converted", stages=ended("snapshot", "download", "test", "transaction", "boot", "verify"))])
    run(one)
    assert [re.sub(r"[(][0-9]+ s", "(? s", line) for line in lines] == [
        "web01: download (? s)", "web01: test took 0.4 s", "web01: transaction took 0.4 s", "web01: boot (? s)", "web01: verify took 0.4 s"]
