# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What the unit of sshd adds to its command line: that wins over every file of sshd's.

sshd.service of EL reads /etc/sysconfig/sshd and gives $OPTIONS; release 8's gives $CRYPTO_POLICY too, from the crypto policy's file, where
/etc/sysconfig/sshd does not say another (`systemctl cat sshd` on each release).
"""

import re
import shlex

POLICY = "/etc/crypto-policies/back-ends/opensshserver.config"
SYSCONFIG = "/etc/sysconfig/sshd"
_VARIABLE = re.compile(r"\s*(OPTIONS|CRYPTO_POLICY)\s*=(.*)")


def words(view):
    """[(word, the file it is from)] in the order sshd reads them; a line that no shell could read is none.

    :param view: a view.View; planned files count
    :raises ElkitError: a file cannot be read
    """
    found = {}
    for path in (POLICY, SYSCONFIG) if view.el == 8 else (SYSCONFIG,):
        for line in view.lines(path):
            match = _VARIABLE.match(line)
            if match and (match.group(1) == "OPTIONS" or view.el == 8):
                found[match.group(1)] = (match.group(2), path)
    result = []
    for name in ("OPTIONS", "CRYPTO_POLICY"):
        text, path = found.get(name, ("", None))
        try:
            result.extend((word, path) for word in shlex.split(" ".join(shlex.split(text))))
        except ValueError:
            continue
    return result


def option(view, key):
    """(value, the file it is from) of the first -o for *key*, or None."""
    given = words(view)
    for number, (word, path) in enumerate(given):
        if not word.startswith("-o"):
            continue
        text = word[2:] or (given[number + 1][0] if number + 1 < len(given) else "")
        name, _separator, value = re.sub(r"\s+", "=", text.strip(), count=1).partition("=")
        if name.lower() == key.lower():
            return value, path
    return None
