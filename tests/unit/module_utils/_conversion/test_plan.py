# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs and verdicts: what dnf is asked, and what its answer says of each package."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import mapping, plan
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import nevra

STREAM = mapping.source("centos-stream", 9, "x86_64")
ORACLE = mapping.source("oracle", 9, "x86_64")
OF_OLD = mapping.source("almalinux", 9, "x86_64")


def package(text, vendor="CentOS", size=100, provides=()):
    parts = nevra.parse(text)
    return {"nevra": text, "name": parts.name, "epoch": parts.epoch, "version": parts.version, "release": parts.release, "arch": parts.arch,
            "vendor": vendor, "provides": list(provides), "size": size}


def offer(text, repository="baseos", size=120):
    return dict(package(text, None, size), repository=repository, download=50)


def item(action, text, repository="baseos", size=120):
    return dict(offer(text, repository, size), action=action)


def rows_of(source, installed, available, items, problems=()):
    jobs = plan.jobs(source, installed, available)
    return jobs, dict((row["package"] or row["becomes"], row) for row in plan.verdicts(jobs, installed, items, list(problems)))


def test_release_packages_are_swapped():
    installed = [package("centos-{0}-9.0-38.el9.noarch".format(name)) for name in ("stream-release", "stream-repos", "gpg-keys")]
    jobs, rows = rows_of(STREAM, installed, [offer("almalinux-release-9.8-1.el9.x86_64")], [
        item("install", "almalinux-release-9.8-1.el9.x86_64"), *(item("remove", one["nevra"], None) for one in installed)])
    assert jobs.data() == {"erase": sorted(one["nevra"] for one in installed), "reinstall": [], "sync": [],
                           "install": ["almalinux-gpg-keys", "almalinux-release", "almalinux-repos"]}
    assert {rows[one["nevra"]]["verdict"] for one in installed} == {"removed"}
    assert rows["almalinux-release-9.8-1.el9.x86_64"]["verdict"] == "release"
    assert plan.not_allowed(jobs, installed, [item("remove", one["nevra"], None) for one in installed]) == []


def test_release_8_has_one_release_package():
    assert plan.jobs(mapping.source("rocky", 8, "x86_64"), [], []).data()["install"] == ["almalinux-release"]


def test_the_same_version_is_put_in_again_and_others_are_synced():
    installed = [package("bash-5.1.8-9.el9.x86_64"), package("glibc-2.34-280.el9.x86_64"), package("tar-2:1.34-6.el9.x86_64")]
    jobs, rows = rows_of(STREAM, installed, [
        offer("bash-5.1.8-9.el9.x86_64"), offer("glibc-2.34-231.el9.x86_64"), offer("tar-2:1.34-7.el9.x86_64")], [
            item("reinstall", "bash-5.1.8-9.el9.x86_64"), item("downgrade", "glibc-2.34-231.el9.x86_64"), item("upgrade", "tar-2:1.34-7.el9.x86_64")])
    assert jobs.data()["reinstall"] == ["bash-5.1.8-9.el9.x86_64"] and jobs.data()["sync"] == ["glibc.x86_64", "tar.x86_64"]
    assert [rows[one["nevra"]]["verdict"] for one in installed] == ["replaced", "downgraded", "upgraded"]
    assert rows["glibc-2.34-280.el9.x86_64"]["becomes"] == "glibc-2.34-231.el9.x86_64"
    assert rows["glibc-2.34-280.el9.x86_64"]["size"] == 20 and rows["glibc-2.34-280.el9.x86_64"]["download"] == 50


def test_brands_change_their_names():
    installed = [package("centos-logos-90.8-3.el9.noarch")]
    jobs, rows = rows_of(STREAM, installed, [offer("almalinux-logos-90.6-1.el9.noarch")], [
        item("install", "almalinux-logos-90.6-1.el9.noarch"), item("remove", "centos-logos-90.8-3.el9.noarch", None)])
    assert "almalinux-logos" in jobs.data()["install"] and jobs.data()["erase"] == ["centos-logos-90.8-3.el9.noarch"]
    assert rows["centos-logos-90.8-3.el9.noarch"]["becomes"] == "almalinux-logos-90.6-1.el9.noarch"
    assert len(rows) == 1, "what it becomes is no row of its own"


def test_a_brand_without_counterpart_leaves():
    jobs, rows = rows_of(STREAM, [package("centos-indexhtml-9.0-0.el9.noarch")], [], [item("remove", "centos-indexhtml-9.0-0.el9.noarch", None)])
    assert "almalinux-indexhtml" not in jobs.data()["install"] and rows["centos-indexhtml-9.0-0.el9.noarch"]["verdict"] == "removed"


