# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""/etc/os-release."""

import re

_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)\Z")
_ESCAPE = re.compile(r'\\(["\\$`])')


def parse(text):
    """({name: value}, [problem, …]) of *text* (str), all str. The last of several equal names counts; see os-release(5)."""
    values, problems = {}, []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            problems.append("line {0} is no assignment".format(number))
            continue
        value, problem = _unquote(match.group(2))
        if problem:
            problems.append("line {0}: {1}".format(number, problem))
        values[match.group(1)] = value
    return values, problems


def _unquote(text):
    if text[:1] in ("'", '"'):
        if len(text) < 2 or text[-1] != text[0]:
            return text[1:], "the quote is not closed"
        inner = text[1:-1]
        return (inner if text[0] == "'" else _ESCAPE.sub(r"\1", inner)), None
    return text, None
