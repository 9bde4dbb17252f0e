# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: baseline_scores
short_description: Score a hardening run by theme
version_added: 0.2.0
author: elkit.almalinux contributors (@elkit)
description:
  - Takes what M(elkit.almalinux.baseline) or M(elkit.almalinux.baseline_info) returned and counts it by theme, with a line for all of
    them at the end. The score is the part of the controls that pass of those that apply and are not excepted.
  - What a check mode run would change does not pass yet.
options:
  _input:
    description: The result of one of the two modules.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the scores
  ansible.builtin.debug:
    msg: "{{ (look | elkit.almalinux.baseline_scores | elkit.almalinux.table).splitlines() }}"
"""

RETURN = r"""
_value:
  description: A row for each theme, and one called V(all), with C(theme), C(score), C(pass), C(fail), C(waits), C(excepted), C(not applicable).
  type: list
  elements: dict
"""

from collections.abc import Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.elkit.almalinux.plugins.plugin_utils import scores


def _row(item, name):
    return {"theme": name, "score": "-" if item["percent"] is None else f"{item['percent']} %", "pass": item["passed"],
            "fail": item["of"] - item["passed"] - item["pending"] - item["pending_reboot"],
            "waits": item["pending"] + item["pending_reboot"], "excepted": item["excepted"], "not applicable": item["not_applicable"]}


def baseline_scores(result):
    if not isinstance(result, Mapping):
        raise AnsibleFilterError("elkit.almalinux.baseline_scores: give it the result of baseline or baseline_info")
    rows, good = result.get("controls") or [], result.get("mode") != "check"
    return [_row(item, item["theme"]) for item in scores.by_theme(rows, good)] + [_row(scores.score(rows, good), "all")]


class FilterModule:
    def filters(self):
        return {"baseline_scores": baseline_scores}
