# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The profile that authselect has selected: {"profile": str, "features": [str, in the order they were given]}; None where none is.

A profile and its features make the files of PAM byte by byte, so selecting what was selected before is the exact undo. Where nothing was
selected (PAM is hand-made), authselect backs the files up under BACKUP first, and the undo restores that.
"""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError

PHASE = 42
CONFIG = "/etc/authselect/authselect.conf"
BACKUP = "elkit-hardening"
# What authselect leaves below /etc/authselect when a backup of a host without it is restored.
GENERATED = ("system-auth", "password-auth", "fingerprint-auth", "smartcard-auth", "postlogin", "nsswitch.conf", "dconf-db", "dconf-locks")


def parse(text):
    """The value that an authselect.conf stands for."""
    words = [line.strip() for line in (text or "").splitlines() if line.strip() and not line.strip().startswith("#")]
    return {"profile": words[0], "features": words[1:]} if words else None


def load(view, name):
    return parse(view.context.read(CONFIG))


def put(context, name, value):
    """
    :raises CommandError: authselect refuses
    """
    now = parse(context.read(CONFIG))
    if value is None:
        if now is not None:
            _restore(context)
        return
    words = ["authselect", "select", value["profile"]] + list(value["features"]) + ["--quiet"]
    if now is None:
        # Only a user who names a profile comes here: see mechanisms.authselect.
        words += ["--force", "--backup=" + BACKUP]
    context.run(words)


def _restore(context):
    if not context.exists("/var/lib/authselect/backups/" + BACKUP):
        raise HostError("authselect has no backup {0} to restore PAM from".format(BACKUP), "Look at authselect backup-list")
    context.run(["authselect", "backup-restore", BACKUP])
    context.run(["authselect", "backup-remove", BACKUP])
    if not context.exists(CONFIG):
        for name in GENERATED:
            try:
                os.unlink(context.at("/etc/authselect/" + name))
            except OSError:
                continue
