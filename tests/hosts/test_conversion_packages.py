# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages come and which do not, with packages of AlmaLinux's and of others' that are made for the question: what is only recommended,
what somebody protects, what a third party has newer, and the scriptlet of the package that rpm had in its hands when it was killed."""
import pytest

from tests.faults.gate import PLACE, Gate, open_up
from tests.faults.host import mirror_fault
from tests.faults.plays import Play

from . import conversions
from .conversions import LOOK, NEVRAS, back, convert, look, stand_in
from .test_conversion_trust import MIRROR, mirror_with

pytest_plugins = ["tests.faults.fixtures"]

HOST = "fc9"
MADE = "/var/tmp/elkit-made"
# Of AlmaLinux, in its mirror below; CentOS Stream has release 13.
BASE = "basesystem-11-14.el9.noarch"


def ran(*tasks, rc=0):
    return conversions.ran(HOST, *tasks, rc=rc)


def refused(words, *tasks):
    return conversions.refused(HOST, words, *tasks)


def almalinux_with(*lines, more=""):
    """A mirror of AlmaLinux on the host's disk whose basesystem is BASE, with *lines* in its preamble, and signed as all the others are."""
    mirror_with("\n".join(["rm Packages/basesystem-*", stand_in(BASE, "AlmaLinux", "Requires: filesystem, setup", *lines, more=more, into="Packages"),
                           f"sign \"$(print_of 'AlmaLinux OS 9 look-alike')\" Packages/{BASE}.rpm"]))


def installed(host, *names):
    """What of *names* the host has: [NEVRA]."""
    return [line for line in host.run("rpm -q --qf '%%{nevra}\\n' %s || true" % " ".join(names)).splitlines() if "is not installed" not in line]


def becomes(result, name):
    """{NEVRA of what is there: (verdict, NEVRA of what takes its place, its repository)} of the packages called *name* in a module's *result*."""
    return {row["package"]: (row["verdict"], row["becomes"], row["repository"]) for row in result["packages"]
            if (row["package"] or row["becomes"]).rsplit("-", 2)[0] == name}


@pytest.fixture
def host(fault_host):
    """The host as CentOS Stream, which must be what it was before when a way back has undone what a test has done."""
    host = conversions.as_source(HOST, fault_host(HOST))
    before = host.run(LOOK)
    yield host
    host.run(f"rm -rf {MIRROR[len('file://'):]} {MADE}")
    assert conversions.as_source(HOST, host).run(LOOK) == before, "something was changed"


@pytest.fixture
def agent(host):
    """A package of a third party, installed; what leaves it there is what the test is about."""
    conversions.from_mirror(HOST, stand_in("acme-agent-1-1.noarch", "Acme"), MADE)
    host.run(f"rpm -i --nosignature {MADE}/*.rpm")
    yield "acme-agent-1-1.noarch"
    conversions.as_source(HOST, host).run("rpm -e acme-agent")


# --- what comes -------------------------------------------------------------------------------------------------------

@pytest.mark.full
def test_what_a_package_of_almalinux_only_recommends_does_not_come(host):
    assert installed(host, "tmux") == []
    almalinux_with("Recommends: tmux")
    done = ran(convert(mirror=MIRROR)).result(HOST, "convert")
    assert done["result"] == "converted" and installed(host, "basesystem") == [BASE]
    assert becomes(done, "tmux") == {} and installed(host, "tmux") == []


@pytest.mark.full
def test_what_a_package_of_almalinux_requires_does_come(host):
    almalinux_with("Requires: tmux")
    found = ran(look(mirror=MIRROR)).result(HOST, "look")
    assert found["verdict"] == "ready" and becomes(found, "tmux") == {None: ("added", "tmux-3.2a-5.el9.x86_64", "appstream")}


# --- what must not leave ----------------------------------------------------------------------------------------------

