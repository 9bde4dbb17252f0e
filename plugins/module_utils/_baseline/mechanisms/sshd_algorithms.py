# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Ciphers, MACs and key exchanges that sshd must not offer.

args: key (Ciphers, MACs, KexAlgorithms), weak (list of names), module and rules (name and lines of a sub-policy of ours that takes them out),
line (what auditors look for in sshd_config itself).

They are the crypto policy's: release 8 hands them to sshd on its command line, 9 and 10 in an included file. So what is weak goes out by a
sub-policy; where a file of sshd's own lists them, by a list of ours before it. *line* is without effect there: release 8 gets it with the
block at the top of sshd_config, 9 and 10 with scanner_compat alone.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, Finding
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import crypto, sshd
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sshd_command, sshd_text

# What OpenSSH offers where nothing says otherwise, as far as it is weak; a list that begins with - or + starts from it (sshd_config(5)).
COMPILED = {
    "ciphers": ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"],
    "macs": ["umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
             "hmac-sha1-etm@openssh.com", "umac-64@openssh.com", "umac-128@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"],
    "kexalgorithms": ["curve25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256",
                      "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256"],
}


def offered(key, value):
    """The names that a value of *key* comes to."""
    words = [word for word in value.lstrip("+-^").split(",") if word]
    compiled = COMPILED[key.lower()]
    if value[:1] == "-":
        return [name for name in compiled if not any(_fits(name, word) for word in words)]
    return words + compiled if value[:1] in ("+", "^") else words


def _fits(name, pattern):
    return re.match(re.escape(pattern).replace("\\*", ".*").replace("\\?", ".") + r"\Z", name) is not None


def effective(view, key):
    """(value, path, line, whether the crypto policy says it)."""
    given = sshd_command.option(view, key)
    if given is not None:
        return given[0], given[1], None, given[1] == sshd_command.POLICY
    item = sshd.effective(sshd.settings(view), key)
    if item is None:
        return ",".join(COMPILED[key.lower()]), None, None, False
    return item.value, item.path, item.line, item.path.startswith("/etc/crypto-policies/")


def weak_of(control, view, value):
    return [name for name in offered(control.need("key"), value) if name in control.need("weak")]


def check(control, view):
    key, line = control.need("key"), _line(control)
    value, path, number, by_policy = effective(view, key)
    weak = weak_of(control, view, value)
    if weak and by_policy and _planned(control, view):
        weak = []
    wanted = "without {0}".format(",".join(control.need("weak")))
    if weak:
        return Finding(False, ",".join(weak), wanted, path, number, note="it offers {0}".format(", ".join(weak)))
    # The line for auditors.
    if line is not None:
        found = sshd.settings(view)
        if view.el == 8:
            item = sshd.effective(found, key)
            if item is None or item.value != line.value:
                return Finding(False, item.value if item else None, line.value, sshd.MAIN, item.line if item else None,
                               note="sshd offers none of them; sshd_config does not say so")
        elif view.scanner_compat and not any(item.key == key.lower() and item.path == sshd.MAIN and not item.conditional for item in found):
            return Finding(False, None, line.value, sshd.MAIN, note="scanner_compat")
    return Finding(True, value, wanted, path, number)


def _line(control):
    if not control.arg("line"):
        return None
    return sshd.Wanted(Control({"id": control.id, "mechanism": control.mechanism, "args": {"value": control.arg("line")}}))


def _planned(control, view):
    """Whether our sub-policy is planned, and not in force yet."""
    now = view.state_now(*crypto.STATE)
    name = control.arg("module")
    return bool(now and name and name in crypto.policy_of(view).split(":")[1:] and name not in now["current"].split(":")[1:])


def fix(control, view):
    key, line = control.need("key"), _line(control)
    value, _path, _number, by_policy = effective(view, key)
    weak = weak_of(control, view, value)
    if weak and by_policy:
        if not control.arg("module") or view.state(*crypto.STATE) is None:
            raise ControlError("the crypto policy offers {0}".format(", ".join(weak)), "Choose a stronger one")
        crypto.add_module(view, control.arg("module"), "# Written by elkit.almalinux (hardening)\n{0}\n".format("\n".join(control.need("rules"))))
    elif weak:
        sshd.refuse_given(view, key)
        good = [name for name in offered(key, value) if name not in weak]
        if not good:
            raise ControlError("sshd would offer nothing for {0} without {1}".format(key, ", ".join(weak)), "Add stronger ones")
        sshd.put(view, key, sshd.Wanted(Control({"id": control.id, "mechanism": control.mechanism, "args": {"value": ",".join(good)}})))
    if line is None:
        return
    found = sshd.settings(view)
    if view.el == 8:
        item = sshd.effective(found, key)
        if item is None or item.value != line.value:
            sshd.put(view, key, line)
    elif view.scanner_compat and not any(item.key == key.lower() and item.path == sshd.MAIN and not item.conditional for item in found):
        view.write(sshd.MAIN, sshd_text.with_compat(view.read(sshd.MAIN), key, line.value))
