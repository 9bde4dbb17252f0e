#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that the role may touch, byte for byte with owner and mode, and the keys that rpm trusts.
find /etc/yum.repos.d /etc/dnf /etc/pki/rpm-gpg -xdev \( -type f -o -type l \) -printf '%p %u %g %m ' -exec sha256sum {} \; | sort
rpm -q gpg-pubkey | sort
