# SPDX-License-Identifier: GPL-3.0-or-later
"""EFI: which disk and partition, as lsblk tells of them; which entries there are."""
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import boot

ESP = "/boot/efi"


def disk(name, *children, **more):
    return dict({"name": name, "kname": name, "type": "disk", "mountpoint": None, "children": list(children)}, **more)


def part(name, mountpoint=None, *children):
    return {"name": name, "kname": name, "type": "part", "mountpoint": mountpoint, "children": list(children)}


@pytest.mark.parametrize("tree, found", [
    ([disk("sda", part("sda1", ESP), part("sda2", "/"))], [("sda", "sda1")]),
    ([disk("sda", part("sda1")), disk("sdb", part("sdb12", ESP))], [("sdb", "sdb12")]),
    ([disk("nvme0n1", part("nvme0n1p1", "/boot"), part("nvme0n1p12", ESP))], [("nvme0n1", "nvme0n1p12")]),
    # RAID 1: the array appears below each of its parts.
    ([disk("sda", part("sda1", None, {"name": "md0", "kname": "md0", "type": "raid1", "mountpoint": ESP})),
      disk("sdb", part("sdb1", None, {"name": "md0", "kname": "md0", "type": "raid1", "mountpoint": ESP}))], [("sda", "sda1"), ("sdb", "sdb1")]),
    # Newer lsblk has a list of mount points.
    ([disk("vda", {"name": "vda2", "kname": "vda2", "type": "part", "mountpoints": [None, ESP]})], [("vda", "vda2")]),
    ([disk("sda", part("sda1", "/"))], []), ([], [])])
def test_where_the_system_partition_is(tree, found):
    assert boot.parents({"blockdevices": tree}, ESP) == found


@pytest.mark.parametrize("kname, sysfs, number", [
    ("sda1", "1\n", 1), ("nvme0n1p12", None, 12), ("mmcblk0p3", None, 3), ("sdb12", "", 12), ("loop0p2", "2", 2)])
def test_the_number_of_a_partition(kname, sysfs, number):
    asked = []

    def read(path):
        asked.append(path)
        return sysfs

    assert boot.partition_number(kname, read) == number
    assert asked == ["/sys/class/block/{0}/partition".format(kname)]


SHOWN = ("BootCurrent: 0001\nTimeout: 0 seconds\nBootOrder: 0001,0000\n"
         "Boot0000* UiApp\tFvVol(7cb8bdc9)/FvFile(462caa21)\n"
         "Boot0001* CentOS Stream\tHD(1,GPT,0b5a)/File(\\EFI\\centos\\shimx64.efi)\n"
         "Boot0002  AlmaLinux\tHD(1,GPT,0b5a)/File(\\EFI\\almalinux\\shimx64.efi)\n")


def test_entries():
    assert [(number, active, label) for number, active, label, _path in boot.entries(SHOWN)] == [
        ("0000", True, "UiApp"), ("0001", True, "CentOS Stream"), ("0002", False, "AlmaLinux")]
    # One that is not active does not boot.
    assert not boot.has_entry(SHOWN, "shimx64.efi")
    assert boot.has_entry(SHOWN.replace("Boot0002 ", "Boot0002*"), "shimx64.efi")
    assert not boot.has_entry(SHOWN.replace("Boot0002 ", "Boot0002*"), "shimaa64.efi")
    assert boot.entries("") == []
