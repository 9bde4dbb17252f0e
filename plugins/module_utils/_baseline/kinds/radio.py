# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A radio of NetworkManager ("wifi"), which remembers it over boots: "enabled" or "disabled"; None where NetworkManager does not run."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 55
NONE_IS_GONE = True

# What NetworkManager remembers, and begins with.
MEMORY = "/var/lib/NetworkManager/NetworkManager.state"
KEYS = {"wifi": "WirelessEnabled", "wwan": "WWANEnabled"}


def load(view, name):
    try:
        said = view.run(["nmcli", "radio", name], check=False, env={"LC_ALL": "C"})
    except CommandError:
        return None
    word = said.stdout.strip()
    return word if said.rc == 0 and word in ("enabled", "disabled") else None


def put(context, name, value):
    """
    :raises CommandError: NetworkManager refuses
    """
    if value is None:
        return
    if context.booting:
        # NetworkManager may not be there yet.
        _remember(context, name, value)
    context.run(["nmcli", "radio", name, "on" if value == "enabled" else "off"], check=not context.booting)


def _remember(context, name, value):
    text = files.read_text(context.at(MEMORY))
    if text is not None and name in KEYS:
        line = "{0}={1}".format(KEYS[name], "true" if value == "enabled" else "false")
        files.write_atomic(context.at(MEMORY), re.sub(r"(?m)^{0}=.*$".format(KEYS[name]), line, text))
