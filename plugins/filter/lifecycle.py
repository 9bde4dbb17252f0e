# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: lifecycle
short_description: Look up how long a release is supported
version_added: 0.1.0
author: elkit.almalinux contributors (@elkit)
description:
  - Looks up the dates of a release of the Enterprise Linux family, in the data that M(elkit.almalinux.host_facts) uses too.
positional: major
options:
  _input:
    description: The distribution, as RV(elkit.almalinux.host_facts#module:ansible_facts.almalinux.identity.product) names
      it, such as V(almalinux), V(almalinux-kitten), V(centos-stream), V(rocky).
    type: str
    required: true
  major:
    description: The major release.
    type: int
    required: true
  today:
    description: The day that counts (YYYY-MM-DD); today, in UTC, by default.
    type: str
"""

EXAMPLES = r"""
- name: Show the last day of support
  ansible.builtin.debug:
    msg: "{{ ('almalinux' | elkit.almalinux.lifecycle(9))['security_end'] }}"
"""

RETURN = r"""
_value:
  description: The dates. For a release that is not known they are null, and the phase is V(unknown).
  type: dict
  contains:
    active_end:
      description: Last day of active support.
      type: str
      returned: success
    security_end:
      description: Last day of security support.
      type: str
      returned: success
    extended_end:
      description: Last day of paid extended support.
      type: str
      returned: success
    days_left:
      description: Days to the end of security support, negative after it.
      type: int
      returned: success
    phase:
      description: V(active), V(security), V(extended), V(ended) or V(unknown).
      type: str
      returned: success
"""

import datetime

from ansible.errors import AnsibleFilterError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import lifecycle as data

KEYS = ("active_end", "security_end", "extended_end", "days_left", "phase")


def lifecycle(product, major, today=None):
    try:
        number = int(major)
    except (TypeError, ValueError):
        raise AnsibleFilterError("elkit.almalinux.lifecycle: {0!r} is no major release".format(major))
    try:
        day = data.day(today) if today is not None else datetime.datetime.now(datetime.timezone.utc).date()
    except (AttributeError, TypeError, ValueError):
        raise AnsibleFilterError("elkit.almalinux.lifecycle: {0!r} is no day (YYYY-MM-DD)".format(today))
    facts = data.assess(product, number, None, day)
    return {key: facts[key] for key in KEYS}


class FilterModule:
    def filters(self):
        return {"lifecycle": lifecycle}
