# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Start the worker, attach to one that runs, and say how far it is. Runs inside the module."""

import fcntl
import os
import shlex
import shutil
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import back, bundle, flow, kernels, look, plan, run, snapshot, target, tidy
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError, CommandError, ElkitError, HostError, InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import nevra as names
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import LOCK_NAME, STATE_DIRECTORY, host_lock

UNIT = "elkit-conversion"
# Of work that somebody has to do after a conversion.
WANTED, DONE = "wanted", "done"
# How long a worker that was just started may take to write its process id.
START = 30
# Seconds between two reports, of stages and of packages within one: each costs the start of a module here, and as much on the controller,
# which has many hosts to hear of. The end is reported at once.
STAGE_SPELL, PACKAGE_SPELL = 2, 15
# What libcurl, which fetches for dnf, minds.
PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")


def check_root():
    """:raises HostError: this is not root"""
    if os.geteuid() != 0:
        raise HostError("a host is converted by root alone", "Run with become: true")


def convert(params, check_mode):
    """Begin a conversion, or go on with one: what the module returns. Does not wait for its end.

    :raises ElkitError: nothing was begun
    """
    state = states.newest()
    if state is not None and not state.data["finished"]:
        if state.data["direction"] == states.BACK:
            raise HostError("a way back to what this host was is under way (stage {0})".format(state.data["stage"] or "none"),
                            "End it with state: reverted, then convert again")
        if check_mode:
            return progress_of(state, changed=True)
        # The remedy for a key that stopped it.
        state.data["request"]["repositories"]["trusted_keys"] = list(params["trusted_keys"])
        return resume(state)
    seen, report = flow.examine(params)
    with seen:
        return begin(seen, report, params, state, check_mode)


def begin(seen, report, params, last, check_mode):
    """Begin a conversion where it is none already, and nothing stands against it: what the module returns.

    :param last: the newest State, or None
    :raises HostError: something stands against it
    """
    if report["verdict"] == flow.DONE:
        gone, lasting = outlived_kernels(last, seen)
        changed, stays, notes = clear_kernels(last, seen, gone, check_mode)
        notes = kernels.words_of_staying(lasting) + notes
        done = {"changed": changed, "running": False, "stage": None, "progress": None, "result": None,
                "removed_kernels": [nevra for nevra in gone if nevra not in stays]}
        if notes:
            # For Ansible to show.
            done["warnings"] = notes
        return dict(report, **dict(done, **unfollowed(last, params)))
    if report["verdict"] == flow.INHIBITED:
        stopping = [row for row in report["checks"] if row["severity"] == "inhibitor" and not row["overridden"]]
        raise HostError(
            "this host is not converted, for {0}".format("; ".join("{0}: {1}".format(row["id"], row["found"]) for row in stopping)),
            ". ".join(row["remedy"].rstrip(".") for row in stopping if row["remedy"]), **report)
    if check_mode:
        return dict(report, changed=True, running=False, stage=None, progress=None, result=None)
    asked = request_of(seen, report, params)
    files.make_directory(STATE_DIRECTORY, 0o700)
    # Not the worker's lock: this one is held for a moment, so that of two runs at once one begins and the other goes along.
    with host_lock(states.root_of()):
        state = states.newest()
        if state is None or state.data["finished"]:
            state = states.create(asked)
            # Of its own, so that what it fetched is there when dnf's is cleaned meanwhile.
            state.data["request"]["settings"]["cache"] = state.path("cache")
            state.data["follow_up"] = params["follow_up"]
            state.save()
            hand_over(seen, state)
            states.prune(state, over=False)
    result = resume(state)
    return dict(report, **result)


def unfollowed(state, params):
    """What is said of the newest conversion where it is over, and whoever wanted to do something after it has not said yet that it is done:
    a controller may have been lost meanwhile. Else {}."""
    if state is None or params["follow_up"] != WANTED or state.data["result"] != states.CONVERTED or state.data.get("follow_up") != WANTED:
        return {}
    return {"result": states.CONVERTED, "stages": state.data["stages"], "number": state.data["number"], "kernels_beside": kernels_beside(state)}


def follow_up(check_mode):
    """Note that what was to be done after the newest conversion is done: what the module returns."""
    state = states.newest()
    if state is not None and state.data["finished"] and state.data.get("follow_up") == WANTED and not check_mode:
        state.data["follow_up"] = DONE
        state.save()
    return {"changed": False, "running": False, "stage": None, "progress": None, "result": None}


