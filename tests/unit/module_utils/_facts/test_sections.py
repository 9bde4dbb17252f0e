# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections on trees of files as hosts have them."""

import json
import os
import shutil

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, HostError, InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import (
    environment, hardware, kernel, packages, processes, reboot, registry, repositories, security, updates,
)
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import database
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm.database import Package
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "facts")
BOOT = 1787000000
UNAME = {"el8": "4.18.0-553.el8_10.x86_64", "el9": "5.14.0-687.5.3.el9_8.x86_64", "el10": "6.18.44-host"}


def rpm_of(root):
    def run(argv, timeout=None, check=True):
        assert tuple(argv) == database.COMMAND
        with open(os.path.join(root, "rpm-qa.txt"), newline="") as handle:
            return Result(0, handle.read(), "")
    return run


def context_of(host, root=None, run=None):
    root = root or os.path.join(FIXTURES, host)
    return Context(root, run or rpm_of(root), now=BOOT + 172800, uname=(UNAME[host], "x86_64"), is_root=True)


def gather(host, *names):
    facts = registry.gather(context_of(host), names or registry.choose(["all"]))
    return facts if len(names) != 1 else facts[names[0]]


@pytest.fixture
def copy(tmp_path):
    def work(host):
        target = str(tmp_path / host)
        shutil.copytree(os.path.join(FIXTURES, host), target)
        return target
    return work


@pytest.mark.parametrize("host", ["el8", "el9", "el10"])
def test_every_section_answers_in_json_with_a_list_of_errors(host):
    facts = json.loads(json.dumps(gather(host)))
    assert list(facts) == [name for name in registry.SECTIONS if name != "updates"]
    assert all(isinstance(facts[name]["errors"], list) for name in facts)
    assert not [error for name in facts for error in facts[name]["errors"] if "a bug in" in error]


def test_one_pass_over_the_database():
    calls = []
    context = context_of("el8")
    inner = context.run
    context.run = lambda *args, **more: calls.append(args) or inner(*args, **more)
    registry.gather(context, registry.choose(["all"]))
    assert len(calls) == 1


def test_identity_and_lifecycle():
    facts = gather("el8", "identity", "lifecycle")
    assert facts["identity"]["codename"] == "Cerulean Leopard" and facts["identity"]["minor"] == 10
    assert facts["identity"]["leftover_release_packages"] == ["centos-gpg-keys-1:8-3.el8.noarch"]
    assert facts["lifecycle"]["phase"] == "security" and facts["lifecycle"]["support_end"] == "2029-06-01"
    assert gather("el10", "identity")["architecture"] == "x86_64_v2"


def test_repositories_of_8():
    facts = gather("el8", "repositories")
    assert facts["enabled"] == ["appstream", "baseos", "inside"] and facts["errors"] == []
    by_id = dict((item["id"], item) for item in facts["configured"])
    assert by_id["powertools"]["canonical"] == "crb" and by_id["inside"]["canonical"] is None
    assert by_id["powertools"]["file"] == "/etc/yum.repos.d/almalinux-powertools.repo"
    assert by_id["inside"]["gpgcheck"] is True, "dnf.conf gives the default"
    assert by_id["inside"]["repo_gpgcheck"] is None, "that is no boolean"
    assert by_id["inside"]["baseurl"] == ["https://***@repo.example.com/el8/", "https://mirror.example.com/el8/"]
    assert facts["variables"] == {"contentdir": "almalinux", "infra": "stock", "stream": "8-stream"}


def test_secrets_of_repositories_never_show():
    for host in ("el8", "el10"):
        text = json.dumps(gather(host, "repositories"))
        assert "s3cr3t" not in text and "token=abc" not in text


def test_a_secret_in_a_variable_never_shows(copy):
    root = copy("el8")
    for path, text in (("etc/yum.repos.d/ours.repo", "[ours]\nbaseurl=https://svc:$mirrorpw@x/\n"), ("etc/dnf/vars/mirrorpw", "s3cr3t\n")):
        with open(os.path.join(root, path), "w") as handle:
            handle.write(text)
    facts = repositories.collect(context_of("el8", root=root))
    assert facts["variables"]["mirrorpw"] == "***" and "s3cr3t" not in json.dumps(facts)


