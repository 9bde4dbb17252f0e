# SPDX-License-Identifier: GPL-3.0-or-later
import os
import stat

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import snapshot
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, LockedError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files, lock


def test_write_keeps_owner_and_mode(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    os.chmod(str(path), 0o640)
    before = os.stat(str(path))
    files.write_atomic(str(path), "new")
    after = os.stat(str(path))
    assert path.read_bytes() == b"new"
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o640, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino
    assert os.listdir(str(tmp_path)) == ["file"]


def test_a_link_stays_and_its_target_is_written(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    files.write_atomic(str(link), b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"


def test_undecodable_bytes_survive(tmp_path):
    path = str(tmp_path / "file")
    files.write_atomic(path, b"a\xffb")
    files.write_atomic(path, files.read_text(path))
    assert files.read_bytes(path) == b"a\xffb"


def test_missing_files(tmp_path):
    path = str(tmp_path / "missing")
    assert files.read_bytes(path) is None
    assert files.attributes(path) is None
    assert files.remove(path) is False
    with pytest.raises(HostError, match="missing"):
        files.read_bytes(path, missing_ok=False)


def test_a_directory_in_the_place_of_a_file_is_named(tmp_path):
    with pytest.raises(HostError, match="Move the directory away"):
        files.read_bytes(str(tmp_path))


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(HostError):
        files.write_atomic(str(tmp_path / "missing" / "file"), b"x")
    assert os.listdir(str(tmp_path)) == []


@pytest.fixture
def waits(monkeypatch):
    """What is renamed, and what the disk is waited for, in order: "rename NAME", "fsync SIZE" of a file, "fsync directory", "sync"."""
    found = []
    rename, fsync = os.rename, os.fsync

    def note_rename(source, target):
        found.append("rename " + os.path.basename(target))
        rename(source, target)

    def note_fsync(descriptor):
        info = os.fstat(descriptor)
        found.append("fsync directory" if stat.S_ISDIR(info.st_mode) else "fsync {0}".format(info.st_size))
        fsync(descriptor)
    monkeypatch.setattr(os, "rename", note_rename)
    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "sync", lambda: found.append("sync"))
    return found


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_done(tmp_path, waits):
    files.write_atomic(str(tmp_path / "file"), b"12345")
    assert waits == ["fsync 5", "rename file", "fsync directory"]
    files.write_soon(str(tmp_path / "soon"), b"12345")
    assert waits[3:] == ["rename soon"]
    files.remove(str(tmp_path / "file"))
    assert waits[4:] == ["fsync directory"]


def test_a_snapshot_is_on_the_disk_before_anything_counts_on_it(tmp_path, waits):
    root, kept = tmp_path / "etc", tmp_path / "kept"
    for path in (root, kept):
        path.mkdir()
    for name in ("a", "b"):
        (root / name).write_text(name)
    entries = snapshot.take(str(kept), (str(root),))
    names = sorted(entry["sha256"] for entry in entries.values())
    assert sorted(waits[:-1]) == ["rename " + name for name in names] and waits[-1] == "sync" and sorted(os.listdir(str(kept))) == names
    del waits[:]
    snapshot.take(None, (str(root),))
    assert waits == []


def _opened(path):
    """What open_path() leads to: (device, inode)."""
    descriptor = files.open_path(str(path))
    try:
        info = os.fstat(descriptor)
        return info.st_dev, info.st_ino
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("target", ["real", "../{0}/real", "{1}/real"])
def test_our_links_on_the_way_are_followed(tmp_path, target):
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "deep" / "file").write_text("")
    (tmp_path / "link").symlink_to(target.format(tmp_path.name, tmp_path))
    info = os.stat(str(tmp_path / "real" / "deep" / "file"))
    assert _opened(tmp_path / "link" / "deep" / "file") == (info.st_dev, info.st_ino)


def test_the_last_part_is_never_followed(tmp_path):
    (tmp_path / "link").symlink_to("/etc")
    info = os.lstat(str(tmp_path / "link"))
    assert _opened(tmp_path / "link") == (info.st_dev, info.st_ino)


def test_links_that_somebody_else_could_have_made_are_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("")
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "link").symlink_to(tmp_path / "real")
    os.chmod(str(tmp_path / "open"), 0o777)
    with pytest.raises(HostError, match="link, on the way, is a link that is not root's"):
        files.open_path(str(tmp_path / "open" / "link" / "file"))
    os.chmod(str(tmp_path / "open"), 0o1777)
    _opened(tmp_path / "open" / "link" / "file")
    if os.geteuid() == 0:
        os.lchown(str(tmp_path / "open" / "link"), 1234, 1234)
        with pytest.raises(HostError, match="not root's"):
            files.open_path(str(tmp_path / "open" / "link" / "file"))


def test_links_in_a_circle_end(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(HostError):
        files.open_path(str(tmp_path / "a" / "file"))
    with pytest.raises(OSError):
        files.open_path(str(tmp_path / "nothing" / "file"))
    assert len(os.listdir("/proc/self/fd")) == before, "descriptors stay open"


def test_the_lock_names_its_holder(tmp_path):
    directory = str(tmp_path / "state")
    with lock.host_lock(directory):
        assert stat.S_IMODE(os.stat(directory).st_mode) == 0o700
        # What already holds it may take it again; another process may not.
        with lock.host_lock(directory, timeout=0.3):
            pass
        holder = os.getpid()
        child = os.fork()
        if child == 0:
            lock._HELD.clear()
            try:
                with lock.host_lock(directory, timeout=0.3):
                    os._exit(1)
            except LockedError as error:
                os._exit(0 if "process {0}".format(holder) in str(error) else 2)
        assert os.waitpid(child, 0)[1] == 0
    with lock.host_lock(directory, timeout=0.3):
        pass
