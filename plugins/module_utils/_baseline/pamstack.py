# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The stacks of PAM as data, and what can be asked of them. Pure."""

HASHES = ("sha512", "sha256", "md5", "bigcrypt", "blowfish", "yescrypt", "gost_yescrypt")
# Controls by which a failure of the module counts.
BINDING = ("required", "requisite")


class Rule(object):
    """A line: type ("auth"), control ("required", "[default=bad …]"), module ("pam_unix.so"), options (list of str), line (int)."""

    def __init__(self, facility, control, module, options, line):
        self.type = facility
        self.control = control
        self.module = module
        self.options = options
        self.line = line


def parse(text):
    """[Rule] of a file below /etc/pam.d; comments and blank lines are left out, a backslash at the end joins lines."""
    found, joined, first = [], "", None
    for number, line in enumerate((text or "").splitlines(), 1):
        first = number if first is None else first
        if line.rstrip().endswith("\\"):
            joined += line.rstrip()[:-1] + " "
            continue
        rule = _rule(joined + line, first)
        joined, first = "", None
        if rule is not None:
            found.append(rule)
    return found


def _rule(line, number):
    line = line.split("#", 1)[0].strip()
    words = line.split(None, 1)
    if len(words) < 2:
        return None
    rest = words[1]
    if rest.startswith("["):
        control, _bracket, rest = rest.partition("]")
        control += "]"
    else:
        control, rest = (rest.split(None, 1) + [""])[:2]
    parts = rest.split()
    # The path of a module may be absolute, or be given with the bits of the library directory.
    return Rule(words[0].lstrip("-").lower(), control, parts[0].rsplit("/", 1)[-1], parts[1:], number) if parts else None


def rules(stack, facility, module):
    """[(place in the facility, Rule)] of a module."""
    return [(place, rule) for place, rule in enumerate([rule for rule in stack if rule.type == facility]) if rule.module == module]


def faillock(stack):
    """What keeps failed attempts from counting (str), or None where they do: before and after the password is asked, and for the account."""
    auth = rules(stack, "auth", "pam_faillock.so")
    before = [place for place, rule in auth if "preauth" in rule.options]
    after = [place for place, rule in auth if "authfail" in rule.options]
    unix = [place for place, _rule in rules(stack, "auth", "pam_unix.so")]
    if not before or not after or not unix:
        return "pam_faillock.so is not called around pam_unix.so"
    if not before[0] < unix[0] < after[-1]:
        return "pam_faillock.so stands in the wrong order"
    account = [place for place, _rule in rules(stack, "account", "pam_faillock.so")]
    unix = [place for place, _rule in rules(stack, "account", "pam_unix.so")]
    if not account or (unix and account[0] > unix[0]):
        return "pam_faillock.so is missing in account"
    return None


def _binding(stack, module):
    if not [rule for _place, rule in rules(stack, "password", module) if rule.control in BINDING or rule.control.startswith("[")]:
        return "{0} is not called".format(module)
    return None


def pwhistory(stack):
    return _binding(stack, "pam_pwhistory.so")


def pwquality(stack):
    return _binding(stack, "pam_pwquality.so")


def no_nullok(stack):
    for rule in stack:
        if "nullok" in rule.options:
            return "{0} accepts empty passwords (line {1})".format(rule.module, rule.line)
    return None


def hashing(stack, algorithms):
    for _place, rule in rules(stack, "password", "pam_unix.so"):
        found = [option for option in rule.options if option in HASHES]
        if len(found) != 1 or found[0] not in algorithms:
            return "pam_unix.so hashes by {0}".format(" and ".join(found) or "login.defs")
        return None
    return "pam_unix.so is not called"


def lastlog(stack):
    """None where failed attempts since the last login are shown."""
    found = [rule for _place, rule in rules(stack, "session", "pam_lastlog.so")]
    if not [rule for rule in found if "showfailed" in rule.options and "silent" not in rule.options]:
        return "pam_lastlog.so does not show failed logins"
    return None


def option(stack, module, key):
    """The Rule of *module* that sets *key* in the stack itself, where it wins over the module's file; or None."""
    for rule in stack:
        if rule.module == module and [word for word in rule.options if word == key or word.startswith(key + "=")]:
            return rule
    return None
