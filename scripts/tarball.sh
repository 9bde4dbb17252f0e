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
for module in host_facts repositories module_streams; do
    ansible-doc -t module "elkit.almalinux.$module" >/dev/null
done
for role in "$out"/collections/ansible_collections/elkit/almalinux/roles/*/; do
    ansible-doc -t role "elkit.almalinux.$(basename "$role")" | grep -q 'ENTRY POINT'
done
for playbook in bootstrap provision rollback; do
    ansible-playbook --syntax-check -i localhost, "elkit.almalinux.$playbook"
done
printf '%s\n' "$tarball"
