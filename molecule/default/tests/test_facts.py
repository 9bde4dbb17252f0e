# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts against what testinfra and the host's own commands say."""

import json
import re

import pytest


@pytest.fixture(scope="module")
def facts(host):
    with host.sudo():
        return json.loads(host.file("/root/facts.json").content_string)


def test_identity(host, facts):
    identity = facts["identity"]
    assert (identity["id"], identity["version"]) == (host.system_info.distribution, host.system_info.release)
    assert identity["major"] == int(host.system_info.release.split(".")[0])
    assert identity["codename"] in host.file("/etc/almalinux-release").content_string


def test_packages(host, facts):
    with host.sudo():
        names = host.check_output("rpm -qa --qf '%{NAME}\\n'").split()
    packages = [name for name in names if name != "gpg-pubkey"]
    assert facts["packages"]["count"] == len(packages)


def test_enabled_repositories(host, facts):
    with host.sudo():
        listed = host.check_output("dnf -q repolist --enabled").splitlines()[1:]
    enabled = {entry["id"] for entry in facts["repositories"]["configured"] if entry["enabled"]}
    assert enabled == {line.split()[0] for line in listed}


def test_kernel_and_support(host, facts):
    assert facts["kernel"]["running"] == host.check_output("uname -r")
    support_end = re.search(r"^SUPPORT_END=(\S+)", host.file("/etc/os-release").content_string, re.MULTILINE)
    assert facts["lifecycle"]["support_end"] == support_end.group(1)


def test_environment(facts):
    assert "podman" in json.dumps(facts["environment"])
