# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Configuration as EL's packages ship it: files/all, then what this major has otherwise.
for tree in all "$MAJOR"; do
    [ ! -d "$HERE/files/$tree" ] || cp -r --no-preserve=mode,ownership "$HERE/files/$tree/." /
done
[ ! -d /etc/ssh/sshd_config.d ] || chmod 600 /etc/ssh/sshd_config.d/*
chmod 600 /etc/ssh/sshd_config
rm -rf /etc/cron.yearly /etc/cron.d/e2scrub_all /etc/cron.daily/* /etc/logrotate.d/{apt,dpkg,alternatives,wtmpdb} /etc/rsyslog.d/* \
    /etc/profile.d/gawk.* /etc/skel/.profile /root/.profile /home/admin/.profile /var/log/{README,apt,runit} /etc/default/{auditd,chrony,cron,ssh} \
    /etc/chrony /etc/nftables.conf /etc/bash.bashrc /etc/audit/audisp-filter.conf /etc/audit/plugins.d/filter.conf
mkdir -p /var/lib/rsyslog /var/lib/chrony /var/log/chrony /var/lib/aide /var/log/aide /etc/sysconfig /etc/sysctl.d /etc/grub.d
chown chrony:chrony /var/lib/chrony /var/log/chrony
chmod 700 /var/lib/rsyslog
ln -sf ../sysctl.conf /etc/sysctl.d/99-sysctl.conf
for name in messages secure maillog cron spooler; do install -m 600 /dev/null /var/log/$name; done
for name in bash_profile bashrc bash_logout; do
    for home in /root /home/admin; do cp /etc/skel/.$name $home/.$name; done
done
chown -R admin: /home/admin
chmod 750 /etc/audit /etc/audit/rules.d /etc/audit/plugins.d
chmod 640 /etc/audit/*.conf /etc/audit/rules.d/* /etc/audit/plugins.d/*
chmod 600 /etc/audit/rules.d/audit.rules
augenrules >/dev/null 2>&1
chmod 640 /etc/chrony.keys /etc/sysconfig/sshd
chgrp chrony /etc/chrony.keys
chmod 600 /etc/default/useradd
# kernels, boot loader: files alone, nothing boots here
printf 'set timeout=5\nset default="0"\nblscfg\n' >/boot/grub2/grub.cfg
chmod 600 /boot/grub2/grub.cfg
printf '# GRUB Environment Block\nsaved_entry=0\nkernelopts=root=/dev/mapper/almalinux-root ro crashkernel=auto\n' >/boot/grub2/grubenv
grubby --info=ALL >/dev/null
sed -i 's/^SELINUX=.*/SELINUX=enforcing/' /etc/selinux/config
cat >/etc/fstab <<'END'
#
# /etc/fstab
#
/dev/mapper/almalinux-root /                       xfs     defaults        0 0
END
