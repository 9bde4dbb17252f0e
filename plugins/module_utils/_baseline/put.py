# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Carry a plan out on the host, through the journal: packages, then files, then states, then what reads them anew."""

import os
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import control as model
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import services
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import package, registry, unit
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import registry as mechanisms
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError, CommandError, ElkitError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import STATE_DIRECTORY

CONCERN = "baseline"


class Run(object):
    """One run on this host: one journal entry, or two where a guard watches over the second.

    :param name: str, what binds the entries of the run together; None makes one
    """

    def __init__(self, name=None):
        self.name = name or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.changed = False
        self.entry = None
        self._closed = None    # the entry before, where the run may go on in another
        self.context = None
        self._readers = []     # (Reader, ids of the controls whose files it reads)

    def next_entry(self):
        """Close the entry that there is; the next change begins another."""
        if self.entry is not None and self.entry.empty():
            self.drop_part()
        elif self.entry is not None:
            self.entry.commit(more=True)
            self._closed, self.entry = self.entry, None

    def _begin(self):
        if self.entry is None:
            self.name = journal.open_run(CONCERN, self.context.at(STATE_DIRECTORY)) or self.name
            self.entry = journal.begin(CONCERN, self.context.at(STATE_DIRECTORY), run=self.name)
        return self.entry

    def commit(self):
        """The run is over. An entry with nothing in it goes: "the last run" is one that changed something."""
        if self.entry is not None and self.entry.empty():
            self.drop_part()
        last = self.entry or self._closed
        if last is not None:
            last.commit()
        self.entry = self._closed = None

    # --- the part that a guard watches over ----------------------------------------------------------------------------

    def begin_part(self, context):
        """A new entry, on the disk before anything of the part is changed: whoever takes the part back knows it by its number."""
        self.context = context
        self.next_entry()
        if self._begin().continued:
            # What an earlier run left half-way is no part of ours.
            self.next_entry()
        return self._begin()

    def has_part(self):
        """Whether anything was changed since begin_part()."""
        return bool(self.entry is not None and (self.entry.state["files"] or self.entry.state["notes"]))

    def drop_part(self):
        """Nothing was changed since begin_part(): the entry goes."""
        if self.entry is not None:
            self.entry.rollback()
            self.entry = None

    def put(self, view, rows):
        """Make the host what *view* plans; whether anything was done. What cannot be done becomes the status of its controls.

        :raises ElkitError: nothing can be written here at all
        """
        self.context = view.context
        by_id = dict((row.control.id, row) for row in rows)
        planned, states = view.changes()
        if not planned and not states:
            return False
        packages = dict((name, value) for (kind, name), value in states.items() if kind == "package")
        if packages:
            self._packages(view, packages, by_id)
        planned = self._refused_beforehand(view, planned, by_id)
        self._files(view, planned, by_id)
        # What has no file has no state either: a control is not put in by half.
        states = dict((key, value) for key, value in states.items() if key[0] != "package")
        lost = set(key for key in states if _given_up(view, key, by_id))
        self._states(view, dict((key, value) for key, value in states.items() if key not in lost), lost, by_id)
        return self.changed

    # --- packages ----------------------------------------------------------------------------------------------------

    def _packages(self, view, values, by_id):
        off = dict((name, _stays_off(view, name, by_id)) for name in values)
        try:
            self._transaction(values, sum(off.values(), []))
            return
        except ElkitError as error:
            if len(values) == 1:
                self._blame(view, [("package", name) for name in values], by_id, error)
                return
        # One that cannot be had must not keep the others out.
        for name in sorted(values):
            try:
                self._transaction({name: values[name]}, off[name])
            except ElkitError as error:
                self._blame(view, [("package", name)], by_id, error)

    def _transaction(self, values, off=()):
        """
        :param off: names of units that must not be up, nor come up at the next boot, because a package of theirs came
        """
        transaction = package.resolve(values)
        if not transaction["installed"] and not transaction["removed"]:
            return
        entry = self._begin()
        fresh = not entry.noted("packages", transaction)
        paths, units = self._keep_what_goes(entry, transaction)
        entry.note("packages", transaction)
        try:
            with unit.kept_off(self.context, self._not_there(off)):
                package.put_all(values)
        except ElkitError:
            if fresh and self._still(values, transaction):
                entry.forget("packages", transaction)
                for data in units:
                    entry.forget("state", data)
                entry.forget_files(paths)
                entry.save()
            else:
                # A part of it may be done.
                self.changed = True
            raise
        self.changed = True

    def _keep_what_goes(self, entry, transaction):
        """Keep of the packages that go what their installation does not bring back: edited configuration, and which of their units are up.
        ([path], [data of a note]) that are new in the journal.

        :raises CommandError: rpm does not say what is theirs, or systemd how its units are
        """
        configuration, names = package.belongings(self.context, package.gone(transaction))
        view = View(self.context, units=names)
        values = [(name, view.state_now("unit", name)) for name in names] if unit.known(self.context) else []
        paths = [self.context.at(path + ending) for path in configuration if os.path.isfile(self.context.at(path))
                 for ending in ("",) + package.LEAVINGS]
        paths = [path for path in paths if not entry.has_file(path)]
        for path in paths:
            entry.record_file(path, foreign=True, late=True)
        units = [{"kind": "unit", "name": name, "before": value, "after": None, "late": True} for name, value in values
                 if value is not None and (value["active"] or value["enabled"] not in unit.STARTED_BY_OTHERS)]
        units = [data for data in units if not entry.noted("state", data)]
        entry.note_all("state", units)
        return paths, units

    def _not_there(self, names):
        """Those of the units *names* that are not there."""
        return [name for name in names if unit.load(journal_view(self.context), name) is None] if unit.known(self.context) else []

    @staticmethod
    def _still(values, transaction):
        """Whether dnf would do the same now as before: then it has done nothing."""
        try:
            return package.resolve(values) == transaction
        except ElkitError:
            return False

    # --- files -------------------------------------------------------------------------------------------------------

    def _refused_beforehand(self, view, planned, by_id):
        """*planned* without the files of readers that refuse what is there already: nobody could tell whose fault it is afterwards."""
        for reader in services.of(planned):
            if not reader.check:
                continue
            said = self._check(reader)
            if said:
                bad = [path for path in planned if reader.reads(path)]
                self._blame(view, bad, by_id, ElkitError(
                    "{0} refuses its files as they are: {1}".format(reader.name, said), "Mend them, and run again"))
                planned = dict((path, item) for path, item in planned.items() if path not in bad)
        return planned

    def _check(self, reader):
        """What the check of *reader* says against the files, or None."""
        try:
            result = self.context.run(list(reader.check), check=False)
        except CommandError:
            return None
        return None if result.rc == 0 else (result.stderr or result.stdout).strip()[-300:] or "code {0}".format(result.rc)

    def _files(self, view, planned, by_id):
        planned = dict(planned)
        while planned:
            changes = [journal.Change(self.context.at(path), planned[path].text, planned[path].attrs) for path in sorted(planned)]
            fresh = self.entry is None
            entry = self._begin()
            # An entry that holds packages already stays where its files cannot be written.
            entry.continued = entry.continued or not fresh
            try:
                entry.write_all(changes)
                break
            except HostError as error:
                if fresh:
                    self.entry = None
                path = (error.details.get("path") or "")[len(self.context.root):]
                if path not in planned:
                    raise
                # One file that cannot be written does not keep the others out.
                self._blame(view, [path], by_id, error)
                planned = dict((other, item) for other, item in planned.items() if other != path and not _given_up(view, other, by_id))
        if not planned:
            return
        self.changed = True
        for reader in services.of(planned):
            paths = [path for path in planned if reader.reads(path)]
            said = self._check(reader) if reader.check else None
            if not said:
                self._await(reader, self._authors(view, paths))
                continue
            self._take_back(paths)
            for path in paths:
                del view.planned_files[path]
            concerned = self._authors(view, paths)
            authors = [identifier for identifier in by_id if identifier in concerned]
            good = self._good(reader, view, authors, by_id) if len(authors) > 1 else []
            if good:
                self._await(reader, good)
            for identifier in authors:
                if identifier not in good and by_id[identifier].status == model.CHANGED:
                    by_id[identifier].fail(refused(reader, said))

    def _await(self, reader, identifiers):
        """*reader* is to read anew what is written for the controls *identifiers*. What it will make of that is kept as it is now: no file of the
        journal's, for it is made anew at a boot, too, and whoever adds rules of their own changes nothing of ours."""
        if reader.makes:
            self.entry.note_all("made", [{"kind": "file", "name": path, "before": _kept(self.context, path), "after": None} for path in reader.makes])
        self._readers.append((reader, identifiers))

    @staticmethod
    def _authors(view, paths):
        return sorted(set().union(*[view.authors.get(path, set()) for path in paths]))

    def _take_back(self, paths):
        self.entry.take_back([self.context.at(path) for path in paths])

    def _good(self, reader, view, authors, by_id):
        """What of the controls *authors* the reader takes is put in, and the others are blamed: one bad value keeps no other control out.

        :returns: the ids of those that are in
        """
        good = []
        # A new entry would go with the first of them that cannot be written.
        self.entry.continued = True
        for identifier in authors:
            said, paths = self._try(reader, view, [identifier], by_id)
            self._take_back(paths)
            if said:
                by_id[identifier].fail(refused(reader, said))
            else:
                good.append(identifier)
        if not good:
            return good
        said, paths = self._try(reader, view, good, by_id, keep=True)
        if not said:
            return good
        # Each is well by itself, and together they are not.
        self._take_back(paths)
        return []

    def _try(self, reader, view, identifiers, by_id, keep=False):
        """(what the reader says against the plan of these controls alone (str) or None, the paths that were written).

        :param keep: whether that plan takes the place of the one in *view*
        """
        alone = View(view.context, view.el, view.flags, view.scanner_compat)
        try:
            for identifier in identifiers:
                alone.current = identifier
                mechanisms.MECHANISMS[by_id[identifier].control.mechanism].fix(by_id[identifier].control, alone)
            planned = dict((path, item) for path, item in alone.changes()[0].items() if reader.reads(path))
            self.entry.write_all([journal.Change(self.context.at(path), planned[path].text, planned[path].attrs) for path in sorted(planned)])
        except ElkitError as error:
            return str(error), []
        said = self._check(reader)
        if keep and not said:
            view.planned_files.update(planned)
        return said, sorted(planned)

    # --- states ------------------------------------------------------------------------------------------------------

    def _states(self, view, states, lost, by_id):
        """
        :param lost: keys of the states that were planned and will not be put: what needs one of them is not put either
        """
        lost = set(lost)
        order = [key for key in sorted(states, key=lambda key: _order(key, states[key])) if not self._in_vain(view, key, lost, by_id)]
        if not order:
            return
        entry = self._begin()
        for kind, name in order:
            if hasattr(registry.KINDS[kind], "keep"):
                # What is noted first is taken back last.
                entry.note("kept", {"kind": kind, "name": name, "kept": registry.KINDS[kind].keep(self.context)})
        entry.note_all("state", [
            {"kind": kind, "name": name, "before": view.state_now(kind, name), "after": states[(kind, name)]} for kind, name in order])
        for key in order:
            kind, name = key
            try:
                registry.change(self.context, kind, name, view.state_now(kind, name), states[key])
                self.changed = True
            except ElkitError as error:
                lost.add(key)
                self._blame(view, [key], by_id, error)
        for kind, name in [key for key in order if key not in lost and self._in_vain(view, key, lost, by_id)]:
            try:
                registry.change(self.context, kind, name, states[key], view.state_now(kind, name))
            except ElkitError as error:
                self._blame(view, [(kind, name)], by_id, error)

    def _in_vain(self, view, key, lost, by_id):
        """Whether a state needs one of the *lost*; its controls are told so."""
        missing = sorted(view.needs.get(key, set()) & lost)
        if missing:
            self._blame(view, [key], by_id, ControlError(
                "it needs {0}, which could not be put right".format(", ".join("{0} {1}".format(*item) for item in missing)), "It is as it was"))
        return bool(missing)

    # --- afterwards --------------------------------------------------------------------------------------------------

    def act(self, rows, but=()):
        """Have every program read its changed files anew, once.

        :param but: paths that are still to change: who reads one of these waits for the next call
        :returns: the ids (set) of the controls whose files are not read yet
        """
        later = services.of(but)
        by_id = dict((row.control.id, row) for row in rows)
        authors = {}
        for reader, ids in self._readers:
            if reader not in later:
                authors.setdefault(reader.name, (reader, set()))[1].update(ids)
        self._readers = [item for item in self._readers if item[0] in later]
        # In the order of the table: systemd reads its units before any is restarted.
        for reader in [item for item in services.READERS if item.name in authors]:
            try:
                act(self.context, reader)
            except ElkitError as error:
                for identifier in authors[reader.name][1]:
                    if identifier in by_id and by_id[identifier].status == model.CHANGED:
                        by_id[identifier].status = model.ERROR
                        by_id[identifier].message = "{0} did not take it: {1}".format(reader.name, error)
        return set().union(*[ids for _reader, ids in self._readers])

    def _blame(self, view, keys, by_id, error):
        for key in keys:
            for identifier in view.authors.get(key, ()):
                # The first error is the reason, and what follows from it is not.
                if identifier in by_id and by_id[identifier].status == model.CHANGED:
                    by_id[identifier].fail(error)


