# SPDX-License-Identifier: GPL-3.0-or-later
"""Module streams after a run that was killed while dnf worked: what the next one asks dnf for."""
import contextlib
import functools

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import flow, streams
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry


class Killed(BaseException):
    pass


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What dnf is asked for (a list that grows), with a journal of the test's own and a stream that dnf has written already."""
    for name in ("begin", "interrupted", "revert"):
        monkeypatch.setattr(flow.journal, name, functools.partial(getattr(entry, name), root=str(tmp_path / "elkit")))
    monkeypatch.setattr(flow, "host_lock", contextlib.suppress)
    monkeypatch.setattr(flow, "read", lambda: {"nodejs": {"stream": "22", "profiles": [], "state": "enabled"}})
    requests = []

    def call(operation, request):
        if request["apply"]:
            raise Killed()
        requests.append(request)
        return {"modules": {"nodejs": {"stream": "22", "profiles": []}}, "transaction": {"installed": [], "removed": []}}
    monkeypatch.setattr(flow.client, "call", call)
    return requests


@pytest.mark.parametrize("switch", [True, False])
def test_a_killed_switch_is_gone_on_with(asked, switch):
    with pytest.raises(Killed):
        flow.apply([{"name": "nodejs", "switch": switch}, {"name": "php", "switch": False}], {"installed": [], "removed": []})
    flow.ensure(streams.parse_items(["nodejs:22"]), True, True)
    assert [item["switch"] for item in asked[0]["items"]] == [switch]


def test_what_was_not_killed_is_not_asked_for_again(asked):
    assert flow.ensure(streams.parse_items(["nodejs:22"]), True, True)["changed"] is False and asked == []
