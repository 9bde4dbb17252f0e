# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A local user: {"shell": str, "password": "set", "empty" or "locked", and the days of passwd.AGES (int, or None for an empty field)}; None where
there is no such user. Never a hash. The tools of shadow-utils put it: they lock the files, and keep to what else stands in the line."""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import passwd
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError

PHASE = 45
NONE_IS_GONE = True
PARTS = True
# A new password has a new date.
MOVES = ("last",)
# chage's letter for each age.
OPTIONS = {"last": "-d", "min": "-m", "max": "-M", "warn": "-W", "inactive": "-I", "expire": "-E"}


def load(view, name):
    found = [user for user in passwd.users(view) if user.name == name]
    if not found:
        return None
    shadow = passwd.shadows(view).get(name)
    value = dict((age, None) for age in passwd.AGES) if shadow is None else dict(shadow.ages)
    value.update({"shell": found[0].shell, "password": passwd.LOCKED if shadow is None else shadow.password})
    return value


def put(context, name, value):
    """
    :raises CommandError: a tool refuses
    :raises ControlError: the user is gone
    """
    # A fresh look: what differs is changed, and nothing else. No name begins with a dash: see passwd.
    now = load(_Look(context), name)
    if now is None or value is None:
        raise ControlError("there is no user {0} any more".format(name), "Run again")
    ages = [age for age in passwd.AGES if now[age] != value[age]]
    if ages:
        words = []
        for age in ages:
            words += [OPTIONS[age], str(-1 if value[age] is None else value[age])]
        context.run(["chage"] + words + [name])
    if now["shell"] != value["shell"]:
        context.run(["usermod", "-s", value["shell"], name])
    if now["password"] != value["password"]:
        _password(context, name, now["password"], value["password"])


def _password(context, name, now, value):
    if value == passwd.LOCKED:
        context.run(["usermod", "-L", name])
    elif value == passwd.EMPTY:
        # usermod -U refuses to leave an account without a password: this is the undo of locking one that had none.
        context.run(["passwd", "-d", name])
    elif now == passwd.LOCKED:
        context.run(["usermod", "-U", name])
    else:
        raise ControlError("{0} has no password that could be given back".format(name), "Set one: passwd {0}".format(name))


class _Look(object):
    """As much of a View as load() needs, without what one remembers."""

    def __init__(self, context):
        self.context = context

    def read(self, path):
        return self.context.read(path)

    def once(self, key, work):
        return work()
