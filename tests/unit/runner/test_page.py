# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/verification.md: which hosts there were, and which aims were met."""
import json
import pathlib

import pytest

from elkit_testbed import hosts as testbed
from tests.runner import __main__ as runner
from tests.runner import made, report

ROOT = pathlib.Path(__file__).resolve().parents[3]
LOOKALIKE = "no result on AlmaLinux itself"


def page(*outcomes):
    return report.render(ROOT, list(outcomes), [], (1, 0, 0))


def outcome(identifier, **values):
    return runner.Outcome({"id": identifier, "lane": "first", "run": "true", "makes": values.pop("makes", [])}, "passed", commit="12345678",
                          machine="one of ours", ended="2026-01-01 10:00", **values)


@pytest.mark.parametrize("used, line, column, warned", [
    ({}, "none", "", False),
    ({"al9": "look-alike", "al8": "look-alike"}, "look-alike: al8, al9", "look-alike", True),
    ({"al9": "official"}, "official: al9", "official", False),
    ({"al9": "official", "cs9": "look-alike"}, "look-alike: cs9; official: al9", "look-alike, official", True),
])
def test_the_page_says_which_hosts_a_step_used(used, line, column, warned):
    text = page(outcome("ruff"), outcome("hosts-facts", hosts=used))
    assert "| Test hosts | {} |".format(line) in text
    assert (LOOKALIKE in text) == warned
    assert "| Machine | one of ours |" in text
    assert "| hosts-facts | passed | 0 | 0 | 0 | 0.0 | 2026-01-01 10:00 | 12345678 | {} |".format(column) in text


def test_the_page_says_which_controls_are_covered():
    text = page(outcome("ruff"))
    section = text.partition("\n## Controls\n")[2].partition("\n## ")[0]
    assert "| Profile |  | Release | Rules | Implemented | of these host only | of these look only | For people |" in section
    for profile in ("cis_server_l1", "cis_server_l2", "hipaa", "pci_dss"):
        for major in (8, 9, 10):
            rules = (ROOT / "tests/outside/rules" / f"{profile}-{major}.txt").read_text(encoding="utf-8").splitlines()
            count = len([line for line in rules if line.strip() and not line.startswith("#")])
            row = [line.split(" | ") for line in section.splitlines() if line.startswith(f"| `{profile}` |") and line.split(" | ")[2] == str(major)]
            assert len(row) == 1 and row[0][3] == str(count), (profile, major)


def test_the_testbed_notes_what_it_starts(tmp_path, monkeypatch):
    def host(kind, official):
        return testbed.Host(name="x", kind=kind, container="x", running=True, official=official, fleet=False, address="", port=22, pythons=())
    path = tmp_path / "noted"
    monkeypatch.delenv(testbed.NOTE, raising=False)
    testbed.note([host("al8", True)])
    assert made.hosts(path) == {}
    monkeypatch.setenv(testbed.NOTE, str(path))
    testbed.note([host("cs9", False), host("al9", True)])
    testbed.note([host("cs9", False)])
    assert made.hosts(path) == {"al9": "official", "cs9": "look-alike"}


def test_a_step_tells_the_testbed_where_to_note(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "LOGS", tmp_path)
    monkeypatch.setattr(runner, "BUILD", tmp_path)
    (tmp_path / "x.hosts").write_text("al10 official\n")
    found = runner.run_step({"id": "x", "lane": "first", "run": "echo al9 look-alike >>${}".format(testbed.NOTE)}, full=False)
    assert found.hosts == {"al9": "look-alike"}


def test_the_page_says_of_each_aim_whether_it_was_met():
    result = {"name": "hardening", "host": "hard9 (lookalike)", "core": "2.21.5", "n": 2, "ratios": {"second / ping": 2.5, "walk": 2.11, "first / ping": 6.1},
              "aims": {"second / ping": "at most 5.0", "walk": "at most 2.0", "calls": "at most 8"}, "missed": ["walk"],
              "seconds": {"ping": 1.25, "audit": 3.0}, "failed": {"audit": 1}, "more": {"calls": 3, "bytes": 4080}}
    text = page(outcome("bench", makes=["bench/*.json"], made={"bench/hardening.json": json.dumps(result)}))
    for row in ("bench passed at commit 12345678, 2026-01-01 10:00 UTC:", "On hard9 (lookalike), ansible-core 2.21.5.",
                "| second / ping (ratio) | 2.50 | at most 5.0: met |", "| walk (ratio) | 2.11 | at most 2.0: **missed** |",
                "| first / ping (ratio) | 6.10 |  |", "| ping (s) | 1.250 |  |", "| audit (s) (failed in 1 rounds) | 3.000 |  |",
                "| calls | 3 | at most 8: met |", "| bytes | 4080 |  |", "| repetitions | 2 |  |"):
        assert row in text, row


def test_the_page_shows_the_matrix_of_sources_and_of_a_step_that_failed_as_much_as_there_is():
    table = "source  look  check\nro8     4.1   -\n"
    step = outcome("hosts-conversion-matrix", makes=["matrix/conversion.txt"], made={"matrix/conversion.txt": table})
    shown = "## Matrix\n\n{}\n\nhosts-conversion-matrix {} at commit 12345678, 2026-01-01 10:00 UTC{}:\n\n### conversion\n\n```text\n{}```\n\n## Faults\n"
    sentence = "Every source there, back and there again, with the seconds of each step; - where a case did not come so far."
    assert shown.format(sentence, "passed", "", table) in page(step)
    step.state = "failed"
    assert shown.format(sentence, "failed", " (**the step failed**; this is what it wrote until then)", table) in page(step)
    assert "## Matrix\n\n{}\n\nNone were run.\n".format(sentence) in page(outcome("ruff"))
