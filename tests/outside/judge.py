# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSCAP with SSG's content as the outside judge of hardening: what it says of a host of the testbed, and how that is counted.

    scan("h9", 9, "cis_server_l1")  ->  {"sshd_set_keepalive": "fail", ...}
    score(results, 9, "cis_server_l1")  ->  Score
"""
import io
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CLONE = HERE.parents[1]
VIEW = HERE / "view.sh"
PREFIX = "xccdf_org.ssgproject.content_"
# Our profiles, and SSG's names for them
PROFILES = {"cis_server_l1": "cis_server_l1", "cis_server_l2": "cis", "pci_dss": "pci-dss", "hipaa": "hipaa"}
# The data stream that fits a release, and the system that it must take the host for (None: the host as it is).
STREAMS = {
    8: ("ssg-centos8-ds.xml", ("centos", "8")),
    9: ("ssg-cs9-ds.xml", ("centos", "9")),
    10: ("ssg-cs10-ds.xml", ("centos", "10")),
    "almalinux9": ("ssg-almalinux9-ds.xml", None),
}
# Rules that ask for the vendor's own key are in the content of that vendor alone: taken from there.
ALMALINUX_ONLY = {9: ("ensure_almalinux_gpgkey_installed",)}
SECONDS = 300


class JudgeError(Exception):
    """The scan could not be made."""


# -- lists ---------------------------------------------------------------------------------------------------------------------
def _ids(path):
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def rules(el, profile):
    """Every rule of the profile (sorted list of ids)."""
    return _ids(HERE / "rules" / ("%s-%s.txt" % (profile, el)))


def denominator(el, profile):
    """The rules that applied to the untouched look-alike: what a score is counted over."""
    return _ids(HERE / "denominators" / ("%s-%s.txt" % (profile, el)))


def waivers(el, path=HERE / "waivers.yml"):
    """{id: reason} of one release. Raises JudgeError for an entry that lacks its reason."""
    found = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
        missing = [key for key in ("id", "el", "reason") if not entry.get(key)]
        if missing:
            raise JudgeError("%s: %r lacks %s" % (path.name, entry, ", ".join(missing)))
        if el in entry["el"]:
            found[entry["id"]] = entry["reason"]
    return found


# -- counting ------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Score:
    """Rules by outcome, over the denominator. Waived and newly not applicable rules are among those that did not pass."""

    passed: tuple
    failed: tuple
    waived: tuple
    not_applicable: tuple

    @property
    def total(self):
        return len(self.passed) + len(self.failed) + len(self.waived) + len(self.not_applicable)

    @property
    def percent(self):
        return 100.0 * len(self.passed) / self.total if self.total else 0.0

    def __str__(self):
        return "%d of %d pass (%.1f %%); %d fail, %d of the failing are waived, %d do not apply any more" % (
            len(self.passed), self.total, self.percent, len(self.failed) + len(self.waived), len(self.waived), len(self.not_applicable))


def count(results, ids, waived=()):
    """The Score of *results* ({id: result}) over *ids*. A rule that passes is passed even if it is waived; one without a result failed."""
    boxes = {"passed": [], "failed": [], "waived": [], "not_applicable": []}
    for rule in ids:
        result = results.get(rule, "missing")
        if result in ("pass", "fixed"):
            box = "passed"
        elif result in ("notapplicable", "notselected"):
            box = "not_applicable"
        else:
            box = "waived" if rule in waived else "failed"
        boxes[box].append(rule)
    return Score(**{name: tuple(found) for name, found in boxes.items()})


def score(results, el, profile):
    """The Score of *results* over the committed denominator, with the committed waivers."""
    return count(results, denominator(el, profile), waivers(el))


def parse(text):
    """{id: result} from what `oscap xccdf eval --progress` prints."""
    found = {}
    for line in text.splitlines():
        rule, colon, result = line.strip().rpartition(":")
        if colon and rule.startswith(PREFIX + "rule_"):
            found[rule[len(PREFIX + "rule_"):]] = result
    return found


# -- scanning ------------------------------------------------------------------------------------------------------------------
def _testbed():
    """(podman, images, hosts) of this clone's testbed."""
    library = str(CLONE / "tests" / "testbed" / "lib")
    if library not in sys.path:
        sys.path.insert(0, library)
    from elkit_testbed.hosts import Hosts
    from elkit_testbed.images import Images
    from elkit_testbed.podman import Podman
    podman = Podman()
    images = Images(podman)
    return podman, images, Hosts(podman, images)


def _files(podman, images):
    """The judge's files, taken out of their image once: a folder."""
    from elkit_testbed.paths import state_dir
    tag = images.ensure_judge()
    folder = state_dir() / tag.rpartition("/")[2].replace(":", "-")
    if not (folder / "kernel.rpm").exists():
        container = podman.out("create", tag, "true")
        try:
            podman("cp", container + ":/judge/.", folder)
        finally:
            podman("rm", "--force", container)
    return folder


def stream(content):
    """The path of a data stream (a key of STREAMS) on this machine."""
    podman, images, _hosts = _testbed()
    return _files(podman, images) / STREAMS[content][0]


def oscap(name, content, words):
    """Run oscap on a host in a throw-away view of it; its output."""
    podman, images, hosts = _testbed()
    stream, system = STREAMS[content]
    host, folder = hosts.one(name), _files(podman, images)
    brought = io.BytesIO()
    with tarfile.open(fileobj=brought, mode="w") as tar:
        for file in (stream, "kernel.rpm"):
            tar.add(folder / file, file)
    command = podman.command(["exec", "--interactive", host.container, "unshare", "--mount", "--propagation", "private",
                              "bash", "-c", VIEW.read_text(encoding="utf-8"), "view", *(system or ("-", "-")), stream, *words])
    done = subprocess.run(command, input=brought.getvalue(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=SECONDS)
    if done.returncode != 0:
        raise JudgeError("oscap on %s: exit code %d\n%s" % (name, done.returncode, done.stderr.decode(errors="replace")[-2000:]))
    return done.stdout.decode(errors="replace")


def scan(name, el, profile, content=None):
    """{rule id: pass, fail, notapplicable, error, ...} of the running host *name*, by the content that fits release *el* or by *content*."""
    words = ["xccdf", "eval", "--progress", "--skip-valid", "--profile", PREFIX + "profile_" + PROFILES[profile]]
    results = parse(oscap(name, content or el, words))
    if not results:
        raise JudgeError("oscap on %s gave no results" % name)
    if content is None and any(rule in rules(el, profile) for rule in ALMALINUX_ONLY.get(el, ())):
        own = scan(name, el, profile, "almalinux9")
        results.update({rule: own[rule] for rule in ALMALINUX_ONLY[el]})
    return results
