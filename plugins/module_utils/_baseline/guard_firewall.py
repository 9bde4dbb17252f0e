# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether the firewalld that is planned leaves the port of the connecting user open."""

import re
import xml.etree.ElementTree as tree

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard_who, zonexml
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.guard_sshd import matches_address
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError

PLACES = ("/etc/firewalld", "/usr/lib/firewalld")
CONFIGURATION = "/etc/firewalld/firewalld.conf"
UNIT = "firewalld.service"


def problems(view, who):
    if not who.known or not active(view):
        return []
    zone = zone_of(view, who)
    root, error = document(view, "zones", zone)
    if error:
        return [error]
    if root is None:
        return ["firewalld has no zone {0}".format(zone)]
    for rule in root.findall("rule"):
        if denies(rule, who):
            return ["a rule of the firewall's zone {0} refuses {1}".format(zone, who.address)]
    if root.get("target") == "ACCEPT" or opens(view, root, who.local[1]) or any(
            rule.find("accept") is not None and from_here(rule, who) and opens(view, rule, who.local[1]) for rule in root.findall("rule")):
        return []
    return ["the firewall's zone {0} does not open port {1}/tcp".format(zone, who.local[1])]


def active(view):
    """Whether firewalld runs, or will."""
    try:
        unit = view.state("unit", UNIT)
    except ElkitError:
        return False
    return bool(unit and (unit["active"] or unit["active"] is None and unit["enabled"] == "enabled"))


def default_zone(text):
    match = re.search(r"(?m)^\s*DefaultZone\s*=\s*(\S+)", text)
    return match.group(1) if match else "public"


def zone_of(view, who):
    """The zone that a packet of *who* would be in: by their address, by the interface, or the default one."""
    interface = interface_of(view, who.local[0])
    by_interface = None
    for name in zones(view):
        root, _error = document(view, "zones", name)
        if root is None:
            continue
        for source in root.findall("source"):
            if source.get("address") and matches_address(source.get("address"), who.address):
                return name
        if interface and any(item.get("name") == interface for item in root.findall("interface")):
            by_interface = name
    if by_interface:
        return by_interface
    planned = default_zone(guard_who.text_of(view, CONFIGURATION))
    if interface:
        # NetworkManager may have put the interface into a zone: no file of firewalld's tells.
        try:
            now = view.run(["firewall-cmd", "--get-zone-of-interface=" + interface], check=False).stdout.strip()
            default = view.run(["firewall-cmd", "--get-default-zone"], check=False).stdout.strip()
        except ElkitError:
            now = default = ""
        if now and default and now != default and re.match(r"[\w.-]+\Z", now):
            return now
    return planned


def interface_of(view, address):
    try:
        text = view.run(["ip", "-o", "addr", "show", "to", address], check=False).stdout
    except ElkitError:
        return None
    words = text.split()
    return words[1].partition("@")[0] if len(words) > 2 else None


def zones(view):
    return sorted(set(name[:-4] for place in PLACES for name in view.names(place + "/zones") if name.endswith(".xml")))


def document(view, kind, name):
    """(root element or None, error or None) of a zone or a service; the administrator's file wins over the vendor's."""
    for place in PLACES:
        path = "{0}/{1}/{2}.xml".format(place, kind, name)
        text = guard_who.text_of(view, path)
        if text:
            try:
                return tree.fromstring(text.encode("utf-8", "replace")), None
            except tree.ParseError as error:
                return None, "{0} is no XML: {1}".format(path, error)
    return None, None


def opens(view, element, port):
    """Whether ports or services in *element* have *port*."""
    if any(in_range(item, port) for item in element.findall("port")):
        return True
    for service in element.findall("service"):
        root, _error = document(view, "services", service.get("name") or "")
        if root is None:
            # The service of a firewalld whose files are elsewhere.
            if service.get("name") == "ssh" and port == 22:
                return True
        elif any(in_range(item, port) for item in root.findall("port")):
            return True
    return False


def in_range(item, port):
    if item.get("protocol") not in ("tcp", None):
        return False
    low, _dash, high = (item.get("port") or "").partition("-")
    return low.isdigit() and int(low) <= port <= (int(high) if high.isdigit() else int(low))


def from_here(rule, who):
    source = rule.find("source")
    if source is None or not source.get("address"):
        return source is None
    return matches_address(source.get("address"), who.address) != zonexml.inverted(source)


def denies(rule, who):
    """Whether a rich rule turns *who* away whatever they want."""
    if rule.find("drop") is None and rule.find("reject") is None:
        return False
    if any(rule.find(word) is not None for word in ("service", "port", "protocol", "icmp-block", "forward-port", "masquerade", "source-port")):
        return False
    source, destination = rule.find("source"), rule.find("destination")
    return source is not None and destination is None and from_here(rule, who)
