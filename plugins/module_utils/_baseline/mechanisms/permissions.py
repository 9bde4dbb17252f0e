# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Owner, group and mode of paths, and whether a path is there at all. Links are never followed.

args:
    paths     list of str: a path, or a pattern whose last part has wildcards ("/etc/audit/rules.d/*.rules")
    recurse   also what is below the directories among them
    only      "file" or "directory": what else *paths* and *recurse* find is left alone (default: both)
    owner, group
              a name or a number, or a list of those that are good, the first of which is set
    mode      permission bits as a string ("0640"): no bit may be set besides these; fewer are as good, and only bits too many are taken away
    bits      permission bits that must be set as well ("1000")
    state     "present": it must be there, and is made (an empty file; owner root, mode *mode*); "absent": it must not be there;
              default: what is not there is well
    audit_log in place of *paths*: "file" or "directory", the logs of auditd or where they lie, as auditd.conf says. The group is the one
              that auditd.conf names, and may read them where it is another than root. In a directory that others use as well, the logs are
              the files with the name of the log first, and the directory itself is left to people.
"""

import os
import stat

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

AUDITD_CONF = "/etc/audit/auditd.conf"
SHOWN = 10
_READ_TOO = {"file": 0o040, "directory": 0o050}


def number_of(view, name, path):
    """The id that *name* has in *path* (/etc/passwd or /etc/group), or None.

    A number is its own.
    """
    if isinstance(name, int) or str(name).isdigit():
        return int(name)
    if name == "root":
        return 0
    for line in view.lines(path):
        fields = line.split(":")
        if fields[0] == name and len(fields) > 2 and fields[2].isdigit():
            return int(fields[2])
    return None


def _ids(control, view, key, path):
    """The ids that are good (list), or None where any is."""
    names = control.arg(key)
    if names is None:
        return None
    names = names if isinstance(names, list) else [names]
    found = [number for number in (number_of(view, name, path) for name in names) if number is not None]
    if not found:
        raise ControlError("there is no {0} {1} in {2}".format(key, names[0], path), "Make it, or name another")
    return found


class Wanted(object):
    """What a control wants of its paths: users and groups (list of ids, or None), mode (int, or None), bits (int)."""

    def __init__(self, control, view):
        self.users = _ids(control, view, "owner", "/etc/passwd")
        self.groups = _ids(control, view, "group", "/etc/group")
        self.mode = _bits(control, "mode")
        self.bits = _bits(control, "bits") or 0
        if control.arg("audit_log"):
            group = audit_setting(view, "log_group")
            number = number_of(view, group, "/etc/group") if group else 0
            if number:
                self.groups = None if self.groups is None else [number]
                self.mode = None if self.mode is None else self.mode | _READ_TOO[control.arg("audit_log")]

    def of(self, now):
        """What [uid, gid, mode] *now* should be; equal where all is well."""
        uid, gid, mode = now
        if self.users is not None and uid not in self.users:
            uid = self.users[0]
        if self.groups is not None and gid not in self.groups:
            gid = self.groups[0]
        if self.mode is not None:
            mode &= self.mode
        return [uid, gid, mode | self.bits]


def _bits(control, key):
    text = control.arg(key)
    if text is None:
        return None
    try:
        return int(str(text), 8)
    except ValueError:
        raise ControlError("the control {0} has the {1} {2!r}, which is no mode".format(control.id, key, text), "Write it as in \"0640\"")


def audit_setting(view, name):
    """What auditd.conf says of *name*, or None."""
    found = None
    for line in view.lines(AUDITD_CONF):
        key, equals, value = line.partition("=")
        if equals and key.strip().lower() == name:
            found = value.strip()
    return found


def audit_log(view):
    """The path of auditd's log."""
    return audit_setting(view, "log_file") or "/var/log/audit/audit.log"


def _logs(view, log):
    """The paths of *log* and what was rotated from it."""
    paths = [os.path.join(os.path.dirname(log), name) for name in view.names(os.path.dirname(log)) if name.startswith(os.path.basename(log))]
    return [path for path in paths if not os.path.islink(view.context.at(path))]


def is_shared(view, log):
    """Whether the directory of *log* is not the audit's alone: neither is it named for it, nor has it nothing but the log."""
    top = os.path.dirname(log)
    return "audit" not in os.path.basename(top) and any(not name.startswith(os.path.basename(log)) for name in view.names(top))


# --- paths -----------------------------------------------------------------------------------------------------------

