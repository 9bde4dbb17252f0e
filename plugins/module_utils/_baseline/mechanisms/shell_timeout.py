# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""How long a shell waits for a command before it ends: TMOUT, which nobody may change.

args: value (int, seconds), files (paths and patterns that login shells read), ours (the drop-in)

A variable is made read-only once: the first file that does it wins, and the second gives an error at every login. So a value that is too
long is corrected where it stands, and ours is written only where none is there.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding

READ_ONLY = re.compile(r"^(\s*(?:typeset|declare)\s+-[a-z]*r[a-z]*\s+TMOUT=)([\"']?)(\d+)\2(.*)$")
# Set, and then (perhaps in another line) made read-only and exported.
PLAIN = re.compile(r"^(\s*(?:export\s+|readonly\s+)?TMOUT=)([\"']?)(\d+)\2(.*)$")

# A shell that reads it twice keeps the first. What a shell inherits is not read-only: each makes it so.
TEXT = """# Made by elkit.almalinux.hardening
typeset -xr TMOUT={0} 2>/dev/null
"""


def places(view, files):
    """[(path, line, seconds, whether it is read-only)]"""
    found = []
    for item in files:
        for path in view.glob(item) if "*" in item else [item]:
            for number, line in enumerate(view.lines(path), 1):
                match = READ_ONLY.match(line) or PLAIN.match(line)
                if match:
                    found.append((path, number, int(match.group(3)), bool(READ_ONLY.match(line))))
    return found


def good(seconds, wanted):
    return 0 < seconds <= wanted


def check(control, view):
    wanted = control.need("value")
    found = places(view, control.need("files"))
    bad = [item for item in found if not good(item[2], wanted)]
    fixed = [item for item in found if item[3]]
    path, line, seconds, _fixed = (bad or fixed or found or [(None, None, None, None)])[0]
    return Finding(bool(fixed) and not bad, seconds, "{0} or less, read-only".format(wanted), path, line)


def corrected(text, wanted):
    """*text* with every time-out that is too long made *wanted*."""
    lines = text.splitlines(True)
    for index, line in enumerate(lines):
        end = line[len(line.rstrip("\r\n")):]
        match = READ_ONLY.match(line.rstrip("\r\n")) or PLAIN.match(line.rstrip("\r\n"))
        if match and not good(int(match.group(3)), wanted):
            lines[index] = "{0}{1}{2}".format(match.group(1), wanted, match.group(4)) + end
    return "".join(lines)


def fix(control, view):
    wanted, files = control.need("value"), control.need("files")
    for path in sorted(set(item[0] for item in places(view, files) if not good(item[2], wanted))):
        view.write(path, corrected(view.read(path), wanted))
    found = places(view, files)
    if [item for item in found if item[3]]:
        return
    # Set, but not read-only: ours would be a second one, of the same value where it is as short.
    seconds = found[0][2] if found else wanted
    view.write(control.need("ours"), TEXT.format(seconds))
