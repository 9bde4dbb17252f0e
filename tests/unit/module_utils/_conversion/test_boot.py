# SPDX-License-Identifier: GPL-3.0-or-later
"""EFI: which disk and partition, as lsblk tells of them; which entries there are."""
import json
import os

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import boot
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import database, nevra
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

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
    # Several paths to one disk; the kernel may have found the partitions on each of them, too.
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

RELEASE, SOURCE = "5.14.0-687.el9.x86_64", "5.14.0-720.el9.x86_64"
STUB = "search --no-floppy --fs-uuid --set=dev 4b5c\nset prefix=($dev)/grub2\nexport $prefix\nconfigfile $prefix/grub.cfg\n"


class Tree(Context):
    """A host of which only the packages are made up; its files are real ones below a folder."""

    def __init__(self, root, *kernels):
        super().__init__(str(root), uname=("x", "x86_64"))
        self.by_name = {}
        for text, vendor in kernels:
            parts = nevra.parse(text)
            self.by_name.setdefault(parts.name, []).append(database.Package(*parts, vendor=vendor))

    def packages(self, _errors):
        return self.by_name


class Machine:
    """Stands in for the commands of a machine: keeps what was called, and what becomes of it; writes the files that the real ones would."""

    def __init__(self, root, tree, shown=""):
        self.root, self.tree, self.shown, self.calls, self.default = root, tree, shown, [], "/boot/vmlinuz-source"

    def write(self, path, text="x"):
        path = self.root / path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def called(self, name):
        return [call[1:] for call in self.calls if call[0] == name]

    def run(self, command, **_more):
        out = ""
        if command[0] == "lsblk":
            out = json.dumps({"blockdevices": self.tree})
        elif command[:2] == ["efibootmgr", "-v"]:
            out = self.shown
        elif command[:2] == ["grubby", "--default-kernel"]:
            out = self.default + "\n"
        elif command[0] in ("grub2-probe", "grub2-mkrelpath"):
            out = {"grub2-probe": "4b5c\n", "grub2-mkrelpath": "/grub2\n"}[command[0]]
        else:
            self.calls.append(command)
        if command[:2] == ["efibootmgr", "--create"]:
            number = "%04X" % (len(boot.entries(self.shown)) + 16)
            self.shown += "Boot{0}* {1}\tHD(x)/File({2})\n".format(number, command[7], command[9])
        if command[:2] == ["efibootmgr", "--bootnum"]:
            self.shown = "".join(line + "\n" for line in self.shown.splitlines() if not line.startswith("Boot" + command[2]))
        if command[:2] == ["grubby", "--set-default"]:
            self.default = command[2]
        if command[0] == "dracut":
            self.write(command[2])
        if command[0] == "kernel-install":
            self.write("/boot/vmlinuz-" + command[2], (self.root / command[3].lstrip("/")).read_text())
            self.write("/boot/loader/entries/abc-{0}.conf".format(command[2]))
        if command[0] == "grub2-mkconfig":
            self.write(os.path.relpath(command[2], str(self.root)), "made by grub2-mkconfig")
        return commands.Result(0, out, "")


DISK = [disk("sda", part("sda1", ESP))]


@pytest.fixture
def machine(monkeypatch, tmp_path):
    def make(tree=None, shown="", efi=True):
        one = Machine(tmp_path, DISK if tree is None else tree, shown)
        monkeypatch.setattr(boot.commands, "run", one.run)
        monkeypatch.setattr(boot.commands, "find", lambda name: "/usr/sbin/" + name)
        if efi:
            (tmp_path / "sys/firmware/efi").mkdir(parents=True)
        return one
    return make


def request(**other):
    return dict({"container": False, "arch": "x86_64", "rebuild": []}, **other)


def link(root, path, target):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).symlink_to(target)


def converted(one, major=9):
    """What the transaction leaves of a whole machine: AlmaLinux's kernel and, with EFI, its boot loader."""
    one.write("/lib/modules/{0}/vmlinuz".format(RELEASE), "AlmaLinux's")
    one.write("/boot/vmlinuz-" + RELEASE, "AlmaLinux's")
    one.write("/boot/loader/entries/abc-{0}.conf".format(RELEASE))
    one.write("/boot/initramfs-{0}.img".format(RELEASE))
    one.write("/boot/efi/EFI/almalinux/shimx64.efi")
    one.write("/boot/grub2/grubenv")
    one.write("/etc/default/grub", "GRUB_TIMEOUT=1\nGRUB_DEFAULT=saved\n")
    (one.root / "etc/sysconfig").mkdir(exist_ok=True)
    link(one.root, "etc/grub2-efi.cfg", "../boot/efi/EFI/almalinux/grub.cfg" if major == 8 else "../boot/grub2/grub.cfg")
    return Tree(one.root, OURS)


