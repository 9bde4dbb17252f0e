# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts: from files that pytest itself writes here, and from commands that really run."""

import pathlib
import subprocess
import sys

import pytest
import yaml

from tests.runner import __main__ as runner
from tests.runner import junit, report

ROOT = pathlib.Path(__file__).resolve().parents[3]

SAMPLE = '''
import pytest

def test_good():
    pass

def test_bad():
    assert 1 == 2

@pytest.fixture
def broken():
    raise RuntimeError("no")

def test_error(broken):
    pass

@pytest.mark.parametrize("name", ["a", "b-c"])
def test_left_out(name):
    pytest.skip("no host " + name)

@pytest.mark.xfail(reason="known")
def test_known():
    assert False

class TestGroup:
    def test_inside(self):
        pytest.skip("inside")
'''


@pytest.fixture(name="counts")
def _counts(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_sample.py").write_text(SAMPLE)
    (tmp_path / "tests/test_whole.py").write_text("import pytest\npytest.skip('no tool', allow_module_level=True)\n")
    (tmp_path / "tests/test_torn.py").write_text("import no_such_module_of_elkit\n")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors", "--junitxml=out.xml", "-o", "junit_family=xunit1",
         "-p", "no:cacheprovider", "--rootdir=.", "tests"],
        cwd=tmp_path, stdout=subprocess.DEVNULL, check=False)
    return junit.read(tmp_path / "out.xml")


def test_passes_are_counted(counts):
    assert counts["passed"] == 1


def test_failures_and_errors_are_named_by_node_id(counts):
    assert sorted(counts["failed"])[:2] == ["tests/test_sample.py::test_bad", "tests/test_sample.py::test_error"]
    assert any("test_torn" in name for name in counts["failed"])
    assert len(counts["failed"]) == 3


def test_skips_are_named_by_node_id_with_their_reason(counts):
    skipped = dict(counts["skipped"])
    assert skipped["tests/test_sample.py::test_left_out[a]"] == "no host a"
    assert skipped["tests/test_sample.py::test_left_out[b-c]"] == "no host b-c"
    assert skipped["tests/test_sample.py::TestGroup::test_inside"] == "inside"
    assert "tests/test_whole.py" in skipped
    assert "tests/test_sample.py::test_known" in skipped
    assert len(skipped) == 5


def outcome(**values):
    step = {"id": "x", "run": "true", "lane": "code"}
    return runner.Outcome(step, values.pop("state", "passed"), **values)


def test_an_unlisted_skip_counts_as_failed():
    entry = {"id": "known::*", "reason": "r", "machine": "m"}
    outcomes = [outcome(passed=3, skipped=[("known::a", "why"), ("new::b", "because")]), outcome(failed=["y"])]
    assert runner.tally(outcomes, [entry]) == (3, 2, 1, [("new::b", "because")])


@pytest.fixture(name="logs")
def _logs(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "LOGS", tmp_path)
    return tmp_path


def test_a_command_counts_as_one(logs):
    good = runner.run_step({"id": "good", "lane": "code", "run": "echo hello"}, full=False)
    bad = runner.run_step({"id": "bad", "lane": "code", "run": "echo oops; exit 3"}, full=False)
    assert (good.state, good.passed, good.failed) == ("passed", 1, [])
    assert (bad.state, bad.passed, bad.failed, bad.note) == ("failed", 0, ["bad"], "exit code 3")
    assert "oops" in runner.tail({"id": "bad"})
    assert (logs / "good.log").read_text() == "hello\n"


def test_every_command_of_a_step_must_succeed(logs):
    assert runner.run_step({"id": "x", "lane": "code", "run": "false; true"}, full=False).state == "failed"


def test_a_step_that_hangs_is_ended_with_its_children(logs):
    result = runner.run_step({"id": "slow", "lane": "code", "minutes": 0.01, "run": "sleep 60 & sleep 60"}, full=False)
    assert result.state == "failed"
    assert "no end after" in result.note
    assert result.seconds < 20


def test_a_step_without_what_it_needs_is_a_skip_by_its_id(logs):
    result = runner.run_step({"id": "x", "lane": "code", "run": "true", "needs": "no/such/thing"}, full=False)
    assert result.state == "skipped"
    assert result.skipped == [("x", "no/such/thing is not there")]


@pytest.mark.parametrize("run", ["true", "exit 4"])
def test_a_pytest_step_that_ran_nothing_failed(logs, run):
    result = runner.run_step({"id": "x", "lane": "code", "pytest": True, "run": run}, full=False)
    assert result.state == "failed"


def test_a_pytest_step_is_counted_test_by_test(logs, tmp_path):
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    command = "cd {}; {} -m pytest --rootdir=. test_sample.py".format(tmp_path, sys.executable)
    result = runner.run_step({"id": "x", "lane": "code", "pytest": True, "run": command}, full=False)
    assert (result.state, result.passed, len(result.failed), len(result.skipped)) == ("failed", 1, 2, 4)


def test_the_steps_are_well_formed():
    steps = yaml.safe_load((ROOT / "tests/runner/steps.yml").read_text(encoding="utf-8"))
    ids = [step["id"] for step in steps]
    assert len(ids) == len(set(ids))
    for step in steps:
        assert {"id", "lane", "run"} <= set(step) <= {"id", "lane", "run", "pytest", "full", "needs", "alone", "minutes", "makes", "without"}, step


def test_the_page_names_the_skips_that_happened_and_no_others():
    allowed = [{"id": "known::*", "reason": "no EL8", "machine": "AlmaLinux 8"},
               {"id": "elsewhere", "reason": "other", "machine": "none"}]
    page = report.render(ROOT, [outcome(passed=2, seconds=61.4, skipped=[("known::a", "w"), ("known::b", "w")])], allowed, (2, 0, 2))
    assert "| known::* | 2 | no EL8 | AlmaLinux 8 |" in page
    assert "elsewhere" not in page
    assert "2 passed, 0 failed, 2 skipped; the steps took 61 s together" in page
