# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""firewalld's permanent configuration, as the files that it is: they hold whether firewalld runs or not.

args, one of
    loopback       "trusted" (the interface lo is in the zone trusted) or "restricted" (what forges a loopback address is dropped)
    default_zone   name of the zone for whatever is in none
    open           true: no more than this, the zone lets in what *ports* name, and ssh
    running        true: firewalld is enabled and runs
and, with the last three: ports (list of "443/tcp" or names of services) that are opened as well.

Before anything is closed, every port that sshd listens on is open in the zone that will count.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sshd_command, zonexml
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import unit
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError

CONFIG = "/etc/firewalld/firewalld.conf"
ZONES = ("/etc/firewalld/zones", "/usr/lib/firewalld/zones")
UNIT = "firewalld.service"
# systemd stops them where firewalld starts (Conflicts= in its unit).
RIVALS = ("ebtables.service", "ip6tables.service", "ipset.service", "iptables.service", "nftables.service")
FORM = keytext.Form(separator="=", comments="#;")
LOOPBACK = (("ipv4", "127.0.0.1"), ("ipv6", "::1"))
NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
PORT = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5})?/(?:tcp|udp|sctp|dccp)\Z")


def path_of(view, name):
    """The path of a zone's file: the administrator's wins over the vendor's. None where there is no such zone."""
    for directory in ZONES:
        path = "{0}/{1}.xml".format(directory, name)
        if view.exists(path):
            return path
    return None


def zone_text(view, name):
    path = path_of(view, name)
    return zonexml.EMPTY if path is None else view.read(path)


def zone(view, name):
    """
    :raises ControlError: its file is no zone
    """
    try:
        return zonexml.Zone(zone_text(view, name))
    except zonexml.Broken as error:
        raise ControlError("{0} is broken: {1}".format(path_of(view, name), error), "Mend it (firewall-cmd --check-config), or remove it")


def add(view, name, lines):
    """Plan *lines* more for a zone, in a file of the administrator's."""
    try:
        view.write("{0}/{1}.xml".format(ZONES[0], name), zonexml.added(zone_text(view, name), lines))
    except zonexml.Broken as error:
        raise ControlError("{0} is broken: {1}".format(path_of(view, name), error), "Mend it, or remove it")


def default_zone(view):
    """(name, line number) of the zone for what is in none."""
    rows = keytext.values(view.read(CONFIG) or "", FORM, "DefaultZone")
    return (rows[-1][1], rows[-1][0]) if rows and rows[-1][1] else ("public", None)


def ssh_ports(view):
    """The ports that sshd listens on (sorted list of int)."""
    return view.once("ssh ports", lambda: _ssh_ports(view))


def _ssh_ports(view):
    try:
        # With the words of its unit: a port may be among them.
        text = view.run(["sshd", "-T"] + [word for word, _path in sshd_command.words(view)], check=False).stdout
    except CommandError:
        text = ""
    found = set()
    for line in text.splitlines():
        match = re.match(r"(?:port ([0-9]+)|listenaddress .*:([0-9]+))\s*\Z", line.strip())
        if match:
            found.add(int(match.group(1) or match.group(2)))
    if not found:
        paths = ["/etc/ssh/sshd_config"] + view.glob("/etc/ssh/sshd_config.d/*.conf")
        for path in paths:
            found.update(int(match.group(1)) for match in re.finditer(r"(?mi)^[ \t]*port[ \t=]+([0-9]+)[ \t]*$", view.read(path) or ""))
    return sorted(found) or [22]


