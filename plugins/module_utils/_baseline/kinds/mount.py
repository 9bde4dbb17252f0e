# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The options that a mounted file system has now (sorted list, without the access-time ones that the kernel adds), or None where nothing is mounted.

Only flags of the mount itself change ("remount,bind"): what the file system was given besides stays, whatever fstab says meanwhile.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import fstab
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError

PHASE = 40
NONE_IS_GONE = True

# All flags a bind remount knows: before util-linux 2.39 one that is not named is taken away.
_FLAGS = ("ro", "nodev", "nosuid", "noexec", "noatime", "nodiratime", "relatime", "nosymfollow")


def load(view, name):
    return _now(view.context, name)


def _now(context, name):
    found = fstab.mounts(context.read("/proc/self/mountinfo") or "").get(name)
    return None if found is None else sorted(word for word in found.options if word in _FLAGS)


def put(context, name, value):
    """
    :raises ControlError: nothing is mounted there
    :raises CommandError: the kernel refuses (in a container, mostly)
    """
    if value is None:
        return
    if _now(context, name) is None:
        raise ControlError("nothing is mounted on {0}".format(name), "Mount it, and run again")
    words = list(value) + ([] if "ro" in value else ["rw"])
    # From util-linux 2.39 on a flag goes only where its opposite is named.
    words += [fstab.OPPOSITES[word] for word in sorted(fstab.OPPOSITES) if word not in value]
    # With a source and a path, mount(8) does not ask fstab for more.
    context.run(["mount", "-o", ",".join(["remount", "bind"] + words), "none", name])
