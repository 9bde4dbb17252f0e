# SPDX-License-Identifier: GPL-3.0-or-later
"""CentOS Stream 9 to AlmaLinux: the look changes nothing and says what is then done; refusals; there, again, and back."""
import json
import re
from contextlib import contextmanager

import pytest

from tests.faults.host import mirror_fault
from tests.faults.plays import Play, play
from tests.faults.points import CONVERSION, PAUSE, conversion

from . import conversions
from .conversions import IS_A_MACHINE, KERNEL, LOOK, MODULE, back, convert, look, there

pytest_plugins = ["tests.faults.fixtures"]

HOST = "fc9"


def ran(*tasks, rc=0):
    return conversions.ran(HOST, *tasks, rc=rc)


@pytest.fixture
def host(fault_host):
    """The host as CentOS Stream."""
    return conversions.as_source(HOST, fault_host(HOST))


@pytest.fixture
def untouched(host):
    """The host, which must be afterwards what it was before."""
    before = host.run(LOOK)
    yield host
    assert host.run(LOOK) == before, "something was changed"


def test_the_look_changes_nothing(host):
    ran({"name": "login", "ansible.builtin.ping": {}})
    conversions.changes_nothing(HOST, host, look())


def test_check_mode_changes_nothing_and_a_change_is_seen(host):
    conversions.changes_nothing(HOST, host, dict(convert(), check_mode=True))
    before = conversions.everything(host)
    host.run("touch -r /etc/passwd /etc/passwd; touch /usr/share/elkit-probe; chmod 700 /usr/share/elkit-probe; rm -f /usr/share/elkit-probe.no")
    assert conversions.changed(before, conversions.everything(host)) == {"/etc/passwd", "/usr/share/elkit-probe"}
    host.run("rm /usr/share/elkit-probe")


# What LOOK must see, for a way back to be exact: (what somebody does to the host, how it goes again).
SEEN = {
    "a mode": ("chmod 600 /etc/motd", "chmod 644 /etc/motd"),
    "an owner": ("chown 1 /etc/motd", "chown 0 /etc/motd"),
    "a byte": ("cp -p /etc/motd /var/tmp/elkit-was; echo >>/etc/motd", "mv /var/tmp/elkit-was /etc/motd"),
    "another target of a link": ("cp -dp /etc/alternatives/awk /var/tmp/elkit-was; ln -sfn /usr/bin/true /etc/alternatives/awk",
                                 "mv -T /var/tmp/elkit-was /etc/alternatives/awk"),
    "a link more": ("ln -s motd /etc/elkit-probe", "rm /etc/elkit-probe"),
    "an empty directory": ("mkdir /etc/elkit-probe", "rmdir /etc/elkit-probe"),
    "what alternatives are noted": ("mkdir /var/lib/alternatives; touch /var/lib/alternatives/elkit", "rm -r /var/lib/alternatives"),
    "an entry of the boot menu": ("echo x >/boot/loader/entries/elkit.conf", "rm /boot/loader/entries/elkit.conf"),
    "the mode of a packaged file elsewhere": ("chmod 600 /usr/lib/os-release", "chmod 644 /usr/lib/os-release"),
    "a packaged file that is missing": ("mv /usr/lib/os-release /var/tmp/elkit-was", "mv /var/tmp/elkit-was /usr/lib/os-release"),
}


def test_what_a_way_back_must_bring_back_is_looked_at(untouched):
    before = untouched.run(LOOK)
    overlooked = []
    for name, (done, undone) in SEEN.items():
        untouched.run(done)
        overlooked += [name] if untouched.run(LOOK) == before else []
        untouched.run(undone)
    assert overlooked == []


def test_what_check_mode_says_is_what_is_done_and_the_way_back_is_exact(host):
    before = host.run(LOOK)
    there(HOST, host, "CentOS", ("appstream", "baseos", "extras"))
    back(HOST, host, before)


def refused(words, *tasks):
    return conversions.refused(HOST, words, *tasks)


def test_a_key_that_is_not_pinned(untouched):
    refused(["not pinned", "trusted_keys"], {"name": "convert", MODULE: {}})


def test_a_repository_that_does_not_answer(untouched):
    with mirror_fault("404", "mirrors.almalinux.org/mirrorlist/9/appstream"):
        refused(["target", "appstream"], convert())


def test_the_password_of_a_mirror_is_shown_to_nobody(untouched):
    run = ran(look(mirror="https://me:hushhush@repo.almalinux.org/nowhere"))
    assert run.result(HOST, "look")["verdict"] == "inhibited"
    run = ran(convert(mirror="https://me:hushhush@repo.almalinux.org/nowhere"), rc=2)
    assert "repo.almalinux.org/nowhere" in run.output and "hushhush" not in run.output and "hushhush" not in json.dumps(run.events)


