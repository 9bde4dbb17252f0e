# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""rpm trusts the key that the distribution signs with. args: fingerprints (list, all that may be in the file; the last signs), file (its path), and
optional: more (list of further fingerprints that are trusted in it, of mirrors that sign anew)."""

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable


def _names(control):
    """The states of which one is enough: AlmaLinux's own, then those that the user trusts besides."""
    return ["{0} {1}".format(control.need("file"), (_openpgp.normalize_fingerprint(str(item)) or str(item)).lower()[-8:])
            for item in [control.need("fingerprints")[-1]] + list(control.arg("more") or ())]


def check(control, view):
    there = any(view.state("rpm_key", name) for name in _names(control))
    return Finding(there, "trusted" if there else "not trusted", "trusted")


def fix(control, view):
    path = control.need("file")
    content = view.context.read_bytes(path)
    if content is None:
        raise NotFixable("there is no {0}".format(path), "Install almalinux-release")
    pinned = set(_openpgp.normalize_fingerprint(str(item)) for item in list(control.need("fingerprints")) + list(control.arg("more") or ()))
    keys = _openpgp.parse(content, path)
    found = set(key.fingerprint for key in keys)
    if not found or not found <= pinned:
        raise NotFixable("{0} holds a key that is not AlmaLinux's".format(path), "dnf reinstall almalinux-release, and see who changed it")
    # rpm imports all of a file; what it had not is to leave again.
    for name in sorted("{0} {1}".format(path, key.fingerprint.lower()[-8:]) for key in keys):
        view.put("rpm_key", name, True)
