# SPDX-License-Identifier: GPL-3.0-or-later
"""/etc as it was: taken, changed in every way, and put back."""
import os
import stat

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import snapshot
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError


@pytest.fixture
def etc(tmp_path, monkeypatch):
    root = tmp_path / "etc"
    (root / "yum.repos.d").mkdir(parents=True)
    (root / "yum.repos.d" / "centos.repo").write_text("[baseos]\n")
    (root / "os-release").symlink_to("../usr/lib/os-release")
    (root / "shadow").write_text("root:x\n")
    (root / "shadow").chmod(0o600)
    (root / "empty").mkdir()
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(snapshot, "ROOTS", (str(root),))
    monkeypatch.setattr(snapshot.take, "__defaults__", (None, (str(root),)))
    return root, str(kept)


def test_put_back_exactly(etc):
    root, kept = etc
    before = snapshot.take(kept)
    (root / "yum.repos.d" / "centos.repo").unlink()
    (root / "yum.repos.d" / "almalinux.repo").write_text("[baseos]\n")
    (root / "os-release").unlink()
    (root / "os-release").write_text("ID=almalinux\n")
    (root / "shadow").write_text("other\n")
    (root / "shadow").chmod(0o644)
    (root / "empty").rmdir()
    (root / "new.d").mkdir()
    (root / "new.d" / "file").write_text("x")
    after = snapshot.take()
    assert snapshot.foreign(before, after, after) == []
    paths = snapshot.restore(before, after, kept)
    assert snapshot.take() == before and len(paths) == 7
    assert stat.S_IMODE(os.stat(str(root / "shadow")).st_mode) == 0o600
    assert snapshot.restore(before, after, kept) == []


def test_what_somebody_else_changed_since_is_named_and_what_the_conversion_left_alone_is_not_touched(etc):
    root, kept = etc
    before = snapshot.take(kept)
    (root / "yum.repos.d" / "centos.repo").write_text("[baseos]\nenabled=0\n")
    after = snapshot.take()
    (root / "yum.repos.d" / "centos.repo").write_text("by hand\n")
    (root / "shadow").write_text("a new password\n")
    assert snapshot.foreign(before, after, snapshot.take()) == [str(root / "yum.repos.d" / "centos.repo")]
    snapshot.restore(before, after, kept)
    assert (root / "yum.repos.d" / "centos.repo").read_text() == "[baseos]\n"
    assert (root / "shadow").read_text() == "a new password\n"


def test_after_a_run_that_did_not_end_everything_goes_back(etc):
    root, kept = etc
    before = snapshot.take(kept)
    (root / "shadow").write_text("half\n")
    assert snapshot.foreign(before, None, snapshot.take()) == []
    assert snapshot.restore(before, None, kept) == [str(root / "shadow")]
    assert snapshot.take() == before


@pytest.mark.parametrize("spoil, words", [(os.unlink, "shadow held before is gone from"), (lambda path: open(path, "w").close(), "is damaged in")],
                         ids=["lost", "emptied by a power cut"])
def test_a_lost_before_image_is_named_before_anything_is_done(etc, spoil, words):
    root, kept = etc
    before = snapshot.take(kept)
    snapshot.check_readable(before, kept)
    spoil(os.path.join(kept, before[str(root / "shadow")]["sha256"]))
    with pytest.raises(HostError, match=words):
        snapshot.check_readable(before, kept)


def test_the_kept_contents_are_root_s_alone(etc):
    _root, kept = etc
    snapshot.take(kept)
    assert all(stat.S_IMODE(os.stat(os.path.join(kept, name)).st_mode) == 0o600 for name in os.listdir(kept))


@pytest.mark.parametrize("after, paths", [
    ({"/etc/a": 2, "/etc/b": 1, "/etc/new": 1}, ["/etc/a", "/etc/new"]), (None, ["/etc/a", "/etc/mine", "/etc/new"])],
    ids=["what the conversion changed", "where nobody knows that: all"])
def test_what_a_way_back_returns(after, paths):
    before, now = {"/etc/a": 1, "/etc/b": 1}, {"/etc/a": 2, "/etc/b": 1, "/etc/new": 1, "/etc/mine": 1}
    assert snapshot.returning(before, after, now) == paths
