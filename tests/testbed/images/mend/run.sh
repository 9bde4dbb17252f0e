#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Turns a Debian userland into a look-alike of an Enterprise Linux host. Runs in a container, as root, at build time.
# Each NN-*.sh mends one concern. They read: KIND BASE MAJOR DISTRIBUTION, CONTENT (folder made by packages/build.sh), INSTALLED (the
# kind's folder of installed packages) and FILES (this folder's neighbour, the stand-ins).
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
export FILES=$here/../standins DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1
for part in "$here"/[0-9]*.sh; do
    bash -euo pipefail "$part" || {
        echo "$(basename "$part") failed for $KIND" >&2
        exit 1
    }
done
