# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A systemd unit: {"enabled": systemd's word ("enabled", "disabled", "masked", "static", …), "active": bool, or None where no
systemd runs}; None where there is no such unit."""

PHASE = 60

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


def _offline(context):
    return {} if running(context) else {"SYSTEMD_OFFLINE": "1"}


def load(view, name):
    """
    :raises CommandError: systemctl fails or is missing
    """
    context = view.context
    enabled = view.once("unit files", lambda: parse_files(context.run(list(_LIST_FILES), env=_offline(context)).stdout))
    active = view.once("units", lambda: parse_units(context.run(list(_LIST_UNITS)).stdout) if running(context) else None)
    if name not in enabled and (active is None or name not in active):
        # An alias, or an instance of a template, is in neither list.
        said = context.run(["systemctl", "is-enabled", name], env=_offline(context), check=False).stdout.strip()
        if not said or said == "not-found":
            return None
        state = None if active is None else context.run(["systemctl", "is-active", name], check=False).stdout.strip() == "active"
        return {"enabled": said, "active": state}
    return {"enabled": enabled.get(name, "transient"), "active": None if active is None else active.get(name, False)}


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
    if value["active"] is False and running(context):
        context.run(["systemctl", "stop", name])
    if said != value["enabled"]:
        verb = {"enabled": "enable", "disabled": "disable", "masked": "mask"}.get(value["enabled"])
        if verb:
            context.run(["systemctl", verb, name], env=environment)
    if value["active"] and running(context):
        context.run(["systemctl", "start", name])
