# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write roles/hardening/profiles and roles/hardening/references from SSG data streams.

    scripts/profiles.py 8=ssg-centos8-ds.xml 9=ssg-almalinux9-ds.xml 10=ssg-cs10-ds.xml stig-9=ssg-cs9-ds.xml

Data streams are in packages such as scap-security-guide. Taken from them are rule ids, and the numbers that standards have for them; no
sentence. Of the titles a digest stays, by which a test sees that ours are our own.
`stig-9` names a data stream that knows the STIG's numbers of that release where the first one does not.
"""

from __future__ import annotations

import hashlib
import pathlib
import re
import sys
from xml.etree import ElementTree

X = "{http://checklists.nist.gov/xccdf/1.2}"
PREFIX = "xccdf_org.ssgproject.content_"
MAJORS = (8, 9, 10)
TITLES = pathlib.Path(__file__).resolve().parents[1] / "tests" / "unit" / "fixtures" / "ssg_titles.txt"
ROLE = pathlib.Path(__file__).resolve().parents[1] / "roles" / "hardening"

# name of ours: name in the data streams, title
PROFILES = {
    "cis_server_l1": ("cis_server_l1", "CIS Benchmark, Level 1, Server"),
    "cis_server_l2": ("cis", "CIS Benchmark, Level 2, Server"),
    "pci_dss": ("pci-dss", "PCI-DSS 4.0.1"),
    "hipaa": ("hipaa", "HIPAA Security Rule"),
}


def most_specific(numbers):
    """*numbers* without those that are the beginning of another: 8.2 says nothing beside 8.2.6."""
    return sorted(number for number in set(numbers) if not any(other.startswith(number + ".") for other in numbers))


def v_number(text):
    """The V-number of a STIG's rule revision ("SV-230475r1017266_rule")."""
    return "V-" + re.match(r"SV-(\d+)r", text).group(1)


# name: title, the part of the reference's address that tells it, what becomes of a number
STANDARDS = {
    "cis": ("CIS Benchmark", "cisecurity.org/benchmark/", None),
    "pci_dss": ("PCI-DSS", "PCI-DSS-v4", None),
    "stig": ("DISA STIG", "stigs/srg-stig-tools", v_number),
    "anssi": ("ANSSI-BP-028", "linux_configuration-en-v2", None),
    "hipaa": ("HIPAA Security Rule", "CFR-2007-title45", None),
}
NOT_YET = "none yet: SSG numbers no rule of this release"
BENCHMARKS = {
    "cis": {8: "CIS Red Hat Enterprise Linux 8 Benchmark v3.0.0", 9: "CIS AlmaLinux OS 9 Benchmark v2.0.0",
            10: "draft of SSG 0.1.76 after CIS Red Hat Enterprise Linux 9 Benchmark v2.0.0"},
    "pci_dss": dict.fromkeys(MAJORS, "PCI-DSS v4.0.1"),
    "stig": {8: "DISA STIG for Red Hat Enterprise Linux 8 V2R2", 9: "DISA STIG for Red Hat Enterprise Linux 9 V2R3", 10: NOT_YET},
    "anssi": dict.fromkeys(MAJORS, "ANSSI-BP-028 v2.0"),
    "hipaa": dict.fromkeys(MAJORS, "45 CFR 164, Security Rule"),
}


class Stream:
    """One data stream: version (str), profiles ({name: set of ids}), refs ({standard: {id: text}})."""

    def __init__(self, path):
        benchmark = next(ElementTree.parse(path).getroot().iter(X + "Benchmark"))
        self.name = pathlib.Path(path).name
        self.version = benchmark.find(X + "version").text.strip()
        known = {item.get("id"): item for item in benchmark.iter(X + "Profile")}
        self.profiles = {name: self._selected(known, PREFIX + "profile_" + theirs) for name, (theirs, _title) in PROFILES.items()}
        self.refs = {standard: {} for standard in STANDARDS}
        self.titles = {digest(rule.find(X + "title").text) for rule in benchmark.iter(X + "Rule")}
        for rule in benchmark.iter(X + "Rule"):
            for standard, (_title, address, change) in STANDARDS.items():
                numbers = [item.text.strip() for item in rule.findall(X + "reference") if address in item.get("href", "")]
                if numbers:
                    self.refs[standard][_short(rule.get("id"))] = most_specific([change(number) if change else number for number in numbers])

    def _selected(self, known, identifier):
        profile, chosen = known[identifier], set()
        if profile.get("extends"):
            chosen = self._selected(known, profile.get("extends"))
        for item in profile.findall(X + "select"):
            if item.get("idref").startswith(PREFIX + "rule_"):
                (chosen.add if item.get("selected") == "true" else chosen.discard)(_short(item.get("idref")))
        return chosen


def digest(title):
    """What tells a title, whatever its capitals, spaces and marks."""
    return hashlib.sha256(re.sub(r"[^a-z0-9]+", " ", title.lower()).strip().encode()).hexdigest()[:12]


def _short(identifier):
    return identifier[len(PREFIX + "rule_"):]


HEAD = ["# SPDX-License-Identifier: GPL-3.0-or-later", "# Made by scripts/profiles.py.", "# yamllint disable rule:line-length", "---"]


def written(path, lines):
    path.write_text("\n".join(HEAD + lines) + "\n", encoding="utf-8")


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main(arguments):
    paths = dict(argument.split("=", 1) for argument in arguments)
    streams = {major: Stream(paths[str(major)]) for major in MAJORS}
    for major in MAJORS:
        streams[major].profiles["cis_server_l2"] |= streams[major].profiles["cis_server_l1"]
        if f"stig-{major}" in paths:
            streams[major].refs["stig"] = Stream(paths[f"stig-{major}"]).refs["stig"]
    for name, (_theirs, title) in PROFILES.items():
        lines = [f"title: {quoted(title)}", "source:"]
        lines += [f"  {major}: {quoted(f'SSG {streams[major].version}, {streams[major].name}')}" for major in MAJORS]
        lines.append("rules:")
        for major in MAJORS:
            lines += [f"  {major}:"] + [f"    - {item}" for item in sorted(streams[major].profiles[name])]
            print(name, major, len(streams[major].profiles[name]))
        written(ROLE / "profiles" / f"{name}.yml", lines)
    titles = sorted(set().union(*(stream.titles for stream in streams.values())))
    TITLES.write_text("\n".join(["# Digests of the titles of SSG's rules. Made by scripts/profiles.py.", *titles]) + "\n", encoding="utf-8")
    used = {major: set().union(*streams[major].profiles.values()) for major in MAJORS}
    for standard, (title, _address, _change) in STANDARDS.items():
        lines = [f"standard: {quoted(title)}", "benchmark:"] + [f"  {major}: {quoted(BENCHMARKS[standard][major])}" for major in MAJORS] + ["refs:"]
        for item in sorted(set().union(*used.values())):
            found = {major: ", ".join(streams[major].refs[standard][item]) for major in MAJORS
                     if item in used[major] and item in streams[major].refs[standard]}
            if not found:
                continue
            if len(set(found.values())) == 1 and set(found) == {major for major in MAJORS if item in used[major]}:
                lines.append(f"  {item}: {quoted(next(iter(found.values())))}")
            else:
                lines.append(f"  {item}: {{" + ", ".join(f"{major}: {quoted(text)}" for major, text in found.items()) + "}")
        written(ROLE / "references" / f"{standard}.yml", lines)
        print(standard, len(lines))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(sys.argv[1:])
