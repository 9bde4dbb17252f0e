# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A file system of its own for a path, or an encrypted one. Software does not partition a host that runs: nearly all of it is for people.

args: path ("/var"), or encrypted (true); and optional: unit, a mount unit of systemd that gives the path a file system in memory (tmp.mount), or
entry, a line for fstab (dict: source, fstype, options) that the system itself mounts (/dev/shm). Both take a reboot.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import fstab
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import mount

# What is read before anything could be decrypted, or is in memory.
CLEAR = ("/boot", "/boot/efi", "/efi")


def check(control, view):
    if control.arg("encrypted"):
        return _encrypted(view)
    path = control.need("path")
    found = mount.mounted(view).get(path)
    if found is not None:
        return Finding(True, found.fstype, "a file system of its own")
    row = [entry for entry in fstab.entries(view.read(mount.FSTAB) or "") if entry.path == path and "noauto" not in entry.options]
    if row:
        return Finding(True, None, "a file system of its own", mount.FSTAB, row[0].line, note="it is mounted at the next boot", reboot=True)
    unit = control.arg("unit") and view.state("unit", control.arg("unit"))
    if unit and unit["enabled"] == "enabled":
        return Finding(True, None, "a file system of its own", note="{0} mounts it at the next boot".format(control.arg("unit")), reboot=True)
    return Finding(False, "part of another file system", "a file system of its own")


def looks_only(control):
    return bool(control.arg("encrypted")) or not (control.arg("entry") or control.arg("unit"))


def fix(control, view):
    path = control.arg("path")
    if control.arg("encrypted"):
        raise NotFixable("a file system in use is not encrypted from under its data",
                         "Install anew with LUKS, or move the data to an encrypted volume")
    if control.arg("entry"):
        entry = control.arg("entry")
        view.write(mount.FSTAB, fstab.with_entry(view.read(mount.FSTAB) or "", entry["source"], path, entry["fstype"], list(entry["options"])))
        return
    name = control.arg("unit")
    state = name and view.state("unit", name)
    if state and state["enabled"] == "disabled":
        # It is not started now: what programs keep in the directory would vanish from under them.
        view.put("unit", name, dict(state, enabled="enabled"))
        return
    raise NotFixable("{0} has no file system of its own".format(path),
                     "Move it to a partition or a logical volume when nothing uses it, with a line in /etc/fstab")


# --- encryption ------------------------------------------------------------------------------------------------------

def _encrypted(view):
    clear = sorted(found.path for found in mount.mounted(view).values()
                   if found.source.startswith("/dev/") and found.fstype not in ("squashfs", "iso9660") and found.path not in CLEAR
                   and not is_encrypted(view.context, found.device))
    return Finding(not clear, "not encrypted: {0}".format(", ".join(clear)) if clear else "encrypted", "encrypted file systems")


def is_encrypted(context, device, depth=0):
    """Whether the block device "major:minor", or all that it stands on, is a mapping of dm-crypt."""
    place = "/sys/dev/block/{0}".format(device)
    if (context.read(place + "/dm/uuid") or "").startswith("CRYPT-"):
        return True
    below = context.names(place + "/slaves")
    if not below or depth > 8:
        return False
    return all(is_encrypted(context, (context.read("{0}/slaves/{1}/dev".format(place, name)) or "").strip(), depth + 1) for name in below)