def missing(view, name, ports):
    """What a zone does not let in of ssh's ports and *ports* (list of elements to add)."""
    found = zone(view, name)
    lines = []
    for number in ssh_ports(view):
        port = "{0}/tcp".format(number)
        if not (found.opens(port) or (number == 22 and "ssh" in found.services)):
            lines.append(zonexml.element("service", name="ssh") if number == 22 else zonexml.element("port", port=str(number), protocol="tcp"))
    for item in ports:
        item = str(item)
        if PORT.match(item):
            numbers, _slash, protocol = item.partition("/")
            if item not in found.ports and not ("-" not in numbers and found.opens(item)):
                lines.append(zonexml.element("port", port=numbers, protocol=protocol))
        elif NAME.match(item):
            if item not in found.services and found.target != "ACCEPT":
                lines.append(zonexml.element("service", name=item))
        else:
            raise ControlError("{0!r} is neither a port nor a service".format(item), "Write 443/tcp, or the name of a service of firewalld")
    return lines


def zones_in_use(view):
    """The zones through which packets come: the default one, and those that have interfaces or sources of their own."""
    found = [default_zone(view)[0]]
    for path in view.glob(ZONES[0] + "/*.xml"):
        name = path.rsplit("/", 1)[1][:-4]
        its = zone(view, name)
        if name not in found and (its.interfaces - set(["lo"]) or its.sources):
            found.append(name)
    return found


# --- look ------------------------------------------------------------------------------------------------------------

def check(control, view):
    if "loopback" in control.args:
        return _check_loopback(control, view)
    ports = list(control.arg("ports") or ())
    name, line = default_zone(view)
    wanted = control.arg("default_zone") or name
    lines = [item for each in ([wanted] if control.arg("default_zone") else zones_in_use(view)) for item in missing(view, each, ports)]
    closed = "closed: {0}".format(", ".join(lines)) if lines else None
    if control.arg("default_zone"):
        return Finding(name == wanted and not lines, name if name != wanted or not lines else closed, wanted, CONFIG, line)
    if control.arg("running"):
        state = unit.state_of(control, view, UNIT)
        on = bool(state) and state["enabled"] == "enabled" and state["active"] is not False
        return Finding(on, state, {"enabled": "enabled", "active": True}, note=closed)
    return Finding(not lines, closed or "open", "open: ssh{0}".format("".join(", {0}".format(port) for port in ports)), path_of(view, name))


def _check_loopback(control, view):
    found = zone(view, "trusted")
    path = path_of(view, "trusted")
    if control.arg("loopback") == "trusted":
        return Finding("lo" in found.interfaces, sorted(found.interfaces), "lo", path)
    bad = [address for family, address in LOOPBACK if not found.keeps_loopback(family, address)]
    return Finding(not bad, "not dropped: {0}".format(", ".join(bad)) if bad else "dropped", "dropped", path)


# --- put right -------------------------------------------------------------------------------------------------------

def fix(control, view):
    if "loopback" in control.args:
        found = zone(view, "trusted")
        if control.arg("loopback") == "trusted":
            add(view, "trusted", [zonexml.element("interface", name="lo")])
        else:
            missed = [item for item in LOOPBACK if not found.keeps_loopback(*item)]
            add(view, "trusted", [zonexml.loopback_rule(family, address) for family, address in missed])
        return
    ports = list(control.arg("ports") or ())
    wanted = control.arg("default_zone")
    if wanted and (not NAME.match(wanted) or path_of(view, wanted) is None):
        raise NotFixable("firewalld has no zone {0}".format(wanted), "Choose one that it has (firewall-cmd --get-zones)")
    for name in [wanted] if wanted else zones_in_use(view):
        lines = missing(view, name, ports)
        if lines:
            add(view, name, lines)
    if wanted and default_zone(view)[0] != wanted:
        view.write(CONFIG, keytext.with_value(view.read(CONFIG) or "", FORM, "DefaultZone", wanted))
    if control.arg("running"):
        state = unit.state_of(control, view, UNIT)
        if state is None:
            raise NotFixable("there is no {0}".format(UNIT), "Install firewalld")
        view.put("unit", UNIT, {"enabled": "enabled", "active": None if state["active"] is None else True})
        # In the plan, so that they are up again where firewalld does not start, and after an undo.
        for name in RIVALS:
            rival = view.state("unit", name)
            if rival is not None and rival["active"]:
                view.put("unit", name, dict(rival, active=False), [("unit", UNIT)])