def test_what_is_no_file_or_cannot_be_read_takes_no_other_variable_along(copy, monkeypatch):
    root = copy("el8")
    os.mkdir(root + "/etc/dnf/vars/a-directory")
    context = context_of("el8", root=root)
    inner = context.read_bytes

    def read(path):
        if path.endswith("/infra"):
            raise HostError("/etc/dnf/vars/infra: Permission denied")
        return inner(path)
    monkeypatch.setattr(context, "read_bytes", read)
    facts = repositories.collect(context)
    assert facts["variables"] == {"contentdir": "almalinux", "stream": "8-stream"}
    assert facts["errors"] == ["/etc/dnf/vars/infra: Permission denied"]


def test_broken_and_double_repositories_are_named_and_the_others_stay():
    facts = gather("el9", "repositories")
    # The first definition of crb is the one that counts for dnf.
    assert facts["enabled"] == ["appstream", "baseos"]
    assert facts["broken_files"] == [{
        "file": "/etc/yum.repos.d/broken.repo",
        "problems": ["line 3: the line is neither an option, a section header nor a comment"]}]
    text = " ".join(facts["errors"])
    assert "broken.repo is broken" in text and "crb is defined in" in text and "double.repo) is enabled but has no" in text
    assert [item["ignored"] for item in facts["configured"] if item["id"] == "broken"] == [True]


@pytest.mark.parametrize("files, enabled", [
    ({"a.repo": "[x]\nbaseurl=http://a/\nenabled=0\n", "b.repo": "[x]\nbaseurl=http://b/\n"}, False),
    ({"a.repo": "[x]\nbaseurl=http://a/\n", "b.repo": "[x]\nbaseurl=http://b/\nenabled=0\n"}, True),
    # dnf looks at the names without their ending.
    ({"a-b.repo": "[x]\nbaseurl=http://a/\nenabled=0\n", "a.repo": "[x]\nbaseurl=http://b/\n"}, True),
    # What has no URL, and what stands in a file that it cannot read, is nothing to dnf.
    ({".ansible_tmpq1.repo": "[x]\nbaseurl=http://a/\n"}, False), ({"a.repo": "[x]\nbaseurl=http://a/\n", ".a.repo": "nonsense\n"}, True),
    ({"a.repo": "[x]\nenabled=0\n", "b.repo": "[x]\nbaseurl=http://b/\n"}, True),
    ({"a.repo": "[x]\nbaseurl=http://a/\nenabled=0\nnonsense\n", "b.repo": "[x]\nbaseurl=http://b/\n"}, True)])
def test_of_two_definitions_the_first_counts(copy, files, enabled):
    root = copy("el8")
    for name, text in files.items():
        with open(os.path.join(root, "etc/yum.repos.d", name), "w") as handle:
            handle.write(text)
    assert ("x" in repositories.collect(context_of("el8", root=root))["enabled"]) is enabled


def test_a_link_to_nothing_is_a_broken_file(copy):
    root = copy("el8")
    os.symlink("/nowhere/x.repo", os.path.join(root, "etc/yum.repos.d/x.repo"))
    assert repositories.collect(context_of("el8", root=root))["broken_files"] == [
        {"file": "/etc/yum.repos.d/x.repo", "problems": ["it is a link to nothing"]}]


def test_another_directory_of_repositories(copy):
    root = copy("el8")
    os.makedirs(root + "/srv/repos")
    with open(root + "/srv/repos/x.repo", "w") as handle:
        handle.write("[x]\nbaseurl=file:///srv\n")
    with open(root + "/etc/dnf/dnf.conf", "w") as handle:
        handle.write("[main]\nreposdir=/srv/repos\n[inline]\nbaseurl=file:///inline\n")
    facts = registry.gather(context_of("el8", root), ["repositories"])["repositories"]
    assert facts["enabled"] == ["inline", "x"]


def test_module_streams():
    facts = gather("el8", "module_streams")
    assert facts["supported"] is True
    assert facts["streams"] == [
        {"module": "nginx", "stream": "1.22", "state": "enabled", "profiles": ["common"]},
        {"module": "php", "stream": None, "state": "disabled", "profiles": []}]
    broken = gather("el9", "module_streams")
    assert broken["streams"] == [] and "nodejs.module" in broken["errors"][0]
    assert gather("el10", "module_streams") == {"supported": False, "streams": [], "errors": []}


