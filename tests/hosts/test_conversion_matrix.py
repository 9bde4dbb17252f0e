# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source at every major: the look, check mode equals what is done, once, verified, back to every byte, and there again."""
from pathlib import Path

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions

from tests.faults import remote
from tests.faults.host import FaultHost

from . import conversions
from .conversions import IS_A_MACHINE, KERNEL, LOOK, back, changes_nothing, convert, look, ran, refused, stand_in, there, timed

# AlmaLinux's release packages enable extras themselves, those of 10 crb too.
ENABLED = {"8": ("appstream", "baseos", "extras"), "9": ("appstream", "baseos", "extras"), "10": ("appstream", "baseos", "crb", "extras")}
# kind: (vendors of the source, packages and what must become of each)
SOURCES = {
    "c8": ("CentOS", {}),
    "cs8": ("CentOS", {"bash": "downgraded", "centos-release-nfs-ganesha5": "excepted"}),
    "cs9": ("CentOS", {"bash": "replaced", "openssl": "downgraded", "sudo": "upgraded"}),
    "cs10": ("CentOS", {"bash": "downgraded", "centos-release-nfs-ganesha5": "excepted"}),
    "ro8": ("Rocky", {"acme-agent": "kept-third-party", "acme-unsigned": "kept-third-party", "bash": "replaced"}),
    "ro9": ("Rocky", {"acme-agent": "kept-third-party", "acme-unsigned": "kept-third-party", "bash": "replaced", "ninja-build": "replaced"}),
    "ro10": ("Rocky", {"acme-agent": "kept-third-party", "acme-unsigned": "kept-third-party", "bash": "replaced"}),
    "ol8": ("Oracle", {"dnf": "downgraded", "kernel-uek-core": "kept-beside", "linux-firmware": "kept-beside", "oracle-logos": "swapped"}),
    "ol9": ("Oracle", {"dnf": "downgraded", "kernel-uek-core": "kept-beside", "linux-firmware": "kept-beside", "oracle-logos": "swapped"}),
    "ol10": ("Oracle", {"dnf": "downgraded", "kernel-uek-core": "kept-beside", "linux-firmware-core": "kept-beside"}),
    "rhel8": ("Red Hat", {"subscription-manager": "removed", "katello-host-tools": "removed"}),
    "rhel9": ("Red Hat", {"subscription-manager": "removed", "katello-host-tools": "removed"}),
    "rhel10": ("Red Hat", {"subscription-manager": "removed", "katello-host-tools": "removed"}),
    "k10": ("Kitten", {"bash": "downgraded", "almalinux-kitten-release": "removed"}),
    "ml8": ("Cybertrust", {}),
    "ml9": ("Cybertrust", {}),
}
# What the kinds are called (tests/testbed/README.md), without the major.
KINDS = {"almalinux-kitten": "k", "centos": "c", "centos-stream": "cs", "miraclelinux": "ml", "oracle": "ol", "rhel": "rhel", "rocky": "ro"}
# An older minor of AlmaLinux has a test of its own below; there are no test hosts of Virtuozzo.
WITHOUT_A_ROW = {"almalinux", "virtuozzo"}
# One of each major in `make test`; test_conversion.py looks at CentOS Stream 9 more closely.
SLICE = ("ro8", "ol9", "rhel10")
# What somebody has done on a source: the repository enabled that AlmaLinux calls crb or powertools, or a package of it there while it is not enabled.
CRB = {"ro8": "sed -i '/^.powertools.$/,/^$/ s/^enabled=0/enabled=1/' /etc/yum.repos.d/rocky.repo",
       "ro9": "dnf -q -y --enablerepo=crb install ninja-build"}
ENABLED_MORE = {"ro8": ("powertools",)}
# Of the majors that test_conversion.py does not look at so closely, each with another database of rpm.
LOOKED_AT_WHOLE = ("c8", "cs10")
# What is not wanted there is not kept, and then there is no way back.
NO_WAY_BACK = ("ro8",)
STEPS = ("look", "check", "convert", "again", "check back", "back", "back again", "there again")
TABLE = Path(remote.BUILD) / "matrix" / "conversion.txt"