def _stays_off(view, name, by_id):
    """The units that a package must not bring up, by the word of the controls that want it."""
    controls = [by_id[identifier].control for identifier in view.authors.get(("package", name), ()) if identifier in by_id]
    return sorted(set(name for control in controls for name in control.arg("stays_off") or ()))


def _order(key, value):
    """Where a state comes among others, to be put: the undo goes the same way back."""
    kind = registry.KINDS[key[0]]
    return (kind.PHASE, kind.order(value) if hasattr(kind, "order") else 0, key)


def _given_up(view, key, by_id):
    """Whether all controls that want a file, or a state, have failed."""
    authors = [by_id[identifier].status for identifier in view.authors.get(key, ()) if identifier in by_id]
    return bool(authors) and model.CHANGED not in authors


def _kept(context, path):
    """[text, user id, group id, mode] of a file, or None where it is not there."""
    text, attrs = files.read_text(context.at(path)), files.attributes(context.at(path))
    return None if text is None or attrs is None else [text, attrs.uid, attrs.gid, attrs.mode]


def refused(reader, said):
    return ElkitError("{0} refuses it: {1}".format(reader.name, said), "The files are as they were")


def act(context, reader):
    """Let *reader* read its files anew, if it runs.

    :raises CommandError: it does not take them
    """
    if not reader.act:
        return
    if reader.act[0] == "systemctl" and not context.exists("/run/systemd/system"):
        return
    if reader.unit:
        try:
            if context.run(["systemctl", "is-active", reader.unit], check=False).stdout.strip() != "active":
                return
        except CommandError:
            return
    if reader.unless and reader.unless(context):
        return
    context.run(list(reader.act))


