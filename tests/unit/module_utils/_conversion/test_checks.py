# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands against a conversion, by what a host looks like."""
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import checks, mapping
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError


class Context:
    """The files of a host: {path: text}."""

    def __init__(self, files):
        self.files = files

    def exists(self, path):
        return path in self.files

    def read(self, path):
        return self.files.get(path)

    def read_bytes(self, path):
        return self.files[path].encode() if path in self.files else None

    def names(self, directory):
        return sorted({path[len(directory) + 1:].split("/")[0] for path in self.files if path.startswith(directory + "/")})


def host(product="rocky", major=9, files=(), **other):
    """A machine that nothing stands against, but for what is given."""
    seen = SimpleNamespace(
        context=Context(dict(files)), identity={"name": "Rocky Linux", "minor": 6, "is_almalinux": False, "product": product},
        source=mapping.source(product, major, "x86_64"), why_not=None, is_root=True, errors={}, dnf_check=[], excludes={}, locks=[], mounts=[], immutable=[],
        database=SimpleNamespace(packages=[], errors=[]), plan=None, streams_after=[], enabled_after=["appstream", "baseos"], disabled_after=[],
        files_size=0, metadata_size=0,
        streams={"streams": []}, environment={"type": "machine", "container": None}, registered=False, registration="refuse", esp=None,
        kernel={"running_newest": True, "running": "5.14.0-1.el9.x86_64", "newest": "5.14.0-1.el9.x86_64", "installed": []},
        reboot={"required": False, "reasons": []}, security={"secure_boot": False, "fips": False},
        repositories={"configured": [], "broken_files": []})
    vars(seen).update(other)
    return seen


def package(name):
    return SimpleNamespace(name=name, nevra=name + "-1-1.el9.x86_64", arch="x86_64")


def plan(**parts):
    return dict({"rows": [], "items": [], "release": None, "problems": [], "protected": [], "not_allowed": [], "unmarked": [], "busy": None, "back": None,
                 "kernel": "standard", "silent": {"ours": [], "others": [], "why": ""}, "unknown_streams": []}, **parts)


def running(release, *installed):
    """The facts section kernel: what runs, and (release, flavour) of what is installed."""
    return {"running_newest": True, "running": release, "newest": release,
            "installed": [{"release": name, "flavour": flavour, "package": "kernel-core-" + name, "vendor": "Rocky"} for name, flavour in installed]}


def row(verdict, name="acme-1-1.x86_64"):
    return {"package": name, "verdict": verdict, "becomes": None, "repository": None, "download": 0, "size": 0, "detail": None}


def broken(path):
    return {"configured": [], "broken_files": [{"file": path, "problems": ["line 1"]}]}


def test_nothing_stands_against_it():
    assert checks.run(host(), {}) == []


