# SPDX-License-Identifier: GPL-3.0-or-later
import datetime

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import lifecycle


@pytest.mark.parametrize("today,phase,left", [
    ("2026-11-24", "active", 2015), ("2027-05-31", "active", 1827), ("2027-06-01", "security", 1826),
    ("2032-05-31", "security", 0), ("2032-06-01", "ended", -1)])
def test_phases_of_almalinux_9(today, phase, left):
    facts = lifecycle.assess("almalinux", 9, 7, lifecycle.day(today))
    assert (facts["phase"], facts["days_left"]) == (phase, left)


def test_paid_support_is_a_phase_of_its_own():
    assert lifecycle.assess("rhel", 8, 10, lifecycle.day("2030-01-01"))["phase"] == "extended"
    assert lifecycle.assess("centos", 8, 5, lifecycle.day("2030-01-01"))["phase"] == "ended"


def test_minors_known_newest_and_not_yet_known():
    today = datetime.date(2026, 11, 24)
    old = lifecycle.assess("almalinux", 9, 7, today)
    assert (old["released"], old["newer_minor_known"], old["newest_minor"]) == ("2025-11-17", True, 8)
    assert lifecycle.assess("almalinux", 8, 10, today)["newer_minor_known"] is False
    future = lifecycle.assess("almalinux", 9, 9, today)
    assert (future["released"], future["newer_minor_known"], future["phase"]) == (None, False, "active")
    assert lifecycle.assess("almalinux", 9, None, today)["newer_minor_known"] is None


@pytest.mark.parametrize("product,major", [("almalinux", 11), (None, None), ("debian", 13)])
def test_unknown_releases_are_fine(product, major):
    facts = lifecycle.assess(product, major, 0, datetime.date(2026, 11, 24))
    assert (facts["phase"], facts["days_left"], facts["newest_minor"]) == ("unknown", None, None)


def test_dates_of_every_release_are_dates_in_order():
    for dates in lifecycle.SUPPORT.values():
        days = [lifecycle.day(text) for text in dates if text]
        assert days and days == sorted(days)
    for major, minors in lifecycle.RELEASED.items():
        days = [lifecycle.day(minors[minor]) for minor in sorted(minors)]
        assert days == sorted(days) and sorted(minors) == list(range(min(minors), max(minors) + 1))
