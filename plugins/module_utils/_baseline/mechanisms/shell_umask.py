# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The umask that shells start with.

args: files (list of paths and patterns that shells read), value (str, "027"), ours (the drop-in for what no file sets; without it one of them
must have it)

Every umask in them must be as strict. A weaker one is made strict where it stands, for the last one read wins, and the line may hang on
conditions that nobody here can weigh.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable

MASK = re.compile(r"(?<![^\s;&|])(umask[ \t]+)([0-7]{1,4})(?=[\s;#&|]|$)")
COMMENT = re.compile(r"(?<![^\s;&|])#.*", re.S)


def strict(value, wanted):
    """Whether a umask takes away at least what *wanted* does (both are octal, as str)."""
    return int(value, 8) & int(wanted, 8) == int(wanted, 8)


def masks(view, files):
    """[(path, line, value)] of every umask that is set."""
    found = []
    for item in files:
        for path in view.glob(item) if "*" in item else [item]:
            for number, line in enumerate(view.lines(path), 1):
                found.extend((path, number, match.group(2)) for match in MASK.finditer(COMMENT.sub("", line)))
    return found


def check(control, view):
    wanted = str(control.need("value"))
    found = masks(view, control.need("files"))
    weak = [item for item in found if not strict(item[2], wanted)]
    path, line, value = (weak or found or [(None, None, None)])[0]
    return Finding(bool(found) and not weak, value, wanted, path, line)


def with_strict(text, wanted):
    """*text* with every weaker umask made *wanted*."""
    def stricter(match):
        return match.group() if strict(match.group(2), wanted) else match.group(1) + wanted
    lines = text.split("\n")
    for index, line in enumerate(lines):
        code = COMMENT.sub("", line)
        lines[index] = MASK.sub(stricter, code) + line[len(code):]
    return "\n".join(lines)


def fix(control, view):
    wanted = str(control.need("value"))
    found = masks(view, control.need("files"))
    for path in sorted(set(path for path, _line, value in found if not strict(value, wanted))):
        view.write(path, with_strict(view.read(path), wanted))
    if not found:
        ours = control.arg("ours")
        if not ours:
            raise NotFixable("none of {0} sets a umask".format(", ".join(control.need("files"))), "Set it there: umask {0}".format(wanted))
        view.write(ours, "# Made by elkit.almalinux.hardening\numask {0}\n".format(wanted))