# --- back ------------------------------------------------------------------------------------------------------------

GONE = "it is not there any more"


def undo(context, kind, data):
    """Take back what the journal noted besides files.

    :returns: why nothing can be taken back any more (str), or None
    :raises ElkitError: it cannot be taken back
    """
    if kind == "packages":
        package.back(data)
    elif kind == "made":
        place = context.at(data["name"])
        if data["before"] is None:
            files.remove(place)
        elif not os.path.isdir(os.path.dirname(place)):
            return GONE
        else:
            files.write_atomic(place, data["before"][0], files.Attributes(*data["before"][1:]))
    elif kind == "state":
        module = registry.KINDS[data["kind"]]
        now = module.load(journal_view(context), data["name"])
        # While the host boots, who would tell may not be there yet.
        if _gone(data, now) and not context.booting:
            return GONE
        value = _goal(data, now)
        if now != value:
            before = module.seen(data["after"], now) if hasattr(module, "seen") else data["after"]
            registry.change(context, data["kind"], data["name"], before, value)
    elif kind == "kept":
        registry.KINDS[data["kind"]].give_back(context, data["kept"])
    return None


def _gone(data, now):
    """Whether what a note of a state speaks of is not there any more: then nothing of it can be put back."""
    return now is None and data["before"] is not None and getattr(registry.KINDS[data["kind"]], "NONE_IS_GONE", False)


