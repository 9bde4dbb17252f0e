#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the collection, looks at what is in the tarball, installs it offline into an empty path and uses it by name.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
tree=$("$root/scripts/stage.sh" stage-build)
out=$build/tarball
rm -rf "$out"
mkdir -p "$out/collections"
PATH=$build/venv/main/bin:$PATH
ansible-galaxy collection build "$tree" --output-path "$out" --force
tarball=$(ls "$out"/elkit-almalinux-*.tar.gz)

# Only what users need.
foreign=$(tar -tzf "$tarball" | grep -vE '^(MANIFEST\.json|FILES\.json|README\.md|COPYING|CONTRIBUTING\.md|CHANGELOG\.(md|rst)|meta(/|$)|plugins(/|$)|roles(/|$)|playbooks(/|$)|docs(/|$)|changelogs(/(changelog|config)\.yaml|/?$))' || true)
if [ -n "$foreign" ]; then
    say "the tarball holds what users do not need:"
    say "$foreign"
    exit 1
fi
export ANSIBLE_COLLECTIONS_PATH=$out/collections
# Ansible finds collections through Python's path, too; here only the installed one may answer.
unset PYTHONPATH
ansible-galaxy collection install --offline "$tarball" -p "$out/collections"
cd "$out"
installed=$out/collections/ansible_collections/elkit/almalinux
# names FOLDER ENDING: what a user can name there; an empty folder is a fault.
names() {
    local folder=$1 ending=$2 path found=()
    for path in "$installed/$folder"/*"$ending"; do
        [ ! -e "$path" ] || found+=("$(basename "$path" "$ending")")
    done
    [ ${#found[@]} -gt 0 ] || { say "the installed collection has no $folder"; return 1; }
    printf '%s\n' "${found[@]}"
}
modules=$(names plugins/modules .py)
roles=$(names roles '')
playbooks=$(names playbooks .yml)
# ansible-doc only warns of what it does not find.
for module in $modules; do
    ansible-doc -t module "elkit.almalinux.$module" | grep -q "elkit.almalinux.$module" || { say "no documentation: module $module"; exit 1; }
done
for role in $roles; do
    ansible-doc -t role "elkit.almalinux.$role" | grep -q 'ENTRY POINT' || { say "no documentation: role $role"; exit 1; }
done
for playbook in $playbooks; do
    ansible-playbook --syntax-check -i localhost, "elkit.almalinux.$playbook"
done
printf '%s\n' "$tarball"
