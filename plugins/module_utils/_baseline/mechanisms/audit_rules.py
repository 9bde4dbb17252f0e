# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Rules of the kernel's audit in /etc/audit/rules.d, which augenrules(8) makes one file of and loads.

args, one of:
    rules      list of lines as auditctl(8) has them; "-F arch=both" stands for a rule for each width of program that the machine runs
    sequences  list of lists of such lines: those of a list must come in this order, for the first rule that fits takes an event
    option     "-e" or "-f", with value: the last in the files counts
    watch      list of paths, with perms ("wa") and key: a watch for each; may stand beside rules
    privileged true: a rule for every program that runs with another user's or group's rights (one walk, see walk.py); key: its key

Rules of other files that do the same are as good (see auditrule.py). What is missing goes into one file of ours, options into one that comes
last. A rule of ours for a program in a directory that is gone keeps those after it from being loaded, so it goes. Where the kernel's rules are
locked ("-e 2"), what the files say more comes into force with the next boot.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import auditrule, walk
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable, not_applicable
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError

DIRECTORY = "/etc/audit/rules.d"
OURS = DIRECTORY + "/60-elkit-hardening.rules"
# augenrules takes the last -e and -f of the files in the order of `ls -v`, where letters come after digits: after the vendor's audit.rules.
LAST = DIRECTORY + "/zz-elkit-hardening.rules"
HEADER = "# Written by elkit.almalinux (hardening); your own rules belong into other files here.\n"
PRIVILEGED = "-a always,exit -F path={0} -F perm=x -F auid>=1000 -F auid!=unset -F key={1}"
SHOWN = 5
# What the kernel takes for no path any more (PATH_MAX, limits.h).
LONGEST = 4095
# libaudit looks for these before it looks for "=", wherever they are in the word.
OPERATORS = ("!=", ">=", "<=", "&=")


class Files(object):
    """All rule files as planned: index (auditrule.Index), options ([(flag, value, path, line)]), silent ((path, line) or None)."""

    def __init__(self, rules):
        self.index = auditrule.Index([(rule, place) for rule, place in rules if isinstance(rule, auditrule.Rule)])
        self.options = [rule + place for rule, place in rules if isinstance(rule, tuple)]
        self.silent = None
        for rule, place in rules:
            if isinstance(rule, auditrule.Rule) and auditrule.silences(rule):
                self.silent = place
                break


def _parsed(view, path):
    text = view.read(path) or ""
    return view.once(("audit rules", path, text), lambda: [
        (rule, (path, number)) for number, rule in enumerate((_parsed_line(view, line) for line in text.splitlines()), 1) if rule is not None])


def _parsed_line(view, line):
    # A file of ours is read anew after each control that adds to it, most of its lines as they were.
    return view.once(("audit rule", line), lambda: auditrule.parse(line))


def files_of(view):
    """The Files in the order in which augenrules reads them."""
    names = sorted((name for name in view.names(DIRECTORY) if name.endswith(".rules")), key=auditrule.natural)
    paths = [DIRECTORY + "/" + name for name in names]
    key = ("audit files", tuple((path, view.read(path)) for path in paths))
    return view.once(key, lambda: Files([item for path in paths for item in _parsed(view, path)]))


class Kernel(object):
    """What the kernel says: locked (bool), enabled (str), and index of its rules; all None where it says nothing (a container)."""

    def __init__(self, view):
        self.enabled = self.index = None
        status = _said(view, ["auditctl", "-s"])
        for line in (status or "").splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == "enabled":
                self.enabled = words[1]
        self.locked = self.enabled == "2"
        if self.locked:
            rules = [auditrule.parse(line) for line in (_said(view, ["auditctl", "-l"]) or "").splitlines()]
            self.index = auditrule.Index([(rule, None) for rule in rules if isinstance(rule, auditrule.Rule)])


def _said(view, argv):
    try:
        result = view.run(argv, check=False)
    except ElkitError:
        return None
    return result.stdout if result.rc == 0 else None


def kernel(view):
    return view.once("audit in the kernel", lambda: Kernel(view))


def _lines(control, view):
    """The wanted sequences: [[Rule of one width, …], …]; a list of single rules where no order counts."""
    machine = view.context.machine
    if control.arg("privileged"):
        wanted = [[_privileged(control, path)] for path in walk.of(view).privileged if not _is_odd(path)]
    elif control.arg("sequences"):
        wanted = [[_rule(control, line) for line in lines] for lines in control.need("sequences")]
    else:
        wanted = [[_rule(control, line)] for line in (control.arg("rules") or []) + _watches(control)]
    found = []
    for sequence in wanted:
        widths = {}
        for rule in sequence:
            for one in auditrule.expanded(rule, machine):
                widths.setdefault(one.arch, []).append(one)
        found.extend(widths.values())
    return found


def _rule(control, line):
    rule = auditrule.parse(line)
    if not isinstance(rule, auditrule.Rule):
        raise ControlError("the control {0} has {1!r}, which is no audit rule".format(control.id, line), "Write it as auditctl(8) has it")
    return rule


def _watches(control):
    lines = []
    for path in control.arg("watch") or []:
        if not path.startswith("/") or _is_odd(path):
            raise ControlError("{0!r} is no path that a rule can watch".format(path),
                               "Give an absolute path without white space and {0}".format(" ".join(OPERATORS)))
        lines.append("-w {0} -p {1} -k {2}".format(path, control.arg("perms", "wa"), control.need("key")))
    return lines


