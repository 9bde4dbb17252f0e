# SPDX-License-Identifier: GPL-3.0-or-later
"""When a conversion goes on: only where all is what was agreed to."""
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import plan, run
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError


def comes(nevra, action="upgrade"):
    return {"action": action, "nevra": nevra, "repository": "baseos"}


def goes(nevra, action="remove"):
    return {"action": action, "nevra": nevra, "repository": None}


def answer(*items, **problems):
    return dict({"items": list(items), "problems": [], "not_allowed": [], "unmarked": []}, **problems)


def have(nevra, build="theirs"):
    return {"nevra": nevra, "hash": build}


PLANNED = [comes("bash-5-2"), goes("rocky-release-9-1"), goes("acme-1-1", "obsoleted")]
THERE = [have("bash-5-1"), have("rocky-release-9-1")]


@pytest.mark.parametrize("items", [PLANNED, PLANNED[:2], PLANNED[::-1]], ids=["the same", "what is obsoleted follows", "the order does not count"])
def test_what_was_agreed_to_runs(items):
    run.agree(answer(*items), plan.moves(PLANNED), THERE, list(THERE))


@pytest.mark.parametrize("found, now, words", [
    (answer(comes("bash-5-3"), goes("rocky-release-9-1")), THERE, ["other packages", "bash-5-2", "bash-5-3"]),
    (answer(comes("bash-5-2")), THERE, ["other packages", "rocky-release-9-1"]),
    (answer(comes("bash-5-2"), goes("rocky-release-9-1"), goes("sudo-1-1")), THERE, ["other packages", "sudo-1-1"]),
    (answer(*PLANNED), THERE + [have("htop-3-1")], ["changed since", "htop-3-1"]),
    (answer(*PLANNED), [have("bash-5-1", "ours")] + THERE[1:], ["changed since", "bash-5-1"]),
    (answer(problems=["nothing provides libold"]), THERE, ["do not fit together", "libold"]),
    (answer(*PLANNED, **{"not_allowed": ["sudo-1-1"]}), THERE, ["would be lost", "sudo-1-1"]),
    (answer(*PLANNED, **{"unmarked": [{"what": "x", "reason": "y"}]}), THERE, ["cannot do"])],
    ids=["newer", "less", "more goes", "installed since", "another build", "nothing fits", "off the leash", "unmarked"])
def test_anything_else_stops(found, now, words):
    with pytest.raises(HostError) as caught:
        run.agree(found, plan.moves(PLANNED), THERE, now)
    assert all(word in caught.value.message for word in words) and caught.value.remedy


def test_one_that_was_begun_by_an_older_version_goes_on():
    run.agree(answer(*PLANNED), None, THERE, THERE)


class Fetched(object):
    """As much of a state and a base as Run.fetched() needs."""

    def __init__(self, checked):
        self.state = SimpleNamespace(read=lambda _name: checked, progress=None)
        self.base = SimpleNamespace(transaction=True)
        self.has_fetched = False


@pytest.mark.parametrize("checked, fine", [({"bash-5-2": {"hash": "good"}}, True), ({"bash-5-2": {"hash": "other"}}, False), ({}, False)],
                         ids=["the same", "another build", "not checked"])
def test_what_is_fetched_anew_is_what_was_checked(monkeypatch, checked, fine):
    monkeypatch.setattr(run.dnf_conversion, "download", lambda _base, _progress: {"bash-5-2": "/cache/bash.rpm"})
    monkeypatch.setattr(run.rpm_transaction, "read_file", lambda path: path)
    monkeypatch.setattr(run.rpm_transaction, "header_hash", lambda _header: "good")
    one = Fetched(checked)
    if fine:
        run.Run.fetched(one)
        assert one.has_fetched
    else:
        with pytest.raises(HostError, match="bash-5-2"):
            run.Run.fetched(one)
