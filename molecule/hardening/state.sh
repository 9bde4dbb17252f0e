#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that hardening may touch: files byte for byte with owner and mode, packages, units, kernel parameters, policies.
# ld.so.cache, and what systemd and dconf make of other files, is made anew and says nothing; shadow-, group- and the like are the copies that
# usermod keeps of what was there before its last call.
find /etc /boot /root /home /usr/lib/sysctl.d /usr/lib/systemd /var/spool/cron /var/log/audit -xdev \
    -not -path /root/before -not -path '/root/.ansible*' -not -path '/home/*/.ansible*' \
    -not -path /etc/ld.so.cache -not -path '/etc/pki/ca-trust/extracted/*' -not -path '/etc/dconf/db/*' -not -path '/etc/*shadow-' -not -path /etc/group- -not -path /etc/passwd- -not -name '.updated' \
    \( -type f -printf '%p %u %g %m ' -exec sha256sum {} \; -o -type l -printf '%p -> %l\n' -o -type d -printf '%p %u %g %m\n' \) 2>/dev/null | sort
rpm -qa | grep -v ^gpg-pubkey | sort
systemctl list-unit-files --no-legend 2>/dev/null | awk '$2 != "transient" {print "unit", $1, $2}' | sort
systemctl list-units --all --plain --no-legend --type=service,socket,timer 2>/dev/null |
    awk '$1 !~ /^(elkit|user@|user-runtime|run-|session|systemd-tmpfiles-clean|dnf-makecache|systemd-hostnamed)/ && $2 == "loaded" {print "active", $1, $3}' | sort
sysctl net.ipv4 net.ipv6 2>/dev/null | grep -v -e neigh -e route -e random -e tcp_fastopen_key -e stable_secret -e _mem | sort
authselect current 2>/dev/null
update-crypto-policies --show 2>/dev/null
exit 0
