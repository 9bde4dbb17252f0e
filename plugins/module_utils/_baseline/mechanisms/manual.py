# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What a person must see to: it fails, with the reason, until it is excepted.

args: reason, remedy
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable


def check(control, view):
    return Finding(False, "not known", "seen to by a person", note=control.need("reason"))


def looks_only(control):
    return True


def fix(control, view):
    raise NotFixable(control.need("reason"), control.need("remedy"))
