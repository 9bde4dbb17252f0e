# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""How long releases are supported: data, and what it says of a day.

Source: endoflife.date (2026-08-22) and the distributions' release notes; minors: AlmaLinux's wiki (2026-08-18).
A minor or major that is missing here is no error: hosts may be newer than this file.
"""

import datetime

SOURCE = "https://endoflife.date"
AS_OF = "2026-08-22"

# (product, major): (end of active support, end of security support, end of paid extended support)
SUPPORT = {
    ("almalinux", 8): ("2024-05-31", "2029-05-31", None),
    ("almalinux", 9): ("2027-05-31", "2032-05-31", None),
    ("almalinux", 10): ("2030-05-31", "2035-05-31", None),
    ("almalinux-kitten", 10): ("2030-05-31", "2030-05-31", None),
    ("centos", 6): (None, "2020-11-30", None),
    ("centos", 7): (None, "2024-06-30", None),
    ("centos", 8): (None, "2021-12-31", None),
    ("centos-stream", 8): ("2024-05-31", "2024-05-31", None),
    ("centos-stream", 9): ("2027-05-31", "2027-05-31", None),
    ("centos-stream", 10): ("2030-05-31", "2030-05-31", None),
    ("rhel", 7): (None, "2024-06-30", "2029-05-31"),
    ("rhel", 8): ("2024-05-31", "2029-05-31", "2033-05-31"),
    ("rhel", 9): ("2027-05-31", "2032-05-31", "2036-05-31"),
    ("rhel", 10): ("2030-05-31", "2035-05-31", "2039-05-31"),
    ("rocky", 8): ("2024-05-31", "2029-05-31", None),
    ("rocky", 9): ("2027-05-31", "2032-05-31", None),
    ("rocky", 10): ("2030-05-31", "2035-05-31", None),
    ("oracle", 7): (None, "2024-12-31", "2028-06-30"),
    ("oracle", 8): (None, "2029-07-31", "2032-07-31"),
    ("oracle", 9): (None, "2032-06-30", "2035-06-30"),
}

# AlmaLinux's minors: {major: {minor: the day it was released}}. A minor ends when the next appears.
RELEASED = {
    8: {3: "2021-03-30", 4: "2021-05-26", 5: "2021-11-12", 6: "2022-05-12", 7: "2022-11-10", 8: "2023-05-18",
        9: "2023-11-21", 10: "2024-05-28"},
    9: {0: "2022-05-26", 1: "2022-11-16", 2: "2023-05-10", 3: "2023-11-13", 4: "2024-05-06", 5: "2024-11-18",
        6: "2025-05-20", 7: "2025-11-17", 8: "2026-05-26"},
    10: {0: "2025-05-27", 1: "2025-11-24", 2: "2026-05-26"},
}

ACTIVE, SECURITY, EXTENDED, ENDED, UNKNOWN = "active", "security", "extended", "ended", "unknown"


def lookup(product, major):
    """The dates of (product, major): {"active_end", "security_end", "extended_end"} (YYYY-MM-DD or None), or None if unknown."""
    dates = SUPPORT.get((product, major))
    return None if dates is None else {"active_end": dates[0], "security_end": dates[1], "extended_end": dates[2]}


def day(text):
    """The datetime.date of "YYYY-MM-DD", or None for None.

    :raises ValueError: it is no date
    """
    if text is None:
        return None
    year, month, number = text.split("-")
    return datetime.date(int(year), int(month), int(number))


def phase(dates, today):
    """Where *today* (datetime.date) falls in *dates* (as lookup() gives them); the last day of support counts as supported."""
    if dates is None:
        return UNKNOWN
    for name, key in ((ACTIVE, "active_end"), (SECURITY, "security_end"), (EXTENDED, "extended_end")):
        end = day(dates[key])
        if end is not None and today <= end:
            return name
    return ENDED


def assess(product, major, minor, today):
    """Everything known of a release on a day.

    :param minor: int or None
    :param today: datetime.date
    :returns: dict: active_end, security_end, extended_end (YYYY-MM-DD or None), days_left (of security support; negative
        after its end; None if unknown), days_left_active, phase, released (day of this minor), newest_minor (int or None:
        the newest known), newer_minor_known (bool or None), source, as_of
    """
    dates = lookup(product, major)
    active = day(dates["active_end"]) if dates else None
    security = day(dates["security_end"]) if dates else None
    minors = RELEASED.get(major, {}) if product == "almalinux" else {}
    newest = max(minors) if minors else None
    return {
        "active_end": dates["active_end"] if dates else None,
        "security_end": dates["security_end"] if dates else None,
        "extended_end": dates["extended_end"] if dates else None,
        "days_left": (security - today).days if security else None,
        "days_left_active": (active - today).days if active else None,
        "phase": phase(dates, today),
        "released": minors.get(minor),
        "newest_minor": newest,
        "newer_minor_known": newest > minor if newest is not None and minor is not None else None,
        "source": SOURCE,
        "as_of": AS_OF,
    }