def hand_over(seen, state):
    """Let the worker have the metadata that the look fetched; what cannot be moved it fetches itself."""
    for name, path in seen.caches().items():
        try:
            # First beside its place: another file system may hold it, and a part of a cache is worse than none.
            shutil.move(path, state.path(name + ".new"))
            os.rename(state.path(name + ".new"), state.path(name))
        except (OSError, shutil.Error):
            shutil.rmtree(state.path(name + ".new"), ignore_errors=True)


def kernels_beside(state):
    """NEVRAs of the source's kernels that conversion *state* let stay."""
    return state.data["request"].get("kernels_beside") or []


def outlived_kernels(state, seen):
    """NEVRAs of the source's kernels that the last conversion left beside AlmaLinux's: (those that may go now, those that stay all the same)."""
    if state is None or state.data["result"] != states.CONVERTED or seen.environment["type"] == "container" or seen.database is None:
        return [], []
    request = state.data["request"]
    # Who wants no way back, or one without what cannot be had, has nothing to keep them for.
    complete = request["revert_cache"] and "rollback-packages" not in request.get("ignore", ())
    kept = (state.read("source-packages.json") or {"kept": {}})["kept"] if complete else None
    return kernels.outlived(run.source_of(request), seen.kernel, set(package.nevra for package in seen.database.packages), request["kernels_beside"], kept)


def clear_kernels(state, seen, gone, check_mode):
    """Take away the source's kernels *gone* (see outlived_kernels()), and its keys once the last of them is: whether that changes anything, the NEVRAs
    of firmware that stays, and why (warnings, [str]).

    The keys are looked for once, whoever removed the kernels: one that somebody imports afterwards is wanted.
    """
    beside = set(kernels_beside(state)) if state is not None and state.data["result"] == states.CONVERTED else set()
    if not beside or seen.database is None or state.data.get("keys_cleared"):
        return False, [], []
    source = run.source_of(state.data["request"])
    firmware = [nevra for nevra in gone if kernels.is_firmware(source, nevra)]
    left = beside & set(package.nevra for package in seen.database.packages) - set(gone)
    if check_mode:
        return bool(gone) or not left and bool(tidy.clear_keys(source, state, check_mode)), [], []
    notes = []
    with host_lock():
        kernels.remove([nevra for nevra in gone if nevra not in firmware])
        try:
            exchange(state, firmware)
            firmware = []
        except ElkitError as error:
            # The repositories of the conversion may be gone by now. The host is none the worse for it; the next run tries again.
            notes.append("{} stays for now, beside a kernel that left: {}. Run this again, or have AlmaLinux's: dnf distro-sync {}".format(
                ", ".join(firmware), error.message.rstrip("."), " ".join(sorted(set(names.parse(nevra).name for nevra in firmware)))))
        keys = [] if left or firmware else tidy.clear_keys(source, state)
    if not left and not firmware:
        state.data["keys_cleared"] = True
        state.save()
    return bool(set(gone) - set(firmware) or keys), firmware, notes


def exchange(state, nevras):
    """Let AlmaLinux's packages take the place of the packages *nevras*, if any, that conversion *state* let stay.

    :raises ElkitError: they cannot be had, or do not fit; nothing was changed then, or rpm's words on what failed
    """
    if nevras:
        directory = look.folder()
        try:
            look.ask("exchange", {"number": state.data["number"], "packages": nevras}, directory, look.LONGER)
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def revert(params, check_mode):
    """Begin the way back of the newest conversion, or go on with it; see convert().

    :raises ElkitError: there is no way back, or a file was changed since
    """
    state = states.newest()
    if state is None or state.data["result"] == states.REVERTED:
        return dict(after_reboot(state, check_mode), running=False, stage=None, progress=None, finished=True,
                    result=state.data["result"] if state else None, not_restored=(state.read("absent.json") or []) if state else [])
    if state.data["direction"] == states.FORWARD:
        if running():
            raise HostError("the conversion still runs (stage {0})".format(state.data["stage"]), "Wait for its end, then take it back")
        if not state.data["finished"] and states.untouched(state):
            # What others have changed since is none of its business.
            if not check_mode:
                state.finish(states.REVERTED)
            return progress_of(state, changed=False)
        check_way_back(state, params)
        if check_mode:
            return foreseen(state)
        state.turn_back()
    elif check_mode:
        return foreseen(state)
    return resume(state)


