# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""See to it that the host boots an AlmaLinux kernel: initramfs, default entry, grub's configuration, EFI's boot entry.

A container has none of these; there nothing is done, and the result says so.
"""

import json
import os
import re

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import plan
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import kernel
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import version
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

EFI = "/sys/firmware/efi"
ESP = "/boot/efi"
LABEL = "AlmaLinux"
# shim's name by architecture, as in AlmaLinux's shim packages.
LOADERS = {"x86_64": "shimx64.efi", "x86_64_v2": "shimx64.efi", "aarch64": "shimaa64.efi"}
LSBLK = ("lsblk", "--json", "--output", "NAME,KNAME,TYPE,MOUNTPOINT")
# An initramfs of a big machine takes minutes.
TIMEOUT = 900


def mend(request, context=None):
    """Do it, and say what was done (str).

    :param request: {"container": bool, "arch": str, "rebuild": [kernel release] (replaced in place: their initramfs is the source's),
        "flavour": of AlmaLinux's kernel that becomes the default (see _facts.kernel.IMAGES), "beside": [NEVRA] (kernels of the source that stay)}
    :raises HostError: no AlmaLinux kernel is installed, or a command failed; the host is not fit to be rebooted then
    """
    if request["container"]:
        return "skipped: a container has no kernel, boot loader or EFI of its own"
    context = context or Context()
    newest = newest_kernel(context, request)
    done = []
    for release in sorted(set(request["rebuild"] + [newest])):
        if release in request["rebuild"] or not context.exists("/boot/initramfs-{0}.img".format(release)):
            commands.run(["dracut", "--force", "/boot/initramfs-{0}.img".format(release), release], timeout=TIMEOUT)
            done.append("initramfs of {0}".format(release))
    commands.run(["grubby", "--set-default", "/boot/vmlinuz-{0}".format(newest)], timeout=120)
    done.append("default {0}".format(newest))
    for path in ("/etc/grub2.cfg", "/etc/grub2-efi.cfg"):
        if context.exists(path) and os.path.exists(context.at(path)):
            commands.run(["grub2-mkconfig", "-o", os.path.realpath(context.at(path))], timeout=300)
    if context.exists(EFI) and request["arch"] in LOADERS:
        done.append(mend_efi(LOADERS[request["arch"]]))
    shown = commands.run(["grubby", "--default-kernel"], timeout=120).stdout.strip()
    if shown != "/boot/vmlinuz-{0}".format(newest):
        raise HostError("the default kernel is {0}, not AlmaLinux's {1}".format(shown or "unknown", newest),
                        "Do not reboot; look at grubby --info=ALL")
    return ", ".join(done)


def default_kernel():
    """What grubby calls the default kernel (path), or None."""
    if not commands.find("grubby"):
        return None
    return commands.run(["grubby", "--default-kernel"], timeout=120, check=False).stdout.strip() or None


def before(request):
    """What must be known for the way back: {"default": path or None, "entries": numbers of the EFI entries for AlmaLinux that were there}."""
    if request["container"]:
        return {"default": None, "entries": []}
    return {"default": default_kernel(), "entries": our_entries(request)}


def our_entries(request):
    """The numbers of the active EFI entries for AlmaLinux's loader."""
    if not os.path.exists(EFI) or request["arch"] not in LOADERS:
        return []
    wanted = "\\efi\\almalinux\\" + LOADERS[request["arch"]]
    return [number for number, _active, _label, path in entries(commands.run(["efibootmgr", "-v"], timeout=60).stdout)
            if wanted in path.lower().replace("/", "\\")]


def mend_back(request, noted):
    """Make the source's kernel the default again, and take the EFI entry of the conversion away: what was done (str).

    :param noted: what before() gave
    """
    if request["container"]:
        return "skipped: a container has no kernel, boot loader or EFI of its own"
    done = []
    for release in request["rebuild"]:
        # Replaced in place there and back: the initramfs is AlmaLinux's.
        commands.run(["dracut", "--force", "/boot/initramfs-{0}.img".format(release), release], timeout=TIMEOUT)
        done.append("initramfs of {0}".format(release))
    if noted["default"] and os.path.exists(noted["default"]):
        commands.run(["grubby", "--set-default", noted["default"]], timeout=120)
        done.append("default {0}".format(noted["default"]))
    for path in ("/etc/grub2.cfg", "/etc/grub2-efi.cfg"):
        if os.path.exists(path):
            commands.run(["grub2-mkconfig", "-o", os.path.realpath(path)], timeout=300)
    for number in our_entries(request):
        if number not in noted["entries"]:
            commands.run(["efibootmgr", "--bootnum", number, "--delete-bootnum"], timeout=60)
            done.append("EFI entry {0} removed".format(number))
    return ", ".join(done) or None


def newest_kernel(context, request):
    """What uname -r would say of AlmaLinux's newest kernel of the flavour that *request* (see mend()) names.

    :raises HostError: there is none
    """
    vendors = distributions.BY_PRODUCT[distributions.ALMALINUX].vendors
    # One that an older version of this collection began does not name them.
    flavour, beside = request.get("flavour") or plan.STANDARD, request.get("beside") or ()
    packages = context.packages([])
    found = [package for name in kernel.IMAGES for package in packages.get(name, ())
             if package.vendor in vendors and kernel.IMAGES[name] == flavour and package.nevra not in beside]
    if not found:
        raise HostError("no kernel of AlmaLinux is installed", "Do not reboot; install the package {0}".format(plan.METAS[flavour]))
    best = max(found, key=lambda package: version.evr_key(package.evr))
    return kernel.release_of(best.name, best.version, best.release, best.arch)


# --- EFI -------------------------------------------------------------------------------------------------------------

def parents(tree, mountpoint):
    """[(disk, partition)] (kernel names) of what is mounted at *mountpoint*; several where it lies on a RAID.

    Of the paths to a disk with several (multipath), one stands for all: they lead to the same partition.

    :param tree: what lsblk prints as JSON, as a dict
    """
    found = []
    shared = set()

    def walk(devices, chain):
        for device in devices:
            here = chain + [device]
            if device.get("mountpoint") == mountpoint or mountpoint in (device.get("mountpoints") or ()):
                disk = next((item for item in here if item["type"] == "disk"), None)
                partition = next((item for item in here if item["type"] == "part"), None)
                if disk is None or partition is None or partition["kname"] in shared or (disk["kname"], partition["kname"]) in found:
                    continue
                found.append((disk["kname"], partition["kname"]))
                if any(item["type"] == "mpath" for item in here):
                    shared.add(partition["kname"])
            walk(device.get("children") or (), here)

    walk(tree.get("blockdevices") or (), [])
    return found


def partition_number(kname, read):
    """The number (int) of a partition: what the kernel says in sysfs, else the digits at the end of its name.

    :param read: gives the text of a path, or None
    :raises HostError: neither tells it
    """
    text = (read("/sys/class/block/{0}/partition".format(kname)) or "").strip()
    if text.isdigit():
        return int(text)
    if kname.startswith("dm-"):
        # kpartx made it, of a disk with several paths: its name is a number of another kind.
        match = re.match(r"part(\d+)-", read("/sys/class/block/{0}/dm/uuid".format(kname)) or "")
    else:
        # sda12, nvme0n1p12, mmcblk0p1
        match = re.search(r"(\d+)\Z", kname)
    if match is None:
        raise HostError("the number of the partition {0} cannot be told".format(kname), "Add the boot entry by hand: efibootmgr --create")
    return int(match.group(1))


def entries(text):
    """[(number, active, label, path)] of what efibootmgr -v prints."""
    found = []
    for line in text.splitlines():
        match = re.match(r"Boot([0-9A-Fa-f]{4})(\*?)\s+([^\t]*)\t?(.*)", line)
        if match:
            found.append((match.group(1), bool(match.group(2)), match.group(3).strip(), match.group(4)))
    return found


def has_entry(text, loader):
    """Whether an active entry for AlmaLinux's *loader* (shimx64.efi) is there."""
    wanted = "\\efi\\almalinux\\" + loader.lower()
    return any(active and wanted in path.lower().replace("/", "\\") for _number, active, _label, path in entries(text))


def esp():
    """[(disk, partition)] of the EFI system partition, as parents() gives them; not empty.

    :raises HostError: it cannot be found
    """
    try:
        tree = json.loads(commands.run(list(LSBLK), timeout=60).stdout)
    except ValueError:
        raise CommandError("lsblk printed no JSON", "Add the boot entry by hand: efibootmgr --create", command=list(LSBLK))
    places = parents(tree, ESP)
    if not places:
        raise HostError("the EFI system partition at {0} cannot be found".format(ESP), "Mount it, and run again")
    return places


def mend_efi(loader):
    """Add the boot entry where it is missing: what was done (str).

    :raises HostError: the system partition cannot be found
    """
    before = commands.run(["efibootmgr", "-v"], timeout=60).stdout
    if has_entry(before, loader):
        return "EFI entry was there"
    context = Context()
    places = esp()
    for disk, partition in places:
        commands.run(["efibootmgr", "--create", "--disk", "/dev/" + disk, "--part", str(partition_number(partition, context.read)),
                      "--label", LABEL, "--loader", "\\EFI\\almalinux\\" + loader], timeout=60)
    return "EFI entry made on {0}".format(", ".join(disk for disk, _partition in places))
