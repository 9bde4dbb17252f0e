# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of a baseline come to: scores, an order for people, and whether a run counts as failed. Pure data."""

from __future__ import annotations

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import STATUSES
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.plugin_utils.catalogue import nearest

# The order in which people want to read them.
WORST_FIRST = ("error", "fail", "pending", "pending_reboot", "changed", "excepted", "pass", "not_applicable")
FAIL_WORDS = STATUSES + ("expired", "disagreement", "level_1", "level_2")


def passes(row, changed_is_good=True):
    """Whether a row counts as passed. In check mode what would change does not hold yet."""
    return row["status"] == "pass" or row["status"] == "changed" and changed_is_good


def score(rows, changed_is_good=True):
    """How many of *rows* pass, of those that apply and are not excepted.

    :returns: {"passed", "of", "percent" (int, rounded down; None where nothing applies), and the count of every status}
    """
    found = {status: 0 for status in STATUSES}
    for row in rows:
        found[row["status"]] += 1
    of = len(rows) - found["not_applicable"] - found["excepted"]
    passed = sum(passes(row, changed_is_good) for row in rows)
    return dict(found, passed=passed, of=of, percent=100 * passed // of if of else None)


def by_theme(rows, changed_is_good=True):
    """[{"theme", …as in score()}] in the order of the names; rows without a theme count as "other"."""
    themes = {}
    for row in rows:
        themes.setdefault(row.get("theme") or "other", []).append(row)
    return [dict(score(items, changed_is_good), theme=theme) for theme, items in sorted(themes.items())]


def failing_first(rows):
    return sorted(rows, key=lambda row: (WORST_FIRST.index(row["status"]), row.get("theme") or "", row["id"]))


def expired(row):
    return bool((row.get("exception") or {}).get("expired"))


def reasons(rows, fail_on, scan=None, changed_is_good=True):
    """Why a run counts as failed: [str], one for each word of *fail_on* that some row answers to.

    :param fail_on: list of words of FAIL_WORDS, or score<N
    :param scan: what a scan found ({"disagreements": …}, or {"error": why it says nothing}), or None where there was none
    :raises InputError: a word there is not
    """
    found = []
    for word in fail_on:
        limit = re.fullmatch(r"score\s*<\s*(\d+)", str(word))
        if limit:
            percent = score(rows, changed_is_good)["percent"]
            if percent is not None and percent < int(limit.group(1)):
                found.append(f"the score is {percent} %, less than {limit.group(1)} %")
            continue
        if word not in FAIL_WORDS:
            raise InputError(f"hardening_fail_on names {word}, which there is not{nearest(word, FAIL_WORDS)}",
                             f"There are: {', '.join(sorted(FAIL_WORDS))}, score<90")
        if word == "disagreement":
            # Rows that nothing was held against agree with nothing. No rows and no scan is nothing that was looked at.
            if "disagreements" not in (scan or {}) and (rows or scan):
                found.append(f"disagreement cannot be told: {(scan or {}).get('error') or 'no scan of OpenSCAP was asked for (scan)'}")
            ids = [item["id"] for item in (scan or {}).get("disagreements") or []]
        elif word == "expired":
            ids = [row["id"] for row in rows if expired(row)]
        elif word.startswith("level_"):
            bad = ("fail", "error", "pending") + (() if changed_is_good else ("changed",))
            ids = [row["id"] for row in rows if row.get("level") == int(word[-1]) and row["status"] in bad]
        else:
            ids = [row["id"] for row in rows if row["status"] == word]
        if ids:
            more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
            found.append(f"{len(ids)} {word.replace('_', ' ')}: {', '.join(sorted(ids)[:5])}{more}")
    return found
