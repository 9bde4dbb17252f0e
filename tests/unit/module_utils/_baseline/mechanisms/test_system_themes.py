# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel parameters and modules, mounts, file systems, boot loader, SELinux, firewalld, AIDE, chrony, rsyslog, dnf: over a small tree."""
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import mount as mount_kind
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import sysctl as sysctl_kind
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import registry
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result

GRUB = 'GRUB_CMDLINE_LINUX="crashkernel=auto rhgb quiet"\nGRUB_DISABLE_RECOVERY="true"\n'
GRUB_CFG = """### BEGIN /etc/grub.d/01_users ###
if [ -f ${prefix}/user.cfg ]; then
  source ${prefix}/user.cfg
  if [ -n "${GRUB2_PASSWORD}" ]; then
    set superusers="root"
    export superusers
    password_pbkdf2 root ${GRUB2_PASSWORD}
  fi
fi
"""
HASH = "grub.pbkdf2.sha512.10000.AA11.BB22"
ENTRY = "title x\noptions root=/dev/sda1 ro $tuned_params\n"
MOUNTINFO = "22 1 253:0 / / rw,relatime - xfs /dev/mapper/root rw\n24 22 0:22 / /dev/shm rw,nosuid,nodev - tmpfs tmpfs rw\n" \
            "25 22 253:1 / /var rw,relatime - xfs /dev/mapper/var rw\n26 22 0:30 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw\n"
TMP_MOUNT = "[Mount]\nWhat=tmpfs\nWhere=/tmp\nType=tmpfs\nOptions=mode=1777,strictatime,nosuid,nodev,size=50%\n"
TRUSTED = '<?xml version="1.0" encoding="utf-8"?>\n<zone target="ACCEPT">\n  <forward/>\n</zone>\n'
RSYSLOG = 'include(file="/etc/rsyslog.d/*.conf" mode="optional")\n*.info /var/log/messages\nmail.* -/var/log/maillog\n'
AIDE = "@@define DBDIR /var/lib/aide\ndatabase=file:@@{DBDIR}/aide.db.gz\ndatabase_out=file:@@{DBDIR}/aide.db.new.gz\n/usr/sbin/auditd p+u\n"


class Host(object):
    """A tree, what was asked of commands, and the packages that there are."""

    def __init__(self, root, el=9, flags=()):
        self.root = root
        self.el = el
        self.flags = flags
        self.packages = {}
        self.said = {}
        self.view = None

    def write(self, path, text, mode=0o644):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        os.chmod(str(place), mode)

    def run(self, argv, **more):
        return Result(0, self.said.get(argv[0], ""), "")

    def look(self, mechanism, **args):
        """(Finding before, Finding after fix() or None, the view)."""
        if self.view is None:
            self.view = View(Context(root=str(self.root), run=self.run, uname=("5.14", "x86_64")), self.el, self.flags)
            self.view._states.update((("package", name), there) for name, there in self.packages.items())
            self.view._states.setdefault(("package", "aide"), True)
        control = Control({"id": "x", "mechanism": mechanism, "args": args})
        module = registry.MECHANISMS[mechanism]
        before = module.check(control, self.view)
        if before.ok:
            return before, None
        module.fix(control, self.view)
        return before, module.check(control, self.view)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def fixed(host, mechanism, **args):
    """The texts that a fix plans, once it is known to be enough, and to be no more than once."""
    before, after = host.look(mechanism, **args)
    assert not before.ok and after is not None and after.ok, (before.before, after and after.before)
    planned = dict((path, item.text) for path, item in host.view.planned_files.items())
    again, nothing = host.look(mechanism, **args)
    assert again.ok and nothing is None
    return planned


# --- kernel parameters -----------------------------------------------------------------------------------------------

OURS = "/etc/sysctl.d/zz-elkit-hardening.conf"


def test_a_parameter_by_a_drop_in(host):
    host.write("/proc/sys/net/ipv4/ip_forward", "1\n")
    host.write("/usr/lib/sysctl.d/50-default.conf", "net.ipv4.ip_forward = 1\n-net.ipv4.conf.*.rp_filter = 2\n")
    assert fixed(host, "sysctl", key="net.ipv4.ip_forward", value=0) == {OURS: "net.ipv4.ip_forward = 0\n"}
    assert host.view.planned_states == {("sysctl", "net.ipv4.ip_forward"): "0"}


@pytest.mark.parametrize("path", ["/etc/sysctl.d/10-mine.conf", "/etc/sysctl.conf", "/etc/sysctl.d/zzz.conf"])
def test_the_administrators_contrary_line_becomes_a_comment(host, path):
    host.write("/proc/sys/net/ipv4/tcp_syncookies", "0\n")
    host.write(path, "# mine\nnet/ipv4/tcp_syncookies=0\nvm.swappiness = 1")
    planned = fixed(host, "sysctl", key="net.ipv4.tcp_syncookies", value=1)
    assert planned[path] == "# mine\n# net/ipv4/tcp_syncookies=0\nvm.swappiness = 1"
    assert planned[OURS] == "net.ipv4.tcp_syncookies = 1\n"


