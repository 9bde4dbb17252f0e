# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages by name, wanted and unwanted, and the way back: the agent's operations "want" and "packages", with the recording stub in dnf's place."""

import importlib.util
import json
import os
import re

import pytest

_spec = importlib.util.spec_from_file_location("elkit_test_agent", os.path.join(os.path.dirname(__file__), "test_agent.py"))
_agent = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_agent)


@pytest.fixture
def want(tmp_path):
    """A function that asks for packages, and one that gives the calls that dnf got meanwhile."""
    rpmlock, calls = tmp_path / "rpm.lock", tmp_path / "calls"
    rpmlock.write_bytes(b"")

    def run(install=(), remove=(), apply=True, **state):
        calls.write_text(u"")
        state = dict({"installed": ["bash", "httpd", "mod_ssl"], "available": ["aide", "rsyslog"], "needs": {"mod_ssl": ["httpd"]}}, **state)
        return _agent.ask({"op": "want", "install": list(install), "remove": list(remove), "apply": apply},
                          dict(state, rpmlock=str(rpmlock), record=str(calls)))[0]
    run.calls = lambda: [json.loads(line) for line in calls.read_text().splitlines()]
    return run


def test_what_is_named_comes_and_goes_in_one_transaction(want):
    answer = want(["aide", "bash"], ["mod_ssl", "telnet"])
    assert answer == {"ok": {"transaction": {"installed": ["aide"], "removed": ["mod_ssl"]}}}
    # What is there is not installed, what is not there is not removed; what the removed one brought with it stays.
    assert want.calls()[3:] == [["remove", "mod_ssl", False], ["install", "aide"], ["resolve", True], ["download", "aide"], ["do_transaction"]]


def test_a_look_runs_no_transaction(want):
    assert want(["aide"], apply=False)["ok"]["transaction"]["installed"] == ["aide"]
    assert ["do_transaction"] not in want.calls()


def test_an_installation_alone_may_erase_nothing(want):
    want(["aide"])
    assert ["resolve", False] in want.calls()


@pytest.mark.parametrize("apply", [True, False])
def test_what_nobody_named_is_not_removed(want, apply):
    error = want(remove=["httpd"], apply=apply)["error"]
    assert error["kind"] == "host" and "mod_ssl" in error["message"] and "except the control" in error["remedy"]
    assert error["details"] == {"others": ["mod_ssl"], "untouched": True}
    assert ["do_transaction"] not in want.calls()


def test_what_depends_on_it_goes_where_it_is_named_too(want):
    assert want(remove=["httpd", "mod_ssl"])["ok"]["transaction"]["removed"] == ["httpd", "mod_ssl"]


def test_all_that_cannot_be_had_is_named(want):
    error = want(["aide", "nosuch", "other"])["error"]
    assert "nosuch, other" in error["message"] and error["details"]["missing"] == ["nosuch", "other"]
    assert not [call for call in want.calls() if call[0] in ("resolve", "do_transaction")]


def test_nothing_to_do_is_nothing_done(want):
    assert want(["bash"], ["telnet"])["ok"]["transaction"] == {"installed": [], "removed": []}


def test_a_bad_signature_stops_it(want):
    assert want(["aide"], bad_signature="aide")["error"]["kind"] == "trust"
    assert ["do_transaction"] not in want.calls()


@pytest.fixture
def undo(tmp_path):
    """A function that undoes a transaction that brought web-2 for web-1 and addon-2, and one that gives what dnf was asked for meanwhile."""
    calls = tmp_path / "calls"
    (tmp_path / "rpm.lock").write_bytes(b"")

    def run(installed, request=None, **state):
        calls.write_text(u"")
        request = dict({"op": "packages", "before": [nevra("web-1")], "after": [nevra("web-2"), nevra("addon-2")], "since": "refuse", "apply": True},
                       **request or {})
        state = dict({"available": [nevra("web-1")]}, **state)
        return _agent.ask(request, dict(state, installed=[nevra(item) for item in installed], rpmlock=str(tmp_path / "rpm.lock"), record=str(calls)))[0]
    run.calls = lambda *kinds: [call[:2] for call in map(json.loads, calls.read_text().splitlines()) if call[0] in kinds]
    return run


def nevra(text):
    return text + "-1.noarch"


