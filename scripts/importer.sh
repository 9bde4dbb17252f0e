#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What Galaxy would say to the tarball.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
out=$build/importer
rm -rf "$out"
mkdir -p "$out"
PATH=$build/venv/importer/bin:$PATH
ansible-galaxy collection build "$("$root/scripts/stage.sh" stage-importer)" --output-path "$out" --force
cd "$out"
export HOME=$build/home GALAXY_IMPORTER_CHECK_REQUIRED_TAGS=true
python -m galaxy_importer.main elkit-almalinux-*.tar.gz 2>&1 | tee import.log
grep -q 'Importer processing completed successfully' import.log
if grep -E '^(ERROR|WARNING)' import.log | grep -vi 'changelog\|ignore-2'; then
    say "galaxy-importer has something to say: see above"
    exit 1
fi