def test_packages():
    facts = gather("el8", "packages")
    assert facts["count"] == 13
    assert facts["by_vendor"] == {"AlmaLinux": 9, "CloudLinux": 1, "CentOS": 1, "Fedora Project": 1, "(none)": 1}
    assert facts["foreign"] == ["centos-gpg-keys-1:8-3.el8.noarch"]
    assert facts["third_party"] == ["epel-release-8-22.el8.noarch", "local-tool-1-1.noarch"]
    assert facts["unsigned"] == ["local-tool-1-1.noarch"]
    assert list(facts["duplicates"]) == ["vim-minimal.x86_64"] and len(facts["duplicates"]["vim-minimal.x86_64"]) == 2
    keys = dict((item["key"], (item["imported"], item["count"])) for item in facts["by_key"])
    assert keys["51d6647ec21ad6ea"] == (True, 1), "signed by the subkey of a key that is there"
    assert keys["21ea45ab2f86d6a1"] == (False, 1)
    assert [item["owner"] for item in facts["imported_keys"]] == ["AlmaLinux 8 (old key)", "AlmaLinux 8"]


def test_kernel_with_an_update_waiting():
    facts = gather("el8", "kernel")
    assert [item["release"] for item in facts["installed"]] == ["4.18.0-553.el8_10.x86_64", "4.18.0-553.16.1.el8_10.x86_64"]
    assert facts["newest"] == "4.18.0-553.16.1.el8_10.x86_64"
    assert (facts["running_installed"], facts["running_newest"], facts["foreign"]) == (True, False, [])
    assert gather("el9", "kernel")["running_newest"] is True
    inside = gather("el10", "kernel")
    assert (inside["running_installed"], inside["running_newest"], inside["newest"]) == (False, None, None)


def test_kernel_flavours_are_compared_among_themselves():
    def one(name, version):
        return Package(name, 0, version, "1.el9", "x86_64", "Other" if name == "kernel-ml-core" else "AlmaLinux")
    packages = {"kernel-core": [one("kernel-core", "5.14.2")], "kernel-rt-core": [one("kernel-rt-core", "5.14.2")],
                "kernel-ml-core": [one("kernel-ml-core", "6.9.1")]}
    facts = kernel.summarise("5.14.2-1.el9.x86_64+rt", packages, None)
    assert facts["running_newest"] is True and facts["newest"] == "5.14.2-1.el9.x86_64"
    assert kernel.summarise("5.14.1-1.el9.x86_64", packages, None)["running_installed"] is False


@pytest.mark.parametrize("name, version, release, running, flavour", [
    ("raspberrypi2-kernel4", "6.6.31", "20240529.v8.1.el9", "6.6.31-20240529.v8.1.el9", "raspberrypi"),
    ("kernel-uki-virt", "5.14.0", "687.el9", "5.14.0-687.el9.aarch64", "standard"),
    ("kernel-debug-uki-virt", "5.14.0", "687.el9", "5.14.0-687.el9.aarch64+debug", "debug")])
def test_kernels_that_boot_without_grub(copy, name, version, release, running, flavour):
    def packages(*releases):
        return {name: [Package(name, 0, version, item, "aarch64", "AlmaLinux") for item in releases]}
    facts = kernel.summarise(running, packages(release), None)
    assert (facts["running_installed"], facts["running_newest"]) == (True, True)
    assert [item["flavour"] for item in facts["installed"]] == [flavour]
    context = context_of("el9")
    context.kernel_release, context.packages = running, lambda _errors: packages(release, "9" + release)
    assert [item["name"] for item in reboot.collect(context)["reasons"]] == ["kernel"], "an update waits"


def test_a_unified_kernel_beside_grub_s_of_the_same_release():
    packages = dict((name, [Package(name, 0, "5.14.0", "687.el9", "x86_64", "AlmaLinux")]) for name in ("kernel-core", "kernel-uki-virt"))
    facts = kernel.summarise("5.14.0-687.el9.x86_64", packages, None)
    assert len(facts["installed"]) == 2 and facts["running_newest"] is True


