# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that resumes takes over: what passed with the very same files, and nothing else."""
import subprocess

import pytest

from tests.runner import __main__ as runner
from tests.runner import kept


@pytest.fixture(name="clone")
def _clone(tmp_path):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    (tmp_path / "docs").mkdir()
    for name in ("code.py", kept.REPORT):
        (tmp_path / name).write_text("1\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    return tmp_path, git


def test_files_are_others_after_a_commit_and_unknown_before_it(clone):
    root, git = clone
    first = kept.files(root)
    (root / kept.REPORT).write_text("2\n")
    assert kept.files(root) == first, "the report is the run's own"
    git("commit", "-qam", "report")
    assert kept.files(root) == first
    (root / "code.py").write_text("2\n")
    assert kept.files(root) is None
    git("commit", "-qam", "two")
    assert kept.files(root) not in (None, first)
    (root / "new.py").write_text("")
    assert kept.files(root) is None


def test_no_clone_has_no_files(tmp_path):
    assert kept.files(tmp_path) is None


def test_an_outcome_comes_back_for_the_same_files_alone(tmp_path):
    step = {"id": "x", "run": "true", "lane": "first"}
    before = runner.Outcome(step, "passed", 3.5, 7, skipped=[("a::b", "why")], ended="2026-01-01 10:00")
    kept.write(tmp_path, before, "files")
    again = runner.Outcome(step, **kept.read(tmp_path, "x", "files"))
    assert vars(again) == vars(before)
    assert kept.read(tmp_path, "x", "others") is None and kept.read(tmp_path, "y", "files") is None
    (tmp_path / "x.json").write_text("{")
    assert kept.read(tmp_path, "x", "files") is None


def test_only_what_passes_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "LOGS", tmp_path)
    runner.run_lane([{"id": "good", "lane": "first", "run": "true"}, {"id": "bad", "lane": "first", "run": "false"}], True, [], "files")
    assert kept.read(tmp_path, "good", "files")["passed"] == 1 and kept.read(tmp_path, "bad", "files") is None
