# SPDX-License-Identifier: GPL-3.0-or-later
"""What is counted, and the committed lists that it is counted over."""
import re

import pytest

from tests.outside import judge

LISTS = [(el, profile) for el in (8, 9, 10) for profile in judge.PROFILES]


def test_parse_takes_rules_alone():
    text = "\n".join([judge.PREFIX + "rule_sshd_set_keepalive:pass", "WARNING: something", judge.PREFIX + "rule_package_aide_installed:fail", ""])
    assert judge.parse(text) == {"sshd_set_keepalive": "pass", "package_aide_installed": "fail"}


def test_count_is_honest():
    results = {"a": "pass", "b": "fail", "c": "notapplicable", "d": "fail", "e": "pass", "f": "error", "outside": "pass"}
    counted = judge.count(results, ["a", "b", "c", "d", "e", "f", "gone"], waived={"d": "why", "e": "passes all the same", "c": "why"})
    assert counted.passed == ("a", "e")
    assert counted.failed == ("b", "f", "gone")
    assert counted.waived == ("d",)
    assert counted.not_applicable == ("c",)
    assert counted.total == 7
    assert counted.percent == pytest.approx(100 * 2 / 7)


def test_nothing_to_count_is_no_success():
    assert judge.count({}, []).percent == 0


@pytest.mark.parametrize("text", ["- {id: a, el: [8]}", "- {el: [8], reason: why}", "- {id: a, el: [], reason: why}", "- {id: a, el: [8], reason: ''}"])
def test_waiver_without_its_parts_is_refused(tmp_path, text):
    path = tmp_path / "waivers.yml"
    path.write_text(text)
    with pytest.raises(judge.JudgeError, match="lacks"):
        judge.waivers(8, path)


def test_waiver_is_of_its_releases(tmp_path):
    path = tmp_path / "waivers.yml"
    path.write_text("- {id: a, el: [8, 9], reason: why}\n- {id: b, el: [10], reason: because}\n")
    assert judge.waivers(9, path) == {"a": "why"}
    assert judge.waivers(10, path) == {"b": "because"}


@pytest.mark.parametrize("el, profile", LISTS)
def test_lists(el, profile):
    """Sorted, without doubles, as many as the header says; what is counted is a part of the profile."""
    every, counted = judge.rules(el, profile), judge.denominator(el, profile)
    for folder, ids in (("rules", every), ("denominators", counted)):
        header = (judge.HERE / folder / ("%s-%s.txt" % (profile, el))).read_text().splitlines()[0]
        assert int(re.search(r"(\d+) rules", header).group(1)) == len(ids)
        assert ids == sorted(set(ids))
    assert set(counted) <= set(every)


@pytest.mark.parametrize("el", (8, 9, 10))
def test_level_one_is_broad_and_part_of_level_two(el):
    assert len(judge.denominator(el, "cis_server_l1")) >= 250
    assert set(judge.rules(el, "cis_server_l1")) <= set(judge.rules(el, "cis_server_l2"))


@pytest.mark.parametrize("el", (8, 9, 10))
def test_committed_waivers_name_rules_that_are_counted(el):
    known = {rule for profile in judge.PROFILES for rule in judge.denominator(el, profile)}
    assert set(judge.waivers(el)) <= known