def test_others_are_left_alone():
    installed = [package("acme-agent-2.1-1.x86_64", "Acme"), package("mine-1-1.noarch", ""), package("corp-tool-1-1.el9.x86_64")]
    jobs, rows = rows_of(STREAM, installed, [offer("acme-agent-3-1.x86_64")], [])
    assert jobs.data() == {"erase": [], "reinstall": [], "sync": [], "install": ["almalinux-gpg-keys", "almalinux-release", "almalinux-repos"]}
    assert [rows[one["nevra"]]["verdict"] for one in installed] == ["kept-third-party", "kept-third-party", "kept-foreign"]
    assert plan.not_allowed(jobs, installed, [item("obsoleted", "acme-agent-2.1-1.x86_64", None)]) == ["acme-agent-2.1-1.x86_64"]


def test_a_newer_kernel_stays_and_almalinux_s_comes_beside_it():
    installed = [package("kernel-core-5.14.0-720.el9.x86_64")]
    jobs, rows = rows_of(STREAM, installed, [offer("kernel-core-5.14.0-600.el9.x86_64"), offer("kernel-core-5.14.0-687.12.1.el9_8.x86_64")], [
        item("install", "kernel-core-5.14.0-687.12.1.el9_8.x86_64")])
    assert "kernel-core-5.14.0-687.12.1.el9_8.x86_64" in jobs.data()["install"] and not jobs.data()["sync"]
    assert rows["kernel-core-5.14.0-720.el9.x86_64"]["verdict"] == "kept-beside"
    assert rows["kernel-core-5.14.0-687.12.1.el9_8.x86_64"]["verdict"] == "added-kernel"


def test_oracle_s_kernels_stay_for_now():
    installed = [package("kernel-uek-core-5.15.0-200.el9uek.x86_64", "Oracle America"), package("oraclelinux-release-el9-1.0-26.el9.x86_64", "Oracle America")]
    jobs, rows = rows_of(ORACLE, installed, [], [item("remove", "oraclelinux-release-el9-1.0-26.el9.x86_64", None)])
    assert jobs.data()["erase"] == ["oraclelinux-release-el9-1.0-26.el9.x86_64"]
    assert rows["kernel-uek-core-5.15.0-200.el9uek.x86_64"]["verdict"] == "kept-beside"


@pytest.mark.parametrize("kernel, verdicts, asked", [
    ("kernel-uek-core-6.12.0-1.el9uek.x86_64", ["kept-beside"] * 4, ([], [])),
    ("kernel-core-5.14.0-687.el9.x86_64", ["blocked", "removed", "removed", "blocked"],
     (["iwlax2xx-firmware-999:20260309-999.1.el9.noarch", "linux-firmware-core-999:20260309-999.1.el9.noarch"],
      ["iwl7260-firmware.noarch", "linux-firmware.noarch"]))], ids=["UEK", "none of Oracle's own"])
def test_the_firmware_that_oracle_s_kernels_need_stays_with_them(kernel, verdicts, asked):
    texts = ["{0}-999:20260309-999.1.el9.noarch".format(name) for name in ("linux-firmware", "linux-firmware-core", "iwlax2xx-firmware", "iwl7260-firmware")]
    installed = [package(text, "Oracle America") for text in texts + [kernel]] + [package("libertas-sd8787-firmware-1-1.noarch", "Acme")]
    available = [offer("linux-firmware-20260309-155.1.el9_8.noarch"), offer("iwl7260-firmware-1:25.30-155.1.el9_8.noarch")]
    jobs = plan.jobs(ORACLE, installed, available)
    assert [jobs.expected[text][0] for text in texts] == verdicts
    assert jobs.expected["libertas-sd8787-firmware-1-1.noarch"][0] == "kept-third-party"
    assert (jobs.data()["erase"], jobs.data()["sync"]) == asked


KERNEL, OLDER, RT = "kernel-5.14.0-687.el9.x86_64", "kernel-5.14.0-600.el9.x86_64", "kernel-rt-5.14.0-687.el9.x86_64"
CORE, RT_CORE = "kernel-core-5.14.0-687.el9.x86_64", "kernel-rt-core-5.14.0-687.el9.x86_64"
UEK = package("kernel-uek-core-5.15.0-200.el9uek.x86_64", "Oracle America")


