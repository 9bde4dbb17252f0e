# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The rpm database holds the manifest's installed set; the packages named in payload.txt put their files there too.
database=/var/lib/rpm
if [ "$MAJOR" -ge 10 ]; then
    # EL 10 keeps it elsewhere
    database=/usr/lib/sysimage/rpm
    mkdir -p /usr/lib/sysimage
    rm -rf /var/lib/rpm /usr/lib/sysimage/rpm
    mkdir $database
    ln -s ../../usr/lib/sysimage/rpm /var/lib/rpm
    mkdir -p /etc/rpm
    echo "%_dbpath $database" >/etc/rpm/macros.dbpath
fi
rm -rf "${database:?}"/*
rpm --initdb

mapfile -t payload <"$INSTALLED/payload.txt"
real=() listed=()
for file in "$INSTALLED"/*.rpm; do
    name=$(rpm -qp --nosignature --qf '%{NAME}' "$file")
    if printf '%s\n' "${payload[@]}" | grep -qxF -e "$name" -e "$(basename "$file")"; then real+=("$file"); else listed+=("$file"); fi
done
rpm -i --justdb --nodeps --noscripts --notriggers --nosignature "${listed[@]}"
# Debian's own would make the packages' configuration files .rpmnew ones.
rm -f /etc/issue /etc/issue.net
[ "${#real[@]}" = 0 ] || rpm -i --nodeps --noscripts --notriggers --nosignature --replacefiles "${real[@]}"
[ ! -d "$INSTALLED/files" ] || cp -a "$INSTALLED/files/." /
# Debian's own os-release is a file that the identity package replaced; the link in /etc follows it.
ln -sf ../usr/lib/os-release /etc/os-release
rpm -qa | wc -l
