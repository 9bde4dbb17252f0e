# SPDX-License-Identifier: GPL-3.0-or-later
"""What sources become: by table."""
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import mapping, sources
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue

ALL = [(item.product, major) for item in distributions.DISTRIBUTIONS for major in item.source_majors]


@pytest.mark.parametrize("product, major", ALL)
def test_each_target_is_a_repository_that_almalinux_has_somewhere(product, major):
    one = mapping.source(product, major, "x86_64")
    everywhere = set().union(*(catalogue.known(catalogue.Host(number)) for number in catalogue.MAJORS))
    assert one.repositories
    assert set(filter(None, one.repositories.values())) <= everywhere
    assert {"baseos", "appstream"} <= set(one.repositories.values())


@pytest.mark.parametrize("product, major", ALL)
def test_its_release_packages_leave_and_almalinux_stays(product, major):
    one = mapping.source(product, major, "x86_64")
    for name in distributions.BY_PRODUCT[product].packages:
        assert one.fate(name) == ((None, None) if product == "almalinux" else (mapping.RELEASE, None))
    for name in ("almalinux-release", "openssh-server", "sudo", "kernel-core", "NetworkManager", "dnf", "bash", "glibc", "epel-release"):
        assert one.fate(name, (), one.distribution.vendors[0]) == (None, None)


@pytest.mark.parametrize("product, major, repo_id, canonical", [
    ("centos-stream", 9, "crb", "crb"), ("centos-stream", 9, "crb-debuginfo", "crb-debuginfo"), ("centos-stream", 9, "extras-common", "extras"),
    ("centos-stream", 8, "powertools", "crb"), ("centos-stream", 8, "ha-source", "highavailability-source"),
    ("rocky", 8, "powertools", "crb"), ("rocky", 8, "resilient-storage", "resilientstorage"),
    ("rocky", 8, "resilient-storage-source", "resilientstorage-source"),
    ("rocky", 8, "plus", "plus"), ("rocky", 9, "highavailability-debug", "highavailability-debuginfo"),
    ("oracle", 9, "ol9_baseos_latest", "baseos"), ("oracle", 9, "ol9_codeready_builder", "crb"), ("oracle", 9, "ol9_UEKR7", None),
    ("oracle", 8, "ol8_UEKR6", None), ("oracle", 8, "ol8_addons", "extras"), ("oracle", 9, "ol9_developer_EPEL", "epel"),
    ("oracle", 9, "ol9_u4_baseos_base", "baseos"),
    ("rhel", 9, "rhel-9-for-x86_64-baseos-rpms", "baseos"), ("rhel", 8, "codeready-builder-for-rhel-8-x86_64-rpms", "crb"),
    ("rhel", 9, "rhel-9-for-x86_64-appstream-debug-rpms", "appstream-debuginfo"),
    ("rhel", 9, "rhel-9-for-x86_64-supplementary-rpms", None),
    ("rhel", 9, "rhel-9-for-x86_64-sap-netweaver-rpms", "sap"), ("rhel", 9, "rhel-9-baseos-rhui-rpms", "baseos"),
    ("rhel", 8, "rhel-8-for-x86_64-appstream-eus-rpms", "appstream"), ("rhel", 8, "rhel-8-for-x86_64-baseos-e4s-rhui-rpms", "baseos"),
    ("rhel", 9, "rhel-9-for-x86_64-appstream-eus-debug-rpms", "appstream-debuginfo"), ("rhel", 8, "rhel-8-for-x86_64-sap-solutions-e4s-rpms", "saphana"),
    ("rhel", 8, "rhui-rhel-8-for-x86_64-baseos-rhui-rpms", "baseos"), ("rhel", 9, "rhui-codeready-builder-for-rhel-9-x86_64-rhui-rpms", "crb"),
    ("rhel", 8, "rhui-client-config-server-8", None), ("rhel", 9, "rhui-client-config-server-9-sap-bundle", None),
    ("rhel", 8, "rhui-microsoft-azure-rhel8", None), ("rhel", 9, "rhui-microsoft-azure-rhel9-eus", None),
    ("centos-stream", 9, "epel-next", None), ("rocky", 8, "epel-next-testing", None),
    # Mirrors that somebody made of it.
    ("rhel", 9, "baseos", "baseos"), ("oracle", 8, "powertools", "crb"), ("miraclelinux", 9, "appstream-source", "appstream-source"),
])
def test_repositories(product, major, repo_id, canonical):
    assert mapping.source(product, major, "x86_64").canonical(repo_id) == canonical