def test_an_altered_package(untouched):
    with mirror_fault("tampered", "repo.almalinux.org/almalinux/9.8/BaseOS/x86_64/os/Packages/bash"):
        refused(["bash"], convert())


def test_what_is_held_back_inhibits_and_comes_all_the_same_where_both_are_overridden_by_their_ids(host):
    before = host.run(LOOK)
    # From baseos the packages for the way back come.
    host.run("tar -cf /var/tmp/elkit-dnf.tar /etc/dnf /etc/yum.repos.d 2>/dev/null; echo 'bash-0:5.1.8-9.el9.*' >>/etc/dnf/plugins/versionlock.list; "
             "sed -i '/^\\[main\\]/a excludepkgs=bash\\nincludepkgs=bash' /etc/dnf/dnf.conf; "
             "sed -i '/^\\[baseos\\]/a exclude=bash' /etc/yum.repos.d/centos.repo")
    ids = ["excludes", "version-locks"]
    ignored = [{"id": identifier, "reason": "known"} for identifier in ids]
    try:
        held = host.run(LOOK)
        assert sorted(refused([*ids, "bash"], convert())["inhibitors"]) == ids
        for number, identifier in enumerate(ids):
            found = ran(look(ignore=[ignored[number]])).result(HOST, "look")
            assert found["inhibitors"] == [ids[1 - number]], "the other one stands"
            check = next(item for item in found["checks"] if item["id"] == identifier)
            assert check["overridden"] and check["reason"] == "known"
        assert host.run(LOOK) == held
        done = ran(convert(ignore=ignored)).result(HOST, "convert")
        assert done["result"] == "converted" and done["verdict_after"]["remains"] == []
        assert [row["verdict"] for row in done["packages"] if re.match(r"bash-\d", row["package"] or "")] == ["replaced"]
        assert host.run("rpm -q --qf '%{vendor}' bash") == "AlmaLinux"
        back(HOST, host, held)
    finally:
        conversions.as_source(HOST, host).run("rm -rf /etc/dnf /etc/yum.repos.d; tar -xpf /var/tmp/elkit-dnf.tar -C / && rm /var/tmp/elkit-dnf.tar")
    assert host.run(LOOK) == before


def test_an_unknown_check(untouched):
    refused(["nonsense", "version-locks"], look(ignore=["nonsense"]))


@pytest.mark.parametrize("script, words", [
    ("echo nonsense >/etc/yum.repos.d/broken.repo", "line 1"), ("ln -s /nowhere/broken.repo /etc/yum.repos.d/broken.repo", "link to nothing")])
def test_a_repository_file_that_nobody_can_read(host, script, words):
    before = host.run(LOOK)
    host.run(script)
    try:
        assert refused(["broken.repo", words], convert())["inhibitors"] == ["broken-repositories"]
    finally:
        host.run("rm /etc/yum.repos.d/broken.repo")
    assert host.run(LOOK) == before


def somebody_changes_it(host, path, before):
    """File *path*, which the conversion changed, is changed by hand: the way back is refused, and by force it brings *before*; the first time the file
    cannot be written."""
    host.run(f"echo '# by hand' >>{path}")
    by_hand = host.run(LOOK)
    for task in (dict(convert(state="reverted"), check_mode=True), convert(state="reverted")):
        result = refused([f"changed by someone else since: {path}", "Look at the difference", "force: true"], task)
        assert result["paths"] == [path] and host.run(LOOK) == by_hand
    assert ran(convert()).result(HOST, "convert")["changed"] is False and host.run(LOOK) == by_hand, "it is AlmaLinux still"
    with host.immutable(path):
        refused([path, "immutable flag"], convert(state="reverted", force=True))
    # It goes on where it stopped, and nobody is asked again.
    assert ran(convert(state="reverted")).result(HOST, "convert")["result"] == "reverted" and host.run(LOOK) == before
    assert ran(convert(state="reverted")).result(HOST, "convert")["changed"] is False


@pytest.mark.full
def test_what_is_left_of_the_source_in_a_file_of_others_does_not_hide_almalinux(host):
    before = host.run(LOOK)
    # Of two definitions dnf takes the first.
    host.run("cd /etc/yum.repos.d; { sed -n '/^.baseos.$/,/^$/p' centos.repo; "
             "printf '\n[acme-tools]\nname=Tools\nbaseurl=file:///nowhere/\nenabled=0\n'; } >a-local.repo")
    whose = "dnf -q --disablerepo='*' repoinfo baseos acme-tools | sed -n 's/^Repo-filename *: //p' | sort"
    try:
        assert host.run(whose).split() == ["/etc/yum.repos.d/a-local.repo"] * 2
        said = {row["path"]: row["fate"] for row in ran(look()).result(HOST, "look")["configuration"]}
        assert said["/etc/yum.repos.d/a-local.repo"] == "trimmed"
        mixed = host.run(LOOK)
        assert ran(convert()).result(HOST, "convert")["result"] == "converted"
        assert host.run(whose).split() == ["/etc/yum.repos.d/a-local.repo", "/etc/yum.repos.d/almalinux-baseos.repo"]
        somebody_changes_it(host, "/etc/yum.repos.d/a-local.repo", mixed)
    finally:
        conversions.as_source(HOST, host).run("rm /etc/yum.repos.d/a-local.repo")
    assert host.run(LOOK) == before


