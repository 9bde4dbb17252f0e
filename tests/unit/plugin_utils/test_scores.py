# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import STATUSES
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.plugin_utils import scores


def rows(*statuses, **more):
    return [dict({"id": "c{}".format(number), "status": status}, **more) for number, status in enumerate(statuses)]


@pytest.mark.parametrize(("statuses", "good", "passed", "of", "percent"), [
    (["pass"] * 3, True, 3, 3, 100),
    (["pass", "fail", "error"], True, 1, 3, 33),
    (["pass"] * 199 + ["fail"], True, 199, 200, 99),
    (["pass", "changed"], True, 2, 2, 100),
    (["pass", "changed"], False, 1, 2, 50),
    (["pass", "pending", "pending_reboot"], True, 1, 3, 33),
    (["pass", "excepted", "not_applicable"], True, 1, 1, 100),
    (["excepted", "not_applicable"], True, 0, 0, None),
    ([], True, 0, 0, None),
])
def test_score(statuses, good, passed, of, percent):
    found = scores.score(rows(*statuses), good)
    assert (found["passed"], found["of"], found["percent"]) == (passed, of, percent)


def test_every_status_has_its_place():
    assert sorted(scores.WORST_FIRST) == sorted(STATUSES)


def test_by_theme():
    found = scores.by_theme(rows("pass", "fail", theme="b") + rows("pass", theme="a") + rows("fail"))
    assert [(item["theme"], item["percent"]) for item in found] == [("a", 100), ("b", 50), ("other", 0)]


@pytest.mark.parametrize(("given", "fail_on", "found"), [
    (rows("pass"), ["error", "fail"], []),
    (rows("fail"), ["error"], []),
    (rows("fail", "fail"), ["fail"], ["2 fail: c0, c1"]),
    (rows(*["error"] * 7), ["error"], ["7 error: c0, c1, c2, c3, c4 and 2 more"]),
    (rows("fail", level=1), ["level_1"], ["1 level 1: c0"]),
    (rows("pending", level=1), ["level_1"], ["1 level 1: c0"]),
    (rows("pass", "excepted", level=1), ["level_1"], []),
    (rows("fail", level=2), ["level_1"], []),
    (rows("fail"), ["level_1"], []),
    (rows("pass", exception={"expired": True}), ["expired"], ["1 expired: c0"]),
    (rows("excepted", exception={"expired": False}), ["expired"], []),
    (rows("pass", "fail"), ["score<60"], ["the score is 50 %, less than 60 %"]),
    (rows("pass", "fail"), ["score < 50"], []),
    (rows("not_applicable"), ["score<100"], []),
    (rows("changed"), ["changed"], ["1 changed: c0"]),
    (rows("pass"), [], []),
])
def test_reasons(given, fail_on, found):
    assert scores.reasons(given, fail_on) == found


def test_reasons_of_a_scan():
    scan = {"disagreements": [{"id": "x"}]}
    assert scores.reasons([], ["disagreement"], scan) == ["1 disagreement: x"]
    assert scores.reasons(rows("pass"), ["disagreement"], {"disagreements": []}) == []


@pytest.mark.parametrize("given, scan, words", [
    (rows("pass"), {"error": "OpenSCAP is not installed"}, ["disagreement cannot be told: OpenSCAP is not installed"]),
    ([], {"error": "OpenSCAP is not installed"}, ["disagreement cannot be told: OpenSCAP is not installed"]),
    (rows("pass"), None, ["disagreement cannot be told: no scan of OpenSCAP was asked for (scan)"]),
    # As the roles ask beforehand, to see that all words are there.
    ([], None, []),
])
def test_a_host_that_was_never_scanned_does_not_agree(given, scan, words):
    assert scores.reasons(given, ["disagreement"], scan) == words
    assert scores.reasons(given, ["error"], scan) == []


@pytest.mark.parametrize("changed_is_good, found", [(True, []), (False, ["1 level 1: c0"])])
def test_what_would_change_is_not_so_yet(changed_is_good, found):
    assert scores.reasons(rows("changed", "pass", level=1), ["level_1"], None, changed_is_good) == found


@pytest.mark.parametrize("word, near", [("fails", "fail"), ("level_3", "level_2"), ("score>5", None), ("", None), (["fail"], "fail"), ({}, None)])
def test_a_word_that_there_is_not(word, near):
    near = rf" \(the nearest is {near}\)" if near else ""
    with pytest.raises(InputError, match=f"hardening_fail_on names .*which there is not{near}. There are: .*fail"):
        scores.reasons([], [word])
