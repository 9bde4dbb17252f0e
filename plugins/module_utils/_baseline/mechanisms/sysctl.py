# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Kernel parameters: what the files give at boot, and what the kernel has now.

args: key (str, "net.ipv4.ip_forward"), value (str or int), and optional: allowed (list of values that are as good).

A file of ours comes last by its name. systemd-sysctl reads every name once, the strongest directory first, in the order of the names,
and the last assignment counts. /etc/sysctl.conf it reads where a link among them leads there, as EL's 99-sysctl.conf does; `sysctl --system`
reads that file in any case, after all of them (sysctl.d(5), sysctl(8)). An assignment of the whole name beats one with a wildcard, wherever
they stand, so that wildcards do not count here.

A line of the administrator's (in /etc) that contradicts ours becomes a comment even where ours comes after it: `sysctl -p` of that file, which many
scripts do, would put its value in force.
"""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable, not_applicable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds.sysctl import path_of

DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
LAST = "/etc/sysctl.conf"
OURS = "/etc/sysctl.d/zz-elkit-hardening.conf"


def parse(text):
    """[(line number, key, value)] of a file: keys with dots, values with single spaces; comments, and lines that are none, left out."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line[0] in "#;" or "=" not in line:
            continue
        key, _equals, value = line.partition("=")
        key = key.strip().lstrip("-").strip()
        # With a slash first, dots stand for themselves (sysctl.d(5)).
        if "/" in key and ("." not in key or key.index("/") < key.index(".")):
            key = key.replace("/", "\0").replace(".", "/").replace("\0", ".")
        found.append((number, key, " ".join(value.split())))
    return found


def read_at_boot(view):
    """The paths that systemd-sysctl reads, in its order; LAST stands for a link to it."""
    last = os.path.realpath(view.context.at(LAST))
    return [LAST if os.path.realpath(view.context.at(path)) == last else path for path in view.drop_ins(DIRECTORIES)]


def _in(view, paths, key):
    return [(path, number, value) for path in paths for number, name, value in parse(view.read(path) or "") if name == key]


def assignments(view, key):
    """[(path, line, value)] of *key* in every file that is read at boot, in that order."""
    return _in(view, read_at_boot(view), key)


def contradicting(view, key, good):
    """The assignments of *key* in the administrator's files, whatever reads them, that give it another value."""
    paths = read_at_boot(view)
    return [item for item in _in(view, paths + [LAST] * (LAST not in paths), key)
            if item[2] not in good and item[0].startswith("/etc/") and item[0] != OURS]


def _good(control):
    return [str(control.need("value"))] + [str(value) for value in control.arg("allowed") or ()]


def _given(view, key):
    """Whether *key* is given to a container by its host, and not the container's to set."""
    try:
        return "container" in view.flags and bool(os.statvfs(view.context.at(path_of(key))).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def check(control, view):
    key, good = control.need("key"), _good(control)
    if _given(view, key):
        return not_applicable("the container's host gives it: {0} is read-only here".format(path_of(key)))
    running = view.state("sysctl", key)
    found = assignments(view, key)
    path, line, written = found[-1] if found else (None, None, None)
    against = contradicting(view, key, good)
    if against and (not found or written in good):
        path, line, written = against[-1]
    ok = written in good and not against
    note = None
    if running is None:
        note = "the kernel has no such parameter now"
    elif ok and running not in good:
        note = "the kernel has {0} now".format(running)
    return Finding(ok and (running is None or running in good), {"running": running, "file": written}, good[0], path, line,
                   overridden_by="{0}:{1}".format(path, line) if written not in good and path not in (None, OURS) else None, note=note)


def fix(control, view):
    key, good = control.need("key"), _good(control)
    for path in sorted(set(item[0] for item in contradicting(view, key, good))):
        lines = view.read(path).split("\n")
        for number, name, value in parse(view.read(path)):
            if name == key and value not in good:
                lines[number - 1] = "# {0}".format(lines[number - 1])
        view.write(path, "\n".join(lines))
    found = assignments(view, key)
    if not found or found[-1][2] not in good:
        view.write(OURS, with_value(view.read(OURS) or "", key, good[0]))
        path, line, written = assignments(view, key)[-1]
        if written not in good:
            raise NotFixable("{0}, line {1}, sets {2} and is read after ours".format(path, line, written),
                             "Take that line out, or put a file of the same name without it into {0}".format(DIRECTORIES[0]))
    if view.state("sysctl", key) not in [None] + good:
        view.put("sysctl", key, good[0])


def with_value(text, key, value):
    """*text* with one line for *key*, where the first was, else at the end."""
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    new = "{0} = {1}".format(key, value)
    numbers = [number for number, name, _value in parse(text) if name == key]
    if numbers:
        lines[numbers[0] - 1] = new
        for number in reversed(numbers[1:]):
            del lines[number - 1]
    else:
        lines.append(new)
    return "\n".join(lines) + "\n"
