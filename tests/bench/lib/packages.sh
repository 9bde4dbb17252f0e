#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# packages.sh PREFIX NUMBER KIBIBYTES VENDOR FOLDER [FINGERPRINT]: that many packages of one source package, each with a file that does not
# compress and two scriptlets, signed if a key is named. Runs where the testbed's mirror is.
set -euo pipefail
prefix=$1 number=$2 size=$3 vendor=$4 folder=$5 key=${6:-}
top=$(mktemp -d)
{
    printf 'Name: %s\nVersion: 1.0\nRelease: 1.el9\nSummary: A filler\nLicense: GPL-3.0-or-later\nVendor: %s\nBuildArch: noarch\n' "$prefix" "$vendor"
    printf '%%description\nA filler.\n'
    for one in $(seq 1 "$number"); do
        printf '%%package -n %s-%d\nSummary: A filler\n%%description -n %s-%d\nA filler.\n' "$prefix" "$one" "$prefix" "$one"
        printf '%%post -n %s-%d\necho %d >/dev/null\n%%preun -n %s-%d\necho %d >/dev/null\n' "$prefix" "$one" "$one" "$prefix" "$one" "$one"
        printf '%%files -n %s-%d\n/usr/share/%s/%d\n' "$prefix" "$one" "$prefix" "$one"
    done
    printf '%%install\nmkdir -p %%{buildroot}/usr/share/%s\n' "$prefix"
    # The same bytes for every vendor, as two builds of one source have.
    # $one is for the shell that builds the package.
    # shellcheck disable=SC2016
    printf 'for one in $(seq 1 %d); do head -c %d /dev/zero | openssl enc -aes-128-ctr -pass pass:$one -nosalt 2>/dev/null >%%{buildroot}/usr/share/%s/$one; done\n' \
        "$number" "$((size * 1024))" "$prefix"
} >"$top/one.spec"
mkdir -p "$folder"
rpmbuild --quiet -bb --nodeps --define "_topdir $top" --define "_rpmdir $top/made" --define '_binary_payload w1.zstdio' --define '__os_install_post %{nil}' \
    "$top/one.spec"
if [ -n "$key" ]; then
    # rpmsign complains of every package where there is no terminal.
    export GNUPGHOME=$top/keys GPG_TTY=none
    cp -a /content/keys/private "$GNUPGHOME"
    # Two cores, two signers.
    find "$top/made" -name '*.rpm' -print0 | xargs -0 -n 50 -P 2 rpmsign --define "_gpg_name $key!" --define "_gpg_path $GNUPGHOME" \
        --define '_gpg_digest_algo sha256' --addsign >/dev/null
    gpgconf --kill all
fi
mv "$top"/made/noarch/*.rpm "$folder/"
rm -rf "$top"