@pytest.mark.parametrize("name, several", [
    ("kernel", True), ("kernel-core", True), ("kernel-uki-virt", True), ("raspberrypi2-kernel4", True), ("raspberrypi2-kernel4-devel", True),
    ("kernel-headers", False), ("kernel-tools-libs", False), ("kernel-srpm-macros", False), ("kernel-abi-stablelists", False),
    ("raspberrypi2-kernel4-tools", False), ("raspberrypi2-firmware", False), ("kernelshark", False), ("bash", False)])
def test_packages_of_which_several_versions_may_be_there(name, several):
    assert packages.several(name) is several


def test_reboot_names_the_packages_and_the_services():
    facts = gather("el8", "reboot")
    assert facts["required"] is True
    assert [item["name"] for item in facts["reasons"]] == ["glibc", "glibc", "kernel-core", "openssl-libs"]
    assert facts["services"] == ["sshd.service"] and facts["sessions"] == ["session-3.scope"] and facts["other"] == []
    assert facts["booted"] == "2026-08-17T20:53:22Z"


def test_no_reboot_and_a_kernel_that_was_installed_before_the_boot():
    facts = gather("el9", "reboot")
    assert (facts["required"], facts["reasons"], facts["services"]) == (False, [], [])
    older = context_of("el9")
    older.kernel_release = "5.14.0-600.el9_7.x86_64"
    assert registry.gather(older, ["reboot"])["reboot"]["required"] is False, "the running one is not installed: a container"


def test_names_of_needs_restarting_count_too(copy):
    root = copy("el8")
    os.makedirs(root + "/etc/dnf/plugins/needs-restarting.d")
    with open(root + "/etc/dnf/plugins/needs-restarting.d/x.conf", "w") as handle:
        handle.write("# ours\nbash\n")
    with open(root + "/proc/stat", "w") as handle:
        handle.write("btime 1\n")
    names = [item["name"] for item in registry.gather(context_of("el8", root), ["reboot"])["reboot"]["reasons"]]
    assert "bash" in names and "basesystem" not in names


def test_without_the_time_of_the_boot_nothing_is_claimed(copy):
    root = copy("el8")
    os.remove(root + "/proc/stat")
    facts = registry.gather(context_of("el8", root), ["reboot"])["reboot"]
    assert facts["required"] is None and facts["booted"] is None and "last boot" in facts["errors"][0]


def test_security():
    facts = gather("el8", "security")
    assert facts["selinux"] == {"status": "enabled", "mode": "enforcing", "configured_mode": "enforcing", "policy": "targeted"}
    assert facts["fips"] is True and facts["crypto_policy"] == {"configured": "FIPS", "current": "FIPS"}
    assert facts["firewall"] == {"active": [], "enabled": [], "installed": ["firewalld"], "default_zone": "public"}
    assert facts["authselect"] == {"profile": "sssd", "features": ["with-faillock", "with-sudo"]}
    assert (facts["firmware"], facts["secure_boot"]) == ("bios", None)
    nine = gather("el9", "security")
    assert (nine["firmware"], nine["secure_boot"], nine["selinux"]["mode"]) == ("uefi", True, "permissive")
    assert nine["crypto_policy"]["current"] == "DEFAULT:SHA1" and nine["authselect"]["profile"] is None
    ten = gather("el10", "security")
    assert ten["firmware"] is None and ten["selinux"]["status"] == "disabled" and ten["firewall"]["installed"] == ["nftables"]


@pytest.mark.parametrize("text, mode", [
    ("SELINUX=permissive # for now\n", "permissive"), ("SELINUX= Enforcing\n", "enforcing"), ("SELINUX=disabled\nSELINUX=enforcing\n", "disabled"),
    ("SELINUX=maybe\nSELINUX=enforcing\n", "enforcing"), ("#SELINUX=enforcing\n SELINUX=enforcing\nSELINUX =enforcing\n", None),
    ("selinux=enforcing\n", None), ("SELINUX=\nenforcing\n", None), ("SELINUXTYPE=targeted\n", None), (None, None)])
def test_the_configured_mode_is_what_libselinux_reads(text, mode):
    assert security.selinux(text, "1", True)["configured_mode"] == mode


