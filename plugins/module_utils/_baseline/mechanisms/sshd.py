# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Settings of sshd: the first value over sshd_config and all it includes.

args: key, value, and optional: compare (those of keyvalue, and startups: three numbers, start and full not above, rate not below), allowed,
refused, time (values are times), default (what sshd does where no file sets it; shown, and no pass: auditors ask for the line).

Release 9 and 10 get a drop-in that sorts before the vendor's and cloud-init's. Release 8 reads none, so a block of ours stands at the
top of sshd_config; so it does where sshd_config includes no drop-ins, or where something is read before ours. Match blocks are kept: what
one of them sets differently for some connections is named. What the unit gives on sshd's command line counts before all of them, and is not
ours to change here.
"""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sshd_command, sshd_text
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import keyvalue

MAIN = "/etc/ssh/sshd_config"
OURS = "/etc/ssh/sshd_config.d/00-elkit-hardening.conf"
# sshd(8) gives up at this depth.
DEEPEST = 16


class Setting(object):
    """One line of sshd's configuration: key (small letters), value, path, line, and conditional: whether a Match is above it."""

    def __init__(self, key, value, path, line, conditional):
        self.key = key
        self.value = value
        self.path = path
        self.line = line
        self.conditional = conditional


def settings(view, path=MAIN, conditional=False, depth=0):
    """All Settings, in the order sshd reads them.

    :raises ControlError: an Include that cannot be followed
    """
    found = []
    for number, key, value, under_match in sshd_text.parse(view.read(path) or ""):
        found.append(Setting(key, value, path, number, conditional or under_match))
        if key == "include":
            if depth >= DEEPEST:
                raise ControlError("{0}, line {1}: files include each other too deeply".format(path, number), "Take the Include out")
            for pattern in value.replace('"', "").split():
                for item in included(view, pattern):
                    found.extend(settings(view, item, conditional or under_match, depth + 1))
    return found


def included(view, pattern):
    """The paths that an Include of *pattern* reads."""
    pattern = os.path.join("/etc/ssh", pattern)
    directory, name = os.path.split(pattern)
    if "*" in directory or "?" in directory:
        raise ControlError("an Include has wildcards in its directory: {0}".format(pattern), "Name the directory")
    if "*" in name or "?" in name or "[" in name:
        # A shell's wildcard does not fit hidden files.
        return [path for path in view.glob(pattern) if not os.path.basename(path).startswith(".") and not view.is_directory(path)]
    return [pattern] if view.exists(pattern) else []


class Wanted(keyvalue.Wanted):
    """What values of sshd's are good."""

    COMPARES = keyvalue.Wanted.COMPARES + ("startups",)

    def __init__(self, control):
        keyvalue.Wanted.__init__(self, control)
        self.fold = True
        if control.arg("time"):
            self.number = sshd_text.seconds
        if self.compare == "startups":
            limit = startups(self.value)
            # sshd refuses such a line, and with it the whole file, other settings of ours among them.
            if limit is None or not 1 <= limit[0] <= limit[2] or not 1 <= limit[1] <= 100:
                raise ControlError("the control {0} wants {1} {2}, which sshd does not know".format(control.id, control.need("key"), self.value),
                                   "Write start:rate:full, as in 10:30:60, with start not above full")

    def good(self, value, is_set=True):
        if self.compare != "startups":
            return keyvalue.Wanted.good(self, value, is_set)
        now, limit = startups(value), startups(self.value)
        return bool(is_set and now and limit and now[0] <= limit[0] and now[1] >= limit[1] and now[2] <= limit[2])

    def describe(self):
        return self.value if self.compare == "startups" else keyvalue.Wanted.describe(self)


def startups(value):
    """The three numbers of MaxStartups, or None; a single number drops all connections above it."""
    numbers = [keyvalue.number_of(part) for part in (value or "").split(":")]
    if len(numbers) == 1:
        numbers = numbers + [100] + numbers
    return numbers if len(numbers) == 3 and None not in numbers else None


def effective(found, key):
    """The Setting that counts for every connection that no Match is about, or None."""
    for item in found:
        if item.key == key.lower() and not item.conditional:
            return item
    return None


