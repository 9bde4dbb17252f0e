# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whoever starts the host into a rescue mode must give root's password.

args: unit ("rescue" or "emergency")

The command that counts is the last ExecStart over the unit and its drop-ins. systemd's own unit asks; what somebody changed gets a drop-in of
ours behind it. A unit that is masked starts nothing, and is well.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding

DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
ASKS = re.compile(r"/(?:systemd-sulogin-shell|sulogin)\b")
OURS = "/etc/systemd/system/{0}.service.d/zz-elkit-hardening.conf"
TEXT = "# Made by elkit.almalinux.hardening\n[Service]\nExecStart=\nExecStart=-/usr/lib/systemd/systemd-sulogin-shell {0}\n"


def main_file(view, unit):
    """The path of the unit's own file.

    :raises ControlError: there is no such unit
    """
    name = unit + ".service"
    main = [directory + "/" + name for directory in DIRECTORIES if view.exists(directory + "/" + name)][:1]
    if not main:
        raise ControlError("there is no unit {0}".format(name), "Install systemd anew")
    return main[0]


def command(view, unit):
    """(command, path, line) that the unit runs; the command is None where nothing says."""
    main = main_file(view, unit)
    found = (None, main, None)
    for path in [main] + view.drop_ins(["{0}/{1}.service.d".format(directory, unit) for directory in DIRECTORIES]):
        for number, line in enumerate(view.lines(path), 1):
            key, equals, value = line.partition("=")
            if equals and key.strip() == "ExecStart":
                found = (value.strip() or None, path, number)
    return found


def check(control, view):
    unit = control.need("unit")
    if not view.read(main_file(view, unit)):
        return Finding(True, "masked", "sulogin", main_file(view, unit))
    now, path, line = command(view, unit)
    return Finding(bool(now and ASKS.search(now)), now or "nothing", "sulogin", path, line)


def fix(control, view):
    unit = control.need("unit")
    view.write(OURS.format(unit), TEXT.format(unit))
