# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part of the guard: commit after a login, else return and find the control that did it. A host in memory answers."""
import pytest

from ansible_collections.elkit.almalinux.plugins.plugin_utils import lockout, login

OK = login.Attempt(login.ROOT, "")


class Host:
    """Applies sets of ids; a login fails while one of *bad* (sets of ids that do harm together) is in force.

    deaf: whether the old session does not answer while it is shut out: it then returns by its own time-out
    """

    counts = False

    def __init__(self, ids, bad, deaf=False, stage=login.AUTHENTICATION, lost=False):
        self.refused = self.worst = self.applied = 0
        self.ids, self.bad, self.deaf, self.stage, self.lost = ids, [set(item) for item in bad], deaf, stage, lost
        self.kept, self.part, self.now, self.calls = set(), None, 0.0, []
        self.later, self.picture = [], None
        self.closes = None
        self.errors = []

    # -- what Lockout needs --
    def old_session_answers(self):
        return not (self.deaf and self.shut())

    def attempt(self):
        self.now += 1
        self.refused = self.refused + 1 if self.shut() else 0
        self.worst = max(self.worst, self.refused)
        return login.Attempt(self.stage, "Permission denied") if self.shut() else OK

    def sleep(self, seconds):
        self.now += seconds
        if self.part and not self.lost and self.now >= self.part["until"]:
            self.back("nobody logged in")

    def clock(self):
        return self.now

    def call(self, asked, controls):
        self.calls.append((next(iter({"commit", "back"} & set(asked)), "apply"), [item["id"] for item in controls or []]))
        if self.deaf and self.shut():
            return {"failed": True, "unreachable": True, "msg": "no answer"}
        if "look" in asked:
            return {"guard": self.state}
        if "commit" in asked:
            self.kept |= set(self.part["ids"])
            self.part, self.state = None, dict(self.part, stage="committed")
        elif "back" in asked:
            self.back(asked["why"])
        else:
            assert asked["run"] == "r1"
            if [item["id"] for item in controls] == self.later:
                self.picture = set(self.kept)
                return {"controls": [{"id": name, "status": "changed"} for name in self.later], "files": ["/etc/picture"], "run": "r1",
                        "states": [{"kind": "aide", "name": "/db", "before": False, "after": True}], "diff": [{"before_header": "aide /db"}]}
            return self.apply([item["id"] for item in controls])
        return {"guard": self.state}

    # -- the host --
    def shut(self):
        held = self.kept | set(self.part["ids"] if self.part else ())
        return self.lost or any(item <= held for item in self.bad)

    def back(self, why):
        if self.part is not None:
            self.part, self.state = None, dict(self.part, stage="returned", why=why, said=["sshd: no"], errors=list(self.errors))

    def apply(self, ids):
        self.applied += 1
        self.part = {"ids": ids, "token": f"t{self.applied}", "run": "r1", "timeout": 60, "stage": "applied", "until": self.now + 60,
                     "files": [f"/etc/{name}" for name in ids], "states": []}
        self.state = dict(self.part)
        if self.closes in ids:
            self.part["shut_out"] = "rescue: AllowUsers does not name rescue"
        return {"controls": [{"id": name, "status": "changed"} for name in ids], "files": ["/etc/other"] + self.part["files"], "states": [],
                "guard": dict(self.part), "run": "r1"}

    def go(self):
        controls = [{"id": name, "mechanism": "content", "theme": "sshd" if name.startswith("ssh") else "x"} for name in self.ids]
        result = self.apply(list(self.ids))
        if self.later:
            controls += [{"id": name, "mechanism": "aide"} for name in self.later]
            result["controls"] += [{"id": name, "status": "fail", "message": "it waits"} for name in self.later]
            result["later"] = list(self.later)
        lockout.Lockout(self.call, self, {"mode": "login"}, controls, self.sleep, self.clock).finish(result)
        return result

    def statuses(self, result):
        return {row["id"]: row["status"] for row in result["controls"]}


IDS = ["ssh_a", "ssh_b", "c", "d", "e", "f"]


