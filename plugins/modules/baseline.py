#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: baseline
short_description: Bring a host to a hardening profile, and back
version_added: 0.2.0
description:
  - Holds a host to the controls of a profile, and puts right what fails. All of them go in with one call; each has its own result, and one
    that cannot be put right does not keep the others out.
  - Drop-ins are written where the program knows them, vendor files are left alone, PAM is changed through authselect alone. What a program
    reads is checked by that program before it is told to read it, and services restart once, if something of theirs changed.
  - Controls that could lock somebody out go in last and together. Before, the plan is held against the account that Ansible uses; a way back
    that needs nothing of Ansible is armed; then the controller logs in afresh while the old session stays open. Only if that works they stay.
      AIDE's database is built after that.
  - Everything is in the journal of the host, and O(state=reverted) puts it back.
author:
  - elkit.almalinux contributors (@elkit)
attributes:
  action:
    description: It has a part on the controller, which compiles the catalogue, logs in afresh and writes the evidence.
    support: full
  async:
    description: It does not run in the background.
    support: none
  check_mode:
    description: >-
      It names the controls that a run then changes, and changes nothing. dnf is not asked, for it would fetch metadata into the host's cache: a
      package that no repository has is found by the run alone, in which its control is an error. Whether a second login can be tried at all is tried,
      as before a run. C(waits_for) names packages.
    support: full
  diff_mode:
    description: Files and states. Passwords, hashes and keys in files are masked; of files that hold little else, only the name is shown.
    support: full
  platform:
    description: The hosts it works on.
    platforms: Enterprise Linux 8, 9 and 10
    support: full
options:
  state:
    description:
      - V(present) puts right what fails. V(reverted) puts back what was there before; then the options that choose controls mean nothing.
    type: str
    choices: [present, reverted]
    default: present
  revert_to:
    description: With O(state=reverted), whether to go back to before the last run or to before the first.
    type: str
    choices: [last, first]
    default: last
  force:
    description:
      - With O(state=reverted), whether to overwrite what someone changed since, and to leave for good what cannot be put back.
      - Without it, something that cannot be put back fails the call once all the rest is back, and the same call tries it again.
    type: bool
    default: false
  guard:
    description:
      - How controls that could lock somebody out are guarded. V(login) logs in afresh over ssh before they stay. Where that cannot be tried, as
        with one-time codes or another connection plugin, they are reported as C(pending) and nothing of them is changed.
      - V(local) does without the login. What the host can tell by itself is enough then.
    type: str
    choices: [login, local]
    default: login
  guard_users:
    description:
      - Accounts that must be able to get in afterwards, besides the one that Ansible uses. A control that would shut one of them out is refused,
        and before a login may commit what was changed the host looks at them again.
      - One that could not log in before either (there is no such user, it has expired, its password is locked and it has no key, sshd does not
        admit it) is an error before anything is changed, in check mode, too, unless no control of the run could lock anybody out. They are
        looked at as if they came, by key or password, from where Ansible comes from. A name that is also the user of Ansible's connection
        is judged by that connection alone.
    type: list
    elements: str
    default: []
  guard_timeout:
    description: Seconds after which the host returns by itself if no fresh login was seen.
    type: int
    default: 180
  guard_state:
    description: What the controller and the host tell each other about the guard. The action plugin gives it, and nobody else.
    type: dict
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
extends_documentation_fragment: [elkit.almalinux.baseline]
notes:
  - It needs root.
seealso:
  - module: elkit.almalinux.baseline_info
"""

EXAMPLES = r"""
- name: See what would change
  elkit.almalinux.baseline:
    profile: cis_server_l1
  check_mode: true
  diff: true

- name: Bring the host to level 1 of CIS
  elkit.almalinux.baseline:
    profile: cis_server_l1
    evidence: evidence
    guard_users: [breakglass]

- name: Bring the host to level 2, but for what could lock somebody out
  elkit.almalinux.baseline:
    profile: cis_server_l2
    skip_risks: [lockout]

- name: Take the last run back
  elkit.almalinux.baseline:
    state: reverted

- name: Take all runs back
  elkit.almalinux.baseline:
    state: reverted
    revert_to: first
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
changed_ids:
  description: The controls with C(changed), sorted.
  returned: success
  type: list
  elements: str
files:
  description: The files that changed.
  returned: success
  type: list
  elements: str
states:
  description: What else changed, with C(kind), C(name), C(before) and C(after). Packages, units, modes, kernel parameters and so on.
  returned: success
  type: list
  elements: dict
run:
  description: The name of the run in the journal of the host, or null where nothing changed.
  returned: success
  type: str
runs:
  description: The runs that were put back.
  returned: with O(state=reverted)
  type: list
  elements: str
left:
  description: >-
    What is not put back, each with C(kind), C(name) and C(why): what is gone, like the account of somebody who left, and with O(force=true) what
    could not be put back. Where the call fails because something could not be put back, it is in the failure, too.
  returned: with O(state=reverted)
  type: list
  elements: dict
  sample: [{kind: account, name: bob, why: it is not there any more}]
guard:
  description: How the lockout guard ended.
  returned: when controls went in under it
  type: dict
  contains:
    outcome:
      description: >-
        C(committed), C(returned) (what shut somebody out was taken back), or C(unknown) (the host did not answer any more, or could not put
        all of it back yet; the run fails).
      type: str
    mode:
      description: V(login) or V(local), as O(guard) has it.
      type: str
    controls:
      description: The controls that stay; with C(returned), those that were taken back for good.
      type: list
      elements: str
    reason:
      description: Why they were taken back, and what could not be put back.
      type: str
    seconds:
      description: How long it took.
      type: float
    logins:
      description: How many fresh logins were tried; with V(login).
      type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import flow, options


def main():
    module = AnsibleModule(
        argument_spec=dict(options.LOOK, **{
            "state": {"type": "str", "choices": ["present", "reverted"], "default": "present"},
            "revert_to": {"type": "str", "choices": ["last", "first"], "default": "last"},
            "force": {"type": "bool", "default": False},
            # The controller's, as those of options.LOOK; what it makes of them is guard_state.
            "guard": {"type": "str", "choices": ["login", "local"], "default": "login"},
            "guard_users": {"type": "list", "elements": "str", "default": []},
            "guard_timeout": {"type": "int", "default": 180},
            "guard_state": {"type": "dict"},
        }),
        supports_check_mode=True)
    _module.run(module, lambda module: flow.work(module.params, module.check_mode, module._diff))


if __name__ == "__main__":
    main()
