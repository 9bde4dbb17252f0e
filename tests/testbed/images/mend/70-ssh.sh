# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# sshd's configuration as EL writes it, and the user that the tests log in as.
mkdir -p /usr/libexec/openssh
ln -sf /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server
rm -rf /etc/ssh/sshd_config.d
if [ "$MAJOR" = 8 ]; then
    # openssh 8.0 knows no Include
    cat >/etc/ssh/sshd_config <<'END'
HostKey /etc/ssh/ssh_host_rsa_key
HostKey /etc/ssh/ssh_host_ecdsa_key
HostKey /etc/ssh/ssh_host_ed25519_key
SyslogFacility AUTHPRIV
#PermitRootLogin yes
AuthorizedKeysFile	.ssh/authorized_keys
PasswordAuthentication yes
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_CTYPE LC_NUMERIC LC_TIME LC_COLLATE LC_MONETARY LC_MESSAGES
Subsystem	sftp	/usr/libexec/openssh/sftp-server
END
else
    mkdir -p /etc/ssh/sshd_config.d
    cat >/etc/ssh/sshd_config <<'END'
# To modify the system-wide sshd configuration, create a  *.conf  file under /etc/ssh/sshd_config.d/
Include /etc/ssh/sshd_config.d/*.conf
#PermitRootLogin prohibit-password
AuthorizedKeysFile	.ssh/authorized_keys
Subsystem	sftp	/usr/libexec/openssh/sftp-server
END
    cat >/etc/ssh/sshd_config.d/50-redhat.conf <<'END'
SyslogFacility AUTHPRIV
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
END
    chmod 600 /etc/ssh/sshd_config.d/50-redhat.conf
fi
chmod 600 /etc/ssh/sshd_config
chmod 700 /etc/ssh/sshd_config.d 2>/dev/null || :
ssh-keygen -A >/dev/null
mkdir -p /run/sshd && sshd -t

cat >/etc/sudoers <<'END'
Defaults   !visiblepw
Defaults    always_set_home
Defaults    env_reset
Defaults    secure_path = /sbin:/bin:/usr/sbin:/usr/bin
root	ALL=(ALL) 	ALL
%wheel	ALL=(ALL)	ALL
#includedir /etc/sudoers.d
END
rm -f /etc/sudoers.d/*
useradd --create-home --shell /bin/bash --groups wheel admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/90-cloud-init-users
chmod 440 /etc/sudoers /etc/sudoers.d/90-cloud-init-users
visudo -cq
