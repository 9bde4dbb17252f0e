#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: baseline_info
short_description: Look at a host by a hardening profile
version_added: 0.2.0
description:
  - Holds a host to the controls of a profile, and changes nothing. The same code looks here and in M(elkit.almalinux.baseline), so what
    fails here is what that one puts right.
  - The catalogue of controls stays on the controller. The host gets those of its release, in one call.
author:
  - elkit.almalinux contributors (@elkit)
attributes:
  action:
    description: It has a part on the controller, which compiles the catalogue and writes the evidence.
    support: full
  async:
    description: It does not run in the background.
    support: none
  check_mode:
    description: It changes nothing anyway.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
  platform:
    description: The hosts it works on.
    platforms: Enterprise Linux 8, 9 and 10
    support: full
options:
  controls:
    description: The compiled controls. The action plugin gives them, and nobody else.
    type: list
    elements: dict
  el:
    description: The major release. The action plugin gives it, and nobody else.
    type: int
  secrets:
    description: Values that are masked in all output. The action plugin gives them, and nobody else.
    type: list
    elements: str
    default: []
  scan_profile:
    description: The profile of a scan. The action plugin gives it, and nobody else.
    type: str
extends_documentation_fragment: [elkit.almalinux.baseline]
notes:
  - It needs root, to see what only root sees.
seealso:
  - module: elkit.almalinux.baseline
"""

EXAMPLES = r"""
- name: Look
  elkit.almalinux.baseline_info:
    profile: cis_server_l2
    evidence: evidence
  register: look

- name: Show the scores
  ansible.builtin.debug:
    msg: "{{ (look | elkit.almalinux.baseline_scores | elkit.almalinux.table).splitlines() }}"

- name: Look at sshd alone, with a value of one's own
  elkit.almalinux.baseline_info:
    themes: [sshd]
    values:
      sshd_max_auth_tries: 3

- name: Let a control be, until somebody has to look again
  elkit.almalinux.baseline_info:
    exceptions:
      - id: sysctl_net_ipv4_ip_forward
        reason: It is the VPN gateway
        owner: network@example.com
        expires: "2027-06-30"
"""

RETURN = r"""
controls:
  description: A result per control, in the order of the catalogue. What says nothing is left out.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id of the rule in SSG, or of a control of one's own.
      type: str
    title:
      description: What holds on a host that passes.
      type: str
    theme:
      description: The file of the catalogue it stands in.
      type: str
    level:
      description: V(1) or V(2), where a CIS profile for servers has it.
      type: int
    status:
      description: >-
        C(pass), C(changed), C(fail), C(excepted), C(not_applicable), C(pending) (waits for a second login that could not be tried),
        C(pending_reboot) (all is written, and a reboot brings it into force), or C(error).
      type: str
    before:
      description: What the first look found.
      type: raw
    after:
      description: What is wanted; with C(changed), what is there now.
      type: raw
    file:
      description: The file that decides it.
      type: str
    line:
      description: The line in that file.
      type: int
    overridden_by:
      description: The file or line that wins over the one that should decide.
      type: str
    message:
      description: Why it has this status, or what to know besides.
      type: str
    waits_for:
      description: Packages that must be there first; in check mode.
      type: list
      elements: str
    exception:
      description: The exception, with C(expired).
      type: dict
    holds:
      description: Whether a control with an exception is as wanted all the same.
      type: bool
    unverified:
      description: Whether no test host of the collection can prove this control.
      type: bool
    seconds:
      description: How long it took.
      type: float
counts:
  description: How many controls have each status.
  returned: success
  type: dict
  sample: {pass: 210, fail: 3, changed: 0, excepted: 1, not_applicable: 66, pending: 0, pending_reboot: 0, error: 0}
environment:
  description: What kind of place the host is, each with the reason. It decides which controls apply.
  returned: success
  type: dict
  sample: {cloud: it runs on aws}
profile:
  description: The profile.
  returned: success
  type: str
mode:
  description: V(audit), V(check) or V(apply).
  returned: success
  type: str
system:
  description: C(kernel), C(name) and C(architecture) of the host.
  returned: success
  type: dict
checked_at:
  description: When, by the clock of the host, in UTC.
  returned: success
  type: str
  sample: "2026-11-25T10:00:00Z"
evidence:
  description: The files that were written on the controller.
  returned: when O(evidence) is given
  type: list
  elements: str
exceptions_unused:
  description: >-
    Exceptions of controls that take no part in this run, each with C(id), C(title), C(message) (why not: another profile, theme, level, risk or
    release) and C(exception).
  returned: when there are such
  type: list
  elements: dict
scan:
  description: >-
    What OpenSCAP says beside it. C(content), C(profile), C(agree) (how many controls have the same result) and C(disagreements) (a list of
    C(id), C(ours) and C(theirs)), or C(error), the reason why it says nothing.
  returned: when O(scan) is true
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import flow, options


def main():
    module = AnsibleModule(argument_spec=dict(options.LOOK, scan_profile={"type": "str"}), supports_check_mode=True)
    _module.run(module, lambda module: flow.look(module.params))


if __name__ == "__main__":
    main()
