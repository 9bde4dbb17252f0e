# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Text of sudoers files: defaults, includes, and rules that ask for no password. Pure."""

import re

_INCLUDE = re.compile(r"\s*[#@](include|includedir)\s+(.+?)\s*\Z")
# Defaults for a user, host, command or run-as account begin with one of :@!> behind the word.
_DEFAULTS = re.compile(r"\s*Defaults(?:\s+(.*))?\Z", re.S)
_NOPASSWD = re.compile(r"(?<![\w])NOPASSWD\s*:\s*")
_NO_AUTHENTICATE = re.compile(r"(?<![\w])!\s*authenticate\b")


def logical(text):
    """[(number of the first line, its text)]: lines that end in a backslash go on, comments and empty lines are left out."""
    found, start, parts = [], None, []
    for number, line in enumerate(text.split("\n"), 1):
        if start is None:
            start = number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        parts.append(line)
        whole = "".join(parts)
        if whole.strip() and (not whole.lstrip().startswith("#") or _INCLUDE.match(whole)):
            found.append((start, whole))
        start, parts = None, []
    return found


def include(line):
    """("include" or "includedir", path) of a line, or None."""
    found = _INCLUDE.match(line)
    return (found.group(1), found.group(2).strip('"').replace("\\ ", " ")) if found else None


def _items(text):
    """The parts of a list with commas; quoted ones stay whole."""
    return [part.strip() for part in re.findall(r'(?:"(?:\\.|[^"\\])*"|\\.|[^,"\\])+', text) if part.strip()]


def defaults(line):
    """[(name, value)] of the global Defaults in a line: True and False for a word and its negation, else str; None where it is another line."""
    found = _DEFAULTS.match(line)
    if not found or not found.group(1):
        return None
    pairs = []
    for item in _items(found.group(1).split(" #")[0]):
        name, equals, value = item.partition("=")
        name = name.strip()
        if equals:
            pairs.append((name.rstrip("+-").strip(), value.strip().strip('"')))
        elif name.startswith("!"):
            pairs.append((name.lstrip("! \t"), name.count("!") % 2 == 0))
        else:
            pairs.append((name, True))
    return pairs


def passwordless(line):
    """What of a line lets somebody in without a password: "NOPASSWD", "!authenticate", or None."""
    code = re.sub(r"\s#.*", "", line)
    if _NOPASSWD.search(code):
        return "NOPASSWD"
    return "!authenticate" if _NO_AUTHENTICATE.search(code) else None


def with_password(text):
    """*text* with every rule asking for a password: NOPASSWD goes, and lines of !authenticate become comments."""
    lines = text.split("\n")
    for number, whole in logical(text):
        if not passwordless(whole):
            continue
        last = number
        while last < len(lines) and lines[last - 1].endswith("\\"):
            last += 1
        for index in range(number - 1, last):
            if _NO_AUTHENTICATE.search(whole):
                lines[index] = "# {0}".format(lines[index])
            else:
                lines[index] = _NOPASSWD.sub("", lines[index])
    return "\n".join(lines)


def with_default(text, name, line):
    """*text* with *line* for the global default *name*, in place of the first that has nothing else on its line, else at the end."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    numbers = [number for number, whole in logical(text) if [item for item, _value in defaults(whole) or ()] == [name]]
    if numbers:
        lines[numbers[0] - 1] = line
        for number in reversed(numbers[1:]):
            del lines[number - 1]
    else:
        lines.append(line)
    return "\n".join(lines) + "\n"