def test_the_keys_and_variables_of_the_source_leave_and_come_back(host):
    before = host.run(LOOK)
    imported = "rpm -q gpg-pubkey --qf '%{version}\\n' || true"
    # One that signed nothing here, and the throw-away key that stands in for CentOS's own, whose newer kernel stays beside AlmaLinux's.
    other = "21CB256AE16FC54C6E652949702D426D350D275D"
    host.run("rpm --import /usr/share/distribution-gpg-keys/rocky/RPM-GPG-KEY-Rocky-9 /etc/pki/rpm-gpg/RPM-GPG-KEY-centosofficial")
    here = [version for version in host.run(imported).split() if version != other[-8:].lower()][0]
    own = host.run("d=$(mktemp -d); gpg --homedir $d --show-keys --with-colons /etc/pki/rpm-gpg/RPM-GPG-KEY-centosofficial 2>/dev/null "
                   "| sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p' | head -1; rm -rf $d").strip()
    assert own[-8:].lower() == here
    with_keys = host.run(LOOK)
    host.run("echo x >/etc/dnf/vars/acme-unused; echo y >/etc/dnf/vars/acme")
    extra = {"keys": [other, own], "variables": ["acme-unused", "contentdir"]}
    try:
        said = [item["detail"] for item in ran(convert(source_extra=extra)).result(HOST, "convert")["stages"] if item["name"] == "leftovers"]
        assert said == [f"removed: the key {other}, the variable /etc/dnf/vars/acme-unused; kept: the key {own} (installed packages are signed with it)"]
        assert here in host.run(imported).split() and other[-8:].lower() not in host.run(imported).split()
        assert host.run("ls /etc/dnf/vars/acme*").split() == ["/etc/dnf/vars/acme"]
    finally:
        conversions.as_source(HOST, host).run("rm /etc/dnf/vars/acme-unused /etc/dnf/vars/acme")
        after = host.run(LOOK)
        host.run(f"rpm -e gpg-pubkey-{here} gpg-pubkey-{other[-8:].lower()}")
    assert after == with_keys and host.run(LOOK) == before


def test_an_os_release_that_cannot_be_written(untouched):
    with untouched.immutable("/usr/lib/os-release"):
        assert "immutable" in refused(["/usr/lib/os-release", "chattr -i"], convert())["inhibitors"]


# The conversions that are on record, and how often dnf has swapped packages.
ON_RECORD = "ls /var/lib/elkit/conversion; echo -; dnf -q history list | grep -c '^ *[0-9]'"


@pytest.mark.parametrize("paused", [True, pytest.param(False, marks=pytest.mark.full)], ids=["while the first one works", "at the same moment"])
def test_two_runs_at_once_are_one(host, paused):
    before = host.run(LOOK)
    numbers, transactions = host.run(ON_RECORD).split("-")
    if paused:
        host.arm(conversion("download"), PAUSE)
    runs = [Play(HOST, [convert()])]
    try:
        if paused:
            host.confirmed(timeout=120)
        runs.append(Play(HOST, [convert()]))
        if paused:
            # It goes along: it has begun nothing of its own, and reports what the first one does.
            runs[1].says(f"{HOST}: download")
            assert runs[0].process.poll() is None
    finally:
        if paused:
            host.disarm()
        ended = [one.wait(300) for one in runs]
    assert [run.rc for run in ended] == [0, 0], ended[0].output + ended[-1].output
    results = [run.result(HOST, "convert") for run in ended]
    now, after = host.run(ON_RECORD).split("-")
    assert len(set(now.split()) - set(numbers.split())) == 1 and int(after) == int(transactions) + 1
    # At the same moment, one may also come when the other has ended.
    assert [one["changed"] and one["result"] for one in results] == ["converted"] * 2 or not paused
    assert len({one["number"] for one in results if one["changed"]}) == 1 and any(one["changed"] for one in results)
    back(HOST, host, before)


GERMAN = {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}


