#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hosts.sh FILE…: files of tests/hosts against the testbed's hosts, which are taken down afterwards.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$root" || exit 1
"$build/venv/main/bin/python" -m pytest "${@/#/tests/hosts/}"
code=$?
tests/testbed/testbed down --all
exit "$code"
