# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The way back that waits on the host while nobody knows yet whether one can still log in.

    /var/lib/elkit/baseline/guard.json   stage, token, journal entry, controls; on the disk before what it announces begins
    /var/lib/elkit/baseline/guard.zip    the worker, run by the host's own Python without Ansible
    /etc/systemd/system/elkit-baseline-guard.service   runs it at the next boot; there until the commit
    elkit-guard-<token>.timer            a transient unit, made anew where a boot's try fails; without systemd a process of its own waits

Stages: arming (nothing waits yet, and nothing of the part is changed), armed (it waits), applied (all of the part is changed), returning (the
way back has begun), committed, returned. Who finds one of the first four when the time is up, or at boot, or when a new run begins, puts the
journal entry back.
"""

import binascii
import json
import os
import re
import signal
import sys
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import put, services
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, ElkitError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files, worker
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import STATE_DIRECTORY, host_lock

SCHEMA = 1
DIRECTORY = STATE_DIRECTORY + "/baseline"
STATE = DIRECTORY + "/guard.json"
WORKER = DIRECTORY + "/guard.zip"
LOG = DIRECTORY + "/guard.log"
ARMING, ARMED, APPLIED, RETURNING, COMMITTED, RETURNED = "arming", "armed", "applied", "returning", "committed", "returned"
WAITING = (ARMING, ARMED, APPLIED, RETURNING)
TIMER = "elkit-guard-{0}"
# Seconds from a boot's try to the next one.
AGAIN = 10
SSHD = "sshd.service"
BOOT_UNIT = "/etc/systemd/system/elkit-baseline-guard.service"
BOOT_LINK = "/etc/systemd/system/multi-user.target.wants/elkit-baseline-guard.service"
BOOT_TEXT = """# Written by elkit.almalinux while a change waits for a fresh login; it goes with the commit.
[Unit]
Description=Return to the settings before the last hardening run (elkit.almalinux)
# What a service depends on by default would have it after sockets.target, and so after sshd.socket, which comes after it.
DefaultDependencies=no
ConditionPathExists={worker}
RequiresMountsFor=/var/lib/elkit
Conflicts=shutdown.target
After=sysinit.target local-fs.target
Before=sshd.service sshd.socket firewalld.service shutdown.target

[Service]
Type=oneshot
ExecStart={python} -s -E {worker} boot
StandardOutput=journal

[Install]
WantedBy=multi-user.target
"""
# Programs whose words of the last minutes say why somebody was not let in.
SPEAKERS = ("sshd", "sshd-session", "sudo", "firewalld")
# Seconds of the log before the change, for what is usual.
BEFORE = 900
QUIET = ("Accepted ", "session opened", "session closed", "COMMAND=", "Received disconnect", "Disconnected from user", "Server listening",
         "Received SIGHUP", "Received signal", "Starting session", "User child is on pid", "Connection closed by")


class NotAllBack(HostError):
    """Something of the part could not be put back; all the rest is, and the way back still waits. Details: errors (list of str)."""


def load(context):
    """The state (dict) of the newest guard, or None.

    :raises HostError: the file is damaged, or of a newer version
    """
    text = files.read_text(context.at(STATE))
    if text is None:
        return None
    try:
        state = json.loads(text)
        schema = state["schema"]
    except (ValueError, KeyError, TypeError):
        raise HostError("{0} is damaged".format(STATE), "Look whether all controls of a hardening run are wanted, then move the file away", path=STATE)
    if schema > SCHEMA:
        raise HostError("{0} was written by a newer version of elkit.almalinux".format(STATE), "Use that version", path=STATE)
    return state


def save(context, state, **news):
    state.update(news)
    files.write_atomic(context.at(STATE), json.dumps(state, indent=1, sort_keys=True) + "\n", _mine(0o600))


def _mine(mode):
    return files.Attributes(os.geteuid(), os.getegid(), mode)


def waiting(context):
    """The state of a guard that waits for its commit, or None."""
    state = load(context)
    return state if state is not None and state["stage"] in WAITING else None


# --- armed -----------------------------------------------------------------------------------------------------------

def arm(context, main, entry, run, ids, timeout):
    """Arm the way back of journal entry number *entry*. Call it under the host's lock, before anything of the part is changed.

    :param main: the module whose main() is the worker
    :param timeout: seconds until the host returns
    :returns: the state (dict)
    :raises HostError: it cannot be armed; nothing waits then
    """
    python = next((item for item in client.PYTHONS if commands.find(item)), None)
    if python is None:
        raise HostError("there is none of {0} on this host".format(", ".join(client.PYTHONS)), "Install the host's own Python")
    for directory in (STATE_DIRECTORY, DIRECTORY):
        files.make_directory(context.at(directory), 0o700)
    token = binascii.hexlify(os.urandom(8)).decode("ascii")
    state = {"schema": SCHEMA, "token": token, "stage": ARMING, "entry": entry, "run": run, "ids": list(ids), "timeout": timeout,
             "armed_at": time.time(), "units": active_units(context), "why": None, "said": [], "errors": []}
    files.write_atomic(context.at(WORKER), worker.build(main), _mine(0o600))
    save(context, state)
    try:
        if runs_systemd(context):
            _boot_unit(context, python)
            _timer(context, python, token, timeout)
        else:
            context.run(["setsid", "--fork", "env"] + list(worker.ENVIRONMENT) + [
                "/bin/sh", "-c", "exec {0} -s -E {1} wait {2} {3} >>{4} 2>&1 </dev/null".format(python, WORKER, token, int(timeout), LOG)])
    except ElkitError as error:
        save(context, state, stage=RETURNED, why="it could not be armed: {0}".format(error))
        disarm(context, state)
        raise
    save(context, state, stage=ARMED)
    return state


def arm_again(context):
    """In the worker: let what could not go back while the host boots be tried again soon. The unit of the boot is of a type that systemd knows
    no second try for (Restart=) on release 8.

    :raises ElkitError: it cannot be armed
    """
    state = waiting(context)
    if state is not None and runs_systemd(context):
        _timer(context, sys.executable, state["token"], AGAIN)


def active_units(context):
    """Those of the readers' units that are active: a way back has them active again."""
    units = sorted(set(reader.unit for reader in services.READERS if reader.unit))
    if not runs_systemd(context):
        return []
    try:
        words = context.run(["systemctl", "is-active"] + units, check=False).stdout.split()
    except CommandError:
        return []
    return [unit for unit, word in zip(units, words) if word == "active"]


