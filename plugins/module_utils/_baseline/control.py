# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What a control is, what a look at one finds, and what is reported of it. Pure data."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError, InputError

# What a run reports of a control.
PASS, CHANGED, FAIL, EXCEPTED = "pass", "changed", "fail", "excepted"
NOT_APPLICABLE, PENDING, PENDING_REBOOT, ERROR = "not_applicable", "pending", "pending_reboot", "error"
STATUSES = (PASS, CHANGED, FAIL, EXCEPTED, NOT_APPLICABLE, PENDING, PENDING_REBOOT, ERROR)

# What can go wrong when a control is applied.
LOCKOUT, SERVICE, REBOOT = "lockout", "service", "reboot"


class ControlError(ElkitError):
    """One control cannot be looked at or put right; the others go on."""


class NotFixable(ControlError):
    """Nothing that software should do puts this control right: it stays a failure, with the reason and the remedy."""


class Control(object):
    """One control, as the controller compiled it from the catalogue for this run.

    :param data: dict with the keys
        id: str, the rule id
        mechanism: str, a name in mechanisms.registry.MECHANISMS
        args: dict, what that mechanism takes; every value is final
        risk: list of LOCKOUT, SERVICE, REBOOT
        not_in: list of environment flags (environment.FLAGS) in which it does not apply
        only_in: list of environment flags, one of which it needs; empty: it applies everywhere
        package: str or list of str: it applies where all of these packages are installed, or will be after this run
        theme: str
        exception: None, or dict: reason, owner, expires, expired (bool)
        enforce: bool, whether an expired exception is put right like any other control
    :raises InputError: a key is missing
    """

    def __init__(self, data):
        try:
            self.id = data["id"]
            self.mechanism = data["mechanism"]
        except (KeyError, TypeError):
            raise InputError("a control has no id or no mechanism: {0!r}".format(data), "Give both")
        self.args = data.get("args") or {}
        self.risk = tuple(data.get("risk") or ())
        self.not_in = tuple(data.get("not_in") or ())
        self.only_in = tuple(data.get("only_in") or ())
        package = data.get("package") or ()
        self.packages = (package,) if isinstance(package, str) else tuple(package)
        self.theme = data.get("theme") or ""
        self.exception = data.get("exception")
        self.enforce = bool(data.get("enforce"))

    @property
    def locks_out(self):
        return LOCKOUT in self.risk

    def arg(self, name, default=None):
        return self.args.get(name, default)

    def need(self, name):
        """An argument that the mechanism cannot do without.

        :raises ControlError: it is missing
        """
        if name not in self.args:
            raise ControlError("the control {0} has no {1}".format(self.id, name), "Give it in the catalogue, below args")
        return self.args[name]


class Finding(object):
    """What a look at one control found.

    :param ok: bool, whether the host is as wanted
    :param before: what there is now; short, JSON-able, no secrets
    :param after: what is wanted; short, JSON-able, no secrets
    :param path: str, the file that decides it, or None
    :param line: int, the line in that file, or None
    :param overridden_by: str, the file (or line) that wins over ours, or None
    :param note: str, what a person should know besides, or None
    :param applies: False where the host has not what the control speaks of; note says what
    :param reboot: True where all is written, and only a reboot brings it into force
    :param left: True where what is not well is left to people alone, for the reason in note, and all the rest is as wanted
    """

    def __init__(self, ok, before=None, after=None, path=None, line=None, overridden_by=None, note=None, applies=True, reboot=False, left=False):
        self.ok = ok
        self.before = before
        self.after = after
        self.path = path
        self.line = line
        self.overridden_by = overridden_by
        self.note = note
        self.applies = applies
        self.reboot = reboot
        self.left = left


def not_applicable(note):
    """The Finding of a control that has no object on this host."""
    return Finding(True, note=note, applies=False)
