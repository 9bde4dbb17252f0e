#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: conversion_info
short_description: What a conversion of this host to AlmaLinux would do, and what stands against it
version_added: 0.2.0
description:
  - Looks at a host of CentOS Linux 8, CentOS Stream, Rocky Linux, Oracle Linux, Red Hat Enterprise Linux, MIRACLE LINUX or AlmaLinux Kitten 10
    and changes nothing. dnf resolves the whole conversion with a cache and a history of its own, which are removed again.
  - The result is a list of checks with remedies, and a verdict for every package.
author:
  - elkit.almalinux contributors (@elkit)
attributes:
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
extends_documentation_fragment: [elkit.almalinux.conversion]
"""

EXAMPLES = r"""
- name: Look
  elkit.almalinux.conversion_info:
  register: look

- name: Say what stands against it
  ansible.builtin.debug:
    msg: "{{ look.checks | selectattr('severity', 'equalto', 'inhibitor') | map(attribute='found') }}"

- name: Look with a mirror of one's own, and with version locks that are known and harmless
  elkit.almalinux.conversion_info:
    mirror: https://mirror.example.com/almalinux
    ignore: [version-locks]
"""

RETURN = r"""
verdict:
  description: V(ready), V(inhibited), or V(almalinux) for a host that needs no conversion.
  returned: success
  type: str
  sample: ready
source:
  description: What the host is, or null if it is no known source.
  returned: success
  type: str
  sample: centos-stream-9
target:
  description: What it would be.
  returned: success
  type: str
  sample: almalinux-9
checks:
  description: What was found.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, for O(ignore).
      type: str
      sample: version-locks
    severity:
      description: V(inhibitor), V(warning) or V(note).
      type: str
    found:
      description: What was found.
      type: str
    remedy:
      description: What to do about it.
      type: str
    overridable:
      description: Whether O(ignore) may name it.
      type: bool
    overridden:
      description: Whether it does.
      type: bool
    reason:
      description: Why, as given there.
      type: str
inhibitors:
  description: Ids of the checks that stop a conversion.
  returned: success
  type: list
  elements: str
packages:
  description: Every installed package, and every one that would come.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: NEVRA of what is installed, null for one that comes.
      type: str
    verdict:
      description: >-
        V(same) (AlmaLinux's own build already), V(replaced) (the same version, in AlmaLinux's build), V(upgraded), V(downgraded),
        V(swapped) (AlmaLinux has it under another name), V(removed) (of the source alone), V(kept-beside) (a kernel, or its firmware, that stays
        until AlmaLinux's kernel runs), V(kept-third-party) (of another vendor), V(kept-foreign) (of the source, and AlmaLinux has none of
        that name), V(excepted) (of the source, and an exception of the table), V(obsoleted) (another package takes its place) or V(blocked)
        (AlmaLinux has another, and something stands against it). Of one that comes V(release) (AlmaLinux's release package), V(added)
        (something needs it) or V(added-kernel) (AlmaLinux's kernel, beside the one that is there).
      type: str
    becomes:
      description: NEVRA of what takes its place.
      type: str
    repository:
      description: Where that comes from.
      type: str
    download:
      description: Bytes to fetch.
      type: int
    size:
      description: Bytes by which the host grows.
      type: int
    detail:
      description: More about the verdict.
      type: str
summary:
  description: How many packages have each verdict.
  returned: success
  type: dict
  sample: {replaced: 129, downgraded: 70, upgraded: 17}
download_size:
  description: Bytes to fetch.
  returned: success
  type: int
installed_size:
  description: Bytes by which the host grows; negative if it shrinks.
  returned: success
  type: int
repositories:
  description: >-
    The enabled repositories, with C(before), C(after) and C(kept). C(after) is null for one that AlmaLinux has no counterpart for, and for
    one that goes with the package that brings it or with the registration. C(before) is null for one that is enabled afterwards alone, such as
    crb, which EPEL needs, and extras, which AlmaLinux's release packages enable.
  returned: success
  type: list
  elements: dict
streams:
  description: The enabled module streams, with C(module), C(before) and C(after).
  returned: success
  type: list
  elements: dict
configuration:
  description: The files below C(/etc) that will differ in another way than that their package brings a newer one.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    package:
      description: NEVRA of the package that it belongs to, null for a file of no package.
      type: str
    fate:
      description: >-
        V(kept) for one that somebody changed and that stays (AlmaLinux's lies beside it as C(.rpmnew) where it differs), V(replaced) for one that
        somebody changed and whose package wants it its own way (it is kept as C(.rpmsave)), V(leaves) for one that goes with its package (AlmaLinux's
        own may take its place), V(removed) for a repository file of the source, V(trimmed) for one that holds
        repositories of others, too, and keeps those alone.
      type: str
"""

from ansible_collections.elkit.almalinux.plugins.module_utils import _discreet, _module
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import flow, options


def work(module):
    seen, report = flow.examine(module.params)
    seen.close()
    return dict(report, changed=False)


def main():
    module = _discreet.Module(argument_spec=options.LOOK, supports_check_mode=True)
    _module.run(module, work)


if __name__ == "__main__":
    main()
