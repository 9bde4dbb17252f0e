# SPDX-License-Identifier: GPL-3.0-or-later
"""What a conversion keeps about itself, and what is damaged of it."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError


@pytest.fixture
def root(tmp_path):
    return str(tmp_path)


def test_what_is_written_is_read(root):
    one = states.create({"product": "rocky"}, root)
    one.write("plan.json", [1, 2])
    again = states.newest(root)
    assert again.data["request"] == {"product": "rocky"} and again.read("plan.json") == [1, 2] and again.read("nothing.json") is None
    assert states.create({}, root).data["number"] == "00000002" and states.newest(root).data["number"] == "00000002"


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
