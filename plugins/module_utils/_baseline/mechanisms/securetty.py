# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The terminals on which root may log in: /etc/securetty, read by pam_securetty.

args: forbid (list of patterns, "ttyS*": no such terminal is listed), or empty: true (the file is there and lists none)
"""

import fnmatch

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding

PATH = "/etc/securetty"


def listed(text, patterns):
    """[(line, terminal)] of the terminals that fit any of *patterns*."""
    found = []
    for number, line in enumerate((text or "").splitlines(), 1):
        name = line.split("#", 1)[0].strip()
        if name and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            found.append((number, name))
    return found


def _patterns(control):
    return ["*"] if control.arg("empty") else control.need("forbid")


def check(control, view):
    text = view.read(PATH)
    found = listed(text, _patterns(control))
    if text is None and control.arg("empty"):
        return Finding(False, "no such file: root may log in anywhere", "no terminal", PATH)
    ok = not found and (not control.arg("empty") or text.strip() == "" and text != "")
    return Finding(ok, ", ".join(name for _line, name in found) or "none", "none of {0}".format(", ".join(_patterns(control))), PATH,
                   found[0][0] if found else None)


def fix(control, view):
    if control.arg("empty"):
        view.write(PATH, "\n", mode=0o600)
        return
    numbers = set(line for line, _name in listed(view.read(PATH), _patterns(control)))
    view.write(PATH, "".join(line for number, line in enumerate(view.read(PATH).splitlines(True), 1) if number not in numbers))