@pytest.mark.full
def test_another_locale_makes_no_difference(host):
    before = host.run(LOOK)
    spoken = host.run("LC_ALL=de_DE.UTF-8 LANGUAGE=de /usr/bin/python3 -c 'import dnf.i18n as i; i.setup_locale(); print(i._(\"Nothing to do.\"))'")
    assert "Nichts" in spoken, "dnf does not speak German here: this proves nothing"
    plain = ran(look()).result(HOST, "look")
    other = ran(dict(look(), environment=GERMAN)).result(HOST, "look")
    assert {key: plain[key] for key in ("verdict", "packages", "checks")} == {key: other[key] for key in ("verdict", "packages", "checks")}
    done = ran(dict(convert(), environment=GERMAN)).result(HOST, "convert")
    assert done["result"] == "converted" and done["packages"] == plain["packages"]
    assert ran(dict(convert(state="reverted"), environment=GERMAN)).result(HOST, "convert")["result"] == "reverted" and host.run(LOOK) == before


@pytest.fixture
def package(host):
    """A function that installs a package of a third party, which leaves again at the end."""
    names = []

    def install(name, lines, files="", vendor="Acme"):
        """*lines*: of the preamble; *files*: shell that lays files out below $root."""
        conversions.from_mirror(HOST, f"""
root=/tmp/root; rm -rf $root; mkdir -p $root; cd /tmp
{files or ":"}
{{ printf 'Name: {name}\nVersion: 1\nRelease: 1\nSummary: A stand-in\nLicense: GPL-3.0-or-later\nVendor: {vendor}\nBuildArch: noarch\n{lines}\n'
printf '%%description\\nA stand-in.\\n%%install\\nmkdir -p %%{{buildroot}}; cp -a /tmp/root/. %%{{buildroot}}/\\n%%files\\n'
(cd $root && find . -type f | sed 's/^[.]//'); }} >/tmp/{name}.spec
rpmbuild --quiet -bb --nodeps --define '_topdir /tmp/top' --define '_rpmdir /tmp/made' /tmp/{name}.spec
""", "/var/tmp/elkit-made")
        host.run("rpm -i --nodeps --nosignature /var/tmp/elkit-made/noarch/*.rpm; rm -rf /var/tmp/elkit-made")
        names.append(name)
    yield install
    for name in names:
        host.run(f"! rpm -q {name} >/dev/null || rpm -e {name}")


@pytest.mark.full
def test_packages_that_are_installed_twice(host, package):
    package("acme-double", "", "mkdir -p $root/usr/share; echo acme >$root/usr/share/acme-double")
    conversions.from_mirror(HOST, "sed -i 's/^Version: 1/Version: 2/' /tmp/acme-double.spec && rpmbuild --quiet -bb --nodeps "
                            "--define '_topdir /tmp/top' --define '_rpmdir /tmp/made' /tmp/acme-double.spec", "/var/tmp/elkit-made")
    host.run("rpm -i --nodeps --nosignature --replacefiles /var/tmp/elkit-made/noarch/*.rpm; rm -rf /var/tmp/elkit-made")
    assert "rpm-database" in refused(["installed twice", "acme-double"], convert())["inhibitors"]
    host.run("rpm -e acme-double-2")
    assert ran(look()).result(HOST, "look")["verdict"] == "ready"


def test_a_package_of_a_third_party_that_does_not_fit_is_named_with_what_it_needs(host, package):
    package("acme-pinned", "Requires: centos-stream-release")
    before = host.run(LOOK)
    assert "solver" in refused(["acme-pinned-1-1", "centos-stream-release"], convert())["inhibitors"]
    assert host.run(LOOK) == before


@pytest.mark.full
def test_a_package_of_the_source_that_almalinux_has_not_stays_where_somebody_says_so(host, package):
    package("centos-only", "", vendor="CentOS")
    before = host.run(LOOK)
    result = refused(["no-counterpart", "centos-only-1-1.noarch"], convert())
    assert result["inhibitors"] == ["no-counterpart"] and host.run(LOOK) == before
    done = ran(convert(ignore=["no-counterpart"])).result(HOST, "convert")
    assert [row["verdict"] for row in done["packages"] if row["package"] == "centos-only-1-1.noarch"] == ["kept-foreign"]
    assert done["result"] == "converted" and done["verdict_after"]["remains"] == [] and "centos-only-1-1.noarch" in done["verdict_after"]["kept"]
    assert ran(convert()).result(HOST, "convert")["changed"] is False
    back(HOST, host, before)


@pytest.mark.full
def test_a_package_of_a_third_party_that_needs_the_newer_build_of_the_source_is_named(host, package):
    newer = next(row for row in ran(look()).result(HOST, "look")["packages"] if row["verdict"] == "downgraded")
    name, version, release = newer["package"].rsplit(".", 1)[0].rsplit("-", 2)
    package("acme-newer", f"Requires: {name} = {version}-{release}")
    found = ran(look()).result(HOST, "look")
    assert found["inhibitors"] == ["solver"]
    warning = [item["found"] for item in found["checks"] if item["id"] == "third-party-packages" and item["severity"] == "warning"]
    assert warning == ["packages of others stand against it: acme-newer-1-1.noarch"]