# --- the kernel ---

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
    ([], False, [RELEASE]), ([], True, []), ([RELEASE], True, [RELEASE]), (["5.14.0-427.el9.x86_64"], True, ["5.14.0-427.el9.x86_64"])],
    ids=["no initramfs", "all there", "replaced in place", "an older one was replaced"])
def test_almalinux_kernel_gets_its_initramfs_and_is_the_default(machine, rebuild, there, made):
    one = machine(efi=False)
    host = converted(one)
    if not there:
        os.unlink(host.at("/boot/initramfs-{0}.img".format(RELEASE)))
    said = boot.mend(request(rebuild=rebuild), host)
    assert [call[2] for call in one.called("dracut")] == made and one.called("kernel-install") == []
    assert one.default == "/boot/vmlinuz-" + RELEASE and "default " + RELEASE in said


@pytest.mark.parametrize("spoil, again", [
    (lambda one: os.unlink(str(one.root / "boot/vmlinuz-") + RELEASE), False),
    (lambda one: one.write("/boot/vmlinuz-" + RELEASE, "the source's"), False),
    (lambda one: [os.rename(str(path), str(path).replace(RELEASE, SOURCE)) for path in (one.root / "boot/loader/entries").iterdir()], False),
    (lambda one: None, True)], ids=["no image", "the image is the source's", "no entry", "nothing that can be seen, but the run was killed"])
def test_what_rpm_could_not_do_any_more_is_done(machine, spoil, again):
    one = machine(efi=False)
    host = converted(one)
    spoil(one)
    boot.mend(request(again=again), host)
    assert one.called("kernel-install") == [["add", RELEASE, "/lib/modules/{0}/vmlinuz".format(RELEASE)]]
    assert (one.root / "boot/vmlinuz-{0}".format(RELEASE)).read_text() == "AlmaLinux's"
    assert [call[2] for call in one.called("dracut")] == ([RELEASE] if again else [])
    one.calls.clear()
    boot.mend(request(), host)
    assert one.called("kernel-install") == [] == one.called("dracut")


def test_no_entries_in_files_of_their_own_is_a_way_to_boot(machine):
    one = machine(efi=False)
    host = converted(one)
    os.unlink(host.at("/boot/loader/entries/abc-{0}.conf".format(RELEASE)))
    boot.mend(request(), host)
    assert one.called("kernel-install") == []


def test_a_default_that_does_not_take_is_told(machine, monkeypatch):
    one = machine(efi=False)
    plain = one.run
    monkeypatch.setattr(boot.commands, "run", lambda command, **more: plain(["true"] if "--set-default" in command else command, **more))
    with pytest.raises(boot.HostError, match="vmlinuz-source, not AlmaLinux"):
        boot.mend(request(), converted(one))


def test_s390x_learns_where_the_files_are(machine):
    one = machine(efi=False)
    host = converted(one)
    assert boot.mend(request(arch="s390x"), host).endswith("zipl")
    names = [call[0] for call in one.calls]
    assert names.index("zipl") > max(index for index, name in enumerate(names) if name in ("dracut", "grubby"))
    bootmap, initramfs = one.write("/boot/bootmap"), host.at("/boot/initramfs-{0}.img".format(RELEASE))
    os.utime(initramfs, (100, 100))
    assert boot.not_bootable(request(arch="s390x"), host) == []
    os.utime(str(bootmap), (50, 50))
    assert ["zipl" in line for line in boot.not_bootable(request(arch="s390x"), host)] == [True]
    assert boot.not_bootable(request(), host) == []
    one.calls.clear()
    boot.mend_back(request(arch="s390x"), {"default": None, "entries": []}, host)
    assert one.called("zipl") == [[]]


def test_a_container_has_none_of_it(machine, tmp_path):
    one = machine(shown=SHOWN)
    inside, host = request(container=True), Tree(tmp_path)
    noted = boot.before(inside, host)
    assert noted == {"default": None, "entries": [], "booted": None, "configurations": [], "password": None}
    assert "container" in boot.mend(inside, host) and "container" in boot.mend_back(inside, noted, host) and one.calls == []
    assert boot.not_bootable(inside, host) == [] == boot.not_as_before(inside, noted, host)


