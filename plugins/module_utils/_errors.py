# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The one exception tree of the collection.

Every error that a user can cause or must act on is an ElkitError: it names the thing and the remedy. Modules turn
it into fail_json in one place (see _module.py); anything else that escapes is a bug of ours.
"""


class ElkitError(Exception):
    """An error with a remedy.

    :param message: str, names the thing that is wrong (no trailing full stop)
    :param remedy: str or None, what the user can do about it
    :param details: JSON-able values that go into the module's result beside msg
    """

    def __init__(self, message, remedy=None, **details):
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details = details

    def __str__(self):
        if self.remedy:
            return "{0}. {1}".format(self.message.rstrip("."), self.remedy)
        return self.message


class InputError(ElkitError):
    """What the user asked for is wrong or contradicts itself; nothing was looked at or changed."""


class UnsupportedError(ElkitError):
    """The host is none that this can work on (EL7, no Enterprise Linux, no streams on 10)."""


class HostError(ElkitError):
    """The host is in a state that does not allow the work: a broken file, a full or read-only disk, no root."""


class CommandError(HostError):
    """A command of the host failed, hung or is missing; details: command (list), rc, stderr."""


class LockedError(HostError):
    """Somebody else works on the same thing now."""


class TrustError(ElkitError):
    """A key or signature is not one that is pinned."""


class VerificationError(ElkitError):
    """The new state was tried before it was put in place, and did not work."""


class ChangedSinceError(ElkitError):
    """An undo would overwrite what someone changed since; details: paths or packages (list)."""
