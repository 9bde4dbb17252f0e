# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The mechanisms. A new one is one file beside this one and one line here.

A mechanism is a module with
    check(control, view)   the Finding of what there is; reads only
    fix(control, view)     plans what is missing, with view.write(), view.put() and the like; it is called only where check() found a
                           failure, and check() on the same view is asked afterwards whether the plan is enough
Both raise ControlError for what they cannot read or plan, and fix() NotFixable where software should not.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import (
    all_files,
    keyvalue,
    packages,
    permissions,
    sysctl,
    unit,
)

MECHANISMS = {
    "all_files": all_files,
    "keyvalue": keyvalue,
    "package": packages,
    "permissions": permissions,
    "sysctl": sysctl,
    "unit": unit,
}
