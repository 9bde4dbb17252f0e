# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016  # what is in single quotes is for systemd to expand
# Units as EL has them. What reaches for the machine's kernel stays off.
units=/usr/lib/systemd/system
rm -f $units/e2scrub* /etc/systemd/system/*/e2scrub*
for unit in fstrim.timer systemd-networkd.service; do systemctl disable -q $unit 2>/dev/null || :; done
# EL's daemons read their options from /etc/sysconfig.
mkdir -p /etc/systemd/system
sed -i -E -e 's,^EnvironmentFile=.*,EnvironmentFile=-/etc/sysconfig/crond,' \
    -e 's,^ExecStart=.*,ExecStart=/usr/sbin/crond -f $CRONDARGS,' $units/crond.service
cat >$units/chronyd.service <<'END'
[Unit]
Description=NTP client/server
Conflicts=ntpd.service systemd-timesyncd.service
ConditionCapability=CAP_SYS_TIME
After=network.target

[Service]
Type=forking
PIDFile=/run/chrony/chronyd.pid
RuntimeDirectory=chrony
EnvironmentFile=-/etc/sysconfig/chronyd
ExecStart=/usr/sbin/chronyd -f /etc/chrony.conf $OPTIONS

[Install]
WantedBy=multi-user.target
END
rm -f $units/chrony-dnssrv@* $units/chronyd-restricted.service
sed -i -E 's,^ExecStart=.*,ExecStart=/usr/sbin/rsyslogd -n $SYSLOGD_OPTIONS,;/^EnvironmentFile/d' $units/rsyslog.service
sed -i '/^ExecStart=/i EnvironmentFile=-/etc/sysconfig/rsyslog' $units/rsyslog.service
# On release 8 the crypto policy reaches sshd as an argument.
options='$OPTIONS'
[ "$MAJOR" -gt 8 ] || options='$OPTIONS $CRYPTO_POLICY'
sed -i -E -e '/^EnvironmentFile/d' -e "s,^ExecStart=.*,ExecStart=/usr/sbin/sshd -D $options," $units/sshd.service
sed -i '/^ExecStart=/i EnvironmentFile=-/etc/sysconfig/sshd' $units/sshd.service
[ "$MAJOR" -gt 8 ] || sed -i '/^ExecStart=/i EnvironmentFile=-/etc/crypto-policies/back-ends/opensshserver.config' $units/sshd.service
if [ "$MAJOR" -lt 10 ] && [ -e $units/audit-rules.service ]; then
    # before release 10 the daemon's own unit loads the rules
    rm -rf $units/audit-rules.service /etc/systemd/system/audit-rules.service.d /etc/systemd/system/*/audit-rules.service
    sed -i -E -e '/audit-rules.service/d' -e '/^ExecStart=/a ExecStartPost=-/sbin/augenrules --load' $units/auditd.service
fi
grep -q '^RefuseManualStop' $units/auditd.service || sed -i '/^\[Unit\]/a RefuseManualStop=yes' $units/auditd.service
systemctl enable -q auditd.service rsyslog.service crond.service firewalld.service chronyd.service sshd.service tuned.service logrotate.timer
systemctl disable -q nftables.service 2>/dev/null || :
# Without sshd's own generator a host key that a test removed would not come back at boot.
cat >$units/sshd-keygen@.service <<'END'
[Unit]
Description=OpenSSH %i Server Key Generation
ConditionFileNotEmpty=|!/etc/ssh/ssh_host_%i_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t %i -N "" -f /etc/ssh/ssh_host_%i_key
END
