#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a host fit for hardening tests: what a server installation of Enterprise Linux has beyond what the other tests need, with its
# files known to the rpm database. Runs in a container of the kind below, as root, at build time. Each NN-*.sh does one concern. They
# read: KIND MAJOR MANIFEST OFFICIAL, CONTENT (what packages/build.sh made) and DEBIAN (a Debian userland that still has apt).
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ "$OFFICIAL" = 1 ]; then
    exec bash "$here/official.sh"
fi
export HERE=$here DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1
for part in "$here"/[0-9]*.sh; do
    bash -euo pipefail "$part" || {
        echo "$(basename "$part") failed for $KIND" >&2
        exit 1
    }
done
