# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: baseline_verdict
short_description: Say why a hardening run counts as failed
version_added: 0.2.0
author: elkit.almalinux contributors (@elkit)
description:
  - Takes what M(elkit.almalinux.baseline) or M(elkit.almalinux.baseline_info) returned, and says for which of the words in O(fail_on) it
    counts as failed.
positional: fail_on
options:
  _input:
    description: The result of one of the two modules.
    type: dict
    required: true
  fail_on:
    description:
      - A status of controls, V(fail), V(error), V(pending), V(pending_reboot), V(changed), V(excepted) and the like. V(expired) is an
        exception that has ended, V(level_1) and V(level_2) are controls of that level that fail, wait for a second login, or in check mode would
        change, and V(disagreement) is a result of OpenSCAP that is another, or no scan at all. V(score<90) is a score below 90 per cent.
      - A string is read as words with commas between them.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Fail a pipeline where a control of level 1 fails
  ansible.builtin.assert:
    that: look | elkit.almalinux.baseline_verdict(['error', 'level_1']) == []
"""

RETURN = r"""
_value:
  description: A reason for each word that some control answers to; an empty list is success.
  type: list
  elements: str
"""

from collections.abc import Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.plugin_utils import scores


def baseline_verdict(result, fail_on):
    if not isinstance(result, Mapping):
        raise AnsibleFilterError("elkit.almalinux.baseline_verdict: give it the result of baseline or baseline_info")
    # As the other lists of the role: an extra variable is a word, or several with commas between them.
    words = [word.strip() for word in fail_on.split(",") if word.strip()] if isinstance(fail_on, str) else list(fail_on or [])
    try:
        return scores.reasons(result.get("controls") or [], words, result.get("scan"), result.get("mode") != "check")
    except ElkitError as error:
        raise AnsibleFilterError(f"elkit.almalinux.baseline_verdict: {error}") from error


class FilterModule:
    def filters(self):
        return {"baseline_verdict": baseline_verdict}
