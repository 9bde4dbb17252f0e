# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A symbolic link that is a setting (default.target).

args: path, target, and optional: allowed (list of targets that are as good), default (what the host does where there is no link; shown)
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding


def check(control, view):
    path, target = control.need("path"), control.need("target")
    now = view.state("link", path)
    return Finding(now in [target] + list(control.arg("allowed") or ()), now or control.arg("default"), target, path)


def fix(control, view):
    view.put("link", control.need("path"), control.need("target"))
