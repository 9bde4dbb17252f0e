# SPDX-License-Identifier: GPL-3.0-or-later
"""Hardened hosts before the outside judge (tests/outside): what we say passes, passes there; and nothing that passed before fails after."""
import json
from pathlib import Path

import pytest

from tests.faults import remote
from tests.faults.plays import play
from tests.outside import judge

KINDS = {8: "hard8", 9: "hard9", 10: "hard10"}
# What an operator gives: a password for sudo, which then asks for one, and one for the boot loader (of "look-alike").
VALUES = {"sudo_ask_password": True, "grub_password_hash": "grub.pbkdf2.sha512.10000." + "A1" * 64 + "." + "B2" * 64}
BECOME = {"ansible_become_password": "look-alike"}
KEYS = [{"name": "keys", "elkit.almalinux.repositories": {"trusted_keys": "{{ repositories_trusted_keys }}", "verify": False}}]
AIMS = {"cis_server_l1": 97.0, "cis_server_l2": 95.0}
OUT = Path(remote.BUILD) / "outside"
# Files that a vendor's package owns and that a drop-in of ours takes the place of: rpm finds nothing to say about them.
VENDOR_FILES = "/etc/ssh/sshd_config /etc/sudoers /etc/systemd/journald.conf /etc/systemd/coredump.conf /etc/security/pwquality.conf"


def baseline(**options):
    # What is left out in containers is judged by its files all the same: here a container is a machine.
    return [{"name": "baseline", "elkit.almalinux.baseline": dict({"values": VALUES, "environment": {"container": False}}, **options)}]


@pytest.fixture(scope="module")
def host():
    """A function that gives a fresh host of a release, with the keys of its repositories; hosts go when their module's tests are over."""
    names = []

    def give(el):
        name = f"judged{el}"
        remote.testbed("up", "--fresh", f"{name}:{KINDS[el]}", timeout=1800)
        names.append(name)
        assert play(name, KEYS).rc == 0
        return name
    yield give
    remote.testbed("down", *names)


@pytest.mark.parametrize("el, profile", [pytest.param(el, profile, marks=[] if profile == "cis_server_l1" else [pytest.mark.full])
                                         for profile in judge.PROFILES for el in (8, 9, 10)])
def test_the_judge_agrees(host, el, profile):
    name = host(el)
    before = judge.scan(name, el, profile)
    run = play(name, baseline(profile=profile), variables=BECOME)
    assert run.rc == 0, run.output
    result = run.result(name, "baseline")
    after = judge.scan(name, el, profile)

    waived = judge.waivers(el)
    claimed = {row["id"] for row in result["controls"] if row["status"] in ("pass", "changed")}
    refuted = sorted(rule for rule in claimed if after.get(rule) == "fail" and rule not in waived)
    worse = sorted(rule for rule, was in before.items() if was == "pass" and after.get(rule) == "fail")
    first, then = judge.score(before, el, profile), judge.score(after, el, profile)
    errors = {row["id"]: row.get("message") for row in result["controls"] if row["status"] in ("error", "fail")}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{profile}-{el}.json").write_text(json.dumps({
        "profile": profile, "el": el, "total": then.total, "before": len(first.passed), "after": len(then.passed), "percent": round(then.percent, 1),
        "waived": list(then.waived), "failed": list(then.failed), "not_applicable": list(then.not_applicable), "counts": result["counts"]}, indent=1))
    print(f"{profile} on the look-alike of AlmaLinux {el}: {first} before; {then} after; ours: {result['counts']}")
    assert refuted == [], {rule: next(row for row in result["controls"] if row["id"] == rule) for rule in refuted}
    assert worse == []
    assert then.percent >= AIMS.get(profile, 0), (then, errors)
    if profile == "cis_server_l1":
        again = play(name, baseline(profile=profile), variables=BECOME)
        assert again.rc == 0 and again.result(name, "baseline")["changed"] is False, again.result(name, "baseline")["changed_ids"]
        # EL8's sshd reads no drop-ins: the block is in its file.
        vendor = VENDOR_FILES if el != 8 else VENDOR_FILES.replace("/etc/ssh/sshd_config ", "")
        script = f"for file in {vendor}; do rpm -Vf $file | grep -F \" $file\" | grep 5; done; true"
        assert remote.testbed("exec", name, "--", "sh", "-c", script) == ""
