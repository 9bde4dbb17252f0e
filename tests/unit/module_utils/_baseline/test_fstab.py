# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import fstab
from hypothesis import given
from hypothesis import strategies as st

# As anaconda writes it on 8, 9 and 10.
INSTALLED = """
#
# /etc/fstab
# Created by anaconda on Tue Mar  4 09:12:44 2025
#
# Accessible filesystems, by reference, are maintained under '/dev/disk/'.
#
/dev/mapper/almalinux-root /                       xfs     defaults        0 0
UUID=7d4a2c11-0d6e-4d3e-9b5e-0c8f6f2f7f10 /boot                   xfs     defaults        0 0
UUID=5A1B-77C2          /boot/efi               vfat    umask=0077,shortname=winnt 0 2
/dev/mapper/almalinux-var\t/var\txfs\tdefaults,dev\t0 0
/dev/mapper/almalinux-swap none                    swap    defaults        0 0
tmpfs /tmp tmpfs
nas:/export/my\\040files /srv/my\\040files nfs4 noauto,user,exec 0 0
"""

CASES = [
    ("/", "nodev", "root /                       xfs     defaults ", "root /                       xfs     defaults,nodev "),
    ("/var", "nodev", "defaults,dev\t0", "defaults,nodev\t0"),
    ("/tmp", "noexec", "tmpfs /tmp tmpfs\n", "tmpfs /tmp tmpfs defaults,noexec\n"),
    ("/srv/my files", "noexec", "noauto,user,exec 0", "noauto,user,noexec 0"),
]


@pytest.mark.parametrize("path, option, before, after", CASES)
def test_one_entry_gets_the_option(path, option, before, after):
    assert INSTALLED.count(before) == 1
    text = fstab.with_option(INSTALLED, path, option)
    assert text == INSTALLED.replace(before, after)
    assert fstab.with_option(text, path, option) == text


def test_what_is_there_stays():
    assert fstab.with_option(INSTALLED, "/srv/my files", "nodev") == INSTALLED
    assert fstab.with_option(INSTALLED, "/home", "nodev") == INSTALLED


@pytest.mark.parametrize("options, wanted, holds", [
    (["defaults"], "nodev", False),
    (["nodev"], "nodev", True),
    (["nodev", "dev"], "nodev", False),
    (["users"], "noexec", True),
    (["users", "exec"], "noexec", False),
    (["owner"], "noexec", False),
])
def test_the_last_word_counts(options, wanted, holds):
    assert fstab.has_option(options, wanted) is holds


def test_an_entry_more():
    text = fstab.with_entry("a b c d", "tmpfs", "/dev/shm", "tmpfs", ["defaults", "nodev"])
    assert text == "a b c d\ntmpfs /dev/shm tmpfs defaults,nodev 0 0\n"
    assert [entry.path for entry in fstab.entries(text)] == ["b", "/dev/shm"]


WORDS = st.sampled_from(["/dev/sda1", "tmpfs", "/tmp", "/tmp/", "/var", "none", "xfs", "defaults",
                         "nodev", "dev", "noexec,exec", "0", "#", "UUID=a", "a\\040b", "\u00e4"])
LINES = st.builds(lambda blank, words, end: blank + "\t ".join(words) + end, st.sampled_from(["", " ", "\t", "#"]), st.lists(WORDS, max_size=7),
                  st.sampled_from(["\n", "\n", "  \n", "\r\n", ""]))
TEXTS = st.one_of(st.lists(LINES, max_size=12).map("".join), st.text())


@given(TEXTS, st.sampled_from(["/tmp", "/var", "none"]), st.sampled_from(sorted(fstab.OPPOSITES)))
def test_only_the_options_of_that_path_change(text, path, option):
    after = fstab.with_option(text, path, option)
    assert fstab.with_option(after, path, option) == after
    old, new = text.split("\n"), after.split("\n")
    assert len(old) == len(new)
    mine = set(entry.line for entry in fstab.entries(text) if entry.path == path)
    for number, (before, now) in enumerate(zip(old, new), 1):
        if number not in mine:
            assert before == now
        else:
            assert before.split()[:3] == now.split()[:3] and before.split()[4:] == now.split()[4:]
    assert all(fstab.has_option(entry.options, option) for entry in fstab.entries(after) if entry.path == path)
    others = [(entry.path, entry.options) for entry in fstab.entries(text) if entry.path != path]
    assert others == [(entry.path, entry.options) for entry in fstab.entries(after) if entry.path != path]


MOUNTINFO = """22 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/almalinux-root rw,seclabel
24 22 0:22 / /dev/shm rw,nosuid,nodev shared:3 - tmpfs tmpfs rw,seclabel,inode64
30 22 253:2 / /var rw,relatime shared:9 - xfs /dev/mapper/almalinux-var rw
31 22 253:3 / /srv/my\\040files rw - ext4 /dev/sdb1 rw
32 30 0:40 / /var rw,noexec - tmpfs tmpfs rw
broken
"""


def test_what_is_mounted():
    found = fstab.mounts(MOUNTINFO)
    assert sorted(found) == ["/", "/dev/shm", "/srv/my files", "/var"]
    assert found["/dev/shm"].options == ["rw", "nosuid", "nodev"]
    assert (found["/var"].fstype, found["/"].device) == ("tmpfs", "253:0")