def test_a_running_firewall_leaves_a_link(copy):
    root = copy("el8")
    os.makedirs(root + "/run/systemd/units")
    os.symlink("0123456789abcdef", root + "/run/systemd/units/invocation:firewalld.service")
    os.makedirs(root + "/etc/systemd/system/multi-user.target.wants")
    os.symlink("/usr/lib/systemd/system/firewalld.service", root + "/etc/systemd/system/multi-user.target.wants/firewalld.service")
    facts = registry.gather(context_of("el8", root), ["security"])["security"]["firewall"]
    assert facts["active"] == ["firewalld"] and facts["enabled"] == ["firewalld"]


@pytest.mark.parametrize("unit, there, installed, enabled", [
    ("/dev/null", True, True, False), ("", True, True, False), ("/dev/null", False, False, False), (None, True, True, True),
    ("[Unit]\n", False, True, True), ("/usr/lib/systemd/system/firewalld.service", True, True, True)],
    ids=["masked", "an empty file", "masked, never there", "of a package", "an administrator's own", "an alias"])
def test_a_masked_firewall_does_not_start(tmp_path, unit, there, installed, enabled):
    own, packaged = tmp_path / "etc/systemd/system", tmp_path / "usr/lib/systemd/system"
    for folder in (own / "multi-user.target.wants", packaged):
        folder.mkdir(parents=True)
    (own / "multi-user.target.wants/firewalld.service").symlink_to("/usr/lib/systemd/system/firewalld.service")
    if there:
        (packaged / "firewalld.service").write_text("[Unit]\n")
    if unit and unit.startswith("/"):
        (own / "firewalld.service").symlink_to(unit)
    elif unit is not None:
        (own / "firewalld.service").write_text(unit)
    facts = security.collect(Context(str(tmp_path), None))["firewall"]
    assert (facts["installed"], facts["enabled"]) == (["firewalld"] * installed, ["firewalld"] * enabled)


@pytest.mark.parametrize("content,expected", [(None, None), (b"", None), (b"\x06\0\0\0\x00", False), (b"\x06\0\0\0\x01", True),
                                              (b"\x06\0\0\0\x07", None)])
def test_secure_boot(content, expected):
    assert security.secure_boot(content) is expected


def test_hardware():
    assert gather("el8", "hardware")["x86_64_level"] == 3
    nine = gather("el9", "hardware")
    assert (nine["x86_64_level"], nine["missing_for_next_level"], nine["sufficient_for"]) == (2, ["avx2"], [8, 9])
    assert nine["model"].startswith("Intel")
    assert hardware.level(frozenset())[0] == 0
    other = context_of("el8")
    other.machine = "aarch64"
    assert registry.gather(other, ["hardware"])["hardware"]["x86_64_level"] is None


def test_environments():
    eight, nine, ten = (gather(host, "environment") for host in ("el8", "el9", "el10"))
    assert (eight["type"], eight["hypervisor"], eight["cloud"]) == ("vm", "kvm", None)
    assert (nine["type"], nine["container_host"], nine["container_engines"]) == ("physical", True, ["podman"])
    assert (ten["type"], ten["container"], ten["cloud"]) == ("container", "podman", None)


GUEST = "processor\t: 0\nflags\t\t: fpu hypervisor\n"
METAL = "processor\t: 0\nflags\t\t: fpu\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd\n"