@pytest.mark.parametrize("product, major, repo_id", [
    ("oracle", 9, "ol8_baseos_latest"), ("rhel", 9, "rhel-8-for-x86_64-baseos-rpms"), ("rhel", 9, "rhel-9-for-aarch64-baseos-rpms"),
    ("rhel", 9, "rhui-client-config-server-8"), ("rhel", 9, "satellite-client-6-for-rhel-9-x86_64-rpms"),
    ("centos-stream", 9, "epel"), ("rocky", 9, "baseos-of-mine"), ("centos-stream", 9, "crb-debuginfos")])
def test_foreign_repositories(product, major, repo_id):
    one = mapping.source(product, major, "x86_64")
    assert not one.is_own(repo_id)
    with pytest.raises(KeyError):
        one.canonical(repo_id)


def test_other_architectures():
    assert mapping.source("rhel", 9, "aarch64").canonical("rhel-9-for-aarch64-baseos-rpms") == "baseos"
    assert mapping.source("rhel", 10, "x86_64_v2").is_own("rhel-10-for-x86_64-baseos-rpms")


def test_enabled_repositories_stay_enabled_under_their_names():
    one = mapping.source("oracle", 8, "x86_64")
    assert one.enabled_targets(["ol8_baseos_latest", "ol8_codeready_builder", "ol8_UEKR6", "epel", "mine"]) == ["appstream", "baseos", "crb"]


@pytest.mark.parametrize("product, name, fate", [
    ("centos-stream", "centos-logos", (mapping.REPLACE, "almalinux-logos")), ("rocky", "rocky-indexhtml", (mapping.REPLACE, "almalinux-indexhtml")),
    ("oracle", "redhat-release", (mapping.REMOVE, None)), ("oracle", "oci-included-release-el9", (mapping.REMOVE, None)),
    ("oracle", "redhat-logos", (mapping.REPLACE, "almalinux-logos")),
    ("oracle", "oracle-epel-release-el9", (mapping.REPLACE, "epel-release")), ("oracle", "kernel-uek-core", (mapping.KERNEL, None)),
    ("oracle", "kernel-uek-debug-core", (mapping.KERNEL, None)), ("oracle", "kernel-uek-modules-extra-netfilter", (mapping.KERNEL, None)),
    ("oracle", "kernel-uek-modules-usb", (mapping.KERNEL, None)), ("rhel", "subscription-manager", (mapping.REMOVE, None)),
    ("rhel", "katello-ca-consumer-sat.example.com", (mapping.REMOVE, None)), ("rhel", "redhat-release", (mapping.RELEASE, None)),
    ("centos-stream", "epel-next-release", (mapping.REMOVE, None)), ("centos-stream", "subscription-manager", (None, None))])
def test_packages(product, name, fate):
    assert mapping.source(product, 9, "x86_64").fate(name) == fate


def test_capabilities_count_for_packages_of_the_source_alone():
    one = mapping.source("rhel", 9, "x86_64", {"provides": ["rhsm-thing"]})
    assert one.fate("something", ["rhsm-thing"], "Red Hat, Inc.") == (mapping.REMOVE, None)
    assert one.fate("something", ["rhsm-thing"], "Acme") == (None, None)
    assert one.fate("something", ["other"], "Red Hat, Inc.") == (None, None)


def test_streams():
    assert mapping.source("oracle", 8, "x86_64").stream("ol8") == "rhel8"
    assert mapping.source("oracle", 8, "x86_64").stream("20") == "20"
    assert mapping.source("rocky", 8, "x86_64").stream("rhel8") == "rhel8"


