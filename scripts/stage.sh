#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# stage.sh NAME: copies the tree's files to .build/stage/NAME/ansible_collections/elkit/almalinux and prints that path.
# ansible-test wants a real path of this shape, which a link to the clone is not. Results of earlier runs
# (tests/output) stay.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"

stage=$build/stage/${1:?a name}/ansible_collections/elkit/almalinux
mkdir -p "$stage"
cd "$root"
# A file that is in the index but was just deleted is no error.
git ls-files -z --cached --others --exclude-standard |
    rsync -a --from0 --files-from=- --ignore-missing-args --delete-missing-args ./ "$stage.new/"
rsync -a --delete --exclude /tests/output --exclude /.git "$stage.new/" "$stage/"
rm -rf "$stage.new"
# The stage lies below the clone, whose git ignores it: with a .git of its own ansible-test sees the files.
[ -d "$stage/.git" ] || git init -q "$stage"
printf '%s\n' "$stage"
