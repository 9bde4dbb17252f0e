# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The text of /etc/fstab and of /proc/self/mountinfo: read them, and change the options of one entry and nothing else. Pure code."""

import re

# A field and the white space before it; the rest of a line (comments, dump, pass) is never looked at.
_FIELD = re.compile(r"[ \t]*([^ \t\r\n]+)")
_OCTAL = re.compile(r"\\([0-3][0-7]{2})")
# What a mount allows, and the word that takes it away.
OPPOSITES = {"nodev": "dev", "nosuid": "suid", "noexec": "exec"}
# Words that bring nodev, nosuid and noexec with them, unless a later word says otherwise (mount(8)).
_BUNDLES = {"user": ("nodev", "nosuid", "noexec"), "users": ("nodev", "nosuid", "noexec"), "owner": ("nodev", "nosuid"), "group": ("nodev", "nosuid"),
            "defaults": ()}


class Entry(object):
    """One entry: line (int, from 1), source, path, fstype, options (list of str)."""

    def __init__(self, line, source, path, fstype, options):
        self.line = line
        self.source = source
        self.path = path
        self.fstype = fstype
        self.options = options


def plain(word):
    """A field with its octal escapes (a space is \\040) as what they stand for."""
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), word)


def _lines(text):
    # Not splitlines(): a form feed within a comment ends no line for mount(8).
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _fields(line):
    """The matches of the first four fields; [] for a comment or an empty line."""
    found = []
    place = 0
    while len(found) < 4:
        match = _FIELD.match(line, place)
        if match is None or (not found and match.group(1).startswith("#")):
            break
        found.append(match)
        place = match.end()
    return found


def entries(text):
    """Every Entry, in order; lines that are none are left out."""
    found = []
    for number, line in enumerate(_lines(text), 1):
        fields = [match.group(1) for match in _fields(line)]
        if len(fields) < 3:
            continue
        path = plain(fields[1])
        path = path.rstrip("/") or "/" if path.startswith("/") else path
        options = fields[3].split(",") if len(fields) > 3 else ["defaults"]
        found.append(Entry(number, plain(fields[0]), path, fields[2], options))
    return found


def has_option(options, wanted):
    """Whether *options* (list, the last word counts) end up with *wanted* ("nodev", …)."""
    on = False
    for word in options:
        if word == wanted or wanted in _BUNDLES.get(word, ()):
            on = True
        elif word == OPPOSITES.get(wanted):
            on = False
    return on


def with_option(text, path, wanted):
    """*text* whose entries for *path* all have the option *wanted*; every other byte stays."""
    lines = _lines(text)
    for entry in entries(text):
        if entry.path != path or has_option(entry.options, wanted):
            continue
        options = [word for word in entry.options if word != OPPOSITES.get(wanted)] + [wanted]
        line = lines[entry.line - 1]
        fields = _fields(line)
        if len(fields) > 3:
            start, end = fields[3].span(1)
            lines[entry.line - 1] = line[:start] + ",".join(options) + line[end:]
        else:
            end = fields[2].end()
            lines[entry.line - 1] = line[:end] + " " + ",".join(options) + line[end:]
    return "".join(lines)


def with_entry(text, source, path, fstype, options):
    """*text* with one more entry at its end."""
    if text and not text.endswith("\n"):
        text += "\n"
    return text + "{0} {1} {2} {3} 0 0\n".format(source, path, fstype, ",".join(options))


# --- what is mounted -------------------------------------------------------------------------------------------------

class Mount(object):
    """What is mounted on a path: path, options (of this mount alone), fstype, source, device ("253:0")."""

    def __init__(self, path, options, fstype, source, device):
        self.path = path
        self.options = options
        self.fstype = fstype
        self.source = source
        self.device = device


def mounts(text):
    """{path: Mount} of /proc/self/mountinfo; of several on one path, the uppermost."""
    found = {}
    for line in text.splitlines():
        left, _dash, right = line.partition(" - ")
        first, second = left.split(), right.split()
        if len(first) < 6 or len(second) < 2:
            continue
        path = plain(first[4])
        found[path] = Mount(path, first[5].split(","), second[0], plain(second[1]), first[2])
    return found