def paths_of(control, view):
    """The paths that the control speaks of and that are there, or will be."""
    only = control.arg("only")
    if control.arg("audit_log"):
        log = audit_log(view)
        top = os.path.dirname(log)
        if not view.is_directory(top):
            return []
        return [path for path in [top] + (_logs(view, log) if is_shared(view, log) else below(view, top)) if _is(view, path, control.arg("audit_log"))]
    found = []
    for item in control.need("paths"):
        if "*" in item or "?" in item or "[" in os.path.basename(item):
            # A pattern takes what it finds: a link among it is no business of the control's.
            named = [path for path in view.glob(item) if not os.path.islink(view.context.at(path))]
        else:
            named = [item] if view.exists(item) else []
        for path in named:
            found.append(path)
            if control.arg("recurse") and view.is_directory(path) and not os.path.islink(view.context.at(path)):
                found.extend(below(view, path))
    return [path for path in found if only is None or _is(view, path, only)]


def _is(view, path, only):
    try:
        mode = os.lstat(view.context.at(path)).st_mode
    except OSError:
        return only == "file"       # a file that is only planned
    return stat.S_ISDIR(mode) if only == "directory" else not stat.S_ISDIR(mode)


def below(view, top):
    """All that is below directory *top* on its own file system, but for links; sorted.

    :raises ControlError: a directory cannot be read
    """
    found, waiting = [], [top]
    try:
        device = os.lstat(view.context.at(top)).st_dev
        while waiting:
            parent = waiting.pop()
            with os.scandir(view.context.at(parent)) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        continue
                    path = os.path.join(parent, entry.name)
                    found.append(path)
                    if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == device:
                        waiting.append(path)
    except OSError as error:
        raise ControlError("{0} cannot be read: {1}".format(top, error.strerror), "Look at it on the host")
    return sorted(found)


def now_of(view, path):
    """[uid, gid, mode] of *path* as planned.

    :raises ControlError: it is a link
    """
    value = view.state("mode", path)
    if value is None and path in view.planned_files:
        attrs = view.planned_files[path].attrs or files.Attributes()
        value = [attrs.uid, attrs.gid, attrs.mode]
    return value


def shown(value):
    """[uid, gid, mode] for people."""
    return "{0}:{1} {2:04o}".format(*value)


def text_of(path):
    """*path* for people, whatever bytes its name has."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def has_text_name(path):
    """Whether the bytes of *path* are UTF-8: the journal, which is JSON, holds no other."""
    return path == text_of(path)


def _wrong(control, view):
    """{path: (now, wanted)} of what is not as wanted, and the number of paths."""
    wanted, found = Wanted(control, view), {}
    paths = paths_of(control, view)
    for path in paths:
        now = now_of(view, path)
        if now is not None and wanted.of(now) != now:
            found[path] = (now, wanted.of(now))
    return found, len(paths)


def _listed(pairs):
    """A dict for a Finding, the first few of it; None for an empty one."""
    if not pairs:
        return None
    listed = dict(pairs[:SHOWN])
    if len(pairs) > SHOWN:
        listed["and"] = "{0} more".format(len(pairs) - SHOWN)
    return listed


# --- the mechanism ---------------------------------------------------------------------------------------------------

def check(control, view):
    state = control.arg("state")
    if state == "absent":
        there = [path for path in control.need("paths") if view.exists(path)]
        return Finding(not there, there or None, "absent", there[0] if there else None)
    if state == "present":
        missing = [path for path in control.need("paths") if not view.exists(path)]
        if missing:
            return Finding(False, "absent", "present", missing[0])
    wrong, count = _wrong(control, view)
    if not wrong:
        return Finding(True, note=None if count else "there is nothing of the kind here")
    names = sorted(wrong)
    return Finding(
        False, _listed([(text_of(name), shown(wrong[name][0])) for name in names]),
        _listed([(text_of(name), shown(wrong[name][1])) for name in names]), text_of(names[0]))


def fix(control, view):
    state = control.arg("state")
    if state == "absent":
        for path in control.need("paths"):
            if os.path.islink(view.context.at(path)):
                raise ControlError("{0} is a link".format(path), "Remove it")
            view.remove(path)
        return
    if state == "present":
        for path in control.need("paths"):
            if not view.exists(path):
                mode = _bits(control, "mode")
                view.write(path, "", mode=0o644 if mode is None else mode)
    wrong = sorted(_wrong(control, view)[0].items())
    if wrong and control.arg("audit_log") == "directory" and is_shared(view, audit_log(view)):
        raise NotFixable("the audit's log lies in {0}, where others have files, too".format(wrong[0][0]),
                         "Give it a directory of its own: log_file in {0}".format(AUDITD_CONF))
    for path, (_now, wanted) in wrong:
        put(view, path, wanted)


def put(view, path, wanted):
    """Plan [uid, gid, mode] for *path*.

    :raises NotFixable: its name is no text
    """
    if not has_text_name(path):
        raise NotFixable("the name of {0} is no UTF-8".format(text_of(path)), "Put it right by hand, or rename it")
    if view.state_now("mode", path) is None:
        view.write(path, view.read(path), mode=wanted[2], uid=wanted[0], gid=wanted[1])
    else:
        view.put("mode", path, wanted)
