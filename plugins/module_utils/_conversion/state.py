# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What a conversion writes down about itself, so that another run, another controller or a person can go on.

    /var/lib/elkit/conversion/<number>/state.json     stage and step; on the disk before what it announces begins
    /var/lib/elkit/conversion/<number>/progress.json  {"done", "total", "what"} within a stage, if it has any; written before each package
    /var/lib/elkit/conversion/<number>/…              the worker, the plan, packages, what was there before

All of it is root's alone. Keys of state.json: schema, number, created, direction ("forward", "back"), stage, step, finished,
result ("converted", "reverted", "failed" or None), error ({"message", "remedy", "stage"} or None), stages
[{"name", "seconds", "detail"}], request (what the worker was asked), process (id), follow_up ("wanted" or "done" where somebody has
work to do after the conversion, see manage.follow_up()), former (on a way back: what RESTORED were before it).
"""

import json
import os
import re
import shutil
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import STATE_DIRECTORY

SCHEMA = 1
FORWARD, BACK = "forward", "back"
CONVERTED, REVERTED, FAILED = "converted", "reverted", "failed"
FORWARD_STAGES = ("snapshot", "resolve", "download", "test", "registration", "transaction", "repositories", "boot", "leftovers", "verify")
BACK_STAGES = ("back-test", "back-transaction", "back-files", "back-boot", "back-verify")
# From here on the host is neither what it was nor AlmaLinux until the run is through.
NO_RETURN = "transaction"
# The first stage that changes anything at all.
FIRST_CHANGE = "registration"
# What a way back that had not touched anything yet gives back.
RESTORED = ("direction", "finished", "result", "stage", "step")
# What a conversion keeps that is large: what only itself needs, and what only a way back needs.
OF_THE_WAY, OF_THE_WAY_BACK = ("cache", "trust"), ("source-cache", "before")
PROGRESS = "progress.json"
# What does not stop a conversion, and somebody should know: [str].
NOTES = "notes.json"
# Bytes: longer than any of its texts, so that each takes the whole place of the one before.
PROGRESS_LENGTH = 1024


class State(object):
    """One conversion's state: data (dict) and where it lies."""

    def __init__(self, data, directory):
        self.data = data
        self.directory = directory
        self.descriptor = None

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def save(self):
        files.write_atomic(self.path("state.json"), json.dumps(self.data, indent=1, sort_keys=True) + "\n", files.Attributes(0, 0, 0o600))

    def begin(self, stage):
        """The stage is about to begin; its steps follow."""
        self.forget_progress()
        self.data.update(stage=stage, step="begun")
        self.save()

    def step(self, step):
        self.data["step"] = step
        self.save()

    def progress(self, done, total, what):
        """Say how far the stage is. It does not wait for the disk, as rpm does not between packages: only with the power it can be lost."""
        text = json.dumps({"done": done, "total": total, "what": what}).ljust(PROGRESS_LENGTH)
        try:
            if self.descriptor is None:
                self.descriptor = os.open(self.path(PROGRESS), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            # In place: a kill does not come between the bytes of one short write.
            os.pwrite(self.descriptor, text.encode("utf-8"), 0)
        except OSError as error:
            raise files.describe(error, self.path(PROGRESS))

    def forget_progress(self):
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
        files.discard(self.path(PROGRESS))

    def progressed(self):
        """What progress() said last in this stage, or None. What a power failure left of it may say nothing."""
        try:
            return json.loads(files.read_text(self.path(PROGRESS)) or "null")
        except ValueError:
            return None

    def end(self, stage, seconds, detail=None):
        """The stage is done."""
        self.data["step"] = "done"
        self.data["stages"] = [item for item in self.data["stages"] if item["name"] != stage]
        self.data["stages"].append({"name": stage, "seconds": round(seconds, 1), "detail": detail})
        self.save()

    def is_done(self, stage):
        return any(item["name"] == stage for item in self.data["stages"])

    def finish(self, result, error=None):
        self.forget_progress()
        self.data.update(finished=True, result=result, error=error)
        self.save()

    def turn_back(self):
        """The way back is about to begin."""
        self.data["former"] = dict((key, self.data[key]) for key in RESTORED)
        self.data.update(direction=BACK, finished=False, result=None, error=None, stage="", step="")
        self.save()

    def turn_forward(self, error):
        """The way back cannot be begun, for *error*, and nothing was touched: all is as if it had not been tried.

        :returns: whether that is so; False where more than its test was begun
        """
        if self.data["direction"] != BACK or self.data["stage"] not in ("", BACK_STAGES[0]) or not self.data.get("former"):
            return False
        self.forget_progress()
        self.data.update(self.data.pop("former"), error=error, process=None)
        self.save()
        return True

    def given_up(self):
        """Whether it ended before it had touched anything."""
        return self.data["result"] == FAILED and self.data["direction"] == FORWARD

    def write(self, name, data):
        """Keep *data* (that JSON can hold) beside the state."""
        files.write_atomic(self.path(name), json.dumps(data, sort_keys=True) + "\n", files.Attributes(0, 0, 0o600))

    def discard(self, names):
        """Let the directories *names* go that were kept beside the state."""
        for name in names:
            shutil.rmtree(self.path(name), ignore_errors=True)

    def read(self, name):
        """What write() kept, or None.

        :raises HostError: it is damaged
        """
        text = files.read_text(self.path(name))
        return None if text is None else _decoded(self.path(name), text)


def _decoded(path, text, key=None):
    """What JSON *text* of the file *path* says; with *key*, it must be an object that has it."""
    try:
        data = json.loads(text)
        if key is None or data[key] is not None:
            return data
        raise KeyError(key)
    except (ValueError, KeyError, TypeError):
        raise HostError("{0} is damaged".format(path), "Look at what `rpm -qa` says, and move its directory away", path=path)


def root_of(root=STATE_DIRECTORY):
    return os.path.join(root, "conversion")


def numbers(root=STATE_DIRECTORY):
    """Numbers of the conversions (str), oldest first."""
    try:
        names = os.listdir(root_of(root))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise files.describe(error, root_of(root))
    return sorted(name for name in names if re.match(r"\d{8}\Z", name))


def numbered(number, root=STATE_DIRECTORY):
    """The State of conversion *number* (str), or None where it has no file.

    :raises HostError: it is damaged, or of a newer version
    """
    directory = os.path.join(root_of(root), number)
    path = os.path.join(directory, "state.json")
    text = files.read_text(path)
    if text is None:
        return None
    data = _decoded(path, text, "schema")
    if data["schema"] > SCHEMA:
        raise HostError("{0} was written by a newer version of elkit.almalinux".format(path), "Use that version", path=path)
    return State(data, directory)


def newest(root=STATE_DIRECTORY):
    """The newest State that counts, or None: those that were given up have left everything to the one before.

    :raises HostError: one is damaged, or of a newer version
    """
    for number in reversed(numbers(root)):
        state = numbered(number, root)
        if state is not None and not state.given_up():
            return state
    return None


def prune(state, over, root=STATE_DIRECTORY):
    """What older conversions than *state* keep that is large goes: what no way back needs, and all of it once *state* is *over* (bool), for only
    the newest can be taken back."""
    for number in numbers(root):
        if number == state.data["number"]:
            continue
        try:
            other = numbered(number, root)
        except HostError:
            # Whoever looks into it may need what is there.
            continue
        if other is not None and (over or other.given_up() or other.data["result"] == REVERTED):
            other.discard(OF_THE_WAY + OF_THE_WAY_BACK)


def create(request, root=STATE_DIRECTORY):
    """A new State, on the disk, in no stage yet."""
    known = numbers(root)
    number = "{0:08d}".format(int(known[-1]) + 1 if known else 1)
    directory = os.path.join(root_of(root), number)
    for path in (root, root_of(root), directory):
        files.make_directory(path, 0o700)
    state = State({
        "schema": SCHEMA, "number": number, "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "direction": FORWARD,
        "stage": "", "step": "", "finished": False, "result": None, "error": None, "stages": [], "request": request, "process": None}, directory)
    state.save()
    return state


def untouched(state):
    """Whether nothing of the host is another than before: a conversion that was ended before the first stage that changes anything."""
    order = FORWARD_STAGES.index
    return state.data["direction"] == FORWARD and (not state.data["stage"] or order(state.data["stage"]) < order(FIRST_CHANGE))


def past_no_return(state):
    """Whether the packages of the host may be others than before."""
    order = FORWARD_STAGES.index
    return state.data["direction"] == BACK or state.data["stage"] in FORWARD_STAGES and order(state.data["stage"]) >= order(NO_RETURN)
