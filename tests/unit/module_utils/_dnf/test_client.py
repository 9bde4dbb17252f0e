# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against programs that answer as the agent does."""

import json
import sys
import tempfile
import time

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, HostError, LockedError, UnsupportedError


def error(kind, message="why"):
    return json.dumps({"error": {"kind": kind, "message": message, "remedy": "do this", "details": {"untouched": True}}})


@pytest.fixture
def pythons(tmp_path, monkeypatch):
    """A function that puts programs, each with its answers one after the other, in the place of the host's Pythons."""
    def put(*answers):
        paths = []
        for number, texts in enumerate(answers):
            path = tmp_path / "python{0}".format(number)
            for turn, text in enumerate(texts):
                (tmp_path / "answer-{0}-{1}".format(number, turn)).write_text(text)
            path.write_text("#!/bin/sh\ncat >/dev/null\nturn=$(cat $0.turn 2>/dev/null || echo 0)\necho $((turn + 1)) >$0.turn\n"
                            "cat {0}/answer-{1}-$turn\n".format(tmp_path, number))
            path.chmod(0o755)
            paths.append(str(path))
        monkeypatch.setattr(client, "PYTHONS", paths)
    return put


def test_a_python_without_dnf_is_passed_over(pythons):
    pythons([error("no-dnf")], ['{"ok": {"pending": []}}'])
    assert client.call("updates", {}) == {"pending": []}


def test_no_python_with_dnf(pythons):
    pythons([error("no-dnf")])
    with pytest.raises(UnsupportedError, match="can import dnf"):
        client.call("updates", {})
    client.PYTHONS[:] = ["/nowhere/python"]
    with pytest.raises(UnsupportedError, match="/nowhere/python"):
        client.call("updates", {})


def test_an_error_keeps_its_kind_remedy_and_details(pythons):
    pythons([error("host", "no space")])
    with pytest.raises(HostError) as caught:
        client.call("streams", {})
    assert (caught.value.message, caught.value.remedy, caught.value.details) == ("no space", "do this", {"untouched": True})


def test_a_lock_is_waited_for(pythons):
    pythons([error("locked"), '{"ok": 1}'])
    assert client.call("streams", {}, patience=5) == 1


def test_a_lock_that_stays_is_told_after_the_patience(pythons):
    pythons([error("locked", "process 4711")] * 5)
    started = time.time()
    with pytest.raises(LockedError, match="process 4711"):
        client.call("streams", {}, patience=1)
    assert time.time() - started < 4


def test_no_answer_is_an_error_of_its_own(pythons):
    pythons(["Segmentation fault"])
    with pytest.raises(CommandError, match="without an answer"):
        client.call("streams", {})


SECRET = "http://user:hush@mirror/list"


def told(caught):
    """All that is told of an error."""
    return "{0} {1}".format(caught.value, caught.value.details)


@pytest.mark.parametrize("text", [
    json.dumps({"error": {"kind": "host", "message": "404 for " + SECRET, "remedy": "see " + SECRET, "details": {"failed": [SECRET]}}}),
    None])
def test_passwords_in_what_dnf_says_are_masked(pythons, text):
    pythons([text or ""])
    if text is None:
        # On standard error, and long.
        with open(client.PYTHONS[0], "a") as handle:
            handle.write("echo 'x" + SECRET + " " + "y" * 480 + "' >&2\n")
    with pytest.raises(HostError) as caught:
        client.call("streams", {})
    assert "hush" not in told(caught) and "***@mirror/list" in told(caught)


HANG = """#!{0}
import json, os, sys, time
request = json.loads(sys.stdin.read())
open(os.path.join(request["directory"], "metadata"), "w").close()
time.sleep(60)
"""


def test_a_time_out_is_told_in_short_and_leaves_no_folder(tmp_path, monkeypatch):
    path, folder = tmp_path / "python", tmp_path / "tmp"
    path.write_text(HANG.format(sys.executable))
    path.chmod(0o755)
    folder.mkdir()
    monkeypatch.setattr(client, "PYTHONS", [str(path)])
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(CommandError) as caught:
        client.call("updates", {}, timeout=2)
    assert caught.value.message == "dnf did not answer within 2 s (operation updates)"
    assert caught.value.details == {"command": [str(path), "agent", "updates"], "rc": None, "stderr": ""}
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_of_the_host(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(HostError, match="temporary folder"):
        client.call("updates", {})
