# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import zonexml

TRUSTED = """<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
  <short>Trusted</short>
  <description>All network connections are accepted.</description>
  <forward/>
</zone>
"""
PUBLIC = """<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Public</short>
  <service name="ssh"/>
  <port port="8000-8010" protocol="tcp"/>
</zone>
"""


def test_lines_go_before_the_end():
    lines = [zonexml.element("interface", name="lo"), zonexml.loopback_rule("ipv4", "127.0.0.1")]
    text = zonexml.added(TRUSTED, lines)
    assert text == TRUSTED.replace("</zone>", "  {0}\n  {1}\n</zone>".format(*lines))
    zone = zonexml.Zone(text)
    assert zone.interfaces == {"lo"} and zone.keeps_loopback("ipv4", "127.0.0.1") and not zone.keeps_loopback("ipv6", "::1")


@pytest.mark.parametrize("text", ["<zone/>", "<zone></zone>", '<zone target="DROP"/>\n', zonexml.EMPTY])
def test_an_empty_zone(text):
    assert zonexml.Zone(zonexml.added(text, [zonexml.element("service", name="ssh")])).services == {"ssh"}


def test_what_is_open():
    zone = zonexml.Zone(PUBLIC)
    assert zone.opens("8005/tcp") and not zone.opens("8005/udp") and not zone.opens("22/tcp")
    assert zonexml.Zone(TRUSTED).opens("22/tcp")


@pytest.mark.parametrize("text", ["", "no xml", "<ipset/>", "<zone>", '<!DOCTYPE zone [<!ENTITY a "b">]><zone>&a;</zone>'])
def test_what_is_no_zone(text):
    with pytest.raises(zonexml.Broken):
        zonexml.Zone(text)


def test_names_are_quoted():
    assert zonexml.element("service", name='a"<b') == "<service name='a\"&lt;b'/>"
