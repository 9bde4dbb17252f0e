# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What the processor does to keep data from being run as code. Nothing of it is a setting of the system: firmware and kernel arguments decide.

args: feature: "nx" (the processor has it, and it is not turned off), or "pae" (a kernel of 32 bits with PAE)
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable

_OFF = re.compile(r"noexec(?:32)?=off\Z")


def check(control, view):
    machine = view.context.machine
    if control.need("feature") == "pae":
        return Finding(not re.match(r"i[3-6]86\Z", machine), machine, "a kernel of 64 bits")
    off = [word for word in (view.context.read("/proc/cmdline") or "").split() if _OFF.match(word)]
    text = view.context.read("/proc/cpuinfo") or ""
    flags = [line.partition(":")[2].split() for line in text.splitlines() if line.split(":")[0].strip() == "flags"]
    has = bool(flags) and all("nx" in words for words in flags)
    # Other architectures have no such flag, and no way to go without.
    return Finding(not off and (has or machine not in ("x86_64", "i686")), off[0] if off else "nx" if has else "no nx", "nx")


def looks_only(control):
    return True


def fix(control, view):
    raise NotFixable("software does not turn this on", "Turn NX (XD) on in the firmware, and take noexec=off out of the kernel's command line")
