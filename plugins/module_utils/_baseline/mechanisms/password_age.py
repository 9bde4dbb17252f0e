# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""How old passwords of the users that are there may become. login.defs speaks of users to come alone.

args:
    age      last, min, max, warn or inactive
    value    days; compare: at_most or at_least. For last: nothing, a change in the future is bad
    expired  what becomes of users whose password would be too old at once, and who could not log in any more:
             refuse (default: nothing is changed, and they are named) or renew (their password counts as changed today)

Only users who have a password are looked at: one with a key alone has none that ages, and is never shut out by this.
"""

import time

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import passwd
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable

DAY = 86400


def today(view):
    return int(view.context.now // DAY)


def accounts(view):
    """[(name, value as planned)] of the local users who have a password, in the order of /etc/passwd."""
    found = []
    for user in passwd.users(view):
        value = view.state("account", user.name)
        if value is not None and value["password"] == passwd.SET:
            found.append((user.name, value))
    return found


def good(control, view, value):
    age, days = control.need("age"), value[control.need("age")]
    if age == "last":
        return days is None or days <= today(view)
    if days is None:
        return False
    if control.need("compare") == "at_most":
        # A negative number switches it off.
        return 0 <= days <= control.need("value")
    return days >= control.need("value")


def shut_out(view, value):
    """Whether a user with these ages cannot just log in (str: why), or None."""
    if value["last"] == 0:
        # Whatever the other ages are (chage -d 0): no age makes it worse, and none is a reason to take that back.
        return "must change the password first"
    if value["last"] is None or value["max"] is None or value["max"] < 0:
        return None
    late = today(view) - value["last"] - value["max"]
    if value["inactive"] is not None and 0 <= value["inactive"] < late:
        return "locked"
    return "must change the password first" if late > 0 else None


def check(control, view):
    if control.need("age") not in passwd.AGES:
        raise ControlError("the control {0} has the age {1}".format(control.id, control.need("age")), "Use one of {0}".format(", ".join(passwd.AGES)))
    found = accounts(view)
    bad = ["{0} ({1})".format(name, "none" if value[control.need("age")] is None else value[control.need("age")])
           for name, value in found if not good(control, view, value)]
    wanted = "not in the future" if control.need("age") == "last" else \
        "{0} days or {1}".format(control.need("value"), "less" if control.need("compare") == "at_most" else "more")
    return Finding(not bad, passwd.named(bad) or "as wanted: {0} with a password".format(len(found)), wanted, "/etc/shadow", note=_note(view, found))


def _note(view, found):
    """When the first password grows too old, so that somebody can see it coming."""
    ends = sorted((value["last"] + value["max"], name) for name, value in found
                  if value["last"] and value["max"] is not None and 0 <= value["max"] < 99999)
    return "the first to expire: {0} on {1}".format(ends[0][1], time.strftime("%Y-%m-%d", time.gmtime(ends[0][0] * DAY))) if ends else None


def fix(control, view):
    age = control.need("age")
    renew = control.arg("expired", "refuse") == "renew"
    shut = []
    for name, value in accounts(view):
        if good(control, view, value):
            continue
        new = dict(value)
        new[age] = today(view) if age == "last" else control.need("value")
        why = shut_out(view, new)
        if why and shut_out(view, value) != why:
            if renew:
                new["last"] = today(view)
            else:
                shut.append("{0} ({1})".format(name, why))
                continue
        view.put("account", name, new)
    if shut:
        raise NotFixable("it would shut out at once: {0}".format(passwd.named(shut)),
                         "Have them change their passwords, lock them (usermod -L) where a key is enough, or set accounts_expired to renew")
