# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages by name, wanted and unwanted: the agent's operation "want", with the recording stub in dnf's place."""

import importlib.util
import json
import os

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


def test_a_package_that_rpm_does_not_install_or_remove_is_no_success(want):
    error = want(["aide", "rsyslog"], ["mod_ssl"], broken=["rsyslog", "mod_ssl"])["error"]
    assert error["kind"] == "host" and "mod_ssl, rsyslog" in error["message"] and "run again" in error["remedy"]
    assert error["details"] == {"failed": ["mod_ssl", "rsyslog"]}
    assert "ok" in want(["aide"], broken=["rsyslog"])


def test_nothing_to_do_is_nothing_done(want):
    assert want(["bash"], ["telnet"])["ok"]["transaction"] == {"installed": [], "removed": []}


def test_a_bad_signature_stops_it(want):
    assert want(["aide"], bad_signature="aide")["error"]["kind"] == "trust"
    assert ["do_transaction"] not in want.calls()