def foreseen(state):
    """What the way back of conversion *state* would do: the packages, the files of /etc, and what Ansible shows of both.

    :raises ElkitError: it could not be begun
    """
    directory = look.folder()
    try:
        packages = look.ask("back", {"number": state.data["number"]}, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    before = state.read("etc-before.json")
    paths = snapshot.returning(before, state.read("etc-after.json"), snapshot.take())
    return {"changed": True, "running": False, "finished": state.data["finished"], "result": None, "stage": None, "progress": None,
            "number": state.data["number"], "packages": packages, "files": paths, "diff": back.diff(packages, paths, before)}


def after_reboot(state, check_mode):
    """End a way back that had to leave the kernel that ran: {"changed", "pending_reboot", "removed_kernels"}."""
    pending = (state.read("pending.json") or []) if state is not None and state.data["result"] == states.REVERTED else []
    over = kernels.not_running(pending, os.uname().release)
    if not over:
        return {"changed": False, "pending_reboot": pending, "removed_kernels": []}
    # Somebody may have removed them.
    present = set(item.nevra for item in Context().database().packages)
    gone = [nevra for nevra in over if nevra in present]
    if not check_mode:
        with host_lock():
            kernels.remove(gone)
            state.write("pending.json", [])
    return {"changed": bool(gone), "pending_reboot": [], "removed_kernels": gone}


def check_way_back(state, params):
    """Whether it can be begun.

    :raises ElkitError: the packages of the source were not kept, or somebody changed files that the conversion changed
    """
    if not state.data["request"]["revert_cache"] and states.past_no_return(state):
        raise HostError("the packages of the source were not kept (revert_cache was false)", "Restore the host from a backup")
    before, after = state.read("etc-before.json"), state.read("etc-after.json")
    if before is None:
        return
    changed = snapshot.foreign(before, after, snapshot.take())
    if changed and not params["force"]:
        raise ChangedSinceError("changed by someone else since: {0}".format(", ".join(changed[:10])),
                                "Look at the difference, and use force: true to overwrite it", paths=changed)


def request_of(seen, report, params):
    """What the worker is asked (dict that JSON can hold)."""
    source = seen.source
    data = look.request(seen, params, None)
    rows = report["packages"]
    data.update(
        keys=seen.keys, ignore=sorted(flow.overrides(params["ignore"])), revert_cache=params["revert_cache"],
        before={"dependencies": seen.dnf_check, "configuration": seen.drift},
        registered=seen.registered,
        may_stay=sorted(row["package"] for row in rows if row["verdict"] in ("kept-foreign", "excepted", "kept-beside")),
        kernels_beside=sorted(row["package"] for row in rows if row["verdict"] == "kept-beside"),
        enabled_after=[row["after"] for row in report["repositories"] if row["after"]],
        agreed=plan.moves(seen.plan["items"]),
        repositories=target.repository_params(seen.enabled_after, seen.disabled_after, params))
    data.update(
        boot={"container": seen.environment["type"] == "container", "itself": kernels.boots_itself(seen.kernel), "arch": source.arch,
              "flavour": seen.plan["kernel"], "beside": data["kernels_beside"], "rebuild": kernels.in_place(rows),
              # Overridden, or there would be no conversion.
              "efi": not seen.esp or not seen.esp["error"]})
    return data


# --- the worker ------------------------------------------------------------------------------------------------------

def running():
    """Whether a worker works on this host: somebody holds the lock."""
    path = os.path.join(STATE_DIRECTORY, LOCK_NAME)
    try:
        with open(path, "a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
    except OSError:
        return False
    return False


def resume(state):
    """Start the worker unless it runs: what the module returns."""
    if not running():
        state.data["error"] = None
        state.save()
        start(state)
    return progress_of(state, changed=True)


def start(state):
    """Start the worker so that it outlives this process and the connection.

    :raises HostError: it does not start
    """
    path = state.path("worker.zip")
    files.write_atomic(path, bundle.build(), files.Attributes(0, 0, 0o700))
    python = next((item for item in client.PYTHONS if commands.find(item)), None)
    if python is None:
        raise HostError("there is none of {0} on this host".format(", ".join(client.PYTHONS)), "Install the host's own Python")
    command = [python, "-s", "-E", path, "run"]
    log = state.path("worker.log")
    # systemd-run starts it without the environment of this process, and shows everybody what --setenv gives a unit: what is secret goes by a file.
    proxies = state.path("proxies")
    files.write_atomic(proxies, proxy_settings(os.environ), files.Attributes(0, 0, 0o600))
    shell = ". {0}; rm -f {0}; exec {1} >>{2} 2>&1 </dev/null".format(proxies, " ".join(command), log)
    environment = ["LC_ALL=C.UTF-8", "LANG=C.UTF-8", "PATH=" + ":".join(commands.SEARCH_PATH)]
    if os.path.isdir("/run/systemd/system") and commands.find("systemd-run"):
        arguments = ["systemd-run", "--quiet", "--collect", "--unit={0}-{1}-{2}".format(UNIT, state.data["number"], int(time.time())),
                     "--description=Conversion to AlmaLinux (elkit.almalinux)"]
        for item in environment:
            arguments.append("--setenv={0}".format(item))
        try:
            commands.run(arguments + ["/bin/sh", "-c", shell])
        except CommandError as error:
            # Another run of the same second was first: that worker does the work, and this run goes along with it.
            if "already loaded" not in (error.details.get("stderr") or "") and "already exists" not in (error.details.get("stderr") or ""):
                raise
    else:
        commands.run(["setsid", "--fork", "env"] + environment + ["/bin/sh", "-c", shell])
    deadline = time.time() + START
    while time.time() < deadline:
        now = states.numbered(state.data["number"])
        if running() or now.data["finished"] or now.data["error"]:
            return
        time.sleep(0.1)
    raise CommandError("the worker did not start", "Look at {0} on the host".format(log), command=command)


def proxy_settings(environment):
    """A shell script (str) that exports what *environment* ({name: value}) says of proxies; "" where it says nothing."""
    return "".join("export {0}={1}\n".format(name, shlex.quote(environment[name])) for name in PROXIES if name in environment)


def progress_of(state, changed):
    """How far it is."""
    data = state.data
    return {"changed": changed, "running": not data["finished"], "finished": data["finished"], "result": data["result"], "stage": data["stage"],
            "step": data["step"], "progress": state.progressed(), "stages": data["stages"], "error": data["error"], "number": data["number"]}


def attach(number, known, patience):
    """Wait until conversion *number* is over or in another stage than *known*, or has gone on in it for a while, or *patience* (s) is up.

    :param known: [stage, progress] as the caller knows them
    """
    began = time.time()
    while True:
        state = states.numbered(number)
        if state is None:
            raise InputError("there is no conversion {0} on this host any more".format(number), "Run the play again")
        now = progress_of(state, changed=True)
        alive = running()
        if not alive:
            # It may have ended between the two looks.
            state = states.numbered(number)
            now = progress_of(state, changed=True)
        now["alive"] = alive
        waited = time.time() - began
        moved = now["stage"] != known[0] and waited >= STAGE_SPELL or now["progress"] != known[1] and waited >= PACKAGE_SPELL
        if now["finished"] or not alive or moved or waited >= patience:
            return dict(now, **at_the_end(state))
        time.sleep(0.2)


def at_the_end(state):
    """What is said of what conversion *state* has come to."""
    verified = state.data["result"] == states.CONVERTED or (state.data["error"] or {}).get("stage") == "verify"
    said = {"verdict_after": state.read("verdict.json") if verified else None, "kernels_beside": kernels_beside(state)}
    if state.data["result"] == states.CONVERTED:
        # For Ansible to show.
        said["warnings"] = state.read(states.NOTES) or []
    if state.data["result"] == states.REVERTED:
        said["pending_reboot"] = state.read("pending.json") or []
        said["not_restored"] = state.read("absent.json") or []
        # For Ansible to show.
        said["warnings"] = notes_of_the_way_back(state.data["request"], said["pending_reboot"])
    return said


def notes_of_the_way_back(request, pending):
    """What a way back does not do: [str]."""
    notes = []
    if request["product"] == distributions.RHEL or request.get("registered") and request.get("registration") == "unregister":
        notes.append("A registration with Red Hat, a Satellite or a Foreman is not restored: if there was one, register the host anew "
                     "(subscription-manager clean, then register).")
    if pending:
        notes.append("Pending reboot: the kernel that runs stays, with {0}. Boot the other one, then run this again.".format(", ".join(pending)))
    return notes
