# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done in a process beside the worker's."""
import time

import pytest
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
    import os
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
