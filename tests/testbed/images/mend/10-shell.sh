# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# /bin/sh is bash on EL, and its shells read /etc/bashrc.
ln -sf bash /usr/bin/sh
cat >/etc/bashrc <<'END'
# /etc/bashrc
# System wide functions and aliases
if [ "$PS1" ]; then
    PS1="[\u@\h \W]\\$ "
fi
if ! shopt -q login_shell; then
    for i in /etc/profile.d/*.sh; do
        if [ -r "$i" ]; then . "$i" >/dev/null; fi
    done
    unset i
fi
END
cat >/root/.bashrc <<'END'
# .bashrc
if [ -f /etc/bashrc ]; then
    . /etc/bashrc
fi
END
cp /root/.bashrc /etc/skel/.bashrc
