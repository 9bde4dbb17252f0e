# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The rpm database knows the files that a test asks about (rpm -qf, rpm -V), and a local repository has what a server lacks at first.
export GPG_TTY=
work=$(mktemp -d)
repository=/usr/share/testbed/repository
mkdir -p $repository "$work/keys"
cp -r "$CONTENT/keys/private/." "$work/keys/"
chmod 700 "$work/keys"
fingerprint=$(sed -n -E "s/.*\"almalinux-$MAJOR\": *\"([0-9A-F]+)\".*/\1/p" "$CONTENT/keys/fingerprints.json")

relations() { # rpm's words, package: what the installed or offered package says of others
    local tag
    for tag in require provide obsolete conflict recommend; do
        local name=${tag^}s flags=${tag^^}FLAGS names=${tag^^}NAME versions=${tag^^}VERSION
        rpm "$1" --nosignature --qf "[%{$names} %{$flags:depflags} %{$versions}\n]" "$2" 2>/dev/null |
            grep -v -e '^rpmlib' -e '^config(' -e '^(none)' -e '^ *$' | sed -e 's/ *$//' -e "s/^/$name: /" || :
    done
}

build() { # name, files with rpm's directives on standard input: a package of the version that is installed, or else offered
    local name=$1 from=-q package=$1 spec=$work/$1.spec
    if ! rpm -q "$name" >/dev/null; then
        from=-qp
        package=$(find "$CONTENT"/www/repo.almalinux.org/almalinux/"$MAJOR".*/ -name "$name-[0-9]*.rpm" ! -name '*.src.rpm' | sort -V | tail -n 1)
    fi
    if [ -n "$package" ]; then
        rpm $from --nosignature --qf 'Name: %{NAME}\nEpoch: %{EPOCHNUM}\nVersion: %{VERSION}\nRelease: %{RELEASE}\nVendor: %{VENDOR}\nLicense: %{LICENSE}\nSummary: %{SUMMARY}\n' "$package" >"$spec"
        relations $from "$package" | grep -v -E "^Provides: $name(\([^)]*\))? = " >>"$spec" || :
    else
        printf 'Name: %s\nVersion: 1\nRelease: 1.el%s\nVendor: AlmaLinux\nLicense: GPL-3.0-or-later\nSummary: Look-alike of %s\n' "$name" "$MAJOR" "$name" >"$spec"
    fi
    sed -i '/^Epoch: 0$/d' "$spec"
    printf 'AutoReqProv: no\n%%description\nLook-alike.\n%%files\n' >>"$spec"
    mkdir -p "$work/root"
    while read -r line; do
        [ -n "$line" ] || continue
        local path=/${line#*/}
        # a directive's own words come before the path; a file that this major lacks is left out
        if [ -d "${from_tree:-}$path" ]; then
            mkdir -p "$work/root$path"
        elif [ -e "${from_tree:-}$path" ]; then
            mkdir -p "$work/root$(dirname "$path")"
            cp -a "${from_tree:-}$path" "$work/root$path"
        else
            continue
        fi
        echo "$line" >>"$spec"
    done
    rpmbuild --quiet -bb --nodeps --target "$(rpm $from --nosignature --qf '%{ARCH}' "${package:-bash}" 2>/dev/null || echo x86_64)" \
        --define "_topdir $work" --define "_rpmdir $work/out" --define '_rpmfilename %{NAME}.rpm' --define "_buildrootdir $work" \
        --define '__spec_install_post %{nil}' --define '__spec_install_pre %{nil}' --define '__spec_clean_pre %{nil}' --define 'debug_package %{nil}' \
        --define 'clamp_mtime_to_source_date_epoch 0' --define '_build_id_links none' --buildroot "$work/root" "$spec"
    rm -rf "$work/root"
}

own() { # name: the package is installed, with these files
    build "$1"
    rpm -e --justdb --nodeps --noscripts "$1" 2>/dev/null || :
    rpmsign --define "_gpg_name $fingerprint" --define "_gpg_path $work/keys" --addsign "$work/out/$1.rpm" >/dev/null 2>&1
    rpm -i --justdb --nodeps --noscripts --notriggers --nosignature --replacefiles "$work/out/$1.rpm"
}

offer() { # name: the package is in the local repository
    build "$1"
    rpmsign --define "_gpg_name $fingerprint" --define "_gpg_path $work/keys" --addsign "$work/out/$1.rpm" >/dev/null 2>&1
    mv "$work/out/$1.rpm" $repository/
}

c='%config(noreplace)'
own openssh-server <<END
$c %attr(0600,root,root) /etc/ssh/sshd_config
$c %attr(0600,root,root) /etc/ssh/sshd_config.d/50-redhat.conf
$c %attr(0600,root,root) /etc/ssh/sshd_config.d/40-redhat-crypto-policies.conf
$c %attr(0640,root,root) /etc/sysconfig/sshd
$c /etc/pam.d/sshd
/usr/sbin/sshd
/usr/lib/systemd/system/sshd.service
END
own openssh <<END
$c /etc/ssh/moduli
/usr/bin/ssh-keygen
END
own sudo <<END
$c %attr(0440,root,root) /etc/sudoers
%dir %attr(0750,root,root) /etc/sudoers.d
$c /etc/pam.d/sudo
$c /etc/pam.d/sudo-i
/usr/bin/sudo
/usr/sbin/visudo
END
own audit <<END
$c %attr(0640,root,root) /etc/audit/auditd.conf
$c %attr(0600,root,root) /etc/audit/rules.d/audit.rules
%ghost $c %attr(0640,root,root) /etc/audit/audit.rules
$c %attr(0640,root,root) /etc/audit/plugins.d/syslog.conf
$c %attr(0640,root,root) /etc/audit/plugins.d/af_unix.conf
%dir %attr(0700,root,root) /var/log/audit
/usr/sbin/auditctl
/usr/sbin/auditd
/usr/sbin/augenrules
/usr/sbin/aureport
/usr/sbin/ausearch
/usr/sbin/autrace
/usr/lib/systemd/system/auditd.service
/usr/lib/systemd/system/audit-rules.service
END
own chrony <<END
$c /etc/chrony.conf
$c %attr(0640,root,chrony) /etc/chrony.keys
$c /etc/sysconfig/chronyd
/usr/sbin/chronyd
/usr/bin/chronyc
/usr/lib/systemd/system/chronyd.service
END
own rsyslog <<END
$c /etc/rsyslog.conf
$c /etc/sysconfig/rsyslog
$c /etc/logrotate.d/rsyslog
%dir /etc/rsyslog.d
/usr/sbin/rsyslogd
/usr/lib/systemd/system/rsyslog.service
END
own pam <<END
$c /etc/security/access.conf
$c /etc/security/faillock.conf
$c /etc/security/limits.conf
$c /etc/security/pwhistory.conf
%dir /etc/security/limits.d
$c %attr(0600,root,root) /etc/security/opasswd
$c /etc/pam.d/other
END
own util-linux <<END
$c /etc/pam.d/login
$c /etc/pam.d/su
$c /etc/pam.d/su-l
END
own libpwquality <<END
$c /etc/security/pwquality.conf
END
own shadow-utils <<END
$c /etc/login.defs
$c %attr(0600,root,root) /etc/default/useradd
END
own setup <<END
$c %verify(not md5 size mtime) /etc/passwd
$c %verify(not md5 size mtime) /etc/group
$c %attr(0000,root,root) %verify(not md5 size mtime) /etc/shadow
$c %attr(0000,root,root) %verify(not md5 size mtime) /etc/gshadow
$c %verify(not md5 size mtime) /etc/shells
$c /etc/profile
$c /etc/bashrc
$c /etc/motd
$c /etc/environment
$c /etc/securetty
END
own systemd <<END
$c /etc/systemd/journald.conf
$c /etc/systemd/logind.conf
$c /etc/systemd/system.conf
$c /etc/systemd/coredump.conf
$c /etc/sysctl.conf
END
own cronie <<END
%dir %attr(0755,root,root) /etc/cron.d
$c /etc/cron.deny
$c /etc/pam.d/crond
$c /etc/sysconfig/crond
$c /etc/cron.d/0hourly
/usr/lib/systemd/system/crond.service
END
own cronie-anacron <<END
$c /etc/anacrontab
END
own crontabs <<END
$c /etc/crontab
%dir /etc/cron.hourly
%dir /etc/cron.daily
%dir /etc/cron.weekly
%dir /etc/cron.monthly
END
own logrotate <<END
$c /etc/logrotate.conf
%dir /etc/logrotate.d
/usr/lib/systemd/system/logrotate.timer
END
own firewalld <<END
$c /etc/firewalld/firewalld.conf
$c /etc/sysconfig/firewalld
/usr/lib/systemd/system/firewalld.service
END
own nftables <<END
$c %attr(0600,root,root) /etc/sysconfig/nftables.conf
/usr/lib/systemd/system/nftables.service
END
[ "$MAJOR" -ge 10 ] || own libuser <<END
$c /etc/libuser.conf
END
own grub2-tools <<END
%dir %attr(0700,root,root) /etc/grub.d
$c /etc/default/grub
END
own crypto-policies <<END
$c /etc/crypto-policies/config
END
own selinux-policy <<END
$c /etc/selinux/config
END
# what the new ones require is known too
for name in libestr libfastjson; do
    rpm -i --justdb --nodeps --nosignature "$(find "$CONTENT"/www/repo.almalinux.org/almalinux/"$MAJOR".*/ -name "$name-[0-9]*.x86_64.rpm" | sort -V | tail -n 1)"
done
chmod 700 /etc/grub.d
chmod 750 /etc/sudoers.d
chmod 600 /etc/sysconfig/nftables.conf /etc/security/opasswd

# -- what a test installs
from_tree=$work/aide
mkdir -p "$from_tree"/{etc,usr/sbin,usr/libexec,var/lib/aide,var/log/aide}
# Debian's build knows no file of its own to read
mv /usr/bin/aide "$from_tree/usr/libexec/aide"
cat >"$from_tree/usr/sbin/aide" <<'END'
#!/bin/sh
case " $* " in
*" -c "* | *" --config"*) exec /usr/libexec/aide "$@" ;;
esac
exec /usr/libexec/aide --config=/etc/aide.conf "$@"
END
rm -rf /etc/aide /etc/default/aide /etc/aide.conf /usr/bin/aideinit /usr/sbin/{aideinit,update-aide.conf} /etc/cron.daily/*aide* /var/lib/aide /var/log/aide
cp "$HERE/files/aide.conf" "$from_tree/etc/aide.conf"
offer aide <<END
$c %attr(0600,root,root) /etc/aide.conf
%attr(0700,root,root) /usr/sbin/aide
%attr(0700,root,root) /usr/libexec/aide
%dir %attr(0700,root,root) /var/lib/aide
%dir %attr(0700,root,root) /var/log/aide
END
from_tree=/usr/share/testbed/journal-remote
(cd $from_tree && find . \( -type f -o -type l \) | cut -c2-) | offer systemd-journal-remote
rm -rf $from_tree
unset from_tree
for name in audispd-plugins cryptsetup; do offer $name </dev/null; done
createrepo_c --quiet $repository
cat >/etc/yum.repos.d/testbed.repo <<END
# What the mirror of the testbed holds by name alone is here with its files.
[testbed]
name=Packages of the testbed
baseurl=file://$repository
priority=10
enabled=1
gpgcheck=1
gpgkey=file://$(echo /etc/pki/rpm-gpg/RPM-GPG-KEY-AlmaLinux*)
END
rm -rf "$work"
rpm -Va --nomtime