@pytest.mark.parametrize("partial", [False, True])
def test_what_no_repository_has_any_more_is_in_the_way_of_the_others_unless_they_go_without(undo, partial):
    # zip was updated with them, and of aide that came with them nobody asks any more.
    request = {"before": ["ftp-1-1.noarch", "httpd-1-1.noarch", "zip-1-1.noarch"], "after": ["aide-2-1.noarch", "zip-2-1.noarch"],
               "partial": partial, "since": None}
    answer = undo(["bash-1", "aide-2", "zip-2"], request, available=["httpd-1-1.noarch"])
    done = undo.calls("package_install", "remove", "do_transaction")
    if partial:
        assert answer["ok"] == {"missing": ["ftp-1-1.noarch", "zip-1-1.noarch"],
                                "transaction": {"installed": ["httpd-1-1.noarch"], "removed": ["aide-2-1.noarch"]}}
        assert done == [["package_install", "httpd-1-1.noarch"], ["remove", "aide-2-1.noarch"], ["do_transaction"]]
    else:
        assert answer["error"]["details"] == {"missing": ["ftp-1-1.noarch", "zip-1-1.noarch"]} and done == []


@pytest.mark.parametrize("installed, comes, goes", [
    (["bash-1", "web-2", "addon-2"], ["web-1"], ["addon-2", "web-2"]),
    # A transaction that was killed, and an undo that was: what is as before is done, what is as after is to do.
    (["bash-1", "web-2"], ["web-1"], ["web-2"]),
    (["bash-1", "web-1", "addon-2"], [], ["addon-2"]),
    (["bash-1", "web-1"], [], []),
])
def test_an_undo_goes_on_where_packages_are_as_before_or_as_after(undo, installed, comes, goes):
    assert undo(installed)["ok"]["transaction"] == {"installed": [nevra(item) for item in comes], "removed": [nevra(item) for item in goes]}
    assert undo.calls("do_transaction") == [["do_transaction"]]


@pytest.mark.parametrize("installed, words, forced", [
    (["web-3", "addon-2"], "since: web-3-1.noarch .it was web-2-1.noarch.", (["web-1"], ["addon-2", "web-3"])),
    (["web-2", "addon-3"], "since: addon-3-1.noarch .it was addon-2-1.noarch.", (["web-1"], ["addon-3", "web-2"])),
    (["addon-2"], "since: web-2-1.noarch .it is gone.", (["web-1"], ["addon-2"])),
    (["web-2", "addon-2", "shop-1"], "did not bring, too: shop-1-1.noarch", (["web-1"], ["addon-2", "shop-1", "web-2"])),
])
def test_an_undo_stops_at_packages_that_were_changed_since_and_at_others_that_would_go(undo, installed, words, forced):
    needs = {nevra("shop-1"): [nevra("addon-2")]} if "shop-1" in installed else {}
    for apply in (False, True):
        error = undo(installed, {"apply": apply}, needs=needs)["error"]
        assert error["kind"] == "changed" and re.search(words, error["message"]) and "force: true" in error["remedy"], error
        assert error["details"]["packages"] and undo.calls("do_transaction") == []
    comes, goes = forced
    assert undo(installed, {"since": "overwrite"}, needs=needs)["ok"]["transaction"] == {
        "installed": [nevra(item) for item in comes], "removed": [nevra(item) for item in goes]}


def test_a_look_at_an_undo_sees_the_packages_of_the_streams_that_will_be_enabled_by_then(undo):
    modules = [{"name": "web", "stream": "1", "state": "enabled"}, {"name": "old", "stream": None, "state": "disabled"},
               {"name": "addon", "stream": None, "state": ""}]
    for known, missing in (([], True), (modules, False)):
        answer = undo(["web-2", "addon-2"], {"apply": False, "modules": known}, available=[], modular={"web:1": [nevra("web-1")]})
        assert ("error" in answer) is missing, answer
    assert undo.calls("enable", "disable", "reset") == [["disable", "old"], ["reset", "addon"], ["enable", "web:1"]]
    # What no repository has is no reason to stop, as it is none for dnf where a state file says so.
    assert "ok" in undo(["web-2", "addon-2"], {"apply": False, "modules": modules}, refuse=[["web"], [], None])


def test_a_package_that_rpm_does_not_install_or_remove_is_no_success(want):
    error = want(["aide", "rsyslog"], ["mod_ssl"], broken=["rsyslog", "mod_ssl"])["error"]
    assert error["kind"] == "host" and "mod_ssl, rsyslog" in error["message"] and "run again" in error["remedy"]
    assert error["details"] == {"failed": ["mod_ssl", "rsyslog"]}
    assert "ok" in want(["aide"], broken=["rsyslog"])
