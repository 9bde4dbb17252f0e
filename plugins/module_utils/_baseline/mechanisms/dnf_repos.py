# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""An option that no repository may turn off. args: option ("gpgcheck").

The line is corrected where it stands: a repository file has no drop-ins, and without the line the global value would count just as well.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding

DIRECTORY = "/etc/yum.repos.d"
OFF = ("0", "no", "false", "off")
OPTION = re.compile(r"[a-z_]+\Z")


def _pattern(control):
    option = control.need("option")
    if not OPTION.match(option):
        raise ControlError("{0!r} is no option of dnf".format(option), "Correct the catalogue")
    return re.compile(r"([ \t]*{0}[ \t]*=[ \t]*)(\S+)([ \t\r]*)\Z".format(option))


def bad_lines(text, pattern):
    """[(line number, value)] of what turns the option off."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        match = pattern.match(line)
        if match and match.group(2).lower() in OFF:
            found.append((number, match.group(2)))
    return found


def corrected(text, pattern):
    lines = text.split("\n")
    for number, _value in bad_lines(text, pattern):
        lines[number - 1] = pattern.sub(r"\g<1>1\g<3>", lines[number - 1])
    return "\n".join(lines)


def _files(view):
    return [path for path in view.glob(DIRECTORY + "/*") if not view.is_directory(path)]


def check(control, view):
    pattern = _pattern(control)
    for path in _files(view):
        found = bad_lines(view.read(path) or "", pattern)
        if found:
            return Finding(False, found[0][1], "1", path, found[0][0])
    return Finding(True, "1", "1")


def fix(control, view):
    pattern = _pattern(control)
    for path in _files(view):
        text = view.read(path) or ""
        new = corrected(text, pattern)
        if new != text:
            view.write(path, new)
