# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Who may use su: the members of one group, and that group has none.

args: group (str), and empty: true for the control that the group is there and has no members

/etc/pam.d/su is util-linux's own file, not authselect's: a line is added to it.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import pamstack
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding

PATH = "/etc/pam.d/su"
LINE = "auth            required        pam_wheel.so use_uid group={0}"


def group_of(stack):
    """The group that su asks for ("wheel" where none is named), or None where it asks for none; and the line."""
    for _place, rule in pamstack.rules(stack, "auth", "pam_wheel.so"):
        if rule.control in pamstack.BINDING and "use_uid" in rule.options and "trust" not in rule.options:
            named = [option[6:] for option in rule.options if option.startswith("group=")]
            return named[0] if named else "wheel", rule.line
    return None, None


def check(control, view):
    group = control.need("group")
    if control.arg("empty"):
        members = view.state("group", group)
        before = "no such group" if members is None else ", ".join(members) or "no members"
        return Finding(members == [], before, "{0} without members".format(group), "/etc/group")
    text = view.read(PATH)
    if text is None:
        raise ControlError("there is no {0}".format(PATH), "Install util-linux anew")
    now, line = group_of(pamstack.parse(text))
    return Finding(now == group, now or "everybody", group, PATH, line)


def fix(control, view):
    group = control.need("group")
    if control.arg("empty"):
        view.put("group", group, [])
        return
    if view.state("group", group) is None:
        # pam_wheel.so refuses everybody, root's own su aside, as long as the group is not there: it is made with it.
        view.put("group", group, [])
    view.write(PATH, with_group(view.read(PATH), group))


def with_group(text, group):
    """*text* of /etc/pam.d/su with the one line for *group*: where another such line stands, else after the one that lets root pass."""
    lines = text.splitlines()
    stack = pamstack.parse(text)
    wheel = [rule.line for _place, rule in pamstack.rules(stack, "auth", "pam_wheel.so")]
    if wheel:
        lines[wheel[0] - 1] = LINE.format(group)
        for number in reversed(wheel[1:]):
            del lines[number - 1]
    else:
        root = [rule.line for _place, rule in pamstack.rules(stack, "auth", "pam_rootok.so")]
        first = [rule.line for rule in stack if rule.type == "auth"]
        lines.insert(root[0] if root else (first[0] - 1 if first else len(lines)), LINE.format(group))
    return "\n".join(lines) + "\n"
