# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Who may log in by ssh: AllowUsers, AllowGroups, DenyUsers and DenyGroups.

args: allow_users, allow_groups, deny_users, deny_groups (lists), and fallback_deny_users: refused where no list is given and none is there.

Where the host has such a line already and nobody gave a list, it is good: who may log in is known by people alone.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sshd_text
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import keyvalue, sshd

KEYS = (("AllowUsers", "allow_users"), ("AllowGroups", "allow_groups"), ("DenyUsers", "deny_users"), ("DenyGroups", "deny_groups"))


def given(control):
    """{key: [word]} of the lists that somebody gave.

    :raises ControlError: one has a word that sshd would read as two
    """
    found = {}
    for key, name in KEYS:
        words = [str(word) for word in control.arg(name) or ()]
        for word in words:
            if not word or any(letter.isspace() or letter in "\"'#\\" for letter in word):
                raise ControlError("{0} has the word {1!r}".format(name, word), "Write names and patterns without blanks and quotes")
        if words:
            found[key] = words
    return found


def present(view):
    """({key: [word]}, first Setting or None) of what holds for all connections: such lines add up."""
    found, first = {}, None
    names = dict((key.lower(), key) for key, _name in KEYS)
    for item in sshd.settings(view):
        if item.key in names and not item.conditional:
            found.setdefault(names[item.key], []).extend(item.value.replace('"', "").split())
            first = first or item
    return found, first


def _text(lists):
    return "; ".join("{0} {1}".format(key, " ".join(lists[key])) for key, _name in KEYS if key in lists) or None


def missing(wanted, now):
    """The keys of *wanted* that do not hold: a list of who is refused may be longer, one of who is allowed may not."""
    found = []
    for key, words in wanted.items():
        there = set(now.get(key, ()))
        if not (set(words) <= there if key.startswith("Deny") else set(words) == there):
            found.append(key)
    return sorted(found)


def check(control, view):
    wanted, (now, item) = given(control), present(view)
    ok = not missing(wanted, now) if wanted else bool(now)
    return Finding(ok, _text(now), _text(wanted) or "a line that says who may log in, or may not",
                   item.path if item else None, item.line if item else None)


def fix(control, view):
    wanted = given(control)
    if not wanted:
        words = [str(word) for word in control.arg("fallback_deny_users") or ()]
        if not words:
            raise NotFixable("who may log in is known by people alone", "Set sshd_allow_groups, or another of the four lists")
        wanted = {"DenyUsers": words}
    path, mode = (sshd.MAIN, None) if view.el == 8 else (sshd.OURS, 0o600)
    for key in missing(wanted, present(view)[0]):
        text = view.read(path)
        value = " ".join(wanted[key])
        if view.el == 8:
            view.write(path, sshd_text.with_block(text or "", key, value))
        elif text is None:
            view.write(path, keytext.with_value(keyvalue.HEADER, sshd_text.FORM, key, value), mode=mode)
        else:
            view.write(path, keytext.with_value(text, sshd_text.FORM, key, value))
    still = missing(wanted, present(view)[0])
    if still:
        others = [item for item in sshd.settings(view) if item.key == still[0].lower() and not item.conditional and item.path != path]
        if others:
            raise NotFixable("{0}, line {1}, adds to {2}: {3}".format(others[0].path, others[0].line, still[0], others[0].value),
                             "Take that line out, or put its words into the list")
        raise NotFixable("{0} is not read".format(path), "Let sshd_config include /etc/ssh/sshd_config.d/*.conf")
