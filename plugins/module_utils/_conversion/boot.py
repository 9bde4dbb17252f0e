# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""See to it that the host boots an AlmaLinux kernel: initramfs, default entry, grub's settings and configuration, EFI's boot entry.

A container has none of these; there nothing is done, and the result says so.
"""

import filecmp
import json
import os
import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import plan
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import kernel
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import version
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files

EFI = "/sys/firmware/efi"
ESP = "/boot/efi"
LABEL = "AlmaLinux"
# Where AlmaLinux's boot loader lies on the EFI system partition.
VENDOR = ESP + "/EFI/almalinux"
# shim's name by architecture, as in AlmaLinux's shim packages, and the packages that bring it and what it starts.
LOADERS = {"x86_64": "shimx64.efi", "x86_64_v2": "shimx64.efi", "aarch64": "shimaa64.efi"}
PACKAGES = {"shimx64.efi": ("shim-x64", "grub2-efi-x64"), "shimaa64.efi": ("shim-aa64", "grub2-efi-aa64")}
LSBLK = ("lsblk", "--json", "--output", "NAME,KNAME,TYPE,MOUNTPOINT")
# An initramfs of a big machine takes minutes.
TIMEOUT = 900
IMAGE, INITRAMFS = "/boot/vmlinuz-{0}", "/boot/initramfs-{0}.img"
ENTRIES = "/boot/loader/entries"
GRUB, GRUB_LINKS = "/boot/grub2", ("/etc/grub2.cfg", "/etc/grub2-efi.cfg")
# What grub's configuration is made by, and which kernels become the default as they are installed. A shell reads both.
SETTINGS, UPDATES = "/etc/default/grub", "/etc/sysconfig/kernel"
SHELL = keytext.Form(comments="#", inline_comments=True, quotes=True)
# The value of GRUB_DEFAULT with which grub boots what grubby calls the default.
SAVED = "saved"
# The password that grub asks for (grub2-setpassword), beside its configuration: on release 8 with EFI in a directory that changes its name.
PASSWORD = "user.cfg"
# What leads from the EFI system partition to grub's configuration below /boot, as the package grub2-common of release 9 and 10 writes it.
STUB = "search --no-floppy --fs-uuid --set=dev {0}\nset prefix=($dev){1}\nexport $prefix\nconfigfile $prefix/grub.cfg\n"
# Where zipl writes which blocks of the disk the machine is to read; it has to be run whenever they are others.
BOOTMAP = "/boot/bootmap"
IN_A_CONTAINER = "skipped: a container has no kernel, boot loader or EFI of its own"
BY_ITSELF = "skipped: the firmware boots this host's kernel by itself"


def has_grub(request):
    """Whether there is anything to do here; *request* as mend() takes it."""
    return not request["container"] and not request.get("itself")


def mend(request, context=None):
    """Do it, and say what was done (str).

    :param request: {"container": bool, "itself": whether the firmware boots the kernel without grub, "arch": str,
        "rebuild": [kernel release] (replaced in place: their initramfs is the source's),
        "flavour": of AlmaLinux's kernel that becomes the default (see _facts.kernel.IMAGES), "beside": [NEVRA] (kernels of the source that stay),
        "efi": False where the user sees to EFI's boot entry, "again": whether an earlier run may have left files of a kernel half made,
        "password": as before() noted it}
    :raises HostError: no AlmaLinux kernel is installed, or a command failed; the host is not fit to be rebooted then
    """
    if not has_grub(request):
        return IN_A_CONTAINER if request["container"] else BY_ITSELF
    context = context or Context()
    newest = newest_kernel(context, request)
    done = []
    for release in sorted(set(request["rebuild"] + [newest])):
        done += mend_kernel(context, release, release in request["rebuild"], request.get("again"))
    done += mend_settings(context, request)
    configure(context)
    loader = loader_of(request, context)
    if loader:
        mend_stub(context, VENDOR + "/grub.cfg")
        done += mend_password(context, VENDOR, request.get("password"))
    done += mend_default(IMAGE.format(newest)) + mend_bootmap(request)
    if loader:
        done.append(mend_efi(context, loader))
    elif context.exists(EFI) and request["arch"] in LOADERS:
        done.append("EFI entry left to you, for the check efi was overridden")
    left = not_bootable(request, context)
    if left:
        raise HostError("AlmaLinux's kernel would not boot: {0}".format("; ".join(left)), "Do not reboot; look at grubby --info=ALL, mend it and run again")
    return ", ".join(done)


def mend_kernel(context, release, rebuild, again=False):
    """See to it that /boot has the image of kernel *release*, an entry of the boot loader and an initramfs: what was done ([str]).

    The package's last scriptlet does that; it does not run where rpm was killed.

    :param rebuild: make the initramfs anew
    :param again: make all anew
    """
    done = []
    own = "/lib/modules/{0}/vmlinuz".format(release)
    if os.path.isfile(context.at(own)) and (again or not is_same(context, own, IMAGE.format(release)) or lacks_entry(context, release)):
        commands.run(["kernel-install", "add", release, own], timeout=TIMEOUT)
        done.append("kernel {0}".format(release))
    if again or rebuild or not context.exists(INITRAMFS.format(release)):
        commands.run(["dracut", "--force", INITRAMFS.format(release), release], timeout=TIMEOUT)
        done.append("initramfs of {0}".format(release))
    return done


def is_same(context, path, other):
    """Whether two files have the same content. A kernel of the same version that took the place of the source's leaves its image in /boot until then."""
    return os.path.isfile(context.at(other)) and filecmp.cmp(context.at(path), context.at(other), shallow=False)


def lacks_entry(context, release):
    """Whether the boot loader has entries in files of their own, but none for kernel *release*."""
    names = [name for name in context.names(ENTRIES) if name.endswith(".conf")]
    return bool(names) and not any(name.endswith("-{0}.conf".format(release)) for name in names)


def configurations(context):
    """Where (sorted paths) /etc links to a configuration of grub's that can be made: on release 8 with EFI it lies in a directory that has changed
    its name."""
    targets = set(os.path.realpath(context.at(path)) for path in GRUB_LINKS if context.exists(path))
    return sorted(target for target in targets if os.path.isdir(os.path.dirname(target)))


def configure(context):
    """Have grub's configuration made wherever it can be."""
    for target in configurations(context):
        commands.run(["grub2-mkconfig", "-o", target], timeout=300)


def setting(context, path, name):
    """The value (str) of the variable *name* in the file *path* (SETTINGS or UPDATES), or None."""
    found = keytext.values(context.read(path) or "", SHELL, name)
    return found[-1][1] if found else None


def mend_settings(context, request):
    """Let grub boot the kernel that grubby calls the default, and AlmaLinux's later ones become it: what was done ([str])."""
    settings, updates = {}, {}
    chosen = setting(context, SETTINGS, "GRUB_DEFAULT")
    if chosen != SAVED and configurations(context):
        settings["GRUB_DEFAULT"] = SAVED
        if chosen in (None, "", "0"):
            # The first of the list, which is the newest: the saved one would stay as it is.
            updates["UPDATEDEFAULT"] = "yes"
    kind = setting(context, UPDATES, "DEFAULTKERNEL")
    ours = set(package.name for package in images(context, request))
    if (kind or updates) and kind not in ours | set(name.replace("-core", "") for name in ours):
        updates["DEFAULTKERNEL"] = plan.METAS[flavour_of(request)] + "-core"
    # In this order: a run that is ended in between finds what the other depends on still to be done.
    return put(context, UPDATES, updates) + put(context, SETTINGS, settings)


def put(context, path, values):
    """Set variables in the file *path*: what was done ([str])."""
    text = files.read_text(context.at(path)) or ""
    for name in sorted(values):
        text = keytext.with_value(text, SHELL, name, values[name])
    if values:
        files.write_atomic(context.at(path), text)
    return ["{0}={1} in {2}".format(name, values[name], path) for name in sorted(values)]


def mend_stub(context, path):
    """Write what leads to grub's configuration below /boot to *path*, on the EFI system partition, where nothing is there yet."""
    if is_filled(context, path) or not os.path.isdir(context.at(os.path.dirname(path))) or not is_filled(context, GRUB + "/grub.cfg"):
        return
    words = [commands.run(command + [GRUB], timeout=60).stdout.strip() for command in (["grub2-probe", "--target=fs_uuid"], ["grub2-mkrelpath"])]
    files.write_atomic(context.at(path), STUB.format(*words))


def password(context):
    """{"path", "text"} of the password of grub where it lies on the EFI system partition, or None."""
    path = os.path.join(os.path.dirname(os.path.realpath(context.at(GRUB_LINKS[1]))), PASSWORD)[len(context.root):]
    text = context.read(path) if path.startswith(ESP + "/") and context.exists(path) else None
    return {"path": path, "text": text} if text else None


def mend_password(context, directory, noted):
    """Write the password of grub to *directory*, where it was elsewhere before and is not there: what was done ([str]).

    :param noted: what password() gave, or None
    """
    path = os.path.join(directory, PASSWORD)
    if not noted or is_filled(context, path) or not os.path.isdir(context.at(directory)):
        return []
    files.write_atomic(context.at(path), noted["text"], files.Attributes(os.geteuid(), os.getegid(), 0o600))
    return ["grub's password"]


def is_filled(context, path):
    """Whether the file *path* is there and not empty."""
    return os.path.isfile(context.at(path)) and os.path.getsize(context.at(path)) > 0


def mend_default(image):
    """Make the kernel *image* (path) the default: what was done ([str])."""
    commands.run(["grubby", "--set-default", image], timeout=120)
    return ["default {0}".format(image[len(IMAGE.format("")):])]


def mend_bootmap(request):
    """Let the boot loader of s390x, which knows blocks of the disk and not files, know those of the files that are there now: what was done ([str])."""
    if request["arch"] != "s390x":
        return []
    commands.run(["zipl"], timeout=300)
    return ["zipl"]


def not_bootable(request, context):
    """What is missing for AlmaLinux's kernel to be booted ([str]); nothing in a container.

    :raises HostError: no AlmaLinux kernel is installed
    """
    if not has_grub(request):
        return []
    newest = newest_kernel(context, request)
    wanted = [IMAGE.format(newest), INITRAMFS.format(newest)]
    loader = loader_of(request, context)
    if loader:
        wanted += [VENDOR + "/" + loader, VENDOR + "/grub.cfg"]
    found = ["{0} is missing or empty".format(path) for path in wanted if not is_filled(context, path)]
    shown = default_kernel()
    if shown != wanted[0]:
        found.append("the default kernel is {0}, not AlmaLinux's {1}".format(shown or "unknown", wanted[0]))
    if configurations(context) and setting(context, SETTINGS, "GRUB_DEFAULT") != SAVED:
        found.append("grub does not boot the default kernel, for GRUB_DEFAULT in {0} is not {1}".format(SETTINGS, SAVED))
    if loader and not has_entry(shown_entries(), loader):
        found.append("EFI has no active boot entry for AlmaLinux's {0}".format(loader))
    if request["arch"] == "s390x" and not found and context.exists(BOOTMAP) \
            and os.path.getmtime(context.at(BOOTMAP)) < os.path.getmtime(context.at(wanted[1])):
        found.append("zipl was not run since {0} was made".format(wanted[1]))
    return found


def loader_of(request, context):
    """shim's name; None where there is no EFI, or where the user sees to its boot entry."""
    return LOADERS.get(request["arch"]) if context.exists(EFI) and request.get("efi", True) else None


def default_kernel():
    """What grubby calls the default kernel (path), or None."""
    if not commands.find("grubby"):
        return None
    return commands.run(["grubby", "--default-kernel"], timeout=120, check=False).stdout.strip() or None


# --- the way back ----------------------------------------------------------------------------------------------------

def before(request, context=None):
    """What must be known for the way back: {"default": path or None, "entries": numbers of the EFI entries for AlmaLinux that were there,
    "booted": (label, loader) of the entry that was booted, if it names a loader, or None, "configurations": paths of grub's,
    "password": grub's, see password()}."""
    if not has_grub(request):
        return {"default": None, "entries": [], "booted": None, "configurations": [], "password": None}
    context = context or Context()
    found = set(os.path.realpath(context.at(path)) for path in GRUB_LINKS if context.exists(path))
    found.update(context.at("{0}/EFI/{1}/grub.cfg".format(ESP, name)) for name in context.names(ESP + "/EFI"))
    return {"default": default_kernel(), "entries": our_entries(request, context), "booted": booted_entry(request, context),
            "password": password(context),
            "configurations": sorted(path[len(context.root):] for path in found if is_filled(context, path[len(context.root):]))}


def our_entries(request, context):
    """The numbers of the EFI entries for AlmaLinux's loader."""
    loader = loader_of(request, context)
    if not loader:
        return []
    return [number for number, _active, _label, path in entries(shown_entries()) if leads_to(path, loader)]


def booted_entry(request, context):
    """(label, loader) of the EFI entry that this machine was booted by, or None where it names no file."""
    if not loader_of(request, context):
        return None
    text = shown_entries()
    current = re.search(r"(?m)^BootCurrent:\s*([0-9A-Fa-f]{4})", text)
    for number, _active, label, path in entries(text):
        loader = re.search(r"\\EFI\\[^)\t]+?\.efi", path.replace("/", "\\"), re.I)
        if current and number == current.group(1) and loader:
            return label, loader.group(0)
    return None


def mend_back(request, noted, context=None):
    """Make the source's kernel the default again, and take the EFI entry of the conversion away: what was done (str).

    :param noted: what before() gave
    """
    if not has_grub(request):
        return IN_A_CONTAINER if request["container"] else BY_ITSELF
    context = context or Context()
    done = []
    default = noted["default"] if noted["default"] and context.exists(noted["default"]) else None
    own = default[len(IMAGE.format("")):] if default else ""
    for release in sorted(set(request["rebuild"] + ([own] if own and context.exists("/lib/modules/" + own) else []))):
        # Replaced in place there and back: the initramfs is AlmaLinux's.
        done += mend_kernel(context, release, release in request["rebuild"], request.get("again"))
    configure(context)
    for path in noted.get("configurations", ()):
        if path.startswith(ESP):
            mend_stub(context, path)
    if noted.get("password"):
        done += mend_password(context, os.path.dirname(noted["password"]["path"]), noted["password"])
        ours = os.path.join(VENDOR, PASSWORD)
        if ours != noted["password"]["path"] and context.exists(ours) and context.read(ours) == noted["password"]["text"]:
            files.remove(context.at(ours))
    if default:
        done += mend_default(default)
    done += mend_bootmap(request)
    booted = noted.get("booted")
    if booted and loader_of(request, context) and not has_entry(shown_entries(), booted[1]):
        # A firmware drops entries whose file is gone, as it was when AlmaLinux was booted.
        done.append(make_entries(context, *booted))
    for number in our_entries(request, context):
        if number not in noted["entries"]:
            commands.run(["efibootmgr", "--bootnum", number, "--delete-bootnum"], timeout=60)
            done.append("EFI entry {0} removed".format(number))
    return ", ".join(done) or None


def not_as_before(request, noted, context=None):
    """What of the boot is not what it was before the conversion: [str].

    :param noted: what before() gave
    """
    if not has_grub(request):
        return []
    context = context or Context()
    found = ["{0} is missing or empty".format(path) for path in noted.get("configurations", ()) if not is_filled(context, path)]
    shown = default_kernel()
    if noted["default"] and shown != noted["default"]:
        found.append("the default kernel is {0}, not {1}".format(shown or "unknown", noted["default"]))
    if not loader_of(request, context):
        return found
    found += ["the EFI entry {0} for AlmaLinux is still there".format(number) for number in our_entries(request, context) if number not in noted["entries"]]
    booted = noted.get("booted")
    if booted and not has_entry(shown_entries(), booted[1]):
        found.append("EFI has no active boot entry for {0}".format(booted[1]))
    return found


def images(context, request):
    """The installed packages with AlmaLinux's kernels, of every flavour."""
    vendors = distributions.BY_PRODUCT[distributions.ALMALINUX].vendors
    packages = context.packages([])
    # Kitten's kernels have the same vendor.
    beside = request.get("beside") or ()
    return [package for name in kernel.IMAGES for package in packages.get(name, ()) if package.vendor in vendors and package.nevra not in beside]


def flavour_of(request):
    """The flavour of AlmaLinux's kernel that becomes the default. What an older version of this collection asked does not name it."""
    return request.get("flavour") or plan.STANDARD


def newest_kernel(context, request):
    """What uname -r would say of AlmaLinux's newest kernel of the flavour that *request* (see mend()) names.

    :raises HostError: there is none
    """
    flavour = flavour_of(request)
    found = [package for package in images(context, request) if kernel.IMAGES[package.name] == flavour]
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


def shown_entries():
    """What efibootmgr says of the boot entries.

    :raises CommandError: it is not there, or cannot read them
    """
    return commands.run(["efibootmgr", "-v"], timeout=60).stdout


def leads_to(path, loader):
    """Whether an entry's *path* leads to *loader*: AlmaLinux's (shimx64.efi), or one with all of its path on the system partition."""
    wanted = loader if "\\" in loader else "\\efi\\almalinux\\" + loader
    return wanted.lower() in path.lower().replace("/", "\\")


def has_entry(text, loader):
    """Whether an active entry for *loader* (see leads_to()) is there."""
    return any(active and leads_to(path, loader) for _number, active, _label, path in entries(text))


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


def mend_efi(context, loader):
    """Add the boot entry where it is missing: what was done (str).

    :raises HostError: the system partition cannot be found
    """
    if has_entry(shown_entries(), loader):
        return "EFI entry was there"
    return make_entries(context, LABEL, "\\EFI\\almalinux\\" + loader)


def make_entries(context, label, loader):
    """Add an entry for *loader* (its path) on each disk that the system partition lies on: what was done (str).

    :raises HostError: the system partition cannot be found
    """
    places = esp()
    for disk, partition in places:
        commands.run(["efibootmgr", "--create", "--disk", "/dev/" + disk, "--part", str(partition_number(partition, context.read)),
                      "--label", label, "--loader", loader], timeout=60)
    return "EFI entry made on {0}".format(", ".join(disk for disk, _partition in places))


def check_efi(context, arch):
    """[(disk, partition)] of the EFI system partition, where everything is there that a boot entry needs.

    :raises HostError: something is not
    """
    places = esp()
    for _disk, partition in places:
        partition_number(partition, context.read)
    missing = [name for name in PACKAGES[LOADERS[arch]] if not context.packages([]).get(name)]
    if missing:
        raise HostError("the package {0} is not installed, with which AlmaLinux boots on EFI".format(" and ".join(missing)), "Install it")
    variables = EFI + "/efivars"
    if context.exists(variables) and not os.access(context.at(variables), os.W_OK):
        raise HostError("{0} cannot be written".format(variables), "Mount it writable")
    shown_entries()
    return places