def _mine(data, now):
    """The keys that the run changed of a state that consists of parts, or None where the state counts as a whole."""
    state = registry.KINDS[data["kind"]]
    if not getattr(state, "PARTS", False) or None in (data["before"], data["after"], now):
        return None
    moved = [key for key in getattr(state, "MOVES", ()) if now[key] != data["after"][key]]
    return [key for key in data["before"] if data["before"][key] != data["after"][key] and key not in moved]


def _goal(data, now):
    """What an undo makes of a state that is *now*: see PARTS and MOVES in kinds.registry."""
    mine = _mine(data, now)
    return data["before"] if mine is None else dict(now, **dict((key, data["before"][key]) for key in mine))


def _foreign(data, now):
    """Whether a noted state that is *now* is neither what it was nor what the run made of it."""
    mine = _mine(data, now)
    if mine is None:
        return now is not None and now not in (data["before"], data["after"])
    return any(now[key] not in (data["before"][key], data["after"][key]) for key in mine)


def journal_view(context):
    """A fresh View for one state: what was read before an undo is not what is there after it."""
    return View(context)


def changed_since(context, planned, passed):
    """Names of the states noted in *planned* (journal.Revert) that are neither what they were nor what the run made of them; *passed*: those
    that a newer entry has."""
    found = []
    for note in planned.notes:
        data = note["data"]
        if note["kind"] != "state" or (data["kind"], data["name"]) in passed:
            continue
        passed.add((data["kind"], data["name"]))
        if data.get("late") and planned.interrupted:
            continue
        try:
            now = registry.KINDS[data["kind"]].load(journal_view(context), data["name"])
        except ElkitError:
            continue
        if _foreign(data, now):
            found.append("{0} {1}".format(data["kind"], data["name"]))
    return found


