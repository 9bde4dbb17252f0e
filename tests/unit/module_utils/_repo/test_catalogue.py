# SPDX-License-Identifier: GPL-3.0-or-later
import re

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue
from ansible_collections.elkit.almalinux.plugins.module_utils._repo.catalogue import Host


@pytest.mark.parametrize("repo_id, major, canonical", [
    ("powertools", 8, "crb"), ("crb", 9, "crb"), ("crb", 10, "crb"), ("powertools", 9, None), ("crb", 8, None),
    ("ha", 8, "highavailability"), ("ha-source", 8, "highavailability-source"), ("highavailability", 8, None),
    ("highavailability", 10, "highavailability"), ("crb-debuginfo", 9, "crb-debuginfo"), ("resilientstorage", 10, None),
    ("almalinux-testing", 9, "testing"), ("epel", 8, "epel"), ("epel-testing-source", 10, "epel-testing-source"),
    ("nfv", 9, "nfv"), ("epel-next", 9, None), ("baseos", 7, None), ("docker-ce", 9, None),
])
def test_canonical_id(repo_id, major, canonical):
    assert catalogue.canonical_id(repo_id, major) == canonical


@pytest.mark.parametrize("written, canonical", [
    ("powertools", "crb"), ("powertools-source", "crb-source"), ("ha", "highavailability"), ("baseos", "baseos"),
    ("almalinux-testing", "testing"), ("nonsense", "nonsense"),
])
def test_canonical_name(written, canonical):
    assert catalogue.canonical_name(written) == canonical


@pytest.mark.parametrize("canonical, host, url", [
    ("baseos", Host(9, 8), "https://mirrors.almalinux.org/mirrorlist/$releasever/baseos"),
    ("crb", Host(8, 10), "https://mirrors.almalinux.org/mirrorlist/$releasever/powertools"),
    ("highavailability-debuginfo", Host(8, 10), "https://mirrors.almalinux.org/mirrorlist/$releasever/ha-debuginfo"),
    ("crb-debuginfo", Host(9, 8), "https://mirrors.almalinux.org/mirrorlist/$releasever/crb-debug"),
    ("synergy-debuginfo", Host(9, 8), "https://mirrors.almalinux.org/mirrorlist/$releasever/synergy-debuginfo"),
    ("crb-source", Host(10, 2), "https://mirrors.almalinux.org/mirrorlist/$releasever/crb-source"),
    ("baseos", Host(10, 2, "x86_64_v2"), "https://mirrors.almalinux.org/mirrorlist/$releasever/baseos?arch=x86_64_v2"),
    ("baseos", Host(10, None, kitten=True),
     "https://kitten.mirrors.almalinux.org/mirrorlist/$releasever-kitten/baseos"),
])
def test_mirrorlists(canonical, host, url):
    assert catalogue.url(catalogue.known(host)[canonical], host, "mirrorlist") == ("mirrorlist", url)


@pytest.mark.parametrize("canonical, arguments, expected", [
    ("baseos", dict(source="baseurl"), "https://repo.almalinux.org/almalinux/$releasever/BaseOS/$basearch/os/"),
    ("baseos", dict(source="baseurl", mirror="http://m/al"), "http://m/al/$releasever/BaseOS/$basearch/os/"),
    ("crb-source", dict(source="baseurl", mirror="http://m/al"), "http://m/al/$releasever/CRB/Source/"),
    ("crb-debuginfo", dict(source="baseurl"), "https://repo.almalinux.org/vault/$releasever/CRB/debug/$basearch/"),
    ("sap", dict(source="mirrorlist", minor="9.6"), "https://vault.almalinux.org/9.6/SAP/$basearch/os/"),
    ("sap", dict(source="baseurl", mirror="http://m", minor="9.6", vault="http://v"), "http://v/9.6/SAP/$basearch/os/"),
    ("testing", dict(source="mirrorlist"), "https://vault.almalinux.org/$releasever/testing/$basearch/os/"),
])
def test_baseurls(canonical, arguments, expected):
    host = Host(9, 8)
    assert catalogue.url(catalogue.known(host)[canonical], host, **arguments) == ("baseurl", expected)


def test_metalink_root():
    host = Host(9, 8)
    assert catalogue.url(catalogue.known(host)["crb"], host, "metalink", mirror="http://m") == (
        "metalink", "http://m/metalink/$releasever/crb")


