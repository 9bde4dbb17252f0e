# SPDX-License-Identifier: GPL-3.0-or-later
"""A package brings no firewall up behind the guard's back, and one firewall goes only where another has taken its place."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import put, run
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import package, unit
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

FIREWALLD, NFTABLES = "firewalld.service", "nftables.service"
CONTROLS = {
    "package": {"id": "package_firewalld_installed", "mechanism": "package",
                "args": {"name": "firewalld", "state": "installed", "stays_off": [FIREWALLD]}},
    "runs": {"id": "service_firewalld_enabled", "mechanism": "firewalld", "args": {"running": True, "ports": []}, "package": "firewalld",
             "risk": ["lockout"]},
    "masked": {"id": "service_nftables_disabled", "mechanism": "unit", "args": {"units": [NFTABLES], "want": "masked", "needs_active": [FIREWALLD]},
               "package": "firewalld", "risk": ["lockout", "service"]},
}


class Host(object):
    """systemd with *units* {name: [enabled, active]}, of which firewalld stops nftables; those that are *broken* do not start."""

    def __init__(self, root):
        self.root = root
        self.units = {}
        self.broken = set()
        self.packages = set()
        self.killed = False
        self.conflicts = True
        self.rules = None     # of which unit the kernel has rules
        self.verbs = []
        (root / "run/systemd/system").mkdir(parents=True)
        (root / "usr/bin").mkdir(parents=True)
        (root / "usr/bin/systemctl").write_text("")
        zones = root / "usr/lib/firewalld/zones"
        zones.mkdir(parents=True)
        (zones / "public.xml").write_text('<zone>\n  <service name="ssh"/>\n</zone>\n')

    def run(self, argv, check=True, **more):
        if argv[0] != "systemctl":
            return commands.Result(0, "", "")
        verb, name = argv[1], argv[-1]
        if verb == "list-unit-files":
            found = ["{0} {1}".format(item, self.units[item][0]) for item in argv[argv.index("--") + 1:] if item in self.units]
            return commands.Result(0 if found else 1, "\n".join(found), "")
        if verb == "list-units":
            return commands.Result(0, "".join("{0} loaded active running x\n".format(item) for item, value in self.units.items() if value[1]), "")
        if verb == "is-enabled":
            return commands.Result(0, self.units.get(name, ["not-found"])[0], "")
        if verb == "is-active":
            return commands.Result(0, "active" if self.units.get(name, [0, False])[1] else "inactive", "")
        value = self.units[name]
        self.verbs.append((verb, name))
        if verb == "stop" and value[1]:
            # Both flush all that there is.
            self.rules = None
        if verb == "start":
            # What stands against it is stopped first, whether it starts or not.
            if name == FIREWALLD and NFTABLES in self.units and self.conflicts:
                self.units[NFTABLES][1] = False
            if name in self.broken:
                raise CommandError("{0} does not start".format(name), command=argv)
        self.rules = name if verb == "start" else self.rules
        value[verb in ("start", "stop")] = {"start": True, "stop": False, "enable": "enabled", "disable": "disabled", "mask": "masked",
                                            "unmask": "disabled"}[verb]
        return commands.Result(0, "", "")

    def context(self):
        return Context(root=str(self.root), run=self.run, uname=("5.14", "x86_64"))

    def preset(self):
        path = self.root / unit.PRESET[1:]
        return path.read_text() if path.exists() else None

    def install(self, enables):
        """What dnf does, and systemd's preset with it."""
        if enables == "fails":
            raise HostError("no repository has it")
        self.packages.add("firewalld")
        obeys = "disable {0}\n".format(FIREWALLD) == self.preset() and enables == "preset"
        self.units[FIREWALLD] = ["disabled" if obeys else "enabled", enables == "starts"]
        if self.killed:
            raise KeyboardInterrupt()

    def work(self, *names):
        """{id: row} of a run over these controls."""
        view = View(self.context())
        rows = [run.Row(Control(CONTROLS[name])) for name in names]
        for row in rows:
            run.look(row, view)
        run.plan(rows, view)
        self.last = put.Run()
        self.last.put(view, rows)
        self.last.commit()
        return dict((row.control.id, row) for row in rows)


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host(tmp_path)
    monkeypatch.setattr(package, "load", lambda view, name: name in host.packages)
    monkeypatch.setattr(package, "resolve", lambda values: {"installed": sorted(set(values) - host.packages), "removed": []})
    return host


