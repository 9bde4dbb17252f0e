#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# molecule.sh main|core216 SCENARIO: molecule test with the ansible-core of an environment. core216 is the EL8 lane: the
# host of release 8 alone, whose modules run with Python 3.6 where the image has it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
venv=$1
scenario=$2
shift 2
cd "$root"
export PATH=$build/venv/$venv/bin:$PATH
if [ "$venv" = core216 ]; then
    export ELKIT_EL8_PYTHON=3.6
    set -- --platform-name "$(sed -n 's/.*name: \([a-z]*8\),.*/\1/p' "molecule/$scenario/molecule.yml")" "$@"
fi
exec molecule test -s "$scenario" "$@"
