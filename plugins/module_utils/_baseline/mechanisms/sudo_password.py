# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""sudo asks for a password: no rule has NOPASSWD, no default is !authenticate.

args: fix (bool): take them out. Without it the rules are named and stay: whoever has a key and no password could not become root afterwards.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sudoers_text
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import sudo


def _offending(view):
    """[(path, line number, what)], of files that sudo skips by their names, too: somebody could rename them."""
    paths = [sudo.MAIN] + ["{0}/{1}".format(sudo.DIRECTORY, name) for name in view.names(sudo.DIRECTORY)
                           if not view.is_directory("{0}/{1}".format(sudo.DIRECTORY, name))]
    read = sudo.lines(view)
    paths += sorted(set(path for path, _number, _text in read) - set(paths))
    found = []
    for path in paths:
        for number, text in sudoers_text.logical(view.read(path) or ""):
            what = sudoers_text.passwordless(text)
            if what:
                found.append((path, number, what))
    return found


def check(control, view):
    found = _offending(view)
    if not found:
        return Finding(True, "a password is asked for", "a password is asked for")
    path, number, what = found[0]
    return Finding(False, what, "a password is asked for", path, number,
                   note="; ".join("{0}, line {1}: {2}".format(*item) for item in found[:5]))


def fix(control, view):
    found = _offending(view)
    if not control.arg("fix"):
        raise NotFixable("sudo asks for no password: {0}".format("; ".join("{0}, line {1}".format(path, number) for path, number, _what in found[:5])),
                         "Give these accounts passwords and set sudo_ask_password: true, or except the control")
    for path in sorted(set(path for path, _number, _what in found)):
        view.write(path, sudoers_text.with_password(view.read(path)))
