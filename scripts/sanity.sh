#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-test sanity of the environment NAME (main, core219, core216), all tests, no ignores.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
name=$1
venv=$build/venv/$name
# ansible-test writes below the home, and each release keeps its own environments there.
export HOME=$build/home
mkdir -p "$HOME/.ansible/test/cache"
# ansible-test fetches get-pip.py from a host that offline machines do not reach; pip is in every Python's ensurepip.
for version in 20_3_4 21_3_1 23_1_2 24_2 25_2; do
    cp "$root/scripts/get_pip.py" "$HOME/.ansible/test/cache/get_pip_$version.py"
done
python=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# Real interpreters before pyenv's shims, so that ansible-test finds the targets' Pythons too.
for version in 3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13 3.14; do
    if found=$(HOME=${REAL_HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)} find_python "$version"); then
        PATH=$(dirname "$found"):$PATH
    fi
done
export PATH=$venv/bin:$PATH
cd "$("$root/scripts/stage.sh" "stage-$name")"
for ignore in tests/sanity/ignore-*.txt; do
    [ ! -e "$ignore" ] || { say "sanity: $ignore exists; this project has no ignores"; exit 1; }
done
exec ansible-test sanity --venv --python "$python" --color no