CASES = [
    # what the host is like, id, severity, words, overridable
    ({"source": None, "why_not": "It is Fedora"}, "source", "inhibitor", "Fedora", False),
    ({"is_root": False}, "root", "inhibitor", "not made by root", False),
    ({"environment": {"type": "container", "container": "podman"}}, "container", "note", "podman", False),
    ({"files": {"/usr/local/cpanel/cpanel": ""}}, "control-panel", "inhibitor", "cPanel", True),
    ({"files": {"/usr/local/psa/version": ""}}, "control-panel", "inhibitor", "Plesk", True),
    ({"product": "rhel", "database": SimpleNamespace(packages=[package("rhui-azure-rhel9")], errors=[])}, "cloud-client", "warning",
     "client is installed: rhui-azure", False),
    ({"database": SimpleNamespace(packages=[package("acme-rhui")], errors=[])}, "cloud-client", "warning", "stays: acme-rhui", False),
    ({"registered": True}, "registration", "inhibitor", "Foreman", True),
    ({"registered": True, "registration": "unregister"}, "registration", "warning", "unregistered right before", False),
    ({"registered": True, "registration": "preserve"}, "registration", "warning", "client stay", False),
    ({"plan": plan(busy=4711)}, "package-run", "inhibitor", "process 4711", False),
    ({"plan": plan(busy=0)}, "package-run", "inhibitor", "another package run works", False),
    ({"plan": plan(back={"missing": ["bash-5-1.x86_64"], "later": [], "size": 0, "silent": []})}, "rollback-packages", "inhibitor", "bash-5-1", True),
    ({"plan": plan(back={"missing": ["bash-5-1.x86_64"], "later": [], "size": 0, "silent": ["baseos"]})}, "rollback-packages", "inhibitor",
     "repositories that cannot be loaded: baseos", True),
    ({"plan": plan(back={"missing": [], "later": ["kernel-uek-5-1.x86_64"], "size": 0, "silent": []})}, "rollback-packages", "warning",
     "kernel-uek-5-1", False),
    ({"plan": plan(silent={"ours": ["extras", "rt"], "others": [], "why": ""}), "disabled_after": ["extras"]}, "target", "note",
     "extras, rt; of these, AlmaLinux enables extras, which the conversion disables", False),
    ({"plan": plan(kernel=None), "kernel": running("6.6.31-v8.1.el9", ("6.6.31-v8.1.el9", "raspberrypi"))}, "kernel", "note", "left alone", False),
    ({"errors": {"trust": HostError("the key X is not pinned", "Trust it")}}, "trust", "inhibitor", "not pinned", False),
    ({"esp": {"partitions": [], "error": "the EFI system partition at /boot/efi cannot be found"}}, "efi", "inhibitor", "/boot/efi", True),
    ({"esp": {"partitions": [("nvme0n1", "nvme0n1p12")], "error": None}}, "efi", "note", "nvme0n1p12", False),
    ({"esp": {"partitions": [("sda", "sda1"), ("sdb", "sdb1")], "error": None}}, "efi", "note", "sda1, sdb1, a RAID", False),
    ({"errors": {"database": HostError("rpm's database cannot be read", "Rebuild it")}}, "rpm-database", "inhibitor", "cannot be read", False),
    ({"dnf_check": ["acme has missing requires of libold"]}, "dependencies", "inhibitor", "libold", True),
    ({"kernel": {"running_newest": False, "newest": "2", "running": "1", "installed": []}}, "reboot-pending", "inhibitor", "2 is installed", True),
    ({"reboot": {"required": True, "reasons": [{"package": "glibc"}]}}, "reboot-pending", "warning", "glibc", False),
    ({"files": {"/sys/module/zfs/taint": "POE"}}, "kernel-modules", "warning", "zfs", False),
    ({"plan": plan(kernel=None)}, "kernel", "inhibitor", "no kernel", False),
    ({"plan": plan(), "kernel": running("4.18.0-553.rt7.342.el8_10.x86_64", ("4.18.0-553.rt7.342.el8_10.x86_64", "rt"))}, "kernel", "warning",
     "kernel-rt", False),
    ({"security": {"secure_boot": True, "fips": False}}, "secure-boot", "warning", "shim", False),
    ({"security": {"secure_boot": False, "fips": True}}, "fips", "warning", "FIPS", False),
    ({"mounts": [{"mount": "/", "type": "btrfs", "options": ["rw"]}]}, "btrfs", "inhibitor", "btrfs", False),
    ({"mounts": [{"mount": "/usr", "type": "xfs", "options": ["ro"]}]}, "mounts", "inhibitor", "read-only", False),
    ({"mounts": [{"mount": "/var/tmp", "type": "xfs", "options": ["noexec"]}]}, "mounts", "inhibitor", "noexec", True),
    # What /var/tmp lies on.
    ({"mounts": [{"mount": "/", "type": "xfs", "options": ["rw"]}, {"mount": "/var", "type": "xfs", "options": ["rw", "noexec"]}]},
     "mounts", "inhibitor", "/var is mounted noexec", True),
    # Where nothing is run.
    ({"mounts": [{"mount": "/", "type": "xfs", "options": ["ro"]}, {"mount": "/boot", "type": "xfs", "options": ["rw", "noexec"]}]},
     "mounts", "inhibitor", "/ is mounted read-only", False),
    # shim and grub2-efi write there.
    ({"mounts": [{"mount": "/boot", "type": "xfs", "options": ["rw"]}, {"mount": "/boot/efi", "type": "vfat", "options": ["ro", "noexec"]}]},
     "mounts", "inhibitor", "/boot/efi is mounted read-only", False),
    ({"immutable": ["/usr/lib/os-release"]}, "immutable", "inhibitor", "os-release", True),
    ({"errors": {"plan": HostError("the repository baseos does not answer", "Mend it")}}, "target", "inhibitor", "baseos", False),
    ({"plan": plan(silent={"ours": ["crb", "plus"], "others": [], "why": " (Status code: 404)"})}, "target", "note",
     "take no part: crb, plus (Status code: 404)", False),
    ({"plan": plan(problems=["nothing provides x"])}, "solver", "inhibitor", "nothing provides x", False),
    ({"plan": plan(protected=["centos-logos-90-3.noarch"], problems=["Problem: this would remove the following protected packages: centos-logos"])},
     "solver", "inhibitor", "protected on this host: centos-logos-90-3.noarch", False),
    ({"plan": plan(not_allowed=["sudo-1-1.x86_64"])}, "solver", "inhibitor", "sudo", False),
    ({"plan": plan(rows=[row("kept-foreign")])}, "no-counterpart", "inhibitor", "acme", True),
    ({"plan": plan(rows=[row("kept-third-party")])}, "third-party-packages", "note", "acme", False),
    ({"excludes": {"/etc/dnf/dnf.conf": ["bash"]}}, "excludes", "inhibitor", "bash", True),
    ({"locks": ["bash-0:5*"]}, "version-locks", "inhibitor", "bash", True),
    ({"files": {"/etc/dnf/vars/releasever": "9.4\n"}}, "release-lock", "warning", "/etc/dnf/vars/releasever keeps dnf to 9.4", False),
    ({"streams": {"streams": [{"module": "nginx", "stream": "1.22", "state": "enabled"}]}}, "streams", "note", "module streams: nginx:1.22", False),
    ({"repositories": {"configured": [{"id": "acme", "enabled": True}], "broken_files": []}}, "foreign-repositories", "note", "acme", False),
    ({"repositories": {"configured": [{"id": "acme", "enabled": True}], "broken_files": []},
      "plan": plan(silent={"ours": [], "others": ["acme"], "why": " (404)"})}, "foreign-repositories", "note", "take no part: acme", False),
    ({"repositories": broken("/etc/distro.repos.d/x.repo")}, "broken-repositories", "warning", "x.repo is broken: line 1", False),
    ({"repositories": broken("/etc/yum.repos.d/x.repo")}, "broken-repositories", "inhibitor", "x.repo is broken: line 1", False),
    ({"repositories": broken("/etc/dnf/dnf.conf")}, "broken-repositories", "inhibitor", "dnf.conf is broken: line 1", False),
]


