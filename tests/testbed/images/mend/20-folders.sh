# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Folders and files that EL has and Debian has not.
mkdir -p /etc/sysconfig/network-scripts /etc/security/pwquality.conf.d /etc/systemd/{journald,coredump,logind,system}.conf.d /etc/dnf/vars \
    /etc/modprobe.d /etc/sysctl.d /etc/profile.d /etc/motd.d /etc/pki/{rpm-gpg,tls/certs,tls/private,ca-trust/source/anchors} \
    /etc/kernel /boot/grub2 /boot/loader/entries /etc/issue.d /var/log/audit
touch /etc/sysconfig/{network,sshd,crond,chronyd,firewalld} /etc/environment
cat >/etc/libuser.conf <<'END'
[import]
login_defs = /etc/login.defs
default_useradd = /etc/default/useradd
[defaults]
crypt_style = sha512
modules = files shadow
create_modules = files shadow
[userdefaults]
LU_USERNAME = %n
LU_GIDNUMBER = %u
[groupdefaults]
LU_GROUPNAME = %n
[files]
[shadow]
END
cat >/etc/sysconfig/selinux.off <<'END'
SELINUX=disabled
SELINUXTYPE=targeted
END
mkdir -p /etc/selinux
mv /etc/sysconfig/selinux.off /etc/selinux/config
ln -sf ../selinux/config /etc/sysconfig/selinux
cat >/etc/default/grub <<'END'
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR="$(sed 's, release .*$,,g' /etc/system-release)"
GRUB_DEFAULT=saved
GRUB_DISABLE_SUBMENU=true
GRUB_TERMINAL_OUTPUT="console"
GRUB_CMDLINE_LINUX="crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M"
GRUB_DISABLE_RECOVERY="true"
GRUB_ENABLE_BLSCFG=true
END
ln -sf ../default/grub /etc/sysconfig/grub
# What says Debian, and what would let a module take this host for one.
rm -rf /etc/debian_version /etc/dpkg/origins /etc/apt /usr/bin/apt /usr/bin/apt-* /etc/cron.daily/{apt-compat,dpkg} /etc/motd /etc/update-motd.d
: >/etc/motd
# systemd takes an empty machine-id as a first boot and writes one
: >/etc/machine-id
# EL's account defaults
method=SHA512
[ "$MAJOR" -lt 10 ] || method=YESCRYPT
sed -i -E -e "s/^#?\s*(ENCRYPT_METHOD)\s.*/\1 $method/" -e 's/^#?\s*(HOME_MODE)\s.*/\1 0700/' -e 's/^#?\s*(UMASK)\s.*/\1 022/' /etc/login.defs
getent group wheel >/dev/null || groupadd -r wheel