def test_the_link_to_sysctl_conf_is_no_file_of_its_own(host):
    host.write("/etc/sysctl.conf", "a.b = 1\n")
    host.write("/etc/sysctl.d/x", "")
    (host.root / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    assert set(fixed(host, "sysctl", key="a.b", value=0)) == {OURS, "/etc/sysctl.conf"}


def test_a_file_in_the_place_of_that_link_is_read(host):
    host.write("/etc/sysctl.d/99-sysctl.conf", "a.b = 1\n")
    host.write("/etc/sysctl.conf", "a.b = 0\n")
    assert fixed(host, "sysctl", key="a.b", value=0) == {OURS: "a.b = 0\n", "/etc/sysctl.d/99-sysctl.conf": "# a.b = 1\n"}


@pytest.mark.parametrize("link", [True, False])
def test_sysctl_conf_counts_where_a_link_leads_there(host, link):
    host.write("/etc/sysctl.conf", "a.b = 0\n")
    host.write("/usr/lib/sysctl.d/50-default.conf", "a.b = 1\n")
    if link:
        # Wherever it lies.
        (host.root / "usr/lib/sysctl.d/99-sysctl.conf").symlink_to("../../../etc/sysctl.conf")
        before, nothing = host.look("sysctl", key="a.b", value=0)
        assert (before.ok, before.path, nothing) == (True, "/etc/sysctl.conf", None)
    else:
        assert fixed(host, "sysctl", key="a.b", value=0) == {OURS: "a.b = 0\n"}


def test_a_file_that_is_masked_says_nothing(host):
    host.write("/usr/lib/sysctl.d/50-coredump.conf", "kernel.core_pattern = |x\n")
    host.write("/etc/sysctl.d/x", "")
    (host.root / "etc/sysctl.d/50-coredump.conf").symlink_to("/dev/null")
    assert fixed(host, "sysctl", key="a.b", value=0) == {OURS: "a.b = 0\n"}
    assert host.look("sysctl", key="kernel.core_pattern", value="|x")[0].before["file"] is None


def test_a_parameter_that_the_kernel_lacks(host):
    before, after = host.look("sysctl", key="net.ipv6.conf.all.forwarding", value=0)
    assert not before.ok and after.ok and "no such parameter" in after.note and not host.view.planned_states


# --- kernel modules --------------------------------------------------------------------------------------------------

MODPROBE = "/etc/modprobe.d/00-elkit-hardening.conf"


def test_a_module_cannot_be_loaded(host):
    host.write("/usr/lib/modprobe.d/sctp-blacklist.conf", "# x\nblacklist sctp\n")
    assert fixed(host, "kernel_module", name="sctp") == {MODPROBE: "install sctp /bin/false\nblacklist sctp\n"}
    assert fixed(host, "kernel_module", name="usb-storage")[MODPROBE].endswith("install usb-storage /bin/false\nblacklist usb-storage\n")


def test_the_first_install_command_counts(host):
    host.write("/etc/modprobe.d/10-other.conf", "install usb_storage /sbin/modprobe --ignore-install usb_storage\n")
    host.write("/etc/modprobe.d/zz.conf", "install usb-storage /bin/true\nblacklist usb-storage\n")
    before, after = host.look("kernel_module", name="usb-storage")
    assert before.overridden_by == "/etc/modprobe.d/10-other.conf:1" and after.ok


def test_a_loaded_module_waits_for_a_reboot(host):
    host.write("/proc/modules", "udf 139264 0 - Live 0x0\n")
    _before, after = host.look("kernel_module", name="udf")
    assert after.ok and after.reboot


# --- mounts, file systems --------------------------------------------------------------------------------------------

SHM = {"source": "tmpfs", "fstype": "tmpfs", "options": ["defaults"]}


def test_an_option_in_fstab_and_now(host):
    host.write("/proc/self/mountinfo", MOUNTINFO)
    host.write("/etc/fstab", "/dev/mapper/var /var xfs defaults 0 0\n")
    assert fixed(host, "mount", path="/var", option="nodev") == {"/etc/fstab": "/dev/mapper/var /var xfs defaults,nodev 0 0\n"}
    assert host.view.planned_states == {("mount", "/var"): ["nodev", "relatime"]}


def test_shared_memory_gets_an_entry(host):
    host.write("/proc/self/mountinfo", MOUNTINFO)
    assert fixed(host, "mount", path="/dev/shm", option="noexec", entry=SHM) == {"/etc/fstab": "tmpfs /dev/shm tmpfs defaults,noexec 0 0\n"}


def test_a_unit_gets_a_drop_in(host):
    host.write("/proc/self/mountinfo", MOUNTINFO)
    host.write("/usr/lib/systemd/system/tmp.mount", TMP_MOUNT)
    assert fixed(host, "mount", path="/tmp", option="noexec") == {
        "/etc/systemd/system/tmp.mount.d/elkit-hardening.conf": "[Mount]\nOptions=mode=1777,strictatime,nosuid,nodev,size=50%,noexec\n"}


def test_what_is_no_mount_does_not_apply(host):
    host.write("/proc/self/mountinfo", MOUNTINFO)
    assert not host.look("mount", path="/home", option="nodev")[0].applies
    with pytest.raises(NotFixable):
        host.look("mount", path="/var", option="nodev")


def test_a_file_system_of_its_own(host):
    host.write("/proc/self/mountinfo", MOUNTINFO)
    assert host.look("partition", path="/var")[0].ok
    with pytest.raises(NotFixable):
        host.look("partition", path="/home")
    before, after = host.look("partition", path="/dev/zzz", entry=SHM)
    assert not before.ok and after.ok and after.reboot


def test_encryption(host):
    host.write("/proc/self/mountinfo", MOUNTINFO.replace("0:30", "0:31"))
    for device, uuid in (("253:0", "LVM-a"), ("253:1", "CRYPT-LUKS2-b")):
        host.write("/sys/dev/block/{0}/dm/uuid".format(device), uuid)
    host.write("/sys/dev/block/253:0/slaves/dm-5/dev", "253:5\n")
    host.write("/sys/dev/block/253:5/dm/uuid", "CRYPT-LUKS2-c")
    assert host.look("partition", encrypted=True)[0].ok
    host.write("/sys/dev/block/253:5/dm/uuid", "LVM-c")
    host.view = None
    with pytest.raises(NotFixable):
        host.look("partition", encrypted=True)


def test_a_remount_names_every_flag_and_its_opposite(host):
    host.write("/proc/self/mountinfo", MOUNTINFO)
    asked = []
    context = Context(root=str(host.root), run=lambda argv, **more: asked.append(argv))
    mount_kind.put(context, "/tmp", ["nodev", "nosuid"])
    assert asked == [["mount", "-o", "remount,bind,nodev,nosuid,rw,exec", "none", "/tmp"]]
    with pytest.raises(ControlError):
        mount_kind.put(context, "/home", ["nodev"])


def test_forwarding_leaves_redirects_as_they_were(host):
    # A kernel sets them anew when it begins or ceases to forward; this one does not, so that only the order of work shows.
    host.write("/proc/sys/net/ipv4/ip_forward", "1\n")
    host.write("/proc/sys/net/ipv4/conf/all/accept_redirects", "0\n")
    sysctl_kind.put(Context(root=str(host.root)), "net.ipv4.ip_forward", "0")
    assert (host.root / "proc/sys/net/ipv4/ip_forward").read_text() == "0\n"
    assert (host.root / "proc/sys/net/ipv4/conf/all/accept_redirects").read_text() == "0\n"


# --- boot loader -----------------------------------------------------------------------------------------------------

def test_an_argument_of_the_kernel(host):
    host.write("/etc/default/grub", GRUB)
    host.write("/boot/loader/entries/a b.conf", ENTRY)
    host.write("/proc/cmdline", "ro quiet\n")
    planned = fixed(host, "grub", argument="audit=1")
    assert planned == {"/etc/default/grub": GRUB.replace("rhgb quiet", "rhgb quiet audit=1"),
                       "/boot/loader/entries/a b.conf": ENTRY.replace("params", "params audit=1")}
    assert host.look("grub", argument="audit=1")[0].reboot


@pytest.mark.parametrize("args", [{"argument": "audit=1"}, {"absent": ["selinux=0"]}])
def test_what_only_a_shell_can_read_of_the_boot_loader_is_left(host, args):
    host.write("/etc/default/grub", GRUB + 'GRUB_CMDLINE_LINUX_DEFAULT="quiet \\\naudit=1"\n')
    with pytest.raises(NotFixable, match="/etc/default/grub, line 3, is more than a plain assignment.*GRUB_CMDLINE_LINUX_DEFAULT="):
        host.look("grub", **args)
    assert host.view.planned_files == {}


def test_release_8_refers_to_the_environment_block(host):
    host.el = 8
    host.write("/etc/default/grub", GRUB)
    host.write("/boot/loader/entries/a.conf", "options $kernelopts $tuned_params\n")
    host.write("/boot/grub2/grubenv", "# GRUB Environment Block\nkernelopts=ro\n".ljust(1024, "#"))
    planned = fixed(host, "grub", argument="audit=1")
    assert "/boot/loader/entries/a.conf" not in planned and "kernelopts=ro audit=1\n" in planned["/boot/grub2/grubenv"]
    assert len(planned["/boot/grub2/grubenv"]) == 1024


def block(**values):
    return ("# GRUB Environment Block\n" + "".join("{0}={1}\n".format(*item) for item in sorted(values.items()))).ljust(1024, "#")


@pytest.mark.parametrize("args, options, wanted, now", [
    ({"argument": "audit=1"}, "$kernelopts audit=0", "$kernelopts audit=1", "ro audit=1"),
    ({"argument": "audit=1"}, "$kernelopts", "$kernelopts", "ro audit=1"),
    ({"argument": "audit=1"}, "$kernelopts audit=1", "$kernelopts audit=1", "ro audit=1"),
    ({"absent": ["selinux=0"]}, "$kernelopts selinux=0", "$kernelopts", "ro"),
    # Without a value there, the entry has it itself.
    ({"argument": "audit=1"}, "$kernelopts", "$kernelopts audit=1", None)])
def test_words_beside_what_an_entry_refers_to(host, args, options, wanted, now):
    host.el = 8
    host.write("/etc/default/grub", GRUB)
    host.write("/boot/loader/entries/a.conf", "options {0}\n".format(options))
    host.write("/boot/grub2/grubenv", block() if now is None else block(kernelopts="ro"))
    fixed(host, "grub", **args)
    assert host.view.read("/boot/loader/entries/a.conf") == "options {0}\n".format(wanted)
    assert host.view.read("/boot/grub2/grubenv") == (block() if now is None else block(kernelopts=now))


@pytest.mark.parametrize("args, options, tuned", [
    ({"argument": "audit=1"}, "ro audit=1 $tuned_params", "x audit=0"), ({"absent": ["selinux=0"]}, "ro $tuned_params", "selinux=0 x")])
def test_what_tuned_gives_the_kernel_is_tuneds(host, args, options, tuned):
    host.write("/etc/default/grub", GRUB.replace("rhgb", "audit=1"))
    host.write("/boot/loader/entries/a.conf", "options {0}\n".format(options))
    host.write("/boot/grub2/grubenv", block(tuned_params=tuned))
    with pytest.raises(NotFixable, match="tuned gives the kernel (audit|selinux=0) .*tuned-adm"):
        host.look("grub", **args)
    # A word behind it wins.
    host.view = None
    host.write("/boot/loader/entries/a.conf", "options ro $tuned_params audit=1\n")
    assert host.look("grub", argument="audit=1")[0].ok


def test_an_argument_that_comes_behind_the_other(host):
    other = 'GRUB_CMDLINE_LINUX_DEFAULT="quiet audit=0"\n'
    host.write("/etc/default/grub", GRUB.replace("rhgb", "audit=1") + other)
    assert fixed(host, "grub", argument="audit=1") == {"/etc/default/grub": GRUB.replace("rhgb", "audit=1") + other.replace("audit=0", "audit=1")}


@pytest.mark.parametrize("now, wanted", [("65536", "65536"), ("8192", "8192"), ("64", "8192"), ("many", "8192"), (None, "8192")])
def test_a_higher_number_is_as_good_where_the_control_says_so(host, now, wanted):
    def line(value):
        return GRUB.replace("quiet", "quiet" if value is None else "quiet audit_backlog_limit=" + value)
    host.write("/etc/default/grub", line(now))
    host.look("grub", argument="audit_backlog_limit=8192", at_least=True)
    assert host.view.read("/etc/default/grub") == line(wanted)


def test_words_that_must_not_be_there(host):
    host.write("/etc/default/grub", GRUB.replace("quiet", "selinux=0 quiet").replace("true", "false"))
    host.write("/boot/loader/entries/a.conf", ENTRY.replace(" ro ", " ro enforcing=0 "))
    planned = fixed(host, "grub", absent=["selinux=0", "enforcing=0"], recovery=True)
    assert planned == {"/etc/default/grub": GRUB, "/boot/loader/entries/a.conf": ENTRY}


def test_the_password_is_never_told(host):
    host.write("/boot/grub2/grub.cfg", GRUB_CFG)
    with pytest.raises(NotFixable):
        host.look("grub", password="")
    with pytest.raises(ControlError):
        host.look("grub", password="secret")
    before, after = host.look("grub", password=HASH)
    assert HASH not in repr([vars(before), vars(after)]) and after.ok
    planned = host.view.planned_files["/boot/grub2/user.cfg"]
    assert (planned.text, planned.attrs.mode) == ("GRUB2_PASSWORD={0}\n".format(HASH), 0o600)


def test_a_password_that_is_there_is_enough(host):
    host.write("/boot/grub2/grub.cfg", GRUB_CFG)
    host.write("/boot/grub2/user.cfg", "GRUB2_PASSWORD={0}\n".format(HASH))
    assert host.look("grub", password="")[0].ok


def test_the_superuser(host):
    host.write("/etc/passwd", "root:x:0:0::/:/bin/sh\nbob:x:1:1::/:/bin/sh\n")
    host.write("/boot/grub2/grub.cfg", GRUB_CFG)
    with pytest.raises(NotFixable):
        host.look("grub", superuser="bob")
    assert fixed(host, "grub", superuser="bootadmin") == {
        "/boot/grub2/grub.cfg": GRUB_CFG.replace('"root"', '"bootadmin"').replace("password_pbkdf2 root", "password_pbkdf2 bootadmin")}


def test_no_boot_loader_no_control(host):
    assert not host.look("grub", argument="audit=1")[0].applies
    assert not host.look("grub", password="")[0].applies


def test_the_processor(host):
    host.write("/proc/cpuinfo", "processor : 0\nflags : fpu nx lm\n")
    assert host.look("cpu", feature="nx")[0].ok and host.look("cpu", feature="pae")[0].ok
    host.write("/proc/cmdline", "ro noexec=off\n")
    with pytest.raises(NotFixable):
        host.look("cpu", feature="nx")


# --- SELinux ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", [
    "SELINUX=permissive\n", "SELINUX=permissive\nSELINUX=enforcing\n", " SELINUX=enforcing\n", "SELINUX = enforcing\nSELINUX=disabled\n", "SELINUX=on\n"])
