# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.elkit.almalinux.plugins.filter.baseline_rows import baseline_rows
from ansible_collections.elkit.almalinux.plugins.filter.baseline_scores import baseline_scores
from ansible_collections.elkit.almalinux.plugins.filter.baseline_verdict import baseline_verdict

RESULT = {"mode": "audit", "controls": [
    {"id": "a", "status": "pass", "theme": "sshd", "level": 1},
    {"id": "b", "status": "fail", "theme": "sshd", "level": 1, "before": {"running": "1", "file": None}},
    {"id": "c", "status": "changed", "theme": "cron", "level": 2, "before": 4, "waits_for": ["aide", "cronie"]},
    {"id": "d", "status": "excepted", "exception": {"expires": "2027-01-01", "reason": "it routes", "expired": False}},
    {"id": "e", "status": "error", "theme": "cron", "message": "no authselect"},
    {"id": "f", "status": "not_applicable"},
]}


def test_rows():
    assert baseline_rows(RESULT) == [
        {"status": "error", "level": None, "control": "e", "found": "no authselect"},
        {"status": "fail", "level": 1, "control": "b", "found": "running: 1, file: nothing"},
        {"status": "changed", "level": 2, "control": "c", "found": "4; waits for aide, cronie"},
        {"status": "excepted", "level": None, "control": "d", "found": "until 2027-01-01: it routes"}]
    assert [row["control"] for row in baseline_rows(RESULT, 2)] == ["e", "b", "and 2 more"]
    assert len(baseline_rows(RESULT, 4)) == 4 and baseline_rows({}) == []


def test_scores():
    found = {row["theme"]: (row["score"], row["pass"], row["fail"]) for row in baseline_scores(RESULT)}
    assert found == {"cron": ("50 %", 1, 1), "sshd": ("50 %", 1, 1), "other": ("-", 0, 0), "all": ("50 %", 2, 2)}
    assert [row["theme"] for row in baseline_scores(RESULT)][-1] == "all"
    assert {row["theme"]: row["score"] for row in baseline_scores(dict(RESULT, mode="check"))}["cron"] == "0 %"


def test_verdict():
    assert baseline_verdict(RESULT, ["error"]) == ["1 error: e"]
    assert baseline_verdict(RESULT, "fail") == ["1 fail: b"]
    assert baseline_verdict(RESULT, "fail, error,") == ["1 fail: b", "1 error: e"]
    assert baseline_verdict(RESULT, None) == baseline_verdict({}, ["error"]) == []


@pytest.mark.parametrize("call", [lambda: baseline_rows([]), lambda: baseline_scores("x"), lambda: baseline_verdict(None, []),
                                  lambda: baseline_verdict(RESULT, ["fails"])])
def test_bad_input(call):
    with pytest.raises(AnsibleFilterError, match="elkit.almalinux.baseline_"):
        call()
