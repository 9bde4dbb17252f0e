# SPDX-License-Identifier: GPL-3.0-or-later
"""What a base that only looks has in the place of a transaction: by table. That it says what is then done is a matter of the tests on hosts."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import conversion
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf.conversion import DOWNGRADE, INSTALL, OBSOLETED, REINSTALL, REMOVE, UPGRADE


class Package:
    def __init__(self, nevra, side):
        self.nevra, self.name, self.side = nevra, nevra.split("-")[0], side

    def __str__(self):
        return self.nevra


class Goal:
    """hawkey's, of which Planned asks five lists and who obsoletes whom."""

    def __init__(self, obsoleted=(), **lists):
        self.lists = lists
        self.obsoleted = list(obsoleted)

    def list_obsoleted(self):
        return self.obsoleted

    def obsoleted_by_package(self, package):
        return next(old for key in self.lists if key != "erasures" for new, old in self.lists[key] if new is package)

    def __getattr__(self, name):
        return lambda: [new for new, _old in self.lists.get(name[len("list_"):], ())]


def old(nevra):
    return Package(nevra, "old")


def new(nevra):
    return Package(nevra, "new")


LOGOS, OTHER = old("logos-1"), old("acme-1")
CASES = {
    "reinstall": (Goal(reinstalls=[(new("bash-1"), [old("bash-1")])]), [(REINSTALL, "bash-1")]),
    "reinstall, two are there": (Goal(reinstalls=[(new("bash-1"), [old("bash-0"), old("bash-1")])]), [(REINSTALL, "bash-1"), (OBSOLETED, "bash-0")]),
    "upgrade": (Goal(upgrades=[(new("bash-2"), [old("bash-1")])]), [(UPGRADE, "bash-2")]),
    "upgrade that obsoletes": (Goal([OTHER], upgrades=[(new("bash-2"), [OTHER, old("bash-1")])]), [(UPGRADE, "bash-2"), (OBSOLETED, "acme-1")]),
    "downgrade": (Goal(downgrades=[(new("bash-1"), [old("bash-2")])]), [(DOWNGRADE, "bash-1")]),
    "install": (Goal(installs=[(new("almalinux-1"), [])]), [(INSTALL, "almalinux-1")]),
    "install that obsoletes": (Goal([LOGOS], installs=[(new("almalinux-1"), [LOGOS])]), [(INSTALL, "almalinux-1"), (OBSOLETED, "logos-1")]),
    "install beside": (Goal(installs=[(new("kernel-2"), [OTHER])]), [(INSTALL, "kernel-2")]),
    "erase": (Goal(erasures=[(old("centos-1"), [])]), [(REMOVE, "centos-1")]),
    "nothing": (Goal(), []),
}


@pytest.mark.parametrize("goal, items", list(CASES.values()), ids=list(CASES))
def test_planned(goal, items):
    planned = conversion.Planned(goal)
    assert [(action, str(package)) for action, package in planned] == items
    assert planned._rpm_limitations() is None
