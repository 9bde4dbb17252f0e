# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Every directory that NFS gives away asks for Kerberos.

args: security (str, "krb5:krb5i:krb5p")
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable, not_applicable

PATH = "/etc/exports"
OPTIONS = re.compile(r"\(([^()]*)\)")


def shares(text):
    """[(line number, line)] of the lines that give something away."""
    return [(number, line) for number, line in enumerate((text or "").splitlines(), 1) if line.startswith("/") or line.startswith('"/')]


def secure(line, security):
    """Whether every client in the line has that security, and no other."""
    found = OPTIONS.findall(line)
    return bool(found) and all([word for word in options.split(",") if word.startswith("sec=")] == ["sec=" + security] for options in found)


def with_security(line, security):
    """The line with that security for each of its clients, last among its options."""
    def put(match):
        words = [word for word in match.group(1).split(",") if word and not word.startswith("sec=")]
        return "({0})".format(",".join(words + ["sec=" + security]))
    return OPTIONS.sub(put, line)


def check(control, view):
    security = control.need("security")
    found = shares(view.read(PATH))
    if not found:
        return not_applicable("{0} gives nothing away".format(PATH))
    bad = [(number, line) for number, line in found if not secure(line, security)]
    return Finding(not bad, (bad or found)[0][1], "sec=" + security, PATH, bad[0][0] if bad else None)


def fix(control, view):
    security = control.need("security")
    lines = view.read(PATH).splitlines()
    for number, line in shares(view.read(PATH)):
        if not OPTIONS.search(line):
            raise NotFixable("{0}, line {1}, has no options in brackets".format(PATH, number), "Write them: CLIENT(ro,sec={0})".format(security))
        if not secure(line, security):
            lines[number - 1] = with_security(line, security)
    view.write(PATH, "\n".join(lines) + "\n")
