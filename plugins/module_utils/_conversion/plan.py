# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Which packages leave, come and are swapped, and what became of each once dnf has answered. Pure: data in, data out.

A package (dict) has nevra, name, epoch, version, release, arch; an installed one also vendor, provides and size; an
available one repository, download and size (bytes).
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import mapping
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.kernel import IMAGES
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import version

# Packages whose present build is gone afterwards.
LEAVING = frozenset(["replaced", "upgraded", "downgraded", "swapped", "removed", "obsoleted"])
RELEASE_PACKAGES = {
    8: ("almalinux-release",),
    9: ("almalinux-release", "almalinux-repos", "almalinux-gpg-keys"),
    10: ("almalinux-release", "almalinux-repos", "almalinux-gpg-keys"),
}
# Packages of which several versions are installed side by side; dnf calls them installonly.
KERNELS = frozenset(
    prefix + part
    for prefix in ("kernel", "kernel-rt", "kernel-64k", "kernel-rt-64k", "kernel-zfcpdump", "kernel-debug", "kernel-rt-debug", "kernel-64k-debug",
                   "kernel-rt-64k-debug")
    for part in ("", "-core", "-modules", "-modules-core", "-modules-extra", "-modules-internal", "-modules-partner", "-kvm", "-devel"))
# The flavours of kernels (_facts.kernel.IMAGES) that a host may boot and that AlmaLinux builds, and the package that brings each.
STANDARD = "standard"
METAS = {STANDARD: "kernel", "rt": "kernel-rt", "64k": "kernel-64k", "rt-64k": "kernel-rt-64k", "debug": "kernel-debug", "rt-debug": "kernel-rt-debug"}


def evr(package):
    return package["epoch"], package["version"], package["release"]


def release(available):
    """The newest release of AlmaLinux ("9.8") that *available* packages (of its repositories) have, or None."""
    found = [package for package in available if package["name"] == RELEASE_PACKAGES[8][0]]
    return max(found, key=lambda package: version.evr_key(evr(package)))["version"] if found else None


def is_target(package, source):
    """Whether an installed package is AlmaLinux's build. Kitten's have the same vendor, and are others."""
    return source.distribution.product != distributions.KITTEN and package["vendor"] in distributions.BY_PRODUCT[distributions.ALMALINUX].vendors


def is_one_vendor(source):
    """Whether the source's vendor is AlmaLinux too, so that a package's does not say whose build it is."""
    return source.distribution.os_id == distributions.ALMALINUX


def is_source(package, source):
    """Whether an installed package is the source's build."""
    return package["vendor"] in source.distribution.vendors


class Jobs(object):
    """What dnf is asked: erase, install, reinstall, sync (see _dnf.conversion.put), and of each installed package what is
    expected to become of it: expected {nevra: (verdict, detail or None)}; kernel: the flavour of AlmaLinux's kernel that the host
    has then, or None if it has none."""

    def __init__(self):
        self.erase = []
        self.install = []
        self.reinstall = []
        self.sync = []
        self.expected = {}
        self.kernel = None

    def data(self):
        return {"erase": sorted(self.erase), "install": sorted(set(self.install)), "reinstall": sorted(self.reinstall),
                "sync": sorted(set(self.sync))}


def jobs(source, installed, available, flavour=None):
    """The Jobs of a conversion.

    :param source: mapping.Source
    :param installed: packages; the imported keys are not among them
    :param available: packages that AlmaLinux's repositories have
    :param flavour: that of the kernel that runs; None where the host needs no kernel of its own
    """
    found = Jobs()
    by_name = {}
    for package in available:
        by_name.setdefault(package["name"], []).append(package)
    exact = set(package["nevra"] for package in available)
    present = set(package["name"] for package in installed)
    # As long as a kernel of the source that AlmaLinux does not build is there.
    firmware = source.firmware if any(mapping.matches(name, source.kernels) for name in present) else ()
    for package in installed:
        if mapping.matches(package["name"], firmware) and is_source(package, source):
            found.expected[package["nevra"]] = ("kept-beside", None)
        else:
            _one(found, source, package, by_name, exact)
    if source.release_packages:
        found.install.extend(name for name in RELEASE_PACKAGES[source.major] if name not in present)
    if source.distribution.product == distributions.ALMALINUX:
        found.install.extend(_newer_kernels(source, installed, by_name))
    if flavour is not None:
        found.kernel = _bootable(found, installed, by_name, flavour)
    return found


def _bootable(found, installed, by_name, flavour):
    """See to it that there will be a kernel of AlmaLinux to boot: its flavour, *flavour* if AlmaLinux has that, or None if there is none to be had."""
    coming = set(found.reinstall) | set(found.install)
    for wanted in sorted(set([flavour, STANDARD]) & set(METAS), key=lambda item: item == STANDARD):
        images = [name for name, kind in IMAGES.items() if kind == wanted]
        if any(package["name"] in images and found.expected[package["nevra"]][0] == "same" for package in installed):
            return wanted
        if any(item["nevra"] in coming for name in images for item in by_name.get(name, ())):
            return wanted
        if METAS[wanted] in by_name:
            found.install.append(_newest(by_name[METAS[wanted]])["nevra"])
            return wanted
    return None


