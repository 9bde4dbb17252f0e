#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# sanity.sh LANE [VERSION…]: every sanity test of the lane's ansible-core (main, core219, core216), no ignores; then
# compile and import on the other VERSIONs of Python, those that are there. What ELKIT_SANITY says goes to the first.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"

lane=${1:?a lane}
shift
stage=$("$root/scripts/stage.sh" "$lane")
for ignore in "$stage"/tests/sanity/ignore-*.txt; do
    [ ! -e "$ignore" ] || { say "sanity: $ignore exists; this project has no ignores"; exit 1; }
done
version=$("$build/venv/$lane/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# Real interpreters come before pyenv's shims, which answer for versions that are not installed.
path=$build/venv/$lane/bin
others=()
for wanted in "$version" "$@"; do
    if python=$(find_python "$wanted"); then
        path=$path:$(dirname -- "$python")
        [ "$wanted" = "$version" ] || others+=("$wanted")
    fi
done
export PATH=$path:$PATH
unset PYTHONDONTWRITEBYTECODE ANSIBLE_COLLECTIONS_PATH

# ansible-test writes below the home. What this machine tells pip (an index, say) holds there, too.
user_pip=${XDG_CONFIG_HOME:-$HOME/.config}/pip
export HOME=$build/home/$lane
mkdir -p "$HOME/.config" "$HOME/.ansible/test/cache"
[ ! -d "$user_pip" ] || ln -sfn "$user_pip" "$HOME/.config/pip"
# It would fetch get-pip.py from a host that not every machine reaches; each Python carries a pip of its own. The
# names it looks for: core 2.20 and newer, 2.18 and newer, 2.16, and 2.16 with Python 3.6.
for pip in 25_2 24_2 23_1_2 21_3_1; do
    cp "$root/scripts/get_pip.py" "$HOME/.ansible/test/cache/get_pip_$pip.py"
done

cd "$stage"
failed=0
# shellcheck disable=SC2086 # several words
ansible-test sanity --venv --python "$version" --color no ${ELKIT_SANITY:-} || failed=1
for wanted in "${others[@]}"; do
    ansible-test sanity --venv --python "$wanted" --color no --test compile --test import || failed=1
done
exit "$failed"