def test_a_file_that_two_packages_have_is_found_before_anything_is_changed(host, package):
    package("acme-release", "", "mkdir -p $root/etc; echo acme >$root/etc/almalinux-release")
    before = host.run(LOOK)
    refused(["acme-release", "/etc/almalinux-release"], convert())
    assert host.run(LOOK) == before


def test_a_full_state_directory(untouched):
    untouched.run("rm -rf /var/lib/elkit; install -d -m 700 /var/lib/elkit")  # what tests before have left is more than the small file system holds
    with untouched.full("/var/lib/elkit"):
        refused(["/var/lib/elkit"], convert())


def test_a_full_boot(untouched):
    with untouched.full("/boot"):
        refused(["/boot"], convert())


@pytest.mark.full
def test_too_little_room_for_the_packages(untouched):
    untouched.run("rm -rf /var/lib/elkit; install -d -m 700 /var/lib/elkit")
    with untouched.own_file_system("/var/lib/elkit"):
        assert "space" in refused(["/var/lib/elkit", "free and needs"], convert())["inhibitors"]


@contextmanager
def own_var(host, free):
    """/var is a file system of its own that holds what there is, and has *free* KiB left."""
    # Without what tests before have left.
    used = int(host.run("rm -rf /var/lib/elkit; install -d -m 700 /var/lib/elkit; du -sk /var").split()[0])
    with host.own_file_system("/var", used + 20 * 1024):
        host.fill("/var")
        host.run(f"truncate -s -{free}K /var/.elkit-fault-fill")
        yield


@pytest.mark.parametrize("free", [0, pytest.param(3 * 1024, marks=pytest.mark.full)], ids=["full", "nearly full"])
def test_too_little_room_in_var(untouched, free):
    with own_var(untouched, free):
        before = untouched.run(LOOK)
        assert ran(look()).result(HOST, "look")["inhibitors"] == ["space"]
        result = refused(["space: /var has", "Make room there"], convert())
        left, unit, needed = re.search(r"/var has ([\d.]+) (\w+) free and needs ([\d.]+) MiB", result["msg"]).groups()
        assert result["inhibitors"] == ["space"] and float(needed) > 64
        assert (left, unit) == ("0", "B") if not free else unit == "MiB" and 2 < float(left) <= 3
        # The database of the packages lies in there, and is gone with it.
        assert untouched.run(LOOK) == before and untouched.run("ls -A /var/lib/elkit").split() == []


def test_too_little_room_for_the_metadata_of_the_look(untouched):
    # Enough for Ansible and the worker.
    with untouched.own_file_system("/tmp", 20 * 1024):
        untouched.fill("/tmp")
        untouched.run("truncate -s -800K /tmp/.elkit-fault-fill")
        result = refused(["target", "/tmp has only", "Make room in /tmp"], convert())
        assert result["inhibitors"] == ["target"]


@pytest.mark.parametrize("path", ["/usr", pytest.param("/etc", marks=pytest.mark.full), pytest.param("/boot", marks=pytest.mark.full)])
def test_a_read_only_file_system(untouched, path):
    with untouched.read_only(path):
        result = refused([f"mounts: {path} is mounted read-only", "Mount it writable"], convert(ignore=["mounts"]))
        assert "mounts" in result["inhibitors"], "nobody can override it"


@pytest.mark.parametrize("path", ["/var/tmp", pytest.param("/var", marks=pytest.mark.full)])
def test_a_file_system_that_nothing_may_be_run_from(untouched, path):
    untouched.run(f"mount --bind {path} {path} && mount -o remount,noexec,bind {path}")
    try:
        assert refused([f"mounts: {path} is mounted noexec", "with exec"], convert())["inhibitors"] == ["mounts"]
        found = ran(look(ignore=["mounts"])).result(HOST, "look")
        assert found["verdict"] == "ready" and [item["overridden"] for item in found["checks"] if item["id"] == "mounts"] == [True]
    finally:
        untouched.run(f"umount -l {path}")


@pytest.mark.parametrize("held", [pytest.param("rpm_locked", marks=pytest.mark.full), "dnf_locked"])
def test_another_package_run_is_seen_in_the_look(untouched, held):
    with getattr(untouched, held)():
        assert refused(["another package run", "process"], convert())["inhibitors"] == ["package-run"]