def test_a_mount_that_another_one_hides_does_not_count():
    mounts = [{"mount": "/", "type": "xfs", "options": ["rw"]}, {"mount": "/var", "type": "xfs", "options": ["ro", "noexec"]},
              {"mount": "/var", "type": "xfs", "options": ["rw"]}]
    assert checks.run(host(mounts=mounts), {}) == []


@pytest.mark.parametrize("other, identifier, severity, words, overridable", CASES)
def test_what_stands_against_it(other, identifier, severity, words, overridable):
    found = checks.run(host(**other), {})
    assert [(item["id"], item["severity"], item["overridable"]) for item in found] == [(identifier, severity, overridable)]
    assert words in found[0]["found"] and (severity == "note" or found[0]["remedy"])


def test_streams_that_nobody_has_are_a_warning():
    on_record = [{"module": name, "stream": stream, "state": "enabled"} for name, stream in (("acme", "1"), ("nginx", "1.22"), ("perl", "5.99"))]
    found = checks.run(host(streams={"streams": on_record}, plan=plan(unknown_streams=[["perl", "5.99"], ["acme", "1"]])), {})
    assert [(item["id"], item["severity"]) for item in found] == [("streams", "note"), ("streams", "warning")]
    assert found[1]["found"].endswith("stay enabled: acme:1, perl:5.99") and "source_extra" in found[1]["remedy"]


