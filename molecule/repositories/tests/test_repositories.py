# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf's own word on what the role wrote."""

import pytest

POWERTOOLS = {"8": {"powertools", "ha"}}


@pytest.fixture(scope="module")
def major(host):
    return host.system_info.release.split(".")[0]


def test_dnf_sees_what_was_asked_for(host, major):
    with host.sudo():
        listed = {line.split()[0] for line in host.check_output("dnf -q repolist --enabled").splitlines()[1:]}
    assert listed == {"baseos", "appstream", "extras", "epel"} | POWERTOOLS.get(major, {"crb", "highavailability"})


def test_dnf_uses_them(host):
    with host.sudo():
        assert "epel-release" in host.check_output("dnf -q repoquery --repo epel epel-release")
        assert host.check_output("dnf -q repoquery --repo baseos bash").startswith("bash")


def test_options(host, major):
    with host.sudo():
        text = host.check_output("dnf -q config-manager --dump {}".format("ha" if major == "8" else "highavailability"))
        main = host.check_output("dnf -q config-manager --dump")
    assert "\npriority = 50\n" in "\n" + text
    assert "fastestmirror = 1\n" in main
    assert host.file("/etc/dnf/vars/elkit").content_string == "molecule\n"


def test_comments_and_spacing_stay(host):
    lines = host.file("/etc/yum.repos.d/stranger.repo").content_string.splitlines()
    assert lines[:2] == ["# kept as it is", "[stranger]"]
    assert lines[4] == "enabled = 0"


def test_files_are_roots_and_readable(host):
    epel = host.file("/etc/yum.repos.d/epel.repo")
    assert (epel.user, epel.mode) == ("root", 0o644)


def test_the_journal_is_roots_alone(host):
    with host.sudo():
        assert host.file("/var/lib/elkit").mode == 0o700
        assert host.check_output("find /var/lib/elkit/journal -type f ! -perm 600") == ""


def test_the_key_of_epel_is_trusted(host, major):
    with host.sudo():
        host.check_output("rpm --checksig --nosignature /dev/null || true")
        described = host.check_output("rpm -q gpg-pubkey --qf '%{SUMMARY}\\n'")
    assert "EPEL" in described.upper() or "epel" in described
