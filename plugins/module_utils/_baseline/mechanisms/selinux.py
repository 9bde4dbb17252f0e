# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""SELinux: its mode and policy at boot, the mode now, booleans, and daemons without a domain of their own.

args, one of
    mode           "enforcing" or "permissive"; and optional: allowed, a list of modes that are as good
    policy         "targeted"
    boolean, value "selinuxuser_execheap", true or false
    unconfined     true: no daemon runs as unconfined_service_t
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable, not_applicable
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.security import SELINUX_MODE

CONFIG = "/etc/selinux/config"
FORM = keytext.Form(separator="=", comments="#")
RELABEL = "/.autorelabel"


def check(control, view):
    if "boolean" in control.args:
        return _check_boolean(control, view)
    if control.arg("unconfined"):
        return _check_unconfined(view)
    text = view.read(CONFIG)
    if text is None and "container" in view.flags:
        return not_applicable("a container has no SELinux of its own")
    key = "SELINUX" if "mode" in control.args else "SELINUXTYPE"
    wanted = control.arg("mode") or control.need("policy")
    good = [wanted] + list(control.arg("allowed") or ())
    line, value = _set(text or "", key)
    ok = value in good
    if key == "SELINUXTYPE" or "container" in view.flags:
        return Finding(ok, value, wanted, CONFIG, line)
    now = view.state("selinux", "mode")
    before = {"file": value, "running": now or "disabled"}
    if now is None:
        return Finding(ok, before, wanted, CONFIG, line, note="SELinux comes into force at the next boot" if ok else None, reboot=ok)
    return Finding(ok and now in good, before, wanted, CONFIG, line)


def _set(text, key):
    """(line number, value) that counts of *key* in the configuration; (None, None) where none does."""
    if key == "SELINUXTYPE":
        rows = keytext.values(text, FORM, key)
        return rows[-1] if rows else (None, None)
    found = ((number, SELINUX_MODE.match(line)) for number, line in enumerate(keytext.split_lines(text), 1))
    return next(((number, match.group(1).lower()) for number, match in found if match), (None, None))


def fix(control, view):
    if "boolean" in control.args:
        view.put("selinux", control.arg("boolean"), "on" if control.need("value") else "off")
        return
    if control.arg("unconfined"):
        raise NotFixable("which domain a daemon belongs in is for its policy to say",
                         "Give it a policy module, or label its program (semanage fcontext)")
    key = "SELINUX" if "mode" in control.args else "SELINUXTYPE"
    wanted = control.arg("mode") or control.need("policy")
    good = [wanted] + list(control.arg("allowed") or ())
    text = view.read(CONFIG)
    outside = "container" not in view.flags
    if _set(text or "", key)[1] not in good:
        policy = _policy(control, view, text or "")
        # A host that enforces a policy which is not there does not boot.
        if outside and not view.is_directory("/etc/selinux/{0}/policy".format(policy)):
            raise NotFixable("the policy {0} is not installed".format(policy), "Install selinux-policy-{0}".format(policy))
        # Lines with blanks that libselinux does not read go with the others.
        text = re.sub(r"(?m)^[ \t]*SELINUX[ \t]*=[ \t]*", "SELINUX=", text or "")
        view.write(CONFIG, keytext.with_value(text, FORM, key, wanted))
        if outside and (view.state("selinux", "mode") is None or key == "SELINUXTYPE") and not view.exists(RELABEL):
            # Files that came while SELinux was off, or under another policy, have no labels or wrong ones.
            view.write(RELABEL, "-F\n")
    if outside and key == "SELINUX" and view.state("selinux", "mode") not in [None] + good:
        view.put("selinux", "mode", wanted)


def _policy(control, view, text):
    if control.arg("policy"):
        return control.arg("policy")
    return _set(text, "SELINUXTYPE")[1] or "targeted"


def _check_boolean(control, view):
    wanted = "on" if control.need("value") else "off"
    now = view.state("selinux", control.arg("boolean"))
    if now is None:
        return not_applicable("SELinux is off, or its policy has no {0}".format(control.arg("boolean")))
    return Finding(now == wanted, now, wanted)


def _check_unconfined(view):
    if view.state("selinux", "mode") is None:
        return not_applicable("SELinux is off")
    found = []
    for name in view.context.names("/proc"):
        if not re.match(r"[0-9]+\Z", name):
            continue
        try:
            label = view.context.read("/proc/{0}/attr/current".format(name)) or ""
            if ":unconfined_service_t:" in label:
                found.append((view.context.read("/proc/{0}/comm".format(name)) or name).strip())
        except HostError:
            # It ended meanwhile.
            continue
    return Finding(not found, ", ".join(sorted(set(found))[:10]) or "none", "none")