@pytest.mark.parametrize("installed, available, flavour, gets, added", [
    ([UEK], [OLDER, KERNEL], "uek", "standard", [KERNEL]),
    ([package("kernel-ml-core-7-1.el9.x86_64", "The ELRepo Project")], [KERNEL], "ml", "standard", [KERNEL]),
    ([], [KERNEL], "standard", "standard", [KERNEL]),
    ([UEK], [], "uek", None, []),
    ([UEK], [KERNEL], None, None, []),
    ([UEK, package(CORE, "Oracle America")], [KERNEL, CORE], "uek", "standard", []),
    ([package("kernel-core-5.14.0-720.el9.x86_64", "Oracle America")], [KERNEL, CORE], "standard", "standard", [CORE]),
    ([package(CORE, "AlmaLinux")], [KERNEL, CORE], "standard", "standard", []),
    ([package(CORE, "Acme")], [KERNEL, CORE], "standard", "standard", [KERNEL]),
    ([package(RT_CORE, "Oracle America")], [KERNEL, CORE, RT, RT_CORE], "rt", "rt", []),
    ([package(RT_CORE, "Oracle America"), package(CORE, "Oracle America")], [KERNEL, CORE, RT, RT_CORE], "rt", "rt", []),
    ([package(RT_CORE, "Oracle America"), package(CORE, "Oracle America")], [KERNEL, CORE], "rt", "standard", []),
    ([package(RT_CORE, "Oracle America")], [KERNEL, CORE], "rt", "standard", [KERNEL]),
    ([package(RT_CORE, "Acme")], [KERNEL, RT], "rt", "rt", [RT]),
], ids=["UEK alone", "ELRepo's alone", "none at all", "none to be had", "a container", "UEK and the source's", "a newer one of the source", "AlmaLinux's own",
        "somebody's build", "real-time", "real-time runs, and both are there", "no real-time to be had", "real-time alone, and none to be had",
        "somebody's real-time"])
def test_there_will_be_a_kernel_of_almalinux_to_boot(installed, available, flavour, gets, added):
    jobs = plan.jobs(ORACLE, installed, [offer(text) for text in available], flavour)
    assert jobs.kernel == gets and [text for text in jobs.data()["install"] if text.startswith("kernel")] == added


@pytest.mark.parametrize("source, installed, available, comes", [
    (OF_OLD, ["kernel-core-5-1.el9.x86_64"], ["kernel-core-5-2.el9.x86_64", "kernel-core-5-10.el9.x86_64"], ["kernel-core-5-10.el9.x86_64"]),
    (OF_OLD, ["kernel-core-5-1.el9.x86_64", "kernel-core-5-10.el9.x86_64"], ["kernel-core-5-10.el9.x86_64"], []),
    (OF_OLD, ["kernel-core-5-11.el9.x86_64"], ["kernel-core-5-10.el9.x86_64"], []), (OF_OLD, ["kernel-core-5-1.el9.x86_64"], [], []),
    (OF_OLD, ["kernel-rt-core-5-1.el9.x86_64"], ["kernel-core-5-10.el9.x86_64"], []), (OF_OLD, [], ["kernel-core-5-10.el9.x86_64"], []),
    (STREAM, ["kernel-core-5-1.el9.x86_64"], ["kernel-core-5-10.el9.x86_64"], []),
])
def test_a_newer_kernel_comes_beside_that_of_an_older_minor(source, installed, available, comes):
    jobs = plan.jobs(source, [package(nevra, "AlmaLinux") for nevra in installed], [offer(nevra) for nevra in available])
    assert [nevra for nevra in jobs.data()["install"] if nevra.startswith("kernel")] == comes and jobs.data()["sync"] == []
    assert {verdict for verdict, _detail in jobs.expected.values()} <= {"same"}


def test_kernels_of_every_flavour_are_beside_each_other():
    assert {"kernel-64k-devel", "kernel-debug-devel", "kernel-rt-64k-core", "kernel-zfcpdump-modules", "kernel-rt-debug-core"} <= plan.KERNELS
    assert set(plan.METAS.values()) <= plan.KERNELS and not {"kernel-tools", "kernel-headers", "kernel-doc", "kernel-devel-matched"} & plan.KERNELS


def test_almalinux_s_own_redhat_release_is_none_to_erase():
    # Oracle's table removes the name; AlmaLinux's own build of it would stay.
    jobs, rows = rows_of(ORACLE, [package("redhat-release-9.8-1.el9.x86_64", "AlmaLinux")], [], [])
    assert not jobs.data()["erase"] and rows["redhat-release-9.8-1.el9.x86_64"]["verdict"] == "same"


