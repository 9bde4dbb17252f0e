# SPDX-License-Identifier: GPL-3.0-or-later
"""The hook that stops a process at a named point, in processes of this machine; on hosts, tests/hosts/test_faults_*.py use it."""
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.points import KILL, PAUSE, in_transaction, journal

HOOK = Path(__file__).resolve().parents[2] / "faults" / "on_host" / "elkit_fault.py"
# Writes three steps as the journal does: beside, then renamed.
PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
import elkit_fault, json, os
for step in ("planned", "staged", "staged", "applied"):
    with open({state!r} + ".new", "w") as handle:
        json.dump({{"step": step, "stage": "x", "files": []}}, handle)
    os.rename({state!r} + ".new", {state!r})
    print(step, flush=True)
"""


class Place:
    """A place of its own for the hook, and a program that goes through the steps."""

    def __init__(self, folder):
        self.folder = folder
        self.place = folder / "run"
        self.state = folder / "journal" / "00000001" / "state.json"
        self.state.parent.mkdir(parents=True)
        self.place.mkdir()
        (folder / "elkit_fault.py").write_text(HOOK.read_text().replace("/run/elkit-fault", str(self.place)))

    def arm(self, point, action, **more):
        armed = dict(point.armed(action), file=str(self.folder / "journal" / "*" / "state.json"), **more)
        (self.place / "armed.json").write_text(json.dumps(armed))

    def start(self, program=PROGRAM):
        return subprocess.Popen([sys.executable, "-s", "-E", "-c", program.format(folder=str(self.folder), state=str(self.state))],
                                text=True, stdout=subprocess.PIPE)

    def confirmed(self):
        path = self.place / "confirmed.json"
        return json.loads(path.read_text()) if path.exists() else None

    def step(self):
        return json.loads(self.state.read_text())["step"]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_it_dies_at_the_point_and_nowhere_else(place):
    place.arm(journal("any", "staged"), KILL)
    process = place.start()
    output, _none = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert output.split() == ["planned"] and place.step() == "staged"
    assert place.confirmed()["pid"] == process.pid and place.confirmed()["state"] == {"step": "staged", "stage": "x"}


@pytest.mark.parametrize("blind, says", [(True, "{} {}"), (False, "{'a': 'no'} {'a': 'no'}")])
def test_a_guard_that_is_blind_refuses_nothing(place, blind, says):
    (place.folder / "product" / "_baseline").mkdir(parents=True)
    (place.folder / "product" / "_baseline" / "guard_checks.py").write_text("def guilty(*_all):\n    return {'a': 'no'}\n")
    if blind:
        (place.place / "blind").touch()
    process = place.start("import sys; sys.path[:0] = [{folder!r}, {folder!r} + '/product']\nimport elkit_fault\n"
                          "from _baseline import guard_checks\nprint(guard_checks.guilty(1, 2, 3), guard_checks.guilty(1, 2, 3))\n")
    output, _none = process.communicate(timeout=30)
    assert output.strip() == says and (place.place / "blinded").exists() is blind


def test_the_second_time_is_another_point(place):
    place.arm(journal("any", "staged", occurrence=2), KILL)
    process = place.start()
    output, _none = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL and output.split() == ["planned", "staged"]


@pytest.mark.parametrize("armed", [None, "no-such-step"])
def test_unarmed_or_never_reached_it_lives_and_nothing_is_confirmed(place, armed):
    if armed:
        place.arm(journal("any", armed), KILL)
    process = place.start()
    output, _none = process.communicate(timeout=30)
    assert process.returncode == 0 and output.split()[-1] == "applied" and place.confirmed() is None


def test_a_paused_process_waits_for_the_release(place):
    place.arm(journal("any", "staged"), PAUSE)
    process = place.start()
    deadline = time.monotonic() + 30
    while place.confirmed() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    assert process.poll() is None and place.step() == "staged"
    (place.place / "release").touch()
    output, _none = process.communicate(timeout=30)
    assert process.returncode == 0 and place.step() == "applied"


def test_inside_a_function_only_while_the_state_file_says_so(place):
    program = PROGRAM + """
class Callback:
    def __init__(self, test):
        self.test = test
    def _instOpenFile(self):
        pass
for test in (True, False, False):
    Callback(test)._instOpenFile()
    print(test, flush=True)
"""
    place.arm(in_transaction("any", "applied", package=2), KILL, call={"source": "<string>", "functions": ["_instOpenFile"], "attributes": {"test": False}})
    process = place.start(program)
    output, _none = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL and output.split()[-2:] == ["True", "False"] and place.confirmed()["where"] == "_instOpenFile"


def test_a_point_knows_whether_a_state_is_its_own():
    point = journal("repositories", "files")
    assert point.is_named_by({"step": "files", "stage": "applying"})
    assert not point.is_named_by({"step": "applied"}) and not point.is_named_by(None)
    with pytest.raises(ValueError, match="'explode' is no action"):
        point.armed("explode")
    with pytest.raises(ValueError, match="once at least"):
        journal("repositories", "files", occurrence=0).armed(KILL)
