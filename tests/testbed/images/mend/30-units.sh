# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Units carry EL's names, as real unit files and not as aliases, and nothing of Debian's own housekeeping runs.
units=/usr/lib/systemd/system

rename() { # Debian's unit, EL's
    [ -e "$units/$1" ] || return 0
    find /etc/systemd/system \( -lname "*/$1" -o -name "$1" -o -name "$2" \) -delete
    sed -e '/^Alias=/d' "$units/$1" >"$units/$2"
    rm "$units/$1"
    find "$units" -lname "$1" -delete
    systemctl enable -q "$2"
}
rename ssh.service sshd.service
rename cron.service crond.service
rename chrony.service chronyd.service
# Once the units have EL's names, systemd would start Debian's init scripts besides: two sshd, of which one takes
# /run/sshd away.
rm -rf /etc/init.d/* /etc/rc?.d/*
rm -f $units/ssh.socket $units/ssh@.service
ln -sf cron /usr/sbin/crond

for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer apt-daily.service apt-daily-upgrade.service dpkg-db-backup.service dailyaidecheck.timer; do
    systemctl disable -q "$unit" 2>/dev/null || :
    rm -f "$units/$unit"
done
# These reach for the machine's kernel, which a host shares with everyone.
systemctl mask -q sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount \
    systemd-modules-load.service systemd-udevd.service systemd-pstore.service
# Auditing does not start in a container, on EL neither: skipped there instead of failed.
for unit in auditd audit-rules; do
    [ -e $units/$unit.service ] || continue
    mkdir -p /etc/systemd/system/$unit.service.d
    printf '[Unit]\nConditionVirtualization=!container\n' >/etc/systemd/system/$unit.service.d/container.conf
done
systemctl set-default -q multi-user.target
