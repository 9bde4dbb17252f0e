# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""How much room a conversion takes, on which file system. Pure arithmetic."""

MEBIBYTE = 1 << 20
# What a kernel puts into /boot where the host has none to measure: EL9's vmlinuz, System.map and config take about 22 MiB,
# an initramfs of a machine 30 to 90 MiB.
KERNEL_BOOT = 120 * MEBIBYTE
# rpm writes to its database and dnf to its history; state files besides.
BOOKKEEPING = 64 * MEBIBYTE
# Above what is counted: blocks that are not full, directories, scriptlets that write.
MARGIN = 1.1
BLOCK = 4096
# Where a conversion keeps what it fetches and what was there before, and what else it writes to.
STATE = "/var/lib/elkit"
PLACES = (STATE, "/var/lib", "/usr", "/boot", "/boot/efi")
# Whoever asks one of these how much room it has waits until its server answers, and nothing can interrupt that.
NETWORK = frozenset(["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "beegfs", "gpfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph",
                     "autofs"])


def mount_of(path, mounts):
    """The mount (dict with "mount", "free" in bytes, …) that *path* lies on, or None. Of several on one point, the last is seen."""
    best = None
    for mount in mounts:
        point = mount["mount"].rstrip("/") + "/"
        if (path.rstrip("/") + "/").startswith(point) and (best is None or len(point) >= len(best["mount"].rstrip("/") + "/")):
            best = mount
    return best


def holders(mounts):
    """Those of *mounts* that a conversion writes to and that can be asked for their room."""
    found = [mount_of(path, mounts) for path in PLACES]
    return [mount for mount in mounts if mount["type"] not in NETWORK and any(mount is one for one in found)]


def blocks(size):
    """The bytes that a file of *size* bytes takes on the disk."""
    return -(-size // BLOCK) * BLOCK


def is_kernel_image(nevra):
    """Whether a package brings a kernel (not only modules of one) that gets an initramfs in /boot."""
    name = nevra.rsplit("-", 2)[0]
    return name.startswith("kernel") and name.endswith("-core") and "-modules" not in name


def needs(rows, items, kernel_size, revert_cache, files=0, metadata=0):
    """[(path, bytes, what for)] that a transaction takes.

    :param rows: as plan.verdicts() gives them
    :param items: the transaction, as _dnf.conversion.items_of() gives it
    :param kernel_size: bytes that one kernel takes in /boot
    :param revert_cache: bytes of the packages that are kept for a rollback
    :param files: bytes of the files that are kept for one
    :param metadata: bytes of the metadata that move to the state directory from elsewhere
    """
    coming = [item for item in items if item["repository"]]
    download = sum(row["download"] for row in rows)
    growth = sum(max(0, row["size"]) for row in rows if row["verdict"] != "added-kernel")
    kernels = sum(row["size"] for row in rows if row["verdict"] == "added-kernel")
    # rpm has all new files of a package beside the old ones until that package is done.
    largest = max([item["size"] for item in coming] + [0])
    images = sum(1 for row in rows if row["verdict"] == "added-kernel" and is_kernel_image(row["becomes"]))
    # One that is replaced in place gets a new initramfs, which is written beside the old one.
    if any(row["verdict"] == "replaced" and is_kernel_image(row["package"]) for row in rows):
        images += 1
    loaders = sum(item["size"] for item in coming if item["name"].startswith(("shim-", "grub2-efi-")))
    return [
        (STATE, download, "packages"), (STATE, revert_cache, "packages of the source, for a rollback"),
        (STATE, files, "the files of /etc as they are"), (STATE, metadata, "metadata"),
        ("/usr", growth + kernels + largest, "new files"), ("/boot", images * kernel_size, "kernels and their initramfs"),
        ("/boot/efi", loaders, "boot loaders"), ("/var/lib", BOOKKEEPING, "rpm's database and dnf's history"),
    ]


def short(wanted, mounts):
    """The mounts that have too little room: [{"mount", "free", "needed", "parts" [str]}].

    :param wanted: as needs() gives it
    :param mounts: [{"mount", "free" (None where it is not known)}]
    """
    total = {}
    for path, size, why in wanted:
        mount = mount_of(path, mounts)
        if mount is None or mount["free"] is None or not size:
            continue
        entry = total.setdefault(mount["mount"], {"mount": mount["mount"], "free": mount["free"], "needed": 0, "parts": []})
        entry["needed"] += int(size * MARGIN)
        entry["parts"].append("{0} for {1}".format(readable(size), why))
    return [total[key] for key in sorted(total) if total[key]["needed"] > total[key]["free"]]


def readable(size):
    """*size* (bytes) for people: "12.3 MiB"."""
    for unit in ("B", "KiB", "MiB"):
        if abs(size) < 1024:
            return "{0:.4g} {1}".format(size, unit)
        size /= 1024.0
    return "{0:.4g} GiB".format(size)
