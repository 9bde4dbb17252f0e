# SPDX-License-Identifier: GPL-3.0-or-later
"""Named points: where on its way a process is stopped. Pure."""
from dataclasses import dataclass

KILL, PAUSE = "kill", "pause"
ACTIONS = (KILL, PAUSE)
JOURNAL = "/var/lib/elkit/journal"
CONVERSION = "/var/lib/elkit/conversion/*/state.json"
# What rpm calls back through dnf: a package's file is opened, before any of it is on the disk; a package begins to go.
RPM_BEGINS = ("_instOpenFile", "_uninst_start")


@dataclass(frozen=True)
class Point:
    """A point that the host's state file names.

    name: for people. file: a glob of state files (JSON); match: what its keys must be; occurrence: the how-manieth time.
    call: None, or (source file's ending, names of functions, attributes that their self has): the point is then inside that
    function, while the newest state file says what match says.
    """

    name: str
    file: str
    match: tuple
    occurrence: int = 1
    call: tuple = None

    def armed(self, action):
        """What on_host/elkit_fault.py reads. Raises ValueError for an action that is none."""
        if action not in ACTIONS:
            raise ValueError(f"{action!r} is no action: {', '.join(ACTIONS)}")
        if self.occurrence < 1:
            raise ValueError("a point is met once at least")
        call = None
        if self.call:
            source, functions, attributes = self.call
            call = {"source": source, "functions": list(functions), "attributes": dict(attributes)}
        return {"name": self.name, "file": self.file, "match": dict(self.match), "occurrence": self.occurrence, "call": call, "action": action}

    def is_named_by(self, state):
        """Whether *state* (dict) of a state file stands at this point."""
        return state is not None and all(state.get(key) == value for key, value in self.match)


def journal(concern, step, occurrence=1):
    """The point at which the journal of *concern* has just written *step* (plugins/module_utils/_journal/entry.py lists them)."""
    return Point(step if occurrence == 1 else f"{step} ({occurrence})", f"{JOURNAL}/{concern}/*/state.json", (("step", step),), occurrence)


def conversion(stage, step="begun"):
    """The point at which a conversion's state file says *step* of *stage* (plugins/module_utils/_conversion/state.py lists them)."""
    return Point(stage if step == "begun" else f"{stage}/{step}", CONVERSION, (("stage", stage), ("step", step)))


def in_conversion(stage, package):
    """Inside rpm, at the *package*-th package of a conversion's *stage*."""
    return Point(f"{stage}, rpm at package {package}", CONVERSION, (("stage", stage),), package,
                 ("dnf/yum/rpmtrans.py", RPM_BEGINS, (("test", False),)))


def in_conversion_by_rpm(stage, call):
    """Inside rpm, which goes on alone after a kill and on the way back: when it calls back for the *call*-th time in a conversion's *stage*."""
    return Point(f"{stage}, rpm alone, call {call}", CONVERSION, (("stage", stage),), call, ("_rpm/transaction.py", ("callback",), ()))


def in_transaction(concern, step, package=1):
    """Inside rpm's transaction, at its *package*-th package, while the journal of *concern* says *step*."""
    return Point(f"{step}, rpm at package {package}", f"{JOURNAL}/{concern}/*/state.json", (("step", step),), package,
                 ("dnf/yum/rpmtrans.py", RPM_BEGINS, (("test", False),)))