def test_selinux_enforces(host, text):
    host.write("/etc/selinux/config", "# x\n{0}SELINUXTYPE=targeted\n".format(text))
    host.write("/etc/selinux/targeted/policy/policy.33", "")
    host.write("/sys/fs/selinux/enforce", "0")
    assert fixed(host, "selinux", mode="enforcing") == {"/etc/selinux/config": "# x\nSELINUX=enforcing\nSELINUXTYPE=targeted\n"}
    assert host.view.planned_states == {("selinux", "mode"): "enforcing"}


@pytest.mark.parametrize("text, line", [("SELINUX=Enforcing\nSELINUX=disabled\n", 1), (" SELINUX=disabled\nSELINUX=\nSELINUX= enforcing\n", 3)])
def test_the_first_mode_that_libselinux_reads_counts(host, text, line):
    host.write("/etc/selinux/config", text)
    host.write("/sys/fs/selinux/enforce", "1")
    before, nothing = host.look("selinux", mode="enforcing")
    assert (before.ok, before.line, nothing) == (True, line, None)


def test_selinux_that_was_off_labels_anew_and_waits(host):
    host.write("/etc/selinux/config", "SELINUX=disabled\nSELINUXTYPE=targeted\n")
    host.write("/etc/selinux/targeted/policy/policy.33", "")
    planned = fixed(host, "selinux", mode="permissive", allowed=["enforcing"])
    assert planned["/.autorelabel"] == "-F\n" and host.look("selinux", mode="permissive")[0].reboot


