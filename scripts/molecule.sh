#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# molecule test -s SCENARIO with the ansible-core of an environment: molecule.sh main|core216 SCENARIO [arguments]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
venv=$1
scenario=$2
shift 2
cd "$root"
export PATH=$build/venv/$venv/bin:$PATH
exec molecule test -s "$scenario" "$@"
