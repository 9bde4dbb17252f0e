# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""AIDE: its database, a regular check, and the audit tools among what it watches.

args, one of
    database   true: the database that it compares with is there
    schedule   line of cron's five fields ("5 4 * * *"): something runs `aide --check` regularly; where nothing does, cron is told to then
    tools      list of paths that aide.conf must name; and attributes, what it says behind each
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable

CONFIG = "/etc/aide.conf"
# Where the package has it.
DATABASE = "/var/lib/aide/aide.db.gz"
OURS = "/etc/cron.d/elkit-aide"
TIMERS = ("aidecheck.timer", "aide-check.timer", "aide.timer", "dailyaidecheck.timer")
FIELDS = re.compile(r"[0-9*,/-]+(?: [0-9*,/-]+){2} [0-9a-z*,/-]+ [0-9a-z*,/-]+\Z")
_RUN = re.compile(r"\A[^#]*/usr/sbin/aide\s+--check\b")
_DEFINE = re.compile(r"@@define\s+(\S+)\s+(\S+)\s*\Z")
_NAMES = {"database": "in", "database_in": "in", "database_out": "out"}


def parse(text):
    """{"in": path, "out": path} of the databases that aide.conf names; None for one that is no plain file."""
    defined, found = {}, {"in": None, "out": None}
    for line in text.splitlines():
        match = _DEFINE.match(line.strip())
        if match:
            defined[match.group(1)] = match.group(2)
            continue
        name, equals, value = line.partition("=")
        if equals and name.strip() in _NAMES:
            value = re.sub(r"@@\{(\w+)\}", lambda match: defined.get(match.group(1), match.group(0)), value.strip())
            if value.startswith("file:"):
                value = value[len("file:"):]
            found[_NAMES[name.strip()]] = value if value.startswith("/") and "@@" not in value else None
    return found


def comes_last(control):
    """Whether *control* is about the host as the run leaves it."""
    return bool(control.arg("database"))


def _config(view):
    text = view.read(CONFIG)
    if text is None and not _comes(view):
        raise ControlError("there is no {0}".format(CONFIG), "Reinstall aide (dnf reinstall aide)")
    return text or ""


def _comes(view):
    """Whether this run would install aide: a preview knows nothing of its configuration yet."""
    return view.has_package("aide") and not view.has_package_now("aide")


def _database(view):
    """
    :raises ControlError: aide.conf names none
    """
    path = parse(_config(view))["in"] or (DATABASE if _comes(view) else None)
    if path is None:
        raise ControlError("{0} names no database".format(CONFIG), "Give it database_in (database before aide 0.17)")
    return path


def check(control, view):
    if control.arg("database"):
        path = _database(view)
        there = view.state("aide", path)
        return Finding(there, "there" if there else "missing", "there", path)
    if "schedule" in control.args:
        return _check_schedule(control, view)
    rows = dict((path, (number, words)) for number, path, words in rules(_config(view)))
    for path in control.need("tools"):
        number, words = rows.get(path, (None, None))
        if words != control.need("attributes"):
            return Finding(False, "{0} {1}".format(path, words or "is not named"), control.need("attributes"), CONFIG, number)
    return Finding(True, "named", control.need("attributes"), CONFIG)


def rules(text):
    """[(line number, path, attributes)] of the selection lines of aide.conf; of several for a path, the first."""
    found, seen = [], set()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(None, 1)
        if len(words) == 2 and words[0].startswith("/") and words[0] not in seen:
            seen.add(words[0])
            found.append((number, words[0], words[1].strip()))
    return found


def _check_schedule(control, view):
    paths = ["/etc/crontab", "/var/spool/cron/root", "/etc/anacrontab"]
    for directory in ("/etc/cron.d", "/etc/cron.daily", "/etc/cron.weekly"):
        paths.extend(view.glob(directory + "/*"))
    for path in paths:
        if view.is_directory(path):
            continue
        for number, line in enumerate(view.lines(path), 1):
            if _RUN.match(line):
                return Finding(True, "regularly", "regularly", path, number)
    for name in TIMERS:
        # Asked for only where such a unit was made.
        if view.exists("/etc/systemd/system/" + name) and (view.state("unit", name) or {}).get("enabled") == "enabled":
            return Finding(True, "regularly", "regularly", "/etc/systemd/system/" + name)
    return Finding(False, "never", "regularly")


def fix(control, view):
    if control.arg("database"):
        view.put("aide", _database(view), True)
    elif "schedule" in control.args:
        when = control.arg("schedule")
        if not FIELDS.match(when):
            raise ControlError("aide_schedule is {0!r}, no time of cron".format(when), 'Write five fields: "5 4 * * *"')
        if not view.is_directory("/etc/cron.d"):
            raise NotFixable("there is no cron here", "Install cronie, or run aide --check from a timer of your own")
        view.write(OURS, "# Compare the host with AIDE's database.\n{0} root /usr/sbin/aide --check\n".format(when), mode=0o600, uid=0, gid=0)
    else:
        view.write(CONFIG, with_rules(_config(view), control.need("tools"), control.need("attributes")))


def with_rules(text, paths, attributes):
    """*text* with one line for each of *paths*: where it is now, else at the end."""
    lines = text.split("\n")
    wanted = list(paths)
    for number, path, words in rules(text):
        if path in wanted:
            wanted.remove(path)
            if words != attributes:
                lines[number - 1] = "{0} {1}".format(path, attributes)
    if wanted and lines[-1] == "":
        lines.pop()
    lines.extend("{0} {1}".format(path, attributes) for path in wanted)
    return "\n".join(lines) + ("\n" if wanted else "")
