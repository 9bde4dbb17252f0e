# SPDX-License-Identifier: GPL-3.0-or-later
"""A benchmark whose counts miss their aim fails; one that is slow does not; one that measures the wrong thing ends."""
import json
import sys

import aims
import bench
import hardening
import pytest
import yaml


@pytest.mark.parametrize("aim, value, met", [
    ("at most 8", 8, True), ("at most 8", 9, False), ("at most 1.33", 1.34, False), ("at least 10.0", 10.0, True), ("at least 10.0", 9.99, False),
])
@pytest.mark.parametrize("place", [0, 1])
def test_an_aim_is_met_or_missed(aim, value, met, place):
    values = [{"other": 0}, {"other": 0}]
    values[place]["x"] = value
    assert aims.missed({"x": aim}, *values) == ([] if met else ["x"])


def test_each_benchmark_is_a_step_of_the_full_run_that_keeps_its_result():
    steps = yaml.safe_load((bench.CLONE / "tests/runner/steps.yml").read_text(encoding="utf-8"))
    ours = [(step["run"].rpartition("tests/bench/run ")[2], step["makes"], step["full"], step["alone"]) for step in steps if "tests/bench/run" in step["run"]]
    assert ours == [(name, ["bench/%s.json" % name], True, True) for name in bench.NAMES]


@pytest.fixture(name="run")
def _run(tmp_path, monkeypatch):
    """A function that runs the program with two benchmarks of hardening, which measure what is given; the folder of their results."""
    monkeypatch.setattr(bench, "OUT", tmp_path)
    monkeypatch.setattr(bench, "testbed", lambda *words, **more: "")
    monkeypatch.setattr(bench, "described", lambda: "hard9 (lookalike)")

    def run(**measured):
        monkeypatch.setattr(hardening, "measure", lambda name, *more: dict(
            {"ratios": {}, "aims": {}, "seconds": {}, "more": {}, "circumstances": ""}, **measured))
        monkeypatch.setattr(sys, "argv", ["bench", "hardening", "hardening_settings"])
        bench.main()
    return run


def test_a_count_that_misses_its_aim_fails_and_all_are_measured(run, tmp_path):
    with pytest.raises(SystemExit) as end:
        run(aims={"calls": "at most 8", "bytes": "at most 20480"}, more={"calls": 9, "bytes": 20480})
    assert end.value.code == "bench: hardening: calls is 9, the aim is at most 8\nbench: hardening_settings: calls is 9, the aim is at most 8"
    results = [json.loads((tmp_path / (name + ".json")).read_text()) for name in ("hardening", "hardening_settings")]
    assert [result["missed"] for result in results] == [["calls"], ["calls"]]


def test_a_ratio_that_misses_its_aim_is_said_and_fails_nothing(run, tmp_path, capsys):
    run(aims={"audit / ping": "at most 5.0", "calls": "at most 8"}, ratios={"audit / ping": 5.01}, more={"calls": 8})
    assert json.loads((tmp_path / "hardening.json").read_text())["missed"] == ["audit / ping"]
    out = capsys.readouterr().out
    assert "audit / ping (aim: at most 5.0, missed)" in out and "calls (aim: at most 8, met)" in out


class Stand:
    """In the place of hardening.Bench: a host whose audit finds the open file, when it is where a walk comes by, or as *sees* says."""

    def __init__(self, sees=None, module_calls=2):
        self.sees, self.module_calls = sees, module_calls
        self.output, self.host, self.shown, self.taken, self.looks = "", "h", False, {}, []

    def trust(self):
        pass

    def ping(self):
        self.taken.setdefault("ping", []).append(1.0)

    def testbed(self, *words):
        pass

    def play(self, name, tasks):
        if name == "look":
            assert self.shown
            self.looks.append(yaml.safe_dump(tasks))

    def entries(self):
        return [{"seconds": 1.0}]

    def medians(self):
        return {label: seconds[0] for label, seconds in self.taken.items()}

    def on_host(self, word, *more):
        if word == "files":
            assert more == ("300000", "/srv/bench-files/29/2999/open")
        self.shown = word == "show"

    def playbook(self, name, label=None, *more):
        self.taken.setdefault(label, []).append(2.0)
        self.output = "<h> SSH: EXEC ssh python\n" * self.module_calls if more else ""
        if name == hardening.AUDIT and (self.shown if self.sees is None else self.sees):
            self.output += '        "fail    1      file_permissions_unauthorized_world_writable  1 of them",\n'


def test_the_calls_and_the_output_of_a_level_2_run_have_limits():
    stand = Stand(module_calls=5)
    ratios, found, more = hardening.whole(stand, 1)
    assert len(stand.looks) == 1 and hardening.OPEN in stand.looks[0]
    result = {"name": "hardening", "aims": found, "more": more, "missed": aims.missed(found, ratios, more)}
    assert aims.failing(result) == ["hardening: module calls on the host, first apply and second run together is 10, the aim is at most 8"]
    assert {title for title, aim in found.items() if aim == "at most 20480"} == {
        "bytes of output at default verbosity, " + label for label in ("first apply", "second run", "audit", "audit with 300000 more files")}


@pytest.mark.parametrize("sees, says", [(False, "0 with them"), (True, "found 1 files .* without")])
def test_an_audit_that_does_not_walk_through_the_files_is_no_measure(sees, says):
    with pytest.raises(SystemExit, match=says):
        hardening.whole(Stand(sees=sees), 1)