@pytest.mark.full
def test_a_package_that_somebody_protects_does_not_leave(host):
    before = host.run(LOOK)
    protects = "/etc/dnf/protected.d/acme.conf"
    try:
        host.run(f"echo centos-logos >{protects}")
        protected = host.run(LOOK)
        result = refused(["centos-logos", "/etc/dnf/protected.d"], convert())
        assert result["inhibitors"] == ["solver"] and "Remove" not in result["msg"] and host.run(LOOK) == protected != before
        # Its release packages a source may protect itself.
        host.run(f"echo centos-stream-release >{protects}")
        assert ran(look()).result(HOST, "look")["verdict"] == "ready"
    finally:
        host.run(f"rm -f {protects}")
    found = ran(look()).result(HOST, "look")
    assert found["verdict"] == "ready" and [one[0] for one in becomes(found, "centos-logos").values()] == ["swapped"]


@pytest.mark.parametrize("line", ["Obsoletes: acme-agent", pytest.param("Conflicts: acme-agent", marks=pytest.mark.full)])
def test_a_package_of_a_third_party_does_not_leave_for_one_of_almalinux(host, agent, line):
    almalinux_with(line)
    before = host.run(LOOK)
    result = refused([], convert(mirror=MIRROR))
    assert [item["found"] for item in result["checks"] if item["id"] == "solver" and agent in item["found"]], result["checks"]
    assert host.run(LOOK) == before and installed(host, "acme-agent") == [agent]


# --- what a third party has newer -------------------------------------------------------------------------------------

@pytest.fixture
def acme(host):
    """An enabled repository of a third party with newer builds of bash, which AlmaLinux has as it is, and of acl, which it has in another version."""
    conversions.from_mirror(HOST, stand_in("bash-99-1.x86_64", "Acme", "Provides: /bin/sh, /bin/bash") + stand_in("acl-99-1.x86_64", "Acme")
                            + "createrepo_c --quiet /tmp/made\n", "/srv/acme")
    host.run("printf '[acme]\\nname=Acme\\nbaseurl=file:///srv/acme\\ngpgcheck=0\\nenabled=1\\n' >/etc/yum.repos.d/acme.repo")
    try:
        assert host.run("dnf -q repoquery --available --repo=acme bash").split() == ["bash-0:99-1.x86_64"]
        yield
    finally:
        conversions.as_source(HOST, host).run("rm -rf /srv/acme /etc/yum.repos.d/acme.repo")


@pytest.mark.full
def test_a_repository_of_others_does_not_bring_what_almalinux_has(host, acme):
    done = ran(convert()).result(HOST, "convert")
    assert done["result"] == "converted" and {"before": "acme", "after": "acme", "kept": True} in done["repositories"]
    assert [(one[0], one[2]) for one in becomes(done, "bash").values()] == [("replaced", "baseos")]
    assert [(one[0], one[2]) for one in becomes(done, "acl").values()] == [("downgraded", "baseos")]
    assert host.run("rpm -q --qf '%{vendor}\\n' bash acl").split() == ["AlmaLinux"] * 2 and "-99-" not in host.run(NEVRAS)
    assert "acme" in host.run("dnf -q repolist --enabled | awk 'NR>1 {print $1}'").split()


def test_repositories_that_cannot_be_loaded_are_named_for_what_they_are(host):
    file = "/etc/yum.repos.d/acme.repo"
    host.run(f"printf '[acme]\\nname=Acme\\nbaseurl=file:///srv/nowhere\\ngpgcheck=0\\nskip_if_unavailable=0\\n' >{file}")
    try:
        result = refused(["acme, a repository of others", "disable it"], convert())
        assert result["inhibitors"] == ["target"] and "another mirror" not in result["msg"]
        # A user may say that it does not matter, and crb nobody has enabled.
        host.run(f"sed -i s/unavailable=0/unavailable=1/ {file}")
        with mirror_fault("404", "mirrors.almalinux.org/mirrorlist/9/crb"):
            found = ran(look()).result(HOST, "look")
        said = {item["id"]: (item["severity"], item["found"]) for item in found["checks"]}
        assert found["verdict"] == "ready" and said["foreign-repositories"][1].endswith("cannot be loaded and take no part: acme")
        assert said["target"][0] == "note" and "take no part: crb (" in said["target"][1] and "404" in said["target"][1]
    finally:
        host.run(f"rm {file}")


