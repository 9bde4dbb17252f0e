# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Rules of the kernel's audit as auditctl(8) writes them: what a line means, whether rules that are there do what another asks, and a file of
rules. Pure code.

Two lines mean the same whatever their keys, the order of their fields, how they split their system calls over -S and over lines, and whether
a watch is written with -w or with -F path= (or dir=). A rule for system calls that also names more or fewer fields is another rule.
"""

import re

ALL = frozenset(("all",))
PERMS = frozenset("rwxa")
BOTH = "both"
_FIELD = re.compile(r"([a-z0-9_]+)(!=|>=|<=|&=|=|>|<|&)(.*)\Z")
_ARCHES = {"x86_64": "b64", "aarch64": "b64", "ppc64le": "b64", "s390x": "b64", "i386": "b32", "i686": "b32", "arm": "b32", "armeb": "b32", "s390": "b32"}
_ERRORS = {"-eperm": "-1", "-eacces": "-13"}
_LISTS = ("task", "exit", "user", "exclude", "filesystem", "io_uring", "entry")

# Machines whose programs are of one width only; all others have both.
ONE_WIDTH = {"ppc64le": ("b64",)}
# System calls that a machine's table does not have: a rule that names one keeps every rule after it from being loaded.
_OLD = frozenset(("create_module", "query_module", "stime"))
MISSING = {
    ("x86_64", "b64"): frozenset(("stime",)),
    ("s390x", "b64"): frozenset(("stime",)),
    ("aarch64", "b32"): _OLD,
    ("aarch64", "b64"): _OLD | frozenset((
        "chmod", "chown", "creat", "lchown", "link", "mkdir", "mknod", "open", "rename", "rmdir", "symlink", "umount", "unlink", "utime", "utimes")),
}


class Rule(object):
    """One rule.

    :param where: (list, action), as ("exit", "always")
    :param arch: "b32", "b64", BOTH (to be expanded), or None
    :param calls: tuple of system calls in their order; () for all of them
    :param fields: tuple of words in their order, as they stand behind -F or -C: ("-F", "auid>=1000")
    :param key: str, or None
    :param watch: (path, permissions) of a -w line, or None
    """

    def __init__(self, where, arch, calls, fields, key, watch=None):
        self.where = where
        self.arch = arch
        self.calls = calls
        self.fields = fields
        self.key = key
        self.watch = watch
        self.perms, self.meaning = _meaning(fields, watch)

    @property
    def text(self):
        """The line, in the order that auditctl -l and scanners have."""
        if self.watch:
            words = ["-w", self.watch[0], "-p", self.watch[1]] + (["-k", self.key] if self.key else [])
            return " ".join(words)
        words = ["-a", "{0},{1}".format(self.where[1], self.where[0])]
        if self.arch:
            words += ["-F", "arch={0}".format(self.arch)]
        if self.calls:
            words += ["-S", ",".join(self.calls)]
        for flag, word in self.fields:
            words += [flag, word]
        return " ".join(words + (["-F", "key={0}".format(self.key)] if self.key else []))

    def with_calls(self, calls):
        return Rule(self.where, self.arch, tuple(calls), self.fields, self.key, self.watch)

    def of_arch(self, arch):
        return Rule(self.where, arch, self.calls, self.fields, self.key, self.watch)


def _meaning(fields, watch):
    """(permissions, meaning): what is watched for, and everything else that narrows a rule, in one form."""
    if watch:
        return frozenset(watch[1]), frozenset((("watch", "=", _directory(watch[0])),))
    perms, meaning = PERMS, set()
    for flag, word in fields:
        match = _FIELD.match(word)
        if not match:
            meaning.add((flag, word, ""))
            continue
        name, operator, value = match.groups()
        if flag == "-C":
            # Both sides are names, and change places where the operator lets them.
            name, value = sorted((name, value)) if operator in ("=", "!=") else (name, value)
            meaning.add(("-C " + name, operator, value))
        elif name == "perm" and operator == "=":
            perms = frozenset(value)
        elif name in ("path", "dir") and operator == "=":
            meaning.add(("watch", "=", _directory(value)))
        else:
            meaning.add((name, operator, _value(name, value)))
    return perms, frozenset(meaning)


def _directory(path):
    return path.rstrip("/") or "/"


def _value(name, value):
    value = value.lower()
    if name == "exit":
        return _ERRORS.get(value, value)
    if name.endswith(("uid", "gid")):
        return {"unset": "unset", "4294967295": "unset", "-1": "unset", "root": "0"}.get(value, value)
    if re.match(r"a[0-3]\Z", name):
        try:
            # As strtoul() reads it.
            return str(int(value, 16) if value.startswith("0x") else int(value, 8) if value.startswith("0") else int(value))
        except ValueError:
            return value
    return value


def parse(line):
    """The Rule of a line; ("-e", "2") and the like for an option; None for an empty line, a comment, or what is none of ours to judge."""
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    if words[0] in ("-e", "-f", "-b", "-r") and len(words) == 2:
        return words[0], words[1]
    where, arch, calls, fields, key, watch, perms = None, None, [], [], None, None, None
    position = 0
    while position < len(words):
        flag = words[position]
        value = words[position + 1] if position + 1 < len(words) else None
        position += 2
        if value is None:
            return None
        if flag in ("-a", "-A"):
            where = _where(value)
        elif flag == "-w":
            watch = value
        elif flag == "-p":
            perms = value
        elif flag == "-k":
            key = value
        elif flag == "-S":
            calls.extend(name for name in value.split(",") if name)
        elif flag == "-F" and value.startswith("key="):
            key = value[4:]
        elif flag == "-F" and value.startswith("arch="):
            arch = _ARCHES.get(value[5:], value[5:])
        elif flag in ("-F", "-C"):
            fields.append((flag, value))
        else:
            return None
    if watch is not None:
        return Rule(("exit", "always"), None, (), (), key, (watch, perms or "rwxa"))
    if where is None:
        return None
    return Rule(where, arch, () if "all" in calls else tuple(calls), tuple(fields), key)


def _where(value):
    words = value.split(",")
    if len(words) != 2:
        return None
    return (words[0], words[1]) if words[0] in _LISTS else (words[1], words[0])


# --- what rules there do ---------------------------------------------------------------------------------------------

def expanded(rule, machine):
    """The Rules of one width each, without system calls that *machine* has not; [] where it has none of them."""
    arches = ONE_WIDTH.get(machine, ("b32", "b64"))
    if rule.arch != BOTH:
        arches = [arch for arch in (rule.arch,) if arch is None or arch in arches]
    found = []
    for arch in arches:
        calls = tuple(name for name in rule.calls if name not in MISSING.get((machine, arch), ()))
        if calls or not rule.calls:
            found.append(rule.of_arch(arch).with_calls(calls))
    return found


class Index(object):
    """Rules that are there, in the order in which they are loaded: [(Rule, place)]; a place is what the caller likes."""

    def __init__(self, rules):
        self._by_meaning = {}
        for position, (rule, place) in enumerate(rules):
            self._by_meaning.setdefault((rule.where, rule.meaning), []).append((position, rule, place))

    def covering(self, rule, call, arch):
        """(position, place) of the first that does for one system call (None: all of them) on one width what *rule* asks, or None."""
        for position, other, place in self._by_meaning.get((rule.where, rule.meaning), ()):
            # A rule that names calls and no width means the numbers of one table, whichever that is.
            if other.arch != arch and (other.arch is not None or other.calls):
                continue
            if other.calls and (call is None or call not in other.calls):
                continue
            if other.perms >= rule.perms:
                return position, place
        return None

    def missing(self, rule, machine):
        """(rest, places): what of *rule* (of one width) no rule there does (a Rule, or None), and [(position, place)] of those that do."""
        arches = (rule.arch,) if rule.arch else (None,)
        rest, places = [], []
        for call in rule.calls or (None,):
            for arch in arches:
                found = self.covering(rule, call, arch)
                if found is None and arch is None:
                    # One without a width is met by one for each width, too.
                    parts = [self.covering(rule, call, one) for one in ONE_WIDTH.get(machine, ("b32", "b64"))]
                    found = max(parts) if all(parts) else None
                if found is None:
                    rest.append(call)
                else:
                    places.append(found)
        if not rest:
            return None, places
        return (rule if rest == [None] else rule.with_calls(rest)), places


def silences(rule):
    """Whether *rule* keeps the kernel from recording anything at all."""
    return rule.where[1] == "never" and rule.where[0] in ("task", "exit") and not rule.meaning and not rule.calls


# --- a file of rules -------------------------------------------------------------------------------------------------

def _rank(rule):
    """Rules that look at the bits of an argument come before those that do not, and fewer bits first: the first that fits takes the event."""
    for name, operator, value in rule.meaning:
        if operator == "&" and re.match(r"a[0-3]\Z", name):
            return int(value) if value.isdigit() else 0
    return 1 << 32


def joined(rules, more):
    """The list of Rules that *rules* and *more* make: system calls of what is otherwise the same on one line."""
    found = []
    for rule in list(rules) + list(more):
        for position, other in enumerate(found):
            same = (other.where, other.arch, other.fields, other.key, other.watch) == (rule.where, rule.arch, rule.fields, rule.key, rule.watch)
            if same and (bool(other.calls) == bool(rule.calls)):
                found[position] = other.with_calls(other.calls + tuple(name for name in rule.calls if name not in other.calls))
                break
        else:
            found.append(rule)
    return sorted(found, key=_rank)


def natural(name):
    """A key that sorts file names as `ls -v` does, in which order augenrules(8) takes them."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
