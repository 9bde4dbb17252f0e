# SPDX-License-Identifier: GPL-3.0-or-later
"""How much room it takes, and where."""
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import space

ROOT = {"mount": "/", "free": 1000}


def row(verdict, download=0, size=0, becomes=None, package="acme-1-1.x86_64"):
    return {"package": package, "verdict": verdict, "download": download, "size": size, "becomes": becomes}


@pytest.mark.parametrize("path, mounts, mount", [
    ("/usr", ["/"], "/"), ("/usr", ["/", "/usr"], "/usr"), ("/usr/lib", ["/", "/usr"], "/usr"), ("/usrlocal", ["/", "/usr"], "/"),
    ("/boot", ["/", "/boot", "/boot/efi"], "/boot"), ("/boot/efi/x", ["/", "/boot", "/boot/efi"], "/boot/efi")])
def test_which_mount(path, mounts, mount):
    assert space.mount_of(path, [{"mount": name} for name in mounts])["mount"] == mount


def test_no_mount():
    assert space.mount_of("/usr", []) is None


def test_of_two_mounts_on_one_point_the_last_is_seen():
    assert space.mount_of("/boot/efi", [{"mount": "/boot/efi", "type": "autofs"}, {"mount": "/boot/efi", "type": "vfat"}])["type"] == "vfat"


def comes(name, size):
    return {"name": name, "size": size, "repository": "baseos"}


def needed(rows, items=(), kernel_size=300, **more):
    return dict((why, (path, size)) for path, size, why in space.needs(rows, items, kernel_size, 7, **more))


def test_a_host_that_shrinks_still_needs_room_for_the_largest_package():
    # linux-firmware is replaced: rpm has both builds of its files until it is done.
    items = [comes("linux-firmware", 800), comes("bash", 90), {"name": "gone", "size": 9000, "repository": None}]
    found = needed([row("replaced", 10, 0), row("upgraded", 5, 40)], items, files=3, metadata=4)
    assert found["packages"] == ("/var/lib/elkit", 15) and found["packages of the source, for a rollback"] == ("/var/lib/elkit", 7)
    assert found["the files of /etc as they are"] == ("/var/lib/elkit", 3) and found["metadata"] == ("/var/lib/elkit", 4)
    assert found["new files"] == ("/usr", 840)


def test_boot_loaders_are_written_to_the_efi_system_partition():
    assert needed([], [comes("shim-x64", 5), comes("grub2-efi-x64", 6), comes("grub2-tools", 100)])["boot loaders"] == ("/boot/efi", 11)


@pytest.mark.parametrize("rows, size", [
    ([row("added-kernel", 1, 10, "kernel-core-5-1.x86_64"), row("added-kernel", 1, 0, "kernel-5-1.x86_64"),
      row("added-kernel", 1, 0, "kernel-modules-core-5-1.x86_64")], 300),
    ([row("added-kernel", 1, 10, "kernel-rt-core-5-1.x86_64"), row("added-kernel", 1, 10, "kernel-core-5-1.x86_64")], 600),
    # In place: the new initramfs is beside the old one, one after the other.
    ([row("replaced", package="kernel-core-5-1.x86_64"), row("replaced", package="kernel-core-5-2.x86_64")], 300),
    ([row("replaced", package="kernel-modules-core-5-1.x86_64"), row("replaced", package="bash-5-1.x86_64"),
      row("kept-beside", package="kernel-core-5-1.x86_64")], 0)])
def test_each_kernel_takes_its_place_in_boot(rows, size):
    assert needed(rows)["kernels and their initramfs"] == ("/boot", size)


def test_short():
    mounts = [{"mount": "/", "free": 10 ** 9}, {"mount": "/boot", "free": 100}]
    found = space.short([("/boot", 100, "kernels"), ("/usr", 500, "files")], mounts)
    assert [(item["mount"], item["needed"]) for item in found] == [("/boot", 110)] and "kernels" in found[0]["parts"][0]
    assert space.short([("/boot", 90, "kernels")], mounts) == []
    assert space.short([("/boot", 100, "kernels")], [{"mount": "/boot", "free": None}]) == []
    # What shares a file system adds up.
    assert space.short([("/usr", 600, "a"), ("/var", 600, "b")], [ROOT])[0]["needed"] == 1320


@pytest.mark.parametrize("size, text", [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024 ** 2, "5 MiB"), (3 * 1024 ** 3, "3 GiB")])
def test_readable(size, text):
    assert space.readable(size) == text


@pytest.mark.parametrize("size, taken", [(0, 0), (1, 4096), (4096, 4096), (4097, 8192)])
def test_blocks(size, taken):
    assert space.blocks(size) == taken