def test_a_user_adds_what_he_knows():
    one = mapping.source("rocky", 9, "x86_64", {"repositories": {"corp-baseos": "baseos"}, "remove": ["corp-*"], "replace": {"corp-logos": "almalinux-logos"}})
    assert one.canonical("corp-baseos") == "baseos" and one.canonical("baseos") == "baseos"
    assert one.fate("corp-agent") == (mapping.REMOVE, None) and one.fate("corp-logos") == (mapping.REPLACE, "almalinux-logos")
    assert not mapping.source("rocky", 9, "x86_64").is_own("corp-baseos")


@pytest.mark.parametrize("extra, words", [
    ({"packages": []}, ["packages", "repositories"]), ({"remove": "one"}, ["remove", "list"]), ({"replace": ["one"]}, ["replace", "dictionary"]),
    ({"remove": [7]}, ["remove", "7"]), ({"replace": {"a": 1}}, ["replace", "1"])])
def test_bad_additions(extra, words):
    with pytest.raises(InputError) as caught:
        mapping.source("rocky", 9, "x86_64", extra)
    assert all(word in str(caught.value) for word in words)


def test_the_table_has_every_source_and_no_unknown_key():
    assert {product for product, major in ALL} <= set(sources.TABLE)
    for product, entry in sources.TABLE.items():
        assert product in distributions.BY_PRODUCT
        assert set(entry) <= set(sources.COMMON), product
        for key, value in entry.items():
            assert isinstance(value, type(sources.COMMON[key])), (product, key)


def test_the_client_of_a_registration_leaves_or_is_preserved():
    leaves, stays = mapping.source("rhel", 9, "x86_64"), mapping.source("rhel", 9, "x86_64", None, True)
    for name in sources.TABLE["rhel"]["registration"]:
        name = name.replace("*", "x")
        assert leaves.fate(name) == (mapping.REMOVE, None) and leaves.exception(name) is None
        assert stays.fate(name) == (None, None) and stays.exception(name) == mapping.PRESERVED
    plugin = ("libdnf-plugin-x", ["dnf-plugin(subscription-manager)"], "Red Hat, Inc.")
    assert leaves.fate(*plugin) == (mapping.REMOVE, None) and stays.fate(*plugin) == (None, None)
    assert stays.fate("insights-client") == (mapping.REMOVE, None)


# What a default host of each source has enabled, and what of it is on AlmaLinux: every source, every major.
DEFAULTS = {
    "centos": {8: ["appstream", "baseos", "extras"]},
    "centos-stream": {8: ["appstream", "baseos", "extras"], 9: ["appstream", "baseos", "extras-common"], 10: ["appstream", "baseos", "extras-common"]},
    "rocky": dict((major, ["appstream", "baseos", "extras"]) for major in (8, 9, 10)),
    "oracle": {8: ["ol8_baseos_latest", "ol8_appstream", "ol8_addons", "ol8_UEKR7"], 9: ["ol9_baseos_latest", "ol9_appstream", "ol9_addons", "ol9_UEKR8"],
               10: ["ol10_baseos_latest", "ol10_appstream", "ol10_addons", "ol10_UEKR8"]},
    "rhel": dict((major, ["rhel-{0}-for-x86_64-baseos-rpms".format(major), "rhel-{0}-for-x86_64-appstream-rpms".format(major)]) for major in (8, 9, 10)),
    "miraclelinux": {8: ["8-latest-AppStream", "8-latest-BaseOS"], 9: ["9-latest-AppStream", "9-latest-BaseOS"]},
}


@pytest.mark.parametrize("product, major", [(product, major) for product, majors in sorted(DEFAULTS.items()) for major in sorted(majors)])
@pytest.mark.parametrize("arch", ["x86_64", "aarch64", "ppc64le", "s390x"])
def test_what_each_source_has_enabled(product, major, arch):
    one = mapping.source(product, major, arch)
    ids = [item.replace("x86_64", arch) for item in DEFAULTS[product][major]]
    assert all(one.is_own(item) for item in ids)
    extras = any("extras" in item or "addons" in item for item in ids)
    assert one.enabled_targets(ids) == ["appstream", "baseos"] + (["extras"] if extras else [])


def test_every_source_is_in_the_table_of_defaults():
    assert {product for product, _major in ALL} - {"almalinux", "almalinux-kitten", "virtuozzo"} == set(DEFAULTS)
