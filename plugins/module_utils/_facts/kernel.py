# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section kernel: which runs, which are installed, which is newest."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import version

# The packages that hold a kernel's image in /boot; "kernel" itself is empty since release 8. The value is the flavour.
IMAGES = {
    "kernel-core": "standard", "kernel-rt-core": "rt", "kernel-64k-core": "64k", "kernel-rt-64k-core": "rt-64k",
    "kernel-debug-core": "debug", "kernel-rt-debug-core": "rt-debug", "kernel-zfcpdump-core": "zfcpdump",
    "kernel-uek": "uek", "kernel-uek-core": "uek", "kernel-lt": "lt", "kernel-lt-core": "lt", "kernel-ml": "ml",
    "kernel-ml-core": "ml", "kernel-plus": "plus",
}
_RASPBERRY = "raspberrypi2-kernel4"
# And all there are: the firmware boots these by themselves, without grub, which knows nothing of them.
PACKAGES = dict(IMAGES, **{"kernel-uki-virt": "standard", "kernel-debug-uki-virt": "debug", _RASPBERRY: "raspberrypi"})
# Those whose makers give the version a word of its own, and uname -r no suffix.
_PLAIN = frozenset(["standard", "uek", "lt", "ml", "plus"])


def summarise(running, packages, distribution):
    """The facts.

    :param running: what uname -r says
    :param packages: {name: [Package, …]}
    :param distribution: Distribution or None
    """
    own = frozenset(distribution.vendors if distribution else ())
    found = [(package, PACKAGES[name]) for name in PACKAGES for package in packages.get(name, ())]
    if not found:
        # Release 7 and before: the image is in "kernel".
        found = [(package, "standard") for package in packages.get("kernel", ())]
    found.sort(key=lambda item: (version.evr_key(item[0].evr), item[0].name))
    names = [_release(package) for package, flavour in found]
    current = any(matches(running, name) for name in names)
    flavour = flavour_of(running, [(name, item[1]) for name, item in zip(names, found)])
    same = [name for name, item in zip(names, found) if item[1] == flavour] or names
    newest = same[-1] if same else None
    return {
        "running": running,
        "installed": [{"release": name, "package": package.nevra, "flavour": kind, "vendor": package.vendor or None}
                      for name, (package, kind) in zip(names, found)],
        "newest": newest,
        "running_installed": current,
        "running_newest": matches(running, newest) if newest else None,
        "foreign": [package.nevra for package, kind in found if package.vendor not in own],
    }


def _release(package):
    """What uname -r says when *package* runs, but for a suffix of the flavour."""
    release = "{0}-{1}".format(package.version, package.release)
    # The kernel of the Raspberry Pi does not name its architecture.
    return release if package.name == _RASPBERRY else "{0}.{1}".format(release, package.arch)


def flavour_of(running, installed):
    """The flavour of the kernel *running* (uname -r).

    :param installed: [(release, flavour)] of the kernels that are there
    """
    # "+rt", "+64k", "+debug" tell flavours of the same version apart.
    suffix = running.partition("+")[2] or "standard"
    flavours = [flavour for release, flavour in installed if matches(running, release)]
    return suffix if suffix in flavours or not flavours else flavours[0]


def release_of(name, version, release, arch):
    """What uname -r says, and the files of /boot are called by, when the kernel in package *name* (one of IMAGES) runs."""
    words = [] if IMAGES[name] in _PLAIN else IMAGES[name].split("-")
    if re.search(r"\.rt\d", release):
        # Release 8, and 9 before 9.3: the real-time kernel is built by itself, and its release says so.
        words = [word for word in words if word != "rt"]
    return "{0}-{1}.{2}{3}".format(version, release, arch, "+" + "-".join(words) if words else "")


def matches(running, release):
    """Whether *running* (uname -r) is kernel *release*, flavours such as "+rt", "+64k" and "+debug" left aside."""
    return running.split("+")[0] == release


def collect(context):
    errors = []
    packages = context.packages(errors)
    return dict(summarise(context.kernel_release, packages, distributions.recognise(context.os_release()[0])), errors=errors)
