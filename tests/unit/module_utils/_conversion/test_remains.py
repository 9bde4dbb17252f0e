# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a transaction that was killed inside rpm: by table."""
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import remains

OLD, NEW = "bash-5.1-8.el9.x86_64", "bash-5.1-9.el9.x86_64"


def have(nevra, digest, name="bash"):
    return {"nevra": nevra, "hash": digest, "name": name, "arch": "x86_64", "vendor": "x"}


def comes(action, nevra, name="bash"):
    return {"action": action, "nevra": nevra, "name": name, "arch": "x86_64", "repository": "baseos"}


def goes(nevra, name="bash"):
    return {"action": "remove", "nevra": nevra, "name": name, "arch": "x86_64", "repository": None}


PATHS = {NEW: {"path": "/cache/new.rpm", "hash": "new"}, OLD: {"path": "/cache/same.rpm", "hash": "theirs"},
         "kernel-core-5-2.x86_64": {"path": "/cache/kernel.rpm", "hash": "kernel"}}
KERNEL = comes("install", "kernel-core-5-2.x86_64", "kernel-core")

CASES = {
    "not yet there": ([comes("upgrade", NEW)], [have(OLD, "old")], None, [("/cache/new.rpm", False)], []),
    "there, and the old one gone": ([comes("upgrade", NEW)], [have(NEW, "new")], None, [], []),
    "both are there": ([comes("upgrade", NEW)], [have(NEW, "new"), have(OLD, "old")], None, [], [(OLD, "old")]),
    "in flight when it was killed, so that its scriptlets run": ([comes("upgrade", NEW)], [have(NEW, "new")], {"what": NEW}, [("/cache/new.rpm", False)], []),
    "in flight, and the old one is there": ([comes("upgrade", NEW)], [have(NEW, "new"), have(OLD, "old")], {"what": NEW}, [("/cache/new.rpm", False)], []),
    "the same version of the source": ([comes("reinstall", OLD)], [have(OLD, "ours")], None, [("/cache/same.rpm", False)], []),
    "the same version in both builds": ([comes("reinstall", OLD)], [have(OLD, "ours"), have(OLD, "theirs")], None, [], [(OLD, "ours")]),
    "an older one comes": ([comes("downgrade", OLD)], [have(NEW, "newer")], None, [("/cache/same.rpm", False)], []),
    "still there, and to go": ([goes(OLD)], [have(OLD, "old")], None, [], [(OLD, "old")]),
    "gone already": ([goes(OLD)], [], None, [], []),
    "a kernel comes beside": ([KERNEL], [have("kernel-core-5-1.x86_64", "k1", "kernel-core")], None, [("/cache/kernel.rpm", True)], []),
    "a kernel is beside": ([KERNEL], [have("kernel-core-5-1.x86_64", "k1", "kernel-core"), have("kernel-core-5-2.x86_64", "kernel", "kernel-core")], None,
                           [], []),
    "nothing was planned": ([], [have(OLD, "old")], None, [], []),
}


@pytest.mark.parametrize("items, installed, progress, add, erase", list(CASES.values()), ids=list(CASES))
def test_what_is_left(items, installed, progress, add, erase):
    assert remains.rest({"items": items}, PATHS, installed, progress) == (add, erase)


@pytest.mark.parametrize("rc, out, err, lines", [
    (0, "", "", []), (1, "acme-1 has missing requires of x\n\n", "Error: Check discovered 1 problem(s)", ["acme-1 has missing requires of x"]),
    (1, "", "Traceback …\nModuleNotFoundError: No module named 'dnf'\n", ["dnf does not work: ModuleNotFoundError: No module named 'dnf'"]),
    (137, "", "", ["dnf does not work: code 137"]), (0, "", "Warning: whatever", [])],
    ids=["sound", "a problem", "no dnf", "killed", "a warning"])
def test_what_dnf_complains_of(rc, out, err, lines):
    assert remains.complaints(SimpleNamespace(rc=rc, stdout=out, stderr=err)) == lines
