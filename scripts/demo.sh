#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The main job, as a user would run it: three fresh hosts, the built collection from its tarball, the provision playbook
# by its name over ssh, twice, and a table of what happened. demo.sh --clean removes the hosts.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$root"
hosts=(demo8 demo9 demo10)
testbed=tests/testbed/testbed

if [ "${1:-}" = --clean ]; then
    "$testbed" down "${hosts[@]}"
    # The mirror is a container, too; it stays for hosts that somebody else brought up.
    [ -n "$("$testbed" list)" ] || "$testbed" down --all
    rm -rf "$build/demo"
    exit 0
fi

demo=$build/demo
rm -rf "$demo"
mkdir -p "$demo/collections" "$demo/evidence"
say "demo: three fresh hosts (the first time this builds their images)"
"$testbed" up --fresh demo8:al8 demo9:al9 demo10:al10 >"$build/log/demo-hosts.log" 2>&1 || {
    tail -20 "$build/log/demo-hosts.log" >&2
    exit 1
}
inventory=$("$testbed" inventory)
"$testbed" mode >"$build/log/demo-images"

say "demo: the collection, built and installed into $demo/collections"
PATH=$build/venv/main/bin:$PATH
ansible-galaxy collection build "$("$root/scripts/stage.sh" demo)" --output-path "$demo" --force >"$demo/build.log"
# From here on the clone is out of the picture: what runs is what users get.
export ANSIBLE_COLLECTIONS_PATH=$demo/collections
ansible-galaxy collection install --offline "$demo"/elkit-almalinux-*.tar.gz -p "$demo/collections" >>"$demo/build.log"
cd "$demo"

cat >wanted.yml <<'YAML'
repositories_enabled: [crb, highavailability]
repositories_epel: true
repositories_main:
  fastestmirror: true
module_streams_streams: "{{ ['nodejs:20/common'] if inventory_hostname != 'demo10' else [] }}"
YAML

provision() { # number of the run
    local started=$SECONDS
    ansible-playbook -i "$inventory" --limit "$(IFS=,; echo "${hosts[*]}")" -e @wanted.yml \
        -e "provision_evidence=$demo/evidence/$1" elkit.almalinux.provision >"run-$1.log" 2>&1 || {
        tail -40 "run-$1.log" >&2
        say "demo: the provision failed; all of it: $demo/run-$1.log"
        exit 1
    }
    echo $((SECONDS - started)) >"seconds-$1"
}
for run in 1 2; do
    mkdir -p "evidence/$run"
    say "demo: ansible-playbook elkit.almalinux.provision, run $run"
    provision "$run"
    sed -n '/^PLAY RECAP/,$p' "run-$run.log"
done

python3 - "$demo" "${hosts[@]}" <<'PYTHON'
import json, pathlib, re, sys
demo, hosts = pathlib.Path(sys.argv[1]), sys.argv[2:]
rows = [["host", "release", "support left", "repositories", "changed in run 1", "in run 2"]]
changed = {}
for run in ("1", "2"):
    for line in (demo / ("run-%s.log" % run)).read_text().splitlines():
        found = re.match(r"(\S+)\s+: ok=\d+\s+changed=(\d+)", line)
        if found:
            changed[run, found.group(1)] = int(found.group(2))
for host in hosts:
    first = json.loads((demo / "evidence/1" / (host + ".json")).read_text())
    rows.append([host, first["release"], "%.1f years" % (first["support_days_left"] / 365.25), ", ".join(first["repositories"]),
                 ", ".join(first["changed"]), "changed=%d" % changed["2", host]])
widths = [min(44, max(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
def wrapped(text, width):
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = (line + " " + word).strip()
    return lines + [line]
print()
for number, row in enumerate(rows):
    cells = [wrapped(cell, width) for cell, width in zip(row, widths)]
    for index in range(max(map(len, cells))):
        print("  ".join((cell[index] if index < len(cell) else "").ljust(width) for cell, width in zip(cells, widths)).rstrip())
    if number == 0:
        print("  ".join("-" * width for width in widths))
print("\nseconds: run 1 %s, run 2 %s (all three hosts)" % tuple((demo / ("seconds-" + run)).read_text().strip() for run in "12"))
if any(changed["2", host] for host in hosts) or not all(changed["1", host] for host in hosts):
    sys.exit("demo: the first run must change each host and the second none")
PYTHON
[ "$(cat "$build/log/demo-images" 2>/dev/null)" = official ] || echo "The hosts are look-alikes of AlmaLinux (tests/testbed/README.md), not AlmaLinux."
echo "Log in: $testbed ssh demo9    Clean up: make demo-clean"
