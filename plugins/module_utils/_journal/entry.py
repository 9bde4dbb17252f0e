# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Change files so that the change can be undone, and so that a run that is killed can be gone on with.

    with host_lock():
        entry = begin("repositories")
        entry.write_all([Change("/etc/dnf/dnf.conf", text)])     # all of them, or none
        entry.note("key", {"fingerprint": …})
        entry.commit()

The stages and steps in the entry's state file, each on the disk before what follows it begins:

    planned   planned            the entry is there, nothing else is
    planned   before-images      what was there is kept, with its owner, mode and label
    applying  staged             the new files lie beside the old ones
    applying  after-first-file   the first file is replaced
    applying  files              all of them are
    applied   applied            the work is done
    reverting, reverted          the same way back

A run that finds the newest entry interrupted goes on in it, and the before-images it finds there win: an undo leads to
what was there before the first of the two. Only what somebody made of a file by hand in between counts for what was there.
"""

import base64
import glob
import os

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError, ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import store as _store
from ansible_collections.elkit.almalinux.plugins.module_utils._journal.store import Store, sha256
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import STATE_DIRECTORY


class Change(object):
    """A file to be: path, content (bytes, or None to remove it), attrs (files.Attributes, or None to keep or default), link (where path
    leads, if it is a symbolic link that was there: for the way back alone)."""

    def __init__(self, path, content, attrs=None, link=None):
        self.path = path
        self.link = link
        self.content = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        self.attrs = attrs


def begin(concern, root=STATE_DIRECTORY, run=None):
    """The Entry of a new change of *concern*, or the interrupted one to go on in. Call it under the host's lock.

    :param run: str that binds the entries of one run together (see reverts()), or None where a run has one entry
    :raises HostError: the state directory cannot be written, or the newest entry is damaged
    """
    store = Store(concern, root)
    state = store.newest()
    if state is not None and state["stage"] in _store.INTERRUPTED:
        entry = Entry(store, state, continued=True)
        entry.sweep()
    else:
        entry = Entry(store, store.create(), continued=False)
    if run is not None:
        entry.state["run"] = run
    return entry


def open_run(concern, root=STATE_DIRECTORY):
    """The name of the run of *concern* that did not come to its end (str), or None: the next one goes on with it, so that one undo takes
    back what both did."""
    state = Store(concern, root).newest()
    if state is None or not (state["stage"] in _store.INTERRUPTED or state.get("open")):
        return None
    return state.get("run")


def interrupted(concern, root=STATE_DIRECTORY):
    """Whether the newest entry of *concern* stopped half-way (then the same command goes on from there)."""
    state = Store(concern, root).newest()
    return state is not None and state["stage"] in _store.INTERRUPTED


class Entry(object):
    """One change of a host. continued says whether it goes on where an earlier run stopped."""

    def __init__(self, store, state, continued):
        self.store = store
        self.state = state
        self.continued = continued
        # Paths that an earlier process kept, and this one has not met yet.
        self._inherited = set(item["path"] for item in state["files"]) if continued else set()
        # What this process found and noted, for give_up().
        self._found, self._noted = [], []

    def _step(self, stage, step):
        self.state["stage"] = stage
        self.state["step"] = step
        self.store.save(self.state)

    def _file(self, path):
        for item in self.state["files"]:
            if item["path"] == path:
                return item
        return None

    def sweep(self):
        """Remove what a killed run staged and did not place."""
        directories = set(os.path.dirname(os.path.realpath(item["path"])) for item in self.state["files"])
        for directory in directories:
            for temporary in glob.glob(os.path.join(glob.escape(directory), files.TEMPORARY_PREFIX + "*")):
                files.discard(temporary)

    def record_file(self, path, after=None, foreign=False, late=False):
        """Keep what *path* is now, unless this entry has kept it already and it is as this entry knows it; *after* (bytes or None) is what it
        will be.
        foreign: another program (dnf) writes it, so that nobody knows what a killed run leaves.
        late: it is put back after the notes, for it belongs to a package that one of them brings back; commit() sees what has become of it.

        Nothing but memory knows of it until save(); the image itself is on the disk.
        """
        item = self._file(path)
        if item is None:
            item = {"path": path, "before": self._kept(path), "after": [], "foreign": foreign, "late": late}
            self.state["files"].append(item)
        elif path in self._inherited and not item.get("foreign") and sha256(files.read_bytes(path)) not in _known(item):
            # The new image lies beside the old one: whichever the state file names is there.
            item["before"], item["after"] = self._kept(path), []
        self._inherited.discard(path)
        # Until the work is done, every content that this entry meant for a file may be what a killed run left.
        outcome = sha256(after)
        item["after"] = [known for known in item["after"] if known != outcome] + [outcome]

    def _kept(self, path):
        """What *path* is now, with its content in an image of its own on the disk; None for no file."""
        content = files.read_bytes(path)
        if content is None:
            return None
        attrs, name = files.attributes(path), self.store.free_name(self.state)
        self.store.save_image(self.state, name, content)
        return {
            "image": name, "sha256": sha256(content), "uid": attrs.uid, "gid": attrs.gid, "mode": attrs.mode,
            "context": base64.b64encode(attrs.context).decode("ascii") if attrs.context else None,
            "link": files.read_link(path),
        }

    def record_outcome(self, path):
        """Take what another program (dnf) made of *path* for what this entry made of it. A path that record_file() was not
        called for was not there before. Nothing but memory knows of it until save()."""
        item = self._file(path)
        if item is None:
            item = {"path": path, "before": None, "after": []}
            self.state["files"].append(item)
        outcome = sha256(files.read_bytes(path))
        item["after"] = [known for known in item["after"] if known != outcome] + [outcome]

    def has_file(self, path):
        return self._file(path) is not None

    def forget_files(self, paths):
        """What record_file() was called for did not happen. Nothing but memory knows of it until save()."""
        self.state["files"] = [item for item in self.state["files"] if item["path"] not in paths]

    def save(self):
        self.store.save(self.state)

    def write_all(self, changes):
        """Make every Change in *changes*, or none: the first that cannot be made puts all of them back.

        :raises HostError: the disk is full or read-only, …; the files are then as this run found them
        """
        try:
            for change in changes:
                self._make_parent(os.path.dirname(change.path))
            for change in changes:
                self.record_file(change.path, change.content)
            self._step(_store.PLANNED, "before-images")
        except ElkitError:
            self._abandon()
            raise
        found = [Change(change.path, files.read_bytes(change.path), files.attributes(change.path), files.read_link(change.path)) for change in changes]
        staged = []
        try:
            for change in changes:
                staged.append(None if change.content is None else files.stage(change.path, change.content, change.attrs))
            self._step(_store.APPLYING, "staged")
            for number, change in enumerate(changes):
                if staged[number] is None:
                    files.remove(change.path)
                else:
                    files.place(staged[number], change.path)
                    staged[number] = None
                if number == 0:
                    self._step(_store.APPLYING, "after-first-file")
            self._step(_store.APPLYING, "files")
            self._found.extend(found)
        except ElkitError:
            for temporary in staged:
                if temporary is not None:
                    files.discard(temporary)
            self._put_back(found)
            raise

    def write(self, path, content, attrs=None):
        """write_all() of one file; *content* None removes it."""
        self.write_all([Change(path, content, attrs)])

    def _make_parent(self, directory):
        if os.path.isdir(directory):
            return
        self._make_parent(os.path.dirname(directory))
        self.note("directory", {"path": directory})
        files.make_directory(directory)

    def _put_back(self, found):
        """After a failed write_all(): what this run found."""
        _give_back(found)
        self._abandon()

    def _abandon(self):
        """A new entry goes; one that goes on stays for the next run, or for the way back."""
        if not self.continued:
            self.rollback()

    def noted(self, kind, data):
        return {"kind": kind, "data": data} in self.state["notes"]

    def forget(self, kind, data):
        """What note() was told did not happen."""
        self.state["notes"].remove({"kind": kind, "data": data})
        self.store.save(self.state)

    def drop_unchanged(self, kept):
        """Forget those files, besides the *kept* paths, of which record_outcome() found that they are as they were. Nothing but memory knows of
        it until save()."""
        self.state["files"] = [item for item in self.state["files"] if item["path"] in kept
                               or item["after"][-1] != (item["before"]["sha256"] if item["before"] else None)]

    def empty(self):
        """Whether there is nothing in it that could be put back."""
        return not self.state["files"] and not self.state["notes"]

    def note(self, kind, data):
        """Keep that something else is about to change; undo(kind, data) is called for it on the way back.

        :param kind: str, "key" for example
        :param data: a dict that JSON can hold, no secrets; with "late": True it is taken back after the late files (see record_file())
        """
        item = {"kind": kind, "data": data}
        self._noted.append(item)
        if item not in self.state["notes"]:
            self.state["notes"].append(item)
            self.store.save(self.state)

    def note_all(self, kind, items):
        """note() for each dict in *items*, on the disk at once. Where an interrupted run noted the same thing before it began, that one's
        "before" is the one that counts."""
        known = dict((_name_of(item["data"]), item["data"]) for item in self.state["notes"] if item["kind"] == kind)
        for data in items:
            earlier = known.get(_name_of(data))
            if earlier is not None:
                earlier["after"] = data["after"]
            else:
                self.state["notes"].append({"kind": kind, "data": data})
        self.store.save(self.state)

    def take_back(self, paths):
        """Put some of the files of this entry back at once, for whoever reads them does not take them; the others stay."""
        items = [item for item in self.state["files"] if item["path"] in paths]
        _undo_files(self.store, self.state, items)
        self.state["files"] = [item for item in self.state["files"] if item["path"] not in paths]
        self.store.save(self.state)

    def commit(self, more=False):
        """The change is done: it is now the one that "reverted" means.

        :param more: whether its run goes on in another entry
        """
        self.state["open"] = more
        for item in self.state["files"]:
            if item.get("late"):
                self.record_outcome(item["path"])
            item["after"] = item["after"][-1:]
        self._step(_store.APPLIED, "applied")
        # Runs in several entries, and a way back to before the first, need every one of them.
        if "run" not in self.state:
            self.store.prune()

    def rollback(self, undo=None):
        """Put everything back at once, as if this entry had never been; for errors after write_all().

        :param undo: called as undo(kind, data) for each note but directories, newest first
        """
        _undo(self.store, self.state, undo)
        self.store.drop(self.state["number"])

    def give_up(self, undo):
        """Put everything back as this run found it, for errors after write_all(). An entry that goes on where another run was killed stays, for
        the next run or for the way back: what lies before that is nothing that this run may touch.

        :param undo: as in rollback()
        """
        if not self.continued:
            self.rollback(undo)
            return
        _give_back(self._found)
        _undo_notes(self._noted, undo, _at_once)


def _give_back(found):
    """Put back what was *found* (list of Change), the newest first."""
    for change in reversed(found):
        if files.read_bytes(change.path) != change.content:
            _restore(change.path, change.content, change.attrs, change.link)


class Failures(object):
    """What an undo could not put back, where that is to keep nothing else from it: found is a list of (kind, data, ElkitError), with the
    kind and the data of a note, or "file" and {"path": str}.

    :param leave: whether it is left as it is, and its entry counts as undone. Otherwise the entry stays to be tried again, and what failed is
        not tried for an older entry either: that one's turn comes after it.
    """

    def __init__(self, leave=False):
        self.leave = leave
        self.found = []

    def attempt(self, kind, data, work):
        """Call work(); whether that put it back."""
        if not self.leave and (kind, _name_of(data)) in [(other, _name_of(its)) for other, its, _error in self.found]:
            return False
        try:
            work()
        except ElkitError as error:
            self.found.append((kind, data, error))
            return False
        return True


class Revert(object):
    """What an undo of the newest entry does: state, restore (list of (path, before or None)), notes (list of dict)."""

    def __init__(self, store, state, restore):
        self.store = store
        self.state = state
        self.restore = restore
        self.notes = state["notes"]
        # Then nobody knows what other programs (dnf) made of what they were to change.
        self.interrupted = state["stage"] in _store.INTERRUPTED

    def now(self, item):
        """The content (bytes) of a path in restore as it is now, or None for no file."""
        return files.read_bytes(item["path"])

    def before(self, item):
        """The content (bytes) that a path in restore gets back, or None for no file.

        :raises HostError: its image is gone or damaged
        """
        return None if item["before"] is None else self.store.image(self.state, item)

    def apply(self, undo, failures=None):
        """Go back. Call it under the host's lock; undo as in Entry.rollback().

        :param failures: Failures that takes what cannot be put back, or None to stop at the first
        :raises HostError: without *failures*, a file cannot be written; the same command goes on from there
        """
        self.state["stage"], self.state["step"] = _store.REVERTING, "reverting"
        self.store.save(self.state)
        Entry(self.store, self.state, continued=True).sweep()
        left = _undo(self.store, self.state, undo, failures)
        if left["files"] or left["notes"]:
            if not failures.leave:
                # What is back is nobody's concern at the next try: people may change it meanwhile.
                self.state.update(left)
                self.store.save(self.state)
                return
        self.state["stage"], self.state["step"] = _store.REVERTED, "reverted"
        self.store.save(self.state)


def revert(concern, force=False, root=STATE_DIRECTORY):
    """The Revert of the last change of *concern*, or None if there is none or it is undone already.

    :param force: overwrite what someone changed since
    :raises ChangedSinceError: files were changed since by someone else; names them
    :raises HostError: the journal cannot be read
    """
    store = Store(concern, root)
    state = store.newest()
    if state is None or state["stage"] == _store.REVERTED:
        return None
    return _planned(store, state, force, {})


def reverts(concern, force=False, first=False, root=STATE_DIRECTORY):
    """The Reverts of the last run of *concern*, the newest entry first, or with *first* of all runs. They are to be applied in that order.

    :raises ChangedSinceError, HostError: as revert(); nothing is put back then
    """
    store = Store(concern, root)
    found, passed = [], {}
    for number in reversed(store.numbers()):
        state = store.load(number)
        if state is None or state["stage"] == _store.REVERTED:
            continue
        if found and not first and state.get("run") != found[0].state.get("run"):
            break
        found.append(_planned(store, state, force, passed))
        # What an older entry finds once this one is undone.
        passed.update((item["path"], item["before"]["sha256"] if item["before"] else None) for item in state["files"])
    return found


def reopen(concern, number, root=STATE_DIRECTORY):
    """The Entry *number*, begun by another process and waiting for its commit, or None where there is none that waits."""
    store = Store(concern, root)
    state = store.load(number)
    return Entry(store, state, continued=True) if state is not None and state["stage"] in _store.INTERRUPTED else None


def revert_entry(concern, number, root=STATE_DIRECTORY):
    """The Revert of one entry, whatever was changed since, or None where there is nothing to undo."""
    store = Store(concern, root)
    state = store.load(number)
    return None if state is None or state["stage"] == _store.REVERTED else _planned(store, state, True, {})


def _planned(store, state, force, passed):
    """The Revert of one entry; *passed*: {path: hash} of what the undo of newer entries leaves."""
    restore = []
    foreign = []
    for item in state["files"]:
        now = passed[item["path"]] if item["path"] in passed else sha256(files.read_bytes(item["path"]))
        if now == (item["before"]["sha256"] if item["before"] else None) and item["path"] not in passed:
            continue
        unknown = item.get("foreign") and state["stage"] in _store.INTERRUPTED
        if now not in _known(item) and not unknown:
            foreign.append(item["path"])
        restore.append(item)
    if foreign and not force:
        raise ChangedSinceError(
            "changed by someone else since: {0}".format(", ".join(sorted(foreign))),
            "Look at the difference, and use force: true to overwrite it", paths=sorted(foreign))
    return Revert(store, state, restore)


def _known(item):
    """The hashes of what a file of an entry can be unless somebody changed it: what was there, and what the entry meant it to be."""
    return [item["before"]["sha256"] if item["before"] else None] + item["after"]


def _name_of(data):
    return tuple(sorted((key, str(value)) for key, value in data.items() if key not in ("before", "after")))


def _undo(store, state, undo, failures=None):
    """Put the files of *state* back, then what is noted, then what is late of both; the newest first: {"files", "notes"} of it that could not
    be.

    :param failures: Failures, or None to stop at the first error
    """
    attempt = _at_once if failures is None else failures.attempt
    late = {"files": [item for item in state["files"] if item.get("late")], "notes": [item for item in state["notes"] if item["data"].get("late")]}
    left = {"files": _undo_files(store, state, [item for item in state["files"] if not item.get("late")], attempt),
            "notes": _undo_notes([item for item in state["notes"] if not item["data"].get("late")], undo, attempt)}
    # A package that came over its own edited configuration would put that aside, so what is late waits until all packages are back.
    if failures is None or failures.leave or "packages" not in [item["kind"] for item in left["notes"]]:
        late = {"files": _undo_files(store, state, late["files"], attempt), "notes": _undo_notes(late["notes"], undo, attempt)}
    return {"files": left["files"] + late["files"], "notes": late["notes"] + left["notes"]}


def _at_once(kind, data, work):
    """Failures.attempt(), where the first error ends it."""
    work()
    return True


def _undo_files(store, state, items, attempt=_at_once):
    """The *items* that could not be put back."""
    left = [item for item in reversed(items) if not attempt("file", {"path": item["path"]}, lambda item=item: _undo_file(store, state, item))]
    return left[::-1]


def _undo_file(store, state, item):
    before = item["before"]
    if before is None:
        files.remove(item["path"])
        return
    context = base64.b64decode(before["context"]) if before["context"] else None
    attrs = files.Attributes(before["uid"], before["gid"], before["mode"], context)
    content = store.image(state, item)
    now = files.attributes(item["path"])
    same = now is not None and (now.uid, now.gid, now.mode, now.context) == (
        attrs.uid, attrs.gid, attrs.mode, attrs.context)
    if not same or files.read_bytes(item["path"]) != content:
        _restore(item["path"], content, attrs, before.get("link"))


def _restore(path, content, attrs, link):
    if content is None:
        files.remove(path)
        return
    # Where the directory behind the link left with its package, a file is what can be had.
    if link is not None and not os.path.lexists(path) and os.path.isdir(os.path.dirname(os.path.realpath(os.path.join(os.path.dirname(path), link)))):
        files.make_link(link, path)
        if os.path.exists(path):
            # The link alone was removed. What became of the file behind it since is nobody's concern here.
            return
    files.write_atomic(path, content, attrs)


def _undo_notes(items, undo, attempt):
    """The *items* that could not be taken back."""
    left = [item for item in reversed(items) if not attempt(item["kind"], item["data"], lambda item=item: _undo_note(item, undo))]
    return left[::-1]


def _undo_note(item, undo):
    if item["kind"] == "directory":
        try:
            os.rmdir(item["data"]["path"])
        except OSError:
            pass
    elif undo is not None:
        undo(item["kind"], item["data"])
