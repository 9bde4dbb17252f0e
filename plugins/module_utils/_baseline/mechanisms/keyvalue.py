# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A key in the configuration of a daemon: the value that is in force over all files it reads, in the order it reads them.

args:
    files     list, in reading order. An item is a path, a pattern of paths ("/etc/rsyslog.d/*.conf", in the order of their names), or a dict:
              {drop_ins: [directories, the strongest first], ending: ".conf"}, where a name counts once (systemd's scheme), or
              {first: [paths]}, of which the first that is there is read alone
    ours      path of the file that we write: a drop-in of ours, or one of the files themselves
    key       str
    value     what is written (str, int, or bool written as yes and no; null writes the bare word)
    compare   what is good:
                equal (default)   the value is *value*
                in                it is one of *allowed* (list), or *value*
                at_least, at_most it is a number, and not below / above *value*
                absent            no file sets the key; its lines become comments
                present           the key is there, whatever its value
    section   name of the section, for files that have them
    format    separator: "=" (default), " = ", " " (any white space)
    allowed   list of values that are as good, with any compare
    refused   list of values that are bad, whatever compare says (a time-out of 0)
    least     with at_most: a number below it is bad, for it is no limit (-1)
    default   what the daemon does where no file sets the key; counts as the value
    first_wins          the first assignment counts (default: the last)
    local     true: a good value of a vendor's file, below /usr, is not enough; a bad one counts all the same
    ignore_case         keys are the same in any case
    ignore_value_case   values, too
    comments            characters that begin a comment ("#;"); inline_comments: one may stand behind a value; quotes: they are none of the value
    blanks              white space separates as well as "=", as in the files of PAM's modules
    continued           a line that begins with white space goes on with the value before it (postfix)
    mode      permission bits of a file that we make, as a string ("0644")
    compat_file         the one file that scanners read; with scanner_compat the value is written there, too

What overrides ours: a main file (an item that is a path) loses the line to a comment; a drop-in of somebody else's is named and left alone.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable

HEADER = "# Written by elkit.almalinux (hardening); state reverted of the baseline takes it back.\n"


def form_of(control):
    return keytext.Form(
        separator=control.arg("format", "="), section=control.arg("section"), ignore_case=bool(control.arg("ignore_case")),
        comments=control.arg("comments", "#;"), inline_comments=bool(control.arg("inline_comments")), quotes=bool(control.arg("quotes")),
        blanks=bool(control.arg("blanks")), continued=bool(control.arg("continued")))


def text_of(value):
    """A value as files write it."""
    if value is True or value is False:
        return "yes" if value else "no"
    return None if value is None else str(value)


def number_of(value):
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


class Wanted(object):
    """What values are good; from the args of a control.

    :raises ControlError: they make no sense
    """

    COMPARES = ("equal", "in", "at_least", "at_most", "absent", "present")

    def __init__(self, control):
        self.compare = control.arg("compare", "equal")
        if self.compare not in self.COMPARES:
            raise ControlError("the control {0} compares by {1}, which there is not".format(control.id, self.compare),
                               "Use one of {0}".format(", ".join(self.COMPARES)))
        self.value = text_of(control.arg("value"))
        if self.value is None and self.compare not in ("absent", "present", "equal"):
            raise ControlError("the control {0} has no value".format(control.id), "Give it in the catalogue, below args")
        self.allowed = [text_of(value) for value in control.arg("allowed") or ()]
        self.refused = [text_of(value) for value in control.arg("refused") or ()]
        self.least = control.arg("least")
        self.fold = bool(control.arg("ignore_value_case"))

    @staticmethod
    def number(value):
        """*value* as a number, or None where it is none."""
        return number_of(value)

    def _is(self, value, other):
        if value is None or other is None:
            return value is other
        return value.lower() == other.lower() if self.fold else value == other

    def good(self, value, is_set=True):
        """Whether a value is good; *is_set*: whether the key is there at all."""
        if self.compare == "absent":
            return not is_set
        if not is_set or any(self._is(value, bad) for bad in self.refused):
            return False
        if self.compare == "present" or any(self._is(value, good) for good in self.allowed):
            return True
        if self.compare in ("at_least", "at_most"):
            now, limit = self.number(value), self.number(self.value)
            if now is None or limit is None or (self.least is not None and now < self.least):
                return False
            return now >= limit if self.compare == "at_least" else now <= limit
        return self._is(value, self.value)

    def describe(self):
        words = {"absent": "not set", "present": "set", "at_least": "{0} or more", "at_most": "{0} or less"}
        return words.get(self.compare, "{0}").format("set" if self.value is None else self.value)


class Place(object):
    """Where a key is set: value (str, or None for a bare word), path, line; is_set is False where no file names it."""

    def __init__(self, value=None, path=None, line=None, is_set=True):
        self.value = value
        self.path = path
        self.line = line
        self.is_set = is_set


def paths_of(view, files):
    """The paths that are there of *files* (see args), in reading order."""
    found = []
    for item in files:
        if isinstance(item, dict) and "drop_ins" in item:
            found.extend(view.drop_ins(item["drop_ins"], item.get("ending", ".conf")))
        elif isinstance(item, dict):
            found.extend([path for path in item["first"] if view.exists(path)][:1])
        elif "*" in item:
            found.extend(view.glob(item))
        elif view.exists(item):
            found.append(item)
    return found


def places(view, files, form, key):
    """Every Place of *key*, in reading order."""
    return [Place(value, path, line) for path in paths_of(view, files) for line, value in keytext.values(view.read(path) or "", form, key)]


def effective(control, view, form, wanted):
    """The Place that counts."""
    found = places(view, control.need("files"), form, control.need("key"))
    if control.arg("local"):
        # A package may take away what it brings, and auditors look below /etc.
        found = [place for place in found if not (place.path.startswith("/usr/") and wanted.good(place.value))]
    if not found:
        return Place(is_set=False)
    return found[0] if control.arg("first_wins") else found[-1]


def check(control, view):
    form, wanted, ours = form_of(control), Wanted(control), control.need("ours")
    place = effective(control, view, form, wanted)
    default = text_of(control.arg("default"))
    if not place.is_set and default is not None and wanted.compare != "absent":
        place = Place(default)
        place.note = "by default"
    ok = wanted.good(place.value, place.is_set)
    note = getattr(place, "note", None)
    if ok:
        short = compat_missing(view, control, form, wanted)
        if short:
            return Finding(False, short.value if short.is_set else None, wanted.describe(), short.path, short.line, note="scanner_compat")
    before = (place.value if place.value is not None else "set") if place.is_set else None
    return Finding(ok, before, wanted.describe(), place.path, place.line,
                   overridden_by="{0}:{1}".format(place.path, place.line) if not ok and place.path not in (None, ours) else None, note=note)


def compat_missing(view, control, form, wanted):
    """The Place in the scanners' file that is not as wanted, or None where it is, or nobody asks for it."""
    path = control.arg("compat_file")
    if not path or not view.scanner_compat or wanted.compare == "absent":
        return None
    found = keytext.values(view.read(path) or "", form, control.need("key"))
    if found and all(wanted.good(value) for _line, value in found):
        return None
    bad = [(line, value) for line, value in found if not wanted.good(value)]
    return Place(bad[0][1], path, bad[0][0]) if bad else Place(None, path, None, is_set=False)


def fix(control, view):
    form, wanted, ours = form_of(control), Wanted(control), control.need("ours")
    files, key = control.need("files"), control.need("key")
    plain = [item for item in files if isinstance(item, str) and "*" not in item]
    plain += [path for item in files if isinstance(item, dict) for path in item.get("first", ())]
    if wanted.compare == "absent":
        for place in places(view, files, form, key):
            _may_edit(place, plain + [ours])
            view.write(place.path, keytext.without(view.read(place.path), form, key))
        return
    place = effective(control, view, form, wanted)
    if not wanted.good(place.value, place.is_set):
        text = view.read(ours)
        mode = control.arg("mode")
        if text is None:
            # A drop-in of ours says whose it is.
            text = "" if ours in plain or "#" not in form.comments else HEADER
            view.write(ours, keytext.with_value(text, form, key, wanted.value), mode=int(str(mode), 8) if mode else None)
        else:
            view.write(ours, keytext.with_value(text, form, key, wanted.value))
        for _turn in range(len(plain) + 1):
            place = effective(control, view, form, wanted)
            if wanted.good(place.value, place.is_set):
                break
            if not place.is_set:
                raise ControlError("{0} is not among the files that are read".format(ours), "Correct files or ours in the catalogue")
            _may_edit(place, plain)
            view.write(place.path, keytext.without(view.read(place.path), form, key))
    if compat_missing(view, control, form, wanted):
        path = control.arg("compat_file")
        view.write(path, keytext.with_value(view.read(path) or "", form, key, wanted.value))


def _may_edit(place, allowed):
    """:raises NotFixable: the file that decides is somebody else's drop-in"""
    if place.path not in allowed:
        raise NotFixable("{0}, line {1}, sets {2} and overrides what we write".format(place.path, place.line, place.value),
                         "Remove that line, or except the control")
