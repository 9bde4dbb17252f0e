# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""chronyd's sources of time, and the account that it runs as.

args, one of
    servers   list of names; [] where any source is good, and *fallback* (a name) is written where there is none
    user      "chrony"; and optional: explicit, whether the options must name it (by default it is what chronyd is built for)
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding

CONFIG = "/etc/chrony.conf"
# Directives that name directories, of whose files a name counts once, and how the names of those files end.
DIRECTORIES = {"confdir": ".conf", "sourcedir": ".sources"}
SYSCONFIG = "/etc/sysconfig/chronyd"
FORM = keytext.Form(separator="=", comments="#", quotes=True)
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]*\Z")
_USER = re.compile(r"(?:(?<=\s)|\A)-u\s*(\S+)")
WORDS = ("server", "pool", "peer", "refclock")


def sources(view):
    """[(path, line number, word, name)] of what chronyd is told to take the time from. What DHCP says, below /run, is another tomorrow."""
    return [(path, number, word, more[0]) for path, number, word, more in _directives(view, CONFIG, set())
            if word in WORDS and not path.startswith("/run/")]


def _directives(view, path, passed):
    """[(path, line number, word, words after it)] of a file and of those that it names.

    :param passed: set of the paths that were read already: chronyd ends at files that name each other
    """
    found = []
    if path in passed:
        return found
    passed.add(path)
    for number, line in enumerate(view.lines(path), 1):
        words = line.split()
        # Those without a word after them name nothing; "!", ";", "#" and "%" begin comments.
        if len(words) < 2:
            continue
        # Directives are the same in any case.
        word = words[0].lower()
        found.append((path, number, word, words[1:]))
        named = view.glob(words[1]) if word == "include" else view.drop_ins(words[1:], DIRECTORIES[word]) if word in DIRECTORIES else ()
        for item in named:
            found.extend(_directives(view, item, passed))
    return found


def options(view):
    """(line number, options) of the last OPTIONS of chronyd's unit."""
    rows = keytext.values(view.read(SYSCONFIG) or "", FORM, "OPTIONS")
    return rows[-1] if rows else (None, "")


def check(control, view):
    if "user" in control.args:
        line, value = options(view)
        users = _USER.findall(value or "")
        user = users[-1] if users else None
        ok = user == control.arg("user") or (user is None and not control.arg("explicit"))
        return Finding(ok, user, control.arg("user"), SYSCONFIG, line)
    found = [item for item in sources(view) if item[2] in ("server", "pool")]
    wanted = [str(name) for name in control.need("servers")]
    missing = [name for name in wanted if name not in [item[3] for item in found]]
    first = found[0] if found else (CONFIG, None)
    return Finding(bool(found) and not missing, [item[3] for item in found], wanted or "any", first[0], first[1])


def fix(control, view):
    if "user" in control.args:
        _line, value = options(view)
        new = _USER.sub("", value or "").split() + ["-u", control.arg("user")]
        view.write(SYSCONFIG, keytext.with_value(view.read(SYSCONFIG) or "", FORM, "OPTIONS", '"{0}"'.format(" ".join(new))))
        return
    there = [item[3] for item in sources(view)]
    lines = []
    for name in [str(item) for item in control.need("servers")] or [control.need("fallback")]:
        if not HOST.match(name):
            raise ControlError("{0!r} is no name of a time server".format(name), "Correct chrony_servers")
        if name not in there:
            lines.append("{0} {1} iburst".format("pool" if ".pool." in name else "server", name))
    text = view.read(CONFIG) or ""
    if text and not text.endswith("\n"):
        text += "\n"
    view.write(CONFIG, text + "".join(line + "\n" for line in lines))
