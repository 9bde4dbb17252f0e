# SPDX-License-Identifier: GPL-3.0-or-later
"""The one walk over local file systems: what it enters, and what it finds."""
import os

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import walk
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context

MOUNTS = r"""
22 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/almalinux-root rw,seclabel,attr2
23 22 0:21 / /proc rw,nosuid,nodev,noexec shared:2 - proc proc rw
24 22 0:22 / /run rw,nosuid,nodev shared:3 - tmpfs tmpfs rw,mode=755
25 22 253:2 / /home rw,nosuid,nodev shared:4 - xfs /dev/mapper/almalinux-home rw
26 22 8:1 / /boot rw shared:5 - ext4 /dev/sda1 rw
27 22 0:44 / /srv/nfs rw shared:6 - nfs4 filer:/srv rw,vers=4.2
28 22 0:45 / /srv/win rw - cifs //filer/c rw
29 22 253:0 /srv/data /mnt/again rw - xfs /dev/mapper/almalinux-root rw
30 22 0:46 / /var/lib/containers/storage/overlay/x/merged rw - overlay overlay rw
31 22 8:17 / /srv/two\040words rw - ext4 /dev/sdb1 rw
32 22 0:47 / /srv/web rw - fuse.sshfs web: rw
"""


def test_mountinfo_says_where_to_begin():
    begun = walk.starts(walk.parse_mounts(MOUNTS))
    assert [mount.point for mount in begun] == ["/", "/boot", "/home", "/srv/two words"]
    assert "nosuid" in begun[2].options


def test_a_container_begins_at_its_overlay():
    mounts = walk.parse_mounts("1 0 0:9 / / rw - overlay overlay rw\n2 1 8:1 /containers/x/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n")
    assert [mount.point for mount in walk.starts(mounts)] == ["/", "/etc/hosts"]


def test_no_mountinfo():
    assert [mount.point for mount in walk.starts(walk.parse_mounts("nonsense\n"))] == ["/"]


def make(root, path, mode=0o644, directory=False):
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir(exist_ok=True) if directory else place.write_text("")
    os.chmod(str(place), mode)
    return place


def test_what_a_walk_finds(tmp_path):
    make(tmp_path, "/etc/open file", 0o666)
    make(tmp_path, "/tmp", 0o1777, True)
    make(tmp_path, "/srv/drop", 0o777, True)
    make(tmp_path, "/usr/bin/su", 0o4755)
    make(tmp_path, "/usr/bin/write", 0o2755)
    make(tmp_path, "/usr/bin/ls", 0o755)
    make(tmp_path, "/home/joe/su", 0o4755)
    make(tmp_path, "/net/filer/open", 0o666)
    make(tmp_path, "/var/lib/containers/storage/overlay/1/diff/su", 0o4755)
    make(tmp_path, "/home/joe/.local/share/containers/storage/open", 0o666)
    make(tmp_path, "/proc/self/mountinfo").write_text(
        "1 0 253:0 / / rw - xfs /dev/a rw\n2 1 253:1 / /home rw,nosuid - xfs /dev/b rw\n3 1 0:9 / /net/filer rw - nfs4 filer:/ rw\n")
    os.symlink("/etc/open file", str(tmp_path / "etc" / "link"))
    found = walk.of(View(Context(root=str(tmp_path))))
    assert found.world_writable == ["/etc/open file"]
    assert found.unsticky == ["/srv/drop"]
    assert found.privileged == ["/usr/bin/su", "/usr/bin/write"]


def test_whose_files(tmp_path):
    me = os.stat(str(tmp_path))
    make(tmp_path, "/etc/passwd").write_text("root:x:0:0::/root:/bin/bash\nbroken\n")
    make(tmp_path, "/etc/group").write_text("mine:x:{0}:\nroot:x:0:\n".format(me.st_gid))
    found = walk.walk(str(tmp_path), [], lambda number: False, lambda number: True)
    assert ("/etc/passwd", me.st_uid) in found.unowned and not found.ungrouped


def test_names_that_are_no_text_and_a_directory_that_is_gone(tmp_path):
    with open(os.path.join(os.fsencode(str(tmp_path)), b"caf\xe9"), "w"):
        pass
    os.chmod(os.path.join(os.fsencode(str(tmp_path)), b"caf\xe9"), 0o666)
    found = walk.walk(str(tmp_path), [], lambda number: True, lambda number: True)
    assert [os.fsencode(path) for path in found.world_writable] == [b"/caf\xe9"]
    assert walk.walk(str(tmp_path / "none"), [], lambda number: True, lambda number: True).unreadable == [""]