# --- grub's settings ---

UEK = "# Oracle\nUPDATEDEFAULT=yes\nDEFAULTKERNEL=kernel-uek-core\n"


@pytest.mark.parametrize("settings, updates, flavour, settings_after, updates_after", [
    ("GRUB_DEFAULT=saved\n", None, None, "GRUB_DEFAULT=saved\n", None),
    ('GRUB_DEFAULT="saved" # ours\n', UEK, None, 'GRUB_DEFAULT="saved" # ours\n', UEK.replace("kernel-uek-core", "kernel-core")),
    ("GRUB_DEFAULT=saved\n", 'DEFAULTKERNEL="kernel-plus"\n', "rt", "GRUB_DEFAULT=saved\n", "DEFAULTKERNEL=kernel-rt-core\n"),
    ("GRUB_DEFAULT=saved\n", "DEFAULTKERNEL=kernel\n", None, "GRUB_DEFAULT=saved\n", "DEFAULTKERNEL=kernel\n"),
    ("GRUB_DEFAULT=saved\n", "DEFAULTKERNEL=kernel-core\n", "rt", "GRUB_DEFAULT=saved\n", "DEFAULTKERNEL=kernel-core\n"),
    ("GRUB_DEFAULT=saved\n", "UPDATEDEFAULT=yes\n", None, "GRUB_DEFAULT=saved\n", "UPDATEDEFAULT=yes\n"),
    ("GRUB_TIMEOUT=1\nGRUB_DEFAULT=0\n", "UPDATEDEFAULT=no\nDEFAULTKERNEL=kernel-core\n", None, "GRUB_TIMEOUT=1\nGRUB_DEFAULT=saved\n",
     "UPDATEDEFAULT=yes\nDEFAULTKERNEL=kernel-core\n"),
    ("GRUB_DEFAULT=saved\nGRUB_DEFAULT=0\n", None, None, "GRUB_DEFAULT=saved\n", "DEFAULTKERNEL=kernel-core\nUPDATEDEFAULT=yes\n"),
    ("GRUB_TIMEOUT=1\n", None, None, "GRUB_TIMEOUT=1\nGRUB_DEFAULT=saved\n", "DEFAULTKERNEL=kernel-core\nUPDATEDEFAULT=yes\n"),
    ("GRUB_DEFAULT='Oracle Linux, with 5.15'\n", None, None, "GRUB_DEFAULT=saved\n", None)],
    ids=["as it should be", "UEK", "centosplus, and real-time runs", "the package kernel", "AlmaLinux's other flavour", "no kind", "the first of the list",
         "the last word counts", "no word of it", "by a title"])
def test_grub_boots_the_default_and_later_kernels_become_it(machine, settings, updates, flavour, settings_after, updates_after):
    one = machine(efi=False)
    host = converted(one)
    host.by_name.update(Tree(one.root, ("kernel-rt-core-5.14.0-687.el9.x86_64", "AlmaLinux"), ("kernel-uek-core-6.12.0-1.el9uek.x86_64", "Oracle")).by_name)
    one.write("/boot/vmlinuz-{0}+rt".format(RELEASE))
    one.write("/etc/default/grub", settings)
    if updates is not None:
        one.write("/etc/sysconfig/kernel", updates)
    asked, path = request(flavour=flavour), one.root / "etc/sysconfig/kernel"
    boot.mend(asked, host)
    assert (one.root / "etc/default/grub").read_text() == settings_after and (path.read_text() if path.exists() else None) == updates_after
    assert len(one.called("grub2-mkconfig")) == 1 and boot.not_bootable(asked, host) == []
    one.write("/etc/default/grub", settings)
    assert ["GRUB_DEFAULT" in line for line in boot.not_bootable(asked, host)] == ([True] if settings != settings_after else [])


