# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's own tools on what the role did, over a connection of their own, and the evidence on the controller."""

import json
import os
import pathlib

import pytest


@pytest.fixture(scope="module")
def evidence(host):
    name = host.backend.get_hostname()
    folder = pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "evidence"
    return json.loads((folder / "{}-hardening.json".format(name)).read_text(encoding="utf-8"))


def test_a_login_and_root_still_work(host):
    assert host.check_output("id -un") == "admin"
    with host.sudo():
        assert host.check_output("id -u") == "0"


def test_sshd_says_so_too(host):
    with host.sudo():
        said = host.check_output("sshd -T -C user=admin,host=localhost,addr=127.0.0.1").lower().splitlines()
    assert {"permitrootlogin no", "maxauthtries 4", "permitemptypasswords no", "loglevel verbose"} <= set(said)


@pytest.mark.parametrize("command", ["sshd -t", "visudo -cq", "augenrules --check"])
def test_programs_take_their_files(host, command):
    with host.sudo():
        assert host.run(command).rc == 0


def test_the_profile_of_pam_is_whole(host):
    with host.sudo():
        said = host.check_output("authselect current")
        # Its files are what authselect made of the profile, and nobody edited one since: it fails otherwise.
        host.check_output("authselect check")
    assert "with-faillock" in said


def test_vendor_files_are_left_alone(host):
    with host.sudo():
        said = host.run("rpm -V sudo systemd audit kernel-core 2>/dev/null").stdout
    assert [line for line in said.splitlines() if "5" in line.split()[0][:9] and "/etc/audit/auditd.conf" not in line] == []


def test_the_evidence_says_what_was_found(evidence):
    assert evidence["mode"] == "apply" and evidence["profile"] == "cis_server_l1" and evidence["score"]["percent"] >= 97
    assert evidence["score"]["error"] == evidence["score"]["changed"] == 0
    assert "grub.pbkdf2" not in json.dumps(evidence)


def test_the_evidence_has_pages(host):
    folder = pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "evidence"
    name = host.backend.get_hostname()
    assert name in (folder / "{}-hardening.html".format(name)).read_text(encoding="utf-8")
    assert name in (folder / "hardening-index.html").read_text(encoding="utf-8")


def test_the_journal_is_roots_alone(host):
    with host.sudo():
        assert host.file("/var/lib/elkit").mode == 0o700
        assert host.check_output("find /var/lib/elkit/journal -type f ! -perm 600") == ""
