#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what the project's commands need: Debian packages and virtual environments under .build/venv.
# Running it again is safe, and quick where nothing changed. SETUP_VENVS="main core216" limits the environments.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"

packages() {
    local package missing=()
    for package in git rsync shellcheck python3 python3-venv python3-yaml; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        say "setup: installing ${missing[*]}"
        as_root apt-get update -q >/dev/null
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
    fi
    sh "$root/tests/testbed/prepare.sh" >/dev/null
}

# pip NAME ARGUMENT…: installs into an environment; what pip says goes to a log that is shown when it fails.
pip() {
    local name=$1
    shift
    "$build/venv/$name/bin/python" -m pip install -q "$@" >"$build/log/pip-$name.log" 2>&1 || {
        say "setup: pip failed for the environment $name:"
        grep -v ' is ignored: it is neither' "$build/log/pip-$name.log" | tail -20 >&2
        return 1
    }
}

# venv NAME REQUIREMENTS VERSION…: an environment with the first Python found of the versions.
venv() {
    local name=$1 requirements=$root/requirements/$2 python stamp
    shift 2
    if ! python=$(first_python "$@"); then
        say "setup: no Python of $* for the environment $name: what needs it is skipped"
        return 0
    fi
    stamp=$( { "$python" -V; printf '%s\n' "$python"; cat "$requirements"; } 2>&1 | sha256sum | cut -c1-16)
    [ "$(cat "$build/venv/$name/.stamp" 2>/dev/null)" = "$stamp" ] && return 0
    say "setup: environment $name with $("$python" -V 2>&1)"
    rm -rf "$build/venv/$name"
    "$python" -m venv "$build/venv/$name"
    # The pip that comes with Python 3.6 does not know the tags of today's wheels.
    pip "$name" -U 'pip; python_version >= "3.7"' 'pip<22; python_version < "3.7"' || return 1
    pip "$name" -r "$requirements" || return 1
    printf '%s\n' "$stamp" >"$build/venv/$name/.stamp"
}

# Molecule's podman driver wants the collection containers.podman, the benchmarks compare with ansible.posix, and both would ask Galaxy for
# them; the ansible package on PyPI carries them.
vendor() {
    local version=14.5.0 stamp target=$build/vendor/ansible_collections
    stamp="$version containers.podman ansible.posix"
    [ "$(cat "$build/vendor/.stamp" 2>/dev/null)" = "$stamp" ] && [ -f "$target/containers/podman/MANIFEST.json" ] &&
        [ -f "$target/ansible/posix/MANIFEST.json" ] && return 0
    say "setup: containers.podman and ansible.posix from ansible $version"
    rm -rf "$build/vendor" "$build/download"
    mkdir -p "$build/vendor" "$build/download"
    "$build/venv/main/bin/python" -m pip download -q --no-deps --python-version 3.12 --only-binary :all: \
        -d "$build/download" "ansible==$version" 2>"$build/log/vendor.log"
    "$build/venv/main/bin/python" - "$build" <<'PYTHON'
import glob, sys, zipfile
build = sys.argv[1]
wanted = tuple("ansible_collections/%s/" % name for name in ("containers/podman", "ansible/posix"))
with zipfile.ZipFile(glob.glob(build + "/download/ansible-*.whl")[0]) as wheel:
    for name in wheel.namelist():
        if name.startswith(wanted):
            wheel.extract(name, build + "/vendor")
PYTHON
    rm -rf "$build/download"
    printf '%s\n' "$stamp" >"$build/vendor/.stamp"
}

mkdir -p "$build/venv" "$build/log" "$build/collections/ansible_collections/elkit"
ln -sfn "$root" "$build/collections/ansible_collections/elkit/almalinux"
packages
for name in ${SETUP_VENVS:-main core219 core216 importer units-3.6 units-3.9 units-3.12 units-3.13}; do
    case $name in
        main) venv main main.txt 3.12 3.13 3.14 3.11 ;;
        core219) venv core219 core219.txt 3.11 3.12 3.13 ;;
        core216) venv core216 core216.txt 3.11 3.12 3.10 ;;
        importer) venv importer importer.txt 3.12 3.11 3.13 ;;
        units-*) venv "$name" units.txt "${name#units-}" ;;
    esac
done
[ -x "$build/venv/main/bin/python" ] || { say "setup: no Python 3.11 or newer with venv: install one (pyenv, or the system's)"; exit 1; }
# Steps that need a certain ansible-core look for this file (tests/runner/steps.yml).
core=$("$build/venv/main/bin/python" -c 'import ansible.release; print(".".join(ansible.release.__version__.split(".")[:2]))')
touch "$build/venv/main/.core-$core"
[ "$core" = 2.21 ] || say "setup: no Python 3.12 or newer: the main lane has ansible-core $core instead of 2.21"
vendor
