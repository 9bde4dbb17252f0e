# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Text of sudoers files: defaults, includes, and rules that ask for no password. Pure."""

import re

_INCLUDE = re.compile(r"\s*[#@](include|includedir)\s+(.+?)\s*\Z")
# Defaults for a user, host, command or run-as account begin with one of :@!> behind the word.
_DEFAULTS = re.compile(r"\s*Defaults(?:\s+(.*))?\Z", re.S)
_NOPASSWD = re.compile(r"(?<![\w])NOPASSWD\s*:\s*")
_NO_AUTHENTICATE = re.compile(r"(?<![\w])![!\s]*authenticate\b")
# The same in the list of a Defaults line that goes on over several, with the comma before it, or behind it where it comes first.
_BLANK = r"(?:\\\n|\s)*"
_ITEM = r"![!\s]*authenticate\b"
_BEHIND, _FIRST = re.compile(r"{0},{0}{1}".format(_BLANK, _ITEM)), re.compile(r"{1}{0},{0}".format(_BLANK, _ITEM))
# What no comment begins in: a string, an escaped character, and the number of a user or group.
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\\.|#-?[0-9]|.', re.S)


def _end(text):
    """Where the comment of a line begins, or the line ends (sudoers(5): "#" is one but before the digits of a uid)."""
    if _INCLUDE.match(text):
        return len(text)
    return next((token.start() for token in _TOKEN.finditer(text) if token.group() == "#"), len(text))


def _spans(text):
    """[(number of the first line, of the last, code, comment)]: lines that end in a backslash go on, comments never do."""
    found, start, before = [], None, ""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        start, whole = start or number, before + line
        end = _end(whole)
        if end == len(whole) and line.endswith("\\") and number < len(lines):
            before = whole[:-1]
            continue
        found.append((start, number, whole[:end], whole[end:]))
        start, before = None, ""
    return found


def logical(text):
    """[(number of the first line, its text)]: lines that end in a backslash go on, comments and empty lines are left out."""
    return [(first, code) for first, _last, code, _comment in _spans(text) if code.strip()]


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
    for item in _items(found.group(1)):
        name, equals, value = item.partition("=")
        name = name.strip()
        if equals:
            pairs.append((name.rstrip("+-").strip(), value.strip().strip('"')))
        elif name.startswith("!"):
            pairs.append((name.lstrip("! \t"), name.count("!") % 2 == 0))
        else:
            pairs.append((name, True))
    return pairs


def passwordless(code):
    """What of a logical line lets somebody in without a password: "NOPASSWD", "!authenticate", or None."""
    if code.lstrip().startswith("Defaults"):
        return "!authenticate" if _NO_AUTHENTICATE.search(code) else None
    return "NOPASSWD" if _NOPASSWD.search(code) else None


def with_password(text):
    """*text*, in as many lines, with every rule asking for a password: NOPASSWD goes, and !authenticate; where it was all of its line, as a comment."""
    lines = text.split("\n")
    for first, last, code, comment in _spans(text):
        what = passwordless(code)
        if not what:
            continue
        raw = "\n".join(lines[first - 1:last])
        raw = raw[:len(raw) - len(comment)]
        if what == "NOPASSWD":
            raw = _NOPASSWD.sub("", raw)
        else:
            raw = _FIRST.sub(_line_breaks, _BEHIND.sub(_line_breaks, raw))
            if _NO_AUTHENTICATE.search(raw):
                raw = "\n".join("# {0}".format(line) for line in raw.split("\n"))
        lines[first - 1:last] = (raw + comment).split("\n")
    return "\n".join(lines)


def _line_breaks(match):
    return "\\\n" * match.group().count("\n")


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