def test_no_policy_no_enforcing(host):
    host.write("/etc/selinux/config", "SELINUX=disabled\n")
    with pytest.raises(NotFixable):
        host.look("selinux", mode="enforcing")


def test_a_container_has_the_file_alone(host):
    host.flags = ["container"]
    assert not host.look("selinux", mode="enforcing")[0].applies
    host.write("/etc/selinux/config", "SELINUX=permissive\n")
    host.view = None
    assert set(fixed(host, "selinux", mode="enforcing")) == {"/etc/selinux/config"}


def test_booleans_and_domains(host):
    assert not host.look("selinux", boolean="selinuxuser_execheap", value=False)[0].applies
    host.view = None
    host.write("/sys/fs/selinux/booleans/selinuxuser_execheap", "1 1")
    host.write("/sys/fs/selinux/enforce", "1")
    host.write("/proc/77/attr/current", "system_u:system_r:unconfined_service_t:s0")
    host.write("/proc/77/comm", "thing\n")
    fixed(host, "selinux", boolean="selinuxuser_execheap", value=False)
    assert host.view.planned_states == {("selinux", "selinuxuser_execheap"): "off"}
    with pytest.raises(NotFixable):
        host.look("selinux", unconfined=True)


# --- firewalld -------------------------------------------------------------------------------------------------------

