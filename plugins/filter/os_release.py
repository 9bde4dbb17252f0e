# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an os-release says, on the controller: for hosts that no module can be sent to yet."""

from __future__ import annotations

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import os_release as parser

DOCUMENTATION = r"""
name: os_release
short_description: What an os-release or release file says
version_added: 0.1.0
description:
  - Reads the text of C(/etc/os-release), or of a release file such as C(/etc/redhat-release) where a host has no os-release.
positional: _input
options:
  _input:
    description: The text.
    type: str
    required: true
author:
  - elkit.almalinux contributors (@elkit)
"""

EXAMPLES = r"""
- name: A host without Python
  ansible.builtin.raw: cat /etc/os-release
  register: text
  changed_when: false

- name: Say what it is
  ansible.builtin.debug:
    msg: "{{ (text.stdout | elkit.almalinux.os_release).name }}"
"""

RETURN = r"""
_value:
  description:
    - A dictionary with C(id) (for example V(almalinux)), C(major) (a number, 0 if unknown), C(name) for people, and C(is_el) (whether it is
      an Enterprise Linux of any vendor).
  type: dict
"""

_RELEASE = re.compile(r"(.*?)\s+(?:Linux\s+)?release (\d+)", re.IGNORECASE)
_BY_NAME = {"centos": "centos", "red hat enterprise": "rhel", "oracle": "ol", "scientific": "scientific", "almalinux": "almalinux"}


def os_release(text):
    """{"id", "major", "name", "is_el"} of *text*."""
    values = parser.parse(text or "")[0]
    if values.get("ID"):
        major = re.match(r"\d+", values.get("VERSION_ID", ""))
        return {
            "id": values["ID"], "major": int(major.group(0)) if major else 0,
            "name": values.get("PRETTY_NAME") or values.get("NAME") or values["ID"], "is_el": distributions.is_el(values)}
    first = next((line.strip() for line in (text or "").splitlines() if line.strip()), "")
    match = _RELEASE.match(first)
    found = next((name for words, name in _BY_NAME.items() if first.lower().startswith(words)), "unknown")
    return {"id": found, "major": int(match.group(2)) if match else 0, "name": first or "an unknown system", "is_el": found != "unknown"}


class FilterModule:
    def filters(self):
        return {"os_release": os_release}
