# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import version
from hypothesis import given
from hypothesis import strategies as st

# Older first.
ORDER = [
    ("1.0~rc1", "1.0"), ("1.0~~", "1.0~"), ("1.0", "1.0^git1"), ("1.0^git1", "1.0.1"), ("1.0^20200101", "1.0^20200102"),
    ("1.9", "1.10"), ("1.0", "1.0.1"), ("1.0a", "1.0.1"), ("a", "1"), ("9.el8", "10.el8"), ("553.el8_10", "553.16.1.el8_10"),
    ("1.0", "1.0a"), ("1.0~rc1", "1.0~rc1^git"), ("5.el8", "5.el9"), ("1.alma", "1.alma.1"), ("", "1"), ("A", "a"),
]
EQUAL = [("1.0", "1.0"), ("1.0", "1_0"), ("1.05", "1.5"), ("1.0.", "1.0"), ("2", "002")]


@pytest.mark.parametrize("older,newer", ORDER)
def test_older_is_older_both_ways_round(older, newer):
    assert version.compare_version(older, newer) == -1
    assert version.compare_version(newer, older) == 1


@pytest.mark.parametrize("left,right", EQUAL)
def test_separators_and_zeros_do_not_count(left, right):
    assert version.compare_version(left, right) == 0


def test_epoch_counts_first_then_version_then_release():
    ordered = [(None, "2", "1"), (0, "2", "2"), (0, "3", "1"), (1, "1", "1"), (2, "0", "9")]
    assert sorted(reversed(ordered), key=version.evr_key) == ordered
    assert version.compare_evr((None, "1", "1"), (0, "1", "1")) == 0


TEXT = st.text(alphabet="019az.~^_", max_size=8)


@given(TEXT, TEXT)
def test_comparing_the_other_way_round_gives_the_opposite(one, two):
    assert version.compare_version(one, two) == -version.compare_version(two, one)