def _newest(packages):
    return max(packages, key=lambda item: version.evr_key(evr(item)))


def _newer_kernels(source, installed, by_name):
    """NEVRAs of the kernels that come beside those of an older minor of AlmaLinux."""
    newest = {}
    for package in installed:
        if package["name"] in KERNELS and is_target(package, source):
            newest[package["name"]] = _newest([package, newest.get(package["name"], package)])
    return [_newest(by_name[name])["nevra"] for name, package in sorted(newest.items())
            if name in by_name and version.evr_key(evr(_newest(by_name[name]))) > version.evr_key(evr(package))]


def _one(found, source, package, by_name, exact):
    nevra, name = package["nevra"], package["name"]
    fate, other = source.fate(name, package["provides"], package["vendor"])
    if fate in (mapping.RELEASE, mapping.REMOVE) and not is_target(package, source):
        found.erase.append(nevra)
        found.expected[nevra] = ("removed", None)
    elif fate == mapping.REPLACE:
        found.erase.append(nevra)
        found.expected[nevra] = ("swapped", other) if other in by_name else ("removed", None)
        if other in by_name:
            found.install.append(other)
    elif fate == mapping.KERNEL:
        found.expected[nevra] = ("kept-beside", None)
    elif is_target(package, source):
        found.expected[nevra] = ("same", None)
        if name in by_name and name not in KERNELS:
            found.sync.append("{0}.{1}".format(name, package["arch"]))
    elif not is_source(package, source):
        found.expected[nevra] = ("kept-third-party", package["vendor"] or None)
    elif nevra in exact:
        found.reinstall.append(nevra)
        found.expected[nevra] = ("replaced", None)
    elif name in KERNELS and name in by_name:
        found.install.append(_newest(by_name[name])["nevra"])
        found.expected[nevra] = ("kept-beside", None)
    elif name in by_name:
        found.sync.append("{0}.{1}".format(name, package["arch"]))
        found.expected[nevra] = ("blocked", None)
    elif source.exception(name):
        found.expected[nevra] = ("excepted", source.exception(name))
    else:
        found.expected[nevra] = ("kept-foreign", None)


def verdicts(found, installed, items, problems):
    """A row for each installed package and each one that comes, sorted by name.

    :param found: the Jobs
    :param items: the transaction, as _dnf.conversion.items_of() gives it; [] if it could not be resolved
    :param problems: the solver's words; then nothing but what stays as it is has a verdict other than blocked
    :returns: [{"package": NEVRA or None, "verdict", "becomes": NEVRA or None, "repository", "download", "size", "detail"}]
    """
    coming = {}
    for item in items:
        coming.setdefault((item["name"], item["arch"]), []).append(item)
    leaving = dict((item["nevra"], item) for item in items if item["action"] in ("remove", "obsoleted"))
    used, rows = set(), []
    for package in installed:
        verdict, detail = found.expected[package["nevra"]]
        row = {"package": package["nevra"], "verdict": verdict, "becomes": None, "repository": None, "download": 0,
               "size": -package["size"], "detail": detail}
        item = _new_half(package, coming, verdict)
        if package["nevra"] in leaving and leaving[package["nevra"]]["action"] == "obsoleted":
            row["verdict"] = "obsoleted"
        elif verdict == "swapped":
            item = next((one for key in coming for one in coming[key] if key[0] == detail), None)
            if item is not None:
                used.add(item["nevra"])
                row.update(becomes=item["nevra"], repository=item["repository"], download=item["download"],
                           size=item["size"] - package["size"])
        elif item is not None:
            used.add(item["nevra"])
            row.update(verdict=_direction(item["action"]), becomes=item["nevra"], repository=item["repository"],
                       download=item["download"], size=item["size"] - package["size"])
        elif verdict != "removed":
            row["size"] = 0
            if problems and verdict in ("replaced", "swapped"):
                row["verdict"] = "blocked"
            elif verdict == "blocked" and not problems:
                # Other architectures, or exactly this one from another mirror: dnf saw nothing to do.
                row["verdict"] = "kept-foreign"
        if problems and row["verdict"] == "removed":
            row["verdict"], row["size"] = "blocked", 0
        rows.append(row)
    for item in items:
        if item["nevra"] not in used and item["action"] not in ("remove", "obsoleted"):
            rows.append(_added(item))
    return sorted(rows, key=lambda row: (row["package"] or row["becomes"], row["verdict"]))


def changes(row):
    """Whether a row of verdicts() means a change."""
    return row["verdict"] in LEAVING or row["package"] is None


def moves(items):
    """What a transaction brings and takes away: {"come": sorted NEVRAs, "go": sorted NEVRAs}; what is obsoleted follows from it.

    :param items: as _dnf.conversion.items_of() gives them
    """
    return {"come": sorted(item["nevra"] for item in items if item["repository"] is not None),
            "go": sorted(item["nevra"] for item in items if item["action"] == "remove")}


