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
  - Looks at a host of CentOS Linux 8, CentOS Stream, Rocky Linux, Oracle Linux, Red Hat Enterprise Linux or MIRACLE LINUX and
    changes nothing. dnf resolves the whole conversion with a cache and a history of its own, which are removed again.
  - The result is a list of checks with remedies, and a verdict for every package.
author:
  - elkit.almalinux contributors (@elkit)
options:
  mirror:
    description:
      - One root for AlmaLinux's repositories, with the layout of the public mirrors below it; see the option of the same name of
        M(elkit.almalinux.repositories). It may be a C(file://) URL.
    type: str
  source:
    description: How AlmaLinux's repositories are found. Default is C(mirrorlist), or C(baseurl) where there is a mirror.
    type: str
    choices: [mirrorlist, metalink, baseurl]
  sync:
    description: >-
      Whether a host that is AlmaLinux already gets the newest packages of its major by the same road, with a plan, a resumable run and a
      way back. Otherwise such a host is left as it is.
    type: bool
    default: false
  minor:
    description: A minor release of AlmaLinux to convert to, for example V("9.7"), quoted. Default is the newest.
    type: str
  vault_mirror:
    description: Root of the vault for O(minor). Default is O(mirror), else AlmaLinux's own.
    type: str
  ignore:
    description: Ids of checks that must not stop the conversion, or dictionaries with C(id) and C(reason), which is then in the evidence.
    type: list
    elements: raw
    default: []
  source_extra:
    description:
      - What is known of these hosts and not in the collection's table of sources. Keys are C(repositories) (id to canonical id),
        C(replace) (package to package), C(remove) (packages, with * and ?), C(provides) (capabilities), C(streams) (stream to stream),
        C(kernels) (packages) and C(exceptions) (package to the reason why it may stay).
    type: dict
    default: {}
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
extends_documentation_fragment: []
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
        V(same), V(replaced), V(upgraded), V(downgraded), V(swapped), V(removed), V(kept-beside), V(kept-third-party), V(kept-foreign),
        V(excepted), V(obsoleted), V(blocked), V(release), V(added) or V(added-kernel).
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
  description: The enabled repositories, with C(before), C(after) and C(kept).
  returned: success
  type: list
  elements: dict
streams:
  description: The module streams that change their names, with C(module) and C(after).
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import flow


def work(module):
    return dict(flow.examine(module.params)[1], changed=False)


def main():
    module = AnsibleModule(
        argument_spec={
            "mirror": {"type": "str"},
            "source": {"type": "str", "choices": ["mirrorlist", "metalink", "baseurl"]},
            "sync": {"type": "bool", "default": False},
            "minor": {"type": "str"},
            "vault_mirror": {"type": "str"},
            "ignore": {"type": "list", "elements": "raw", "default": []},
            "source_extra": {"type": "dict", "default": {}},
        },
        supports_check_mode=True)
    _module.run(module, work)


if __name__ == "__main__":
    main()
