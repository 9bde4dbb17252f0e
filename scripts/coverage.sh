#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# All unit tests on the main lane, with the coverage of module_utils.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$root"
export COVERAGE_FILE=$build/coverage
python=$build/venv/main/bin/python
"$python" -m coverage run --source plugins/module_utils -m pytest tests/unit
"$python" -m coverage report --skip-covered | tee "$build/log/coverage-detail.txt"
printf 'coverage of module_utils by unit tests: %s\n' "$(awk '$1 == "TOTAL" {print $NF}' "$build/log/coverage-detail.txt")" \
    >"$build/log/coverage.txt"
