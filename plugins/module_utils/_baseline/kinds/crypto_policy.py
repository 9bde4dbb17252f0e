# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The system-wide crypto policy: {"config": the text of its configuration, "current": the policy that is applied}, or None where there is none.

The whole text is the state, so that comments come back with an undo.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

# After files: own sub-policies must be there.
PHASE = 40

CONFIG = "/etc/crypto-policies/config"
CURRENT = "/etc/crypto-policies/state/current"
# Generating all back ends takes seconds on a small host.
TIMEOUT = 180


def load(view, name):
    """
    :raises HostError: it cannot be read
    """
    config = view.context.read(CONFIG)
    if config is None:
        return None
    return {"config": config, "current": (view.context.read(CURRENT) or "").strip()}


def put(context, name, value):
    """
    :raises HostError: the configuration cannot be written
    :raises CommandError: update-crypto-policies refuses it; the configuration is then as it was
    """
    if value is None:
        return
    before = files.read_text(context.at(CONFIG))
    # Without --set, which would take the comments away: it applies what is configured.
    files.write_atomic(context.at(CONFIG), value["config"])
    try:
        context.run(["update-crypto-policies"], timeout=TIMEOUT)
    except ElkitError:
        if before is not None:
            files.write_atomic(context.at(CONFIG), before)
        raise
