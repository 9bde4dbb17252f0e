# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What the modules baseline_info and baseline do with their parameters: dicts in, the module's result out."""

import os
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import control as model
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import environment, options, run, scan
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import host_lock

# What a diff never shows, whoever may read it.
SECRET_FILES = ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-", "/boot/grub2/user.cfg", "/boot/efi/EFI/almalinux/user.cfg")


def check_root():
    """:raises HostError: this process is not root's"""
    if os.geteuid() != 0:
        raise HostError("only root can look at, or change, all that a baseline is about", "Run with become: true")
    # The strict umask of a hardened host's sessions is not for what programs make here for everybody to read, crypto policies for example.
    os.umask(0o022)


def look(params):
    """What baseline_info returns."""
    check_root()
    controls, flags = _begin(params)
    rows = run.audit(controls, Context(), params["el"], flags, bool(params.get("scanner_compat")))
    result = _result(rows, flags, False)
    if params["scan_profile"]:
        context = Context()
        result["scanned"] = scan.look(context, params["el"], context.os_release()[0].get("ID", ""), params["scan_profile"])
    return result


def work(params, check_mode, diff):
    """What baseline returns."""
    # Here, as a look does without it: modules come as a zip, and each import is compiled anew on the host.
    from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.guard import Guard, later, settle
    check_root()
    asked = params["guard_state"] or {}
    if set(asked) & {"commit", "back", "look"}:
        return later(asked, Context())
    if params["state"] == "reverted":
        return revert(params, check_mode, diff)
    if not check_mode:
        settle(Context())
    controls, flags = _begin(params)
    guard = Guard(**asked)
    compat = bool(params.get("scanner_compat"))
    if check_mode:
        outcome = run.preview(controls, Context(), params["el"], flags, compat, guard)
    else:
        outcome = run.apply(controls, Context, params["el"], flags, guard, compat)
    result = _result(outcome.rows, flags, outcome.changed)
    result["files"] = sorted(outcome.files)
    result["states"] = [item for item in outcome.states if item["kind"] != "account"]
    result["run"] = outcome.run
    if outcome.guard is not None:
        result["guard"] = outcome.guard
    if outcome.later:
        result["later"] = outcome.later
    if diff:
        result["diff"] = [_diff(path, before, after) for path, (before, after) in sorted(outcome.files.items())] + [
            {"before_header": "{kind} {name}".format(**item), "after_header": "{kind} {name}".format(**item),
             "before": "{0}\n".format(item["before"]), "after": "{0}\n".format(item["after"])} for item in result["states"]]
    return result


def revert(params, check_mode, diff):
    """What baseline returns for state=reverted."""
    from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard, put
    with host_lock():
        if not check_mode:
            guard.settle(Context(), True)
        done = put.revert(Context, params["force"], check_mode, params["revert_to"] == "first")
        if not check_mode:
            guard.settle(Context())
    result = {"changed": done["changed"], "files": sorted(set(done["files"])), "states": done["states"], "runs": done["runs"],
              "left": done["left"], "controls": []}
    if diff:
        result["diff"] = [_diff(path, _text(now), _text(before)) for path, now, before in done["diff"]]
    return result


def _text(content):
    return None if content is None else content.decode("utf-8", "replace")


def _begin(params):
    if params["controls"] is None or params["el"] is None:
        raise InputError("no controls were given", "Call the module through its action plugin, which compiles them: it is installed with it")
    return run.parse(params["controls"]), environment.detect(Context(), params["environment"])


def _diff(path, before, after):
    # Here, as only few runs ask for a diff.
    from ansible_collections.elkit.almalinux.plugins.module_utils._repo import redact
    if path in SECRET_FILES:
        before = after = "(not shown)\n"
    return {"before_header": path, "after_header": path, "before": redact.redact_file(before), "after": redact.redact_file(after)}


def _result(rows, flags, changed):
    reports = [row.report() for row in rows]
    return {"changed": changed, "controls": reports, "counts": options.counts(reports), "environment": flags,
            "system": dict(zip(("kernel", "name", "architecture"), (os.uname().release, os.uname().nodename, os.uname().machine))),
            "checked_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "changed_ids": sorted(row["id"] for row in reports if row["status"] == model.CHANGED)}