@pytest.mark.parametrize("enables", ["preset", "enables", "starts"])
def test_a_package_does_not_bring_its_firewall_up(host, monkeypatch, enables):
    monkeypatch.setattr(package, "put_all", lambda values: host.install(enables))
    assert host.work("package")["package_firewalld_installed"].status == "changed"
    assert host.units[FIREWALLD] == ["disabled", False] and host.preset() is None


def test_a_package_that_cannot_be_had_leaves_nothing(host, monkeypatch):
    monkeypatch.setattr(package, "put_all", lambda values: host.install("fails"))
    assert host.work("package")["package_firewalld_installed"].status == "error" and host.preset() is None


def test_a_run_that_is_killed_among_the_packages_brings_nothing_up(host, monkeypatch):
    monkeypatch.setattr(package, "put_all", lambda values: host.install("preset"))
    host.killed = True
    with pytest.raises(KeyboardInterrupt):
        host.work("package")
    assert host.units[FIREWALLD] == ["disabled", False]


def test_a_firewall_that_was_there_stays_as_it_is(host, monkeypatch):
    host.units[FIREWALLD] = ["enabled", True]
    monkeypatch.setattr(package, "put_all", lambda values: host.packages.add("firewalld"))
    host.work("package")
    assert host.units[FIREWALLD] == ["enabled", True]


def firewalls(host, firewalld, nftables):
    host.packages.add("firewalld")
    host.units.update({FIREWALLD: list(firewalld), NFTABLES: list(nftables)})


@pytest.mark.parametrize("conflicts", [True, False])
def test_one_takes_the_place_of_the_other_and_back(host, conflicts):
    firewalls(host, ("disabled", False), ("enabled", True))
    host.conflicts = conflicts
    assert [row.status for row in host.work("runs", "masked").values()] == ["changed", "changed"]
    assert host.units == {FIREWALLD: ["enabled", True], NFTABLES: ["masked", False]} and host.rules == FIREWALLD
    assert put.revert(host.context, False, False)["left"] == []
    assert host.units == {FIREWALLD: ["disabled", False], NFTABLES: ["enabled", True]} and host.rules == NFTABLES


def test_what_systemd_stops_is_up_again_after_an_undo(host):
    firewalls(host, ("disabled", False), ("enabled", True))
    host.work("runs")
    assert host.units == {FIREWALLD: ["enabled", True], NFTABLES: ["enabled", False]}
    put.revert(host.context, False, False)
    assert host.units == {FIREWALLD: ["disabled", False], NFTABLES: ["enabled", True]}


def test_nothing_goes_where_nothing_takes_its_place(host):
    firewalls(host, ("disabled", False), ("enabled", True))
    row = host.work("masked")["service_nftables_disabled"]
    assert row.status == "fail" and "firewalld.service is not up" in row.message and "put right with it" in row.message
    assert host.units[NFTABLES] == ["enabled", True]


def test_one_that_is_up_already_is_enough(host):
    firewalls(host, ("enabled", True), ("enabled", False))
    assert host.work("masked")["service_nftables_disabled"].status == "changed" and host.units[NFTABLES] == ["masked", False]


def test_where_the_other_does_not_start_the_first_is_up_again(host):
    firewalls(host, ("disabled", False), ("enabled", True))
    host.broken.add(FIREWALLD)
    rows = host.work("runs", "masked")
    assert [row.status for row in rows.values()] == ["error", "error"]
    assert "does not start" in rows["service_firewalld_enabled"].message
    assert "it needs unit firewalld.service" in rows["service_nftables_disabled"].message
    assert host.units[NFTABLES] == ["enabled", True]


def test_where_the_other_is_given_up_the_first_is_not_touched(host, monkeypatch):
    firewalls(host, ("disabled", False), ("enabled", True))
    monkeypatch.setattr(put, "_given_up", lambda view, key, by_id: key == ("unit", FIREWALLD))
    rows = host.work("runs", "masked")
    assert rows["service_nftables_disabled"].status == "error" and host.verbs == []
    assert host.units == {FIREWALLD: ["disabled", False], NFTABLES: ["enabled", True]}
