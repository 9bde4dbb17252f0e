# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that resumes takes over: what passed with the same files, and nothing else."""
import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.runner import __main__ as runner
from tests.runner import kept


@pytest.fixture(name="clone")
def _clone(tmp_path):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    for name in ("code.py", kept.REPORT, kept.OUTCOMES + "/x.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    return tmp_path, git


def test_files_are_others_after_a_commit_and_unknown_before_it(clone):
    root, git = clone
    first = kept.files(root)
    for name in (kept.REPORT, kept.OUTCOMES + "/x.json", kept.OUTCOMES + "/y.json"):
        (root / name).write_text("2\n")
        assert kept.files(root) == first, "what the run itself writes"
    git("add", ".")
    git("commit", "-qm", "report")
    assert kept.files(root) == first
    (root / "code.py").write_text("2\n")
    assert kept.files(root) is None
    git("commit", "-qam", "two")
    assert kept.files(root) not in (None, first)
    (root / "new.py").write_text("")
    assert kept.files(root) is None


def test_no_clone_has_no_files(tmp_path):
    assert kept.files(tmp_path) is None and kept.commit(tmp_path) == ""


LISTED = dict.fromkeys(["plugins/a.py", "tests/hosts/conftest.py", "tests/hosts/test_a.py", "tests/hosts/test_b.py", "molecule/shared/create.yml",
                        "molecule/one/molecule.yml", "molecule/two/tests/test_x.py", "docs/a.md", "docs/a.json", "tests/unit/test_u.py",
                        "tests/runner/steps.yml", "tests/bench/bench.py"], "1")


@pytest.mark.parametrize("run, other, same", [
    ("scripts/hosts.sh test_a.py", {"plugins/a.py", "tests/hosts/conftest.py", "tests/hosts/test_a.py", "molecule/shared/create.yml", "docs/a.json"},
     {"tests/hosts/test_b.py", "molecule/one/molecule.yml", "docs/a.md", "tests/unit/test_u.py", "tests/runner/steps.yml", "tests/bench/bench.py"}),
    ("scripts/molecule.sh main two", {"plugins/a.py", "molecule/two/tests/test_x.py", "molecule/shared/create.yml"},
     {"tests/hosts/test_a.py", "molecule/one/molecule.yml", "docs/a.md"}),
    ("tests/bench/run two", {"plugins/a.py", "tests/bench/bench.py"}, {"tests/hosts/test_a.py", "molecule/two/tests/test_x.py", "docs/a.md"}),
    ("ruff check", set(LISTED), set()),
])
def test_a_step_hangs_on_its_command_and_on_what_is_not_of_other_steps_alone(run, other, same):
    before = kept.digest(LISTED, {"run": run})
    changed = {path for path in LISTED if kept.digest(dict(LISTED, **{path: "2"}), {"run": run}) != before}
    assert other <= changed and not changed & same
    assert kept.digest(LISTED, {"run": run + " --x"}) != before


def test_a_step_does_not_hang_on_the_part_that_it_does_without():
    listed = dict(LISTED, **{"roles/convert/a.yml": "1", "roles/hardening/a.yml": "1"})
    for run, hangs in (("scripts/hosts.sh test_a.py", {"roles/hardening/a.yml"}), ("ruff check", {"roles/convert/a.yml", "roles/hardening/a.yml"})):
        step = {"run": run, "without": ["conversion"]}
        before = kept.digest(listed, step)
        assert {path for path in listed if path.startswith("roles/") and kept.digest(dict(listed, **{path: "2"}), step) != before} == hangs


ROOT = Path(__file__).parents[3]
FILES = subprocess.run(["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def part_of(path):
    """The name of the part (str) that *path* is of, or None."""
    return next((name for name, pattern in kept.PARTS.items() if pattern.match(path)), None)


def imported(path):
    """Paths of the collection's modules that a Python file may import (set)."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ansible_collections.elkit.almalinux."):
            place = node.module.split(".", 3)[3].replace(".", "/")
            found |= {f"{place}.py", *(f"{place}/{alias.name}.py" for alias in node.names)}
    return found


def test_no_plugin_imports_a_part_that_is_not_its_own():
    plugins = [path for path in FILES if path.startswith("plugins/") and path.endswith(".py")]
    assert {part_of(path) for path in plugins} == {None, *kept.PARTS}
    assert [(path, name) for path in plugins for name in imported(path) if part_of(name) not in (None, part_of(path))] == []


# These tell the roles what to do with a host, and go into one by a condition that the tests of other parts do not fulfil.
ALL_ROLES = {"playbooks/provision.yml", "playbooks/rollback.yml"}
NAMED = {"conversion": r"almalinux\.(convert|preflight|conversion)\b", "hardening": r"almalinux\.(hardening|harden|audit|baseline)\b"}


def test_no_playbook_no_role_and_no_scenario_names_a_part_that_is_not_its_own():
    found = []
    for path in FILES:
        if not path.startswith(("roles/", "playbooks/", "molecule/")) or not path.endswith(".yml") or path in ALL_ROLES:
            continue
        own = part_of(path) or {"convert": "conversion", "hardening": "hardening"}.get(path.split("/")[1].split("-")[0])
        found += [(path, name) for name, pattern in NAMED.items() if name != own and re.search(pattern, (ROOT / path).read_text())]
    assert found == []


def test_every_step_does_without_parts_that_there_are_and_not_without_its_own():
    for step in yaml.safe_load((ROOT / "tests/runner/steps.yml").read_text()):
        assert set(step.get("without", ())) <= set(kept.PARTS)
        assert not any(re.search(word, step["run"] + step["id"]) and part in step.get("without", ())
                       for part, word in (("conversion", "conver"), ("hardening", "harden|lockout|outside")))


def test_an_outcome_comes_back_for_the_same_files_alone(tmp_path):
    step = {"id": "x", "run": "true", "lane": "first"}
    before = runner.Outcome(step, "passed", 3.5, 7, skipped=[("a::b", "why")], ended="2026-01-01 10:00", commit="12345678",
                            machine="one of ours")
    kept.write(tmp_path, before, "files")
    again = runner.Outcome(step, **kept.read(tmp_path, "x", "files"))
    assert vars(again) == vars(before)
    assert kept.read(tmp_path, "x", "others") is None and kept.read(tmp_path, "y", "files") is None
    (tmp_path / "x.json").write_text("{")
    assert kept.read(tmp_path, "x", "files") is None


def test_only_what_passes_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "LOGS", tmp_path)
    monkeypatch.setattr(runner, "OUTCOMES", tmp_path / "outcomes")
    good, bad = ({"id": run, "lane": "first", "run": run} for run in ("true", "false"))
    runner.run_lane([good, bad], True, [], LISTED, "12345678")
    outcome = kept.read(tmp_path / "outcomes", "true", kept.digest(LISTED, good))
    assert outcome["passed"] == 1 and outcome["commit"] == "12345678" and "cores" in outcome["machine"]
    assert kept.read(tmp_path / "outcomes", "false", kept.digest(LISTED, bad)) is None
