# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy: a skip that nobody listed is a failure."""

import pathlib

import pytest
import yaml

from tests.runner import skips

ROOT = pathlib.Path(__file__).resolve().parents[3]
ENTRY = {"id": "tests/hosts/test_dnf.py::test_el8_*", "reason": "no EL8 dnf here", "machine": "AlmaLinux 8"}


def test_an_unlisted_skip_has_no_entry():
    assert skips.entry_for("tests/hosts/test_dnf.py::test_el9_lists", [ENTRY]) is None
    assert skips.entry_for("tests/hosts/test_dnf.py::test_el8_lists", []) is None


def test_a_pattern_allows_what_it_matches():
    assert skips.entry_for("tests/hosts/test_dnf.py::test_el8_lists", [ENTRY]) is ENTRY


def test_brackets_of_parameters_are_no_pattern():
    entry = dict(ENTRY, id="tests/test_a.py::test_x[al8]")
    assert skips.entry_for("tests/test_a.py::test_x[al8]", [entry]) is entry
    assert skips.entry_for("tests/test_a.py::test_xa", [entry]) is None


def test_case_matters():
    assert skips.entry_for("TESTS/hosts/test_dnf.py::test_el8_lists", [ENTRY]) is None


@pytest.mark.parametrize("entries, word", [
    ({"id": "x"}, "no list"),
    (["x"], "exactly"),
    ([{"id": "x", "reason": "y"}], "exactly"),
    ([dict(ENTRY, reason=" ")], "exactly"),
    ([dict(ENTRY, machine=None)], "exactly"),
    ([dict(ENTRY, until="2027")], "exactly"),
    ([ENTRY, dict(ENTRY)], "twice"),
])
def test_a_bad_list_is_refused(entries, word):
    with pytest.raises(skips.SkipListError, match=word):
        skips.validate(entries)


def test_the_list_of_this_project_is_good():
    entries = yaml.safe_load((ROOT / "tests/skips.yml").read_text(encoding="utf-8"))
    assert skips.validate(entries) == entries


def test_no_entry_allows_every_skip():
    entries = yaml.safe_load((ROOT / "tests/skips.yml").read_text(encoding="utf-8"))
    assert skips.entry_for("tests/unit/any/test_thing.py::test_thing", entries) is None