def test_a_run_that_is_ended_between_the_two_files_leaves_nothing_out(machine, monkeypatch):
    """And what is no UTF-8 in them stays as it is."""
    one = machine(efi=False)
    host = converted(one)
    (one.root / "etc/default/grub").write_bytes(b"# caf\xe9\n")
    real, done = boot.files.write_atomic, []

    def write(path, *arguments):
        if done:
            raise HostError("the disk is full")
        done.append(path)
        real(path, *arguments)
    monkeypatch.setattr(boot.files, "write_atomic", write)
    with pytest.raises(HostError):
        boot.mend(request(), host)
    monkeypatch.setattr(boot.files, "write_atomic", real)
    boot.mend(request(), host)
    assert (one.root / "etc/sysconfig/kernel").read_text() == "DEFAULTKERNEL=kernel-core\nUPDATEDEFAULT=yes\n"
    assert (one.root / "etc/default/grub").read_bytes() == b"# caf\xe9\nGRUB_DEFAULT=saved\n"


def test_what_has_no_grub_keeps_its_settings(machine):
    one = machine(efi=False)
    host = converted(one)
    (one.root / "etc/grub2-efi.cfg").unlink()
    (one.root / "etc/default/grub").unlink()
    boot.mend(request(), host)
    assert not (one.root / "etc/default/grub").exists() and not (one.root / "etc/sysconfig/kernel").exists()


# --- grub's configuration ---

def test_release_8_has_grub_s_configuration_on_the_system_partition(machine):
    one = machine()
    host = converted(one, 8)
    assert not os.path.exists(host.at("/etc/grub2-efi.cfg")), "the link dangles at first"
    boot.mend(request(), host)
    assert (one.root / "boot/efi/EFI/almalinux/grub.cfg").read_text() == "made by grub2-mkconfig"


def test_release_9_has_what_leads_to_it_there(machine):
    one = machine()
    link(one.root, "etc/grub2.cfg", "../boot/grub2/grub.cfg")
    host = converted(one)
    boot.mend(request(), host)
    assert (one.root / "boot/efi/EFI/almalinux/grub.cfg").read_text() == STUB
    assert len(one.called("grub2-mkconfig")) == 1, "both links lead to one file"
    one.write("/boot/efi/EFI/almalinux/grub.cfg", "the package's")
    boot.mend(request(), host)
    assert (one.root / "boot/efi/EFI/almalinux/grub.cfg").read_text() == "the package's"


HASH = "GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.ABCD\n"


def test_grub_keeps_its_password_on_release_8(machine):
    one = machine()
    own = one.write("/boot/efi/EFI/centos/user.cfg", HASH)
    one.write("/boot/efi/EFI/centos/grub.cfg")
    link(one.root, "etc/grub2-efi.cfg", "../boot/efi/EFI/centos/grub.cfg")
    noted = json.loads(json.dumps(boot.before(request(), Tree(one.root))))
    # The transaction: grub's packages change their directory.
    (one.root / "etc/grub2-efi.cfg").unlink()
    own.unlink()
    host = converted(one, 8)
    boot.mend(request(password=noted["password"]), host)
    new = one.root / "boot/efi/EFI/almalinux/user.cfg"
    assert new.read_text() == HASH and new.stat().st_mode & 0o777 == 0o600
    new.write_text("another\n")
    assert "password" not in boot.mend(request(password=noted["password"]), host) and new.read_text() == "another\n", "what is there stays"
    new.write_text(HASH)
    boot.mend_back(request(), noted, host)
    assert own.read_text() == HASH and not new.exists()


def test_grub_s_password_below_boot_is_left_where_it_is(machine):
    one = machine()
    one.write("/boot/grub2/user.cfg", HASH)
    host = converted(one)
    assert boot.before(request(), host)["password"] is None


def test_a_link_that_leads_nowhere_is_none_of_ours(machine):
    one = machine(efi=False)
    host = converted(one)
    link(one.root, "etc/grub2.cfg", "../nowhere/grub.cfg")
    boot.mend(request(), host)
    assert [os.path.relpath(call[1], host.root) for call in one.called("grub2-mkconfig")] == ["boot/grub2/grub.cfg"]


@pytest.mark.parametrize("path, words", [
    ("boot/efi/EFI/almalinux/shimx64.efi", "shimx64.efi is missing"), ("boot/efi/EFI/almalinux/grub.cfg", "grub.cfg is missing"),
    ("boot/initramfs-{0}.img".format(RELEASE), "initramfs-5.14.0-687.el9.x86_64.img is missing"),
    ("boot/vmlinuz-" + RELEASE, "vmlinuz-5.14.0-687.el9.x86_64 is missing")])
@pytest.mark.parametrize("empty", [False, True])
def test_what_is_missing_is_told(machine, path, words, empty):
    one = machine()
    host = converted(one)
    boot.mend(request(), host)
    assert boot.not_bootable(request(), host) == []
    if empty:
        (one.root / path).write_text("")
    else:
        (one.root / path).unlink()
    found = boot.not_bootable(request(), host)
    assert len(found) == 1 and words in found[0]