def revert(context_of, force, check_mode, first=False):
    """Put the last run back, or all of them.

    :param force: overwrite what someone changed since, and leave what cannot be put back
    :param first: back to before the first run
    :returns: {"changed": bool, "files": [path], "states": [dict], "runs": [name], "diff": [(path, before, after)], "left": [{"kind", "name",
        "why"}] that is not put back}
    :raises ChangedSinceError: somebody changed something since, and *force* is not set
    :raises HostError: something could not be put back, and *force* is not set; all the rest is
    """
    result = {"changed": False, "files": [], "states": [], "runs": [], "diff": [], "left": []}
    passed = set()
    root = context_of().root
    found = journal.reverts(CONCERN, force, first, root + STATE_DIRECTORY)
    # All of them are looked at before the first is put back.
    for planned in found:
        mine = changed_since(context_of(), planned, passed)
        if mine and not force:
            raise ChangedSinceError("changed by someone else since: {0}".format(", ".join(mine)),
                                    "Look at the difference, and use force: true to overwrite it", paths=mine)
    way_back = Back(root, force)
    shown, states = [], []
    for planned in found:
        context = context_of()
        for item in planned.restore:
            try:
                shown.append((item["path"][len(root):], planned.now(item), planned.before(item)))
            except ElkitError as error:
                if check_mode:
                    way_back.leave("file", item, str(error))
        its_states = [note["data"] for note in planned.notes if note["kind"] in ("state", "packages")]
        states.extend(its_states)
        result["runs"].append(planned.state.get("run"))
        if check_mode:
            way_back.foresee(context, its_states)
        else:
            way_back.go(context, planned)
        result["changed"] = result["changed"] or bool(planned.restore or planned.notes)
    result["left"] = way_back.end()
    left = [(item["kind"], item["name"]) for item in result["left"]]
    result["diff"] = [item for item in shown if ("file", item[0]) not in left]
    result["files"] = [path for path, _now, _before in result["diff"]]
    result["states"] = [data for data in states if _label(root, "state", data) not in left]
    return result


class Back(object):
    """The undo of several entries, the newest first: what cannot be put back keeps nothing else from it.

    :param root: of the host's tree
    :param force: whether what cannot be put back is left for good
    """

    def __init__(self, root, force):
        self.root = root
        self.left = []         # {"kind", "name", "why"} of what is not put back and is not to be tried again
        self._failures = journal.Failures(leave=force)
        self._deaf = {}        # {Reader's name: ElkitError} of those that did not take their old files

    def leave(self, kind, data, why):
        name = dict(zip(("kind", "name"), _label(self.root, kind, data)), why=why)
        if name not in self.left:
            self.left.append(name)

    def foresee(self, context, states):
        """What an undo will find gone, where it is only looked at."""
        for data in states:
            # What goes with a package is there again once the package is.
            if data.get("after") is None:
                continue
            try:
                if _gone(data, registry.KINDS[data["kind"]].load(journal_view(context), data["name"])):
                    self.leave("state", data, GONE)
            except ElkitError:
                continue

    def go(self, context, planned):
        """Put the entry of *planned* (journal.Revert) back."""
        def take_back(kind, data):
            why = undo(context, kind, data)
            if why:
                self.leave(kind, data, why)

        paths = [item["path"][len(self.root):] for item in planned.state["files"]]
        planned.apply(take_back, self._failures)
        for reader in services.of(paths):
            self._deaf.pop(reader.name, None)
            try:
                act(context, reader)
            except ElkitError as error:
                self._deaf[reader.name] = error

    def end(self):
        """All that is not put back.

        :raises HostError: something is to be tried again; names everything
        """
        failed = self._failures.found + [("service", {"name": name}, error) for name, error in sorted(self._deaf.items())]
        for kind, data, error in failed:
            self.leave(kind, data, str(error))
        if failed and not self._failures.leave:
            raise HostError(
                "all but this is put back: {0}".format("; ".join("{0} {1}: {2}".format(*(str(word).rstrip(".") for word in (
                    item["kind"], item["name"], item["why"]))) for item in self.left)),
                "Mend what stands in the way and run it again, or leave these as they are with force: true", left=self.left)
        return self.left


def _label(root, kind, data):
    """(kind, name) of a note, a file or a Reader, for people."""
    if kind == "packages" or "installed" in data:
        return "packages", ", ".join(data["removed"] + data["installed"])
    if kind == "file":
        return "file", data["path"][len(root):]
    return data.get("kind", kind), data.get("name") or data.get("path")
