# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Text of keys and values, in the forms that daemons on EL read: "key = value", "key=value", "key value", with or without sections.

Pure. An edit changes the lines of the wanted key and no other; doing it twice changes nothing.
"""

import re


class Form(object):
    """How a file writes keys and values.

    :param separator: what stands between key and value when we write: "=", " = ", " ", …; one that is blank reads any white space
    :param section: str, the name in brackets below which the key stands, or None where the file has no sections
    :param ignore_case: whether "Key" and "key" are the same
    :param comments: the characters that begin a comment line
    :param inline_comments: whether a comment may stand behind a value
    :param quotes: whether quotation marks around a value are none of it
    :param blanks: whether white space separates key and value as well as "=" does, as PAM's modules read their files
    :param continued: whether a line that begins with white space goes on with the value before it
    """

    def __init__(self, separator="=", section=None, ignore_case=False, comments="#;", inline_comments=False, quotes=False, blanks=False, continued=False):
        self.separator = separator
        self.section = section
        self.ignore_case = ignore_case
        self.comments = comments
        self.inline_comments = inline_comments
        self.quotes = quotes
        self.blanks = blanks
        self.continued = continued

    def same(self, one, other):
        return one.lower() == other.lower() if self.ignore_case else one == other

    def line(self, key, value):
        """The line for *key*; a value of None gives the bare word."""
        return key if value is None else "{0}{1}{2}".format(key, self.separator, value)

    def split(self, line):
        """(key, value) of a line, or None where it has none; the value of a bare word is None."""
        line = line.strip()
        if not line or line[0] in self.comments or (self.section is not None and line[0] == "["):
            return None
        if self.inline_comments:
            for mark in self.comments:
                line = line.split(mark, 1)[0].rstrip()
        if self.blanks:
            key, found, value = (re.split(r"(\s*=\s*|\s+)", line, maxsplit=1) + ["", ""])[:3]
        elif self.separator.strip():
            key, found, value = line.partition(self.separator.strip())
        else:
            words = line.split(None, 1)
            key, found, value = words[0], len(words) > 1, words[-1]
        if not found:
            return line, None
        value = value.strip()
        if self.quotes and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        return key.strip(), value


def split_lines(text):
    """The lines of *text* without their line feeds. Daemons end a line at a line feed alone, unlike str.splitlines()."""
    lines = text.split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def join_lines(lines):
    return "".join(line + "\n" for line in lines)


def _heading(line):
    line = line.strip()
    return line[1:-1].strip() if line.startswith("[") and line.endswith("]") else None


def _walk(lines, form):
    """(index, line) of the lines that stand where keys of *form* count."""
    inside = form.section is None
    for index, line in enumerate(lines):
        heading = _heading(line) if form.section is not None else None
        if heading is not None:
            inside = heading == form.section
        elif inside:
            yield index, line


def _settings(lines, form):
    """[(index, [indexes of the lines that go on with it], key, value)] of *lines*, in their order."""
    found = []
    for index, line in _walk(lines, form):
        if form.split(line) is None:
            continue
        if form.continued and found and line[0].isspace():
            found[-1][1].append(index)
            found[-1][2] += " " + line.strip()
        else:
            found.append([index, [], line])
    return [(index, more) + form.split(line) for index, more, line in found]


def entries(text, form):
    """[(line number from 1, key, value)] of *text*, in its order."""
    return [(index + 1, key, value) for index, _more, key, value in _settings(split_lines(text), form)]


def values(text, form, key):
    """[(line number, value)] of *key*."""
    return [(number, value) for number, name, value in entries(text, form) if form.same(name, key)]


def with_value(text, form, key, value):
    """*text* with exactly one line for *key*: where its first was, else below a comment that shows the key, else at the end of its section."""
    lines = split_lines(text)
    # A file of CR LF keeps them.
    new = form.line(key, value) + ("\r" if lines and all(line.endswith("\r") for line in lines) else "")
    there = [item for item in _settings(lines, form) if form.same(item[2], key)]
    if there:
        index, more = there[0][:2]
        if there[0][2:] == (key, value):
            more = []
        else:
            lines[index] = new
        for number in sorted(sum(([item[0]] + item[1] for item in there[1:]), more), reverse=True):
            del lines[number]
    else:
        _insert(lines, form, key, new)
    return join_lines(lines)


def without(text, form, key):
    """*text* without *key*: its lines stay as comments."""
    lines = split_lines(text)
    for index, more, name, _value in _settings(lines, form):
        for number in [index] + more if form.same(name, key) else ():
            lines[number] = "{0} {1}".format(form.comments[0], lines[number])
    return join_lines(lines)


def _insert(lines, form, key, new):
    place = None
    for index, line in _walk(lines, form):
        bare = line.strip()
        if bare and bare[0] in form.comments:
            pair = form.split(bare.lstrip(form.comments))
            # A sentence that begins with the key is no example of it, so the comment must look like a setting.
            if pair is not None and form.same(pair[0], key) and pair[1] is not None and len(pair[1].split()) <= 1:
                place = index + 1
                break
    if place is None and form.section is not None:
        place = _end_of_section(lines, form.section)
        if place is None:
            lines.append("[{0}]".format(form.section))
            place = len(lines)
    lines.insert(len(lines) if place is None else _behind_value(lines, form, place), new)


def _behind_value(lines, form, place):
    """*place*, or behind the lines from there on that go on with a value above."""
    for index in range(place, len(lines) if form.continued else 0):
        if form.split(lines[index]) is None:
            continue
        if not lines[index][0].isspace():
            break
        place = index + 1
    return place


def _end_of_section(lines, section):
    """The index behind the last line that says something in the first section of that name, or None where there is none."""
    place, inside = None, False
    for index, line in enumerate(lines):
        heading = _heading(line)
        if heading is not None:
            if place is not None:
                break
            inside = heading == section
        if inside and line.strip():
            place = index + 1
    return place
