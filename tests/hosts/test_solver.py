# SPDX-License-Identifier: GPL-3.0-or-later
"""The relations between the look-alike packages matter: dnf's answer on a host differs from its answer to the same packages without them."""
import re
import subprocess
from pathlib import Path

import pytest

TESTBED = Path(__file__).resolve().parents[1] / "testbed" / "testbed"
HOST = "solver"  # a host of its own: what another test installed would change the answers
PLAIN = "http://mirror.elkit.test/plain/9"
SECTIONS = ("Installing", "Upgrading", "Removing", "Downgrading", "Reinstalling")


@pytest.fixture(scope="module")
def dnf():
    """A function that asks the host's dnf what it would do. It returns (exit code, {section: set of names}, all output)."""
    up = subprocess.run([str(TESTBED), "up", HOST + ":al9"], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800)
    assert up.returncode == 0, up.stdout

    def ask(repositories, *words):
        options = ["--assumeno"]
        if repositories == "plain":
            options += ["--disablerepo=*", "--repofrompath=plain," + PLAIN, "--setopt=plain.gpgcheck=0"]
        done = subprocess.run([str(TESTBED), "exec", HOST, "--", "env", "LC_ALL=C", "dnf", *options, *words], check=False, text=True, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, sections(done.stdout), done.stdout
    yield ask
    subprocess.run([str(TESTBED), "down", HOST], check=False, stdout=subprocess.DEVNULL, timeout=120)


def sections(output):
    """The names in dnf's table of a transaction, by section; dependencies count under their verb."""
    found, current = {}, None
    for line in output.splitlines():
        head = re.match(r"(%s)\b.*:$" % "|".join(SECTIONS), line)
        if head:
            current = head.group(1)
        elif current and re.match(r" \S+ +(noarch|x86_64) ", line):
            found.setdefault(current, set()).add(line.split()[0])
        elif not line.startswith(" "):
            current = None
    return found


def test_requires_pull_in_what_is_needed(dnf):
    assert dnf("plain", "install", "nginx")[1] == {"Installing": {"nginx"}}
    assert dnf("true", "install", "nginx")[1]["Installing"] >= {"nginx", "nginx-filesystem"}


def test_a_rich_recommendation_brings_the_logos_only_where_there_is_branding(dnf):
    assert "almalinux-logos-httpd" in dnf("true", "install", "nginx")[1]["Installing"]
    assert "almalinux-logos-httpd" not in dnf("plain", "install", "nginx")[1]["Installing"]


def test_weak_dependencies_can_be_left_out(dnf):
    assert "almalinux-logos-httpd" not in dnf("true", "install", "--setopt=install_weak_deps=False", "nginx")[1]["Installing"]


def test_supplements_bring_a_package_with_the_pair(dnf):
    assert "testbed-agent-nginx" in dnf("true", "install", "testbed-agent", "nginx")[1]["Installing"]
    assert "testbed-agent-nginx" not in dnf("true", "install", "testbed-agent")[1]["Installing"]
    assert "testbed-agent-nginx" not in dnf("plain", "install", "testbed-agent", "nginx")[1]["Installing"]


def test_conflicts_forbid(dnf):
    _code, table, output = dnf("true", "install", "testbed-agent", "testbed-rival")
    assert not table and "conflicts with testbed-agent" in output
    assert dnf("plain", "install", "testbed-agent", "testbed-rival")[1] == {"Installing": {"testbed-agent", "testbed-rival"}}


def test_obsoletes_answer_for_the_old_name(dnf):
    assert dnf("true", "install", "testbed-ancestor")[1] == {"Installing": {"testbed-successor"}}
    assert dnf("plain", "install", "testbed-ancestor")[1] == {"Installing": {"testbed-ancestor"}}


def test_a_rich_requirement_depends_on_what_else_is_there(dnf):
    assert "testbed-docs" not in dnf("true", "install", "testbed-rich")[1]["Installing"]
    assert "testbed-docs" in dnf("true", "install", "testbed-rich", "testbed-agent")[1]["Installing"]
    assert dnf("plain", "install", "testbed-rich", "testbed-agent")[1] == {"Installing": {"testbed-rich", "testbed-agent"}}


def test_what_nothing_provides_cannot_be_installed(dnf):
    _code, table, output = dnf("true", "install", "testbed-unmet")
    assert not table and "nothing provides testbed-nowhere" in output
    assert dnf("plain", "install", "testbed-unmet")[1] == {"Installing": {"testbed-unmet"}}


def test_the_core_cannot_be_removed_piecemeal(dnf):
    _code, table, output = dnf("true", "remove", "openssl-libs")
    assert not table and "protected" in output


def test_an_update_moves_the_family_together(dnf):
    family = {"openssl", "openssl-libs", "openssl-fips-provider"}
    assert dnf("true", "upgrade", "openssl-libs")[1]["Upgrading"] >= {"openssl", "openssl-libs"}
    assert dnf("true", "upgrade", "openssl*")[1]["Upgrading"] == family
