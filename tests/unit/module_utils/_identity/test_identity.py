# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions, identity
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm.database import Package

HOSTS = [
    # os-release, release file, product, major, minor, source
    ({"ID": "almalinux", "NAME": "AlmaLinux", "VERSION_ID": "9.8"}, "AlmaLinux release 9.8 (Olive Jaguar)", "almalinux", 9, 8, None),
    ({"ID": "almalinux", "NAME": "AlmaLinux Kitten", "VERSION_ID": "10"}, "AlmaLinux Kitten release 10 (Lion Cub)",
     "almalinux-kitten", 10, None, "almalinux-kitten-10"),
    ({"ID": "centos", "NAME": "CentOS Stream", "VERSION_ID": "9", "PLATFORM_ID": "platform:el9"}, "CentOS Stream release 9",
     "centos-stream", 9, None, "centos-stream-9"),
    ({"ID": "centos", "NAME": "CentOS Linux", "VERSION_ID": "8"}, "CentOS Linux release 8.5.2111", "centos", 8, 5, "centos-8"),
    ({"ID": "rocky", "NAME": "Rocky Linux", "VERSION_ID": "9.7"}, "Rocky Linux release 9.7 (Blue Onyx)", "rocky", 9, 7, "rocky-9"),
    ({"ID": "ol", "NAME": "Oracle Linux Server", "VERSION_ID": "9.6"}, "Oracle Linux Server release 9.6", "oracle", 9, 6, "oracle-9"),
    ({"ID": "rhel", "NAME": "Red Hat Enterprise Linux", "VERSION_ID": "10.1"}, "Red Hat Enterprise Linux release 10.1 (Coughlan)",
     "rhel", 10, 1, "rhel-10"),
]


def look(values, release=None, packages=None):
    return identity.identify(values, release, "x86_64", packages or {})


@pytest.mark.parametrize("values,release,product,major,minor,source", HOSTS)
def test_clones(values, release, product, major, minor, source):
    facts = look(values, release)
    assert (facts["product"], facts["major"], facts["minor"]) == (product, major, minor)
    assert facts["is_el"] is True
    assert facts["is_almalinux"] is product.startswith("almalinux")
    assert facts["conversion"]["source"] == source
    assert facts["conversion"]["possible"] is (source is not None)
    assert facts["conversion"]["target"] == ("almalinux-{0}".format(major) if source else None)


def test_kitten_and_stream_keep_their_family():
    assert look(HOSTS[1][0])["distribution"] == "almalinux" and look(HOSTS[1][0])["kitten"]
    assert look(HOSTS[2][0])["distribution"] == "centos" and look(HOSTS[2][0])["stream"]


@pytest.mark.parametrize("values", [
    {}, {"ID": "debian", "VERSION_ID": "13"}, {"ID": "fedora", "VERSION_ID": "42", "PLATFORM_ID": "platform:f42"},
    {"ID": "amzn", "VERSION_ID": "2", "ID_LIKE": "centos rhel fedora"}])
def test_what_is_no_el_says_so(values):
    facts = look(values)
    assert facts["is_el"] is False and facts["product"] is None and facts["conversion"]["possible"] is False


def test_el7_has_no_target():
    conversion = look({"ID": "centos", "NAME": "CentOS Linux", "VERSION_ID": "7"}, "CentOS Linux release 7.9.2009 (Core)")["conversion"]
    assert conversion["possible"] is False and "CentOS Linux 7" in conversion["reason"]


@pytest.mark.parametrize("version, words", [
    ("8.10", "CentOS Linux, CentOS Stream, Red Hat Enterprise Linux, Rocky Linux, Oracle Linux, MIRACLE LINUX, Virtuozzo Linux"),
    ("10.1", "AlmaLinux Kitten, CentOS Stream, Red Hat Enterprise Linux, Rocky Linux, Oracle Linux"), ("11", "of this release there is none")])
def test_a_relative_that_is_no_source_is_told_which_are(version, words):
    conversion = look({"ID": "cloudlinux", "NAME": "CloudLinux", "ID_LIKE": "rhel fedora centos", "VERSION_ID": version})["conversion"]
    assert conversion["reason"] == "It is none of the distributions that AlmaLinux can take over: " + words


def package(name, arch="noarch", vendor=""):
    return Package(name, 0, "10.2", "1.el10", arch, vendor)


def test_only_packages_tell_the_v2_build_from_the_ordinary_one():
    values = {"ID": "almalinux", "NAME": "AlmaLinux", "VERSION_ID": "10.2"}
    assert look(values, None, {"almalinux-release": [package("almalinux-release", "x86_64_v2")]})["architecture"] == "x86_64_v2"
    assert look(values)["architecture"] == "x86_64"


def test_release_packages_of_others_are_leftovers():
    facts = look({"ID": "almalinux", "NAME": "AlmaLinux", "VERSION_ID": "9.8"}, None, {
        "almalinux-release": [package("almalinux-release")], "centos-gpg-keys": [package("centos-gpg-keys")], "bash": [package("bash")]})
    assert facts["release_packages"] == ["almalinux-release-10.2-1.el10.noarch", "centos-gpg-keys-10.2-1.el10.noarch"]
    assert facts["leftover_release_packages"] == ["centos-gpg-keys-10.2-1.el10.noarch"]


@pytest.mark.parametrize("os_id, vendor, leftover", [
    ("ol", "Oracle America", False), ("ol", "Red Hat, Inc.", True), ("almalinux", "Oracle America", True), ("rhel", "Red Hat, Inc.", False)])
def test_oracle_builds_a_redhat_release_of_its_own(os_id, vendor, leftover):
    facts = look({"ID": os_id, "NAME": "x", "VERSION_ID": "9.6"}, None, {"redhat-release": [package("redhat-release", vendor=vendor)]})
    assert facts["leftover_release_packages"] == (facts["release_packages"] if leftover else [])


def test_kitten_on_almalinux_is_a_leftover_although_the_vendor_is_the_same():
    facts = look({"ID": "almalinux", "NAME": "AlmaLinux", "VERSION_ID": "10.2"}, None, {
        "almalinux-kitten-release": [package("almalinux-kitten-release", vendor="AlmaLinux")]})
    assert len(facts["leftover_release_packages"]) == 1


def test_no_distribution_claims_the_release_package_of_another_family():
    owners = {}
    for item in distributions.DISTRIBUTIONS:
        for name in item.packages:
            owners.setdefault(name, set()).add(item.os_id)
    assert [name for name in owners if len(owners[name]) > 1] == []