def test_without_shim_on_the_system_partition_it_would_not_boot(machine):
    one = machine()
    host = converted(one)
    (one.root / "boot/efi/EFI/almalinux/shimx64.efi").unlink()
    with pytest.raises(boot.HostError, match="shimx64.efi is missing") as caught:
        boot.mend(request(), host)
    assert "Do not reboot" in caught.value.remedy


# --- EFI's entries ---

RAID = [disk("sda", part("sda1", None, {"name": "md0", "kname": "md0", "type": "raid1", "mountpoint": ESP})),
        disk("sdb", part("sdb1", None, {"name": "md0", "kname": "md0", "type": "raid1", "mountpoint": ESP}))]


@pytest.mark.parametrize("tree, made", [
    ([disk("nvme0n1", part("nvme0n1p12", ESP))], [("/dev/nvme0n1", "12")]), (RAID, [("/dev/sda", "1"), ("/dev/sdb", "1")])], ids=["NVMe, 12", "RAID"])
def test_an_entry_is_made_once_on_each_disk_and_taken_away_on_the_way_back(machine, tree, made):
    one = machine(tree, SHOWN.partition("Boot0002")[0])
    host = Tree(one.root)
    noted = boot.before(request(), host)
    assert noted == {"default": "/boot/vmlinuz-source", "entries": [],
                     "booted": ("CentOS Stream", "\\EFI\\centos\\shimx64.efi"), "configurations": [], "password": None}
    boot.mend_efi(host, "shimx64.efi")
    assert [(call[3], call[5]) for call in one.calls] == made and {call[9] for call in one.calls} == {"\\EFI\\almalinux\\shimx64.efi"}
    before = one.shown
    assert boot.mend_efi(host, "shimx64.efi") == "EFI entry was there" and one.shown == before
    assert len(boot.not_as_before(request(), noted, host)) == len(made)
    boot.mend_back(request(), noted, host)
    assert one.shown == SHOWN.partition("Boot0002")[0] and boot.not_as_before(request(), noted, host) == []


def test_an_entry_that_was_there_stays_on_the_way_back(machine):
    one = machine([], SHOWN)
    host = Tree(one.root)
    noted = boot.before(request(), host)
    assert noted["entries"] == ["0002"]
    boot.mend_back(request(rebuild=["5.14.0-1.el9.x86_64"]), noted, host)
    assert one.shown == SHOWN and ["dracut", "--force", "/boot/initramfs-5.14.0-1.el9.x86_64.img", "5.14.0-1.el9.x86_64"] in one.calls


def test_no_partition_no_entry(machine, tmp_path):
    one = machine([disk("sda", part("sda1", "/"))])
    with pytest.raises(boot.HostError, match="/boot/efi"):
        boot.mend_efi(Tree(tmp_path), "shimx64.efi")
    assert one.calls == []


def test_efi_is_left_alone_where_the_user_sees_to_it(machine):
    one = machine([], SHOWN)
    host = converted(one)
    (one.root / "boot/efi/EFI/almalinux/shimx64.efi").unlink()
    by_hand = request(efi=False)
    assert boot.before(by_hand, host)["entries"] == []
    assert "left to you" in boot.mend(by_hand, host) and one.called("efibootmgr") == []
    assert boot.not_bootable(by_hand, host) == []
    boot.mend_back(by_hand, {"default": None, "entries": []}, host)
    assert one.called("efibootmgr") == []


@pytest.mark.parametrize("spoil, words", [
    (lambda one: None, None), (lambda one: one.tree.clear(), "cannot be found"), (lambda one: one.tree[0]["children"][0].update(kname="dm-9"), "dm-9"),
    ("shim-x64", "shim-x64 is not installed"), ("grub2-efi-x64", "grub2-efi-x64 is not installed")])
def test_what_an_entry_needs(machine, spoil, words):
    one = machine([disk("sda", part("sda1", ESP))], SHOWN)
    host = Tree(one.root, *[(name + "-1-1.el9.x86_64", "CentOS") for name in ("shim-x64", "grub2-efi-x64") if name != spoil])
    if callable(spoil):
        spoil(one)
    if words is None:
        assert boot.check_efi(host, "x86_64") == [("sda", "sda1")]
    else:
        with pytest.raises(boot.HostError, match=words):
            boot.check_efi(host, "x86_64")


