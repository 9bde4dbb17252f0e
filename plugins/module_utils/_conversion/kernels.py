# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The kernels of the source, and the firmware that they need, which stay beside AlmaLinux's until that one runs."""

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import mapping
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import kernel
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import nevra as names
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

# The flavour of those that the firmware boots by itself, without grub.
RASPBERRY = kernel.PACKAGES["raspberrypi2-kernel4"]


def flavour(facts):
    """The flavour (see _facts.kernel.IMAGES) of the kernel that runs.

    :param facts: the facts section kernel
    """
    return kernel.flavour_of(facts["running"], [(item["release"], item["flavour"]) for item in facts["installed"]])


def outlived(source, facts, installed, beside, kept):
    """NEVRAs (sorted) of the source's kernel packages that may go, for AlmaLinux's kernel runs, and of its kernels that stay all the same; its
    firmware goes with the last of them.

    :param source: mapping.Source
    :param facts: the facts section kernel
    :param installed: NEVRAs of the packages that are installed
    :param beside: NEVRAs that the conversion let stay until now
    :param kept: NEVRAs that a way back can have again, or None if there shall be no way back; what it could not have again stays
    """
    vendors = distributions.BY_PRODUCT[distributions.ALMALINUX].vendors
    # Kitten's kernels have the same vendor.
    ours = [item for item in facts["installed"] if item["vendor"] in vendors and item["package"] not in beside]
    if not any(kernel.matches(facts["running"], item["release"]) for item in ours):
        return [], []
    there = sorted(nevra for nevra in beside if nevra in installed)
    gone = [nevra for nevra in there if kept is None or nevra in kept]
    if len(gone) != len(there):
        gone = [nevra for nevra in gone if not is_firmware(source, nevra)]
    return gone, [nevra for nevra in there if nevra not in gone and not is_firmware(source, nevra)]


def words_of_staying(nevras):
    """What is to be said of the source's kernels *nevras* that outlived() lets stay: [str]."""
    return ["Kernels of the source stay though AlmaLinux's runs, for no repository has them and a way back would be without them: {0}. "
            "Remove them by hand when no way back is wanted any more: rpm -e {1}".format(", ".join(nevras), " ".join(nevras))] if nevras else []


def boots_itself(facts):
    """Whether the kernel that runs is one of RASPBERRY.

    :param facts: the facts section kernel
    """
    return flavour(facts) == RASPBERRY


def is_firmware(source, nevra):
    """Whether a package that stayed beside AlmaLinux's is none of a kernel, but what the source's kernels need."""
    return mapping.matches(names.parse(nevra).name, source.firmware)


def in_place(rows):
    """What uname -r says (sorted) of the kernels that AlmaLinux's build of the same version takes the place of.

    :param rows: as plan.verdicts() gives them
    """
    replaced = [names.parse(row["package"]) for row in rows if row["verdict"] == "replaced"]
    return sorted(kernel.release_of(item.name, item.version, item.release, item.arch) for item in replaced if item.name in kernel.IMAGES)


def not_running(nevras, running):
    """*nevras* of the kernel packages that a way back left for the kernel that ran, if *running* (uname -r) is another one now; else []."""
    release = running.split("+")[0]
    return [] if any(nevra.endswith("-" + release) for nevra in nevras) else list(nevras)


def remove(nevras):
    """Erase packages, if any. rpm refuses where another one needs them; nothing is taken along.

    :raises CommandError: rpm refuses; says why
    """
    if nevras:
        commands.run(["rpm", "-e"] + nevras, timeout=600)