def test_v2_directories_are_literal():
    host = Host(10, 2, "x86_64_v2")
    assert catalogue.url(catalogue.known(host)["crb"], host, "baseurl", mirror="http://m")[1] == (
        "http://m/$releasever/CRB/x86_64_v2/os/")


@pytest.mark.parametrize("canonical, host, mirror, expected", [
    ("epel", Host(9, 8), None, ("metalink", "https://mirrors.fedoraproject.org/metalink?repo=epel-$releasever&arch=$basearch")),
    ("epel", Host(10, 2), None, (
        "metalink", "https://mirrors.fedoraproject.org/metalink?repo=epel${releasever_minor:+-z}-$releasever&arch=$basearch")),
    ("epel-debuginfo", Host(9, 8), None, (
        "metalink", "https://mirrors.fedoraproject.org/metalink?repo=epel-debug-$releasever&arch=$basearch")),
    ("epel", Host(8, 10), "http://m/epel", ("baseurl", "http://m/epel/$releasever/Everything/$basearch/")),
    ("epel", Host(10, 2), "http://m/epel", (
        "baseurl", "http://m/epel/$releasever${releasever_minor:+z}/Everything/$basearch/")),
    ("epel-testing", Host(9, 8), "http://m/epel", ("baseurl", "http://m/epel/testing/$releasever/Everything/$basearch/")),
    ("epel", Host(10, 2, "x86_64_v2"), None, ("baseurl", "https://epel.repo.almalinux.org/10z/x86_64_v2/")),
])
def test_epel(canonical, host, mirror, expected):
    assert catalogue.epel_url(catalogue.known(host)[canonical], host, mirror) == expected


@pytest.mark.parametrize("value, host, right", [
    ("https://mirrors.fedoraproject.org/metalink?repo=epel-$releasever&arch=$basearch&infra=$infra&content=$contentdir", Host(9, 8), True),
    ("https://mirrors.fedoraproject.org/metalink?repo=epel-9&arch=$basearch", Host(9, 8), True),
    ("https://mirrors.fedoraproject.org/metalink?repo=epel-8&arch=$basearch", Host(9, 8), False),
    ("https://mirrors.fedoraproject.org/metalink?repo=epel${releasever_minor:+-z}-$releasever&arch=$basearch", Host(10, 2), True),
    ("https://mirrors.fedoraproject.org/metalink?repo=epel-$releasever&arch=$basearch", Host(10, 2), False),
    ("https://evil.example/metalink?repo=epel-9&arch=x", Host(9, 8), False),
])
def test_right_epel_metalinks(value, host, right):
    assert catalogue.is_epel_metalink(value, catalogue.known(host)["epel"], host) is right


@pytest.mark.parametrize("major, arch, missing", [
    (8, "x86_64", set()),
    (9, "aarch64", {"resilientstorage", "nfv", "rt"}),
    (10, "x86_64_v2", {"resilientstorage"}),
    (10, "s390x", {"resilientstorage", "nfv", "rt"}),
])
def test_what_a_host_has(major, arch, missing):
    host = Host(major, 2, arch)
    bases = {"resilientstorage", "nfv", "rt", "crb", "highavailability", "sap", "baseos"}
    assert bases - set(catalogue.known(host)) == missing
    for name in missing:
        assert name in catalogue.why_missing(name, host)


def test_shipped_defaults():
    def enabled(major):
        return {name for name, repository in catalogue.known(Host(major)).items() if repository.enabled}
    assert enabled(8) == enabled(9) == {"baseos", "appstream", "extras"}
    assert enabled(10) == {"baseos", "appstream", "extras", "crb"}


@pytest.mark.parametrize("major", catalogue.MAJORS)
def test_ids_are_unique_and_full_fingerprints(major):
    host = Host(major)
    assert len(catalogue.real_ids(host)) == len(catalogue.known(host))
    for fingerprint in catalogue.pinned_keys(host):
        assert re.match(r"[0-9A-F]{40}\Z", fingerprint)


def test_nearest():
    assert catalogue.nearest("bseos", catalogue.known(Host(9))) == "baseos"
    assert catalogue.nearest("zzzz", catalogue.known(Host(9))) is None
