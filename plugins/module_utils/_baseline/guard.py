# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The host's part of the lockout guard: refuse beforehand, return by itself unless told otherwise.

    vouch()     before anything at all: the users that must get in afterwards do so now, or the run ends here
    refuse()    before anything is planned for good: what would shut somebody out is refused by name (guard_checks.py)
    arm()       before anything is changed: the way back waits for its time, or for the next boot (guard_return.py)
    applied()   all is changed: the controller logs in afresh, and calls again to commit; or this host judges itself ("local")
"""

import socket
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import control as model
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard_checks, guard_return, guard_who, guard_worker
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import crypto
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError, HostError

LOGIN, LOCAL, NONE = "login", "local", "none"
# States that sshd sees when it starts, or reads its files anew.
SEEN_BY_SSHD = (crypto.STATE, ("selinux", "mode"))
NOBODY = "nobody said how a second login could be tried"


class Guard(object):
    """How a run treats controls that could lock somebody out.

    :param mode: "login" (the controller logs in afresh and then commits), "local" (what this host can tell is enough), or "none" (no second
        login can be tried: these controls wait)
    :param reason: str, why no second login can be tried
    :param timeout: seconds after which the host returns by itself
    :param run: the name of the run that this goes on with, or None
    :param asked: of those who must get in: users, password, become, become_password, tty; see guard_who.py
    """

    def __init__(self, mode=NONE, reason=None, timeout=180, run=None, **asked):
        self.mode = mode
        self.reason = reason or NOBODY
        self.timeout = timeout
        self.run = run
        self.asked = asked
        self.state = None
        self.began = None
        # What stands against the connecting user already: a change that has no part in it is not taken back for it.
        self.known = set()

    @property
    def possible(self):
        return self.mode != NONE

    def vouch(self, controls, view):
        """See that the users that must get in afterwards get in now: a name that is mistyped, or an account that is locked, is no way back.

        :param view: a View with nothing planned
        :raises HostError: one does not, as far as this host can tell, and there are controls that could lock somebody out
        """
        if not any(control.locks_out for control in controls):
            return
        bad = self.users_shut_out(view)
        if bad:
            raise HostError("of guard_users, not all can log in to this host as it is now, so nothing was changed: {0}".format("; ".join(bad)),
                            "Correct the name, let the account in (unlock it, or give it a key or a password), or take it out of guard_users")

    def users_shut_out(self, view):
        """[reason] why those of the users that must get in whose connection this is not do not get in on *view*."""
        people = [who for who in guard_who.all_of(self.asked) if not who.known]
        return ["{0}: {1}".format(name, reason) for name, reason in sorted(guard_checks.problems(view, people))]

    def refuse(self, rows, view):
        """{control id: reason} of the controls whose plan would shut the connecting user, or a user that must get in, out."""
        people = guard_who.all_of(self.asked)
        if self.mode == LOCAL:
            self.known = guard_checks.problems(guard_checks.bare(view), [who for who in people if who.known])
        return guard_checks.guilty([row.control for row in rows], view, people)

    def arm(self, run, ids, context):
        """Arm the return, before anything of the part is changed.

        :param run: put.Run; its next entry is the part's
        :returns: what the controller needs to commit (dict)
        :raises ElkitError: it cannot be armed; nothing is changed then
        """
        self.began = time.monotonic()
        entry = run.begin_part(context)
        try:
            self.state = guard_return.arm(context, guard_worker, entry.state["number"], run.name, ids, self.timeout)
        except ElkitError:
            run.drop_part()
            raise
        return self.answer(run)

    def answer(self, run):
        """What the controller needs to commit, and to tell what was taken back."""
        answer = dict((key, self.state[key]) for key in ("token", "stage", "ids", "run", "timeout"))
        answer["files"] = guard_return.paths_of(run.context, run.entry.state)
        answer["states"] = [[note["data"]["kind"], note["data"]["name"]] for note in run.entry.state["notes"] if note["kind"] == "state"]
        return answer

    def applied(self, run, rows, view):
        """All of the part is written and read anew.

        :param view: a fresh View, for what this host can tell
        :returns: what arm() gave where the controller logs in now, with "shut_out" where it need not, because a user that must get in does not;
            what ended() gives where this host judged itself; or None where nothing of the part was changed
        """
        context = view.context
        if not run.has_part():
            guard_return.save(context, self.state, stage=guard_return.RETURNED, why="nothing was changed")
            guard_return.disarm(context, self.state)
            run.drop_part()
            return None
        if not guard_return.runs_systemd(context):
            guard_return.hang_up(context)
        elif guard_return.SSHD in self.state["units"] and any(tuple(item) in SEEN_BY_SSHD for item in self.answer(run)["states"]):
            # Not every release's tool does it, and a login to the sshd of before would prove nothing: what it may open is asked at its start.
            context.run(["systemctl", "reload-or-restart", guard_return.SSHD], check=False)
        guard_return.save(context, self.state, stage=guard_return.APPLIED)
        if self.mode != LOCAL:
            bad = self.users_shut_out(view)
            return dict(self.answer(run), shut_out="; ".join(bad)) if bad else self.answer(run)
        bad = self.shut_out(view)
        if bad:
            return self.give_up(run, rows, context, "; ".join(bad))
        guard_return.commit(context, self.state["token"])
        run.entry = None
        return self.ended("committed")

    def ended(self, word, reason=None):
        """How the guard ended, for people and for the evidence (dict), where no login of the controller decides it."""
        found = {"outcome": word, "mode": self.mode, "controls": list(self.state["ids"]), "seconds": round(time.monotonic() - self.began, 1)}
        return dict(found, reason=reason) if reason else found

    def shut_out(self, view):
        """[reason] why somebody would not get in now, as far as this host itself can tell."""
        people = guard_who.all_of(self.asked)
        found = ["{0}: {1}".format(name, reason) for name, reason in sorted(guard_checks.problems(view, people) - self.known)]
        units = guard_return.active_units(view.context)
        found += ["{0} does not run any more".format(unit) for unit in self.state["units"] if unit not in units]
        for who in people:
            if who.known and not answers(who.local):
                found.append("nobody answers on {0} port {1}".format(*who.local))
        return found

    def give_up(self, run, rows, context, why):
        """Return at once: the part's controls are errors. What ended() gives."""
        outcome, words = "returned", "taken back: {0}"
        try:
            errors = guard_return.go_back(context, self.state["token"], why)["errors"]
        except guard_return.NotAllBack as error:
            outcome, words, errors = "unknown", "not all of it could be taken back, which the host goes on trying: {0}", error.details["errors"]
        run.entry = None
        reason = "; ".join([why] + errors)
        for row in rows:
            if row.control.id in self.state["ids"] and row.status == model.CHANGED:
                row.status = model.ERROR
                row.message = words.format(reason)
        return self.ended(outcome, reason)


