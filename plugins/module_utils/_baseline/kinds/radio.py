# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A radio of NetworkManager ("wifi"), which remembers it over boots: "enabled" or "disabled"; None where NetworkManager does not run."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError

PHASE = 55
NONE_IS_GONE = True


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
    if value is not None:
        context.run(["nmcli", "radio", name, "on" if value == "enabled" else "off"])