def firewall(host, sshd="port 22\nlistenaddress 0.0.0.0:2222\n"):
    host.said["sshd"] = sshd
    host.write("/usr/lib/firewalld/zones/trusted.xml", TRUSTED)
    host.write("/usr/lib/firewalld/zones/drop.xml", '<zone target="DROP">\n</zone>\n')
    host.write("/usr/lib/firewalld/zones/public.xml", '<zone>\n  <service name="ssh"/>\n</zone>\n')
    host.write("/etc/firewalld/firewalld.conf", "# x\nDefaultZone=public\n")


def test_loopback(host):
    firewall(host)
    fixed(host, "firewalld", loopback="trusted")
    text = fixed(host, "firewalld", loopback="restricted")["/etc/firewalld/zones/trusted.xml"]
    assert '  <interface name="lo"/>\n' in text and text.count("<drop/>") == 2 and text.count('invert="True"') == 2


def test_ssh_is_open_before_anything_is_closed(host):
    firewall(host)
    planned = fixed(host, "firewalld", default_zone="drop", ports=["https", "8443/tcp"])
    assert planned["/etc/firewalld/firewalld.conf"] == "# x\nDefaultZone=drop\n"
    for line in ('<service name="ssh"/>', '<port port="2222" protocol="tcp"/>', '<service name="https"/>', '<port port="8443" protocol="tcp"/>'):
        assert line in planned["/etc/firewalld/zones/drop.xml"]


