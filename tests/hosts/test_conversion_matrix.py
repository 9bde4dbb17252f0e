# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source at every major: the look, check mode equals what is done, once, verified, back to every byte, and there again."""
import pytest

from tests.faults import remote
from tests.faults.host import FaultHost

from .conversions import LOOK, back, convert, look, ran, there

# AlmaLinux's release packages enable extras themselves, those of 10 crb too.
ENABLED = {"8": ("appstream", "baseos", "extras"), "9": ("appstream", "baseos", "extras"), "10": ("appstream", "baseos", "crb", "extras")}
# kind: (vendors of the source, packages and what must become of each)
SOURCES = {
    "c8": ("CentOS", {}),
    "cs8": ("CentOS", {"bash": "downgraded", "centos-release-nfs-ganesha5": "excepted"}),
    "cs10": ("CentOS", {"bash": "downgraded", "centos-release-nfs-ganesha5": "excepted"}),
    "ro8": ("Rocky", {"acme-agent": "kept-third-party", "acme-unsigned": "kept-third-party", "bash": "replaced"}),
    "ro9": ("Rocky", {"acme-agent": "kept-third-party", "acme-unsigned": "kept-third-party", "bash": "replaced"}),
    "ro10": ("Rocky", {"acme-agent": "kept-third-party", "acme-unsigned": "kept-third-party", "bash": "replaced"}),
    "ol8": ("Oracle", {"dnf": "downgraded", "kernel-uek-core": "kept-beside", "oracle-logos": "swapped"}),
    "ol9": ("Oracle", {"dnf": "downgraded", "kernel-uek-core": "kept-beside", "oracle-logos": "swapped"}),
    "ol10": ("Oracle", {"dnf": "downgraded", "kernel-uek-core": "kept-beside"}),
    "rhel8": ("Red Hat", {"subscription-manager": "removed", "katello-host-tools": "removed"}),
    "rhel9": ("Red Hat", {"subscription-manager": "removed", "katello-host-tools": "removed"}),
    "rhel10": ("Red Hat", {"subscription-manager": "removed", "katello-host-tools": "removed"}),
    "k10": ("Kitten", {"bash": "downgraded", "almalinux-kitten-release": "removed"}),
    "ml8": ("Cybertrust", {}),
    "ml9": ("Cybertrust", {}),
}
# One of each major in `make test`; CentOS Stream 9 stands in test_conversion.py.
SLICE = ("ro8", "ol9", "rhel10")


@pytest.fixture
def source(request):
    """(name, kind, FaultHost) of a new host of the kind, gone afterwards: a machine bears only some sixteen with systemd."""
    name = "m-" + request.param
    remote.testbed("up", "--fresh", f"{name}:{request.param}", timeout=3600)
    yield name, request.param, FaultHost(name)
    remote.testbed("down", name)


@pytest.mark.parametrize("source", [pytest.param(kind, marks=[] if kind in SLICE else [pytest.mark.full]) for kind in SOURCES], indirect=True)
def test_there_and_back_and_there_again(source):
    name, kind, host = source
    vendors, verdicts = SOURCES[kind]
    before = host.run(LOOK)
    found = ran(name, look()).result(name, "look")
    assert found["verdict"] == "ready", [check for check in found["checks"] if check["severity"] != "note"]
    assert host.run(LOOK) == before
    seen = {row["package"].rsplit("-", 2)[0]: row["verdict"] for row in found["packages"] if row["package"]}
    assert {package: seen.get(package) for package in verdicts} == verdicts
    there(name, host, vendors, ENABLED["10" if kind.endswith("10") else kind[-1]])
    converted = host.run(LOOK)
    back(name, host, before)
    assert ran(name, convert()).result(name, "convert")["result"] == "converted"
    assert host.run(LOOK) == converted
