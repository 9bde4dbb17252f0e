# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# EL's PAM layout: every service goes through system-auth, password-auth and postlogin, which authselect writes.
cd /etc/pam.d || exit 1
rm -f common-*

service_stack() { # the stack that the service uses
    cat <<END
#%PAM-1.0
auth       substack     $1
auth       include      postlogin
account    required     pam_nologin.so
account    include      $1
password   include      $1
session    optional     pam_loginuid.so
session    optional     pam_keyinit.so force revoke
session    include      $1
session    include      postlogin
END
}
service_stack password-auth >sshd
service_stack system-auth >login
for service in passwd chpasswd newusers sudo crond systemd-user; do
    cat >$service <<'END'
#%PAM-1.0
auth       include      system-auth
account    include      system-auth
password   include      system-auth
session    include      system-auth
END
done
cp crond cron
for service in chfn chsh; do
    { echo '#%PAM-1.0' && echo 'auth       sufficient   pam_rootok.so' && sed 1d passwd; } >$service
done
cp sudo sudo-i
cat >su <<'END'
#%PAM-1.0
auth            sufficient      pam_rootok.so
# Uncomment the following line to implicitly trust users in the "wheel" group.
#auth           sufficient      pam_wheel.so trust use_uid
# Uncomment the following line to require a user to be in the "wheel" group.
#auth           required        pam_wheel.so use_uid
auth            substack        system-auth
auth            include         postlogin
account         sufficient      pam_succeed_if.so uid = 0 use_uid quiet
account         include         system-auth
password        include         system-auth
session         include         system-auth
session         include         postlogin
session         optional        pam_xauth.so
END
cat >su-l <<'END'
#%PAM-1.0
auth            include         su
account         include         su
password        include         su
session         optional        pam_keyinit.so force revoke
session         include         su
END
cat >other <<'END'
#%PAM-1.0
auth     required       pam_deny.so
account  required       pam_deny.so
password required       pam_deny.so
session  required       pam_deny.so
END
if command -v authselect >/dev/null; then
    # EL 8 and 9 call the profile for local users minimal, EL 10 calls it local.
    profile=local
    if [ "$MAJOR" -lt 10 ]; then
        profile=minimal
        cp -r /usr/share/authselect/default/local /usr/share/authselect/default/minimal
    fi
    mkdir -p /etc/authselect/custom
    authselect select $profile --force --quiet --nobackup >/dev/null
    authselect check >/dev/null
else
    # A Debian 12 base has no authselect: the same stacks, as plain files.
    for stack in system-auth password-auth; do
        cat >$stack <<'END'
auth        required      pam_env.so
auth        sufficient    pam_unix.so nullok
auth        required      pam_deny.so
account     required      pam_unix.so
password    requisite     pam_pwquality.so
password    sufficient    pam_unix.so sha512 shadow nullok use_authtok
password    required      pam_deny.so
session     optional      pam_keyinit.so revoke
session     required      pam_limits.so
-session    optional      pam_systemd.so
session     required      pam_unix.so
END
    done
    printf 'session     optional      pam_umask.so silent\nsession     [default=1]   pam_lastlog.so nowtmp silent\nsession     optional      pam_permit.so\n' >postlogin
fi
