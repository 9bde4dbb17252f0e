#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs the Debian/Ubuntu packages of apt.txt that this machine lacks. Running it again is quick and changes nothing.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

missing=
while read -r package; do
    case $package in '' | '#'*) continue ;; esac
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=absent
    [ "$state" = installed ] || missing="$missing $package"
done <"$here/apt.txt"
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "prepare.sh: not root and no sudo; install these packages by hand:$missing" >&2
        exit 1
    }
    as_root=sudo
fi
# An archive without one of them (an older Ubuntu has no netavark) still gives the rest; podman itself is a must.
$as_root apt-get update -q
wanted=
for package in $missing; do
    if apt-cache show "$package" >/dev/null 2>&1; then
        wanted="$wanted $package"
    else
        echo "prepare.sh: this machine's archive has no package $package" >&2
    fi
done
# shellcheck disable=SC2086 # a list of package names
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $wanted
command -v podman >/dev/null
