# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of place a host is, by what lies on it."""
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import environment
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context


@pytest.mark.parametrize("path, text, reason", [
    ("etc/ipa/default.conf", "", "it has /etc/ipa/default.conf"),
    ("etc/krb5.keytab", "", "it has /etc/krb5.keytab"),
    ("etc/sssd/sssd.conf", "[domain/x]\nid_provider = ldap\n", "sssd.conf names the provider ldap"),
    ("etc/sssd/sssd.conf", "[domain/x]\nid_provider = files\n", None),
    ("etc/yp.conf", "# comment\ndomain example server nis.example\n", "yp.conf names a NIS server"),
    ("etc/yp.conf", "ypserver nis.example\n", "yp.conf names a NIS server"),
    ("etc/yp.conf", "# domain NISDOMAIN server HOSTNAME\n\n", None),
])
def test_who_gives_this_host_its_accounts(tmp_path, path, text, reason):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    assert environment._joined(Context(root=str(tmp_path))) == reason


NETWORK = "etc/libvirt/qemu/networks/default.xml"
NAT = "<network>\n  <name>default</name>\n  <forward mode='nat'/>\n  <bridge name='virbr0' stp='on' delay='0'/>\n</network>\n"
MACHINE = {"run/systemd/system/": "", "proc/cpuinfo": "flags\t\t: fpu vme\n"}
AWS = {"sys/class/dmi/id/sys_vendor": "Amazon EC2\n", "sys/class/dmi/id/product_name": "t3.micro\n"}


@pytest.mark.parametrize("tree, found", [
    ({}, {}),
    ({"run/systemd/container": "lxc\n"}, {"container": "it is a container (lxc)"}),
    ({"proc/1/environ": "TERM=xterm\0container=podman\0"}, {"container": "it is a container (podman)"}),
    ({"run/.containerenv": ""}, {"container": "it is a container (podman)"}),
    ({".dockerenv": ""}, {"container": "it is a container (docker)"}),
    (AWS, {"cloud": "it runs on aws"}),
    # In a container these are the machine's below.
    (dict(AWS, **{".dockerenv": ""}), {"container": "it is a container (docker)"}),
    ({"sys/class/dmi/id/sys_vendor": "Dell Inc.\n"}, {}),
    ({"usr/bin/podman": ""}, {"container_host": "it has podman"}),
    ({"usr/bin/dockerd": "", "usr/bin/containerd": ""}, {"container_host": "it has docker, containerd"}),
    ({"usr/local/bin/k3s": ""}, {"container_host": "it has k3s"}),
    ({"usr/libexec/frr/zebra": ""}, {"router": "it has /usr/libexec/frr/zebra"}),
    ({"usr/sbin/keepalived": ""}, {"router": "it has /usr/sbin/keepalived"}),
    ({"usr/bin/wg-quick": ""}, {"router": "it has /usr/bin/wg-quick"}),
    ({NETWORK: NAT}, {"router": "/etc/libvirt/qemu/networks/default.xml is a network that libvirt routes"}),
    ({NETWORK: NAT.replace(" mode='nat'", "")}, {"router": "/etc/libvirt/qemu/networks/default.xml is a network that libvirt routes"}),
    ({NETWORK: NAT.replace("'nat'", '"route"')}, {"router": "/etc/libvirt/qemu/networks/default.xml is a network that libvirt routes"}),
    ({NETWORK: NAT.replace("nat", "bridge")}, {}),
    ({NETWORK: NAT.replace("<forward", "<!-- <forward").replace("'/>", "'/> -->")}, {}),
    ({NETWORK: "<network><name>alone</name></network>\n", "usr/sbin/libvirtd": ""}, {}),
    ({"etc/openvpn/server/office.conf": "port 1194\n"}, {"router": "it has /etc/openvpn/server/office.conf"}),
    ({"etc/openvpn/office.conf": "port 1194\nserver 10.8.0.0 255.255.255.0\n"}, {"router": "/etc/openvpn/office.conf is a server of openvpn"}),
    ({"etc/openvpn/office.conf": "mode server\n"}, {"router": "/etc/openvpn/office.conf is a server of openvpn"}),
    ({"etc/openvpn/client/me.conf": "client\n", "etc/openvpn/me.conf": "client\n# server 10.8.0.0\n", "usr/sbin/openvpn": ""}, {}),
    ({"etc/sysctl.d/90-forward.conf": "net.ipv4.ip_forward = 1\n"}, {}),
    ({"etc/sssd/sssd.conf": "[domain/x]\nid_provider = ldap\n"}, {"joined": "sssd.conf names the provider ldap"}),
    ({"etc/krb5.keytab": ""}, {"joined": "it has /etc/krb5.keytab"}),
    ({"etc/yp.conf": "ypserver nis.example\n"}, {"joined": "yp.conf names a NIS server"}),
    ({"usr/sbin/gdm": ""}, {"desktop": "it has gdm"}),
    ({"sys/firmware/efi/": ""}, {"efi": "its firmware is EFI"}),
    ({"usr/bin/podman": "", "usr/sbin/bird": "", "etc/krb5.keytab": ""},
     {"container_host": "it has podman", "router": "it has /usr/sbin/bird", "joined": "it has /etc/krb5.keytab"}),
])
def test_what_kind_of_place_this_is(tmp_path, tree, found):
    grow(tmp_path, dict(MACHINE, **tree))
    assert environment.detect(Context(root=str(tmp_path))) == found


def grow(root, tree):
    for path, text in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            (root / path).mkdir(parents=True, exist_ok=True)
        else:
            (root / path).write_text(text)


def test_a_place_without_systemd(tmp_path):
    assert environment.detect(Context(root=str(tmp_path))) == {"no_systemd": "no systemd runs here"}


@pytest.mark.parametrize("forced, found", [
    ({"container": False}, {"router": "it has /usr/sbin/bird"}),
    ({"container": True, "router": False, "joined": True}, {"container": "it is a container (docker)", "joined": "it is said so"}),
    ({"cloud": False}, {"container": "it is a container (docker)", "router": "it has /usr/sbin/bird"}),
])
def test_what_somebody_says_wins(tmp_path, forced, found):
    grow(tmp_path, dict(MACHINE, **{".dockerenv": "", "usr/sbin/bird": ""}))
    assert environment.detect(Context(root=str(tmp_path)), forced) == found


def test_a_place_there_is_not(tmp_path):
    with pytest.raises(InputError, match="there is no environment moon") as error:
        environment.detect(Context(root=str(tmp_path)), {"moon": True, "container": True})
    assert all(flag in str(error.value) for flag in environment.FLAGS)
