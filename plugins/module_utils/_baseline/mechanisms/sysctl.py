# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Kernel parameters: what the files give at boot, and what the kernel has now.

args: key (str, "net.ipv4.ip_forward"), value (str or int), and optional: allowed (list of values that are as good).

A file of ours comes last by its name. systemd-sysctl reads every name once, the strongest directory first, in the order of the names,
and the last assignment counts; `sysctl --system` reads /etc/sysctl.conf after all of them (sysctl.d(5), sysctl(8)).
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding

DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
LAST = "/etc/sysctl.conf"
OURS = "/etc/sysctl.d/zz-elkit-hardening.conf"


def parse(text):
    """[(line number, key, value)] of a file: keys with dots, values with single spaces; comments, and lines that are none, left out."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
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


def effective(view, key):
    """(value, path, line) of what the files give *key* at boot; (None, None, None) where none names it."""
    found = (None, None, None)
    paths = [path for path in view.drop_ins(DIRECTORIES) if path not in ("/etc/sysctl.d/99-sysctl.conf",)]
    for path in paths + [LAST]:
        for number, name, value in parse(view.read(path) or ""):
            if name == key:
                found = (value, path, number)
    return found


def check(control, view):
    key = control.need("key")
    wanted = str(control.need("value"))
    good = [wanted] + [str(value) for value in control.arg("allowed", [])]
    running = view.state("sysctl", key)
    written, path, line = effective(view, key)
    if running is None and written in good:
        return Finding(True, written, wanted, path, line, note="the kernel has no such parameter now")
    return Finding(
        running in good and written in good, {"running": running, "file": written}, wanted, path, line,
        overridden_by=path if written not in good and path not in (None, OURS) else None)


def fix(control, view):
    key = control.need("key")
    wanted = str(control.need("value"))
    good = [wanted] + [str(value) for value in control.arg("allowed", [])]
    if effective(view, key)[0] not in good:
        view.write(OURS, with_value(view.read(OURS) or "", key, wanted))
        _value, path, line = effective(view, key)
        # /etc/sysctl.conf is read after every drop-in: only there can it be put right.
        if path == LAST and _value not in good:
            lines = view.read(LAST).splitlines(True)
            for number, name, value in parse(view.read(LAST)):
                if name == key and value not in good:
                    lines[number - 1] = "# {0}".format(lines[number - 1])
            view.write(LAST, "".join(lines))
    if view.state("sysctl", key) is not None:
        view.put("sysctl", key, wanted)


def with_value(text, key, value):
    """*text* with one line for *key*, where the first was, else at the end."""
    lines = text.splitlines()
    new = "{0} = {1}".format(key, value)
    numbers = [number for number, name, _value in parse(text) if name == key]
    if numbers:
        lines[numbers[0] - 1] = new
        for number in reversed(numbers[1:]):
            del lines[number - 1]
    else:
        lines.append(new)
    return "\n".join(lines) + "\n"
