# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault at a point, what the host is left in, and the way on. One row of the fault table."""
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from .plays import Play, play
from .points import KILL, PAUSE
from .remote import BUILD

# What happens to a process that stands at the point.
SIGKILL = "SIGKILL of the process"
CONTROLLER = "SIGKILL of ansible-playbook"
CUT = "connection cut"
STOP = "host stopped and started"
# Where the process at the point is a helper: the module that waits for it.
PARENT = "SIGKILL of its module"
ACTIONS = (SIGKILL, CONTROLLER, CUT, STOP)
# Ways on from there.
AGAIN, REVERT = "the same play again", "state: reverted"


@dataclass
class Row:
    """What was measured for one host, point and action."""

    host: str
    point: str
    action: str
    left: str
    way: str
    ended: str
    back: str
    seconds: float


class Table:
    """The rows, and their print: .build/faults/NAME.txt."""

    def __init__(self, name):
        self.name = name
        self.rows = []

    def add(self, row):
        """Take a row in; the file has it at once, for a long matrix may be ended before its end."""
        self.rows.append(row)
        self.write()

    def text(self):
        lines = [("host", "point", "fault", "left in", "way on", "ended in", "undone", "s")]
        lines += [(r.host, r.point, r.action, r.left, r.way, r.ended, r.back, f"{r.seconds:.1f}") for r in self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(8)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines) + "\n"

    def write(self):
        path = Path(BUILD) / "faults" / f"{self.name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text())


def table_of(name):
    """A fixture: the Table *name* of a test module, printed at its end."""
    @pytest.fixture(scope="module")
    def table():
        rows = Table(name)
        yield rows
        print("\n" + rows.text())
    return table


def wide(cases, few):
    """Parameters for *cases* (tuples), of which only those in *few* are run in `make test`."""
    return [pytest.param(*case, marks=[] if case in few else [pytest.mark.full]) for case in cases]


@dataclass
class Subject:
    """What is brought from old to new: tasks (list) for an Ansible play, their undo, and a function that says what a host is (text).

    rescue: tasks that undo by force, after a case that failed
    states: {host: {"old": text, "new": text}}, as an undisturbed run leaves them
    journal: glob of the state files
    interrupted: stages in which a host may be left
    """

    apply: list
    revert: list
    look: object
    journal: str
    states: dict
    rescue: list
    interrupted: tuple = ("planned", "applying", "reverting")

    def on(self, host):
        """This one, learnt on *host* if it was not yet."""
        if host.name not in self.states:
            self.learn([host])
        return self

    def learn(self, hosts):
        """Run undisturbed, and note what old and new are."""
        names = ":".join(host.name for host in hosts)
        for host in hosts:
            host.disarm()
            self.states[host.name] = {"old": self.look(host)}
        run = play(names, self.apply)
        assert run.rc == 0, run.output
        for host in hosts:
            self.states[host.name]["new"] = self.look(host)
            assert self.states[host.name]["new"] != self.states[host.name]["old"], f"{host.name}: the play changes nothing"
        run = play(names, self.revert)
        assert run.rc == 0, run.output
        for host in hosts:
            assert self.look(host) == self.states[host.name]["old"], f"{host.name}: the undisturbed undo is not exact"

    def left(self, host):
        """"old", "new", or the stage that the state file names. AssertionError for anything else."""
        state, *others = host.states(self.journal) or [None]
        stage = f"{state['stage']}/{state['step']}" if state else "no entry"
        now = self.look(host)
        for word in ("old", "new"):
            if now == self.states[host.name][word]:
                return f"{word} ({stage})"
        # A run of several entries may have closed one, and says that it is not the last; or one was taken back, and the others are still there.
        there = [other for other in others if state.get("run") and other.get("run") == state["run"] and other["stage"] == "applied"]
        if state and state["stage"] == "reverted" and there:
            return f"{stage}, the rest applied"
        assert state and (state["stage"] in self.interrupted or state.get("open")), f"{host.name}: neither old nor new, and no stage says why ({stage}):\n{now}"
        return stage


def strike(host, point, action, tasks):
    """Run *tasks* with the fault at *point*: returns when the host has it behind it and nothing runs any more."""
    host.arm(point, KILL if action == SIGKILL else PAUSE)
    running = Play(host.name, tasks)
    try:
        if action == SIGKILL:
            run = running.wait()
            host.confirmed()
            assert run.rc != 0, f"the play did not notice: {run.output}"
            return
        record = host.confirmed(timeout=90)
        if action == CONTROLLER:
            running.kill()
            release(host, record)
        elif action == CUT:
            host.cut(record["pid"])
            run = running.wait()
            assert run.rc != 0, f"the play did not notice: {run.output}"
            release(host, record)
        elif action == PARENT:
            host.kill(record["ppid"])
            release(host, record)
            run = running.wait()
            assert run.rc != 0, f"the play did not notice: {run.output}"
        elif action == STOP:
            host.stop_and_start()
            running.wait()
    finally:
        if running.process.poll() is None:
            running.kill()


def release(host, record):
    """Let the process go on without its controller, to its end; the one that waits for it may have more to do."""
    host.release(record["pid"])
    if record["ppid"] > 1:
        host.gone(record["ppid"])


def case(subject, host, point, action, way=AGAIN, of_undo=False):
    """One row of the table. of_undo: the fault strikes the undo of what was applied before.

    Afterwards the host is old, new, or in a named stage; the same play again ends in new (the undo again: in old), or the undo
    in old at once; and in the end the undo gives every byte back.
    """
    try:
        return _case(subject, host, point, action, way, of_undo)
    except BaseException:
        # The next case begins from what the host is then, whatever this one left.
        host.disarm()
        play(host.name, subject.rescue)
        subject.states.pop(host.name, None)
        raise


def _case(subject, host, point, action, way, of_undo):
    begun = time.monotonic()
    states = subject.states[host.name]
    tasks = subject.apply
    if of_undo:
        run = play(host.name, subject.apply)
        assert run.rc == 0, run.output
        tasks = subject.revert
    try:
        if hasattr(point, "strike"):
            point.strike(host, action, tasks)
        else:
            strike(host, point, action, tasks)
    finally:
        host.disarm()
    left = subject.left(host)
    if way == AGAIN:
        run = play(host.name, tasks)
        assert run.rc == 0, run.output
        wanted = "old" if of_undo else "new"
        assert subject.look(host) == states[wanted], f"the same play again does not end in {wanted}:\n{run.output}"
        ended = f"the {wanted} state"
    else:
        ended = "-"
    run = play(host.name, subject.revert)
    assert run.rc == 0, run.output
    assert subject.look(host) == states["old"], f"the undo is not exact: {run.output}"
    return Row(host.name, point.name, action + (" in the undo" if of_undo else ""), left, way, ended, "every byte", time.monotonic() - begun)
