# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: baseline_rows
short_description: The controls of a hardening run that somebody should look at
version_added: 0.2.0
author: elkit.almalinux contributors (@elkit)
description:
  - Takes what M(elkit.almalinux.baseline) or M(elkit.almalinux.baseline_info) returned and gives rows for a table, the failing ones
    first. Controls that pass or do not apply are left out.
positional: limit
options:
  _input:
    description: The result of one of the two modules.
    type: dict
    required: true
  limit:
    description: At most this many rows; a last one then says how many more there are. V(0) is all of them.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Show what fails
  ansible.builtin.debug:
    msg: "{{ (look | elkit.almalinux.baseline_rows(40) | elkit.almalinux.table(max_width=60)).splitlines() }}"
"""

RETURN = r"""
_value:
  description: Rows with C(status), C(level), C(control), and C(found), which is what there is now or why the control has its status;
    and in check mode which packages it waits for.
  type: list
  elements: dict
"""

from collections.abc import Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.elkit.almalinux.plugins.plugin_utils import report, scores


def _found(row):
    found = _said(row).rstrip(".")
    return f"{found}; waits for {', '.join(row['waits_for'])}" if row.get("waits_for") else _said(row)


def _said(row):
    if row.get("exception") and row["status"] == "excepted":
        return f"until {row['exception']['expires']}: {row['exception']['reason']}"
    if row.get("message"):
        return row["message"]
    return report.shown(row.get("before")).replace("\n", ", ")


def baseline_rows(result, limit=0):
    if not isinstance(result, Mapping):
        raise AnsibleFilterError("elkit.almalinux.baseline_rows: give it the result of baseline or baseline_info")
    rows = [{"status": row["status"], "level": row.get("level"), "control": row["id"], "found": _found(row)}
            for row in scores.failing_first(result.get("controls") or []) if row["status"] not in ("pass", "not_applicable")]
    limit = int(limit)
    if 0 < limit < len(rows):
        rows[limit:] = [{"status": "…", "control": f"and {len(rows) - limit} more"}]
    return rows


class FilterModule:
    def filters(self):
        return {"baseline_rows": baseline_rows}
