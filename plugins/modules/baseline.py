#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

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