def _is_odd(path):
    """Whether a line of rules cannot hold *path*: auditctl splits at white space, has no quotes, and takes a space behind a backslash for a letter."""
    return len(path.split()) != 1 or path != path.strip() or not path.isprintable() or path.endswith("\\") \
        or any(word in path for word in OPERATORS) or len(path.encode("utf-8", "surrogateescape")) > LONGEST


def _privileged(control, path):
    return _rule(control, PRIVILEGED.format(path, control.arg("key", "privileged")))


class Looked(object):
    """What a look at the files found: missing (list of Rules), disorder (str, or None), first (place of the first rule that does it, or None),
    count of rules wanted, pending (whether the locked kernel has not all of it)."""

    def __init__(self, control, view):
        there = files_of(view)
        machine = view.context.machine
        in_kernel = kernel(view)
        self.missing, self.disorder, self.first, self.count, self.pending = [], None, None, 0, False
        for sequence in _lines(control, view):
            end = -1
            for rule in sequence:
                self.count += 1
                rest, places = there.index.missing(rule, machine)
                if rest is not None:
                    self.missing.append(rest)
                    continue
                position, place = min(places)
                self.first = self.first or place
                if position < end and self.disorder is None:
                    self.disorder = "{0}, line {1}, comes too early".format(*place)
                end = max(places)[0]
                if in_kernel.locked and in_kernel.index.missing(rule, machine)[0] is not None:
                    self.pending = True


def _odd(control, view):
    """What people read of the privileged programs that no rule can name (list of str)."""
    return [path.encode("utf-8", "backslashreplace").decode() for path in walk.of(view).privileged if _is_odd(path)] if control.arg("privileged") else []


def _ours(view):
    """The Rules of our file."""
    return [rule for rule, _place in _parsed(view, OURS) if isinstance(rule, auditrule.Rule)]


def _gone(control, view):
    """The text of those of our rules for privileged programs with which loading stops: their directory is not there, or no rule can name them."""
    if not control.arg("privileged"):
        return []
    found = []
    for rule in _ours(view):
        path = rule.fields[0][1].partition("path=")[2] if rule.fields else ""
        if path and rule.text == PRIVILEGED.format(path, control.arg("key", "privileged")) and (
                _is_odd(path) or not view.is_directory(path.rpartition("/")[0] or "/")):
            found.append(rule.text)
    return found


def check(control, view):
    if control.arg("option"):
        return _check_option(control, view)
    found, odd, gone = Looked(control, view), _odd(control, view), _gone(control, view)
    if not found.count and not odd and not gone and control.arg("privileged"):
        return Finding(True, note="there are no such programs")
    if not found.count and not control.arg("privileged"):
        return not_applicable("this machine ({0}) has no such system calls".format(view.context.machine))
    silent = files_of(view).silent
    path, line = found.first or (OURS, None)
    note = "locked in the kernel until it boots anew" if found.pending else found.disorder
    before = {}
    if found.missing:
        before["missing"] = [rule.text for rule in found.missing[:SHOWN]]
        if len(found.missing) > SHOWN:
            before["and"] = "{0} more".format(len(found.missing) - SHOWN)
    if gone:
        before["of no use"] = gone[:SHOWN]
    if odd:
        before["no rule can name"] = odd[:SHOWN]
        note = "no rule can name {0}{1}".format(", ".join(odd[:SHOWN]), " and {0} more".format(len(odd) - SHOWN) if len(odd) > SHOWN else "")
    good = not found.missing and not gone and not found.disorder and not silent
    return Finding(
        good and not odd, before or None, "{0} rules".format(found.count), path, line,
        overridden_by="{0}, line {1}".format(*silent) if silent else None, note=note, reboot=found.pending, left=good)


def fix(control, view):
    silent = files_of(view).silent
    if silent:
        raise NotFixable("{0}, line {1}, keeps the kernel from recording anything".format(*silent), "Remove that line, if it is not wanted")
    if control.arg("option"):
        _write(view, LAST, ["{0} {1}".format(*option) for option in _options(control, view)])
        return
    found, odd, gone = Looked(control, view), _odd(control, view), _gone(control, view)
    if found.missing or gone:
        kept = [rule for rule in _ours(view) if rule.text not in gone]
        _write(view, OURS, [rule.text for rule in auditrule.joined(kept, found.missing)])
    elif odd:
        raise NotFixable("no audit rule can name {0}".format(", ".join(odd[:SHOWN])), "Rename these programs, or remove them")


def _write(view, path, lines):
    # Nobody but root needs to know what is looked for.
    view.write(path, HEADER + "\n".join(lines) + "\n", mode=0o600)


def _check_option(control, view):
    flag, wanted = control.need("option"), str(control.need("value"))
    there = [item for item in files_of(view).options if item[0] == flag]
    value, path, line = there[-1][1:] if there else (None, LAST, None)
    enabled = kernel(view).enabled
    pending = value == wanted and ((flag == "-e" and enabled not in (None, wanted)) or (flag != "-e" and enabled == "2" and _failure(view) != wanted))
    return Finding(value == wanted, value, wanted, path, line, overridden_by=path if value not in (None, wanted) and path != LAST else None,
                   reboot=pending, note="in force when the rules are next loaded, at the latest with the next boot" if pending else None)


def _failure(view):
    for line in (view.once("auditctl -s", lambda: _said(view, ["auditctl", "-s"])) or "").splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == "failure":
            return words[1]
    return None


def _options(control, view):
    """The options of our last file with the one of *control* among them."""
    found = dict(rule for rule, _place in _parsed(view, LAST) if isinstance(rule, tuple))
    found[control.need("option")] = str(control.need("value"))
    # The lock comes last: nothing after it would be taken.
    return sorted(found.items(), key=lambda item: (item[0] == "-e", item[0]))