@pytest.mark.parametrize("fields,cpuinfo,expected", [
    ({"sys_vendor": "Amazon EC2", "product_name": "t3.micro"}, GUEST, ("kvm", "aws")),
    ({"sys_vendor": "Amazon EC2", "product_name": "m5.metal"}, "flags\t\t: fpu\n", (None, "aws")),
    ({"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine"}, GUEST, ("hyperv", None)),
    ({"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine",
      "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77"}, GUEST, ("hyperv", "azure")),
    ({"sys_vendor": "VMware, Inc.", "product_name": "VMware7,1"}, GUEST, ("vmware", None)),
    ({"sys_vendor": "Hetzner", "product_name": "vServer"}, GUEST, ("kvm", "hetzner")),
    ({"sys_vendor": "Hetzner", "product_name": "vServer"}, ARM, ("kvm", "hetzner")),
    ({"sys_vendor": "Alibaba Cloud", "product_name": "Alibaba Cloud ECS"}, ARM, ("kvm", "alibaba")),
    ({"sys_vendor": "Apple Inc.", "product_name": "Apple Virtualization Generic Platform"}, ARM, ("apple", None)),
    ({"sys_vendor": "Scaleway", "product_name": "COPARM1-2C-8G"}, ARM, ("unknown", "scaleway")),
    ({"sys_vendor": "Amazon EC2", "product_name": "m7g.metal"}, ARM, (None, "aws")),
    ({"sys_vendor": "Huawei Cloud", "product_name": "Bare Metal"}, ARM, (None, "huawei")),
    ({"sys_vendor": "GIGABYTE", "chassis_asset_tag": "OracleCloud.com"}, ARM, (None, "oci")),
    ({"sys_vendor": "Scaleway", "product_name": "EM-A210R"}, METAL, (None, "scaleway")),
    ({"sys_vendor": "Xen", "product_name": "HVM domU", "bios_vendor": "Xen", "bios_version": "4.2.amazon"}, GUEST, ("xen", "aws")),
    ({"sys_vendor": "Xen", "product_name": "HVM domU", "bios_vendor": "Xen", "bios_version": "4.13"}, GUEST, ("xen", None)),
    ({}, GUEST, ("unknown", None)),
    ({"sys_vendor": "HPE"}, "", (None, None)),
])
def test_machines(fields, cpuinfo, expected):
    assert environment.machine(fields, cpuinfo, None) == expected


@pytest.mark.parametrize("files, hypervisor", [
    ({"sysinfo": "Manufacturer: IBM\nLPAR Name: LPA\nVM00 Name: LINUX1\nVM00 Control Program: z/VM    7.2.0\n"}, "zvm"),
    ({"sysinfo": "Manufacturer: IBM\nVM00 Control Program: KVM/Linux       \nVM01 Control Program: z/VM    7.2.0\n"}, "kvm"),
    ({"sysinfo": "Manufacturer: IBM\nVM00 Control Program: \n"}, "unknown"),
    ({"sysinfo": "Manufacturer: IBM\nLPAR Name: LPA\n"}, None),
    ({"device-tree/hypervisor/compatible": "linux,kvm\0", "device-tree/ibm,partition-name": "guest\0"}, "kvm"),
    ({"device-tree/hypervisor/compatible": "xen,xen-4.17\0xen,xen\0"}, "xen"),
    ({"device-tree/compatible": "IBM,9009-42A\0", "device-tree/ibm,partition-name": "lpar\0"}, "powervm"),
    ({"device-tree/compatible": "qemu,pseries\0", "device-tree/ibm,partition-name": "guest\0"}, "kvm"),
    ({"device-tree/compatible": "ibm,powernv\0"}, None)])
def test_machines_without_dmi(tmp_path, files, hypervisor):
    for name, text in dict(files, cpuinfo="processor\t: 0\n").items():
        path = tmp_path / "proc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    facts = environment.collect(Context(str(tmp_path), None))
    assert (facts["type"], facts["hypervisor"]) == ("vm" if hypervisor else "physical", hypervisor)


@pytest.mark.parametrize("cgroup,expected", [
    ("0::/system.slice/sshd.service\n", "sshd.service"),
    ("12:pids:/x\n1:name=systemd:/docker/0123/system.slice/crond.service\n", "crond.service"),
    ("0::/../../system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service"),
    ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n", "user@1000.service"),
    ("0::/user.slice/user-0.slice/session-1.scope\n", "session-1.scope"),
    ("0::/init.scope\n", "init.scope"), ("0::/\n", None), ("", None), ("rubbish\n", None),
])
def test_units(cgroup, expected):
    assert processes.unit(cgroup) == expected


def test_subscription_is_for_rhel_only(copy):
    assert gather("el9", "subscription")["applicable"] is False
    root = copy("el9")
    with open(root + "/etc/os-release", "w") as handle:
        handle.write('NAME="Red Hat Enterprise Linux"\nID=rhel\nVERSION_ID=9.8\n')
    os.makedirs(root + "/etc/pki/entitlement")
    for name in ("123.pem", "123-key.pem"):
        open(root + "/etc/pki/entitlement/" + name, "w").close()
    facts = registry.gather(context_of("el9", root), ["subscription"])["subscription"]
    assert (facts["applicable"], facts["registered"], facts["entitlements"]) == (True, False, ["123"])


