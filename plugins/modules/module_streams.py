#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: module_streams
short_description: Module streams and their profiles as one desired state
version_added: 0.1.0
description:
  - Enables, disables, resets and installs module streams of Enterprise Linux 8 and 9, all of them in one call.
  - The whole change is resolved by dnf before anything is written, signatures of packages are checked, and a journal on
    the host keeps what was there.
  - AlmaLinux 10 has no module streams; the module says so.
author:
  - elkit.almalinux contributors (@elkit)
options:
  streams:
    description:
      - The streams, each a short form or a dictionary.
      - The short form is C(name), C(name:stream) or C(name:stream/profile,profile). It means O(streams[]) with state
        C(installed) where it names a profile, else C(enabled).
      - A dictionary has C(name), C(stream), C(profiles) (a list) and C(state), one of C(enabled), C(disabled), C(reset)
        and C(installed). Quote streams that look like numbers.
      - Without a stream the enabled one is meant, else the default one. Installed without a profile means the default profile.
      - Installed means that dnf has the profile on record as installed. Packages of it that were removed by hand since
        are not looked for.
    type: list
    elements: raw
    default: []
  allow_switch:
    description:
      - Whether a module that has another stream enabled may be switched. Its installed packages then follow the new stream,
        which can upgrade, downgrade or remove them.
    type: bool
    default: false
  state:
    description:
      - V(present) brings the streams to the wanted state.
      - V(reverted) takes the last change of this module back, streams and packages. A second time changes nothing.
      - It stops, and names them, where someone updated or removed packages of that change since, or where packages that it did not bring
        would have to go, too.
    type: str
    choices: [present, reverted]
    default: present
  force:
    description: Whether V(state=reverted) may overwrite what someone changed since, packages included, and take away what depends on them.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and say what would be done, dnf's resolve included.
    support: full
  diff_mode:
    description: Shows the state of the streams before and after, and the packages that come and go.
    support: full
  platform:
    description: The hosts it works on.
    platforms: Enterprise Linux 8 and 9
    support: full
extends_documentation_fragment: []
"""

EXAMPLES = r"""
- name: One stream enabled, another installed with a profile
  elkit.almalinux.module_streams:
    streams:
      - postgresql:16
      - nodejs:20/common

- name: The long form
  elkit.almalinux.module_streams:
    streams:
      - name: php
        stream: "8.2"
        profiles: [common]
        state: installed
      - name: nginx
        state: disabled

- name: Move to a newer stream
  elkit.almalinux.module_streams:
    streams: ["nodejs:22"]
    allow_switch: true

- name: Take the last change back
  elkit.almalinux.module_streams:
    state: reverted
"""

RETURN = r"""
streams:
  description: The named modules and those that changed.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the module.
      type: str
      sample: nodejs
    before:
      description: What was, with C(state) (V(enabled), V(disabled) or empty), C(stream) and C(profiles).
      type: dict
      sample: {state: "", stream: null, profiles: []}
    after:
      description: What is now, or would be in check mode.
      type: dict
      sample: {state: enabled, stream: "20", profiles: [common]}
    changed:
      description: Whether the two differ.
      type: bool
packages:
  description: The packages that the change, or the way back, installs and removes; an update is one of each.
  returned: success
  type: dict
  contains:
    installed:
      description: NEVRAs.
      type: list
      elements: str
    removed:
      description: NEVRAs.
      type: list
      elements: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import flow, streams
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import os_release
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files


def work(module):
    wanted = streams.parse_items(module.params["streams"])
    flow.check_host(os_release.parse(files.read_text(flow.OS_RELEASE) or "")[0])
    if os.geteuid() != 0:
        raise HostError("module streams can be changed by root alone", "Run with become: true")
    if module.params["state"] == "reverted":
        return flow.revert(module.params["force"], module.check_mode)
    return flow.ensure(wanted, module.params["allow_switch"], module.check_mode)


def main():
    module = AnsibleModule(
        argument_spec={
            "streams": {"type": "list", "elements": "raw", "default": []},
            "allow_switch": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "reverted"], "default": "present"},
            "force": {"type": "bool", "default": False},
        },
        supports_check_mode=True)
    _module.run(module, work)


if __name__ == "__main__":
    main()