@pytest.mark.parametrize("enabled, words", [(["baseos"], False), (["baseos", "crb", "epel"], True)])
def test_what_epel_may_have_of_what_almalinux_has_not(enabled, words):
    found, = checks.run(host(enabled_after=enabled, plan=plan(rows=[row("kept-foreign", "htop-3-1.el9.x86_64")])), {})
    assert found["id"] == "no-counterpart" and ("EPEL" in found["remedy"]) is words


@pytest.mark.parametrize("other", [{"rows": [row("kept-foreign")]}, {"problems": ["nothing provides x"]}], ids=["has no counterpart", "does not fit"])
def test_a_repository_of_almalinux_that_may_have_what_is_missing_is_a_warning(other):
    found = checks.run(host(plan=plan(silent={"ours": ["crb"], "others": [], "why": ""}, **other)), {})
    assert [(item["id"], item["severity"]) for item in found][0] == ("target", "warning") and len(found) == 2
    assert "crb" in found[0]["found"] and "mirror" in found[0]["remedy"]


@pytest.mark.parametrize("problems, found", [
    # dnf's own words for it say no more, and would have the package removed; what else it says is not lost.
    ([], 1), (["Problem: nur das: centos-logos"], 1), (["Problem: removes the protected packages: centos-logos, sudo"], 2),
    (["Problem: nothing provides x"], 2)])
def test_what_is_protected_is_said_once_with_its_own_remedy(problems, found):
    rows = checks.run(host(plan=plan(protected=["centos-logos-90-3.noarch"], problems=problems)), {})
    assert len(rows) == found and "/etc/dnf/protected.d" in rows[0]["remedy"] and not rows[0]["overridable"]
    assert [row["found"].split(": ", 1)[1] for row in rows[1:]] == problems[:found - 1]


@pytest.mark.parametrize("other, identifier, overridable", [(other, identifier, overridable) for other, identifier, severity, _w, overridable in CASES
                                                            if severity == "inhibitor"])
def test_only_what_may_be_is_overridden(other, identifier, overridable):
    found = checks.run(host(**other), {identifier: "we know"})
    assert [(item["overridden"], item["reason"]) for item in found] == [(overridable, "we know" if overridable else None)]
    assert (checks.inhibitors(found) == []) is overridable


@pytest.mark.parametrize("major, minor, release, severity, words", [
    (8, 3, None, "inhibitor", ["8.3 is older", "8.4"]), (8, 3, "8.10", "inhibitor", ["8.3 is older", "8.4"]),
    (9, 99, None, "warning", ["9.99 is newer", "is not known"]),
    # What the repositories hold counts, whatever the collection knows.
    (9, 99, "9.99", None, []), (9, 99, "9.100", None, []),
    (9, 8, "9.6", "inhibitor", ["9.8 is newer", "hold, 9.6", "knows of is 9."]), (9, 99, "9.8", "inhibitor", ["9.99 is newer", "hold, 9.8"]),
    (9, 6, "9.6", None, []), (9, 6, "9", None, [])])
def test_minors(major, minor, release, severity, words):
    seen = host("rocky", major, identity={"name": "Rocky Linux", "minor": minor, "is_almalinux": False, "product": "rocky"}, plan=plan(release=release))
    found = checks.run(seen, {})
    assert [(item["id"], item["severity"], item["overridable"]) for item in found] == ([("minor", severity, severity == "inhibitor")] if severity else [])
    assert all(word in found[0]["found"] for word in words)


