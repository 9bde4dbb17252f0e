#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import flow, options


def main():
    module = AnsibleModule(argument_spec=dict(options.LOOK, scan_profile={"type": "str"}), supports_check_mode=True)
    _module.run(module, lambda module: flow.look(module.params))


if __name__ == "__main__":
    main()
