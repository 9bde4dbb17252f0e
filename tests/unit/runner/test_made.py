# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence is of the run of the step that it is shown for: what lies in .build from elsewhere is not shown."""
import json
import pathlib
import re

import pytest
import yaml

from tests.runner import __main__ as runner
from tests.runner import kept, made, report

ROOT = pathlib.Path(__file__).resolve().parents[3]
STEPS = yaml.safe_load((ROOT / "tests/runner/steps.yml").read_text(encoding="utf-8"))
FILES = {"plugins/a.py": "1"}


@pytest.fixture(name="build")
def _build(tmp_path, monkeypatch):
    """The folder .build of a clone, with a table of another run in it."""
    for name in ("log", "faults", "outside", "bench"):
        (tmp_path / ".build" / name).mkdir(parents=True)
    (tmp_path / ".build/faults/lockout.txt").write_text("a table of another run\n")
    monkeypatch.setattr(runner, "BUILD", tmp_path / ".build")
    monkeypatch.setattr(runner, "LOGS", tmp_path / ".build/log")
    monkeypatch.setattr(runner, "OUTCOMES", tmp_path / ".build/kept")
    return tmp_path / ".build"


def step_of(build, command, **more):
    return dict({"id": "hosts-lockout", "lane": "first", "makes": ["faults/lockout.txt"], "run": "cd {}; {}".format(build, command)}, **more)


def page(build, *outcomes):
    return report.render(build.parent, list(outcomes), [], (1, 0, 0))


@pytest.mark.parametrize("command, more, state, made_of_it", [
    ("echo mine >faults/lockout.txt", {}, "passed", "mine"),
    ("echo mine >>faults/lockout.txt", {}, "passed", "mine"),
    ("true", {}, "passed", None),
    ("false", {}, "failed", None),
    ("echo mine >faults/lockout.txt; exit 1", {}, "failed", "mine"),
    ("echo mine >faults/lockout.txt; sleep 60", {"minutes": 0.01}, "failed", "mine"),
    ("true", {"needs": "no/such/thing"}, "skipped", None),
])
def test_what_a_step_did_not_write_itself_is_not_shown(build, command, more, state, made_of_it):
    outcome = runner.run_step(step_of(build, command, **more), full=True)
    outcome.commit = "12345678"
    assert outcome.state == state
    assert outcome.made == ({"faults/lockout.txt": made_of_it + "\n"} if made_of_it else {})
    text = page(build, outcome)
    assert "another run" not in text
    assert ("```text\nmine\n```" in text) == bool(made_of_it)
    assert ("hosts-lockout {} at commit 12345678".format(state) in text) == (state != "skipped")
    assert ("**the step failed**" in text) == (state == "failed")
    assert ("It did not write faults/lockout.txt." in text) == (state != "skipped" and not made_of_it)


def test_what_lies_there_without_its_step_is_not_shown(build):
    (build / "outside/cis_server_l1-9.json").write_text(json.dumps({"profile": "cis_server_l1", "percent": 98.4}))
    (build / "bench/facts.json").write_text(json.dumps({"name": "facts"}))
    text = page(build, runner.Outcome({"id": "ruff", "lane": "first", "run": "true"}, "passed"))
    assert "another run" not in text and "98.4" not in text and "### facts" not in text
    assert text.count("None were run.") == 4


def test_a_run_by_hand_changes_nothing_of_what_was_kept(build):
    step = step_of(build, "echo mine >faults/lockout.txt; echo al9 look-alike >>$ELKIT_HOSTS_NOTE")
    outcomes = []
    runner.run_lane([step], True, outcomes, FILES, "12345678")
    before = page(build, *outcomes)
    (build / "faults/lockout.txt").write_text("by hand\n")
    (build / "log/hosts-lockout.hosts").write_text("al8 official\n")
    known = runner.Outcome(step, **kept.read(build / "kept", "hosts-lockout", kept.digest(FILES, step)))
    assert known.made == {"faults/lockout.txt": "mine\n"}
    assert page(build, known) == before and "mine" in before


