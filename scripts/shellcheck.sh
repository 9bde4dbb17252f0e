#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs shellcheck over every shell script of the tree; its first line tells that it is one.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$root"
mapfile -t files < <(git ls-files --cached --others --exclude-standard | while read -r file; do
    [ -f "$file" ] && head -n 1 "$file" | grep -qaE '^#!.*\b(ba)?sh\b|^# shellcheck shell=' && printf '%s\n' "$file"
done)
printf 'checking %s files\n' "${#files[@]}"
[ ${#files[@]} -gt 0 ]
shellcheck -x "${files[@]}"
