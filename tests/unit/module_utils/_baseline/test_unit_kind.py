# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd is asked about units: by name, together, and nothing about units that are nowhere."""
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import run as runs
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result

FILES = {"crond.service": "enabled", "cups.service": "disabled"}


class Host(object):
    """A host with systemd and the units of FILES; asked: the commands that were run."""

    def __init__(self, root, words="", error=None):
        (root / "run/systemd/system").mkdir(parents=True)
        (root / "etc/systemd/system").mkdir(parents=True)
        self.root, self.words, self.error, self.asked = root, words, error, []

    def run(self, argv, **_more):
        self.asked.append(list(argv))
        if argv[1] == "list-unit-files":
            if self.error:
                return Result(1, "", self.error)
            lines = ["%s %s enabled" % (name, FILES[name]) for name in argv[argv.index("--") + 1:] if name in FILES]
            return Result(0 if lines else 1, "\n".join(lines), "")
        if argv[1] == "list-units":
            return Result(0, "crond.service loaded active running Command Scheduler\n", "")
        return Result(0 if argv[1] == "is-active" and self.words else 1, "active" if argv[1] == "is-active" else self.words, "")

    def view(self, units=()):
        return View(Context(root=str(self.root), run=self.run, is_root=True), 9, (), False, units)


def test_units_of_a_run_are_asked_for_together(tmp_path):
    host = Host(tmp_path)
    view = host.view(["crond.service", "cups.service", "gone.service"])
    assert view.state("unit", "crond.service") == {"enabled": "enabled", "active": True}
    assert view.state("unit", "cups.service") == {"enabled": "disabled", "active": False}
    assert view.state("unit", "gone.service") is None
    assert [argv[1] for argv in host.asked] == ["list-unit-files", "list-units"]
    assert host.asked[0][-4:] == ["--", "crond.service", "cups.service", "gone.service"]


def test_another_unit_is_asked_for_alone(tmp_path):
    host = Host(tmp_path)
    assert host.view(["crond.service"]).state("unit", "cups.service") == {"enabled": "disabled", "active": False}
    assert host.asked[0][-2:] == ["--", "cups.service"]


def test_none_of_them_is_there(tmp_path):
    assert Host(tmp_path).view().state("unit", "gone.service") is None


@pytest.mark.parametrize("name,path", [("other.service", "etc/systemd/system/other.service"), ("getty@tty1.service", None)])
def test_an_alias_and_an_instance_are_asked_for(tmp_path, name, path):
    host = Host(tmp_path, "alias")
    if path:
        (tmp_path / path).symlink_to("/usr/lib/systemd/system/crond.service")
    assert host.view().state("unit", name) == {"enabled": "alias", "active": True}


def test_systemctl_fails(tmp_path):
    with pytest.raises(CommandError, match="Access denied"):
        Host(tmp_path, error="Failed to list unit files: Access denied").view().state("unit", "crond.service")


def test_units_that_controls_speak_of():
    controls = [Control({"id": "a", "mechanism": "unit", "args": {"units": ["a.socket", "a.service"]}}),
                Control({"id": "b", "mechanism": "unit", "args": {"units": "b.service"}}),
                Control({"id": "c", "mechanism": "partition", "args": {"unit": "tmp.mount"}}),
                Control({"id": "d", "mechanism": "sysctl", "args": {"key": "x"}})]
    assert runs.units_of(controls) == {"a.socket", "a.service", "b.service", "tmp.mount"}