def test_a_login_commits_in_two_calls():
    host = Host(IDS, [])
    result = host.go()
    assert host.calls == [("commit", [])] and host.kept == set(IDS)
    assert result["guard"]["outcome"] == "committed" and result["guard"]["controls"] == IDS and result["guard"]["logins"] == 1


@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize("name", IDS)
def test_the_guilty_is_found_and_the_others_stay(name, deaf):
    host = Host(IDS, [{name}], deaf)
    result = host.go()
    assert host.kept == set(IDS) - {name} and not host.shut()
    assert result["guard"]["outcome"] == "returned" and result["guard"]["controls"] == [name]
    assert host.statuses(result) == {item: "error" if item == name else "changed" for item in IDS}
    row = next(row for row in result["controls"] if row["id"] == name)
    assert row["message"] == "taken back: a fresh login failed at the authentication: Permission denied (the host said: sshd: no)"
    assert f"/etc/{name}" not in result["files"] and set(result["files"]) == {"/etc/other"} | {f"/etc/{item}" for item in IDS if item != name}
    assert result["changed_ids"] == sorted(host.kept) and result["counts"]["error"] == 1


def test_a_control_that_shuts_another_user_out_is_found_though_every_login_works():
    host = Host(IDS, [])
    host.closes = "d"
    result = host.go()
    statuses = host.statuses(result)
    assert host.kept == set(IDS) - {"d"} and [name for name in IDS if statuses[name] == "error"] == ["d"]
    words = "of guard_users, not all could log in any more: rescue: AllowUsers does not name rescue"
    assert result["guard"]["outcome"] == "returned" and result["guard"]["controls"] == ["d"] and result["guard"]["reason"] == f"d: {words}"
    assert next(row["message"] for row in result["controls"] if row["id"] == "d").startswith(f"taken back: {words}")


@pytest.mark.parametrize("deaf", [False, True])
def test_passwords_are_not_refused_three_times_in_a_row(deaf):
    host = Host(IDS, [{"ssh_b"}], deaf)
    host.counts = True
    assert host.go()["guard"]["controls"] == ["ssh_b"] and host.worst < 3 and host.kept == set(IDS) - {"ssh_b"}


@pytest.mark.parametrize("bad", [[], [{"d"}], [{name} for name in IDS]])
def test_what_comes_last_is_done_once_all_is_settled(bad):
    host = Host(IDS, bad)
    host.later = ["picture"]
    result = host.go()
    assert host.calls[-1] == ("apply", ["picture"]) and host.picture == host.kept and "later" not in result
    assert [row for row in result["controls"] if row["id"] == "picture"] == [{"id": "picture", "status": "changed"}]
    assert result["changed"] and "picture" in result["changed_ids"] and result["counts"]["changed"] == len(host.kept) + 1
    assert "/etc/picture" in result["files"] and result["states"][-1]["name"] == "/db" and result["diff"] and result["run"] == "r1"
    assert bad or len(host.calls) + 1 <= 8


@pytest.mark.parametrize("answer, words", [({"failed": True, "msg": "the disk is full"}, "the disk is full"), ({"unreachable": True}, "did not answer")])
def test_what_comes_last_and_fails_is_an_error_of_its_own(answer, words):
    host = Host(IDS, [])
    host.later = ["picture"]
    call, host.call = host.call, lambda asked, controls: answer if controls else call(asked, controls)
    result = host.go()
    row = result["controls"][-1]
    assert row["status"] == "error" and words in row["message"] and result["guard"]["outcome"] == "committed" and result["counts"]["error"] == 1
    assert "failed" not in result and "later" not in result


def test_what_comes_last_is_not_tried_on_a_host_that_is_lost():
    host = Host(IDS, [], lost=True, deaf=True, stage=login.CONNECTION)
    host.later = ["picture"]
    result = host.go()
    assert result["failed"] and ("apply", ["picture"]) not in host.calls and result["controls"][-1]["status"] == "error"