def test_entries_that_cannot_be_read_are_found_out_before(machine, monkeypatch):
    one = machine([disk("sda", part("sda1", ESP))], SHOWN)
    plain = one.run

    def run(command, **more):
        if command[0] == "efibootmgr":
            raise boot.CommandError("the command efibootmgr is not there", "Install the package that provides it")
        return plain(command, **more)
    monkeypatch.setattr(boot.commands, "run", run)
    with pytest.raises(boot.CommandError, match="efibootmgr is not there"):
        boot.check_efi(Tree(one.root, ("shim-x64-1-1.el9.x86_64", "CentOS"), ("grub2-efi-x64-1-1.el9.x86_64", "CentOS")), "x86_64")


# --- the way back ---

def test_the_way_back_makes_what_the_source_boots_by(machine):
    one = machine([disk("sda", part("sda1", ESP))], SHOWN.partition("Boot0002")[0])
    one.default = "/boot/vmlinuz-" + SOURCE
    for path in ("/boot/vmlinuz-" + SOURCE, "/boot/initramfs-{0}.img".format(SOURCE), "/boot/efi/EFI/centos/shimx64.efi", "/boot/efi/EFI/centos/grub.cfg",
                 "/boot/grub2/grub.cfg"):
        one.write(path)
    link(one.root, "etc/grub2-efi.cfg", "../boot/efi/EFI/centos/grub.cfg")
    host = Tree(one.root)
    noted = json.loads(json.dumps(boot.before(request(), host)))
    assert noted["configurations"] == ["/boot/efi/EFI/centos/grub.cfg"] and boot.not_as_before(request(), noted, host) == []
    # rpm took the file with its package, the firmware dropped the entry whose file was gone, and another kernel is the default.
    (one.root / "boot/efi/EFI/centos/grub.cfg").unlink()
    one.shown = "BootCurrent: 0010\nBoot0010* AlmaLinux\tHD(1)/File(\\EFI\\almalinux\\shimx64.efi)\n"
    one.default = "/boot/vmlinuz-" + RELEASE
    found = boot.not_as_before(request(), noted, host)
    assert len(found) == 4 and "centos/grub.cfg is missing" in found[0] and SOURCE in found[1] and "0010" in found[2] and "centos" in found[3]
    boot.mend_back(request(), noted, host)
    assert boot.not_as_before(request(), noted, host) == []
    assert [call[7:] for call in one.called("efibootmgr") if call[0] == "--create"] == [["--loader", "\\EFI\\centos\\shimx64.efi"]]


def test_a_way_back_of_what_an_older_version_noted(machine):
    one = machine([], SHOWN)
    host = Tree(one.root)
    noted = {"default": "/boot/vmlinuz-source", "entries": ["0002"]}
    boot.mend_back(request(), noted, host)
    assert boot.not_as_before(request(), noted, host) == []


@pytest.mark.parametrize("text, booted", [
    (SHOWN, ("CentOS Stream", "\\EFI\\centos\\shimx64.efi")), (SHOWN.replace("BootCurrent: 0001", "BootCurrent: 0000"), None),
    (SHOWN.replace("BootCurrent: 0001\n", ""), None),
    # efibootmgr 18, of release 10
    ("BootCurrent: 0003\nBoot0003* Rocky Linux\tHD(1,GPT,0b5a,0x800,0x12c000)/\\EFI\\rocky\\shimx64.efi\n      dp: 04 01\n",
     ("Rocky Linux", "\\EFI\\rocky\\shimx64.efi"))], ids=["a loader", "no file", "not known", "release 10"])
def test_the_entry_that_was_booted(machine, tmp_path, text, booted):
    machine([], text)
    assert boot.booted_entry(request(), Tree(tmp_path)) == booted


def test_what_the_firmware_boots_by_itself_is_left_alone():
    """That of a Raspberry Pi has neither grub nor an initramfs. Nothing is asked of the host: there is no context to ask."""
    request = {"container": False, "itself": True, "arch": "aarch64", "rebuild": [], "flavour": None, "beside": []}
    nothing = object()
    noted = boot.before(request, nothing)
    assert boot.mend(request, nothing) == boot.mend_back(request, noted, nothing) == boot.BY_ITSELF
    assert boot.not_bootable(request, nothing) == boot.not_as_before(request, noted, nothing) == [] and noted["default"] is None
