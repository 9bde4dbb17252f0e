# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside processes of a test host: stops one at a named point.

A .pth file in the site directory of each Python of the host imports this at start-up, so that it reaches modules of
Ansible, the helper that runs under the host's own Python, and workers that systemd starts. No product code knows it.

/run/elkit-fault/ is where the harness and this file meet (gone with a restart of the host, and the fault with it):

    armed.json      the point and the action, see tests/faults/points.py; read again at every candidate
    confirmed.json  written here when the point is reached: the process, what the state file says, the time
    release         made by the harness: a paused process goes on
    blind           made by the harness: the lockout guard refuses nothing beforehand; blinded: written here where it did not

Python 3.6 and newer, standard library.
"""
import fnmatch
import glob
import json
import os
import signal
import sys
import time

PLACE = "/run/elkit-fault"
ARMED = PLACE + "/armed.json"
CONFIRMED = PLACE + "/confirmed.json"
RELEASE = PLACE + "/release"
BLIND = PLACE + "/blind"
BLINDED = PLACE + "/blinded"
LONGEST_PAUSE = 180.0

_rename, _replace = os.rename, os.replace
_seen = {}
_busy = []


def armed():
    """The armed point (dict), or None."""
    try:
        with open(ARMED) as handle:
            return json.load(handle)
    except (OSError, ValueError):
        return None


def state_at(point, path=None):
    """What the state file (*path*, or the newest that the point's pattern finds) says, if it is what the point asks for; else None."""
    if path is None:
        found = sorted(glob.glob(point["file"]))
        if not found:
            return None
        path = found[-1]
    try:
        with open(path) as handle:
            state = json.load(handle)
    except (OSError, ValueError):
        return None
    if all(state.get(key) == value for key, value in point["match"].items()):
        return dict((key, value) for key, value in state.items() if isinstance(value, (str, int)))
    return None


def reached(point, path, state, where):
    """Count this visit; at the one that is meant, confirm and act."""
    identity = json.dumps(point, sort_keys=True)
    _seen[identity] = _seen.get(identity, 0) + 1
    if _seen[identity] != point["occurrence"]:
        return
    # Whoever disarms it acts: of two processes at the point, one.
    try:
        _rename(ARMED, PLACE + "/acted.json")
    except OSError:
        return
    record = {"pid": os.getpid(), "ppid": os.getppid(), "python": sys.version.split()[0], "argv": getattr(sys, "argv", [""])[:1],
              "path": path, "state": state, "where": where, "time": time.time()}
    with open(CONFIRMED + ".new", "w") as handle:
        json.dump(record, handle)
        handle.flush()
        os.fsync(handle.fileno())
    _rename(CONFIRMED + ".new", CONFIRMED)
    if point["action"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    deadline = time.time() + LONGEST_PAUSE
    while not os.path.exists(RELEASE) and time.time() < deadline:
        time.sleep(0.05)


def after_rename(target):
    """Called after every rename: was it the state file, and does it now say what the armed point asks for?"""
    if _busy:
        return
    _busy.append(1)
    try:
        point = armed()
        if point is None or point.get("call") is not None:
            return
        target = os.path.abspath(os.fsdecode(target))
        if not fnmatch.fnmatch(target, point["file"]):
            return
        state = state_at(point, target)
        if state is not None:
            reached(point, target, state, "rename")
    finally:
        _busy.pop()


def rename(source, target, **more):
    _rename(source, target, **more)
    after_rename(target)


def replace(source, target, **more):
    _replace(source, target, **more)
    after_rename(target)


def watch_calls(point):
    """Stop inside a function: for what happens in a library (rpm calls dnf back) and not in a file of ours."""
    call = point["call"]

    def profile(frame, event, _argument):
        code = frame.f_code
        if event != "call" or code.co_name not in call["functions"] or not code.co_filename.endswith(call["source"]):
            return
        owner = frame.f_locals.get("self")
        if any(getattr(owner, key, None) != value for key, value in call["attributes"].items()):
            return
        state = state_at(point)
        if state is not None:
            reached(point, code.co_filename, state, code.co_name)
    sys.setprofile(profile)


def blind():
    """The guard's look beforehand finds nobody guilty, so that what it would refuse goes in."""
    def guilty(*_arguments):
        open(BLINDED, "a").close()
        return {}

    def profile(frame, event, _argument):
        # Its module is loaded: from here on the function is another.
        if event == "return" and frame.f_code.co_name == "<module>" and frame.f_code.co_filename.endswith("_baseline/guard_checks.py"):
            frame.f_globals["guilty"] = guilty
            sys.setprofile(None)
    sys.setprofile(profile)


def install():
    """Hook in, on a host that has faults at all."""
    if not os.path.isdir(PLACE):
        return
    os.rename, os.replace = rename, replace
    point = armed()
    if point is not None and point.get("call") is not None:
        watch_calls(point)
    elif os.path.exists(BLIND):
        blind()


install()