def test_a_module_stream_that_nobody_has_is_told(host):
    module = "/etc/dnf/modules.d/acme.module"
    host.run(f"printf '[acme]\\nname=acme\\nstream=1\\nprofiles=\\nstate=enabled\\n' >{module}")
    try:
        found = ran(look()).result(HOST, "look")
        assert found["verdict"] == "ready"
        assert [item["found"].rsplit(": ", 1)[1] for item in found["checks"] if item["id"] == "streams" and item["severity"] == "warning"] == ["acme:1"]
    finally:
        host.run(f"rm {module}")


@pytest.fixture
def newer_bash(host):
    """A bash of a third party in the place of the source's."""
    conversions.from_mirror(HOST, stand_in("bash-99-1.x86_64", "Acme", "Provides: /bin/sh, /bin/bash") + "mkdir /tmp/made/own\n"
                            "cp $(find /content/www -path '*9-stream*' -name 'bash-5*' | head -1) /tmp/made/own\n", MADE)
    host.run(f"rpm -U --nodeps --nosignature {MADE}/bash-99*.rpm")
    yield "bash-99-1.x86_64"
    conversions.as_source(HOST, host).run(f"rpm -U --nodeps --nosignature --oldpackage {MADE}/own/*.rpm")


@pytest.mark.full
def test_a_newer_package_of_a_third_party_stays_there_and_back(host, newer_bash):
    before = host.run(LOOK)
    done = ran(convert()).result(HOST, "convert")
    assert done["result"] == "converted" and becomes(done, "bash") == {newer_bash: ("kept-third-party", None, None)}
    assert installed(host, "bash") == [newer_bash] and done["verdict_after"]["remains"] == []
    assert ran(convert(state="reverted")).result(HOST, "convert")["result"] == "reverted"
    assert host.run(LOOK) == before and installed(host, "bash") == [newer_bash]


# --- what rpm had in its hands ----------------------------------------------------------------------------------------

NOTES = "/var/tmp/elkit-post"
# Waits at the gate the first time that it is run, and says when it has run to its end.
WAITS = f"""%post
if [ -e {PLACE}/armed ]; then
    rm {PLACE}/armed
    echo $$ >{PLACE}/reached
    read -r word <{PLACE}/fifo
fi
echo ran >>{NOTES}
"""


@pytest.fixture
def gated(host):
    """A mirror of AlmaLinux whose basesystem has the scriptlet, and the gate, armed."""
    almalinux_with(more=WAITS)
    host.run(f"rm -rf {PLACE} {NOTES}; mkdir -m 700 {PLACE}; mkfifo {PLACE}/fifo; touch {PLACE}/armed")
    yield
    open_up(host)
    ran(convert(state="reverted", force=True))
    host.run(f"rm -f {NOTES}")


@pytest.mark.full
def test_the_scriptlet_of_the_package_that_rpm_was_killed_in_runs_again(host, gated):
    before = host.run(LOOK)
    running = Play(HOST, [convert(mirror=MIRROR)])
    try:
        worker = Gate("the scriptlet of basesystem", 1).reached(host)
        # The package is there, and what it was there for is not done.
        assert BASE in installed(host, "basesystem")
        host.run(f"kill -KILL {worker} $(cat {PLACE}/reached)")
        host.gone(worker)
        run = running.wait()
        assert run.rc != 0, f"the play did not notice: {run.output}"
    finally:
        if running.process.poll() is None:
            running.kill()
        open_up(host)
    assert host.run(f"ls {NOTES} 2>/dev/null || true") == ""
    assert ran(convert(mirror=MIRROR)).result(HOST, "convert")["result"] == "converted"
    assert host.run(f"cat {NOTES} 2>/dev/null || true").splitlines() == ["ran"]
    assert installed(host, "basesystem") == [BASE] and host.run("rpm -qa | grep -v ^gpg-pubkey | sort | uniq -d; dnf -q check") == ""
    back(HOST, host, before)
