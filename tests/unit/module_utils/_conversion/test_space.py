# SPDX-License-Identifier: GPL-3.0-or-later
"""How much room it takes, and where."""
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import space

ROOT = {"mount": "/", "free": 1000}


def row(verdict, download=0, size=0, becomes=None):
    return {"verdict": verdict, "download": download, "size": size, "becomes": becomes}


@pytest.mark.parametrize("path, mounts, mount", [
    ("/usr", ["/"], "/"), ("/usr", ["/", "/usr"], "/usr"), ("/usr/lib", ["/", "/usr"], "/usr"), ("/usrlocal", ["/", "/usr"], "/"),
    ("/boot", ["/", "/boot", "/boot/efi"], "/boot"), ("/boot/efi/x", ["/", "/boot", "/boot/efi"], "/boot/efi")])
def test_which_mount(path, mounts, mount):
    assert space.mount_of(path, [{"mount": name} for name in mounts])["mount"] == mount


def test_no_mount():
    assert space.mount_of("/usr", []) is None


def test_a_host_that_shrinks_still_needs_room_for_the_largest_package():
    wanted = space.needs([row("replaced", 10, -500), row("upgraded", 5, 40)], 0, "/var/lib/elkit", 7)
    assert [(path, size) for path, size, _why in wanted[:4]] == [("/var/lib/elkit", 15), ("/var/lib/elkit", 7), ("/usr", 80), ("/boot", 0)]


def test_each_kernel_takes_its_place_in_boot():
    rows = [row("added-kernel", 1, 10, "kernel-core-5-1.x86_64"), row("added-kernel", 1, 0, "kernel-5-1.x86_64")]
    assert [(path, size) for path, size, _why in space.needs(rows, 300, "/c", 0)][3] == ("/boot", 300)


def test_short():
    mounts = [{"mount": "/", "free": 10 ** 9}, {"mount": "/boot", "free": 100}]
    found = space.short([("/boot", 100, "kernels"), ("/usr", 500, "files")], mounts)
    assert [(item["mount"], item["needed"]) for item in found] == [("/boot", 110)] and "kernels" in found[0]["parts"][0]
    assert space.short([("/boot", 90, "kernels")], mounts) == []
    # What shares a file system adds up.
    assert space.short([("/usr", 600, "a"), ("/var", 600, "b")], [ROOT])[0]["needed"] == 1320


@pytest.mark.parametrize("size, text", [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024 ** 2, "5 MiB"), (3 * 1024 ** 3, "3 GiB")])
def test_readable(size, text):
    assert space.readable(size) == text
