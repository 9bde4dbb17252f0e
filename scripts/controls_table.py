# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/controls.md from the catalogue of hardening; with --check only say whether it is up to date.

    scripts/controls_table.py [--check]        (the collection must be found, as for the unit tests)
"""

from __future__ import annotations

import json
import pathlib
import sys

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import registry
from ansible_collections.elkit.almalinux.plugins.plugin_utils import catalogue as catalogues

PATH = pathlib.Path(__file__).resolve().parents[1] / "docs" / "controls.md"
MAJORS = catalogues.MAJORS
PROFILES = {"cis_server_l1": "L1", "cis_server_l2": "L2", "pci_dss": "PCI", "hipaa": "HIPAA"}
HEAD = """<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
<!-- Made by scripts/controls_table.py from roles/hardening. -->
# Controls of the role hardening

How to use them is in [hardening.md](hardening.md).

"""


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(heads, rows):
    return ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _head in heads) + " |",
            *("| " + " | ".join(map(cell, row)) + " |" for row in rows), ""]


def implemented(catalogue, major):
    return {control["id"] for control in catalogue.controls if major in control["el"]}


def looks_only(control):
    """Whether a run can but look at a *control* of the catalogue."""
    of_mechanism = getattr(registry.MECHANISMS[control["mechanism"]], "looks_only", None)
    return of_mechanism is not None and of_mechanism(Control(control))


def coverage(catalogue):
    rows = []
    for name, title in catalogue.profile_titles.items():
        for major in MAJORS:
            ids, ours = catalogue.profiles[name][major], implemented(catalogue, major)
            host_only = {control["id"] for control in catalogue.controls if control.get("unverified") and major in control["el"]}
            look = {control["id"] for control in catalogue.controls if major in control["el"] and looks_only(control)}
            left = [item for item in ids if (item, major) in catalogues.not_automated() and item not in ours]
            rows.append([f"`{name}`", title, major, len(ids), len(ids & ours), len(ids & ours & host_only),
                         len(ids & ours & look), len(left)])
    return ["## Profiles", "", "The ids are those of SSG's rules. Host only: implemented, and provable on no container. Look only: a run looks at it, "
            "reports it as failing with the remedy, and leaves it to people, as no software can know whose a file is or what root's password "
            "should be. For people: not even looked at.", "",
            *table(["Profile", "", "Release", "Rules", "Implemented", "of these host only", "of these look only", "For people"], rows)]


def where(catalogue, name):
    """In which profiles a control is, each with its releases where it is not all of them."""
    words = []
    for profile, short in PROFILES.items():
        if profile == "cis_server_l2" and all((name in catalogue.profiles["cis_server_l1"][major]) == (name in catalogue.profiles[profile][major])
                                              for major in MAJORS):
            continue
        majors = [major for major in MAJORS if name in catalogue.profiles[profile][major]
                  and not (profile == "cis_server_l2" and name in catalogue.profiles["cis_server_l1"][major])]
        if majors:
            words.append(short if len(majors) == 3 else f"{short} ({', '.join(map(str, majors))})")
    return ", ".join(words)


def cis(catalogue, name):
    numbers = {major: catalogue.refs(name, major).get("cis") for major in MAJORS}
    found = {}
    for major, number in numbers.items():
        if number:
            found.setdefault(number, []).append(major)
    if len(found) == 1 and len(next(iter(found.values()))) == 3:
        return next(iter(found))
    return "; ".join(f"{'/'.join(map(str, majors))}: {number}" for number, majors in found.items())


def merged(controls):
    """One dict per id: a control may be there once for each release."""
    found = {}
    for control in controls:
        one = found.setdefault(control["id"], dict(control, el=[], notes=[]))
        one["el"] = sorted(set(one["el"]) | set(control["el"]))
        for word, text in (("risk", "risk: {}"), ("not_in", "not in: {}"), ("only_in", "only in: {}")):
            if control.get(word):
                one["notes"].append(text.format(", ".join(control[word])))
        if control.get("package"):
            names = control["package"] if isinstance(control["package"], list) else [control["package"]]
            one["notes"].append("with " + ", ".join(names))
        if looks_only(control):
            one["notes"].append("look only")
        if control.get("unverified"):
            one["notes"].append("host only")
    return [found[name] for name in sorted(found)]


def values(variables):
    rows = []
    for name, variable in variables.items():
        limits = f"{variable.get('min', '…')} to {variable.get('max', '…')}" if "min" in variable or "max" in variable else ""
        if "choices" in variable:
            limits = ", ".join(str(item) for item in variable["choices"])
        default = json.dumps(variable.get("default"), ensure_ascii=False)
        if len(default) > 60:
            default = "see the theme's file"
        more = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for word in ("by_el", "by_profile") for key, value in (variable.get(word) or {}).items()]
        more = [item if len(item) <= 60 else item.split(":")[0] + ": see the theme's file" for item in more]
        rows.append([f"`{name}`", variable["type"], "; ".join([f"`{default}`", *more]), limits, variable.get("description", "")])
    return table(["Value", "Type", "Default", "Limits", "Meaning"], rows)


def text(catalogue):
    lines = coverage(catalogue)
    for theme in sorted(catalogue.themes):
        controls = [control for control in catalogue.controls if control["theme"] == theme]
        lines += [f"## {catalogue.themes[theme]} (`{theme}`)", ""]
        variables = {name: item for name, item in catalogue.variables.items() if name in catalogue.theme_values[theme]}
        if variables:
            lines += values(variables)
        lines += table(["Control", "What holds", "Profiles", "CIS", "Release", "Note"], [
            [f"`{control['id']}`", control["title"], where(catalogue, control["id"]), cis(catalogue, control["id"]),
             "all" if control["el"] == list(MAJORS) else ", ".join(map(str, control["el"])), "; ".join(dict.fromkeys(control["notes"]))]
            for control in merged(controls)])
    left = sorted(catalogues.not_automated().items())
    if left:
        lines += ["## For people, not for software", "", *table(["Rule", "Release", "Why"], [
            [f"`{name}`", major, reason] for (name, major), reason in left])]
    return HEAD + "\n".join(lines).rstrip() + "\n"


def main(arguments):
    wanted = text(catalogues.builtin())
    if "--check" in arguments:
        return 0 if PATH.is_file() and PATH.read_text(encoding="utf-8") == wanted else "docs/controls.md is out of date: run scripts/controls_table.py"
    PATH.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
