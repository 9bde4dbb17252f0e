#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CHANGELOG.rst from the fragments, for the version of galaxy.yml; again for a version that is there: its plugins anew.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
# In the clone itself antsibull-changelog would copy the tree with all that is in .build.
stage=$("$root/scripts/stage.sh" docs)
cd "$stage"
rm -f changelogs/.plugin-cache.yaml
HOME=$build/home PATH=$build/venv/main/bin:$PATH antsibull-changelog release --update-existing --reload-plugins "$@"
cp CHANGELOG.rst "$root/"
cp changelogs/changelog.yaml "$root/changelogs/"
for fragment in "$root"/changelogs/fragments/*.yml; do
    [ ! -e "$fragment" ] || [ -e "changelogs/fragments/$(basename "$fragment")" ] || rm "$fragment"
done
