# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Zones of firewalld as text. Pure code: what is added goes before the end of the zone, every other byte stays."""

import re
import xml.etree.ElementTree as ET
from xml.sax.saxutils import quoteattr

EMPTY = '<?xml version="1.0" encoding="utf-8"?>\n<zone>\n</zone>\n'
_END = re.compile(r"[ \t]*</zone>\s*\Z")
_ALONE = re.compile(r"<zone([^<>]*)/>\s*\Z")


class Broken(ValueError):
    """The text is no zone."""


class Zone(object):
    """What a zone lets in: services (set of str), ports (set of "22/tcp"), interfaces (set), target (str or None), rules (list of Element)."""

    def __init__(self, text):
        # firewalld's files need no document type, and one could make a small file a large one.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise Broken("it has a document type")
        try:
            root = ET.fromstring(text.encode("utf-8", "surrogateescape"))
        except (ET.ParseError, LookupError) as error:
            raise Broken(str(error))
        if root.tag != "zone":
            raise Broken("it is no zone")
        self.target = root.get("target")
        self.services = set(item.get("name") for item in root.findall("service"))
        self.interfaces = set(item.get("name") for item in root.findall("interface"))
        self.sources = root.findall("source")
        self.ports = set("{0}/{1}".format(item.get("port"), item.get("protocol")) for item in root.findall("port"))
        self.rules = root.findall("rule")

    def opens(self, port):
        """Whether a port ("22/tcp") is let in by the zone's list of ports; a range counts."""
        number, _slash, protocol = port.partition("/")
        for item in self.ports:
            ports, _slash, its = item.partition("/")
            first, _dash, last = ports.partition("-")
            if its == protocol and first.isdigit() and int(first) <= int(number) <= int(last if last.isdigit() else first):
                return True
        return self.target == "ACCEPT"

    def keeps_loopback(self, family, address):
        """Whether what claims to come from a loopback address and goes elsewhere is dropped."""
        for rule in self.rules:
            source, target = rule.find("source"), rule.find("destination")
            if (rule.get("family") == family and rule.find("drop") is not None and source is not None and source.get("address") == address
                    and target is not None and target.get("address") == address and inverted(target)):
                return True
        return False


def inverted(item):
    """Whether a source or destination (Element) of a rule stands for all but its address. firewalld takes, and writes, these words in any case."""
    return (item.get("invert") or "").lower() in ("true", "yes")


def added(text, lines):
    """*text* with *lines* (list of str) before the end of the zone.

    :raises Broken: it has no end
    """
    match = _ALONE.search(text)
    if match:
        text = text[:match.start()] + "<zone{0}>\n</zone>\n".format(match.group(1).rstrip())
    match = _END.search(text)
    if match is None:
        raise Broken("it has no end")
    before = text[:match.start()]
    if before and not before.endswith("\n"):
        before += "\n"
    return before + "".join("  {0}\n".format(line) for line in lines) + text[match.start():].lstrip(" \t")


def element(tag, **attributes):
    return "<{0}{1}/>".format(tag, "".join(" {0}={1}".format(key, quoteattr(value)) for key, value in sorted(attributes.items())))


def loopback_rule(family, address):
    """What comes from *address* and does not go to it is dropped. "True" with a capital letter, as firewalld itself writes it."""
    return '<rule family="{0}"><source address="{1}"/><destination address="{1}" invert="True"/><drop/></rule>'.format(family, address)
