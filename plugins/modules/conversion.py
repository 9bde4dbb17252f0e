#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: conversion
short_description: Converts a host of the Enterprise Linux family to AlmaLinux, and back
version_added: 0.2.0
description:
  - Swaps release, brand and packages in one transaction that dnf resolves, rpm tests, and whose packages are signed by pinned keys.
  - The work is done by a process on the host that outlives the connection. Running the play again attaches to it, goes on
    after it where it was stopped, or says what remains. Progress is printed while it works.
  - In check mode it looks, like M(elkit.almalinux.conversion_info), and changes nothing.
author:
  - elkit.almalinux contributors (@elkit)
options:
  state:
    description:
      - V(converted) makes the host AlmaLinux.
      - V(reverted) makes it what it was before the last conversion, packages, keys and files of C(/etc). Keys that somebody imported after
        the conversion stay. A second time changes nothing,
        unless an AlmaLinux kernel that ran then runs no more, which is removed now. Where rpm does not let the packages back, nothing is
        touched, and the host is as converted as it was.
    type: str
    choices: [converted, reverted]
    default: converted
  force:
    description: Whether V(state=reverted) may overwrite what someone changed since.
    type: bool
    default: false
  follow_up:
    description:
      - For whoever has something to do after a conversion, and may be interrupted before. With V(wanted), RV(result) is V(converted) not only in
        the run that converts the host but in each one, until it was called with V(done), which does nothing but to note that. The role convert does so.
    type: str
    choices: [wanted, done]
  attach:
    description: Private. With what the action plugin asks how far the work is.
    type: dict
attributes:
  check_mode:
    description: Can run in check mode and say what would be done.
    support: full
  diff_mode:
    description: Shows the packages, and what becomes of each.
    support: full
  async:
    description: The work outlives the connection by itself.
    support: none
  platform:
    description: The hosts it works on.
    platforms: Enterprise Linux 8, 9 and 10
    support: full
extends_documentation_fragment: [elkit.almalinux.conversion]
"""

EXAMPLES = r"""
- name: Convert the host
  elkit.almalinux.conversion:

- name: With a mirror of one's own, and version locks that are known and harmless
  elkit.almalinux.conversion:
    mirror: https://mirror.example.com/almalinux
    ignore: [version-locks]

- name: Make it what it was
  elkit.almalinux.conversion:
    state: reverted
"""

RETURN = r"""
result:
  description: V(converted), V(reverted) or V(failed); null where nothing was to be done, but for O(follow_up), and in check mode.
  returned: success
  type: str
stages:
  description: The stages that are done, with C(name), C(seconds) and C(detail).
  returned: when something was done
  type: list
  elements: dict
stage:
  description: The last stage.
  returned: success
  type: str
verdict:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: str
checks:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: list
  elements: dict
packages:
  description: >-
    As of M(elkit.almalinux.conversion_info). Of O(state=reverted) in check mode, C(package) is what is there, C(becomes) what comes back, and
    C(verdict) V(returns), V(removed), V(pending-reboot) (of the kernel that runs) or V(not-kept) (it cannot be put back).
  returned: when the host was looked at, and for O(state=reverted) in check mode
  type: list
  elements: dict
files:
  description: The files below C(/etc) that a way back would put back or remove.
  returned: for O(state=reverted) in check mode
  type: list
  elements: str
summary:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: dict
source:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: str
target:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: str
inhibitors:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: list
  elements: str
repositories:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: list
  elements: dict
streams:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: list
  elements: dict
configuration:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: list
  elements: dict
download_size:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: int
installed_size:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: int
kernels_beside:
  description: Packages of the source's kernels, and of the firmware that they need, that the conversion let stay beside AlmaLinux's.
  returned: when a conversion is over
  type: list
  elements: str
removed_kernels:
  description: >-
    Packages of the source's kernels that were removed, for AlmaLinux's kernel runs now, and of their firmware, for which AlmaLinux's came. A later
    run does that: the conversion itself leaves
    them, and so does a container, whose kernel is not its own. The source's keys that nothing needs any more leave rpm's
    database with them. After a way back, those of AlmaLinux's kernels.
  returned: when the host is AlmaLinux already, or was brought back before
  type: list
  elements: str
pending_reboot:
  description: Packages of the kernel that runs, which a way back leaves until another one runs; run it again then.
  returned: when a way back is over
  type: list
  elements: str
not_restored:
  description: >-
    Packages that a way back could not put back, for they were not kept (O(ignore) named C(rollback-packages)) or left after the conversion. It
    does all else, and fails with their names once. What has taken the place of one of them stays.
  returned: when a way back is over
  type: list
  elements: str
verdict_after:
  description:
    - What the verification found, with C(remains) (what must not be), C(kept) (packages of the source that may stay), C(configuration)
      (files that are not as packaged any more) and C(left) (C(.rpmnew) and C(.rpmsave) files).
  returned: after a conversion, and where it did not pass
  type: dict
"""

from ansible_collections.elkit.almalinux.plugins.module_utils import _discreet, _module
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import manage, options, plan


def work(module):
    params = module.params
    if params["attach"]:
        return manage.attach(params["attach"]["number"], params["attach"]["known"], params["attach"]["patience"])
    manage.check_root()
    if params["follow_up"] == manage.DONE:
        return manage.follow_up(module.check_mode)
    if params["state"] == "reverted":
        result = manage.revert(params, module.check_mode)
        if not module._diff:
            result.pop("diff", None)
        return result
    result = manage.convert(params, module.check_mode)
    if module._diff and result.get("changed") and "packages" in result:
        result["diff"] = plan.diff(result["packages"])
    return result


def main():
    module = _discreet.Module(
        argument_spec=dict(options.LOOK, **{
            "state": {"type": "str", "choices": ["converted", "reverted"], "default": "converted"},
            "force": {"type": "bool", "default": False},
            "follow_up": {"type": "str", "choices": [manage.WANTED, manage.DONE]},
            "attach": {"type": "dict"},
        }),
        supports_check_mode=True)
    _module.run(module, work)


if __name__ == "__main__":
    main()