def test_one_alone_needs_no_search():
    host = Host(["c"], [{"c"}])
    result = host.go()
    assert host.calls == [("back", [])] and host.statuses(result) == {"c": "error"} and result["changed"] is False


def test_two_guilty_ones():
    host = Host(IDS, [{"ssh_b"}, {"e"}])
    assert sorted(host.go()["guard"]["controls"]) == ["e", "ssh_b"] and host.kept == set(IDS) - {"e", "ssh_b"}


def test_two_that_do_harm_together_do_not_both_stay():
    host = Host(IDS, [{"ssh_a", "d"}])
    result = host.go()
    assert len(result["guard"]["controls"]) == 1 and not host.shut() and len(host.kept) == 5


def test_the_search_has_an_end():
    ids = [f"c{number}" for number in range(60)]
    host = Host(ids, [{name} for name in ids])
    result = host.go()
    assert set(host.statuses(result).values()) == {"error"} and len([call for call in host.calls if call[0] == "apply"]) <= lockout.GROUPS
    assert "only_ids" in next(row["message"] for row in result["controls"] if row["id"] not in result["guard"]["controls"])


def test_a_host_that_never_comes_back_is_a_failure_that_says_where_to_look():
    host = Host(IDS, [], lost=True, deaf=True, stage=login.CONNECTION)
    result = host.go()
    assert result["failed"] and "guard.json" in result["msg"] and result["guard"]["outcome"] == "unknown"
    assert set(host.statuses(result).values()) == {"error"}


def test_a_commit_that_does_not_come_through_is_a_return():
    host = Host(["c", "d"], [])
    call = host.call

    def late(asked, controls):
        if "commit" in asked and not host.kept and len(host.calls) < 1:
            host.calls.append(("commit", []))
            host.back("nobody logged in within the time-out")
            return {"failed": True, "msg": "the host has returned"}
        return call(asked, controls)
    host.call = late
    result = host.go()
    assert host.kept == {"c", "d"} and host.statuses(result) == {"c": "changed", "d": "changed"}


def test_a_commit_whose_answer_is_lost_is_one(monkeypatch):
    host = Host(["c", "d"], [])
    call = host.call

    def lost(asked, controls):
        answer = call(asked, controls)
        return {"unreachable": True, "msg": "broken pipe"} if "commit" in asked else answer
    host.call = lost
    result = host.go()
    assert host.kept == {"c", "d"} and host.statuses(result) == {"c": "changed", "d": "changed"}
    assert result["guard"]["outcome"] == "committed" and result["guard"]["controls"] == ["c", "d"] and "/etc/c" in result["files"]
    assert [what for what, _ids in host.calls] == ["commit", "back"]


def test_what_failed_by_a_fault_that_passes_is_committed_in_the_end():
    host = Host(IDS, [])
    attempt, host.attempt = host.attempt, lambda: login.Attempt(login.CONNECTION, "No route to host") if host.applied == 1 and host.part else attempt()
    result = host.go()
    assert host.kept == set(IDS) and set(host.statuses(result).values()) == {"changed"}
    assert result["guard"]["outcome"] == "committed" and result["guard"]["controls"] == IDS and "reason" not in result["guard"]


def test_a_host_that_is_lost_during_the_search_is_unknown():
    host = Host(IDS, [{"ssh_b"}], deaf=True)
    sleep = host.sleep

    def never(seconds):
        host.lost = host.applied > 2
        sleep(seconds)
    host.sleep = never
    result = host.go()
    assert result["failed"] and "guard.json" in result["msg"] and result["guard"]["outcome"] == "unknown" and host.statuses(result)["ssh_b"] == "error"


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("deaf", [False, True])
def test_a_call_of_the_search_that_dies_is_seen_taken_back(applied, deaf):
    host = Host(IDS, [{"ssh_b"}], deaf)
    call, died = host.call, []

    def dies(asked, controls):
        ids = [item["id"] for item in controls or []]
        if died or "ssh_b" not in ids:
            return call(asked, controls)
        died.extend(ids)
        if applied:
            call(asked, controls)
        return {"failed": True, "msg": "killed"}
    host.call = dies
    result = host.go()
    assert host.part is None and host.kept == set(IDS) - set(died) and not result.get("failed")
    assert [row["message"] for row in result["controls"] if row["id"] in died] == ["not applied: killed"] * len(died)
    assert result["guard"]["outcome"] == "committed" and result["guard"]["controls"] == [name for name in IDS if name not in died]


