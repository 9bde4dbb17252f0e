#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-test resolves links and wants the collection at …/ansible_collections/elkit/almalinux: a copy of the tree's
# files under .build/NAME (argument 1, default "stage"). Prints the copy's path.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
target=$build/${1:-stage}/ansible_collections/elkit/almalinux
mkdir -p "$target"
cd "$root"
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [ -e "$file" ] && printf '%s\0' "$file"
done | rsync -a --delete --delete-missing-args --files-from=- --from0 --exclude=.git . "$target" >&2
# --files-from does not delete what is no longer in the list.
(cd "$target" && find . -type f ! -path './tests/output/*' -printf '%P\n') | while IFS= read -r file; do
    [ -e "$root/$file" ] || rm -f "$target/$file"
done
printf '%s\n' "$target"
