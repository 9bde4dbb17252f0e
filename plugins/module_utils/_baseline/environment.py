# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What kind of place this host is, as far as controls ask: a set of flags, each with the reason for it."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError, InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import environment

FLAGS = ("container", "cloud", "container_host", "router", "joined", "desktop", "efi", "no_systemd")


def detect(context, forced=None):
    """{flag: reason (str)} of the flags that this host has.

    :param context: _facts.context.Context
    :param forced: {flag: bool} from the user; wins over what was found
    :raises InputError: *forced* names no flag
    """
    forced = forced or {}
    unknown = sorted(set(forced) - set(FLAGS))
    if unknown:
        raise InputError("there is no environment {0}".format(unknown[0]), "There are: {0}".format(", ".join(FLAGS)))
    facts = environment.collect(context)
    found = {}
    if facts["container"]:
        found["container"] = "it is a container ({0})".format(facts["container"])
    if facts["cloud"]:
        found["cloud"] = "it runs on {0}".format(facts["cloud"])
    if facts["container_host"]:
        found["container_host"] = "it has {0}".format(", ".join(facts["container_engines"]))
    if not facts["systemd"]:
        found["no_systemd"] = "no systemd runs here"
    if context.exists("/sys/firmware/efi"):
        found["efi"] = "its firmware is EFI"
    if context.exists("/usr/sbin/gdm"):
        found["desktop"] = "it has gdm"
    reason = _router(context)
    if reason:
        found["router"] = reason
    reason = _joined(context)
    if reason:
        found["joined"] = reason
    for flag, wanted in forced.items():
        if wanted:
            found.setdefault(flag, "it is said so")
        else:
            found.pop(flag, None)
    return found


def _router(context):
    # Routing daemons and VPN gateways; a value of ip_forward alone does not tell one from a host that once ran containers.
    for path in ("/usr/libexec/frr/zebra", "/usr/sbin/bird", "/usr/sbin/keepalived", "/usr/sbin/ipsec", "/usr/bin/wg-quick"):
        if context.exists(path):
            return "it has {0}".format(path)
    # The same program is there for clients and for guests without a network, so it is the configuration that counts.
    for path in _paths(context, "/etc/libvirt/qemu/networks", ".xml"):
        if _forwards("\n".join(_lines(context, path))):
            return "{0} is a network that libvirt routes".format(path)
    for path in _paths(context, "/etc/openvpn/server", ".conf"):
        return "it has {0}".format(path)
    for path in _paths(context, "/etc/openvpn", ".conf"):
        for line in _lines(context, path):
            words = line.split()
            if words[:1] in (["server"], ["server-ipv6"], ["server-bridge"]) or words[:2] == ["mode", "server"]:
                return "{0} is a server of openvpn".format(path)
    return None


def _forwards(xml):
    """Whether the definition of a network of libvirt has the host forward packets: a bridge does not, and a network without forward is isolated."""
    found = re.search(r"<forward\b([^>]*)>", re.sub(r"<!--.*?-->", "", xml, flags=re.DOTALL))
    mode = re.search(r"\bmode\s*=\s*['\"](\w+)", found.group(1)) if found else None
    return bool(found) and (mode.group(1) if mode else "nat") in ("nat", "route", "open")


def _joined(context):
    for path in ("/etc/ipa/default.conf", "/etc/krb5.keytab"):
        if context.exists(path):
            return "it has {0}".format(path)
    for line in _lines(context, "/etc/sssd/sssd.conf"):
        name, _equals, value = line.partition("=")
        if name.strip() == "id_provider" and value.strip() not in ("", "files", "proxy"):
            return "sssd.conf names the provider {0}".format(value.strip())
    for line in _lines(context, "/etc/yp.conf"):
        if line.split()[:1] in (["domain"], ["ypserver"]):
            return "yp.conf names a NIS server"
    return None


def _paths(context, directory, ending):
    try:
        return ["{0}/{1}".format(directory, name) for name in context.names(directory) if name.endswith(ending)]
    except ElkitError:
        return []


def _lines(context, path):
    try:
        return (context.read(path) or "").splitlines()
    except ElkitError:
        return []