def test_the_ports_of_a_broken_sshd(host):
    firewall(host, sshd="")
    host.write("/etc/ssh/sshd_config", "Port 2200\n#Port 1\n")
    assert list(fixed(host, "firewalld", open=True, ports=[])) == ["/etc/firewalld/zones/public.xml"]
    assert 'port="2200"' in host.view.read("/etc/firewalld/zones/public.xml")


def test_a_port_that_sshds_unit_gives_it_stays_open(host):
    firewall(host)
    host.write("/etc/sysconfig/sshd", 'OPTIONS="-p 2222"\n')
    host.run = lambda argv, **more: Result(0, "port 2222\n" if argv == ["sshd", "-T", "-p", "2222"] else "port 22\n", "")
    assert '<port port="2222" protocol="tcp"/>' in fixed(host, "firewalld", open=True, ports=[])["/etc/firewalld/zones/public.xml"]


@pytest.mark.parametrize("args, error", [
    ({"default_zone": "nosuch"}, NotFixable),
    ({"open": True, "ports": ["a b"]}, ControlError), ({"open": True, "ports": ["1/tcp; x"]}, ControlError)])
def test_what_firewalld_does_not_know(host, args, error):
    firewall(host)
    with pytest.raises(error):
        host.look("firewalld", **args)


def test_a_broken_zone_is_named(host):
    firewall(host)
    host.write("/etc/firewalld/zones/trusted.xml", "<zone>")
    with pytest.raises(ControlError) as caught:
        host.look("firewalld", loopback="trusted")
    assert "/etc/firewalld/zones/trusted.xml" in str(caught.value)


def test_ip6tables(host):
    host.packages.update({"firewalld": False, "nftables": False, "iptables-services": True})
    host.write("/etc/sysconfig/ip6tables", "*mangle\n:INPUT DROP [0:0]\n*filter\n:INPUT ACCEPT [0:0]\n")
    with pytest.raises(NotFixable):
        host.look("ip6tables", policy="DROP")
    host.packages["firewalld"], host.view = True, None
    assert not host.look("ip6tables", policy="DROP")[0].applies


# --- AIDE ------------------------------------------------------------------------------------------------------------

def test_the_database(host):
    host.write("/etc/aide.conf", AIDE)
    fixed(host, "aide", database=True)
    assert host.view.planned_states == {("aide", "/var/lib/aide/aide.db.gz"): True}
    host.view = None
    host.write("/etc/aide.conf", AIDE.replace("database=", "database_in="))
    fixed(host, "aide", database=True)


def test_the_audit_tools(host):
    host.write("/etc/aide.conf", AIDE)
    planned = fixed(host, "aide", tools=["/usr/sbin/auditctl", "/usr/sbin/auditd"], attributes="p+i")
    assert planned["/etc/aide.conf"] == AIDE.replace("auditd p+u", "auditd p+i") + "/usr/sbin/auditctl p+i\n"


def test_a_regular_check(host):
    host.write("/etc/cron.d/0hourly", "01 * * * * root run-parts /etc/cron.hourly\n# /usr/sbin/aide --check\n")
    planned = fixed(host, "aide", schedule="5 4 * * *")
    assert planned["/etc/cron.d/elkit-aide"].endswith("\n5 4 * * * root /usr/sbin/aide --check\n")
    with pytest.raises(ControlError):
        host.view = None
        host.look("aide", schedule="5 4 * * * root rm\n")


