# SPDX-License-Identifier: GPL-3.0-or-later
"""How a look does several things at once, and what it says of EFI."""
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import look
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, TrustError, VerificationError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import plan as repo_plan
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands


def fails(error):
    def work():
        raise error
    return work


def test_all_is_done_and_each_failure_has_its_name():
    done = []
    trust, plan = TrustError("not pinned"), HostError("no mirror")
    assert commands.side_by_side({"a": lambda: done.append("a"), "trust": fails(trust), "plan": fails(plan), "b": lambda: done.append("b")}) == {
        "trust": trust, "plan": plan}
    assert sorted(done) == ["a", "b"]


def test_what_is_a_fault_of_ours_is_not_swallowed():
    with pytest.raises(KeyError):
        commands.side_by_side({"a": fails(KeyError("x")), "b": fails(HostError("y"))})


@pytest.mark.parametrize("kind, there, arch, answer, found", [
    ("container", True, "x86_64", [("sda", "sda1")], None), ("machine", False, "x86_64", [("sda", "sda1")], None),
    ("machine", True, "ppc64le", [("sda", "sda1")], None), ("machine", True, "s390x", [], None),
    ("machine", True, "x86_64", [("sda", "sda1")], {"partitions": [("sda", "sda1")], "error": None}),
    ("virtual", True, "aarch64", HostError("the EFI system partition cannot be found", "Mount it"),
     {"partitions": [], "error": "the EFI system partition cannot be found. Mount it"})])
def test_efi(monkeypatch, kind, there, arch, answer, found):
    monkeypatch.setattr(look.boot, "esp", fails(answer) if isinstance(answer, Exception) else lambda: answer)
    seen = SimpleNamespace(environment={"type": kind}, identity={"architecture": arch})
    assert look.efi(SimpleNamespace(exists=lambda _path: there), seen) == found


def test_the_keys_are_fetched_as_dnf_conf_says(tmp_path, monkeypatch):
    text = "[main]\nproxy=http://proxy.example.com:3128\nsslcacert=/etc/pki/ours.pem\n"
    (tmp_path / "dnf.conf").write_text(text)
    monkeypatch.setattr(repo_plan, "DNF_CONF", str(tmp_path / "dnf.conf"))
    asked = []

    def call(operation, request, timeout):
        asked.append((operation, request["main"]))
        return {"files": {url: {"content": None, "reason": "no route"} for url in request["urls"]}}
    monkeypatch.setattr(client, "call", call)
    source = SimpleNamespace(major=9)
    with pytest.raises(VerificationError, match="no route"):
        look.keys_of(source, {"keys": None, "key_url": None, "mirror": None, "trusted_keys": []})
    assert asked == [("fetch", text)]
