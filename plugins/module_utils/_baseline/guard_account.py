# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether the accounts, PAM and units that are planned let somebody in."""

import os
import re
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard_who, passwd
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError

NOLOGIN = ("/etc/nologin", "/run/nologin")
NO_SHELLS = ("nologin", "false", "sync", "shutdown", "halt")
MODULES = ("/usr/lib64/security", "/lib64/security", "/usr/lib/security", "/lib/security")
ENTRANCES = ("sshd.service", "sshd.socket")
DAY = 86400
# What brings in the stack of another file.
OTHERS = ("include", "substack")


def problems(view, who):
    """[reason (str)] why *who* would not get in."""
    return shell(view, who) + age(view, who) + (tally(view, who) if who.known else []) + stack(view, who) + units(view)


def shell(view, who):
    found = []
    account = guard_who.account(view, who.name)
    if account is None:
        return ["there is no user {0}".format(who.name)]
    if guard_who.user_id(view, who.name) != 0:
        found += ["{0} is there: nobody but root may log in".format(path) for path in NOLOGIN if view.exists(path)]
    planned = view.planned_states.get(("account", who.name)) or {}
    name = planned.get("shell", account[1])
    if os.path.basename(name) in NO_SHELLS:
        found.append("the shell of {0} is {1}".format(who.name, name))
    elif not view.context.exists(name):
        found.append("the shell of {0}, {1}, is not there".format(who.name, name))
    if planned.get("password", "set") != "set" and (who.password or who.become_password) and not who.key:
        found.append("the password of {0} would be locked".format(who.name))
    return found


