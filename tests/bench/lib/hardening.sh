#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the benchmarks of hardening need done on the host: keep, reset, files NUMBER OPEN, show, hide.
set -eu
kept=/root/bench
list() { find /etc -xdev ! -type d | sort; }
case $1 in
    keep)   # how /etc and the kernel are
        mkdir -p "$kept" /etc/systemd/journald.conf.d /etc/systemd/coredump.conf.d
        tar -C / --exclude=etc/hosts --exclude=etc/hostname --exclude=etc/resolv.conf --exclude=etc/mtab -cpf "$kept/etc.tar" etc
        list >"$kept/etc.list"
        find /proc/sys/net/ipv4 /proc/sys/net/ipv6/conf -type f \
            \( -path '*/conf/all/*' -o -path '*/conf/default/*' -o -name 'icmp_*' -o -name tcp_syncookies \) -perm -200 |
            while read -r path; do
                value=$(cat "$path" 2>/dev/null) || continue
                case $value in *[!0-9]* | '') ;; *) printf '%s %s\n' "$path" "$value" ;; esac
            done >"$kept/sysctl"
        ;;
    reset)  # as they were
        list | comm -13 "$kept/etc.list" - | tr '\n' '\0' | xargs -0r rm -f
        tar -C / -xpf "$kept/etc.tar"
        while read -r path value; do
            [ "$(cat "$path")" = "$value" ] || printf '%s\n' "$value" >"$path"
        done <"$kept/sysctl"
        ;;
    files)  # $2 of them in directories of a hundred, hidden; and $3 (its path when they are shown), which anybody may write
        python3 - "$2" "$3" <<'PYTHON'
import os, sys
number, top = int(sys.argv[1]), "/var/lib/machines/bench-files"
for first in range(0, number, 100):
    place = "%s/%02d/%04d" % (top, first // 10000, first // 100)
    os.makedirs(place)
    for one in range(first, min(first + 100, number)):
        os.close(os.open("%s/file-%06d.dat" % (place, one), os.O_CREAT | os.O_WRONLY, 0o644))
path = top + sys.argv[2][len("/srv/bench-files"):]
os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
os.chmod(path, 0o646)
PYTHON
        ;;
    # Virtual machines' trees are no part of this host's, and no walk looks at them.
    show) mv /var/lib/machines/bench-files /srv/bench-files ;;
    hide) mv /srv/bench-files /var/lib/machines/bench-files ;;
esac
