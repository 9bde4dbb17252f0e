# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""rsyslog's configuration as text: which files it includes, which it writes, what listens. Pure code, for both of its syntaxes."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext

_INCLUDE = re.compile(r"""^\s*(?:\$IncludeConfig\s+(\S+)|include\s*\(.*?\bfile\s*=\s*"([^"]+)")""", re.I)
_ACTION = re.compile(r"""\baction\s*\(.*?\btype\s*=\s*"omfile".*?\)|\baction\s*\(.*?\bfile\s*=\s*"[^"]*".*?\)""", re.I)
_FILE = re.compile(r"""\bfile\s*=\s*"(/[^"]+)\"""", re.I)
# facility.priority[;…]   [-]/path[;template]
_SELECTOR = re.compile(r"^\s*[A-Za-z0-9*][A-Za-z0-9*,._-]*\.[A-Za-z0-9*!=.,;_-]+\s+-?(/[^\s;]+)")
# :property, [!]comparison[, "value"]   [-]/path[;template], with the strings emptied
_PROPERTY = re.compile(r"""^\s*:[^,]+,[^,]+(?:,\s*"")?\s+-?(/[^\s;]+)""")
# & /path: the same selector once more; if … then /path; or the path alone, in braces.
_BARE = re.compile(r"(?:^\s*&?|\bthen|\{)\s*-?(/[^\s;]+)")
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_CREATE = re.compile(r"^\s*\$FileCreateMode\s+([0-7]+)\s*$", re.I)
_LISTENS = re.compile(r"""^\s*(?:\$(?:Input(?:TCP|RELP|PTCP)|UDP)ServerRun\b|\$ModLoad\s+im(?:tcp|ptcp|udp|relp)\b|"""
                      r"""(?:module|input)\s*\(\s*(?:load|type)\s*=\s*"im(?:tcp|ptcp|udp|relp)")""", re.I)
_FORWARDS = re.compile(r"""^\s*(?:\*\.\*\s+(?:@|:omrelp:)|.*\baction\s*\(.*\btype\s*=\s*"om(?:fwd|relp)")""", re.I)


def includes(text):
    """The paths and patterns that a file includes."""
    found = []
    for line in keytext.split_lines(text):
        match = _INCLUDE.match(line)
        if match and not line.lstrip().startswith("#"):
            found.append(match.group(1) or match.group(2))
    return found


def statements(text):
    """[(line numbers, text on one line)] of what is no comment; a statement in parentheses goes on until they close."""
    found, words, numbers, depth = [], "", [], 0
    for number, line in enumerate(keytext.split_lines(text), 1):
        if not depth and (not line.strip() or line.lstrip().startswith("#")):
            continue
        words += (" " if words else "") + line.split(" #")[0] if depth else line
        numbers.append(number)
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        depth = max(0, depth + bare.count("(") - bare.count(")")) if re.match(r"\s*\w+\s*\(", words) else 0
        if not depth:
            found.append((numbers, words))
            words, numbers = "", []
    if numbers:
        found.append((numbers, words))
    return found


def written(text):
    """The files that a configuration writes logs to."""
    found = []
    for _numbers, line in statements(text):
        bare = _STRING.sub('""', line)
        match = _SELECTOR.match(line) or _PROPERTY.match(bare)
        found.extend([match.group(1)] if match else _BARE.findall(bare))
        for action in _ACTION.findall(line):
            found.extend(_FILE.findall(action))
    return [path for path in found if not path.startswith("/dev/")]


def create_modes(text):
    """[(line number, mode (int))] of $FileCreateMode."""
    found = []
    for number, line in enumerate(keytext.split_lines(text), 1):
        match = _CREATE.match(line)
        if match:
            found.append((number, int(match.group(1), 8)))
    return found


def listeners(text):
    """[line numbers] of each statement that takes messages from elsewhere."""
    return [numbers for numbers, line in statements(text) if _LISTENS.match(line)]


def forwards(text):
    """The numbers of the lines that send messages elsewhere."""
    return [numbers[0] for numbers, line in statements(text) if _FORWARDS.match(line)]


def commented(text, numbers):
    """*text* with the lines of those *numbers* as comments."""
    lines = text.split("\n")
    for number in numbers:
        lines[number - 1] = "# " + lines[number - 1]
    return "\n".join(lines)
