# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What the kernel does about SELinux now. name "mode": "enforcing" or "permissive"; any other name is a boolean: "on" or "off".
None where SELinux is off or, for a boolean, the policy has none of that name."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError

PHASE = 55
NONE_IS_GONE = True

SYSTEM = "/sys/fs/selinux"
_BOOLEANS = SYSTEM + "/booleans/"


def load(view, name):
    """
    :raises HostError: the kernel does not say
    """
    context = view.context
    if name == "mode":
        text = context.read(SYSTEM + "/enforce")
        return None if text is None else "enforcing" if text.strip() == "1" else "permissive"
    if "/" in name or name.startswith("."):
        raise HostError("{0} is no name of a boolean".format(name), "See getsebool -a")
    # "current pending"; what is pending counts as well.
    words = (context.read(_BOOLEANS + name) or "").split()
    return ("on" if words[0] == "1" else "off") if words else None


def put(context, name, value):
    """
    :raises CommandError: the kernel or the policy's store refuses
    """
    if value is None:
        return
    if name == "mode":
        context.run(["setenforce", "1" if value == "enforcing" else "0"])
    else:
        context.run(["setsebool", "-P", "{0}={1}".format(name, value)], timeout=300)
