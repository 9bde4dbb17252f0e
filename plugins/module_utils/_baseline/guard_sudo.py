# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether the sudoers that is planned lets the connecting user become root as the play does. Syntax is visudo's to judge, when it is written."""

import fnmatch
import os
import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard_who

MAIN = "/etc/sudoers"


def problems(view, who):
    if who.become != "sudo" or guard_who.user_id(view, who.name) == 0:
        return []
    lines = read(view, MAIN, ())
    groups = guard_who.groups(view, who.name)
    found = []
    options = defaults(lines, who.name, groups)
    if options.get("requiretty") and not who.tty:
        found.append("sudo would ask for a terminal (requiretty)")
    for word in ("targetpw", "rootpw", "runaspw"):
        if options.get(word) and who.become_password:
            found.append("sudo would ask for another user's password ({0})".format(word))
    rule = last_rule(lines, who.name, groups)
    if rule is None:
        found.append("sudoers lets {0} run no command as root".format(who.name))
    elif not rule and options.get("authenticate", True) and not who.become_password:
        found.append("sudo would ask {0} for a password".format(who.name))
    return found


def read(view, path, seen):
    """The lines of sudoers and all that it includes, continued ones joined, without comments."""
    found = []
    text = re.sub(r"\\\n", " ", guard_who.text_of(view, path))
    for line in text.splitlines():
        match = re.match(r"[#@](include|includedir)\s+(\S.*)", line)
        if match and len(seen) < 10:
            place = match.group(2).strip().strip('"')
            place = place if place.startswith("/") else os.path.join(os.path.dirname(path), place)
            if match.group(1) == "include":
                found += read(view, place, seen + (path,))
            else:
                for name in view.names(place):
                    # As sudo has it: these are left by package managers and editors.
                    if "." not in name and not name.endswith("~"):
                        found += read(view, os.path.join(place, name), seen + (path,))
            continue
        line = re.sub(r"(^|\s)#(?!\d).*", "", line).strip()
        if line:
            found.append(line)
    return found


def defaults(lines, name, groups):
    """{flag: bool} of the Defaults that hold for *name* on any command."""
    found = {}
    for line in lines:
        match = re.match(r"Defaults(?::(\S+))?\s+(.*)", line)
        if not match or match.group(1) and not is_one(match.group(1), lines, name, groups):
            continue
        for word in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", match.group(2)):
            word = word.strip()
            if re.match(r"!*\w+\Z", word):
                found[word.lstrip("!")] = (len(word) - len(word.lstrip("!"))) % 2 == 0
    return found


def is_one(users, lines, name, groups):
    """Whether a list of users in sudoers has *name*; the last that fits decides."""
    result = False
    for word in users.split(","):
        word = word.strip()
        refused = word.startswith("!")
        word = word.lstrip("!").strip('"')
        fits = word in ("ALL", name) or (word.startswith("%") and any(fnmatch.fnmatchcase(group, word[1:]) for group in groups))
        if not fits and re.match(r"[A-Z][A-Z0-9_]*\Z", word) and word != "ALL":
            for line in lines:
                match = re.match(r"User_Alias\s+(.*)", line)
                for part in match.group(1).split(":") if match else ():
                    alias, _equals, members = part.partition("=")
                    if alias.strip() == word and is_one(members, [], name, groups):
                        fits = True
        if fits:
            result = not refused
    return result


def last_rule(lines, name, groups):
    """Whether the last rule by which *name* may run any command as root needs no password; None where there is no such rule."""
    result = None
    for line in lines:
        match = re.match(r"(?!Defaults\b|\w+_Alias\b)([^=]+?)\s+([^=\s]+)\s*=\s*(.*)", line)
        if not match:
            continue
        users, _hosts, rest = match.groups()
        if not is_one(re.sub(r"\s*,\s*", ",", users.strip()), lines, name, groups):
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
