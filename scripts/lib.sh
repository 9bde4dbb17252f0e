# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the scripts: where things are, and how to find a Python.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/.build

# Nothing outside the clone is written: tools that keep a home get one below .build.
mkdir -p "$build/home"
export ANSIBLE_HOME=$build/ansible-home
export PIP_CACHE_DIR=$build/pip-cache
export PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_ROOT_USER_ACTION=ignore
export PIP_NO_INPUT=1
export PYTHONDONTWRITEBYTECODE=1
export HYPOTHESIS_STORAGE_DIRECTORY=$build/hypothesis
# Our own collection is a link to the clone; containers.podman, which molecule's driver needs, is vendored.
export ANSIBLE_COLLECTIONS_PATH=$build/collections:$build/vendor
export ANSIBLE_GALAXY_SERVER_LIST=
export MOLECULE_GLOB='molecule/*/molecule.yml'

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "not root and no sudo: run this by hand: $*"
        return 1
    fi
}

# The path of a real interpreter of version $1 (3.12) that can make environments, pyenv's own rather than its shims;
# fails if there is none.
find_python() {
    local candidate
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python"$1" /usr/local/bin/python"$1" \
        /usr/bin/python"$1" $(type -aP "python$1"); do
        if [ -x "$candidate" ] && "$candidate" -c 'import ensurepip, ssl' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

# The first interpreter that is there of the versions given.
first_python() {
    local version
    for version in "$@"; do
        find_python "$version" && return 0
    done
    return 1
}
