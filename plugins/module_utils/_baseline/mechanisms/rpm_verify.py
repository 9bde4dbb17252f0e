# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What rpm's database says of installed files, against the files. args: what: "content", "ownership" or "mode".

A mode that is stricter than the package's is no failure: hardening makes many. What is too loose, or belongs to somebody else, is given back as the
package has it; content is not, for nobody but a package manager should write into /usr.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError

_ALL = ("rpm", "-Va", "--nodeps", "--noscripts", "--nomtime", "--nordev", "--nolinkto", "--nosize", "--nocaps")
# The five letters before the path: what differs; then "c" for a file of configuration, "g" for one that a package only names.
_LINE = re.compile(r"([.?SM5DLUGTP]{8,9})\s+(?:([cdglr])\s+)?(/.*)\Z")
CODE = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/")
TIMEOUT = 900
SHOWN = 10
QUERY = "[%{FILENAMES}\x1f%{FILEMODES}\x1f%{FILEUSERNAME}\x1f%{FILEGROUPNAME}\x1e]"


def parse(text):
    """[(letters, kind or None, path)] of what rpm -V says."""
    return [match.groups() for match in (_LINE.match(line) for line in text.splitlines()) if match]


def _rows(view, content):
    # Digests take most of the time: who asks for modes alone does not wait for them.
    more = () if content else ("--nofiledigest",)
    return view.once("rpm -V {0}".format(content), lambda: parse(view.run(list(_ALL + more), check=False, timeout=TIMEOUT).stdout))


def _recorded(view, paths):
    """{path: (mode, owner, group)} as the packages have it; of several packages with the same path, the last."""
    found = {}
    for start in range(0, len(paths), 100):
        said = view.run(["rpm", "-qf", "--qf", QUERY] + paths[start:start + 100], check=False, timeout=TIMEOUT).stdout
        for record in said.split("\x1e"):
            fields = record.strip("\n").split("\x1f")
            if len(fields) == 4 and fields[0] in paths and fields[1].isdigit():
                found[fields[0]] = (int(fields[1]) & 0o7777, fields[2], fields[3])
    return found


def _ids(view, name, path):
    for line in view.lines(path):
        fields = line.split(":")
        if fields[0] == name and len(fields) > 2 and fields[2].isdigit():
            return int(fields[2])
    return None


def wrong(control, view):
    """[(path, now, wanted)] of the files that differ; *wanted* is None for content."""
    what = control.need("what")
    if what not in ("content", "ownership", "mode"):
        raise ControlError("the control {0} looks at {1}".format(control.id, what), "Use content, ownership or mode")
    rows = _rows(view, what == "content")
    if what == "content":
        return [(path, None, None) for letters, kind, path in rows if letters[2] == "5" and kind not in ("c", "g") and path.startswith(CODE)]
    letters_of = "M" if what == "mode" else "UG"
    paths = [path for letters, kind, path in rows if kind != "g" and any(letter in letters for letter in letters_of)]
    recorded = view.once("rpm -qf {0}".format(what), lambda: _recorded(view, paths))
    found = []
    for path in paths:
        if path not in recorded:
            continue
        try:
            now = view.state("mode", path)
        except ElkitError:
            # A link has no mode of its own.
            continue
        if now is None:
            continue
        mode, owner, group = recorded[path]
        wanted = list(now)
        if what == "mode":
            wanted[2] = now[2] & mode
        else:
            uid, gid = _ids(view, owner, "/etc/passwd"), _ids(view, group, "/etc/group")
            wanted[0] = now[0] if uid is None else uid
            wanted[1] = now[1] if gid is None else gid
        if wanted != now:
            found.append((path, now, wanted))
    return found


def check(control, view):
    bad = [item[0] for item in wrong(control, view)]
    return Finding(not bad, ", ".join(bad[:SHOWN]) + (" and {0} more".format(len(bad) - SHOWN) if len(bad) > SHOWN else "") if bad else "as packaged",
                   "as packaged", bad[0] if bad else None)


def looks_only(control):
    return control.need("what") == "content"


def fix(control, view):
    for path, _now, wanted in wrong(control, view):
        if wanted is None:
            raise NotFixable("the content of {0} is not what its package brought".format(path),
                             "Find out who changed it; dnf reinstall of its package brings it back")
        view.put("mode", path, wanted)