def runs_systemd(context):
    return context.exists("/run/systemd/system")


def _boot_unit(context, python):
    link = context.at(BOOT_LINK)
    files.make_directory(os.path.dirname(link))
    files.write_atomic(context.at(BOOT_UNIT), BOOT_TEXT.format(python=python, worker=WORKER), _mine(0o644))
    try:
        if not os.path.islink(link):
            os.symlink(BOOT_UNIT, link)
        files.sync_directory(os.path.dirname(link))
    except OSError as error:
        raise files.describe(error, BOOT_LINK)


def _timer(context, python, token, timeout):
    arguments = ["systemd-run", "--quiet", "--unit=" + TIMER.format(token), "--on-active={0}".format(int(timeout)),
                 "--timer-property=AccuracySec=1s", "--property=Restart=on-failure", "--property=RestartSec=10",
                 "--description=Return to the settings before a hardening run (elkit.almalinux)"]
    # While the host boots nothing may wait for a unit.
    arguments += (["--no-block"] if context.booting else []) + ["--setenv=" + item for item in worker.ENVIRONMENT]
    # Somebody else may have returned, or committed, between two tries.
    context.run(arguments + ["/bin/sh", "-c", "[ -e {1} ] || exit 0; exec {0} -s -E {1} return {2} >>{3} 2>&1".format(python, WORKER, token, LOG)])


def disarm(context, state):
    """Nothing waits any more. Safe to call again, and from the worker itself."""
    if runs_systemd(context):
        # The timer alone: this may be its own service.
        context.run(["systemctl", "stop", TIMER.format(state["token"]) + ".timer"], check=False)
        # A boot's try that failed is over, too.
        context.run(["systemctl", "reset-failed", os.path.basename(BOOT_UNIT)], check=False)
    for path in (BOOT_LINK, BOOT_UNIT, WORKER):
        files.remove(context.at(path))


# --- through ---------------------------------------------------------------------------------------------------------

def commit(context, token):
    """The login succeeded: what waits stays for good. The state (dict).

    :raises HostError: there is nothing to commit: the host has returned meanwhile
    """
    with host_lock(context.at(STATE_DIRECTORY)):
        state = load(context)
        if state is None or state["token"] != token or state["stage"] != APPLIED:
            why = (state or {}).get("why") or "another run began"
            raise HostError("the controls that could lock out are not in force: the host has returned to before ({0})".format(why), "Run the play again")
        entry = journal.reopen(put.CONCERN, state["entry"], context.at(STATE_DIRECTORY))
        if entry is not None:
            entry.commit()
        save(context, state, stage=COMMITTED)
        disarm(context, state)
        return state


