# SPDX-License-Identifier: GPL-3.0-or-later
"""EFI: which disk and partition, as lsblk tells of them; which entries there are."""
import json

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import boot
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import database, nevra

ESP = "/boot/efi"


def disk(name, *children, **more):
    return dict({"name": name, "kname": name, "type": "disk", "mountpoint": None, "children": list(children)}, **more)


def part(name, mountpoint=None, *children):
    return {"name": name, "kname": name, "type": "part", "mountpoint": mountpoint, "children": list(children)}


multipath = {"name": "mpatha", "kname": "dm-0", "type": "mpath", "mountpoint": None, "children": [
    {"name": "mpatha1", "kname": "dm-3", "type": "part", "mountpoint": ESP}, {"name": "mpatha2", "kname": "dm-4", "type": "part", "mountpoint": "/"}]}


@pytest.mark.parametrize("tree, found", [
    ([disk("sda", part("sda1", ESP), part("sda2", "/"))], [("sda", "sda1")]),
    ([disk("sda", part("sda1")), disk("sdb", part("sdb12", ESP))], [("sdb", "sdb12")]),
    ([disk("nvme0n1", part("nvme0n1p1", "/boot"), part("nvme0n1p12", ESP))], [("nvme0n1", "nvme0n1p12")]),
    # RAID 1: the array appears below each of its parts.
    ([disk("sda", part("sda1", None, {"name": "md0", "kname": "md0", "type": "raid1", "mountpoint": ESP})),
      disk("sdb", part("sdb1", None, {"name": "md0", "kname": "md0", "type": "raid1", "mountpoint": ESP}))], [("sda", "sda1"), ("sdb", "sdb1")]),
    # Several paths to one disk; the system partition of each path is the kernel's own view of the same.
    ([disk("sda", multipath), disk("sdb", multipath)], [("sda", "dm-3")]),
    ([disk("sda", part("sda1"), multipath), disk("sdb", part("sdb1"), multipath)], [("sda", "dm-3")]),
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


def test_the_number_of_a_partition_of_a_disk_with_several_paths():
    files = {"/sys/class/block/dm-3/dm/uuid": "part1-mpath-3600508b400105e210000900000490000\n", "/sys/class/block/dm-4/dm/uuid": "LVM-x\n"}
    assert boot.partition_number("dm-3", files.get) == 1
    for other in ("dm-4", "dm-5", "whatever"):
        with pytest.raises(boot.HostError, match=other):
            boot.partition_number(other, files.get)


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


# --- the commands -----------------------------------------------------------------------------------------------------

class Machine:
    """Stands in for the commands of a machine with EFI: keeps what was called, and what becomes of it."""

    def __init__(self, tree, shown=""):
        self.tree, self.shown, self.calls, self.default = tree, shown, [], "/boot/vmlinuz-source"

    def run(self, command, **_more):
        from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands
        out = ""
        if command[0] == "lsblk":
            out = json.dumps({"blockdevices": self.tree})
        elif command[:2] == ["efibootmgr", "-v"]:
            out = self.shown
        elif command[:2] == ["grubby", "--default-kernel"]:
            out = self.default + "\n"
        else:
            self.calls.append(command)
        if command[:2] == ["efibootmgr", "--create"]:
            number = "%04X" % (len(boot.entries(self.shown)) + 16)
            self.shown += "Boot{0}* {1}\tHD(x)/File({2})\n".format(number, command[7], command[9])
        if command[:2] == ["efibootmgr", "--bootnum"]:
            self.shown = "".join(line + "\n" for line in self.shown.splitlines() if not line.startswith("Boot" + command[2]))
        if command[:2] == ["grubby", "--set-default"]:
            self.default = command[2]
        return commands.Result(0, out, "")


@pytest.fixture
def machine(monkeypatch, tmp_path):
    def make(tree, shown=""):
        one = Machine(tree, shown)
        monkeypatch.setattr(boot.commands, "run", one.run)
        monkeypatch.setattr(boot.commands, "find", lambda name: "/usr/sbin/" + name)
        monkeypatch.setattr(boot, "EFI", str(tmp_path))
        return one
    return make


RAID = [disk("sda", part("sda1", None, {"name": "md0", "kname": "md0", "type": "raid1", "mountpoint": ESP})),
        disk("sdb", part("sdb1", None, {"name": "md0", "kname": "md0", "type": "raid1", "mountpoint": ESP}))]


@pytest.mark.parametrize("tree, made", [
    ([disk("nvme0n1", part("nvme0n1p12", ESP))], [("/dev/nvme0n1", "12")]), (RAID, [("/dev/sda", "1"), ("/dev/sdb", "1")])], ids=["NVMe, 12", "RAID"])
def test_an_entry_is_made_once_on_each_disk_and_taken_away_on_the_way_back(machine, tree, made):
    one = machine(tree, SHOWN.partition("Boot0002")[0])
    request = {"container": False, "arch": "x86_64", "rebuild": []}
    noted = boot.before(request)
    assert noted == {"default": "/boot/vmlinuz-source", "entries": []}
    boot.mend_efi("shimx64.efi")
    assert [(call[3], call[5]) for call in one.calls] == made and {call[9] for call in one.calls} == {"\\EFI\\almalinux\\shimx64.efi"}
    before = one.shown
    assert boot.mend_efi("shimx64.efi") == "EFI entry was there" and one.shown == before
    boot.mend_back(request, noted)
    assert one.shown == SHOWN.partition("Boot0002")[0]


def test_an_entry_that_was_there_stays_on_the_way_back(machine):
    one = machine([], SHOWN)
    request = {"container": False, "arch": "x86_64", "rebuild": ["5.14.0-1.el9.x86_64"]}
    noted = boot.before(request)
    assert noted["entries"] == ["0002"]
    boot.mend_back(request, noted)
    assert one.shown == SHOWN and ["dracut", "--force", "/boot/initramfs-5.14.0-1.el9.x86_64.img", "5.14.0-1.el9.x86_64"] in one.calls


def test_no_partition_no_entry(machine):
    one = machine([disk("sda", part("sda1", "/"))])
    with pytest.raises(boot.HostError, match="/boot/efi"):
        boot.mend_efi("shimx64.efi")
    assert one.calls == []


def test_a_container_has_none_of_it(machine):
    one = machine([], SHOWN)
    request = {"container": True, "arch": "x86_64", "rebuild": []}
    assert boot.before(request) == {"default": None, "entries": []}
    assert "container" in boot.mend(request) and "container" in boot.mend_back(request, boot.before(request)) and one.calls == []


class Tree:
    """The part of a Context that mend() asks."""

    def __init__(self, root, *kernels):
        self.root = str(root)
        self.names = {}
        for text, vendor in kernels:
            parts = nevra.parse(text)
            self.names.setdefault(parts.name, []).append(database.Package(*parts, vendor=vendor))

    def packages(self, _errors):
        return self.names

    def at(self, path):
        return self.root + path

    def exists(self, path):
        import os
        return os.path.lexists(self.at(path))


OURS = ("kernel-core-5.14.0-687.el9.x86_64", "AlmaLinux")


@pytest.mark.parametrize("kernels, flavour, beside, newest", [
    ([OURS], None, [], "5.14.0-687.el9.x86_64"),
    ([OURS, ("kernel-core-5.14.0-427.el9.x86_64", "AlmaLinux"), ("kernel-core-5.14.0-720.el9.x86_64", "CentOS")], "standard", [], "5.14.0-687.el9.x86_64"),
    ([OURS, ("kernel-rt-core-5.14.0-687.el9.x86_64", "AlmaLinux")], "rt", [], "5.14.0-687.el9.x86_64+rt"),
    ([("kernel-rt-core-4.18.0-553.rt7.342.el8_10.x86_64", "AlmaLinux")], "rt", [], "4.18.0-553.rt7.342.el8_10.x86_64"),
    ([("kernel-64k-core-5.14.0-687.el9.aarch64", "AlmaLinux"), ("kernel-core-5.14.0-690.el9.aarch64", "AlmaLinux")], "64k", [], "5.14.0-687.el9.aarch64+64k"),
    ([OURS, ("kernel-core-6.12.0-200.el10.x86_64", "AlmaLinux")], "standard", ["kernel-core-6.12.0-200.el10.x86_64"], "5.14.0-687.el9.x86_64")],
    ids=["as an older version asked", "the newest of AlmaLinux", "real-time", "real-time of release 8", "64k", "Kitten's is beside it"])
def test_the_newest_kernel(tmp_path, kernels, flavour, beside, newest):
    assert boot.newest_kernel(Tree(tmp_path, *kernels), {"flavour": flavour, "beside": beside}) == newest


def test_no_kernel_of_the_flavour(tmp_path):
    with pytest.raises(boot.HostError, match="install the package kernel-rt"):
        boot.newest_kernel(Tree(tmp_path, OURS), {"flavour": "rt"})


@pytest.mark.parametrize("rebuild, there, made", [
    ([], False, ["5.14.0-687.el9.x86_64"]), ([], True, []), (["5.14.0-687.el9.x86_64"], True, ["5.14.0-687.el9.x86_64"]),
    (["5.14.0-427.el9.x86_64"], True, ["5.14.0-427.el9.x86_64"])], ids=["no initramfs", "all there", "replaced in place", "an older one was replaced"])
def test_almalinux_kernel_gets_its_initramfs_and_is_the_default(machine, tmp_path, rebuild, there, made):
    one = machine([disk("sda", part("sda1", ESP))])
    (tmp_path / "boot").mkdir()
    if there:
        (tmp_path / "boot" / "initramfs-5.14.0-687.el9.x86_64.img").write_text("x")
    said = boot.mend({"container": False, "arch": "x86_64", "rebuild": rebuild}, Tree(tmp_path, OURS))
    assert [call[3] for call in one.calls if call[0] == "dracut"] == made
    assert one.default == "/boot/vmlinuz-5.14.0-687.el9.x86_64" and "default 5.14.0-687" in said


def test_a_default_that_does_not_take_is_told(machine, tmp_path, monkeypatch):
    one = machine([disk("sda", part("sda1", ESP))])
    plain = one.run
    monkeypatch.setattr(boot.commands, "run", lambda command, **more: plain(["true"] if "--set-default" in command else command, **more))
    (tmp_path / "boot").mkdir()
    with pytest.raises(boot.HostError, match="vmlinuz-source, not AlmaLinux"):
        boot.mend({"container": False, "arch": "x86_64", "rebuild": []}, Tree(tmp_path, OURS))
