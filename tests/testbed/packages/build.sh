#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds all that the look-alike hosts and their mirror hold: build.sh [--kind KIND] OUTDIR. See README.md beside this file.
# Runs inside a builder container (Debian 13 with rpm, createrepo-c, gpg, openssl, python3-yaml, dpkg, apt).
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
PYTHONPATH="$here" exec python3 -m factory --manifests "$here/../manifests" "$@"
