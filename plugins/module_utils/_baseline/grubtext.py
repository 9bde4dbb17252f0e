# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The files that hold the kernel's command line: /etc/default/grub, boot loader entries, and grub's environment block. Pure code.

An edit changes the words that it is about and leaves all others, their order and their white space.
"""

import re

# The environment block is read as a whole by a boot loader that cannot make a file longer.
BLOCK = 1024
HEADER = "# GRUB Environment Block\n"


def has(words, wanted, at_least=False):
    """Whether *words* (list) hold *wanted* ("audit=1"), and no later word of that name says otherwise.

    :param at_least: whether a higher number is as good
    """
    name, _equals, limit = wanted.partition("=")
    same = [word for word in words if word.partition("=")[0] == name]
    if not same:
        return False
    number = same[-1].partition("=")[2]
    return same[-1] == wanted or (at_least and number.isdigit() and int(number) >= int(limit))


def names(line, wanted):
    """Whether a command line has a word of the name of *wanted*, whatever its value."""
    name = wanted.partition("=")[0]
    return any(word.partition("=")[0] == name for word in line.split())


def added(line, wanted):
    """A command line (str) that holds *wanted* once, in the place of words of that name."""
    name = wanted.partition("=")[0]
    parts = re.findall(r"\s*\S+", line)
    kept, done = [], False
    for part in parts:
        if part.strip().partition("=")[0] == name:
            if not done:
                kept.append(part[:len(part) - len(part.lstrip())] + wanted)
            done = True
        else:
            kept.append(part)
    text = "".join(kept)
    return text if done else "{0}{1}{2}".format(text, " " if text.strip() else "", wanted)


def removed(line, unwanted):
    """A command line without any word for which *unwanted* (a compiled pattern that matches a whole word) stands."""
    return "".join(part for part in re.findall(r"\s*\S+", line) if not unwanted.match(part.strip())).lstrip()


# --- /etc/default/grub -----------------------------------------------------------------------------------------------

# A whole word, and nothing behind it but a comment: the name, the word, and what stands before and behind it.
_SHELL = re.compile(r"""([ \t]*(GRUB_[A-Z0-9_]+)=)("(?:[^"\\`]|\\.)*"|'[^']*'|[^\s"'\\;&|<>()`]*)((?:[ \t]+\#.*|[ \t]*)\r?)\Z""")
_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?(GRUB_[A-Z0-9_]+)\+?=")


def shell_values(text):
    """{name: [(line number, value, quote)]} of a file of shell assignments; a value that a plain assignment does not hold is left out."""
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = _SHELL.match(line)
        if match is None:
            continue
        value, quote = match.group(3), ""
        if value[:1] in ("'", '"'):
            quote, value = value[0], value[1:-1]
        found.setdefault(match.group(2), []).append((number, value, quote))
    return found


def unclear(text, name):
    """The number of the first line that gives *name* a value which shell_values() leaves out, or None."""
    for number, line in enumerate(text.split("\n"), 1):
        match = _ASSIGNMENT.match(line)
        if match and match.group(1) == name and not _SHELL.match(line):
            return number
    return None


def with_shell_value(text, name, change, missing=None):
    """*text* with change(value) for every assignment of *name*; one line more, of *missing*, where there is none."""
    lines = text.split("\n")
    found = shell_values(text).get(name, [])
    for number, value, quote in found:
        new = change(value)
        if new != value:
            quote = quote or ('"' if re.search(r"[^\w=.,/:-]", new) or not new else "")
            match = _SHELL.match(lines[number - 1])
            lines[number - 1] = "{0}{1}{2}{1}{3}".format(match.group(1), quote, new, match.group(4))
    if not found and missing is not None:
        if lines and lines[-1] == "":
            lines.pop()
        lines += ['{0}="{1}"'.format(name, missing) if re.search(r"[^\w]", missing) else "{0}={1}".format(name, missing), ""]
    return "\n".join(lines)


# --- entries of the boot loader --------------------------------------------------------------------------------------

_OPTIONS = re.compile(r"(options[ \t]+)(.*)")


def entry_options(text):
    """[(line number, command line)] of an entry below /boot/loader/entries."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        match = _OPTIONS.match(line)
        if match:
            found.append((number, match.group(2)))
    return found


def with_entry_options(text, change):
    lines = text.split("\n")
    for number, value in entry_options(text):
        new = change(value)
        if new != value:
            lines[number - 1] = _OPTIONS.match(lines[number - 1]).group(1) + new
    return "\n".join(lines)


# --- the environment block -------------------------------------------------------------------------------------------

def block_value(text, name):
    """(line number, value) of *name* in an environment block, or None where it holds none."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(name + "="):
            return number, line[len(name) + 1:]
    return None


def with_kernelopts(text, change):
    """The block with change(command line); its length stays a block's. None where it does not fit."""
    found = block_value(text, "kernelopts")
    if found is None:
        return text
    lines = text.split("\n")
    new = change(found[1])
    if new == found[1]:
        return text
    lines[found[0] - 1] = "kernelopts=" + new
    body = "\n".join(lines)
    if len(text.encode("utf-8", "surrogateescape")) < BLOCK:
        # Somebody else's file, of no block's length: grub would not read it either way.
        return body
    body = body.rstrip("#")
    room = BLOCK - len(body.encode("utf-8", "surrogateescape"))
    return body + "#" * room if room >= 0 else None