def test_aide_without_its_configuration(host):
    with pytest.raises(ControlError):
        host.look("aide", database=True)
    host.view.planned_states[("package", "aide")], host.view._states[("package", "aide")] = True, False
    before, after = host.look("aide", database=True)
    assert not before.ok and after.ok


# --- chrony ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("before, after", [
    ('OPTIONS="-F 2"\n', 'OPTIONS="-F 2 -u chrony"\n'),
    ('# x\nOPTIONS="-u root -F 2"\n', '# x\nOPTIONS="-F 2 -u chrony"\n'),
    ("OPTIONS=\n", 'OPTIONS="-u chrony"\n'),
])
def test_the_user_of_chronyd(host, before, after):
    host.write("/etc/sysconfig/chronyd", before)
    assert fixed(host, "chrony", user="chrony", explicit=True) == {"/etc/sysconfig/chronyd": after}


def test_release_8_needs_no_word_of_it(host):
    host.write("/etc/sysconfig/chronyd", 'OPTIONS="-F 2"\n')
    assert host.look("chrony", user="chrony")[0].ok


def test_sources_of_time(host):
    host.write("/etc/chrony.conf", "#pool a\ndriftfile /var/lib/chrony/drift")
    planned = fixed(host, "chrony", servers=[], fallback="2.almalinux.pool.ntp.org")
    assert planned["/etc/chrony.conf"].endswith("drift\npool 2.almalinux.pool.ntp.org iburst\n")
    assert fixed(host, "chrony", servers=["time.example.com"], fallback="x")["/etc/chrony.conf"].endswith("server time.example.com iburst\n")
    with pytest.raises(ControlError):
        host.look("chrony", servers=["a\nb"], fallback="x")


@pytest.mark.parametrize("main, files, names", [
    ("server a\nPool b iburst\n# pool c\npeer d\n", {}, ["a", "b"]),
    ("confdir /etc/chrony/conf.d\nsourcedir /etc/chrony.sources\n",
     {"/etc/chrony/conf.d/u.conf": "server a\n", "/etc/chrony/conf.d/u.sources": "server x\n", "/etc/chrony.sources/v.sources": "pool b\n"}, ["a", "b"]),
    ("server a\nsourcedir /run/chrony-dhcp\n", {}, ["a"]),
    # DHCP's word is no configuration.
    ("sourcedir /run/chrony-dhcp\n", {"/run/chrony-dhcp/eth0.sources": "server a\n"}, []),
    # A name in an earlier directory of a line hides that of a later one.
    ("confdir /etc/a.d /etc/b.d/\n", {"/etc/a.d/1.conf": "\n", "/etc/b.d/1.conf": "server a\n", "/etc/b.d/2.conf": "server b\n"}, ["b"]),
    ("ConfDir /etc/a.d\nconfdir /etc/b.d\n", {"/etc/a.d/1.conf": "server a\n", "/etc/b.d/1.conf": "server b\n"}, ["a", "b"]),
    ("include /etc/chrony/*.inc\ninclude /etc/one\n", {"/etc/chrony/a.inc": "confdir /etc/a.d\n", "/etc/a.d/x.conf": "server a\n", "/etc/one": "pool b\n"},
     ["a", "b"]),
    ("include /etc/chrony.conf\ninclude /etc/nothing\nserver a\n", {}, ["a"]),
    # Nothing reads it unasked.
    ("driftfile /var/lib/chrony/drift\n", {"/etc/chrony.d/u.conf": "server a\n"}, []),
])
def test_sources_of_time_are_in_the_files_that_chronyd_reads(host, main, files, names):
    for path, text in files.items():
        host.write(path, text)
    host.write("/etc/chrony.conf", main)
    before, after = host.look("chrony", servers=[], fallback="2.almalinux.pool.ntp.org")
    assert (before.before, before.ok) == (names, bool(names)) and (after is None or after.ok)


# --- rsyslog ---------------------------------------------------------------------------------------------------------

def test_modes_of_log_files(host):
    host.write("/etc/rsyslog.conf", RSYSLOG)
    host.write("/var/log/messages", "", 0o644)
    host.write("/var/log/maillog", "", 0o600)
    fixed(host, "rsyslog", mode="0640")
    assert host.view.planned_states == {("mode", "/var/log/messages"): [os.getuid(), os.getgid(), 0o640]}


def test_the_mode_of_files_to_be(host):
    host.write("/etc/rsyslog.conf", "$FileCreateMode 0644\n" + RSYSLOG)
    planned = fixed(host, "rsyslog", create_mode="0640")
    assert planned == {"/etc/rsyslog.conf": "# $FileCreateMode 0644\n" + RSYSLOG, "/etc/rsyslog.d/00-elkit-hardening.conf": "$FileCreateMode 0640\n"}