def diff(rows):
    """What Ansible shows with --diff of the packages that change: {"before", "after"} (text, a package a line) and their headers.

    :param rows: as verdicts() gives them
    """
    moving = [row for row in rows if changes(row)]
    # A package that is exchanged for AlmaLinux's build of the same version has the same name on both sides.
    before = ["{0}{1}\n".format(row["package"], " (the source's build)" if row["verdict"] == "replaced" else "")
              for row in moving if row["package"]]
    after = ["{0}{1}\n".format(row["becomes"] or row["package"], " (AlmaLinux's build)" if row["verdict"] == "replaced" else "")
             for row in moving if row["becomes"] or row["verdict"] == "replaced"]
    return {"before_header": "packages", "before": "".join(sorted(before)), "after_header": "packages", "after": "".join(sorted(after))}


def _new_half(package, coming, verdict):
    """The item that takes the place of *package*, or None. Another architecture counts where the package had none of its own."""
    if verdict in ("removed", "swapped", "kept-beside", "kept-third-party"):
        return None
    for item in coming.get((package["name"], package["arch"]), ()):
        if item["action"] in ("upgrade", "downgrade") or item["action"] == "reinstall" and item["nevra"] == package["nevra"]:
            return item
    others = [item for (name, _arch), group in coming.items() if name == package["name"] for item in group
              if item["action"] in ("upgrade", "downgrade") and "noarch" in (item["arch"], package["arch"])]
    return others[0] if others else None


def _direction(action):
    return {"reinstall": "replaced", "upgrade": "upgraded", "downgrade": "downgraded"}[action]


def _added(item):
    if item["name"] in RELEASE_PACKAGES[9]:
        verdict = "release"
    elif item["name"] in KERNELS:
        verdict = "added-kernel"
    else:
        verdict = "added"
    return {"package": None, "verdict": verdict, "becomes": item["nevra"], "repository": item["repository"],
            "download": item["download"], "size": item["size"], "detail": None}


def not_allowed(found, installed, items):
    """NEVRAs that the transaction takes away and nobody's table names: the leash.

    An obsoleted package is replaced by rpm's own rules; it counts only if it is none of the source's.
    """
    erasable = set(found.erase)
    third = set(package["nevra"] for package in installed if found.expected[package["nevra"]][0] == "kept-third-party")
    bad = []
    for item in items:
        if item["action"] == "remove" and item["nevra"] not in erasable:
            bad.append(item["nevra"])
        elif item["action"] == "obsoleted" and item["nevra"] in third:
            bad.append(item["nevra"])
    return sorted(bad)


def way_back(gone, built, builds):
    """{"missing": [NEVRA], "size": bytes of the others} of the packages that leave and shall be fetched again.

    :param gone: NEVRAs
    :param built: {NEVRA: when the installed one was built}
    :param builds: as _dnf.conversion.builds_of() gives them
    """
    missing, size = [], 0
    for nevra in sorted(gone):
        sizes = [entry[1] for entry in builds.get(nevra, ()) if entry[0] == built[nevra]]
        if sizes:
            size += sizes[0]
        else:
            missing.append(nevra)
    return {"missing": missing, "size": size}


def words_of_missing(missing, silent):
    """What is said of packages that a way back needs and that cannot be had again.

    :param missing: their NEVRAs (text)
    :param silent: ids of the source's repositories that cannot be loaded
    """
    return "packages that a way back needs cannot be had again: {0}{1}".format(
        missing, "; repositories that cannot be loaded: {0}".format(", ".join(silent)) if silent else "")


def configuration(rows, modified, leaving, source_files):
    """What becomes of files below /etc: [{"path", "package" (NEVRA or None), "fate"}], sorted. Fates: "kept" (changed by somebody; the new
    one lies beside it as .rpmnew where it differs), "replaced" (the same, the changed one is kept as .rpmsave), "leaves" (with its package,
    .rpmsave if somebody changed it; AlmaLinux's own may take its place), "removed" (a repository file of the source), "trimmed" (one that holds
    others' repositories, too: those of the source are taken out).

    Files that are as packaged follow their packages, and are not listed.

    :param rows: as verdicts() gives them
    :param modified: {path: [NEVRA, whether its package leaves it alone]}
    :param leaving: {path: NEVRA} of packages without a counterpart
    """
    fate = dict((row["package"], row["verdict"]) for row in rows)
    found = dict((path, {"path": path, "package": None, "fate": "removed" if ids is None else "trimmed"}) for path, ids in source_files.items())
    for path, nevra in leaving.items():
        found[path] = {"path": path, "package": nevra, "fate": "leaves"}
    for path, (nevra, alone) in modified.items():
        if path not in found and fate.get(nevra) in LEAVING:
            found[path] = {"path": path, "package": nevra, "fate": "kept" if alone else "replaced"}
    return [found[path] for path in sorted(found)]


def summary(rows):
    """{verdict: how many}, and the bytes to fetch and by which the host grows: ({…}, download, size)."""
    counts = {}
    for row in rows:
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    return counts, sum(row["download"] for row in rows), sum(row["size"] for row in rows)
