#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# units.sh VERSION: the tests of pure code, which import nothing of Ansible, on that Python.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$root"
folders=()
for folder in tests/unit/module_utils tests/unit/agent; do
    [ ! -d "$folder" ] || folders+=("$folder")
done
PYTHONPATH=$build/collections exec "$build/venv/units-$1/bin/python" -m pytest "${folders[@]}"
