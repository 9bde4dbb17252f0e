# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done in a process beside the worker's, and what is written down where it stops."""
import contextlib
import os
import time
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import worker
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import agent


def test_its_result_comes_back():
    one = worker.Aside(lambda request: {"twice": request["number"] * 2}, {"number": 21})
    assert one.result() == {"twice": 42}
    one.stop()


def test_its_failure_is_raised_here():
    def work(_request):
        raise agent.Failure("host", "the mirror does not answer", "Mend it", repository="baseos")

    one = worker.Aside(work, {})
    with pytest.raises(agent.Failure) as caught:
        one.result()
    one.stop()
    assert (caught.value.message, caught.value.remedy, caught.value.details) == ("the mirror does not answer", "Mend it", {"repository": "baseos"})


def test_one_that_is_killed_is_told():
    one = worker.Aside(lambda request: os.kill(os.getpid(), 9), {})
    with pytest.raises(agent.Failure, match="without an answer"):
        one.result()
    one.stop()


def test_nothing_is_written_any_more_once_it_is_stopped(tmp_path):
    def work(_request):
        for number in range(1000):
            (tmp_path / str(number)).write_text(u"x")
            time.sleep(0.01)

    one = worker.Aside(work, {})
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    begun = time.time()
    one.stop()
    there = len(list(tmp_path.iterdir()))
    time.sleep(0.1)
    assert time.time() - begun < 5 and len(list(tmp_path.iterdir())) == there < 1000


@pytest.mark.parametrize("stages, finished, result, direction", [
    (["download"], True, states.FAILED, states.FORWARD), (["transaction"], False, None, states.FORWARD),
    (["verify", None, "back-test"], True, states.CONVERTED, states.FORWARD), (["verify", None, "back-files"], False, None, states.BACK)],
    ids=["nothing was touched", "past the point of no return", "a way back that was not begun", "a way back that was"])
def test_where_it_stops_decides_what_is_left(tmp_path, stages, finished, result, direction):
    one = states.create({}, str(tmp_path))
    one.begin(stages[0])
    if len(stages) > 1:
        one.finish(states.CONVERTED)
        one.turn_back()
        one.begin(stages[2])
    worker.stop(one, "rpm says no", "Ask it")
    data = states.numbered(one.data["number"], str(tmp_path)).data
    assert (data["finished"], data["result"], data["direction"]) == (finished, result, direction)
    assert data["error"] == {"message": "rpm says no", "remedy": "Ask it", "stage": stages[-1]}


def test_no_password_of_a_mirror_is_written_down(tmp_path):
    one = states.create({}, str(tmp_path))
    one.begin("download")
    worker.stop(one, "Curl error (22) for https://me:hushhush@mirror.example.com/bash.rpm", None)
    assert one.data["error"] == {"message": "Curl error (22) for https://***@mirror.example.com/bash.rpm", "remedy": None, "stage": "download"}


@pytest.mark.parametrize("direction, cache, left", [
    (states.FORWARD, True, states.OF_THE_WAY_BACK), (states.FORWARD, False, ()), (states.BACK, True, ())], ids=["converted", "without a way back", "reverted"])
def test_what_nothing_needs_any_more_does_not_stay_on_the_disk(tmp_path, monkeypatch, direction, cache, left):
    one = states.create({"revert_cache": cache}, str(tmp_path))
    one.data["direction"] = direction
    names = states.OF_THE_WAY + states.OF_THE_WAY_BACK
    for name in names:
        os.makedirs(one.path(name, "deep"))
    monkeypatch.setattr(worker, "host_lock", contextlib.ExitStack)
    monkeypatch.setattr(worker.states, "newest", lambda: one)
    monkeypatch.setattr(worker.states, "prune", lambda _state, over: None)
    monkeypatch.setattr(worker.run, "Run", lambda _state: SimpleNamespace(forward=lambda: None))
    monkeypatch.setattr(worker.back, "Back", lambda _state: SimpleNamespace(backward=lambda: None))
    assert worker.work() == 0 and one.data["finished"]
    assert [name for name in names if os.path.isdir(one.path(name))] == list(left)
