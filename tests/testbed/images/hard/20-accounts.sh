# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# EL's system accounts and who may read the password files. Debian keeps a group for that, EL makes its helpers setuid.
for user in sys games man news uucp proxy www-data backup list irc _apt; do userdel "$user" 2>/dev/null || :; done
for group in sudo audio dip www-data backup list irc src plugdev staff games news uucp proxy; do groupdel "$group" 2>/dev/null || :; done
usermod --login chrony --home /var/lib/chrony --shell /sbin/nologin _chrony
groupmod --new-name chrony _chrony
usermod --shell /sbin/nologin --home /usr/share/empty.sshd sshd
usermod --home / nobody
mkdir -p /usr/share/empty.sshd
for system in adm:/var/adm shutdown:/sbin halt:/sbin operator:/root ftp:/var/ftp; do
    getent passwd "${system%%:*}" >/dev/null || useradd -r -M -d "${system#*:}" -s /sbin/nologin "${system%%:*}" -g daemon
done
usermod --shell /sbin/shutdown shutdown
usermod --shell /sbin/halt halt
sed -i 's,:/usr/sbin/nologin$,:/sbin/nologin,' /etc/passwd
find / -xdev -group shadow -perm -2000 -exec chgrp root {} + -exec chmod 4755 {} +
find / -xdev -group shadow -exec chgrp root {} +
find / -xdev -group _ssh -exec chgrp root {} + -exec chmod g-s {} +
groupdel shadow
groupdel _ssh
if [ "$MAJOR" -lt 10 ]; then
    # EL's sshd lets that group read the keys (0640); this sshd would refuse such a key
    groupadd -r ssh_keys
    chgrp ssh_keys /etc/ssh/ssh_host_*_key
fi
find / -xdev \( -nouser -o -nogroup \) -exec chown root:root {} +
chmod 000 /etc/shadow /etc/gshadow
for file in passwd group shadow gshadow; do cp -p /etc/$file /etc/$file-; done
chgrp root /var/log/audit && chmod 700 /var/log/audit
printf '/bin/sh\n/bin/bash\n/usr/bin/sh\n/usr/bin/bash\n' >/etc/shells
# a server's administrator has a password: a locked root is another state, which tests make themselves
printf 'root:%s\nadmin:%s\n' "$(openssl passwd -6 look-alike)" "$(openssl passwd -6 look-alike)" | chpasswd --encrypted