@pytest.mark.full
def test_packages_that_a_way_back_could_not_have_again_are_seen_in_the_look(host):
    before = host.run(LOOK)
    # Their repository is gone.
    host.run("cp -p /etc/yum.repos.d/centos.repo /root/ && sed -i '/^.baseos.$/,/^$/ s/^enabled=1/enabled=0/' /etc/yum.repos.d/centos.repo")
    try:
        found = ran(look()).result(HOST, "look")
        assert found["inhibitors"] == ["rollback-packages"], found["checks"]
        assert "rollback-packages" in refused(["cannot be had again", "revert_cache"], convert())["inhibitors"]
        assert ran(look(revert_cache=False)).result(HOST, "look")["verdict"] == "ready"
        assert ran(look(ignore=["rollback-packages"])).result(HOST, "look")["verdict"] == "ready"
    finally:
        host.run("mv /root/centos.repo /etc/yum.repos.d/")
    assert host.run(LOOK) == before


@pytest.mark.full
def test_a_repository_goes_with_its_package_and_a_way_back_says_what_it_does_without(host, package):
    before = host.run(LOOK)
    repository = "/etc/yum.repos.d/epel-next.repo"
    package("epel-next-release", "", f"mkdir -p $root/etc/yum.repos.d; printf '[epel-next]\\nname=next\\nbaseurl=file:///var/tmp/none\\n' >$root{repository}")
    found = ran(look()).result(HOST, "look")
    assert found["inhibitors"] == ["rollback-packages"]
    assert {"before": "epel-next", "after": None, "kept": False} in found["repositories"]
    done = ran(convert(ignore=["rollback-packages"])).result(HOST, "convert")
    assert done["result"] == "converted" and done["verdict_after"]["remains"] == []
    # A way back that cannot begin is none.
    kept = host.run("ls -d /var/lib/elkit/conversion/*/source-cache/*/packages/bash-*.rpm").split()[-1]
    host.run(f"mv {kept} /var/tmp/elkit-kept.rpm")
    refused(["kept for the way back are gone", "bash-", kept], convert(state="reverted"))
    assert ran(convert()).result(HOST, "convert")["changed"] is False
    host.run(f"mv /var/tmp/elkit-kept.rpm {kept}")
    back_there = refused(["not everything could be put back", "epel-next-release-1-1.noarch"], convert(state="reverted"))
    assert back_there["result"] == "reverted" and back_there["not_restored"] == ["epel-next-release-1-1.noarch"]
    again = ran(convert(state="reverted")).result(HOST, "convert")
    assert again["changed"] is False and again["not_restored"] == ["epel-next-release-1-1.noarch"]
    host.run(f"rm {repository}")
    assert host.run(LOOK) == before


@pytest.mark.full
def test_the_files_that_will_differ_are_said_and_do(host):
    before = conversions.everything(host)
    host.run("cp -p /etc/yum.repos.d/centos.repo /root/; sed -i 's/^metadata_expire=.*/metadata_expire=7h/' /etc/yum.repos.d/centos.repo; "
             "cp -p /etc/rsyslog.conf /root/; echo '# ours' >>/etc/rsyslog.conf")
    try:
        said = {row["path"]: row["fate"] for row in ran(look()).result(HOST, "look")["configuration"]}
        assert said["/etc/yum.repos.d/centos.repo"] == "leaves" and said["/etc/rsyslog.conf"] == "kept" and said["/etc/centos-release"] == "leaves"
        ran(convert())
        assert "# ours" in host.run("cat /etc/rsyslog.conf")
        assert [name for name in host.run("ls /etc/yum.repos.d").split() if name.startswith("centos.repo")] == ["centos.repo.rpmsave"]
    finally:
        ran(convert(state="reverted"))
        host.run("mv /root/centos.repo /etc/yum.repos.d/; mv /root/rsyslog.conf /etc/")
    etc = {path for path in conversions.changed(before, conversions.everything(host)) if path.startswith("/etc/") and path not in before}
    assert etc == set(), "files that were not there before"


NO_KERNEL = "find / -xdev -name 'elkit_kernel.*' -delete\n"
# A machine has a program that makes an initramfs, one that it made, and a kernel that is the default.
MACHINE = IS_A_MACHINE + """
printf '#!/bin/sh\necho made for $3 >$2\n' >/usr/sbin/dracut; chmod 755 /usr/sbin/dracut
release=$(rpm -q --qf '%{version}-%{release}.%{arch}' kernel-core); dracut --force /boot/initramfs-$release.img $release
grubby --default-kernel
"""
NO_MACHINE = """
find / -xdev -name 'elkit_machine.*' -delete
rm -f /usr/sbin/dracut /boot/loader/entries/*.conf /boot/grub2/default-kernel /boot/initramfs-*
"""


