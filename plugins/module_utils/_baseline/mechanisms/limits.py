# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Limits that pam_limits sets at login: limits.conf, then limits.d in the order of the names; the last line of a domain, type and item counts.

args: domain ("*"), item ("core"), value, and optional: type (default "hard"; "-" in a file sets soft and hard)
"""

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import keyvalue

MAIN = "/etc/security/limits.conf"
OURS = "/etc/security/limits.d/zz-elkit-hardening.conf"


def parse(text):
    """[(line number, domain, type, item, value)] of a file."""
    found = []
    for number, line in enumerate(keytext.split_lines(text), 1):
        words = line.split("#")[0].split()
        if len(words) == 4:
            found.append((number,) + tuple(words))
    return found


def effective(view, domain, kind, item):
    """(value, path, line); Nones where nothing sets it."""
    found = (None, None, None)
    for path in [MAIN] + view.glob("/etc/security/limits.d/*.conf"):
        for number, name, type_, what, value in parse(view.read(path) or ""):
            if name == domain and what == item and type_ in (kind, "-"):
                found = (value, path, number)
    return found


def check(control, view):
    value, path, number = effective(view, control.need("domain"), control.arg("type", "hard"), control.need("item"))
    wanted = str(control.need("value"))
    return Finding(value == wanted, value, wanted, path, number, overridden_by=path if value != wanted and path not in (None, OURS) else None)


def fix(control, view):
    domain, kind, item = control.need("domain"), control.arg("type", "hard"), control.need("item")
    text = view.read(OURS)
    text = keyvalue.HEADER if text is None else text
    lines = keytext.split_lines(text)
    mine = [number for number, name, type_, what, _value in parse(text) if (name, type_, what) == (domain, kind, item)]
    for number in reversed(mine):
        del lines[number - 1]
    view.write(OURS, keytext.join_lines(lines + ["{0} {1} {2} {3}".format(domain, kind, item, control.need("value"))]))
    value, path, number = effective(view, domain, kind, item)
    if value != str(control.need("value")):
        raise NotFixable("{0}, line {1}, overrides what we write".format(path, number), "Take that line out, or except the control")
