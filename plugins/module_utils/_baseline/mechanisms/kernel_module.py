# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A kernel module that nobody can load: an install command that fails, and a blacklist entry that keeps its aliases from loading it.

args: name ("usb-storage").

modprobe reads its directories by name, a file name once (modprobe.d(5)). Of several install commands for a module the first counts, so that ours
sorts before all others. A hyphen and an underscore are the same letter in the name of a module.
"""

import fnmatch

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding

DIRECTORIES = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
OURS = "/etc/modprobe.d/00-elkit-hardening.conf"
REFUSALS = ("/bin/false", "/bin/true", "/usr/bin/false", "/usr/bin/true")


def _same(name):
    return name.replace("-", "_")


def commands(text):
    """[(line number, [word, …])] of a file of modprobe.d; a backslash at the end of a line goes on in the next."""
    found, words, start = [], "", None
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        if line.endswith("\\"):
            words += line[:-1] + " "
            continue
        words += line
        if words.strip() and not words.lstrip().startswith("#"):
            found.append((start, words.split()))
        words, start = "", None
    return found


def _all(view):
    for path in view.drop_ins(DIRECTORIES):
        for number, words in commands(view.read(path) or ""):
            yield path, number, words


def check(control, view):
    name = _same(control.need("name"))
    install = blacklist = None
    for path, number, words in _all(view):
        if len(words) > 2 and words[0] == "install" and install is None and fnmatch.fnmatchcase(name, _same(words[1])):
            install = (" ".join(words[2:]), path, number)
        elif len(words) > 1 and words[0] == "blacklist" and _same(words[1]) == name:
            blacklist = (path, number)
    refused = install is not None and install[0] in REFUSALS
    before = {"install": install[0] if install else None, "blacklist": blacklist is not None}
    ok = refused and blacklist is not None
    loaded = ok and "container" not in view.flags and any(
        line.split(" ", 1)[0] == name for line in (view.once("modules", lambda: view.context.read("/proc/modules")) or "").splitlines())
    return Finding(ok, before, "install {0} /bin/false, blacklist {0}".format(control.need("name")), install[1] if install else None,
                   install[2] if install else None, overridden_by="{1}:{2}".format(*install) if install and not refused else None,
                   note="it is loaded now: unload it, or reboot" if loaded else None, reboot=loaded)


def fix(control, view):
    name = control.need("name")
    kept = [line for line in view.lines(OURS)
            if not (line.split()[:1] and line.split()[0] in ("install", "blacklist") and _same((line.split() + [""])[1]) == _same(name))]
    view.write(OURS, "\n".join(kept + ["install {0} /bin/false".format(name), "blacklist {0}".format(name)]) + "\n")