def check(control, view):
    key, wanted = control.need("key"), Wanted(control)
    given = sshd_command.option(view, key)
    if given is not None:
        value, path = given
        return Finding(wanted.good(value), value, wanted.describe(), path, overridden_by=None if wanted.good(value) else path,
                       note="sshd gets it on its command line")
    found = settings(view)
    item = effective(found, key)
    ok = wanted.good(item.value, True) if item else wanted.compare == "absent"
    note = None
    for other in found:
        if other.conditional and other.key == key.lower() and not wanted.good(other.value):
            note = "a Match sets {0} for some connections: {1}, line {2}".format(other.value, other.path, other.line)
    if item is None:
        default = keyvalue.text_of(control.arg("default"))
        return Finding(ok, None if default is None else "{0} (sshd's default, not written)".format(default), wanted.describe(), note=note)
    if ok and view.scanner_compat and view.el != 8 and wanted.compare != "absent":
        missing = compat_missing(found, key, wanted)
        if missing:
            return Finding(False, item.value, wanted.describe(), MAIN, None, note=missing)
    return Finding(ok, item.value, wanted.describe(), item.path, item.line,
                   overridden_by=None if ok or item.path == OURS else "{0}:{1}".format(item.path, item.line), note=note)


def fix(control, view):
    key, wanted = control.need("key"), Wanted(control)
    refuse_given(view, key)
    item = effective(settings(view), key)
    if wanted.compare == "absent":
        comment_out(view, [item for item in settings(view) if item.key == key.lower() and not item.conditional])
        return
    if item is None or not wanted.good(item.value):
        put(view, key, wanted)
    if view.scanner_compat and view.el != 8:
        put_compat(view, key, wanted)


def refuse_given(view, key):
    """:raises NotFixable: sshd gets *key* on its command line, so that no file of sshd's would have an effect"""
    given = sshd_command.option(view, key)
    if given is not None:
        raise NotFixable("sshd gets {0} on its command line, from {1}: {2}".format(key, given[1], given[0]),
                         "Change the crypto policy: a control of the mechanism sshd_algorithms does" if given[1] == sshd_command.POLICY
                         else "Take it out of that file")


def put(view, key, wanted):
    """Plan a line for *key* where it counts."""
    if view.el != 8:
        mark = view.mark()
        text = view.read(OURS)
        new = keytext.with_value(keyvalue.HEADER if text is None else text, sshd_text.FORM, key, wanted.value)
        if text is None:
            view.write(OURS, new, mode=0o600)
        else:
            view.write(OURS, new)
        item = effective(settings(view), key)
        if item is not None and wanted.good(item.value):
            return
        view.forget(mark)
    if view.read(MAIN) is None:
        raise ControlError("there is no {0}".format(MAIN), "Install openssh-server again")
    view.write(MAIN, sshd_text.with_block(view.read(MAIN), key, wanted.value))
    # The file is ours to edit now, so it does not keep lines that say the contrary and are without effect.
    comment_out(view, [item for item in settings(view)
                       if item.path == MAIN and item.key == key.lower() and not item.conditional and not wanted.good(item.value)])


def comment_out(view, found):
    for path in sorted(set(item.path for item in found)):
        view.write(path, sshd_text.without_lines(view.read(path), [item.line for item in found if item.path == path]))


# --- what scanners see that read sshd_config alone -------------------------------------------------------------------

def _contrary(found, key, wanted):
    """The Settings below /etc/ssh that say the contrary, though another one counts."""
    return [item for item in found if item.key == key.lower() and not item.conditional and item.path.startswith("/etc/ssh/")
            and not wanted.good(item.value)]


def compat_missing(found, key, wanted):
    """What a scanner would find wrong (str), or None."""
    contrary = _contrary(found, key, wanted)
    if contrary:
        return "scanner_compat: {0}, line {1}, says {2}".format(contrary[0].path, contrary[0].line, contrary[0].value)
    if not any(item.key == key.lower() and item.path == MAIN and not item.conditional for item in found):
        return "scanner_compat: {0} does not say it".format(MAIN)
    return None


def put_compat(view, key, wanted):
    comment_out(view, _contrary(settings(view), key, wanted))
    if compat_missing(settings(view), key, wanted):
        view.write(MAIN, sshd_text.with_compat(view.read(MAIN), key, wanted.value))