def age(view, who):
    """Whether the account or its password has ended. PAM asks for a new password whichever way somebody logs in: a play cannot answer, nor can
    one who has none; a person who has one can, as long as it is not past its grace (INACTIVE), too."""
    shadow = passwd.parse_shadow(guard_who.text_of(view, "/etc/shadow")).get(who.name)
    if shadow is None:
        return []
    ages = dict(shadow.ages, password=shadow.password)
    ages.update(view.planned_states.get(("account", who.name)) or {})
    last, longest, grace = ages["last"], ages["max"], ages["inactive"]
    today = int(view.context.now // DAY)
    if ages["expire"] is not None and 0 <= ages["expire"] <= today:
        return ["the account {0} has expired".format(who.name)]
    answers = not who.known and ages["password"] == passwd.SET
    if last == 0:
        return [] if answers else ["{0} must change the password at the next login".format(who.name)]
    if last is None or longest is None or not 0 <= longest < 99999 or last + longest >= today:
        return []
    if answers and (grace is None or grace < 0 or last + longest + grace >= today):
        return []
    return ["the password of {0} is older than {1} days".format(who.name, longest)]


def number(word):
    try:
        return int(word)
    except ValueError:
        return None


def no_password(view, who, may_be_empty):
    """Why a password would not let in somebody who comes by any way that there is (str), or None.

    :param may_be_empty: whether sshd lets accounts without a password in
    """
    shadow = passwd.parse_shadow(guard_who.text_of(view, "/etc/shadow")).get(who.name)
    # Who is not in the file has a password elsewhere.
    now = passwd.SET if shadow is None else shadow.password
    word = (view.planned_states.get(("account", who.name)) or {}).get("password", now)
    # PAM may ask for something else in place of it.
    counts = "pam_unix.so" in named(view, "/etc/pam.d/sshd", "auth")
    if word == passwd.LOCKED and counts:
        return "the password of {0} is locked".format(who.name)
    if word == passwd.EMPTY and counts and not may_be_empty:
        return "{0} has no password".format(who.name)
    found = tally(view, who)
    walk(view, "/etc/pam.d/sshd", "auth", modules(view), found, ())
    return found[0] if found else None


def tally(view, who):
    """Whether pam_faillock would hold old failures against them."""
    if not (who.password or who.become_password):
        return []
    settings = {}
    for line in guard_who.text_of(view, "/etc/security/faillock.conf").splitlines():
        match = re.match(r"\s*(deny|unlock_time|even_deny_root)\s*(?:=\s*(\w+))?", line)
        if match:
            settings[match.group(1)] = match.group(2)
    limit = number(settings.get("deny") or "")
    if not limit or not who.known and "even_deny_root" not in settings and guard_who.user_id(view, who.name) == 0:
        return []
    try:
        text = view.run(["faillock", "--user", who.name], check=False).stdout
    except ElkitError:
        return []
    valid = [line.split() for line in text.splitlines() if line.split()[-1:] == ["V"]]
    failures = len(valid)
    # The module's own default; "never" is none.
    after = number(settings.get("unlock_time") or "600")
    if not who.known and failures and after and all(seconds(words) + after < view.context.now for words in valid):
        return []
    return ["{0} has {1} failed logins, and {2} lock the account".format(who.name, failures, limit)] if failures >= limit else []


# --- PAM -------------------------------------------------------------------------------------------------------------

def seconds(words):
    """When a failure was, by a line of faillock, in the host's own time; now where it cannot be told."""
    try:
        return time.mktime(time.strptime(" ".join(words[:2]), "%Y-%m-%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return float("inf")


def stack(view, who):
    """What is wrong with the stacks that a login and sudo go through, where they are plain files of the plan."""
    found = []
    services = ["sshd"] + (["sudo"] if who.become == "sudo" else [])
    home = modules(view)
    for service in services:
        kinds = {"account", "session"}
        if (service == "sshd" and who.password and who.known) or (service == "sudo" and who.become_password):
            kinds.add("auth")
        for kind in sorted(kinds):
            walk(view, "/etc/pam.d/" + service, kind, home, found, ())
    return found


def modules(view):
    """The directory of PAM's modules, or None."""
    return next((path for path in MODULES if view.context.exists(path + "/pam_unix.so")), None)


def entries(text, kind):
    """[("-" or "", control, module)] of a file of PAM."""
    found = (re.match(r"(-?)(\w+)\s+(\[[^\]]*\]|\S+)\s+(\S+)", line.strip()) for line in text.splitlines())
    return [(match.group(1), match.group(3), match.group(4)) for match in found if match and match.group(2) == kind]


def named(view, path, kind, seen=()):
    """The names (set) of the modules in one stack."""
    found = set()
    for _quiet, control, module in entries(guard_who.text_of(view, path), kind) if path not in seen else ():
        found |= named(view, os.path.join("/etc/pam.d", module), kind, seen + (path,)) if control in OTHERS else set([os.path.basename(module)])
    return found


def walk(view, path, kind, home, found, seen):
    """Go through one stack: whether some module of it lets one through so far. Adds to *found* what shuts everybody out."""
    if path in seen or len(seen) > 10:
        return False
    text = guard_who.text_of(view, path)
    if not text.strip():
        say(found, "PAM has no {0}".format(path))
        return False
    passed = False
    for quiet, control, module in entries(text, kind):
        if control in OTHERS:
            passed = walk(view, os.path.join("/etc/pam.d", module), kind, home, found, seen + (path,)) or passed
            continue
        name = os.path.basename(module)
        if not quiet and home and control not in ("optional", "sufficient") and not view.context.exists(
                module if module.startswith("/") else os.path.join(home, module)):
            say(found, "{0} needs {1}, which is not there".format(path, module))
        if name == "pam_deny.so" and control in ("required", "requisite") and not passed:
            say(found, "{0} denies everybody ({1})".format(path, kind))
        if control == "sufficient" or control.startswith("["):
            passed = True
    return passed


def say(found, words):
    if words not in found:
        found.append(words)


def units(view):
    """Whether a unit that lets people in is planned to be none any more."""
    found = []
    for name in ENTRANCES:
        planned = view.planned_states.get(("unit", name))
        if planned is None:
            continue
        now = view.state_now("unit", name)
        if now and now["active"] and not planned["active"]:
            found.append("{0} would be stopped".format(name))
        elif now and now["enabled"] == "enabled" and planned["enabled"] != "enabled":
            found.append("{0} would not start at boot".format(name))
    return found
