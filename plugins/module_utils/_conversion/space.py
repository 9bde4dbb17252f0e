# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""How much room a conversion takes, on which file system. Pure arithmetic."""

MEBIBYTE = 1 << 20
# What a kernel puts into /boot where the host has none to measure: EL9's vmlinuz, System.map and config take about 22 MiB,
# an initramfs of a machine 30 to 90 MiB.
KERNEL_BOOT = 120 * MEBIBYTE
# rpm writes to its database and dnf to its history; journals and state files besides.
BOOKKEEPING = 64 * MEBIBYTE
# Above what is counted: blocks that are not full, directories, scriptlets that write.
MARGIN = 1.1


def mount_of(path, mounts):
    """The mount (dict with "mount", "free" in bytes, …) that *path* lies on, or None."""
    best = None
    for mount in mounts:
        point = mount["mount"].rstrip("/") + "/"
        if (path.rstrip("/") + "/").startswith(point) and (best is None or len(point) > len(best["mount"].rstrip("/") + "/")):
            best = mount
    return best


def needs(rows, kernel_size, cache, revert_cache):
    """[(path, bytes, what for)] that a transaction of *rows* (plan.verdicts) takes.

    :param kernel_size: bytes that one kernel takes in /boot
    :param cache: the directory that packages are fetched to
    :param revert_cache: bytes of the packages that are kept for a rollback
    """
    download = sum(row["download"] for row in rows)
    growth = sum(max(0, row["size"]) for row in rows if row["verdict"] != "added-kernel")
    kernels = sum(row["size"] for row in rows if row["verdict"] == "added-kernel")
    # rpm has the new files beside the old ones of a package until that package is done.
    largest = max([row["size"] for row in rows] + [0])
    cores = sum(1 for row in rows if row["verdict"] == "added-kernel" and "-core-" in (row["becomes"] or ""))
    return [
        (cache, download, "packages"), (cache, revert_cache, "packages of the source, for a rollback"),
        ("/usr", growth + kernels + largest, "new files"), ("/boot", cores * kernel_size, "kernels and their initramfs"),
        ("/var/lib", BOOKKEEPING, "rpm's database, dnf's history and the journal"),
    ]


def short(wanted, mounts):
    """The mounts that have too little room: [{"mount", "free", "needed", "parts" [str]}].

    :param wanted: as needs() gives it
    :param mounts: [{"mount", "free"}]
    """
    total = {}
    for path, size, why in wanted:
        mount = mount_of(path, mounts)
        if mount is None or not size:
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