def test_kernels_of_the_source_alone_and_of_others():
    installed = [{"package": "kernel-core-5.14.0-1.el9.x86_64", "vendor": "Oracle America"},
                 {"package": "kernel-uek-core-6.12.0-1.el9uek.x86_64", "vendor": "Oracle America"},
                 {"package": "kernel-ml-core-7.0-1.el9.elrepo.x86_64", "vendor": "The ELRepo Project"}]
    seen = host("oracle", 9, kernel={"running_newest": True, "running": "x", "newest": "x", "installed": installed})
    found = checks.run(seen, {})
    assert [item["id"] for item in found] == ["third-party-kernels"] * 2
    assert "kernel-uek-core" in found[0]["found"] and "kernel-core-5" not in found[0]["found"] and "kernel-ml-core" in found[1]["found"]


@pytest.mark.parametrize("other", [
    {"plan": plan(kernel=None), "environment": {"type": "container", "container": "podman"}},
    {"plan": plan(kernel="64k"), "kernel": running("5.14.0-1.el9.aarch64+64k", ("5.14.0-1.el9.aarch64", "standard"), ("5.14.0-1.el9.aarch64", "64k"))},
    {"plan": plan(kernel="standard"), "kernel": running("5.15.0-1.el9uek.x86_64", ("5.15.0-1.el9uek.x86_64", "uek"))},
    {"errors": {"plan": HostError("dnf cannot", "Mend it")}}], ids=["a container", "the same flavour", "one that AlmaLinux does not build", "no plan"])
def test_a_kernel_that_is_there_is_nothing_to_tell(other):
    assert "kernel" not in [item["id"] for item in checks.run(host(**other), {})]


def test_every_check_is_seen_by_these_tests():
    assert set(checks.CHECKS) - {case[1] for case in CASES} == {"minor", "third-party-kernels", "space"}


# What libsolv says on a host where acme needs the source's newer build of NetworkManager.
PROBLEM = ("Problem: package acme-1-1.noarch from @System requires NetworkManager = 1:1.54.0-4.el9, but none of the providers can be installed "
           "- NetworkManager-1:1.54.0-4.el9.x86_64 from @System does not belong to a distupgrade repository - problem with installed package acme-1-1.noarch")


@pytest.mark.parametrize("configured", [[], [{"id": "acme", "enabled": True}]])
def test_a_third_party_that_stands_against_it_is_named_whether_its_repository_is_there_or_not(configured):
    rows = [row("kept-third-party", name) for name in ("acme-1-1.noarch", "cme-1-1.noarch", "other-1-1.noarch")]
    found = dict((item["id"] + " " + item["severity"], item["found"]) for item in checks.run(
        host(repositories={"configured": configured, "broken_files": []}, plan=plan(rows=rows, problems=[PROBLEM])), {}))
    assert found["third-party-packages warning"] == "packages of others stand against it: acme-1-1.noarch"
    assert found["third-party-packages note"] == "packages of others stay as they are: cme-1-1.noarch, other-1-1.noarch"
    assert found.get("foreign-repositories note") == (
        "repositories of others stay as they are: acme; packages of others stand against it: acme-1-1.noarch" if configured else None)


def test_the_packages_that_are_kept_for_a_way_back_take_room():
    rows = [dict(row("replaced"), download=10 << 20, size=0)]
    mounts = [{"mount": "/", "free": 100 << 20, "type": "xfs", "options": ["rw"]}]
    assert [item["id"] for item in checks.run(host(mounts=mounts, plan=plan(rows=rows, back={"missing": [], "later": [], "size": 10 << 20})), {})] == []
    found = checks.run(host(mounts=mounts, plan=plan(rows=rows, back={"missing": [], "later": [], "size": 40 << 20})), {})
    assert [item["id"] for item in found] == ["space"] and "40 MiB for packages of the source" in found[0]["found"]
    found = checks.run(host(mounts=mounts, files_size=20 << 20, metadata_size=30 << 20, plan=plan(rows=rows)), {})
    assert [item["id"] for item in found] == ["space"] and "20 MiB for the files of /etc" in found[0]["found"] and "30 MiB for metadata" in found[0]["found"]


