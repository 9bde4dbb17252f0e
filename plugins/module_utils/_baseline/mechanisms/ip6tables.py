# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The policy of ip6tables for what comes in, on hosts that have neither firewalld nor nftables. Looked at, never changed: a policy without the rules
that let people in shuts them out.

args: policy ("DROP")
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable, not_applicable

RULES = "/etc/sysconfig/ip6tables"


def check(control, view):
    for name in ("firewalld", "nftables"):
        if view.has_package(name):
            return not_applicable("{0} filters here, and not ip6tables".format(name))
    if not view.has_package("iptables-services"):
        return not_applicable("ip6tables has no service here")
    table, found, number = None, None, None
    for at, line in enumerate(view.lines(RULES), 1):
        if line.startswith("*"):
            table = line[1:].strip()
        elif table == "filter" and line.startswith(":INPUT "):
            found, number = line.split()[1], at
    return Finding(found == control.need("policy"), found, control.need("policy"), RULES, number)


def looks_only(control):
    return True


def fix(control, view):
    raise NotFixable("what may come in is for people to say", "Write the rules, then :INPUT DROP in {0}; or use firewalld".format(RULES))
