# SPDX-License-Identifier: GPL-3.0-or-later
"""Module streams after a run that was killed while dnf worked: what the next one asks dnf for."""
import contextlib
import functools

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import flow, streams
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError
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


class TestWayBack:
    """An undo asks dnf first for what it would do, and tells that."""

    ANSWER = {"installed": ["web-1-1.noarch"], "removed": ["addon-2-1.noarch", "web-2-1.noarch"]}

    @pytest.fixture
    def calls(self, asked, monkeypatch, tmp_path):
        """The requests of an undo of two runs, the first of which was killed."""
        path = tmp_path / "web.module"
        path.write_text(u"[web]\nname=web\nstream=1\nprofiles=\nstate=enabled\n")
        monkeypatch.setattr(flow, "read", lambda: flow.modulesd.parse(path.read_text()))
        change = flow.journal.begin(flow.CONCERN)
        change.record_file(str(path), foreign=True)
        change.note("packages", {"before": ["web-1-1.noarch"], "after": ["web-2-1.noarch"]})
        change.note("packages", {"before": ["web-2-1.noarch"], "after": ["web-3-1.noarch", "addon-2-1.noarch"]})
        path.write_text(u"[web]\nname=web\nstream=2\nprofiles=\nstate=enabled\n")
        change.record_outcome(str(path))
        change.commit()
        requests = []

        def call(operation, request):
            requests.append(dict(request, operation=operation, stream=flow.read()["web"]["stream"]))
            if len(requests) == 1:
                self.fails()
            return {"transaction": self.ANSWER, "missing": []}
        monkeypatch.setattr(flow.client, "call", call)
        return requests

    @staticmethod
    def fails():
        """What the first request does besides."""

    @pytest.mark.parametrize("force, since", [(False, "refuse"), (True, "overwrite")])
    def test_what_dnf_says_is_told_and_done_once(self, calls, force, since):
        expected = {"operation": "packages", "before": ["web-1-1.noarch"], "after": ["addon-2-1.noarch", "web-2-1.noarch", "web-3-1.noarch"],
                    "since": since}
        look = dict(expected, apply=False, modules=[{"name": "web", "stream": "1", "state": "enabled"}], stream="2")
        assert flow.revert(force, True)["packages"] == self.ANSWER and calls == [look]
        assert flow.revert(force, False)["packages"] == self.ANSWER
        # The stream is back by then.
        assert calls[1:] == [look, dict(expected, apply=True, modules=[], stream="1")]
        assert flow.revert(force, False)["changed"] is False

    def test_nothing_is_put_back_where_dnf_refuses(self, calls, monkeypatch):
        def fails():
            raise ChangedSinceError("web was updated", "use force")
        monkeypatch.setattr(self, "fails", fails)
        with pytest.raises(ChangedSinceError):
            flow.revert(False, False)
        assert flow.read()["web"]["stream"] == "2" and len(calls) == 1
        assert flow.revert(False, False)["changed"] is True
