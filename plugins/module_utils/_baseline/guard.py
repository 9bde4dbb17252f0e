# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The host's part of the lockout guard: refuse beforehand, return by itself unless told otherwise."""


class Guard(object):
    """How a run treats controls that could lock somebody out.

    :param mode: "login" (the controller logs in afresh and then commits), "local" (what this host can tell is enough), or "none" (no second
        login can be tried: these controls wait)
    :param reason: str, why no second login can be tried
    """

    def __init__(self, mode, reason=None):
        self.mode = mode
        self.reason = reason
        self.run = None

    @property
    def possible(self):
        return self.mode != "none"

    def refuse(self, rows, view):
        """{control id: reason} of the controls whose plan would shut the connecting user, or a user that must get in, out."""
        return {}

    def arm(self, run, ids):
        """Arm the return, before anything of the part is changed. What the controller needs to commit (dict), or None where nobody waits."""
        return None
