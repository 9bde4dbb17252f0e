#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the outside judge brings to a host (tests/outside): OpenSCAP's data streams of Debian's ssg-nondebian, and an empty package named
# kernel, without which most rules do not apply to a container. Runs in a container of the Debian base, as root, at build time.
set -euo pipefail
judge=/judge
mkdir -p $judge
cd "$(mktemp -d)"
apt-get -qq -o APT::Sandbox::User=root update
apt-get -qq -o APT::Sandbox::User=root download ssg-nondebian
dpkg-deb --field ./*.deb Version | sed 's/-.*//' >$judge/version
# The package unpacks to 1.4 GiB: only these.
dpkg-deb --fsys-tarfile ./*.deb | tar -x --transform 's,.*/,,' -C $judge --wildcards \
    '*/ssg-almalinux9-ds.xml' '*/ssg-centos8-ds.xml' '*/ssg-cs9-ds.xml' '*/ssg-cs10-ds.xml'
printf '%s\n' 'Name: kernel' 'Version: 0' 'Release: 0.judge' 'Summary: Stub' 'License: GPL-3.0-or-later' 'BuildArch: noarch' \
    'AutoReqProv: no' '%description' 'Stub.' '%files' >kernel.spec
rpmbuild --quiet -bb --define "_topdir $PWD" --define '_rpmfilename kernel.rpm' kernel.spec
mv RPMS/kernel.rpm $judge/
rm -rf /var/lib/apt/lists/*
