# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The profile that authselect has selected: {"profile": str, "features": [str, in the order they were given]}; None where none is.

A profile and its features make what counts in the files of PAM, so an undo selects what was selected before. Their comments are another matter:
authselect 1.2 (releases 8 and 9) writes the time into them. So the files are kept, and are put back where they differ in comments alone:
what an update has made of a profile since stays. Where nothing was selected (PAM is hand-made), authselect backs the files up under BACKUP first,
and the undo restores that.
"""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

PHASE = 42
CONFIG = "/etc/authselect/authselect.conf"
BACKUP = "elkit-hardening"
# What authselect makes, and leaves when a backup of a host without it is restored. 1.2 has copies, to tell an edit by.
GENERATED = tuple(folder + name for folder in ("/etc/authselect/", "/var/lib/authselect/") for name in (
    "system-auth", "password-auth", "fingerprint-auth", "smartcard-auth", "postlogin", "nsswitch.conf", "dconf-db", "dconf-locks"))


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
        for path in GENERATED:
            try:
                os.unlink(context.at(path))
            except OSError:
                continue


def lines(text):
    """What counts of a file: no comments, no blank lines, words with single spaces."""
    return [" ".join(line.split()) for line in (text or "").splitlines() if line.strip() and not line.strip().startswith("#")]


def keep(context):
    """{path: text} of the generated files that are there."""
    found = dict((path, files.read_text(context.at(path))) for path in GENERATED)
    return dict((path, text) for path, text in found.items() if text is not None)


def give_back(context, kept):
    """Make the files those that keep() gave, where that changes nothing that counts.

    :raises HostError: one cannot be written
    """
    for path, text in sorted(kept.items()):
        now = files.read_text(context.at(path))
        if now is None or (now != text and lines(now) == lines(text)):
            files.write_atomic(context.at(path), text)
