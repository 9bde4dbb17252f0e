# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part of the lockout guard: after the host has applied what could lock somebody out, log in afresh, and only then commit.

If the login fails, the host goes back: at once where the old session still answers, else by itself. Then the controls go in by groups,
each with a login of its own, until those that did it are alone; the others stay.
"""

from __future__ import annotations

import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import control as model
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import options
from ansible_collections.elkit.almalinux.plugins.plugin_utils import login

# Bounds of the search for the control that did it: groups that are tried, and seconds.
GROUPS = 14
SECONDS = 900
# Seconds between two logins that are tried one after the other, and that a host may be slower than its own time-out.
PAUSE, SLACK = 2, 120
PATIENT = 30
# Stages of a part for which nothing waits any more.
ENDED = ("returned", "committed")
LOOK = "Look at /var/lib/elkit/baseline/guard.json on its console"
# Words in a control's theme, mechanism or id that make it suspicious where a login stops at a stage.
SUSPECTS = {
    login.CONNECTION: ("firewall", "nftables", "sshd", "ssh", "crypto", "service", "unit", "sysctl", "selinux", "interfaces"),
    login.AUTHENTICATION: ("sshd", "ssh", "pam", "authselect", "faillock", "account", "password", "crypto", "permission", "mode", "home", "autofs",
                           "selinux"),
    login.SESSION: ("pam", "authselect", "account", "password", "shell", "sshd", "home", "autofs", "selinux"),
    login.ESCALATION: ("sudo", "pam", "authselect", "faillock"),
}
SUSPECTS[login.USERS] = SUSPECTS[login.AUTHENTICATION]


class Lockout:
    """One run's guard.

    :param call: call(asked, controls or None) runs the module with guard_state *asked* and gives its result (dict); it raises nothing:
        what fails has "failed" or "unreachable"
    :param way: login.Way
    :param base: the guard_state of the first call
    :param controls: the controls of the first call
    """

    def __init__(self, call, way, base, controls, sleep=time.sleep, clock=time.monotonic):
        self.call, self.way, self.base = call, way, base
        self.controls = {item["id"]: item for item in controls}
        self.sleep, self.clock = sleep, clock
        self.began = clock()
        self.groups = 0
        self.logins = 0

    # -- the whole ---------------------------------------------------------------------------------------------------
    def finish(self, result):
        """Bring *result* (of the first call, changed in place) to its end: committed, or returned with the controls that did it named; then what
        the host has left for after that."""
        later = result.pop("later", None)
        self._settle(result)
        if later:
            self._after(result, later)

    def _settle(self, result):
        part = result.get("guard") or {}
        if part.get("stage") != "applied":
            # There is nothing to commit: the host says itself how it ended, if anything went in at all.
            if part.get("outcome") == "unknown":
                result["failed"], result["msg"] = True, f"{part['reason']}. {LOOK}"
            return
        self.began = self.clock()
        attempt, back = self.probe(part)
        if back is None:
            result["guard"] = self._outcome("committed", part["ids"])
            return
        if not back.get("reachable"):
            self._lost(result, part, attempt, back)
            return
        forget(result, part)
        guilty = {}
        self.search(result, list(part["ids"]), part, attempt, back, guilty)
        if result.get("failed"):
            # The host was lost on the way, which is said.
            return
        stay = [row["id"] for row in result["controls"] if row["id"] in part["ids"] and row["status"] in (model.CHANGED, model.PASS)]
        if stay and not guilty:
            # What the first login failed for has passed.
            result["guard"] = self._outcome("committed", stay)
        else:
            reason = "; ".join(f"{name}: {why}" for name, why in sorted(guilty.items())) or attempt.why
            result["guard"] = dict(self._outcome("returned", sorted(guilty or part["ids"])), reason=reason)
        recount(result)

    def _after(self, result, ids):
        if result.get("failed"):
            answer = {"failed": True, "msg": result.get("msg")}
        else:
            answer = self.call(dict(self.base, run=result["run"]), [self.controls[name] for name in ids])
        if answer.get("failed") or answer.get("unreachable"):
            for name in ids:
                self._row(result, name, model.ERROR, f"not applied: {answer.get('msg') or 'the host did not answer any more'}")
        else:
            merge(result, answer)
        recount(result)

    def _outcome(self, word, ids):
        return {"outcome": word, "mode": self.base["mode"], "controls": list(ids), "seconds": round(self.clock() - self.began, 1), "logins": self.logins}

    def _lost(self, result, part, attempt, back):
        since = f"not all could be put back: {'; '.join(back['errors'])}" if back.get("errors") else \
            f"no fresh login has worked since, though the host returns by itself after {part['timeout']} s"
        for row in result["controls"]:
            if row["id"] in part["ids"] and row["status"] == model.CHANGED:
                row["status"], row["message"] = model.ERROR, f"{attempt.why}, and {since}"
        result["guard"] = dict(self._outcome("unknown", part["ids"]), reason=f"{attempt.why}, and {since}")
        recount(result)
        result["failed"], result["msg"] = True, f"{attempt.why}, and {since}. {LOOK}"

    # -- one group ---------------------------------------------------------------------------------------------------
    def probe(self, part):
        """Log in to what was applied, and commit it: (Attempt, None), or (Attempt, what back() gave) where it is not committed."""
        attempt = login.Attempt(login.USERS, part["shut_out"]) if part.get("shut_out") else self.log_in()
        if attempt.ok:
            answer = self.call({"commit": part["token"]}, None)
            if (answer.get("guard") or {}).get("stage") == "committed":
                return attempt, None
            attempt = login.Attempt(login.SESSION, f"the login worked, the commit did not: {answer.get('msg') or 'the host did not answer'}")
        back = self.back(part, attempt)
        # It may be the answer alone that was lost.
        return attempt, None if back.get("committed") else back

    def died(self, part, answer):
        """A call that failed may have got as far as to apply its part: see that taken back. As probe().

        :param part: its ids, run and timeout
        """
        attempt = login.Attempt(login.CALL, answer.get("msg") or "the host did not answer")
        # As in back(): a session that does not answer must not be waited for.
        state = self.call({"look": True}, None).get("guard") if self.way.old_session_answers() else None
        if state is not None and (state["run"] != part["run"] or state["stage"] in ENDED):
            return attempt, {"reachable": True}
        return attempt, self.back(dict(part, token=(state or {}).get("token")), attempt)

    def log_in(self):
        """An Attempt; one that fails is tried again once, for what restarts may need a moment. Not where the host may count it."""
        self.logins += 1
        attempt = self.way.attempt()
        if not attempt.ok and (attempt.stage == login.CONNECTION or not self.way.counts):
            self.sleep(PAUSE)
            self.logins += 1
            attempt = self.way.attempt()
        return attempt

    def back(self, part, attempt):
        """See the part taken back: {"reachable": whether it was, "committed": whether it stays after all, "said": [line of the host's log], "errors":
        [what could not be put back, or does not take it], "slow": whether it took the time-out}."""
        deadline = self.clock() + part["timeout"] + SLACK
        why = attempt.why
        # A session that does not answer must not be waited for: the host returns by itself.
        answers = self.way.old_session_answers()
        slow, errors = False, []
        while True:
            if answers:
                answer = self.call({"back": part["token"], "why": why}, None)
                state = answer.get("guard") or {}
                errors = answer.get("errors") or state.get("errors") or []
                if state.get("stage") in ENDED:
                    if self.way.counts:
                        # A login that succeeds ends the count of those that failed.
                        self.logins += 1
                        self.way.attempt()
                    return {"reachable": True, "committed": state["stage"] == "committed" and state["token"] == part["token"],
                            "said": state.get("said") or [], "errors": errors, "slow": slow}
            if self.clock() >= deadline:
                return {"reachable": False, "said": [], "errors": errors, "slow": slow}
            slow = True
            while self.clock() < deadline:
                # Passwords that are refused again and again lock the account (pam_faillock): wait for the host's own return first.
                self.sleep(PAUSE if not self.way.counts else max(PATIENT, deadline - SLACK - self.clock() + PAUSE))
                self.logins += 1
                answers = self.way.attempt().ok
                if answers:
                    break

    # -- the search --------------------------------------------------------------------------------------------------
    def search(self, result, ids, part, attempt, back, guilty):
        """Try groups of *ids* until the *guilty* ({id: why}) are known; *result* gets the rows of all of them."""
        if len(ids) == 1:
            self._blame(result, ids[0], attempt, back, guilty)
            return
        suspects = [name for name in ids if self.suspicious(name, attempt.stage)]
        others = [name for name in ids if name not in suspects]
        queue = [others, suspects] if suspects and others else list(halves(ids))
        last = (attempt, back)
        # Sets that failed, of which one at least is guilty; those that proved good are taken out.
        failures = [(set(ids), attempt, back)]
        while queue:
            group = queue.pop(0)
            sure = [item for item in failures if item[0] == set(group) and item[2].get("slow")]
            if len(group) == 1 and sure:
                # The only one left, and another try would cost another time-out.
                self._blame(result, group[0], sure[0][1], sure[0][2], guilty)
                failures = [item for item in failures if group[0] not in item[0]]
                continue
            if self.groups >= GROUPS or self.clock() - self.began > SECONDS:
                for name in group:
                    self._row(result, name, model.ERROR, f"not applied: with it or with others {last[0].why}, "
                                                         "and there was no time to find out. Apply it alone (only_ids)")
                continue
            self.groups += 1
            answer = self.call(dict(self.base, run=part["run"]), [self.controls[name] for name in group])
            if answer.get("failed") or answer.get("unreachable"):
                inner = dict(part, ids=group)
                attempt, back = self.died(inner, answer)
                for name in group:
                    self._row(result, name, model.ERROR, f"not applied: {attempt.message}" if back["reachable"] else
                              f"{attempt.why}; what of it went in goes back by itself after {part['timeout']} s")
                if back["reachable"]:
                    continue
            else:
                inner = answer.get("guard") or {}
                merge(result, answer)
                if inner.get("stage") != "applied":
                    continue
                attempt, back = self.probe(inner)
                if back is None:
                    failures = [(names - set(inner["ids"]), *rest) for names, *rest in failures]
                    continue
                forget(result, inner)
                last = (attempt, back)
            if not back.get("reachable"):
                self._lost(result, inner, attempt, back)
                for rest in queue:
                    for name in rest:
                        self._row(result, name, model.ERROR, "not applied: the host did not answer any more")
                return
            if len(inner["ids"]) == 1:
                self._blame(result, inner["ids"][0], attempt, back, guilty)
                failures = [item for item in failures if inner["ids"][0] not in item[0]]
            else:
                failures.append((set(inner["ids"]), attempt, back))
                queue[:0] = halves(list(inner["ids"]))

    def suspicious(self, name, stage):
        control = self.controls[name]
        text = " ".join((name, control.get("theme") or "", control.get("mechanism") or "", str(control.get("args") or ""))).lower()
        return any(word in text for word in SUSPECTS.get(stage, ()))

    def _blame(self, result, name, attempt, back, guilty):
        said = f" (the host said: {' / '.join(back['said'])})" if back.get("said") else ""
        guilty[name] = "; ".join([attempt.why] + (back.get("errors") or []))
        self._row(result, name, model.ERROR, f"taken back: {guilty[name]}{said}")

    @staticmethod
    def _row(result, name, status, message):
        for row in result["controls"]:
            if row["id"] == name:
                row["status"], row["message"] = status, message


def halves(ids):
    """Two groups of *ids*, the larger one last."""
    middle = len(ids) // 2
    return [group for group in (ids[:middle], ids[middle:]) if group]


def merge(result, answer):
    """Take the rows, files and states of a later call into *result*."""
    rows = {row["id"]: row for row in answer.get("controls") or []}
    # What was committed by an earlier group is a pass now, and a change of this run still.
    result["controls"] = [row if row["id"] not in rows else rows[row["id"]] for row in result["controls"]]
    for key in ("files", "states", "diff"):
        known = result.get(key) or []
        added = [item for item in answer.get(key) or [] if item not in known]
        if known or added:
            result[key] = known + added
    result["run"] = result.get("run") or answer.get("run")


def forget(result, part):
    """What was taken back was not changed."""
    paths, states = set(part.get("files") or []), [tuple(item) for item in part.get("states") or []]
    names = {f"{kind} {name}" for kind, name in states}
    result["files"] = [path for path in result.get("files") or [] if path not in paths]
    result["states"] = [item for item in result.get("states") or [] if (item["kind"], item["name"]) not in states]
    if result.get("diff"):
        result["diff"] = [item for item in result["diff"] if item.get("before_header") not in paths | names]
    for row in result["controls"]:
        if row["id"] in part["ids"] and row["status"] == model.CHANGED:
            row["status"], row["message"] = model.ERROR, "taken back with others"


def recount(result):
    """Sums that follow from the rows."""
    result["counts"] = options.counts(result["controls"])
    result["changed_ids"] = sorted(row["id"] for row in result["controls"] if row["status"] == model.CHANGED)
    result["changed"] = bool(result["changed_ids"])