def test_the_kernels_of_the_source_leave_once_almalinux_s_runs(host):
    bare = host.run(LOOK)
    kernels = "rpm -q --qf '%{vendor}|%{nevra}\n' kernel kernel-core kernel-modules kernel-modules-core | sed -n 's/^CentOS|//p' | sort"
    keys = "rpm -q gpg-pubkey --qf '%{version}\n' | sort"
    others = host.run(keys).split()
    # The throw-away key that stands in for CentOS's own.
    host.run("rpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-centosofficial")
    key, = set(host.run(keys).split()) - set(others)
    own = host.run("d=$(mktemp -d); gpg --homedir $d --show-keys --with-colons /etc/pki/rpm-gpg/RPM-GPG-KEY-centosofficial 2>/dev/null "
                   "| sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p' | head -1; rm -rf $d").strip()
    theirs, beside = host.run("rpm -q --qf '%{version}-%{release}.%{arch}' kernel-core"), host.run(kernels).split()
    task = convert(source_extra={"keys": [own]})
    try:
        host.run(MACHINE + KERNEL % theirs)
        before = host.run(LOOK)
        done = ran(task).result(HOST, "convert")
        assert done["result"] == "converted" and done["verdict_after"]["remains"] == [] and done["verdict_after"]["kept"] == beside
        ours = host.run("rpm -q --qf '%{version}-%{release}.%{arch}\n' kernel-core").replace(theirs, "").strip()
        default = f"/boot/vmlinuz-{ours}"
        assert host.run("grubby --default-kernel").strip() == default
        converted = host.run(LOOK)
        still = ran(task).result(HOST, "convert")
        assert still["changed"] is False and still["removed_kernels"] == [] and host.run(LOOK) == converted, "the source's kernel runs"
        host.run(KERNEL % ours)
        checked = ran(dict(task, check_mode=True)).result(HOST, "convert")
        assert checked["changed"] and checked["removed_kernels"] == beside and host.run(LOOK) == converted
        rid = ran(task).result(HOST, "convert")
        assert rid["changed"] and rid["verdict"] == "almalinux" and rid["removed_kernels"] == beside and host.run(kernels) == ""
        assert key not in host.run(keys).split(), "nothing is signed with it any more"
        assert host.run("grubby --default-kernel").strip() == default and host.run("dnf -q check").strip() == ""
        clean = host.run(LOOK)
        again = ran(task).result(HOST, "convert")
        assert again["changed"] is False and again["removed_kernels"] == [] and host.run(LOOK) == clean
        # What runs now is neither's, so that AlmaLinux's may leave as well.
        host.run(NO_KERNEL)
        assert ran(convert(state="reverted")).result(HOST, "convert")["result"] == "reverted"
        # As a scriptlet of the kernel's package does on EL.
        host.run(f"rm /boot/initramfs-{ours}.img /boot/loader/entries/*-{ours}.conf")
        assert host.run(kernels).split() == beside and key in host.run(keys).split() and host.run(LOOK) == before
    finally:
        host.run(NO_KERNEL)
        conversions.as_source(HOST, host).run(NO_MACHINE + f"rpm -e gpg-pubkey-{key}")
    assert host.run(LOOK) == bare


@pytest.fixture
def machine(host):
    """The host as a machine that its own kernel runs."""
    bare = host.run(LOOK)
    try:
        host.run(MACHINE + KERNEL % host.run("rpm -q --qf '%{version}-%{release}.%{arch}' kernel-core"))
        yield host
    finally:
        host.run(NO_KERNEL)
        conversions.as_source(HOST, host).run(NO_MACHINE)
    assert host.run(LOOK) == bare


@pytest.mark.full
def test_a_boot_that_holds_the_kernel_that_runs_and_not_another_one(machine):
    release = machine.run("rpm -q --qf '%{version}-%{release}.%{arch}' kernel-core")
    # The stand-in for an initramfs is as large as a small one of a machine.
    machine.run(f"cp -p /boot/initramfs-{release}.img /var/tmp/elkit-initramfs; head -c 24M /dev/zero >/boot/initramfs-{release}.img")
    try:
        with machine.own_file_system("/boot", 40 * 1024):
            before = machine.run(LOOK)
            assert refused(["space: /boot has", "for kernels and their initramfs", "Make room there"], convert())["inhibitors"] == ["space"]
            assert machine.run(LOOK) == before
    finally:
        machine.run(f"mv /var/tmp/elkit-initramfs /boot/initramfs-{release}.img")