def test_updates_are_counted():
    facts = updates.summarise({
        "pending": [{"name": "bash", "type": "security", "severity": "Important"}, {"name": "vim", "type": None, "severity": None},
                    {"name": "tar", "type": "bugfix", "severity": None}],
        "advisories": [{"id": "ALSA-2026:1", "cves": ["CVE-2026-2", "CVE-2026-1"]}, {"id": "ALSA-2026:2", "cves": ["CVE-2026-1"]}]})
    assert facts["count"] == 3 and facts["by_type"] == {"security": 1, "bugfix": 1, "none": 1}
    assert facts["by_severity"] == {"important": 1} and facts["cves"] == ["CVE-2026-1", "CVE-2026-2"]


# --- what goes wrong -------------------------------------------------------------------------------------------------

def test_without_a_database_only_what_needs_it_says_so(copy):
    root = copy("el8")
    os.remove(root + "/var/lib/rpm/Packages")
    facts = registry.gather(context_of("el8", root), registry.choose(["all"]))
    failed = [name for name in facts if facts[name]["errors"]]
    assert failed == ["identity", "packages", "kernel", "reboot"]
    assert list(facts["packages"]) == ["errors"] and facts["reboot"]["required"] is None
    assert facts["identity"]["major"] == 8


def test_without_rpm_it_is_named(copy):
    def run(argv, **more):
        raise CommandError("the command rpm is not there", "Install it")
    facts = registry.gather(context_of("el8", run=run), ["packages", "security"])
    assert "the command rpm is not there" in facts["packages"]["errors"][0] and facts["security"]["errors"] == []


def test_bytes_that_are_no_text_do_no_harm(copy):
    root = copy("el8")
    for name in ("/etc/os-release", "/etc/yum.repos.d/almalinux.repo", "/etc/selinux/config", "/etc/dnf/modules.d/php.module",
                 "/proc/cpuinfo", "/proc/stat", "/proc/1/stat"):
        with open(root + name, "wb") as handle:
            handle.write(b"\xff\xfe\x00[\n=\n")
    facts = registry.gather(context_of("el8", root), registry.choose(["all"]))
    json.dumps(facts).encode("utf-8")
    assert facts["identity"]["is_el"] is False
    assert not [error for name in facts for error in facts[name]["errors"] if "a bug in" in error]


def test_a_directory_in_a_files_place_is_an_error_of_that_section(copy):
    root = copy("el8")
    for name in ("/etc/selinux/config", "/etc/yum.repos.d/almalinux-powertools.repo", "/etc/dnf/modules.d/php.module"):
        os.remove(root + name)
        os.mkdir(root + name)
    facts = registry.gather(context_of("el8", root), registry.choose(["all"]))
    assert [name for name in facts if facts[name]["errors"]] == ["repositories", "module_streams", "security"]
    assert facts["repositories"]["enabled"] == ["appstream", "baseos", "inside"]


def test_what_nobody_thought_of_is_one_sections_error():
    def broken(context):
        raise TypeError("oops")
    assert registry._gather_one(None, broken)["errors"] == ["a bug in elkit.almalinux: TypeError: oops"]


# --- gather_subset ---------------------------------------------------------------------------------------------------

ALL = [name for name in registry.SECTIONS if name != "updates"]


@pytest.mark.parametrize("subset,expected", [
    (["all"], ALL), ([], ALL), (["identity", "kernel"], ["identity", "kernel"]), (["kernel", "identity"], ["identity", "kernel"]),
    (["!packages"], [name for name in ALL if name != "packages"]), (["updates"], ["updates"]), (["all", "updates"], ALL + ["updates"]),
    (["all", "!kernel", "kernel"], [name for name in ALL if name != "kernel"]), (["!all", "reboot"], ["reboot"]), (["!all"], []),
    (["!all", "min", "network"], []), (["network"], []), (["kernel_version"], []), (["hardware", "virtual"], ["hardware"]), ([" identity "], ["identity"]),
])
def test_choose(subset, expected):
    assert registry.choose(subset) == expected


def test_an_unknown_section_is_named_with_the_nearest():
    with pytest.raises(InputError, match="'repositorys'.*Did you mean repositories"):
        registry.choose(["repositorys"])
