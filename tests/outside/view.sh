# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Runs OpenSCAP on a host and leaves nothing there. Arguments: what to call the system (ID VERSION_ID, or - - for its own name), the data
# stream, then oscap's words. Standard input: a tar of the judge's files. It runs in a mount namespace of its own:
# an overlay over the root file system is the throw-away copy, in which the name is changed and what makes rules not applicable is hidden.
# The network, systemd and /proc are the host's own, so settings of the kernel and states of services are judged as they are.
set -euo pipefail
id=$1 version=$2 stream=$3
shift 3
mount -t tmpfs -o mode=700 judge /mnt
mkdir /mnt/{in,up,work,view}
tar -x -C /mnt/in
mount -t overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work judge /mnt/view || {
    echo "this host cannot be judged: it may not mount (a container without SYS_ADMIN?)" >&2
    exit 90
}
view=/mnt/view

# What is mounted on the host is mounted in the copy, except the sign that this is a container: with it in sight most rules do not apply.
while read -r _ _ _ _ place _; do
    case $place in / | /mnt | /mnt/* | /run | /run/*) continue ;; esac
    case $place in "${last:-//}"/*) continue ;; esac
    last=$place
    [ -e "$view$place" ] && mount --rbind "$place" "$view$place"
done < <(sort -k 5 /proc/self/mountinfo)
mount -t tmpfs -o mode=755 run $view/run
for entry in /run/* /run/.[!.]*; do
    if [ -L "$entry" ]; then
        cp -a "$entry" "$view$entry"
        continue
    elif [ ! -e "$entry" ] || [ "$entry" = /run/.containerenv ]; then
        continue
    elif [ -d "$entry" ]; then
        mkdir "$view$entry"
    else
        : >"$view$entry"
    fi
    mount --rbind "$entry" "$view$entry"
done
rm -f $view/.dockerenv

if [ "$id" != - ]; then
    rm -f $view/etc/os-release
    printf 'NAME="%s"\nID="%s"\nVERSION_ID="%s"\n' "$id" "$id" "$version" >$view/etc/os-release
fi
mount --bind /mnt/in $view/mnt
chroot $view rpm -q kernel >/dev/null || chroot $view rpm -i --justdb --nodeps --nosignature /mnt/kernel.rpm
status=0
chroot $view oscap "$@" "/mnt/$stream" || status=$?
[ ! -e /mnt/in/arf.xml ] || cat /mnt/in/arf.xml
# 2: some rule failed
[ $status = 2 ] || exit $status