def go_back(context, token, why, patience=30.0):
    """Put the part back, if it still waits: the state (dict), or None where there never was one. While the host boots (context.booting) what
    reads the files has not started yet, and is not told.

    :param token: whose part, or None for any that waits
    :param why: str, for people
    :param patience: seconds to wait for a run that holds the host's lock
    :raises NotAllBack: what could not be put back waits for the next try; who armed the way back tries again
    :raises ElkitError: nothing could be done; the same again goes on from there
    """
    with host_lock(context.at(STATE_DIRECTORY), patience):
        state = load(context)
        if state is None or state["stage"] not in WAITING or (token is not None and state["token"] != token):
            return state
        if state["stage"] != RETURNING:
            # On the disk first: what is half back is not to be committed. Of several tries the first has the reason.
            save(context, state, stage=RETURNING, why=why, said=last_words(context, state["armed_at"]))
        # What cannot be put back must not keep the others, sshd's settings among them, from it.
        failures = journal.Failures()
        planned = journal.revert_entry(put.CONCERN, state["entry"], context.at(STATE_DIRECTORY))
        paths = []
        if planned is not None:
            paths = paths_of(context, planned.state)
            planned.apply(lambda kind, data: put.undo(context, kind, data), failures)
        left = [str(error) for _kind, _data, error in failures.found]
        save(context, state, errors=left + read_anew(context, paths, state["units"]))
        if left:
            raise NotAllBack("of what could lock somebody out, not all could be put back: {0}".format("; ".join(left)),
                             "The host goes on trying. Mend what stands in the way, or leave it as it is with state: reverted and force: true",
                             errors=state["errors"])
        save(context, state, stage=RETURNED)
        disarm(context, state)
        return state


def paths_of(context, entry):
    """The host's paths of the files of a journal entry's state."""
    return [item["path"][len(context.root):] for item in entry["files"]]


def read_anew(context, paths, units):
    """Have the old files read again, and whatever was active before active again: [error]."""
    errors = []
    if not runs_systemd(context):
        hang_up(context)
    if context.booting:
        return errors
    for reader in [item for item in services.READERS if item in services.of(paths) or item.name == "sshd" and SSHD in units]:
        # sshd in any case: a crypto policy or a stack that goes back is no file that it is known to read, and what it holds against an
        # address that failed to log in (PerSourcePenalties) goes with the process.
        try:
            put.act(context, reader)
        except ElkitError as error:
            # A unit that is down is started below.
            if reader.unit not in units:
                errors.append(str(error))
    if units:
        # sshd ends after a moment, not at once, where it does not take what it reads at a reload.
        if SSHD in units:
            time.sleep(0.7)
        now = active_units(context)
        for unit in units:
            if unit in now:
                continue
            try:
                context.run(["systemctl", "reset-failed", unit], check=False)
                context.run(["systemctl", "restart", unit])
            except ElkitError as error:
                errors.append(str(error))
    return errors


def hang_up(context):
    """Without systemd: tell sshd to read its files anew, by its process id. One that does not take them would end, and is left as it is."""
    reader, = [item for item in services.READERS if item.name == "sshd"]
    try:
        context.run(list(reader.check))
    except ElkitError:
        return
    for path in ("/run/sshd.pid", "/var/run/sshd.pid"):
        try:
            number = int((context.read(path) or "").strip() or 0)
            if number > 1:
                os.kill(number, signal.SIGHUP)
                return
        except (ElkitError, ValueError, OSError):
            continue


def last_words(context, since):
    """The last lines (at most 4) of the host's own log that say why somebody was not let in: what it says at every login is left out."""
    arguments = ["journalctl", "--quiet", "--no-pager", "--output=short-unix", "--lines=400", "--since=@{0}".format(int(since) - BEFORE)]
    for name in SPEAKERS:
        arguments += ["--identifier=" + name]
    try:
        text = context.run(arguments, check=False, timeout=10).stdout
    except ElkitError:
        return []
    usual, found = set(), []
    for line in text.splitlines():
        match = re.match(r"(\d+\.\d+) \S+ [^:]*: +(.*\S)", line)
        if not match:
            continue
        words = match.group(2)[:200]
        if float(match.group(1)) < since:
            usual.add(words)
        elif words not in usual and words not in found and not any(word in words for word in QUIET):
            found.append(words)
    return found[-4:]
