# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A systemd unit: {"enabled": systemd's word ("enabled", "disabled", "masked", "static", …), "active": bool, or None where no
systemd runs}; None where there is no such unit."""

import contextlib
import os

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 60
NONE_IS_GONE = True
PARTS = True

# Where systemd looks for units (systemd.unit(5)).
DIRECTORIES = ("/etc/systemd/system", "/etc/systemd/system.control", "/etc/systemd/system.attached", "/run/systemd/system",
               "/run/systemd/system.control", "/run/systemd/system.attached", "/run/systemd/transient", "/run/systemd/generator",
               "/run/systemd/generator.early", "/run/systemd/generator.late", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
               "/lib/systemd/system")

ENDINGS = (".automount", ".mount", ".path", ".service", ".slice", ".socket", ".swap", ".target", ".timer")
# Words of systemd for a unit that something else starts, or that is its own: there is nothing to enable.
STARTED_BY_OTHERS = ("static", "alias", "indirect", "generated", "transient")

# Read before the vendor's, which enables on installation; at the next boot it is gone.
PRESET = "/run/systemd/system-preset/00-elkit-hardening.preset"

_LIST_FILES = ("systemctl", "list-unit-files", "--all", "--full", "--no-legend", "--no-pager")
_LIST_UNITS = ("systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager")


def parse_files(text):
    """{unit: state} of `systemctl list-unit-files`."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2:
            found[words[0]] = words[1]
    return found


def parse_units(text):
    """{unit: whether it is active} of `systemctl list-units`; units that systemd only heard of are left out."""
    found = {}
    for line in text.splitlines():
        words = line.split(None, 4)
        if len(words) >= 4 and words[1] != "not-found":
            found[words[0]] = words[2] in ("active", "activating", "reloading")
    return found


def running(context):
    """Whether systemd runs this host."""
    return context.exists("/run/systemd/system")


def known(context):
    """Whether this host has a systemctl; where it has none, nothing is enabled and nothing runs."""
    return context.exists("/usr/bin/systemctl")


def _offline(context):
    return {} if running(context) else {"SYSTEMD_OFFLINE": "1"}


def _files(view, name):
    """{unit: state} of the unit files, *name*'s among them, if it has one.

    Asked for by name: to list them all keeps systemd busy for the better part of a second. The units of one run are asked for together.
    """
    together = view.units if name in view.units else (name,)

    def ask():
        result = view.context.run(list(_LIST_FILES) + ["--"] + sorted(together), env=_offline(view.context), check=False)
        # Where it finds none of them it fails, and says nothing.
        if result.rc != 0 and result.stderr.strip():
            raise CommandError("systemctl list-unit-files failed with code {0}: {1}".format(result.rc, result.stderr.strip()[-500:]),
                               "Look at systemctl list-unit-files on the host", command=list(_LIST_FILES), rc=result.rc, stderr=result.stderr)
        return parse_files(result.stdout)

    return view.once(("unit files", tuple(sorted(together))), ask)


def _may_be(context, name):
    """Whether systemd could know a unit that is in no list: an alias is a file somewhere, and an instance of a template needs none."""
    return "@" in name or any(context.exists(directory + "/" + name) for directory in DIRECTORIES)


def load(view, name):
    """
    :raises CommandError: systemctl fails or is missing
    """
    context = view.context
    enabled = _files(view, name)
    active = view.once("units", lambda: parse_units(context.run(list(_LIST_UNITS)).stdout) if running(context) else None)
    if name not in enabled and (active is None or name not in active):
        # An alias, or an instance of a template, is in neither list.
        if not _may_be(context, name):
            return None
        said = context.run(["systemctl", "is-enabled", name], env=_offline(context), check=False).stdout.strip()
        if not said or said == "not-found":
            return None
        state = None if active is None else context.run(["systemctl", "is-active", name], check=False).stdout.strip() == "active"
        return {"enabled": said, "active": state}
    return {"enabled": enabled.get(name, "transient"), "active": None if active is None else active.get(name, False)}


def order(value):
    """What is stopped goes before what is started, for they may stand against each other."""
    return 1 if value and value["active"] else 0


@contextlib.contextmanager
def kept_off(context, names):
    """While packages are installed, and afterwards, none of the units *names*, which come with them, runs or is started at boot.

    :raises HostError: that cannot be
    """
    if not names:
        yield
        return
    # First of all so that a run which is killed among the packages leaves nothing that the next boot starts.
    files.make_directory(os.path.dirname(context.at(PRESET)))
    files.write_atomic(context.at(PRESET), "".join("disable {0}\n".format(name) for name in names))
    try:
        yield
    finally:
        files.remove(context.at(PRESET))
        for name in names:
            # A preset that sorts before ours, or a package that does without presets.
            said = context.run(["systemctl", "is-enabled", name], env=_offline(context), check=False).stdout.strip()
            active = running(context) and context.run(["systemctl", "is-active", name], check=False).stdout.strip() == "active"
            if said == "enabled" or active:
                put(context, name, {"enabled": "disabled", "active": False})


def put(context, name, value):
    """
    :raises CommandError: systemd refuses
    """
    if value is None:
        return
    environment = _offline(context)
    said = context.run(["systemctl", "is-enabled", name], env=environment, check=False).stdout.strip()
    if said == "masked" and value["enabled"] != "masked":
        context.run(["systemctl", "unmask", name], env=environment)
        said = context.run(["systemctl", "is-enabled", name], env=environment, check=False).stdout.strip()
        if said in ("", "not-found"):
            # Nothing but the mask was left of it.
            return
    if value["active"] is False and running(context):
        context.run(["systemctl", "stop", name])
    if said != value["enabled"]:
        verb = {"enabled": "enable", "disabled": "disable", "masked": "mask"}.get(value["enabled"])
        if verb:
            context.run(["systemctl", verb, name], env=environment)
    if value["active"] and running(context):
        # While the host boots it may be ordered after the unit of the process that is here, and would wait for it for ever.
        context.run(["systemctl", "start"] + (["--no-block"] if context.booting else []) + [name])
