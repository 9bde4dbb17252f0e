# SPDX-License-Identifier: GPL-3.0-or-later
"""What a conversion keeps about itself, and what is damaged of it."""
import os
import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError

LARGE = states.OF_THE_WAY + states.OF_THE_WAY_BACK


@pytest.fixture
def root(tmp_path):
    return str(tmp_path)


def test_what_is_written_is_read(root):
    one = states.create({"product": "rocky"}, root)
    one.write("plan.json", [1, 2])
    again = states.newest(root)
    assert again.data["request"] == {"product": "rocky"} and again.read("plan.json") == [1, 2] and again.read("nothing.json") is None
    assert states.create({}, root).data["number"] == "00000002" and states.newest(root).data["number"] == "00000002"


def test_provision_s_look_for_an_interrupted_conversion_finds_it_alone(root):
    """It has no module then, and asks grep."""
    playbook = (Path(__file__).parents[4] / "playbooks/provision.yml").read_text()
    command = re.search(r'raw: "(grep .*)"$', playbook, re.M).group(1).replace('\\"', '"').replace("/var/lib/elkit", root)
    one = states.create({}, root)
    assert subprocess.check_output(["sh", "-c", command]) == b"interrupted\n"
    one.finish(states.CONVERTED)
    assert subprocess.check_output(["sh", "-c", command]) == b""


def test_progress_is_of_one_stage(root):
    one = states.create({}, root)
    one.begin("download")
    assert one.progressed() is None
    one.progress(3, 7, "a-1-1.x86_64")
    assert states.newest(root).progressed() == {"done": 3, "total": 7, "what": "a-1-1.x86_64"}
    one.begin("test")
    assert one.progressed() is None
    one.progress(1, 7, "b")
    one.finish(states.CONVERTED)
    assert one.progressed() is None


@pytest.mark.parametrize("text", ["", "{", '{"done": 3, "to'])
def test_progress_that_the_power_took_says_nothing(root, text):
    one = states.create({}, root)
    one.progress(3, 7, "a")
    with open(one.path(states.PROGRESS), "w") as handle:
        handle.write(text)
    assert one.progressed() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"schema": null}'])
def test_a_damaged_state_is_named(root, text):
    one = states.create({}, root)
    with open(one.path("state.json"), "w") as handle:
        handle.write(text)
    with pytest.raises(HostError) as caught:
        states.newest(root)
    assert one.path("state.json") in caught.value.message and caught.value.remedy


def test_a_damaged_part_is_named(root):
    one = states.create({}, root)
    with open(one.path("plan.json"), "w") as handle:
        handle.write("[1,")
    with pytest.raises(HostError) as caught:
        one.read("plan.json")
    assert "plan.json" in caught.value.message


def test_a_newer_one_is_left_alone(root):
    one = states.create({}, root)
    one.data["schema"] = states.SCHEMA + 1
    one.save()
    with pytest.raises(HostError) as caught:
        states.newest(root)
    assert "newer version" in caught.value.message


def test_the_point_of_no_return():
    def at(stage, direction=states.FORWARD):
        return states.past_no_return(states.State({"direction": direction, "stage": stage}, "/nowhere"))
    assert [bool(at(stage)) for stage in states.FORWARD_STAGES] == [False] * 5 + [True] * 5
    assert not at("") and at("", states.BACK)


def ended(root, result=None, direction=states.FORWARD):
    """A State with something large, that came to *result*, or none yet."""
    one = states.create({}, root)
    one.data["direction"] = direction
    for name in LARGE:
        os.mkdir(one.path(name))
    if result is not None:
        one.finish(result)
    return one


def test_one_that_was_given_up_leaves_everything_to_the_one_before(root):
    first = ended(root, states.CONVERTED)
    second = ended(root)
    assert states.newest(root).data["number"] == second.data["number"]
    second.finish(states.FAILED)
    assert states.newest(root).data["number"] == first.data["number"]
    assert states.numbered(second.data["number"], root).data["result"] == "failed" and states.numbered("00000009", root) is None


@pytest.mark.parametrize("result, direction, over, stays", [
    (states.CONVERTED, states.FORWARD, False, True), (states.CONVERTED, states.FORWARD, True, False), (None, states.BACK, False, True),
    (states.FAILED, states.FORWARD, False, False), (states.REVERTED, states.BACK, False, False)],
    ids=["the next has only begun", "the next is over", "a way back is under way", "given up", "taken back"])
def test_an_older_way_back_is_kept_until_the_next_conversion_is_over(root, result, direction, over, stays):
    one = ended(root, result, direction)
    states.prune(ended(root), over, root)
    assert [os.path.isdir(one.path(name)) for name in LARGE] == [stays] * len(LARGE)
    assert [os.path.isdir(os.path.join(states.root_of(root), "00000002", name)) for name in LARGE] == [True] * len(LARGE)


def test_what_is_damaged_is_not_pruned(root):
    one = ended(root, states.FAILED)
    with open(one.path("state.json"), "w") as handle:
        handle.write("{")
    states.prune(ended(root), True, root)
    assert os.path.isdir(one.path("cache"))


ERROR = {"message": "rpm finds what does not fit", "remedy": None, "stage": "back-test"}


@pytest.mark.parametrize("result, stage", [(states.CONVERTED, "verify"), (None, "verify"), (None, "repositories")])
@pytest.mark.parametrize("back_stage", ["", "back-test"])
def test_a_way_back_that_does_not_pass_its_test_leaves_all_as_it_was(root, result, stage, back_stage):
    one = states.create({}, root)
    one.begin(stage)
    if result:
        one.finish(result)
    before = dict(one.data)
    one.turn_back()
    assert states.past_no_return(one) and not one.data["finished"] and one.data["result"] is None
    if back_stage:
        one.begin(back_stage)
    assert one.turn_forward(ERROR)
    again = states.newest(root).data
    assert again["error"] == ERROR and dict(again, error=None) == dict(before, error=None, process=None)


def test_a_way_back_that_has_touched_something_goes_on(root):
    one = states.create({}, root)
    one.finish(states.CONVERTED)
    one.turn_back()
    one.begin("back-transaction")
    assert not one.turn_forward(ERROR) and states.newest(root).data["direction"] == states.BACK


def test_a_conversion_is_not_turned(root):
    one = states.create({}, root)
    one.begin("download")
    assert not one.turn_forward(ERROR) and one.data["error"] is None