def answers(place):
    """Whether an ssh server greets at (address, port) of this host."""
    try:
        with socket.create_connection(place, timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def later(asked, context):
    """What a module call does that only ends what an earlier one began.

    :param asked: {"commit": token}, {"back": token, "why": str}, or {"look": True}
    :returns: the module's result (dict)
    """
    if asked.get("commit"):
        state = guard_return.commit(context, asked["commit"])
    elif asked.get("back"):
        state = guard_return.go_back(context, asked["back"], asked.get("why") or "the controller asked for it")
    else:
        state = guard_return.load(context)
    return {"changed": False, "controls": [], "guard": public(state)}


def settle(context, undone=False):
    """Before a run: what an earlier one left to wait for a commit that nobody can give any more goes back. The state, or None.

    :param undone: whether an undo of the last run follows: it goes on with what cannot be put back, and says what is left
    :raises NotAllBack: see guard_return.go_back; not with *undone*
    """
    state = guard_return.waiting(context)
    try:
        return None if state is None else guard_return.go_back(context, state["token"], "another run began before the commit")
    except guard_return.NotAllBack:
        if not undone:
            raise
        return guard_return.load(context)


def public(state):
    keys = ("token", "stage", "ids", "run", "why", "said", "errors")
    return None if state is None else dict((key, state[key]) for key in keys)
