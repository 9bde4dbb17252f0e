# SPDX-License-Identifier: GPL-3.0-or-later
"""The host is AlmaLinux, for rpm and dnf too."""

SOURCES = ("CentOS", "Rocky Enterprise Software Foundation", "Oracle America", "Red Hat, Inc.", "Cybertrust Japan Co., Ltd.")
# Packages of the source that stay: another vendor's kernel until AlmaLinux's runs, and the repositories of CentOS's interest groups.
STAY = ("kernel-uek", "centos-release-")


def test_it_is_almalinux(host):
    assert host.system_info.distribution == "almalinux"
    assert "AlmaLinux" in host.file("/etc/redhat-release").content_string


def test_nothing_of_the_source_is_left(host):
    with host.sudo():
        rows = [line.split("|") for line in host.check_output("rpm -qa --qf '%{vendor}|%{name}\\n'").splitlines()]
    assert [row for row in rows if row[0] in SOURCES and not row[1].startswith(STAY)] == []


def test_dnf_finds_nothing_wrong(host):
    with host.sudo():
        assert host.check_output("dnf -q check") == ""
        enabled = {line.split()[0] for line in host.check_output("dnf -q repolist --enabled").splitlines()[1:]}
    assert enabled >= {"baseos", "appstream"} and enabled <= {"baseos", "appstream", "extras", "crb", "powertools"}
