# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Where root's shell looks for programs: the PATH of a login shell.

args: check, one of
    no_dot     no entry is empty, relative or the current directory
    no_write   nobody but the owner may write to any of them; that right is taken
"""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError

MARK = "elkit-path:"
# What login and su start a shell of root with (login.defs(5), ENV_SUPATH).
START = "/sbin:/bin:/usr/sbin:/usr/bin"


def entries(view):
    """[str] of PATH as a login of root gets it.

    :raises ControlError: root's shell does not say
    """
    def work():
        try:
            said = view.run(["env", "-i", "PATH=" + START, "HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash", "TERM=dumb", "LC_ALL=C",
                             "bash", "-l", "-c", "printf '%s%s\\n' \"$0\" \"$PATH\"", MARK], check=False, timeout=20)
        except CommandError as error:
            raise ControlError("root's login shell does not say its PATH: {0}".format(error.message), "Try: bash -l -c 'echo $PATH'")
        found = [line[len(MARK):] for line in said.stdout.splitlines() if line.startswith(MARK)]
        if not found:
            raise ControlError("root's login shell does not say its PATH", "Try: bash -l -c 'echo $PATH'")
        return found[-1].split(":")
    return view.once("root's PATH", work)


def writable(view, paths):
    """[(path, the state "mode" that it should have)]; a path that is a link stands for what it leads to."""
    found = {}
    for path in paths:
        if not path.startswith("/") or not view.is_directory(path):
            continue
        real = "/" + os.path.relpath(os.path.realpath(view.context.at(path)), os.path.realpath(view.context.root or "/"))
        now = view.state("mode", real)
        if now is not None and now[2] & 0o022:
            found[real] = [now[0], now[1], now[2] & ~0o022]
    return sorted(found.items())


def check(control, view):
    paths = entries(view)
    if control.need("check") == "no_dot":
        bad = [path for path in paths if not path.startswith("/") or "/../" in path + "/" or "/./" in path + "/"]
    else:
        bad = [path for path, _value in writable(view, paths)]
    return Finding(not bad, ", ".join(path or "(empty)" for path in bad) or ":".join(paths), "none")


def looks_only(control):
    return control.need("check") == "no_dot"


def fix(control, view):
    if control.need("check") == "no_dot":
        raise NotFixable("PATH of root has {0}".format(check(control, view).before),
                         "Take it out of /root/.bash_profile, /root/.bashrc, /etc/profile or a file in /etc/profile.d")
    for path, value in writable(view, entries(view)):
        view.put("mode", path, value)
