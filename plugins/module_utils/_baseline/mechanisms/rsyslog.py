# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""rsyslog: the log files that it writes, and where messages come from and go to.

args, one of
    create_mode   "0640": no more than these bits for a log file that it makes
    mode          "0640": no more than these bits on the log files that there are
    owner, group  name of who owns them
    listen        false: it takes no messages from other hosts; and server, true on hosts that are to take them
    loghost       name of the host that gets a copy of everything; "" where the user named none
"""

import fnmatch
import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import rsyslogtext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable, not_applicable

MAIN = "/etc/rsyslog.conf"
DROP_INS = "/etc/rsyslog.d/*.conf"
OURS = "/etc/rsyslog.d/00-elkit-hardening.conf"
OURS_REMOTE = "/etc/rsyslog.d/zz-elkit-loghost.conf"
HOST = re.compile(r"\[?[A-Za-z0-9][A-Za-z0-9.:_-]*\]?(?::[0-9]{1,5})?\Z")
SHOWN = 10


def configuration(view):
    """The paths of rsyslog's configuration, in the order it reads them."""
    paths, waiting = [], [MAIN]
    while waiting:
        path = waiting.pop(0)
        if path in paths or view.read(path) is None:
            continue
        paths.append(path)
        more = []
        for pattern in rsyslogtext.includes(view.read(path)):
            more.extend([name for name in view.glob(pattern) if not view.is_directory(name)] if re.search(r"[*?\[]", pattern) else [pattern])
        waiting = more + waiting
    return paths


def log_files(view):
    """The log files that rsyslog writes and that are there; those of one name once."""
    found = []
    for path in configuration(view):
        for name in rsyslogtext.written(view.read(path)):
            if name not in found and view.context.exists(name):
                found.append(name)
    return found


def _id(view, name, path):
    if str(name).isdigit():
        return int(name)
    for line in view.lines(path):
        fields = line.split(":")
        if fields[0] == name and len(fields) > 2 and fields[2].isdigit():
            return int(fields[2])
    raise ControlError("there is no {0} in {1}".format(name, path), "Add it, or choose another")


def _right(control, view, state):
    """What a log file's state [uid, gid, mode] is to be."""
    uid, gid, mode = state
    if "owner" in control.args:
        uid = _id(view, control.arg("owner"), "/etc/passwd")
    if "group" in control.args:
        gid = _id(view, control.arg("group"), "/etc/group")
    if "mode" in control.args:
        mode &= int(str(control.arg("mode")), 8)
    return [uid, gid, mode]


def check(control, view):
    if view.read(MAIN) is None:
        return not_applicable("there is no {0}".format(MAIN))
    if "create_mode" in control.args:
        return _check_create(control, view)
    if "listen" in control.args:
        return _check_listen(control, view)
    if "loghost" in control.args:
        return _check_loghost(control, view)
    wanted = control.arg("mode") or control.arg("owner") or control.arg("group")
    files = log_files(view)
    if not files:
        return not_applicable("rsyslog has written no file yet")
    bad = [path for path in files if view.state("mode", path) != _right(control, view, view.state("mode", path))]
    return Finding(not bad, ", ".join(bad[:SHOWN]) + (", …" if len(bad) > SHOWN else "") if bad else "as wanted", wanted, bad[0] if bad else None)


def fix(control, view):
    if "create_mode" in control.args:
        _fix_create(control, view)
    elif "listen" in control.args:
        for path in configuration(view):
            numbers = [number for each in rsyslogtext.listeners(view.read(path)) for number in each]
            if numbers:
                view.write(path, rsyslogtext.commented(view.read(path), numbers))
    elif "loghost" in control.args:
        _fix_loghost(control, view)
    else:
        for path in log_files(view):
            state = view.state("mode", path)
            view.put("mode", path, _right(control, view, state))


# --- files to be -----------------------------------------------------------------------------------------------------

def _modes(view):
    return [(path, number, mode) for path in configuration(view) for number, mode in rsyslogtext.create_modes(view.read(path))]


def _check_create(control, view):
    limit = int(str(control.arg("create_mode")), 8)
    found = _modes(view)
    bad = [item for item in found if item[2] & ~limit]
    path, number, mode = (bad or found or [(None, None, None)])[0]
    # Several are in force each for what follows it: one for all leaves no room for error.
    now = None if mode is None else "{0:04o}".format(mode)
    return Finding(len(found) == 1 and not bad, now, "{0:04o} or stricter, once".format(limit), path, number)


def _fix_create(control, view):
    limit = int(str(control.arg("create_mode")), 8)
    for path, number, _mode in _modes(view):
        view.write(path, rsyslogtext.commented(view.read(path), [number]))
    line = "$FileCreateMode {0:04o}".format(limit)
    if any(fnmatch.fnmatchcase(OURS, pattern) for pattern in rsyslogtext.includes(view.read(MAIN))):
        view.write(OURS, (view.read(OURS) or "") + line + "\n")
    else:
        # Before the rules: it counts for what follows.
        lines = view.read(MAIN).split("\n")
        first = [numbers[0] for numbers, text in rsyslogtext.statements(view.read(MAIN)) if rsyslogtext.written(text)]
        lines.insert(first[0] - 1 if first else len(lines) - 1, line)
        view.write(MAIN, "\n".join(lines))


# --- other hosts -----------------------------------------------------------------------------------------------------

def _check_listen(control, view):
    if control.arg("server"):
        return not_applicable("it is to take messages: logging_server is true")
    for path in configuration(view):
        found = rsyslogtext.listeners(view.read(path))
        if found:
            return Finding(False, "it listens", "it does not listen", path, found[0][0])
    return Finding(True, "it does not listen", "it does not listen")


def _check_loghost(control, view):
    host = control.arg("loghost") or ""
    for path in configuration(view):
        for number in rsyslogtext.forwards(view.read(path)):
            line = view.lines(path)[number - 1]
            if not host or host in line:
                return Finding(True, line.strip(), host or "any", path, number)
    return Finding(False, "nowhere", host or "any")


def _fix_loghost(control, view):
    host = control.arg("loghost") or ""
    if not host:
        raise NotFixable("no host was named that takes the logs", "Give logging_loghost")
    if not HOST.match(host):
        raise ControlError("{0!r} is no name of a host".format(host), "Correct logging_loghost: name, or name:port")
    view.write(OURS_REMOTE, "# A copy of everything, by TCP; it waits on the disk while the host there is away.\n"
                            "$ActionQueueType LinkedList\n$ActionQueueFileName elkit-loghost\n$ActionQueueMaxDiskSpace 1g\n"
                            "$ActionQueueSaveOnShutdown on\n$ActionResumeRetryCount -1\n*.* @@{0}\n".format(host))
    if not any(fnmatch.fnmatchcase(OURS_REMOTE, pattern) for pattern in rsyslogtext.includes(view.read(MAIN))):
        raise NotFixable("{0} does not include {1}".format(MAIN, DROP_INS), 'Give it include(file="{0}")'.format(DROP_INS))