def test_nobody_listens(host):
    host.write("/etc/rsyslog.conf", RSYSLOG)
    host.write("/etc/rsyslog.d/in.conf", 'module(load="imudp")\n')
    assert fixed(host, "rsyslog", listen=False) == {"/etc/rsyslog.d/in.conf": '# module(load="imudp")\n'}
    assert not host.look("rsyslog", listen=False, server=True)[0].applies


def test_a_log_host(host):
    host.write("/etc/rsyslog.conf", RSYSLOG)
    with pytest.raises(NotFixable):
        host.look("rsyslog", loghost="")
    with pytest.raises(ControlError):
        host.look("rsyslog", loghost="a b")
    assert fixed(host, "rsyslog", loghost="logs.example.com:514")["/etc/rsyslog.d/zz-elkit-loghost.conf"].endswith("*.* @@logs.example.com:514\n")


# --- dnf, rpm --------------------------------------------------------------------------------------------------------

def test_no_repository_without_signatures(host):
    host.write("/etc/yum.repos.d/a b.repo", "[a]\ngpgcheck = 0\nrepo_gpgcheck=0\n[b]\ngpgcheck=False\n#gpgcheck=0\n")
    assert fixed(host, "dnf_repos", option="gpgcheck") == {
        "/etc/yum.repos.d/a b.repo": "[a]\ngpgcheck = 1\nrepo_gpgcheck=0\n[b]\ngpgcheck=1\n#gpgcheck=0\n"}


VERIFIED = ".M.......  c /etc/crontab\n.M.......    /usr/bin/a b\n..5......    /usr/bin/ls\n" \
           "..5......  c /etc/x\n.....UG..    /etc/crontab\nmissing     /etc/y\n"


def rpm(host, verified=VERIFIED):
    def run(argv, **more):
        if argv[1] == "-Va":
            return Result(1, verified, "")
        modes = {"/etc/crontab": 0o100644, "/usr/bin/a b": 0o100755}
        return Result(0, "".join("{0}\x1f{1}\x1froot\x1froot\x1e".format(path, mode) for path, mode in modes.items()), "")
    host.run = run
    host.write("/etc/passwd", "root:x:{0}:0::/:/bin/sh\n".format(os.getuid()))
    host.write("/etc/group", "root:x:{0}:\n".format(os.getgid()))
    host.write("/etc/crontab", "", 0o600)
    host.write("/usr/bin/a b", "", 0o777)


def test_modes_that_are_too_loose_go_back(host):
    rpm(host)
    fixed(host, "rpm_verify", what="mode")
    assert list(host.view.planned_states) == [("mode", "/usr/bin/a b")] and host.view.planned_states[("mode", "/usr/bin/a b")][2] == 0o755


def test_owners_and_contents(host):
    rpm(host)
    assert host.look("rpm_verify", what="ownership")[0].ok
    with pytest.raises(NotFixable) as caught:
        host.look("rpm_verify", what="content")
    assert "/usr/bin/ls" in str(caught.value)


# --- what no host should be like -------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, mechanism, args", [
    ("/etc/fstab", "mount", {"path": "/var", "option": "nodev"}),
    ("/etc/default/grub", "grub", {"argument": "audit=1"}),
    ("/etc/selinux/config", "selinux", {"mode": "enforcing"}),
    ("/etc/sysconfig/chronyd", "chrony", {"user": "chrony", "explicit": True}),
    ("/etc/rsyslog.conf", "rsyslog", {"listen": False}),
    ("/etc/aide.conf", "aide", {"database": True}),
    ("/etc/firewalld/firewalld.conf", "firewalld", {"open": True}),
    ("/etc/modprobe.d/00-elkit-hardening.conf", "kernel_module", {"name": "udf"}),
    ("/etc/sysctl.d/zz-elkit-hardening.conf", "sysctl", {"key": "a.b", "value": 1}),
])
def test_a_directory_in_the_place_of_a_file(host, path, mechanism, args):
    (host.root / path.lstrip("/")).mkdir(parents=True)
    with pytest.raises(ControlError) as caught:
        host.look(mechanism, **args)
    assert path in str(caught.value)


@pytest.mark.parametrize("path, mechanism, args", [
    ("/etc/sysctl.d/zz-elkit-hardening.conf", "sysctl", {"key": "a.b", "value": 1}),
    ("/etc/modprobe.d/00-elkit-hardening.conf", "kernel_module", {"name": "udf"}),
])
def test_nothing_is_written_through_a_link(host, path, mechanism, args):
    host.write("/home/eve/target", "precious\n")
    host.write(os.path.dirname(path) + "/x", "")
    (host.root / path.lstrip("/")).symlink_to("../../home/eve/target")
    with pytest.raises(ControlError):
        host.look(mechanism, **args)
    assert not host.view.planned_files
