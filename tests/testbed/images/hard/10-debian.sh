# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Debian's builds of what the common userland lacks: sssd's PAM module, which EL's profile sssd names, coredump's configuration and journal-remote.
cp /etc/resolv.conf "$DEBIAN/etc/resolv.conf"
mkdir -p "$DEBIAN/debs"
chroot "$DEBIAN" sh -ec 'cd /debs && apt-get -qq -o APT::Sandbox::User=root update &&
    apt-get -qq -o APT::Sandbox::User=root download libpam-sss systemd-coredump systemd-journal-remote libmicrohttpd12t64'
unpack() { # package, words for tar
    dpkg-deb --fsys-tarfile "$DEBIAN"/debs/"$1"_*.deb | tar -x --keep-directory-symlink -C "${3:-/}" --wildcards "$2"
}
unpack libpam-sss './usr/lib/*/security/pam_sss*.so'
unpack systemd-coredump './etc/systemd/coredump.conf' || :
unpack systemd-coredump './usr/lib/*'
unpack systemd-coredump './usr/bin/coredumpctl'
# These two come with a package that a test installs: see 70-packages.sh.
mkdir -p /usr/share/testbed/journal-remote
for package in systemd-journal-remote libmicrohttpd12t64; do unpack $package './usr/lib/*' /usr/share/testbed/journal-remote; done
# What would set the machine's kernel.core_pattern; a host cannot write it either way.
rm -f /usr/lib/sysctl.d/50-coredump.conf
