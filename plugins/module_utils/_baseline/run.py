# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The flow of a baseline: read, plan, apply, verify. audit() is its first half alone, so both see the same.

Where controls could lock somebody out, the plan is carried out in two parts: first all the others, to their end, then those together, under a
guard whose clock runs.
"""

import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import control as model
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import package
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import registry
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError, InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import STATE_DIRECTORY, host_lock

MAJORS = (8, 9, 10)
# The stages of a run, in order: a package is installed only with a signature of a key that rpm trusts by then; what keeps a picture of the host
# is made when nothing changes any more.
KEYS, PACKAGES, REST, RISKY, LAST = range(5)


class Row(object):
    """What a run knows of one control: the Control, its first and last Finding, its status and why."""

    def __init__(self, control):
        self.control = control
        self.finding = None
        self.status = None
        self.message = None
        self.waits_for = ()
        self.seconds = 0.0

    def fail(self, error):
        """Take an exception for the outcome."""
        self.status = model.FAIL if isinstance(error, NotFixable) else model.ERROR
        self.message = str(error)

    def report(self):
        """The row as a dict for people and machines; what says nothing is left out."""
        row = {"id": self.control.id, "status": self.status, "seconds": round(self.seconds, 4)}
        finding = self.finding
        if finding is not None and self.status != model.NOT_APPLICABLE:
            row["before"], row["after"] = finding.before, finding.after
            if finding.path:
                row["file"], row["line"] = finding.path, finding.line
            if finding.overridden_by:
                row["overridden_by"] = finding.overridden_by
        note = self.message or (finding.note if finding is not None else None)
        if note:
            row["message"] = note
        if self.waits_for:
            row["waits_for"] = list(self.waits_for)
        if self.control.exception:
            row["exception"] = dict(self.control.exception)
            row["holds"] = bool(finding is not None and finding.ok)
        return row


def parse(items):
    """The Controls of a list of dicts, in order.

    :raises InputError: one is incomplete, names no mechanism there is, or is there twice
    """
    controls, seen = [], set()
    for item in items:
        control = Control(item)
        if control.mechanism not in registry.MECHANISMS:
            raise InputError("the control {0} names the mechanism {1}, which there is not".format(control.id, control.mechanism),
                             "There are: {0}".format(", ".join(sorted(registry.MECHANISMS))))
        if control.id in seen:
            raise InputError("the control {0} is there twice".format(control.id), "Name it once")
        seen.add(control.id)
        controls.append(control)
    return controls


def new_view(context, el, flags, compat=False, controls=()):
    return View(context, el, flags, compat, units_of(controls))


def units_of(controls):
    """The names of the units that *controls* speak of."""
    found = set()
    for control in controls:
        named = control.arg("units") or control.arg("unit") or getattr(registry.MECHANISMS[control.mechanism], "UNIT", ())
        found.update([named] if isinstance(named, str) else [name for name in named if isinstance(name, str)])
    return found


def look(row, view):
    """Set row.finding, and its status as an audit has it."""
    control = row.control
    began = time.monotonic()
    try:
        reason = exempt(control, view)
        row.finding = model.not_applicable(reason) if reason else registry.MECHANISMS[control.mechanism].check(control, view)
        row.status = model.NOT_APPLICABLE if not row.finding.applies else model.PASS if row.finding.ok else model.FAIL
        if row.status == model.PASS and row.finding.reboot:
            row.status = model.PENDING_REBOOT
    except ElkitError as error:
        row.finding = None
        row.fail(error)
        row.status = model.ERROR
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        # A bug of one mechanism, or a file that no one thought of, must not take the evidence of 300 others with it.
        row.finding = None
        row.status = model.ERROR
        row.message = "{0} could not look at it: {1}: {2}".format(control.mechanism, type(error).__name__, error)
    row.seconds += time.monotonic() - began
    if control.exception and row.status != model.NOT_APPLICABLE:
        if not control.exception.get("expired"):
            row.status = model.EXCEPTED
        elif not control.enforce:
            row.status = model.FAIL
            row.message = "the exception ended on {0}".format(control.exception["expires"])


def exempt(control, view):
    """Why *control* does not apply on this host (str), or None."""
    for flag in control.not_in:
        if flag in view.flags:
            return "not in this environment: {0}".format(flag)
    if control.only_in and not set(control.only_in) & view.flags:
        return "only where there is: {0}".format(", ".join(control.only_in))
    for name in control.packages:
        if not view.has_package(name):
            return "the package {0} is not installed".format(name)
    return None


def may_fix(row):
    return row.status == model.FAIL and (not row.control.exception or row.control.enforce)


def plan(rows, view):
    """Plan what puts the failing of *rows* right: their status becomes CHANGED, or says why not."""
    for row in sorted(rows, key=lambda row: not _says(row, "comes_first")):
        if not may_fix(row):
            continue
        began = time.monotonic()
        mark = view.mark()
        view.current = row.control.id
        try:
            registry.MECHANISMS[row.control.mechanism].fix(row.control, view)
            after = registry.MECHANISMS[row.control.mechanism].check(row.control, view)
            # What a fix that did all the rest leaves to people undoes none of it.
            if not after.ok and not after.left:
                raise NotFixable("what it takes is not enough: {0}".format(after.note or after.overridden_by or "see before"))
            row.status = model.CHANGED
            row.finding.overridden_by = None
            row.message = after.note
        except ElkitError as error:
            view.forget(mark)
            row.fail(error)
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            view.forget(mark)
            row.status = model.ERROR
            row.message = "{0} could not plan it: {1}: {2}".format(row.control.mechanism, type(error).__name__, error)
        finally:
            view.current = None
        row.seconds += time.monotonic() - began


def audit(controls, context, el, flags, compat=False):
    """The rows of a look at *controls*: nothing changes.

    :param compat: whether the files that some scanners read alone count, too (View.scanner_compat)
    """
    view = new_view(context, el, flags, compat, controls)
    rows = [Row(control) for control in controls]
    for row in rows:
        look(row, view)
    return rows


def waiting(rows, view):
    """Say of which package the rows wait that only apply, or change, once it is there."""
    for row in rows:
        row.waits_for = tuple(name for name in row.control.packages if view.has_package(name) and not view.has_package_now(name))


class Outcome(object):
    """What an apply comes to: rows (list of Row), files and states that changed (for the diff), run (str, the journal's word for it, or
    None), guard (dict: what a fresh login needs to commit, or how the guard ended; or None where nothing went in under it), later (list of ids
    of controls that are put right by another call, after that commit)."""

    def __init__(self, rows):
        self.rows = rows
        self.files = {}
        self.states = []
        self.run = None
        self.guard = None
        self.later = []

    @property
    def changed(self):
        return any(row.status == model.CHANGED for row in self.rows)

    @property
    def waits(self):
        """Whether a guarded part waits for its commit."""
        return self.guard is not None and "outcome" not in self.guard

    @property
    def open(self):
        """Whether a guarded part is still to be committed, or to be put back: its journal entry is no place for anything else."""
        return self.waits or self.guard is not None and self.guard["outcome"] == "unknown"


def preview(controls, context, el, flags, compat=False, guard=None):
    """The Outcome that apply() would have; nothing changes.

    :raises HostError: see guard.Guard.vouch
    """
    if guard is not None:
        guard.vouch(controls, new_view(context, el, flags, compat, controls))
    view, rows = _planned(controls, context, el, flags, compat, {})
    stopped = _held(rows, view, context)
    if stopped:
        view, rows = _planned(controls, context, el, flags, compat, stopped)
    risky = [row for row in rows if row.control.locks_out and row.status == model.CHANGED and row.control.mechanism != "package"]
    if guard is not None and risky:
        refused = dict((name, (model.ERROR, reason)) for name, reason in guard.refuse(risky, view).items())
        if not guard.possible:
            refused.update((row.control.id, (model.PENDING, guard.reason)) for row in risky if row.control.id not in refused)
        if refused:
            view, rows = _planned(controls, context, el, flags, compat, dict(stopped, **refused))
    waiting(rows, view)
    outcome = Outcome(rows)
    _keep(outcome, view)
    return outcome


def _held(rows, view, context):
    """{control id: (status, message)} of those of *rows* that plan to remove a package which others need: apply() finds that out from dnf."""
    states = view.changes()[1]
    held = package.held(context, [name for kind, name in states if kind == "package" and not states[(kind, name)]])
    return dict((identifier, (model.ERROR, str(held[name]))) for name in held for identifier in view.authors.get(("package", name), ()))


def _planned(controls, context, el, flags, compat, stopped):
    """(view, rows) with all planned but the *stopped*: {control id: (status, message)}."""
    view = new_view(context, el, flags, compat, controls)
    rows = [Row(control) for control in controls]
    # In the stages of apply(): all of a stage are looked at before the first of it is planned, so the same ones are found failing.
    for stage in (KEYS, PACKAGES, REST, RISKY, LAST):
        part = [row for row in rows if _stage_of(row) == stage]
        for row in part:
            look(row, view)
            if row.control.id in stopped and row.status == model.FAIL:
                row.status, row.message = stopped[row.control.id]
        plan(part, view)
    return view, rows


def _stage_of(row):
    if row.control.mechanism in ("rpm_key", "package"):
        return KEYS if row.control.mechanism == "rpm_key" else PACKAGES
    if row.control.locks_out:
        return RISKY
    return LAST if _says(row, "comes_last") else REST


def _says(row, word):
    """What the mechanism of *row* says of its control with a function that not every mechanism has (bool)."""
    asked = getattr(registry.MECHANISMS[row.control.mechanism], word, None)
    return asked is not None and asked(row.control)


def _keep(outcome, view):
    planned, states = view.changes()
    for path, item in planned.items():
        before = outcome.files[path][0] if path in outcome.files else item.before
        outcome.files[path] = (before, item.text)
    for (kind, name), value in states.items():
        outcome.states.append({"kind": kind, "name": name, "before": view.state_now(kind, name), "after": value})


def apply(controls, context_of, el, flags, guard, compat=False):
    """Put *controls* right, and look again.

    :param context_of: a function that makes a fresh _facts.context.Context
    :param guard: see guard.Guard
    :returns: Outcome
    :raises ElkitError: nothing at all could be done (locked, disk full, no root, or a user that must get in afterwards does not now)
    """
    # Here, as a look does without it: modules come as a zip, and each import is compiled anew on the host.
    from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import put
    rows = [Row(control) for control in controls]
    outcome = Outcome(rows)

    def fresh():
        return new_view(context_of(), el, flags, compat, controls)

    def of(*stages):
        return [row for row in rows if _stage_of(row) in stages]

    with host_lock(context_of().at(STATE_DIRECTORY)):
        view = fresh()
        guard.vouch(controls, view)
        run = put.Run(guard.run)
        _stage(of(KEYS), view, run, outcome)
        if run.changed:
            view = fresh()
        _stage(of(PACKAGES), view, run, outcome)
        # What could not be installed is not there, whatever was planned.
        if run.changed or view.planned_states:
            view = fresh()
        _stage(of(REST), view, run, outcome)
        risky, late = of(RISKY), set()
        if run.changed:
            # All that takes its time is done before the guard's clock runs. Only who reads the guarded files as well waits: it restarts once.
            run.next_entry()
            late = run.act(rows, _foreseen(risky, fresh()) if guard.possible else ())
            verify([row for row in of(KEYS, PACKAGES, REST) if row.control.id not in late], fresh())
            view = fresh()
        for row in risky:
            look(row, view)
        kept = dict(outcome.files), list(outcome.states)
        _guarded(risky, view, run, outcome, guard)
        run.act(rows)
        if outcome.waits:
            outcome.guard = guard.applied(run, rows, fresh())
        if outcome.waits:
            # What a return makes unchanged again; where the unguarded part changed the same file, its change stays.
            outcome.guard["files"] = [path for path in outcome.guard["files"] if path not in kept[0]]
        elif outcome.guard is not None and outcome.guard["outcome"] == "returned":
            outcome.files, outcome.states = kept
        verify([row for row in rows if row in risky or row.control.id in late], fresh())
        if run.changed:
            view = fresh()
        if outcome.open:
            outcome.later = _left(of(LAST), view)
        else:
            _stage(of(LAST), view, run, outcome)
            run.act(rows)
            run.commit()
            verify(of(LAST), fresh())
        outcome.run = run.name if run.changed else None
    return outcome


def _left(rows, view):
    """The ids of those of *rows* that are put right after the commit, or the return, that is still to come."""
    for row in rows:
        look(row, view)
    left = [row for row in rows if may_fix(row)]
    for row in left:
        row.message = "it waits for the fresh login"
    return [row.control.id for row in left]


def _foreseen(rows, view):
    """The paths of the files that *rows* would change, as far as *view* tells; the rows stay as they are."""
    rows = [Row(row.control) for row in rows]
    for row in rows:
        look(row, view)
    plan(rows, view)
    return view.changes()[0]


def _stage(rows, view, run, outcome):
    for row in rows:
        look(row, view)
    plan(rows, view)
    _carry_out(rows, view, run, outcome)


def _carry_out(rows, view, run, outcome):
    done = run.put(view, rows)
    if done:
        _keep(outcome, view)


def _guarded(rows, view, run, outcome, guard):
    """The part that could lock somebody out."""
    plan(rows, view)
    planned = [row for row in rows if row.status == model.CHANGED]
    if not planned:
        return
    refused = guard.refuse(planned, view)
    if refused:
        # Planned anew without them: what they share with others must not go in by the back door.
        view.forget(({}, {}, {}))
        for row in rows:
            if row.control.id in refused:
                row.status, row.message = model.ERROR, refused[row.control.id]
            elif row.status == model.CHANGED:
                row.status = model.FAIL
        plan(rows, view)
        planned = [row for row in rows if row.status == model.CHANGED]
        if not planned:
            return
    if not guard.possible:
        for row in planned:
            row.status, row.message = model.PENDING, guard.reason
        view.forget(({}, {}, {}))
        return
    try:
        outcome.guard = guard.arm(run, [row.control.id for row in planned], view.context)
    except ElkitError as error:
        for row in planned:
            row.fail(error)
        return
    try:
        _carry_out(rows, view, run, outcome)
    except ElkitError as error:
        outcome.guard = guard.give_up(run, rows, view.context, str(error))


def verify(rows, view):
    """Look again at what changed: a control that does not hold is no success."""
    for row in rows:
        if row.status != model.CHANGED:
            continue
        again = Row(row.control)
        began = time.monotonic()
        try:
            again.finding = registry.MECHANISMS[row.control.mechanism].check(row.control, view)
        except ElkitError as error:
            again.finding = Finding(False, note=str(error))
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            again.finding = Finding(False, note="{0}: {1}".format(type(error).__name__, error))
        if not again.finding.ok and not again.finding.left:
            row.status = model.ERROR
            row.message = "it was changed, and does not hold: {0}".format(
                again.finding.note or again.finding.overridden_by or again.finding.before)
        row.seconds += time.monotonic() - began


__all__ = ["ControlError", "MAJORS", "Outcome", "Row", "apply", "audit", "parse", "preview"]
