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
        self.refused = self.worst = 0
        self.ids, self.bad, self.deaf, self.stage, self.lost = ids, [set(item) for item in bad], deaf, stage, lost
        self.kept, self.part, self.now, self.calls = set(), None, 0.0, []
        self.later, self.picture = [], None
        self.closes = None
        self.state = None

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
        if "commit" in asked:
            self.kept |= set(self.part["ids"])
            self.part, self.state = None, {"stage": "committed"}
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
            self.part, self.state = None, {"stage": "returned", "why": why, "said": ["sshd: no"]}

    def apply(self, ids):
        self.part = {"ids": ids, "token": "t", "run": "r1", "timeout": 60, "stage": "applied", "until": self.now + 60,
                     "files": [f"/etc/{name}" for name in ids], "states": []}
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


def test_nothing_waits():
    for untouched in ({"controls": []}, {"controls": [], "guard": {"outcome": "committed", "mode": "local", "controls": ["a"]}}):
        result = dict(untouched)
        lockout.Lockout(None, None, {"mode": "login"}, []).finish(result)
        assert result == untouched
