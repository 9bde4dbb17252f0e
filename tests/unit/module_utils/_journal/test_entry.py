# SPDX-License-Identifier: GPL-3.0-or-later
import errno
import json
import os
import stat
import tempfile

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import store
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files


@pytest.fixture
def host(tmp_path):
    """A tree with two files, one of which is private, and a place for the state."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "a").write_bytes(b"one\n")
    (etc / "b").write_bytes(b"secret\xff\n")
    os.chmod(str(etc / "b"), 0o640)
    return tmp_path


def root(host):
    return str(host / "state")


def picture(host):
    """What a byte-exact undo must give back: {name: (content, mode)}, directories too."""
    found = {}
    for directory, names, others in os.walk(str(host / "etc")):
        for name in names + others:
            path = os.path.join(directory, name)
            mode = stat.S_IMODE(os.stat(path).st_mode)
            with_content = open(path, "rb").read() if os.path.isfile(path) else None
            found[os.path.relpath(path, str(host))] = (with_content, mode)
    return found


def changes(host):
    return [
        journal.Change(str(host / "etc" / "a"), "two\n"),
        journal.Change(str(host / "etc" / "b"), None),
        journal.Change(str(host / "etc" / "new" / "deep" / "c"), b"three", files.Attributes(os.geteuid(), os.getegid(), 0o600)),
    ]


def state(host, number="00000001"):
    with open(os.path.join(root(host), "journal", "test", number, "state.json")) as handle:
        return json.load(handle)


def test_change_and_undo_are_exact(host):
    before = picture(host)
    entry = journal.begin("test", root(host))
    assert state(host)["stage"] == "planned"
    entry.write_all(changes(host))
    assert (state(host)["stage"], state(host)["step"]) == ("applying", "files")
    entry.commit()
    assert state(host)["stage"] == "applied"
    after = picture(host)
    assert after["etc/a"] == (b"two\n", before["etc/a"][1])
    assert "etc/b" not in after
    assert after["etc/new/deep/c"] == (b"three", 0o600)
    undo = journal.revert("test", root=root(host))
    assert sorted(item["path"] for item in undo.restore) == sorted(change.path for change in changes(host))
    assert picture(host) == after, "to look changes nothing"
    undo.apply(None)
    assert picture(host) == before
    assert journal.revert("test", root=root(host)) is None


@pytest.fixture
def labels(monkeypatch):
    """{inode: context}: a file system with labels, as the kernel keeps them. No test host can set a label of its own."""
    kept = {}

    def getxattr(path, name):
        assert name == "security.selinux"
        if os.stat(path).st_ino not in kept:
            raise OSError(errno.ENODATA, "no label")
        return kept[os.stat(path).st_ino]

    def setxattr(where, name, value):
        assert name == "security.selinux"
        kept[os.stat(where).st_ino] = value

    make = tempfile.mkstemp

    def mkstemp(*args, **more):
        descriptor, path = make(*args, **more)
        # The number of a file that is gone is given again; its label is not.
        kept.pop(os.fstat(descriptor).st_ino, None)
        return descriptor, path

    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    monkeypatch.setattr(os, "getxattr", getxattr)
    monkeypatch.setattr(os, "setxattr", setxattr)
    return kept


SHADOW, ETC, OTHER = b"system_u:object_r:shadow_t:s0\0", b"system_u:object_r:etc_t:s0\0", b"unconfined_u:object_r:user_tmp_t:s0\0"


@pytest.mark.parametrize("what", ["content", "label alone", "removed"])
def test_an_undo_gives_a_file_its_label_back(host, labels, what):
    path = str(host / "etc" / "a")
    labels[os.stat(path).st_ino] = SHADOW
    entry = journal.begin("test", root(host))
    entry.write_all([journal.Change(path, None if what == "removed" else "one\n" if what == "label alone" else "two\n")])
    if what != "removed":
        assert files.attributes(path).context == SHADOW, "a write keeps the label that is there"
        # restorecon, or a program that writes the file anew.
        labels[os.stat(path).st_ino] = OTHER
    entry.commit()
    journal.revert("test", root=root(host)).apply(None)
    assert files.attributes(path).context == SHADOW and files.read_bytes(path) == b"one\n"


def test_a_label_that_is_given_is_set_and_none_is_made_up(host, labels):
    path = str(host / "etc" / "new")
    files.write_atomic(path, "x", files.Attributes(os.geteuid(), os.getegid(), 0o600, ETC))
    assert files.attributes(path).context == ETC
    files.write_atomic(str(host / "etc" / "b"), "x")
    assert files.attributes(str(host / "etc" / "b")).context is None and os.stat(str(host / "etc" / "b")).st_ino not in labels


@pytest.mark.parametrize("number, fails", [(errno.ENOTSUP, False), (errno.EPERM, True)])
def test_a_label_that_cannot_be_set(host, monkeypatch, number, fails):
    def setxattr(where, name, value):
        raise OSError(number, os.strerror(number))
    monkeypatch.setattr(os, "setxattr", setxattr)
    path, attrs = str(host / "etc" / "a"), files.Attributes(os.geteuid(), os.getegid(), 0o600, ETC)
    if fails:
        with pytest.raises(HostError):
            files.write_atomic(path, "two\n", attrs)
    else:
        files.write_atomic(path, "two\n", attrs)
    # A file without its label is better than none on a file system that has no labels; anything else leaves all as it was.
    assert files.read_bytes(path) == (b"one\n" if fails else b"two\n") and sorted(os.listdir(str(host / "etc"))) == ["a", "b"]


def test_nothing_to_undo(host):
    assert journal.revert("test", root=root(host)) is None
    assert not os.path.exists(root(host))


def test_the_journal_is_private(host):
    entry = journal.begin("test", root(host))
    entry.write_all(changes(host))
    entry.commit()
    for directory, names, others in os.walk(root(host)):
        for name in names:
            assert stat.S_IMODE(os.stat(os.path.join(directory, name)).st_mode) == 0o700
        for name in others:
            assert stat.S_IMODE(os.stat(os.path.join(directory, name)).st_mode) == 0o600


def test_undo_refuses_by_name_what_someone_changed_since(host):
    entry = journal.begin("test", root(host))
    entry.write_all(changes(host))
    entry.commit()
    (host / "etc" / "a").write_bytes(b"somebody\n")
    found = picture(host)
    with pytest.raises(ChangedSinceError) as caught:
        journal.revert("test", root=root(host))
    assert str(host / "etc" / "a") in str(caught.value)
    assert caught.value.details["paths"] == [str(host / "etc" / "a")]
    assert picture(host) == found
    journal.revert("test", force=True, root=root(host)).apply(None)
    assert picture(host)["etc/a"][0] == b"one\n"


def test_a_file_that_someone_put_back_is_no_obstacle(host):
    before = picture(host)
    entry = journal.begin("test", root(host))
    entry.write_all(changes(host))
    entry.commit()
    (host / "etc" / "a").write_bytes(b"one\n")
    journal.revert("test", root=root(host)).apply(None)
    assert picture(host) == before


@pytest.mark.parametrize("placed", [0, 1, 2])
def test_a_killed_run_is_gone_on_with_and_undone_exactly(host, monkeypatch, placed):
    before = picture(host)
    kill_after(placed, monkeypatch)
    with pytest.raises(Killed):
        journal.begin("test", root(host)).write_all(changes(host))
    monkeypatch.undo()
    assert journal.interrupted("test", root(host))
    # The next run wants something else of one of the files.
    entry = journal.begin("test", root(host))
    assert entry.continued
    entry.write_all([journal.Change(str(host / "etc" / "a"), "other\n")])
    entry.commit()
    assert not journal.interrupted("test", root(host))
    assert not [name for name in picture(host) if files.TEMPORARY_PREFIX in name]
    journal.revert("test", root=root(host)).apply(None)
    assert picture(host) == before


@pytest.mark.parametrize("by_hand", [b"by hand\n", None])
@pytest.mark.parametrize("killed", [False, True])
def test_what_somebody_edited_after_a_killed_run_is_what_an_undo_leads_to(host, monkeypatch, by_hand, killed):
    a = host / "etc" / "a"
    kill_after(2, monkeypatch)
    with pytest.raises(Killed):
        journal.begin("test", root(host)).write_all(changes(host))
    monkeypatch.undo()
    a.unlink()
    if by_hand is not None:
        a.write_bytes(by_hand)
    if killed:
        # Killed again where the new image is there and the state file does not know it yet: nothing is lost, and nothing overwritten.
        with monkeypatch.context() as patched:
            patched.setattr(store.Store, "save", lambda self, state: kill())
            with pytest.raises(Killed):
                journal.begin("test", root(host)).write(str(a), "two\n")
        with pytest.raises(ChangedSinceError):
            journal.revert("test", root=root(host))
    entry = journal.begin("test", root(host))
    entry.write_all(changes(host))
    entry.write(str(a), "other\n")
    entry.commit()
    journal.revert("test", root=root(host)).apply(None)
    assert files.read_bytes(str(a)) == by_hand and picture(host)["etc/b"] == (b"secret\xff\n", 0o640) and not (host / "etc" / "new").exists()


def test_what_another_program_made_of_its_file_before_a_kill_is_no_edit(host):
    path = str(host / "etc" / "a")
    entry = journal.begin("test", root(host))
    entry.record_file(path, b"one\n", foreign=True)
    entry.save()
    files.write_atomic(path, "half of dnf's\n")
    entry = journal.begin("test", root(host))
    entry.record_file(path, b"one\n", foreign=True)
    entry.record_outcome(path)
    entry.commit()
    journal.revert("test", root=root(host)).apply(None)
    assert files.read_bytes(path) == b"one\n"


@pytest.mark.parametrize("continued", [False, True])
def test_who_gives_up_leaves_what_he_found(host, monkeypatch, continued):
    before = picture(host)
    if continued:
        kill_after(1, monkeypatch)
        with pytest.raises(Killed):
            journal.begin("test", root(host)).write_all(changes(host))
        monkeypatch.undo()
        (host / "etc" / "b").write_bytes(b"by hand\n")
    entry = journal.begin("test", root(host))
    found = picture(host)
    entry.write_all(changes(host))
    entry.note("key", {"fingerprint": "A"})
    undone = []
    entry.give_up(lambda kind, data: undone.append((kind, data["fingerprint"])))
    assert picture(host) == found and undone == [("key", "A")]
    assert journal.interrupted("test", root(host)) is continued
    if continued:
        journal.revert("test", root=root(host)).apply(None)
        assert picture(host) == dict(before, **{"etc/b": found["etc/b"]})


@pytest.mark.parametrize("placed", [0, 1, 2])
def test_a_killed_run_can_be_undone_at_once(host, monkeypatch, placed):
    before = picture(host)
    kill_after(placed, monkeypatch)
    with pytest.raises(Killed):
        journal.begin("test", root(host)).write_all(changes(host))
    monkeypatch.undo()
    journal.revert("test", root=root(host)).apply(None)
    assert picture(host) == before


class Killed(BaseException):
    """What SIGKILL is to the code: nothing of it runs on."""


def kill():
    raise Killed()


def kill_after(steps, monkeypatch):
    """The step behind the first *steps* that replace or remove a file of the tree (not of the state) is the end."""
    counter = {"steps": 0}

    def deadly(real):
        def call(*arguments):
            if os.sep + "etc" + os.sep in arguments[-1]:
                counter["steps"] += 1
                if counter["steps"] > steps:
                    raise Killed()
            return real(*arguments)
        return call
    monkeypatch.setattr(files, "place", deadly(files.place))
    monkeypatch.setattr(files, "remove", deadly(files.remove))


def test_what_cannot_be_written_leaves_everything(host):
    before = picture(host)
    entry = journal.begin("test", root(host))
    (host / "etc" / "dir").mkdir()
    before = picture(host)
    with pytest.raises(HostError):
        entry.write_all(changes(host) + [journal.Change(str(host / "etc" / "dir"), "a directory is there")])
    assert picture(host) == before
    assert journal.revert("test", root=root(host)) is None


def test_a_failing_rename_puts_back_what_was_placed(host, monkeypatch):
    before = picture(host)
    real = files.place
    entry = journal.begin("test", root(host))

    def fail(temporary, path):
        if path.endswith("/c"):
            files.discard(temporary)
            raise HostError(path)
        real(temporary, path)
    monkeypatch.setattr(files, "place", fail)
    with pytest.raises(HostError):
        entry.write_all(changes(host))
    assert picture(host) == before
    assert journal.revert("test", root=root(host)) is None


def test_notes_are_undone_newest_first_and_once(host):
    entry = journal.begin("test", root(host))
    entry.note("key", {"fingerprint": "A"})
    entry.note("key", {"fingerprint": "B"})
    entry.note("key", {"fingerprint": "B"})
    entry.commit()
    undone = []
    journal.revert("test", root=root(host)).apply(lambda kind, data: undone.append((kind, data["fingerprint"])))
    assert undone == [("key", "B"), ("key", "A")]


def test_what_another_program_made_of_a_file_is_known_to_the_undo(host):
    path = str(host / "etc" / "a")
    entry = journal.begin("test", root(host))
    entry.record_file(path, b"one\n")
    entry.save()
    with open(path, "w") as handle:
        handle.write("by dnf\n")
    entry.record_outcome(path)
    entry.commit()
    journal.revert("test", root=root(host)).apply(None)
    assert open(path).read() == "one\n"


def test_only_the_newest_entries_are_kept(host):
    for number in range(store.KEEP + 3):
        entry = journal.begin("test", root(host))
        entry.write(str(host / "etc" / "a"), "{0}\n".format(number))
        entry.commit()
    kept = store.Store("test", root(host)).numbers()
    assert len(kept) == store.KEEP
    assert kept[-1] == "{0:08d}".format(store.KEEP + 3)


@pytest.mark.parametrize("text, message", [("{", "damaged"), ("[]", "damaged"), ('{"schema": 99}', "newer version")])
def test_a_bad_journal_is_named(host, text, message):
    journal.begin("test", root(host)).commit()
    path = os.path.join(root(host), "journal", "test", "00000001", "state.json")
    with open(path, "w") as handle:
        handle.write(text)
    with pytest.raises(HostError) as caught:
        journal.revert("test", root=root(host))
    assert path in str(caught.value) and message in str(caught.value)


def test_links_stay_links(host):
    os.symlink("a", str(host / "etc" / "link"))
    entry = journal.begin("test", root(host))
    entry.write(str(host / "etc" / "link"), "through\n")
    entry.commit()
    assert os.path.islink(str(host / "etc" / "link"))
    assert (host / "etc" / "a").read_bytes() == b"through\n"


@pytest.mark.parametrize("behind, failed", [("as it was", False), ("changed since", False), ("gone since", False), ("as it was", True)])
def test_a_link_that_was_removed_is_a_link_again(host, monkeypatch, behind, failed):
    link, target = str(host / "etc" / "link"), host / "etc" / "a"
    os.symlink("a", link)
    entry = journal.begin("test", root(host))
    if failed:
        monkeypatch.setattr(files, "place", lambda temporary, path: fail_at(path) if path.endswith("/b") else os.rename(temporary, path))
        with pytest.raises(HostError):
            entry.write_all([journal.Change(link, None), journal.Change(str(host / "etc" / "b"), "two\n")])
        assert journal.revert("test", root=root(host)) is None
    else:
        entry.write(link, None)
        entry.commit()
        assert not os.path.lexists(link) and target.exists()
        if behind == "changed since":
            target.write_bytes(b"of others\n")
        elif behind == "gone since":
            target.unlink()
        journal.revert("test", root=root(host)).apply(None)
    assert os.readlink(link) == "a"
    assert target.read_bytes() == (b"of others\n" if behind == "changed since" else b"one\n")


def test_a_link_into_a_directory_that_is_gone_is_a_file_then(host):
    link, directory = str(host / "etc" / "link"), host / "opt"
    directory.mkdir()
    (directory / "a").write_bytes(b"one\n")
    os.symlink("../opt/a", link)
    entry = journal.begin("test", root(host))
    entry.write(link, None)
    entry.commit()
    (directory / "a").unlink()
    directory.rmdir()
    journal.revert("test", root=root(host)).apply(None)
    assert not os.path.islink(link) and (host / "etc" / "link").read_bytes() == b"one\n"


def fail_at(path):
    raise HostError(path)


def test_a_file_that_was_taken_back_gives_its_image_to_nobody_who_stays(host):
    before = picture(host)
    entry = journal.begin("test", root(host))
    a, b, c = (str(host / "etc" / name) for name in "abc")
    entry.write_all([journal.Change(a, "two\n"), journal.Change(b, "three\n")])
    entry.take_back([a])
    entry.write_all([journal.Change(a, "four\n"), journal.Change(c, "new\n")])
    entry.take_back([c])
    entry.write_all([journal.Change(a, "five\n")])
    entry.commit()
    journal.revert("test", root=root(host)).apply(None)
    assert picture(host) == before


def test_an_image_that_is_not_what_was_kept_is_named_and_not_written(host):
    entry = journal.begin("test", root(host))
    entry.write_all(changes(host)[:1])
    entry.commit()
    image = os.path.join(root(host), "journal", "test", "00000001", "before-0")
    files.write_atomic(image, "of another\n")
    after = picture(host)
    undo = journal.revert("test", root=root(host))
    for work in (lambda: undo.before(undo.restore[0]), lambda: undo.apply(None)):
        with pytest.raises(HostError, match="before-0 is not what was kept of .*/etc/a"):
            work()
    assert picture(host) == after


@pytest.mark.parametrize("force", [None, False, True])
def test_what_belongs_to_a_package_is_put_back_after_it(host, force):
    """Files of a package that goes, edited: *force* None, nothing fails; else the package cannot be had, and is left or not."""
    before = picture(host)
    a, saved = (str(host / "etc" / name) for name in ("a", "a.rpmsave"))
    entry = journal.begin("test", root(host))
    for path in (a, saved):
        entry.record_file(path, foreign=True, late=True)
    entry.note("unit", {"name": "a.service", "late": True})
    entry.note("packages", {"removed": ["a"]})
    entry.note("key", {"fingerprint": "A"})
    os.rename(a, saved)
    entry.commit()
    assert [item["after"][0] is None for item in state(host)["files"]] == [True, False]
    done = []

    def undo(kind, data):
        done.append((kind, os.path.exists(a)))
        if kind == "packages" and force is not None and done.count((kind, False)) < 2:
            raise HostError("no repository has it")
    failures = None if force is None else journal.Failures(leave=force)
    journal.revert("test", root=root(host)).apply(undo, failures)
    if force is False:
        # Over its own file the package would not come as it was.
        assert done == [("key", False), ("packages", False)] and not os.path.exists(a) and state(host)["stage"] == "reverting"
        assert [(kind, str(error)) for kind, _data, error in failures.found] == [("packages", "no repository has it")]
        del done[:]
        done.append(("packages", False))
        journal.revert("test", root=root(host)).apply(undo, journal.Failures())
        assert done[1:] == [("packages", False), ("unit", True)]
    else:
        assert done == [("key", False), ("packages", False), ("unit", True)]
    assert picture(host) == before and state(host)["stage"] == "reverted"


def test_files_of_a_package_that_stayed_are_forgotten(host):
    entry = journal.begin("test", root(host))
    a = str(host / "etc/a")
    assert not entry.has_file(a)
    entry.record_file(a, foreign=True, late=True)
    assert entry.has_file(a)
    entry.forget_files([a])
    assert entry.empty()