def test_a_call_of_the_search_that_dies_with_the_host_says_that_the_part_returns_by_itself():
    host = Host(IDS, [{"ssh_b"}])
    call = host.call

    def dies(asked, controls):
        if host.lost or "ssh_b" in [item["id"] for item in controls or []]:
            host.lost = host.deaf = True
            return {"unreachable": True, "msg": "no route"}
        return call(asked, controls)
    host.call = dies
    result = host.go()
    row = next(row for row in result["controls"] if row["id"] == "ssh_b")
    assert row["status"] == "error" and row["message"] == "a call failed: no route; what of it went in goes back by itself after 60 s"
    assert result["failed"] and result["guard"]["outcome"] == "unknown"


def test_the_part_of_another_run_is_not_taken_back_for_a_call_that_died():
    host = Host(IDS, [{"ssh_b"}])
    call = host.call

    def locked(asked, controls):
        if controls:
            host.state = dict(host.state, run="r2", stage="applied")
            return {"failed": True, "msg": "another run works on this host"}
        return call(asked, controls)
    host.call = locked
    result = host.go()
    assert [what for what, _ids in host.calls if what == "back"] == ["back"]
    assert result["guard"]["outcome"] == "returned" and sorted(result["guard"]["controls"]) == sorted(IDS) and "authentication" in result["guard"]["reason"]


def test_what_could_not_be_put_back_is_told_and_is_no_success():
    host = Host(["c"], [{"c"}])
    host.errors = ["firewalld does not start"]
    result = host.go()
    assert result["guard"]["reason"] == "c: a fresh login failed at the authentication: Permission denied; firewalld does not start"
    assert "firewalld does not start" in result["controls"][0]["message"]


@pytest.mark.parametrize("times", [2, 10 ** 6])
def test_what_cannot_be_put_back_is_tried_until_it_is_or_the_run_fails(times):
    host = Host(["c"], [{"c"}])
    call, tries = host.call, []

    def stuck(asked, controls):
        if "back" in asked and len(tries) < times:
            tries.append(asked)
            host.bad = []
            return {"failed": True, "msg": "not all could be put back", "errors": ["account bob: /etc/passwd is locked"]}
        return call(asked, controls)
    host.call, host.sleep = stuck, lambda seconds: setattr(host, "now", host.now + seconds)
    host.later = ["picture"]
    result = host.go()
    if times == 2:
        assert len(tries) == 2 and result["guard"]["outcome"] == "returned" and "failed" not in result
        return
    words = "a fresh login failed at the authentication: Permission denied, and not all could be put back: account bob: /etc/passwd is locked"
    assert result["failed"] and result["msg"].startswith(words) and result["guard"]["outcome"] == "unknown" and result["guard"]["reason"] == words
    assert [row["status"] for row in result["controls"]] == ["error", "error"] and words in result["controls"][0]["message"]


def test_what_the_host_could_not_take_back_by_itself_fails_the_run():
    result = {"controls": [{"id": "a", "status": "error"}], "guard": {"outcome": "unknown", "mode": "local", "controls": ["a"], "reason": "admin: no"}}
    lockout.Lockout(None, None, {"mode": "local"}, []).finish(result)
    assert result["failed"] and result["msg"].startswith("admin: no. Look at ")


def test_nothing_waits():
    for untouched in ({"controls": []}, {"controls": [], "guard": {"outcome": "committed", "mode": "local", "controls": ["a"]}}):
        result = dict(untouched)
        lockout.Lockout(None, None, {"mode": "login"}, []).finish(result)
        assert result == untouched
