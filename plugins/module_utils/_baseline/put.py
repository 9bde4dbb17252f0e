# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Carry a plan out on the host, through the journal: packages, then files, then states, then what reads them anew."""

import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import control as model
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import services
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import package, registry
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import registry as mechanisms
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError, CommandError, ElkitError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
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
        self._packages(view, states, by_id)
        planned = self._refused_beforehand(view, planned, by_id)
        self._files(view, planned, by_id)
        # What has no file has no state either: a control is not put in by half.
        self._states(view, dict((key, value) for key, value in states.items() if key[0] != "package" and not _given_up(view, key, by_id)), by_id)
        return self.changed

    # --- packages ----------------------------------------------------------------------------------------------------

    def _packages(self, view, states, by_id):
        values = dict((name, value) for (kind, name), value in states.items() if kind == "package")
        if not values:
            return
        try:
            self._transaction(values)
            return
        except ElkitError as error:
            if len(values) == 1:
                self._blame(view, [("package", name) for name in values], by_id, error)
                return
        # One that cannot be had must not keep the others out.
        for name in sorted(values):
            try:
                self._transaction({name: values[name]})
            except ElkitError as error:
                self._blame(view, [("package", name)], by_id, error)

    def _transaction(self, values):
        transaction = package.resolve(values)
        if not transaction["installed"] and not transaction["removed"]:
            return
        entry = self._begin()
        fresh = not entry.noted("packages", transaction)
        entry.note("packages", transaction)
        try:
            package.put_all(values)
        except ElkitError:
            if fresh and self._still(values, transaction):
                entry.forget("packages", transaction)
            raise
        self.changed = True

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
                self._readers.append((reader, self._authors(view, paths)))
                continue
            self._take_back(paths)
            for path in paths:
                del view.planned_files[path]
            concerned = self._authors(view, paths)
            authors = [identifier for identifier in by_id if identifier in concerned]
            good = self._good(reader, view, authors, by_id) if len(authors) > 1 else []
            if good:
                self._readers.append((reader, good))
            for identifier in authors:
                if identifier not in good and by_id[identifier].status == model.CHANGED:
                    by_id[identifier].fail(refused(reader, said))

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

    def _states(self, view, states, by_id):
        if not states:
            return
        self._begin().note_all("state", [
            {"kind": kind, "name": name, "before": view.state_now(kind, name), "after": value}
            for (kind, name), value in sorted(states.items())])
        for key in sorted(states, key=lambda item: (registry.KINDS[item[0]].PHASE, item)):
            kind, name = key
            try:
                registry.KINDS[kind].put(self.context, name, states[key])
                self.changed = True
            except ElkitError as error:
                self._blame(view, [key], by_id, error)

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
                if identifier in by_id:
                    by_id[identifier].fail(error)


def _given_up(view, key, by_id):
    """Whether all controls that want a file, or a state, have failed."""
    authors = [by_id[identifier].status for identifier in view.authors.get(key, ()) if identifier in by_id]
    return bool(authors) and model.CHANGED not in authors


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

def undo(context, kind, data):
    """Take back what the journal noted besides files."""
    if kind == "packages":
        package.back(data)
    elif kind == "state":
        if registry.KINDS[data["kind"]].load(journal_view(context), data["name"]) != data["before"]:
            registry.KINDS[data["kind"]].put(context, data["name"], data["before"])


def journal_view(context):
    """A fresh View for one state: what was read before an undo is not what is there after it."""
    return View(context)


def changed_since(context, notes, passed):
    """Names of the noted states that are neither what they were nor what the run made of them; *passed*: those that a newer entry has."""
    found = []
    for note in notes:
        data = note["data"]
        if note["kind"] != "state" or (data["kind"], data["name"]) in passed:
            continue
        passed.add((data["kind"], data["name"]))
        try:
            now = registry.KINDS[data["kind"]].load(journal_view(context), data["name"])
        except ElkitError:
            continue
        if now not in (data["before"], data["after"]) and now is not None:
            found.append("{0} {1}".format(data["kind"], data["name"]))
    return found


def revert(context_of, force, check_mode, first=False):
    """Put the last run back, or all of them.

    :param first: back to before the first run
    :returns: {"changed": bool, "files": [path], "states": [dict], "runs": [name], "diff": [(path, before, after)]}
    :raises ChangedSinceError: somebody changed something since, and *force* is not set
    """
    result = {"changed": False, "files": [], "states": [], "runs": [], "diff": []}
    passed = set()
    root = context_of().root
    found = journal.reverts(CONCERN, force, first, root + STATE_DIRECTORY)
    # All of them are looked at before the first is put back.
    for planned in found:
        mine = changed_since(context_of(), planned.notes, passed)
        if mine and not force:
            raise ChangedSinceError("changed by someone else since: {0}".format(", ".join(mine)),
                                    "Look at the difference, and use force: true to overwrite it", paths=mine)
    for planned in found:
        context = context_of()
        for item in planned.restore:
            before = planned.before(item)
            result["files"].append(item["path"][len(root):])
            result["diff"].append((item["path"][len(root):], planned.now(item), before))
        result["states"].extend(note["data"] for note in planned.notes if note["kind"] in ("state", "packages"))
        result["runs"].append(planned.state.get("run"))
        result["changed"] = result["changed"] or bool(planned.restore or planned.notes)
        if not check_mode:
            paths = [item["path"][len(root):] for item in planned.state["files"]]
            planned.apply(lambda kind, data, context=context: undo(context, kind, data))
            for reader in services.of(paths):
                act(context, reader)
    return result
