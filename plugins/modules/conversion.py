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
  state:
    description:
      - V(converted) makes the host AlmaLinux.
      - V(reverted) makes it what it was before the last conversion, packages, keys and files of C(/etc). A second time changes nothing.
    type: str
    choices: [converted, reverted]
    default: converted
  key_url:
    description: Where AlmaLinux's keys are fetched from. Default is the file of the release at the root of O(mirror) or of AlmaLinux's own.
    type: str
  keys:
    description: AlmaLinux's keys as armored text, instead of O(key_url).
    type: str
  trusted_keys:
    description: Full fingerprints that are trusted besides AlmaLinux's own, for rebuilt or re-signed mirrors.
    type: list
    elements: str
    default: []
  revert_cache:
    description:
      - Whether the packages that leave are fetched first and kept on the host, without which there is no way back. Where one cannot be had
        the conversion does not begin, unless O(ignore) names V(rollback-packages).
    type: bool
    default: true
  force:
    description: Whether V(state=reverted) may overwrite what someone changed since.
    type: bool
    default: false
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
extends_documentation_fragment: []
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
  description: V(converted), V(reverted) or V(failed); null where nothing was to be done, and in check mode.
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
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: list
  elements: dict
summary:
  description: As of M(elkit.almalinux.conversion_info).
  returned: when the host was looked at
  type: dict
verdict_after:
  description:
    - What the verification found, with C(remains) (what must not be), C(kept) (packages of the source that may stay), C(configuration)
      (files that are not as packaged any more) and C(left) (C(.rpmnew) and C(.rpmsave) files).
  returned: after a conversion
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import manage, plan


def work(module):
    params = module.params
    if params["attach"]:
        return manage.attach(params["attach"]["number"], params["attach"]["known"], params["attach"]["patience"])
    manage.check_root()
    if params["state"] == "reverted":
        return manage.revert(params, module.check_mode)
    result = manage.convert(params, module.check_mode)
    if module._diff and result.get("changed") and "packages" in result:
        result["diff"] = plan.diff(result["packages"])
    return result


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
            "state": {"type": "str", "choices": ["converted", "reverted"], "default": "converted"},
            "key_url": {"type": "str", "no_log": False},
            "keys": {"type": "str", "no_log": False},
            "trusted_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "revert_cache": {"type": "bool", "default": True},
            "force": {"type": "bool", "default": False},
            "attach": {"type": "dict"},
        },
        supports_check_mode=True)
    _module.run(module, work)


if __name__ == "__main__":
    main()