def test_a_step_that_runs_again_and_fails_is_kept_no_more(build):
    passes, fails = step_of(build, "[ ! -e broken ]"), step_of(build, "[ ! -e broken ]")
    digest = kept.digest(FILES, passes)
    runner.run_lane([passes], True, [], FILES, "12345678")
    (build / "broken").touch()
    runner.run_lane([fails], False, [])
    assert kept.read(build / "kept", "hosts-lockout", digest), "a short run has no say"
    runner.run_lane([fails], True, [], FILES, "12345678")
    assert kept.read(build / "kept", "hosts-lockout", digest) is None


def test_what_an_older_runner_kept_does_not_count(build):
    step = step_of(build, "true")
    kept.write(build / "kept", runner.Outcome(step, "passed"), "files")
    path = build / "kept/hosts-lockout.json"
    data = json.loads(path.read_text())
    assert kept.read(build / "kept", "hosts-lockout", "files")
    del data["made"]
    path.write_text(json.dumps(data))
    assert kept.read(build / "kept", "hosts-lockout", "files") is None


def test_other_evidence_and_other_images_are_another_step(monkeypatch):
    step = {"run": "true", "makes": ["faults/a.txt"]}
    monkeypatch.delenv("ELKIT_IMAGES", raising=False)
    first = kept.digest(FILES, step)
    assert kept.digest(FILES, dict(step, makes=["faults/b.txt"])) != first
    monkeypatch.setenv("ELKIT_IMAGES", "official")
    assert kept.digest(FILES, step) != first


def test_a_table_that_is_missing_among_others_is_named(build):
    step = {"id": "hosts-faults", "lane": "first", "run": "true", "makes": ["faults/a.txt", "faults/b.txt"]}
    text = page(build, runner.Outcome(step, "passed", made={"faults/a.txt": "rows\n"}))
    assert "rows" in text and "It did not write faults/b.txt." in text


def test_only_a_steps_own_files_are_removed(build):
    (build / "faults/folder.txt").mkdir()
    (build / "faults/other.json").touch()
    step = {"makes": ["faults/*.txt", "no/such/*"]}
    assert made.read(build, step) == {"faults/lockout.txt": "a table of another run\n"}
    made.clear(build, step)
    assert made.read(build, step) == {}
    assert sorted(path.name for path in (build / "faults").iterdir()) == ["folder.txt", "other.json"]


def test_a_file_that_was_torn_is_left_out(build):
    judged = {"profile": "pci_dss", "el": 9, "total": 10, "before": 5, "after": 9, "percent": 90.0, "waived": []}
    step = {"id": "hosts-outside", "lane": "first", "run": "true", "makes": ["outside/*.json"]}
    outcome = runner.Outcome(step, "failed", made={"outside/pci_dss-10.json": '{"profile"', "outside/pci_dss-9.json": json.dumps(judged)})
    assert "| pci_dss | 9 | 10 | 5 | 9 | 90.0 % | none |" in page(build, outcome)


def _tables(module):
    """The files below .build that a module of tests/hosts writes for the page; with a star for the release where it has one for each."""
    text = (ROOT / "tests/hosts" / module).read_text(encoding="utf-8")
    found = {"faults/{}.txt".format(name) for name in re.findall(r'table_of\("(\w+)"\)', text)}
    found.update("faults/" + name for name in re.findall(r'"faults" / "(\w+\.txt)"', text))
    found.update("faults/" + name + "-*.txt" for name in re.findall(r'"faults" / f"(\w+)-\{major\}\.txt"', text))
    return found | ({"outside/*.json"} if 'BUILD) / "outside"' in text else set())


def test_each_step_names_what_its_tests_write():
    seen = []
    for step in STEPS:
        modules = re.findall(r"test_\w+\.py", step["run"]) if "scripts/hosts.sh" in step["run"] else []
        written = set().union(*(_tables(module) for module in modules))
        named = {pattern for pattern in step.get("makes", ()) if pattern.startswith(("faults/", "outside/"))}
        # A step may be that of one release.
        assert {re.sub(r"-\d+\.txt\Z", "-*.txt", pattern) for pattern in named} == written, step["id"]
        seen += step.get("makes", [])
    assert {f"faults/lockout-{major}.txt" for major in (8, 9, 10)} <= set(seen)
    assert len(seen) == len(set(seen)) and len([pattern for pattern in seen if pattern.startswith("faults/")]) >= 5
    assert {"outside/*.json", runner.COVERAGE} <= set(seen)
