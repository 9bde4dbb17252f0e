# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Text of sshd_config: what a line says, and the blocks of ours in it. Pure.

The first value of a key counts. A Match line makes all below it conditional, to the end of its file (sshd_config(5)).
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext

FORM = keytext.Form(" ", ignore_case=True, comments="#")
BEGIN, END = "# BEGIN elkit.almalinux hardening", "# END elkit.almalinux hardening"
COMPAT_BEGIN = "# BEGIN elkit.almalinux scanner_compat: without effect here, for scanners that read this file alone"
COMPAT_END = "# END elkit.almalinux scanner_compat"
_LINE = re.compile(r"\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+|$)(.*)", re.S)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def split(line):
    """(key, value) of a line, or None: quotes and a comment behind the value are taken off."""
    bare = line.strip()
    if not bare or bare[0] == "#":
        return None
    found = _LINE.match(bare)
    if not found:
        return None
    value = re.sub(r"\s+#.*", "", found.group(2)).strip()
    if len(value) > 1 and value[0] == value[-1] == '"' and '"' not in value[1:-1]:
        value = value[1:-1]
    return found.group(1), value


def parse(text):
    """[(line number, key in small letters, value, whether a Match is above it)]; Match lines themselves are among them."""
    found, conditional = [], False
    for number, line in enumerate(keytext.split_lines(text), 1):
        pair = split(line)
        if pair is None:
            continue
        key, value = pair[0].lower(), pair[1]
        if key == "match":
            conditional = value.lower() != "all"
        found.append((number, key, value, conditional))
    return found


def seconds(value):
    """A time of sshd_config ("90", "1m30s") in seconds, or None where it is none."""
    if value is None or not re.match(r"(\d+[smhdwSMHDW]?)+\Z", value):
        return None
    return sum(int(number) * _UNITS[unit.lower() or "s"] for number, unit in re.findall(r"(\d+)([smhdwSMHDW]?)", value))


def _bounds(lines, begin, end):
    if begin in lines and end in lines[lines.index(begin):]:
        start = lines.index(begin)
        return start, lines.index(end, start)
    return None


def with_block(text, key, value):
    """*text* with *key* in our block, which stands above everything, so that it counts whatever comes below."""
    lines = keytext.split_lines(text)
    bounds = _bounds(lines, BEGIN, END)
    inside = []
    if bounds:
        inside = lines[bounds[0] + 1:bounds[1]]
        del lines[bounds[0]:bounds[1] + 1]
    inside = keytext.split_lines(keytext.with_value(keytext.join_lines(inside), FORM, key, value))
    return keytext.join_lines([BEGIN] + inside + [END] + lines)


def with_compat(text, key, value):
    """*text* with *key* in the block for scanners: above the first Match, else at the end, so that whatever came before counts."""
    lines = keytext.split_lines(text)
    bounds = _bounds(lines, COMPAT_BEGIN, COMPAT_END)
    inside = []
    if bounds:
        inside = lines[bounds[0] + 1:bounds[1]]
        del lines[bounds[0]:bounds[1] + 1]
    inside = keytext.split_lines(keytext.with_value(keytext.join_lines(inside), FORM, key, value))
    matches = [number for number, name, _value, _conditional in parse(keytext.join_lines(lines)) if name == "match"]
    place = matches[0] - 1 if matches else len(lines)
    return keytext.join_lines(lines[:place] + [COMPAT_BEGIN] + inside + [COMPAT_END] + lines[place:])


def without_lines(text, numbers):
    """*text* with the lines of these numbers as comments."""
    lines = keytext.split_lines(text)
    for number in numbers:
        lines[number - 1] = "# {0}".format(lines[number - 1])
    return keytext.join_lines(lines)
