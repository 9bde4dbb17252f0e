# SPDX-License-Identifier: GPL-3.0-or-later
"""The host is AlmaLinux, for rpm and dnf too."""

SOURCES = ("CentOS", "Rocky Enterprise Software Foundation", "Oracle America", "Red Hat, Inc.", "Cybertrust Japan Co., Ltd.")
# Packages of the source that stay: its kernel, where AlmaLinux's is older or has another name, until AlmaLinux's runs, and the firmware that
# UEK needs; and the repositories of CentOS's interest groups.
KERNELS = ("kernel", "kernel-core", "kernel-modules", "kernel-modules-core", "kernel-uek", "kernel-uek-core", "linux-firmware", "linux-firmware-core")


def test_it_is_almalinux(host):
    assert host.system_info.distribution == "almalinux"
    assert "AlmaLinux" in host.file("/etc/redhat-release").content_string


def test_nothing_of_the_source_is_left(host):
    with host.sudo():
        rows = [line.split("|") for line in host.check_output("rpm -qa --qf '%{vendor}|%{name}\\n'").splitlines()]
    left = [name for vendor, name in rows if vendor in SOURCES and not name.startswith("centos-release-")]
    assert set(left) <= set(KERNELS) and ["AlmaLinux", "kernel-core"] in rows


def test_dnf_finds_nothing_wrong(host):
    with host.sudo():
        assert host.check_output("dnf -q check") == ""
        enabled = {line.split()[0] for line in host.check_output("dnf -q repolist --enabled").splitlines()[1:]}
    assert enabled >= {"baseos", "appstream"} and enabled <= {"baseos", "appstream", "extras", "crb", "powertools"}
