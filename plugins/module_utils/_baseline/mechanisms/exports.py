# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Every directory that NFS gives away asks for Kerberos: each client in /etc/exports and /etc/exports.d has a sec=, of these and no other.

args: security (str, "krb5:krb5i:krb5p": what is good, and what a client without it is given)
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable, not_applicable

PATH = "/etc/exports"
MORE = "/etc/exports.d/*.exports"
# A backslash at the end of a line joins it with the next, whose leading blanks are none of it; at the end of a comment it does not.
_JOINED = re.compile(r"\\\n[ \t]*")
_COMMENT = re.compile(r"(?:^|(?<=\s))#[\s\S]*")
_WORD = re.compile(r'"[^"]*"|[^\s()"]*\([^()]*\)|\S+')
_OPTIONS = re.compile(r"\(([^()]*)\)")


def _words(line):
    """The directory and its clients (list of str), as they stand in a line; [] for one that gives nothing away."""
    words = _WORD.findall(_JOINED.sub(" ", _COMMENT.sub("", line)))
    return words if words and words[0].startswith(("/", '"/')) else []


def split(text):
    """The logical lines of *text*, each as it stands there (str, of one line or several)."""
    found, going_on = [], False
    for line in text.split("\n"):
        if going_on:
            found[-1] += "\n" + line
        else:
            found.append(line)
        going_on = line.endswith("\\") and not _COMMENT.search(found[-1])
    return found


def shares(text):
    """[(place in what split() makes of *text*, line number, line)] of the lines that give something away; a line may be of several."""
    found, number = [], 1
    for place, line in enumerate(split(text or "")):
        if _words(line):
            found.append((place, number, line))
        number += line.count("\n") + 1
    return found


def _security(options):
    """What the list *options* has of sec=."""
    return [word[len("sec="):] for word in options if word.startswith("sec=")]


def clients(line):
    """[(client as it stands there, [what each of its sec= says, or that of the options for all])]."""
    found, common = [], []
    for word in _words(line)[1:]:
        if word.startswith("-"):
            common = _security(word[1:].split(","))
        else:
            found.append((word, common + _security(",".join(_OPTIONS.findall(word)).split(","))))
    return found


def _good(said, security):
    return bool(said) and all(set(one.split(":")) <= set(security.split(":")) for one in said)


def secure(line, security):
    """Whether every client in the line has a sec=, and only of *security*; a line without clients gives it to all the world."""
    found = clients(line)
    return bool(found) and all(_good(said, security) for _client, said in found)


def with_security(line, security):
    """The line with *security* for each of its clients that has another or none, last among its options.

    :raises NotFixable: a client has no options in brackets, or more than one sec=
    """
    found = clients(line)
    if not found:
        raise NotFixable("{0} is given to all the world".format(_words(line)[0]), "Name its clients: CLIENT(ro,sec={0})".format(security))
    bad = [(client, said) for client, said in found if not _good(said, security)]
    for client, said in bad:
        if not client.endswith(")"):
            raise NotFixable("{0} has no options in brackets".format(client), "Write them: {0}(ro,sec={1})".format(client, security))
        if len(said) > 1:
            raise NotFixable("{0} has more than one sec=".format(client), "Leave those of {0} alone".format(security))

    def put(match):
        if match.group() not in [client for client, _said in bad]:
            return match.group()
        name, _bracket, options = match.group()[:-1].partition("(")
        return "{0}({1})".format(name, ",".join([word for word in options.split(",") if word and not word.startswith("sec=")] + ["sec=" + security]))
    # A comment behind it stays as it is.
    comment = "".join(_COMMENT.findall(line))
    return _WORD.sub(put, line[:len(line) - len(comment)]) + comment


def _paths(view):
    return [PATH] + [path for path in view.glob(MORE) if not path.rpartition("/")[2].startswith(".")]


def check(control, view):
    security = control.need("security")
    found = [(path, number, line) for path in _paths(view) for _place, number, line in shares(view.read(path))]
    if not found:
        return not_applicable("{0} and {1} give nothing away".format(PATH, MORE))
    bad = [item for item in found if not secure(item[2], security)]
    path, number, line = (bad or found)[0]
    return Finding(not bad, line.strip(), "sec=" + security, path, number if bad else None)


def fix(control, view):
    security = control.need("security")
    for path in _paths(view):
        text = view.read(path) or ""
        lines = split(text)
        for place, number, line in shares(text):
            if not secure(line, security):
                try:
                    lines[place] = with_security(line, security)
                except NotFixable as error:
                    raise NotFixable("{0}, line {1}: {2}".format(path, number, error.message), error.remedy)
        if "\n".join(lines) != text:
            view.write(path, "\n".join(lines))
