# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that cannot be had leave nothing in the journal: "the last run" is one that changed something."""
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import put
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import package
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.run import Row
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import TrustError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context


class Dnf(object):
    """Installs what it has; *bad* packages fail before, or ("half") after something was done."""

    def __init__(self, bad):
        self.bad = bad
        self.installed = set()

    def resolve(self, values):
        return {"installed": sorted(name for name in values if name not in self.installed), "removed": []}

    def put_all(self, values):
        for name in sorted(values):
            if self.bad.get(name) == "half":
                self.installed.add(name)
            if name in self.bad:
                raise TrustError("the signature of {0} is not good".format(name))
        self.installed.update(values)


@pytest.mark.parametrize(("bad", "noted"), [
    ({}, [["a", "b"]]), ({"a": "bad", "b": "bad"}, []), ({"a": "bad"}, [["b"]]), ({"a": "half", "b": "bad"}, [["a", "b"]])])
def test_what_failed_is_not_noted(tmp_path, monkeypatch, bad, noted):
    dnf = Dnf(bad)
    monkeypatch.setattr(package, "resolve", dnf.resolve)
    monkeypatch.setattr(package, "put_all", dnf.put_all)
    monkeypatch.setattr(package, "load", lambda view, name: False)
    context = Context(root=str(tmp_path), run=None, uname=("5", "x"))
    view = View(context)
    rows = [Row(Control({"id": name, "mechanism": "package"})) for name in "ab"]
    for row in rows:
        row.status, view.current = "changed", row.control.id
        view.put("package", row.control.id, True)
    run = put.Run()
    run.put(view, rows)
    notes = [note["data"]["installed"] for note in run.entry.state["notes"]] if run.entry else []
    assert notes == noted and run.changed == bool(noted), "what dnf did before it failed is done"
    run.commit()
    folder = tmp_path / "var/lib/elkit/journal/baseline"
    assert len([name for name in os.listdir(str(folder)) if name.isdigit()]) == (1 if noted else 0)
