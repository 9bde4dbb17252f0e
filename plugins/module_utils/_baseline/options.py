# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The options that baseline and baseline_info share, and what both return."""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import control as model

# The first group is the controller's: the action plugins take them away, and they stand here for the documentation alone.
LOOK = {
    "profile": {"type": "str", "default": "cis_server_l1"},
    "values": {"type": "dict", "default": {}},
    "exceptions": {"type": "list", "elements": "dict", "default": [], "options": {
        "id": {"type": "str", "required": True}, "reason": {"type": "str", "required": True}, "owner": {"type": "str", "required": True},
        "expires": {"type": "str", "required": True}, "ticket": {"type": "str"}}},
    "expired": {"type": "str", "choices": ["report", "enforce"], "default": "report"},
    "only_ids": {"type": "list", "elements": "str", "default": []},
    "skip_ids": {"type": "list", "elements": "str", "default": []},
    "themes": {"type": "list", "elements": "str", "default": []},
    "skip_themes": {"type": "list", "elements": "str", "default": []},
    "levels": {"type": "list", "elements": "int", "default": []},
    "risks": {"type": "list", "elements": "str", "default": []},
    "skip_risks": {"type": "list", "elements": "str", "default": []},
    "controls_folders": {"type": "list", "elements": "path", "default": []},
    "environment": {"type": "dict", "default": {}},
    "scanner_compat": {"type": "bool", "default": False},
    "evidence": {"type": "path"},
    "scan": {"type": "bool", "default": False},
    "controls": {"type": "list", "elements": "dict", "no_log": False},
    "el": {"type": "int"},
    "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
}


def counts(rows):
    """{status: how many} of *rows* (dicts)."""
    found = dict((status, 0) for status in model.STATUSES)
    for row in rows:
        found[row["status"]] += 1
    return found