def test_nothing_but_the_table_s_packages_may_be_erased():
    installed = [package("openssh-server-9.9p1-6.el9.x86_64")]
    jobs = plan.jobs(STREAM, installed, [offer("openssh-server-9.9p1-5.el9.x86_64")])
    assert plan.not_allowed(jobs, installed, [item("remove", "openssh-server-9.9p1-6.el9.x86_64", None)]) == ["openssh-server-9.9p1-6.el9.x86_64"]


def test_what_does_not_fit_is_blocked_and_nothing_else_is_claimed():
    installed = [package("bash-5.1.8-9.el9.x86_64"), package("glibc-2.34-280.el9.x86_64"), package("centos-stream-release-9.0-38.el9.noarch")]
    _jobs, rows = rows_of(STREAM, installed, [offer("bash-5.1.8-9.el9.x86_64"), offer("glibc-2.34-231.el9.x86_64")], [], ["a needs b"])
    assert {row["verdict"] for row in rows.values()} == {"blocked"}


def test_almalinux_s_own_stays_and_what_comes_is_named():
    _jobs, rows = rows_of(STREAM, [package("bash-5.1.8-9.el9.x86_64", "AlmaLinux")], [offer("bash-5.1.8-9.el9.x86_64")], [item("install", "new-1-1.noarch")])
    assert {row["verdict"] for row in rows.values()} == {"same", "added"}


def test_the_summary_adds_up():
    rows = [{"verdict": "replaced", "download": 5, "size": 7},
            {"verdict": "replaced", "download": 1, "size": -10}, {"verdict": "removed", "download": 0, "size": -3}]
    assert plan.summary(rows) == ({"replaced": 2, "removed": 1}, 6, -6)


def test_the_diff_shows_what_moves():
    rows = [{"package": "bash-5-1.x", "becomes": "bash-5-1.x", "verdict": "replaced"},
            {"package": "acme-1-1.x", "becomes": None, "verdict": "kept-third-party"},
            {"package": "rocky-release-9-1.n", "becomes": None, "verdict": "removed"},
            {"package": None, "becomes": "almalinux-release-9-1.x", "verdict": "release"}]
    shown = plan.diff(rows)
    assert shown["before"] == "bash-5-1.x (the source's build)\nrocky-release-9-1.n\n"
    assert shown["after"] == "almalinux-release-9-1.x\nbash-5-1.x (AlmaLinux's build)\n"


def test_what_can_be_had_again_is_the_same_build():
    built = {"bash-5-1.x86_64": 10, "tar-1-1.x86_64": 20, "sed-1-1.x86_64": 30, "kept-1-1.x86_64": 40}
    builds = {"bash-5-1.x86_64": [[99, 7], [10, 5]], "tar-1-1.x86_64": [[21, 5]]}
    assert plan.way_back({"bash-5-1.x86_64", "tar-1-1.x86_64", "sed-1-1.x86_64"}, built, builds) == {
        "missing": ["sed-1-1.x86_64", "tar-1-1.x86_64"], "size": 5}


def test_files_that_will_differ():
    rows = [{"package": "bash-5-1.x86_64", "verdict": "replaced"}, {"package": "acme-1-1.x86_64", "verdict": "kept-third-party"},
            {"package": "centos-release-9-1.noarch", "verdict": "removed"}]
    modified = {"/etc/profile": ["bash-5-1.x86_64", True], "/etc/bashrc": ["bash-5-1.x86_64", False], "/etc/acme": ["acme-1-1.x86_64", True],
                "/etc/issue": ["centos-release-9-1.noarch", True]}
    found = plan.configuration(rows, modified, {"/etc/issue": "centos-release-9-1.noarch", "/etc/centos-release": "centos-release-9-1.noarch"},
                               {"/etc/yum.repos.d/redhat.repo": None})
    assert [(item["path"], item["fate"]) for item in found] == [
        ("/etc/bashrc", "replaced"), ("/etc/centos-release", "leaves"), ("/etc/issue", "leaves"), ("/etc/profile", "kept"),
        ("/etc/yum.repos.d/redhat.repo", "removed")]


@pytest.mark.parametrize("versions, newest", [([], None), (["9.8"], "9.8"), (["9.8", "9.10", "9.9"], "9.10")])
def test_the_release_that_there_is(versions, newest):
    available = [{"name": "almalinux-release", "epoch": 0, "version": item, "release": "1.el9"} for item in versions]
    assert plan.release(available + [{"name": "bash", "epoch": 0, "version": "5", "release": "1.el9"}]) == newest
