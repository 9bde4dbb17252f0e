#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a way back must bring back, for the scenarios here and for tests/hosts/conversions.py.
# Every package with its vendor and the hash of its header, for sources and AlmaLinux share NEVRAs.
rpm -qa --qf '%{nevra} %{vendor} %{sha256header}\n' | sort
# Kind, mode, owner and target of all that configures the host and that it boots by, where packages and their scriptlets write. Not when the system
# itself was last brought up to date (.updated).
places=$(ls -d /etc /var/lib/alternatives /boot 2>/dev/null)
# shellcheck disable=SC2086  # several words on purpose
find $places -xdev ! -name .updated -printf '%p %y %m %U:%G %l\n' | sort
# And every byte of it, but for files that the system writes while it runs and that no package has: what ldconfig found, what a container's manager
# says of its network, and the mounts.
# shellcheck disable=SC2086
find $places -xdev -type f ! -name .updated ! -name ld.so.cache ! -name resolv.conf ! -name hosts ! -name hostname ! -name mtab -exec sha256sum {} + | sort -k 2
# Elsewhere: what has another content, mode, owner or target than its package gave it, or is missing.
rpm -Va --nodeps --noscripts --nomtime | sort
