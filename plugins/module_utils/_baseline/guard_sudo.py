# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether the sudoers that is planned lets the connecting user become root as the play does. Syntax is visudo's to judge, when it is written."""

import fnmatch
import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard_who
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import sudo
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError


def problems(view, who):
    if who.become != "sudo" or guard_who.user_id(view, who.name) == 0:
        return []
    lines = read(view)
    words = words_for(view, who.name)
    found = []
    options = defaults(lines, words)
    if options.get("requiretty") and not who.tty:
        found.append("sudo would ask for a terminal (requiretty)")
    for word in ("targetpw", "rootpw", "runaspw"):
        if options.get(word) and who.become_password:
            found.append("sudo would ask for another user's password ({0})".format(word))
    rule = last_rule(lines, words)
    if rule is None:
        found.append("sudoers lets {0} run no command as root".format(who.name))
    elif not rule and options.get("authenticate", True) and not who.become_password:
        found.append("sudo would ask {0} for a password".format(who.name))
    return found


def read(view):
    """The logical lines of sudoers and all that it includes; a file that cannot be read has none."""
    try:
        return [text.strip() for _path, _number, text in sudo.lines(view, read=guard_who.text_of)]
    except ElkitError:
        return []


def words_for(view, name):
    """What names a user in a list of sudoers: their name, number, and groups with their numbers (set; %-words are patterns)."""
    number = guard_who.user_id(view, name)
    found = set([name] if number is None else [name, "#{0}".format(number)])
    for group, gid in guard_who.memberships(view, name).items():
        found.update(["%" + group, "%#{0}".format(gid)])
    return found


def defaults(lines, words):
    """{flag: bool} of the Defaults that hold on any command for a user with *words* (see words_for())."""
    found = {}
    for line in lines:
        match = re.match(r"Defaults(?::(\S+))?\s+(.*)", line)
        if not match or match.group(1) and not is_one(match.group(1), lines, words):
            continue
        for word in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", match.group(2)):
            word = word.strip()
            if re.match(r"!*\w+\Z", word):
                found[word.lstrip("!")] = (len(word) - len(word.lstrip("!"))) % 2 == 0
    return found


def is_one(users, lines, words):
    """Whether a list of users in sudoers has one with *words*; the last that fits decides."""
    result = False
    for word in users.split(","):
        word = word.strip()
        refused = word.startswith("!")
        word = word.lstrip("!").strip('"')
        fits = word == "ALL" or word in words or word.startswith("%") and any(fnmatch.fnmatchcase(other, word) for other in words)
        if not fits and re.match(r"[A-Z][A-Z0-9_]*\Z", word) and word != "ALL":
            for line in lines:
                match = re.match(r"User_Alias\s+(.*)", line)
                for part in match.group(1).split(":") if match else ():
                    alias, _equals, members = part.partition("=")
                    if alias.strip() == word and is_one(members, [], words):
                        fits = True
        if fits:
            result = not refused
    return result


def last_rule(lines, words):
    """Whether the last rule by which a user with *words* may run any command as root needs no password; None where there is no such rule."""
    result = None
    for line in lines:
        match = re.match(r"(?!Defaults\b|\w+_Alias\b)([^=]+?)\s+([^=\s]+)\s*=\s*(.*)", line)
        if not match:
            continue
        users, _hosts, rest = match.groups()
        if not is_one(re.sub(r"\s*,\s*", ",", users.strip()), lines, words):
            continue
        free = False
        for part in rest.split(","):
            runas = re.match(r"\s*\(([^)]*)\)\s*(.*)", part)
            if runas:
                who = runas.group(1).partition(":")[0]
                part = runas.group(2)
                if who.strip() and not set(re.split(r"[\s,]+", who.strip())) & {"ALL", "root"}:
                    continue
            for tag in re.findall(r"([A-Z_]+)\s*:", part):
                free = True if tag == "NOPASSWD" else False if tag == "PASSWD" else free
            command = re.sub(r"([A-Z_]+)\s*:\s*", "", part).strip()
            if command == "ALL":
                result = free
    return result
