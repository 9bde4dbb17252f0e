# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Repository files as a lossless model: render(parse(text)) == text for any text, and an edit touches nothing else.

The grammar is the one of libdnf's own reader (IniParser), which is stricter than Python's configparser: only "=" splits,
a comment starts in the first column, a continuation starts with a blank and follows an option directly, keys are
case-sensitive, the last of several equal keys counts. dnf ignores a whole file in which one line breaks the grammar,
so such lines are kept as they are and reported as problems.
"""

import re
from collections import OrderedDict

BLANK = "blank"
COMMENT = "comment"
SECTION = "section"
OPTION = "option"
CONTINUATION = "continuation"
JUNK = "junk"

ENDING = ".repo"
BOM = "\ufeff"
# Only these end a line for dnf; str.splitlines() would also split at form feeds and Unicode separators.
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# Carriage returns at the very end of a file would become part of a line break if a line were put behind them.
_ENDING = re.compile(r"\r*\n\Z|\r+\Z")
_OPTION = re.compile(r"([^=]*?)([ \t]*=[ \t]*)(.*)", re.DOTALL)


class Problem(object):
    """A line that breaks the grammar: line (int from 1) and reason (str)."""

    def __init__(self, line, reason):
        self.line = line
        self.reason = reason

    def __repr__(self):
        return "line {0}: {1}".format(self.line, self.reason)

    def __eq__(self, other):
        return isinstance(other, Problem) and (self.line, self.reason) == (other.line, other.reason)


class Line(object):
    """One line as it stands: kind, body (without its ending), ending, the section it belongs to, and what it says.

    Options carry key and value (str, stripped); continuations carry value. Never changed once made.
    """

    def __init__(self, kind, body, ending, section=None, key=None, value=None):
        self.kind = kind
        self.body = body
        self.ending = ending
        self.section = section
        self.key = key
        self.value = value

    def with_ending(self, ending):
        return Line(self.kind, self.body, ending, self.section, self.key, self.value)


class Document(object):
    """A repository file. Made by parse(); problems is a list of Problem."""

    def __init__(self, prefix, lines, problems):
        self.prefix = prefix
        self.lines = lines
        self.problems = problems
        self._names = None

    def copy(self):
        return Document(self.prefix, list(self.lines), list(self.problems))

    def render(self):
        """The text (str)."""
        return self.prefix + "".join(line.body + line.ending for line in self.lines)

    @property
    def ending(self):
        """How lines end in this file."""
        for line in self.lines:
            if line.ending.endswith("\n"):
                return line.ending
        return "\n"

    def sections(self):
        """Names of the sections in their order, each once."""
        return list(OrderedDict.fromkeys(line.section for line in self.lines if line.kind == SECTION))

    def has(self, section):
        # Asked for every known repository in every file: worth remembering.
        if self._names is None:
            self._names = frozenset(line.section for line in self.lines if line.kind == SECTION)
        return section in self._names

    def options(self, section):
        """{key: value} of *section* as dnf reads it; continuation lines are joined by a newline."""
        found = OrderedDict()
        key = None
        for line in self.lines:
            if line.section != section:
                continue
            if line.kind == OPTION:
                key = line.key
                found[key] = line.value
            elif line.kind == CONTINUATION:
                found[key] += "\n" + line.value
        return found

    def get(self, section, key, default=None):
        return self.options(section).get(key, default)

    def _header(self, section):
        for index, line in enumerate(self.lines):
            if line.kind == SECTION and line.section == section:
                return index
        return None

    def _option(self, section, key):
        found = None
        for index, line in enumerate(self.lines):
            if line.kind == OPTION and line.section == section and line.key == key:
                found = index
        return found

    def _end_of_value(self, index):
        """The index behind the option at *index* and its continuations."""
        index += 1
        while index < len(self.lines) and self.lines[index].kind == CONTINUATION:
            index += 1
        return index

    def _insert(self, index, new):
        """Put *new* lines (their endings are set here) before *index*, keeping how the file ends."""
        ending = self.ending
        new = [line.with_ending(ending) for line in new]
        if index > 0 and index == len(self.lines) and not self.lines[-1].ending.endswith("\n"):
            new[-1] = new[-1].with_ending(self.lines[-1].ending)
            self.lines[-1] = self.lines[-1].with_ending(ending)
        self.lines[index:index] = new

    def _delete(self, start, stop):
        """Drop lines, keeping how the file ends."""
        ending = self.lines[stop - 1].ending
        del self.lines[start:stop]
        # An empty line without an ending would be none.
        if not ending.endswith("\n") and self.lines and self.lines[-1].body:
            self.lines[-1] = self.lines[-1].with_ending(ending)

    def set(self, section, key, value):
        """Give *key* of *section* the *value*: in its place, or after the section's last option.

        :raises KeyError: there is no such section
        :raises ValueError: key or value cannot be written in one line
        """
        _check(key, value)
        index = self._option(section, key)
        if index is not None:
            self._replace(index, key, value)
            return
        anchor = None
        for number, line in enumerate(self.lines):
            if line.section == section and line.kind in (SECTION, OPTION, CONTINUATION):
                anchor = number
        if anchor is None:
            raise KeyError(section)
        # An indented line that belongs to no option would become part of the new one.
        while anchor + 1 < len(self.lines) and self.lines[anchor + 1].kind == JUNK:
            anchor += 1
        self._insert(anchor + 1, [_option_line(section, key, value)])

    def replace(self, section, old_key, key, value):
        """Put *key* = *value* where *old_key* stands (another key in the same place).

        :raises KeyError: there is no such option
        :raises ValueError: key or value cannot be written in one line
        """
        _check(key, value)
        index = self._option(section, old_key)
        if index is None:
            raise KeyError(old_key)
        self._replace(index, key, value)

    def _replace(self, index, key, value):
        old = self.lines[index]
        stop = self._end_of_value(index)
        separator = _OPTION.match(old.body).group(2)
        # A separator takes the blanks behind "=" with it, so an empty old value must not leave one behind.
        body = (key + separator + value).rstrip(" \t") if value else key + separator.rstrip(" \t")
        ending = self.lines[stop - 1].ending
        self.lines[index:stop] = [Line(OPTION, body, ending, old.section, key, value)]

    def remove(self, section, key):
        """Drop every *key* of *section* with its continuations; True if there was one."""
        removed = False
        index = self._option(section, key)
        while index is not None:
            self._delete(index, self._end_of_value(index))
            removed = True
            index = self._option(section, key)
        return removed

    def add_section(self, section, options):
        """Put a new section at the end, a blank line before it.

        :param options: list of (key, value), both str
        :raises ValueError: the section is there already, or a name or value cannot be written in one line
        """
        if self.has(section):
            raise ValueError("section {0} is there already".format(section))
        if not section or re.search(r"[\]\r\n]", section):
            raise ValueError("no section name: {0!r}".format(section))
        new = [Line(SECTION, "[" + section + "]", "", section)]
        for key, value in options:
            _check(key, value)
            new.append(_option_line(section, key, value))
        if self.lines and self.lines[-1].kind != BLANK:
            new.insert(0, Line(BLANK, "", "", self.lines[-1].section))
        self._insert(len(self.lines), new)
        self._names = None

    def remove_section(self, section):
        """Drop *section* with its own lines; True if it was there.

        Its own are all lines from its header to its last option, the comments that follow that directly, and the blank
        lines after them. A comment that stands apart before the next header speaks about that one, and stays.
        """
        removed = False
        index = self._header(section)
        while index is not None:
            self._delete(index, self._end_of_section(index))
            removed = True
            index = self._header(section)
        self._names = None
        return removed

    def _end_of_section(self, header):
        following = header + 1
        while following < len(self.lines) and self.lines[following].kind != SECTION:
            following += 1
        stop = header + 1
        for index in range(header + 1, following):
            if self.lines[index].kind in (OPTION, CONTINUATION, JUNK):
                stop = index + 1
        while stop < following and self.lines[stop].kind == COMMENT:
            stop += 1
        while stop < following and self.lines[stop].kind == BLANK:
            stop += 1
        return stop


def _check(key, value):
    if not key or key[0] in "#;[ \t" or re.search(r"[=\r\n]", key) or key != key.strip():
        raise ValueError("no option name: {0!r}".format(key))
    if re.search(r"[\r\n\0]", value):
        raise ValueError("the value of {0} holds a line break or a NUL".format(key))
    if value != value.strip(" \t"):
        raise ValueError("the value of {0} starts or ends with a blank".format(key))


def _option_line(section, key, value):
    return Line(OPTION, key + "=" + value, "", section, key, value)


def _section_name(body):
    """(name, None) or (None, reason) of a line that starts with a bracket."""
    end = body.find("]")
    if end < 0:
        return None, "the section header has no closing bracket"
    name = body[1:end]
    if not name:
        return None, "the section header is empty"
    rest = body[end + 1:].strip(" \t\r")
    if rest and rest[0] not in "#;":
        return None, "there is text behind the section header"
    return name, None


def parse(text):
    """*text* (str) of a repository file as a Document. Never fails: see Document.problems."""
    prefix = ""
    problems = []
    if text.startswith(BOM):
        prefix, text = BOM, text[len(BOM):]
        problems.append(Problem(1, "the file starts with a byte order mark"))
    lines = []
    section = None
    follows_option = False
    for number, raw in enumerate(_LINE.findall(text), 1):
        ending = _ENDING.search(raw)
        ending = ending.group(0) if ending else ""
        body = raw[:len(raw) - len(ending)]
        line, reason = _classify(body, ending, section, follows_option)
        if reason is not None:
            problems.append(Problem(number, reason))
        if line.kind == SECTION:
            section = line.section
        follows_option = line.kind in (OPTION, CONTINUATION)
        lines.append(line)
    return Document(prefix, lines, problems)


def _classify(body, ending, section, follows_option):
    """(Line, None) or (a junk Line, reason)."""
    if not body.strip(" \t\r"):
        return Line(BLANK, body, ending, section), None
    if body[0] in "#;":
        return Line(COMMENT, body, ending, section), None
    if body[0] == "[":
        name, reason = _section_name(body)
        if reason is None:
            return Line(SECTION, body, ending, name), None
        return Line(JUNK, body, ending, section), reason
    if body[0] in " \t":
        if follows_option:
            return Line(CONTINUATION, body, ending, section, value=body.strip(" \t\r")), None
        return Line(JUNK, body, ending, section), "an indented line follows no option"
    match = _OPTION.match(body)
    if section is None:
        return Line(JUNK, body, ending, section), "there is text before the first section header"
    if match is None:
        return Line(JUNK, body, ending, section), "the line is neither an option, a section header nor a comment"
    if not match.group(1):
        return Line(JUNK, body, ending, section), "there is no name before the equals sign"
    return Line(OPTION, body, ending, section, match.group(1), match.group(3).strip(" \t\r")), None


def is_read(name):
    """Whether dnf reads the file *name* of a directory of repositories: what is hidden, such as a copy that a kill left behind, it does not."""
    return name.endswith(ENDING) and not name.startswith(".")


def in_order(paths):
    """The repository files *paths* (or names) in the order in which dnf reads them; of several sections of one id, the first counts.

    It sorts them without their ending, part by part: "a.repo" is before "a-b.repo".
    """
    return sorted(paths, key=lambda path: path[:-len(ENDING)].split("/"))