@pytest.fixture(scope="module")
def table():
    """A function that takes {step: seconds} of a source in; the file has it at once, for the matrix may be ended before its end."""
    rows = [["source", *STEPS]]

    def add(kind, seconds):
        rows.append([kind, *(f"{seconds[step]:.1f}" if step in seconds else "-" for step in STEPS)])
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text("".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n" for row in rows))
    return add


@pytest.fixture
def source(request):
    """(name, kind, FaultHost) of a new host of the kind, gone afterwards: a machine bears only some sixteen with systemd."""
    name = "m-" + request.param
    remote.testbed("up", "--fresh", f"{name}:{request.param}", timeout=3600)
    yield name, request.param, FaultHost(name)
    remote.testbed("down", name)


def test_every_source_at_every_major_has_a_row():
    majors = {one.product: one.source_majors for one in distributions.DISTRIBUTIONS if one.source_majors}
    assert set(majors) == set(KINDS) | WITHOUT_A_ROW
    assert set(SOURCES) == {f"{kind}{major}" for product, kind in KINDS.items() for major in majors[product]}


@pytest.mark.parametrize("source", [pytest.param(kind, marks=[] if kind in SLICE else [pytest.mark.full]) for kind in SOURCES], indirect=True)
def test_there_and_back_and_there_again(source, table):
    name, kind, host = source
    seconds = {}
    try:
        there_and_back_and_there_again(name, kind, host, seconds)
    finally:
        table(kind, seconds)


def there_and_back_and_there_again(name, kind, host, steps):
    vendors, verdicts = SOURCES[kind]
    host.run(CRB.get(kind, ":"), timeout=300)
    before = host.run(LOOK)
    with timed(steps, "look"):
        found = ran(name, look()).result(name, "look")
    assert found["verdict"] == "ready", [check for check in found["checks"] if check["severity"] != "note"]
    assert host.run(LOOK) == before
    seen = {row["package"].rsplit("-", 2)[0]: row["verdict"] for row in found["packages"] if row["package"]}
    assert {package: seen.get(package) for package in verdicts} == verdicts
    assert {row["repository"] for row in found["packages"] if (row["package"] or "").startswith("ninja-build-")} == ({"crb"} if kind == "ro9" else set())
    if kind in LOOKED_AT_WHOLE:
        changes_nothing(name, host, look())
    there(name, host, vendors, ENABLED["10" if kind.endswith("10") else kind[-1]] + ENABLED_MORE.get(kind, ()), steps)
    converted = host.run(LOOK)
    back(name, host, before, steps=steps)
    kept = kind not in NO_WAY_BACK
    with timed(steps, "there again"):
        assert ran(name, convert(revert_cache=kept)).result(name, "convert")["result"] == "converted"
    assert host.run(LOOK) == converted
    if not kept:
        refused(name, ["packages of the source were not kept", "revert_cache was false", "from a backup"], convert(state="reverted", force=True))
        assert host.run(LOOK) == converted


# What dnf has on record of modules, and the packages of two of them with whose build they are.
STREAMS = """cd /etc/dnf/modules.d; for file in $(ls); do tr '\\n' ' ' <$file; echo; done
rpm -q --qf '%{name} %{version} %{vendor}\\n' podman nginx"""


@pytest.mark.parametrize("source", ["ol8"], indirect=True)
def test_module_streams_become_those_of_almalinux_and_oracle_s_again(source):
    name, _kind, host = source
    host.run("set -e; dnf -q -y module install container-tools:ol8/common nginx:1.22/common; dnf -q -y module enable virt:ol; dnf -q -y module disable php",
             timeout=300)
    before, on_record = host.run(LOOK), host.run(STREAMS).splitlines()
    assert on_record == [
        "[container-tools] name=container-tools stream=ol8 profiles=common state=enabled ", "[nginx] name=nginx stream=1.22 profiles=common state=enabled ",
        "[php] name=php stream= profiles= state=disabled ", "[virt] name=virt stream=ol profiles= state=enabled ",
        "podman 4.9.4 Oracle America", "nginx 1.22.1 Oracle America"]
    found = ran(name, look()).result(name, "look")
    assert found["verdict"] == "ready" and host.run(LOOK) == before
    assert found["streams"] == [{"module": "container-tools", "before": "ol8", "after": "rhel8"}, {"module": "nginx", "before": "1.22", "after": "1.22"},
                                {"module": "virt", "before": "ol", "after": "rhel"}]
    assert [item["found"] for item in found["checks"] if item["id"] == "streams"] == [
        "module streams: container-tools:ol8 becomes rhel8, nginx:1.22, virt:ol becomes rhel"]
    done = ran(name, convert()).result(name, "convert")
    assert done["result"] == "converted" and done["verdict_after"]["remains"] == [] and done["packages"] == found["packages"]
    words = {"stream=ol8": "stream=rhel8", "stream=ol ": "stream=rhel ", "Oracle America": "AlmaLinux"}
    for source_s, ours in words.items():
        on_record = [line.replace(source_s, ours) for line in on_record]
    assert host.run(STREAMS).splitlines() == on_record
    assert ran(name, convert(state="reverted")).result(name, "convert")["result"] == "reverted" and host.run(LOOK) == before


# As the real package has it; nothing is fetched from there.
ORACLE_S_EPEL = stand_in("oracle-epel-release-el9-1.0-6.el9.noarch", "Oracle America", more="""/etc/yum.repos.d/oracle-epel-ol9.repo
%install
mkdir -p %{buildroot}/etc/yum.repos.d
printf '[ol9_developer_EPEL]\\nname=EPEL\\nbaseurl=file:///srv/nowhere\\nenabled=1\\n' >%{buildroot}/etc/yum.repos.d/oracle-epel-ol9.repo""")


@pytest.mark.full
@pytest.mark.parametrize("source", ["ol9"], indirect=True)
def test_oracle_s_epel_becomes_epel_with_crb(source):
    name, _kind, host = source
    conversions.from_mirror(name, ORACLE_S_EPEL, "/var/tmp/elkit-made")
    host.run("rpm -i --nosignature /var/tmp/elkit-made/*.rpm")
    done = ran(name, convert(revert_cache=False)).result(name, "convert")
    assert done["result"] == "converted" and done["verdict_after"]["remains"] == []
    assert [row for row in done["repositories"] if row["after"] in ("crb", "epel")] == [
        {"before": "ol9_developer_EPEL", "after": "epel", "kept": False}, {"before": None, "after": "crb", "kept": False}]
    assert {row["becomes"].rsplit("-", 2)[0] for row in done["packages"] if (row["package"] or "").startswith("oracle-epel-release")} == {"epel-release"}
    assert {"crb", "epel"} <= set(host.run("dnf -q repolist --enabled | awk 'NR>1 {print $1}'").split())


# The host is a machine that Oracle's UEK runs on; programs that Debian does not package or that need a real /boot are stand-ins.
UEK = "rpm -q --qf '%{version}-%{release}.%{arch}' kernel-uek-core"
FIRMWARE = "rpm -qa --qf '%{name} %{vendor}\n' | sed -n 's/^linux-firmware[^ ]* //p'"
MACHINE = f"set -e; uek=$({UEK})" + """
rpm -e --nodeps $(rpm -qa 'kernel*' | grep -Ev 'uek|tools|headers')
mkdir -p /boot/loader/entries /boot/grub2
echo "$uek" >/boot/grub2/default-kernel
rm -f /boot/loader/entries/*.conf
printf 'version %s\nlinux /vmlinuz-%s\n' "$uek" "$uek" >/boot/loader/entries/$(cat /etc/machine-id)-$uek.conf
echo 'a stand-in for a kernel' >/boot/vmlinuz-$uek
ln -sf ../boot/grub2/grub.cfg /etc/grub2.cfg
printf '#!/bin/sh\necho made for $3 >$2\n' >/usr/sbin/dracut
printf '#!/bin/sh\n. /etc/os-release; echo made on $ID >$2\n' >/usr/sbin/grub2-mkconfig
chmod 755 /usr/sbin/dracut /usr/sbin/grub2-mkconfig
grub2-mkconfig -o /boot/grub2/grub.cfg
"""


@pytest.mark.full
@pytest.mark.parametrize("source", ["ol9"], indirect=True)
def test_a_machine_with_uek_alone_boots_a_kernel_of_almalinux_and_then_uek_again(source):
    name, _kind, host = source
    host.run(MACHINE + IS_A_MACHINE + KERNEL % host.run(UEK))
    uek = host.run("grubby --default-kernel").strip()
    assert "uek" in uek
    before = host.run(LOOK)
    there(name, host, "Oracle", ENABLED["9"])
    kernel = host.run("rpm -q --qf '%{vendor} %{version}-%{release}.%{arch}' kernel-core")
    release = kernel.partition(" ")[2]
    assert kernel.startswith("AlmaLinux ") and host.run("grubby --default-kernel").strip() == "/boot/vmlinuz-" + release
    assert host.run(f"cat /boot/initramfs-{release}.img /boot/grub2/grub.cfg") == f"made for {release}\nmade on almalinux\n"
    # UEK needs Oracle's firmware, whose epoch is higher than AlmaLinux's: it goes with the last of UEK's kernels.
    assert "Oracle" in host.run(FIRMWARE) and "AlmaLinux" not in host.run(FIRMWARE)
    host.run(KERNEL % release)
    rid = ran(name, convert()).result(name, "convert")
    assert rid["changed"] and any(item.startswith("kernel-uek-core-") for item in rid["removed_kernels"]) and host.run("rpm -qa 'kernel-uek*'") == ""
    assert set(host.run(FIRMWARE).split()) == {"AlmaLinux"} and host.run("dnf -q check").strip() == ""
    clean = host.run(LOOK)
    assert ran(name, convert()).result(name, "convert")["changed"] is False and host.run(LOOK) == clean
    host.run(KERNEL % uek.rpartition("vmlinuz-")[2])
    # The image that went with UEK is one of this test's; a real package brings its own.
    back(name, host, before, f"rm /boot/initramfs-{release}.img /boot/loader/entries/*-{release}.conf; echo 'a stand-in for a kernel' >{uek}")
    assert host.run("grubby --default-kernel").strip() == uek


# The host is a machine that its own kernel runs; what makes its initramfs says on what and for which kernel.
OWN_KERNEL = """
printf '#!/bin/sh\n. /etc/os-release; echo made on $ID for $3 >$2\n' >/usr/sbin/dracut; chmod 755 /usr/sbin/dracut
release=$(rpm -q --qf '%{version}-%{release}.%{arch}' kernel-core); dracut --force /boot/initramfs-$release.img $release
grubby --default-kernel
"""


@pytest.mark.full
@pytest.mark.parametrize("source", ["ro9"], indirect=True)
def test_a_kernel_that_is_replaced_in_place_gets_an_initramfs_of_almalinux_and_then_one_of_the_source_again(source):
    name, _kind, host = source
    release = host.run("rpm -q --qf '%{version}-%{release}.%{arch}' kernel-core")
    host.run(IS_A_MACHINE + KERNEL % release + OWN_KERNEL)
    looked = f"grubby --default-kernel; cat /boot/initramfs-{release}.img; rpm -q --qf '%{{vendor}} %{{version}}-%{{release}}.%{{arch}}\\n' kernel-core"
    before = host.run(LOOK)
    theirs = f"/boot/vmlinuz-{release}\nmade on rocky for {release}\nRocky Enterprise Software Foundation {release}\n"
    assert host.run(looked) == theirs
    result = refused(name, ["9.8 is newer than what the repositories of AlmaLinux hold, 9.7", "minor that is asked for"], convert(minor="9.7"))
    assert "minor" in result["inhibitors"] and host.run(LOOK) == before
    done = there(name, host, "Rocky", ENABLED["9"])
    assert [row["verdict"] for row in done["packages"] if (row["package"] or "").startswith("kernel-core-")] == ["replaced"]
    assert [item["detail"] for item in done["stages"] if item["name"] == "boot"] == [f"initramfs of {release}, default {release}"]
    assert host.run(looked) == f"/boot/vmlinuz-{release}\nmade on almalinux for {release}\nAlmaLinux {release}\n"
    back(name, host, before)
    assert host.run(looked) == theirs


# AlmaLinux as it was half a year ago. Its packages are in the vault alone; the file with the keys of 8 has no major in its name.
AN_OLDER_MINOR = """set -e
dnf -q -y --disablerepo='*' --repofrompath=older,https://vault.almalinux.org/{older}/BaseOS/x86_64/os \
    --setopt=older.gpgkey=file://$(ls /etc/pki/rpm-gpg/RPM-GPG-KEY-AlmaLinux*) distro-sync
rpm -qa 'kernel*' | grep {dist} | xargs -r rpm -e
rpm -q --qf '%{{version}}\\n' almalinux-release
"""
# Brought by one call of dnf: crb is not enabled, and what it has now is newer.
CRB_OF_THEN = """dnf -q -y --disablerepo='*' --repofrompath=older,https://vault.almalinux.org/9.7/CRB/x86_64/os \
    --setopt=older.gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-AlmaLinux-9 install ninja-build
"""
KERNELS = "rpm -qa 'kernel-core*' | sort"


@pytest.mark.full
@pytest.mark.parametrize("source, older, newest", [("al8", "8.9", "8.10"), ("al9", "9.7", "9.8"), ("al10", "10.1", "10.2")], indirect=["source"])
def test_an_older_minor_of_almalinux_is_brought_to_the_newest_and_back(source, older, newest):
    name, kind, host = source
    script = AN_OLDER_MINOR.format(older=older, dist="el" + newest.replace(".", "_"))
    assert host.run((CRB_OF_THEN if kind == "al9" else "") + script, timeout=300).endswith(older + "\n")
    before, theirs = host.run(LOOK), host.run(KERNELS).split()
    assert ran(name, convert()).result(name, "convert")["changed"] is False and host.run(LOOK) == before, "nobody asked for that"
    # What is there can be had again, though only from the vault.
    found = ran(name, look(sync=True)).result(name, "look")
    assert found["verdict"] == "ready" and host.run(LOOK) == before
    assert ran(name, look(sync=True, vault_mirror="https://vault.almalinux.org/nowhere")).result(name, "look")["inhibitors"] == ["rollback-packages"]
    done = there(name, host, "Nobody", ENABLED[kind[2:]], sync=True)
    assert done["packages"] == found["packages"] and f"AlmaLinux {newest}" in host.run("cat /etc/os-release")
    kernels = host.run(KERNELS).split()
    assert len(theirs) == 1 and len(kernels) == 2 and set(theirs) < set(kernels), "a newer one beside it"
    back(name, host, before)
    assert host.run(KERNELS).split() == theirs