@pytest.mark.parametrize("identifier, enabled, found", [
    ("rhel-9-for-x86_64-baseos-rhui-rpms", True, []), ("acme-rhui-rhel-9", False, []), ("acme-rhui-rhel-9", True, ["cloud-client"])])
def test_repositories_of_a_cloud_that_no_table_knows(identifier, enabled, found):
    repositories = {"configured": [{"id": identifier, "enabled": enabled}], "broken_files": []}
    rows = [row for row in checks.run(host("rhel", repositories=repositories), {}) if row["id"] != "foreign-repositories"]
    assert [row["id"] for row in rows] == found and all(identifier in row["found"] and "source_extra" in row["remedy"] for row in rows)


@pytest.mark.parametrize("streams, after, found", [
    ([("perl", "ol8", "enabled"), ("nginx", "1.22", "enabled"), ("php", "7.4", "disabled")], [["perl", "rhel8", []]],
     ["module streams: perl:ol8 becomes rhel8, nginx:1.22"]),
    ([("php", "7.4", "disabled")], [], []), ([], [], [])], ids=["some", "none that is enabled", "none"])
def test_what_becomes_of_module_streams(streams, after, found):
    seen = host("oracle", 8, streams={"streams": [dict(zip(("module", "stream", "state"), item)) for item in streams]}, streams_after=after)
    assert [item["found"] for item in checks.run(seen, {})] == found
    assert checks.run(host("oracle", 8, source=None, why_not="It is Fedora", streams=seen.streams), {})[0]["id"] == "source"


@pytest.mark.parametrize("environment, files, words", [
    # Of the kernel that runs, and of no other.
    ("machine", {"vmlinuz-5.14.0-1.el9.x86_64": 2 << 20, "initramfs-5.14.0-1.el9.x86_64.img": 4 << 20, "vmlinuz-5.14.0-0.el9.x86_64": 8 << 20},
     "6 MiB for kernels"),
    ("machine", {"vmlinuz-5.14.0-0.el9.x86_64": 8 << 20}, "120 MiB for kernels"), ("container", {}, None)],
    ids=["as large as the one that runs", "as large as they are", "a container has none"])
def test_the_room_that_a_kernel_takes_in_boot(environment, files, words):
    rows = [dict(row("added-kernel"), becomes="kernel-core-5.14.0-2.el9.x86_64")]
    seen = host(environment={"type": environment, "container": "podman"}, files={"/boot/" + name: "x" * size for name, size in files.items()},
                mounts=[{"mount": "/boot", "free": 5 << 20, "type": "xfs", "options": ["rw"]}], plan=plan(rows=rows))
    found = [item["found"] for item in checks.run(seen, {}) if item["id"] == "space"]
    assert len(found) == (1 if words else 0) and all(words in item for item in found), found


@pytest.mark.parametrize("name, found", [("raspberrypi2-kernel4", []), ("kernel-core", []), ("kernel-tools", ["rpm-database"]), ("bash", ["rpm-database"])])
def test_several_kernels_are_not_installed_twice(name, found):
    packages = [SimpleNamespace(name=name, nevra="{0}-{1}-1.el9.aarch64".format(name, number), arch="aarch64") for number in (1, 2)]
    assert [item["id"] for item in checks.run(host(database=SimpleNamespace(packages=packages, errors=[])), {})] == found


@pytest.mark.parametrize("kernel, found", [(running("6.6.31-v8.1.el9", ("6.6.31-v8.1.el9", "raspberrypi")), []), (running("5.14.0-1.el9.x86_64"), ["space"])])
def test_no_room_in_boot_is_asked_for_where_the_firmware_boots_by_itself(kernel, found):
    rows = [dict(row("added-kernel"), becomes="kernel-core-5.14.0-2.el9.x86_64")]
    seen = host(kernel=kernel, mounts=[{"mount": "/boot", "free": 5 << 20, "type": "xfs", "options": ["rw"]}], plan=plan(rows=rows))
    assert [item["id"] for item in checks.run(seen, {}) if item["id"] == "space"] == found