@pytest.mark.full
def test_an_initramfs_that_was_being_made_when_the_worker_was_killed_is_made_anew(machine):
    before, theirs = machine.run(LOOK), machine.run("rpm -q --qf '%{version}-%{release}.%{arch}' kernel-core")
    dracut = machine.run("cp -p /usr/sbin/dracut /var/tmp/elkit-dracut; cat /usr/sbin/dracut")
    machine.run("cat >/usr/sbin/dracut <<'END'\n#!/bin/sh\nprintf 'made fo' >$2; mv /var/tmp/elkit-dracut /usr/sbin/dracut; kill -KILL $PPID\nEND")
    assert Play(HOST, [convert()]).wait(300).rc != 0
    assert machine.run("cat /usr/sbin/dracut") == dracut and machine.state(CONVERSION)["stage"] == "boot"
    ours = machine.run("rpm -q --qf '%{version}-%{release}.%{arch}\\n' kernel-core").replace(theirs, "").strip()
    made = f"cat /boot/initramfs-{ours}.img"
    assert machine.run(made) == "made fo"
    done = ran(convert()).result(HOST, "convert")
    assert done["result"] == "converted" and machine.run(made) == f"made for {ours}\n"
    assert machine.run("grubby --default-kernel").strip() == f"/boot/vmlinuz-{ours}"
    machine.run(NO_KERNEL)
    back(HOST, machine, before, f"rm /boot/initramfs-{ours}.img /boot/loader/entries/*-{ours}.conf")


@pytest.mark.full
def test_the_kernel_that_runs_outlives_the_way_back_until_another_one_does(host):
    before = host.run(LOOK)
    source = host.run("rpm -q --qf '%{version}-%{release}.%{arch}' kernel-core")
    ran(convert())
    ours = [line for line in host.run("rpm -q --qf '%{version}-%{release}.%{arch}\\n' kernel-core").split() if line != source]
    try:
        host.run(KERNEL % ours[0])
        back_there = ran(convert(state="reverted")).result(HOST, "convert")
        assert back_there["result"] == "reverted" and f"kernel-core-{ours[0]}" in back_there["pending_reboot"]
        assert any("Pending reboot" in item for item in back_there["warnings"])
        again = ran(convert(state="reverted")).result(HOST, "convert")
        assert again["changed"] is False and again["pending_reboot"] == back_there["pending_reboot"]
        host.run(KERNEL % source)
        done = ran(convert(state="reverted")).result(HOST, "convert")
        assert done["changed"] and done["removed_kernels"] == back_there["pending_reboot"] and done["pending_reboot"] == []
    finally:
        host.run(NO_KERNEL)
    assert ran(convert(state="reverted")).result(HOST, "convert")["changed"] is False
    assert host.run(LOOK) == before


def test_the_playbooks_and_the_role(host, tmp_path):
    before = host.run(LOOK)
    variables = {"convert_evidence": str(tmp_path)}
    run = play(HOST, "elkit.almalinux.preflight", variables=variables)
    assert run.rc == 0 and "ready: centos-stream-9 to almalinux-9" in " ".join(run.output.split()), run.output
    host.run("echo 'bash-0:5*' >/etc/dnf/plugins/versionlock.list.new; cp -p /etc/dnf/plugins/versionlock.list /root/ 2>/dev/null; "
             "mv /etc/dnf/plugins/versionlock.list.new /etc/dnf/plugins/versionlock.list")
    run = play(HOST, "elkit.almalinux.preflight", variables=variables)
    assert run.rc == 0 and "inhibited" in run.output, "nobody asked for a failure"
    run = play(HOST, "elkit.almalinux.preflight", variables=dict(variables, convert_fail_on="inhibitor"))
    assert run.rc == 2 and "version-locks: versions are locked" in run.output and "Sum up all hosts" in run.output, run.output
    host.run("rm /etc/dnf/plugins/versionlock.list; [ ! -e /root/versionlock.list ] || mv /root/versionlock.list /etc/dnf/plugins/")
    assert host.run(LOOK) == before
    assert json.loads((tmp_path / f"{HOST}-preflight.json").read_text())["verdict"] == "inhibited"
    run = play(HOST, "elkit.almalinux.provision", variables=dict(variables, provision_convert=True))
    assert run.rc == 0 and f"{HOST}: transaction" in run.output, run.output
    assert json.loads((tmp_path / f"{HOST}-conversion.json").read_text())["result"] == "converted"
    # As if the play had been lost while the host worked: what follows is owed until it was done.
    owed = {"convert_post_tasks": str(tmp_path / "after.yml")}
    (tmp_path / "after.yml").write_text("- {name: Undrain, ansible.builtin.file: {path: /var/tmp/elkit-after, state: touch}}\n")
    host.run("sed -i 's/\"follow_up\": \"done\"/\"follow_up\": \"wanted\"/' /var/lib/elkit/conversion/*/state.json")
    run = play(HOST, "elkit.almalinux.convert", variables=owed)
    assert run.rc == 0 and "changed=1" in run.output, run.output
    host.run("rm /var/tmp/elkit-after")
    run = play(HOST, "elkit.almalinux.convert", variables=owed)
    assert run.rc == 0 and "changed=0" in run.output, run.output
    run = play(HOST, "elkit.almalinux.rollback", variables={"rollback_concerns": ["repositories", "conversion"]})
    assert run.rc == 0, run.output
    assert host.run(LOOK) == before
