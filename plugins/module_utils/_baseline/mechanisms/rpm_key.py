# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""rpm trusts the key that the distribution signs with. args: fingerprints (list, all that may be in the file; the last signs), file (its path)."""

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable


def _name(control):
    return "{0} {1}".format(control.need("file"), str(control.need("fingerprints")[-1]).lower()[-8:])


def check(control, view):
    there = view.state("rpm_key", _name(control))
    return Finding(there, "trusted" if there else "not trusted", "trusted")


def fix(control, view):
    path = control.need("file")
    content = view.context.read_bytes(path)
    if content is None:
        raise NotFixable("there is no {0}".format(path), "Install almalinux-release")
    pinned = set(_openpgp.normalize_fingerprint(str(item)) for item in control.need("fingerprints"))
    found = set(key.fingerprint for key in _openpgp.parse(content, path))
    if not found or not found <= pinned:
        raise NotFixable("{0} holds a key that is not AlmaLinux's".format(path), "dnf reinstall almalinux-release, and see who changed it")
    view.put("rpm_key", _name(control), True)
