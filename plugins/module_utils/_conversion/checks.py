# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The preflight: what could stand against a conversion, each with an id, a severity, what was found, and the remedy.

A check is a function of look.Seen that gives a list of Findings. An inhibitor stops the conversion unless a user overrides
it by its id; a warning and a note do not.
"""

import re
from collections import OrderedDict

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import kernels, mapping, plan, space, tidy
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import packages, repositories
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions, lifecycle
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import database

INHIBITOR, WARNING, NOTE = "inhibitor", "warning", "note"

# Programs of makers who convert hosts by tools of their own, and say so in their documentation.
PANELS = (
    ("cPanel", "/usr/local/cpanel/cpanel", "use cPanel's own elevate"),
    ("Plesk", "/usr/local/psa/version", "use Plesk's own conversion tool (centos2alma)"),
    ("DirectAdmin", "/usr/local/directadmin/directadmin", "ask DirectAdmin's documentation first"),
)
# Where a conversion writes much; noexec there stops scriptlets.
WRITTEN = ("/", "/boot", "/boot/efi", "/etc", "/usr", "/var", "/var/lib", "/var/cache", "/var/tmp", "/tmp", "/opt")
RUN_FROM = ("/usr", "/var/tmp", "/etc")


class Finding(object):
    """id, severity, found (what it is), remedy (str or None), overridable (bool)."""

    def __init__(self, severity, found, remedy=None, overridable=True):
        self.id = None
        self.severity = severity
        self.found = found
        self.remedy = remedy
        self.overridable = overridable and severity == INHIBITOR


def _names(items, most=8):
    """A few of *items* for a sentence."""
    items = sorted(items)
    more = len(items) - most
    return ", ".join(items[:most]) + (" and {0} more".format(more) if more > 0 else "")


# --- the source, and us ----------------------------------------------------------------------------------------------

def source_supported(seen):
    if seen.source is not None:
        return []
    return [Finding(INHIBITOR, seen.why_not, "Take the host out of the hosts to convert. What is left is a new host of AlmaLinux, and to move the "
                    "services there", overridable=False)]


def root(seen):
    if seen.is_root:
        return []
    return [Finding(INHIBITOR, "the look was not made by root: packages and locks were not looked at", "Run with become: true", overridable=False)]


def minor(seen):
    if seen.source is None or seen.identity["minor"] is None:
        return []
    here = seen.identity["minor"]
    name = "{0} {1}".format(seen.identity["name"], seen.source.major)
    if seen.source.oldest is not None and here < seen.source.oldest:
        return [Finding(INHIBITOR, "{0}.{1} is older than the oldest minor that is known to convert, {2}.{3}".format(
            name, here, seen.source.major, seen.source.oldest), "Update the host to a newer minor first")]
    known = max(lifecycle.RELEASED[seen.source.major])
    offered = _offered_minor(seen)
    if offered is not None and here > offered:
        return [Finding(INHIBITOR, "{0}.{1} is newer than what the repositories of AlmaLinux hold, {2}.{3} (the newest that this collection knows "
                        "of is {2}.{4}): many packages would be downgraded".format(name, here, seen.source.major, offered, known),
                        "Wait for AlmaLinux {0}.{1}, or see that the mirror, or the minor that is asked for, is not an old one".format(
                            seen.source.major, here))]
    if offered is None and here > known:
        return [Finding(WARNING, "{0}.{1} is newer than the newest AlmaLinux known to this collection, {2}.{3}, and what the repositories hold is "
                        "not known".format(name, here, seen.source.major, known),
                        "Many packages may be downgraded: wait for AlmaLinux {0}.{1}".format(seen.source.major, here))]
    return []


def _offered_minor(seen):
    """The minor (int) of the newest AlmaLinux that the target's repositories have, or None."""
    words = ((seen.plan["release"] if seen.plan else None) or "").split(".")
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def container(seen):
    if seen.environment["type"] != "container":
        return []
    return [Finding(NOTE, "this is a container ({0}): kernel, boot loader and EFI are left alone".format(seen.environment["container"]))]


def panels(seen):
    return [Finding(INHIBITOR, "{0} is installed, whose maker supports a conversion of its own alone".format(name), "For this host, {0}".format(remedy))
            for name, path, remedy in PANELS if seen.context.exists(path)]


def cloud_clients(seen):
    if seen.database is None or seen.source is None:
        return []
    gone, stay = [], []
    for package in seen.database.packages:
        if "rhui" in package.name.lower():
            (gone if seen.source.fate(package.name)[0] == mapping.REMOVE else stay).append(package.nevra)
    unknown = set(item["id"] for item in seen.repositories["configured"]
                  if item["enabled"] and "rhui" in item["id"].lower() and not seen.source.is_own(item["id"]))
    found = []
    if gone:
        found.append(Finding(WARNING, "the cloud's update client is installed: {0}".format(_names(gone)),
                             "It is removed, and the cloud goes on billing this image as what it was: ask the cloud how to change that"))
    if stay:
        found.append(Finding(WARNING, "a cloud's update client is installed that no table names, and stays: {0}".format(_names(stay)),
                             "If it brings the source's packages, name it in source_extra: remove"))
    if unknown:
        found.append(Finding(WARNING, "the cloud's repositories {0} are in no table: they stay enabled, and their packages count as those of others".format(
            _names(unknown)), "Say what they are on AlmaLinux in source_extra: repositories (id: canonical id, or null for one without counterpart)"))
    return found


def registration(seen):
    if not seen.registered:
        return []
    found = "the host is registered with Red Hat's subscription management, a Satellite or a Foreman"
    if seen.registration == "unregister":
        return [Finding(WARNING, found + ": it is unregistered right before the transaction",
                        "Know that a way back restores the client, and not the registration")]
    if seen.registration == "preserve":
        return [Finding(WARNING, found + ": registration and client stay, the source's repositories there are disabled",
                        "See that it brings AlmaLinux's packages, or updates come from AlmaLinux's own repositories alone")]
    return [Finding(INHIBITOR, found,
                    "Say what becomes of it: registration: unregister or preserve. Overridden, it stays where it is, "
                    "without a client on the host; a rollback does not restore it")]


def trust(seen):
    """AlmaLinux's keys can be had, and are those that are pinned."""
    error = seen.errors.get("trust")
    return [] if error is None else [Finding(INHIBITOR, error.message, error.remedy, overridable=False)]


def package_run(seen):
    if not seen.plan or seen.plan["busy"] is None:
        return []
    return [Finding(INHIBITOR, "another package run{0} works on this host".format(
        " (process {0})".format(seen.plan["busy"]) if seen.plan["busy"] else ""), "Wait for it to end and run again", overridable=False)]


def rollback_packages(seen):
    back = seen.plan["back"] if seen.plan else None
    if not back:
        return []
    found = []
    if back["missing"]:
        found.append(Finding(INHIBITOR, plan.words_of_missing(_names(back["missing"]), back["silent"]),
                             "Enable the repository that has them, override (the way back is then without them), or set revert_cache: false "
                             "for no way back at all"))
    if back["later"]:
        found.append(Finding(WARNING, "kernels that no repository has: {0}".format(_names(back["later"])),
                             "They stay when AlmaLinux's kernel runs, unless this check is overridden: the way back is then without them"))
    return found


def efi(seen):
    if seen.esp is None:
        return []
    if seen.esp["error"]:
        return [Finding(INHIBITOR, "no boot entry for AlmaLinux can be made: {0}".format(seen.esp["error"]),
                        "Overridden, the conversion leaves EFI alone: make the entry yourself before the host boots again")]
    return [Finding(NOTE, "the EFI system partition is {0}{1}".format(
        ", ".join(partition for _disk, partition in seen.esp["partitions"]),
        ", a RAID: each disk gets an entry" if len(seen.esp["partitions"]) > 1 else ""))]


# --- the state of the host -------------------------------------------------------------------------------------------

def rpm_database(seen):
    if "database" in seen.errors:
        return [Finding(INHIBITOR, seen.errors["database"].message, seen.errors["database"].remedy, overridable=False)]
    if seen.database is None:
        return []
    found = [Finding(INHIBITOR, error, "Rebuild the database with rpmdb --rebuilddb", overridable=False) for error in seen.database.errors]
    double = database.duplicates(seen.database.packages, packages.several)
    if double:
        found.append(Finding(INHIBITOR, "packages are installed twice: {0}".format(_names(double)),
                             "Remove the older ones: dnf remove --duplicates"))
    return found


def dependencies(seen):
    if not seen.dnf_check:
        return []
    return [Finding(INHIBITOR, "dnf check complains: {0}".format("; ".join(seen.dnf_check[:5])),
                    "Mend that first, for the conversion cannot tell it from a damage of its own")]


def reboot_pending(seen):
    if seen.environment["type"] == "container":
        return []
    found = []
    if seen.kernel["running_newest"] is False:
        found.append(Finding(INHIBITOR, "the newest kernel does not run: {0} is installed, {1} runs".format(
            seen.kernel["newest"], seen.kernel["running"]), "Reboot first: what does not boot now does not boot afterwards, either"))
    elif seen.reboot["required"]:
        found.append(Finding(WARNING, "a reboot is pending: {0}".format(_names(item["package"] for item in seen.reboot["reasons"])),
                             "Reboot first"))
    return found


def kernel_modules(seen):
    tainted = []
    for name in seen.context.names("/sys/module"):
        text = seen.context.read("/sys/module/{0}/taint".format(name)) if seen.context.exists("/sys/module/{0}/taint".format(name)) else ""
        # O: built out of the tree. E: not signed by a key that the kernel knows.
        if set((text or "").strip()) & set("OE"):
            tainted.append(name)
    if not tainted or seen.environment["type"] == "container":
        return []
    return [Finding(WARNING, "kernel modules from elsewhere are loaded: {0}".format(_names(tainted)),
                    "See that there is a build for AlmaLinux's kernel before the host boots it")]


def third_party_kernels(seen):
    if seen.source is None:
        return []
    own = set(item["package"] for item in seen.kernel["installed"] if item["vendor"] in seen.source.distribution.vendors
              and not mapping.matches(item["package"].rsplit("-", 2)[0], seen.source.kernels))
    found = []
    others = [item for item in seen.kernel["installed"] if item["package"] not in own]
    source_only = [item["package"] for item in others if mapping.matches(item["package"].rsplit("-", 2)[0], seen.source.kernels)]
    third = [item["package"] for item in others if item["package"] not in source_only]
    if source_only:
        found.append(Finding(WARNING, "kernels that AlmaLinux does not build: {0}".format(_names(source_only)),
                             "They stay until AlmaLinux's kernel runs, and are removed then if a way back can have them again"))
    if third:
        found.append(Finding(WARNING, "kernels of a third party: {0}".format(_names(third)), "They stay, and are not the default any more"))
    return found


def bootable(seen):
    """There will be a kernel of AlmaLinux to boot, and it is like the one that runs."""
    if not seen.plan or seen.environment["type"] == "container":
        return []
    if kernels.boots_itself(seen.kernel):
        return [Finding(NOTE, "the firmware boots the kernel of this host by itself: kernel, boot loader and EFI are left alone")]
    runs = kernels.flavour(seen.kernel)
    if seen.plan["kernel"] is None:
        return [Finding(INHIBITOR, "the repositories of AlmaLinux have no kernel for this host, which could not boot afterwards",
                        "Take a mirror that has the package kernel", overridable=False)]
    if runs in plan.METAS and seen.plan["kernel"] != runs:
        return [Finding(WARNING, "the kernel that runs is {0}, and the repositories of AlmaLinux have none of that kind: the standard one "
                        "becomes the default".format(plan.METAS[runs]), "Take a mirror that has the package {0}".format(plan.METAS[runs]))]
    return []


def secure_boot(seen):
    if not seen.security["secure_boot"]:
        return []
    return [Finding(WARNING, "Secure Boot is on: AlmaLinux's shim does not trust kernels of others",
                    "Nothing to do: AlmaLinux's kernel becomes the default before the host can boot again")]


def fips(seen):
    if not seen.security["fips"]:
        return []
    return [Finding(WARNING, "FIPS mode is on: AlmaLinux's modules have certificates of their own",
                    "See that they are what your rules ask for")]


def btrfs(seen):
    # AlmaLinux's kernels have btrfs from 10.1 on.
    if seen.source is None or seen.source.major >= 10:
        return []
    points = [mount["mount"] for mount in seen.mounts if mount["type"] == "btrfs"]
    if not points:
        return []
    return [Finding(INHIBITOR, "{0} on btrfs, which the kernel of AlmaLinux {1} cannot read".format(_names(points), seen.source.major),
                    "Move the data to XFS or ext4 first", overridable=False)]


def mounts(seen):
    found = []
    # A directory without a file system of its own lies on that of another one; of several mounts on one point, the last is seen.
    written, run_from = ([space.mount_of(path, seen.mounts) for path in paths] for paths in (WRITTEN, RUN_FROM))
    for mount in seen.mounts:
        if any(mount is one for one in written) and "ro" in mount["options"]:
            found.append(Finding(INHIBITOR, "{0} is mounted read-only".format(mount["mount"]), "Mount it writable", overridable=False))
        elif any(mount is one for one in run_from) and "noexec" in mount["options"]:
            found.append(Finding(INHIBITOR, "{0} is mounted noexec: scriptlets of packages run there".format(mount["mount"]),
                                 "Mount it with exec for the time of the conversion"))
    return found


def immutable(seen):
    if not seen.immutable:
        return []
    return [Finding(INHIBITOR, "rpm cannot write {0}: the flag immutable is set".format(_names(seen.immutable)),
                    "Take it off for the time of the conversion: chattr -i {0}".format(" ".join(seen.immutable[:8])))]


def room(seen):
    if not seen.plan or not seen.plan["rows"]:
        return []
    revert = seen.plan["back"]["size"] if seen.plan["back"] else 0
    wanted = space.needs(seen.plan["rows"], seen.plan["items"], _kernel_size(seen), revert, seen.files_size, seen.metadata_size)
    return [Finding(INHIBITOR, "{0} has {1} free and needs {2}: {3}".format(
        item["mount"], space.readable(item["free"]), space.readable(item["needed"]), ", ".join(item["parts"])),
        "Make room there, for a transaction that runs out of it stops half-way", overridable=False)
        for item in space.short(wanted, seen.mounts)]


def _kernel_size(seen):
    """Bytes that one kernel takes in /boot: those of the one that runs, or a usual amount."""
    if seen.environment["type"] == "container" or kernels.boots_itself(seen.kernel):
        return 0
    total = 0
    for name in seen.context.names("/boot"):
        if seen.kernel["running"] in name:
            total += len(seen.context.read_bytes("/boot/" + name) or b"")
    return total or space.KERNEL_BOOT


# --- what dnf says ---------------------------------------------------------------------------------------------------

def target(seen):
    """The repositories of AlmaLinux could be read, and dnf could work."""
    error = seen.errors.get("plan")
    if error is not None:
        return [Finding(INHIBITOR, error.message, error.remedy, overridable=False)]
    silent = seen.plan["silent"]["ours"] if seen.plan else []
    if not silent:
        return []
    words = "repositories of AlmaLinux cannot be loaded and take no part: {0}{1}{2}".format(
        _names(silent), seen.plan["silent"]["why"],
        "; of these, AlmaLinux enables {0}, which the conversion disables".format(", ".join(seen.disabled_after)) if seen.disabled_after else "")
    # Not every mirror has all of them, and not every host needs them.
    if seen.plan["problems"] or any(row["verdict"] == "kept-foreign" for row in seen.plan["rows"]):
        return [Finding(WARNING, words, "They may have the packages that are missing here: mend the mirror or the network, or name a mirror that has them")]
    return [Finding(NOTE, words)]


def solver(seen):
    if not seen.plan:
        return []
    found = []
    protected = seen.plan["protected"]
    if protected:
        found.append(Finding(INHIBITOR, "packages that leave are protected on this host: {0}".format(_names(protected)),
                             "Take their names out of /etc/dnf/protected.d (or protected_packages of dnf.conf) for the time of the conversion",
                             overridable=False))
    problems = [line for line in seen.plan["problems"] if not _lists(line, protected)]
    if problems:
        found.append(Finding(INHIBITOR, "the packages do not fit together: {0}".format(" ".join(problems)),
                             "Remove or update the package that is named, or enable the repository that has a fitting one", overridable=False))
    if seen.plan["not_allowed"]:
        found.append(Finding(INHIBITOR, "packages would be lost that no table names: {0}".format(_names(seen.plan["not_allowed"])),
                             "Remove them yourself, or name them in source_extra: remove", overridable=False))
    if seen.plan["unmarked"]:
        found.append(Finding(INHIBITOR, "dnf cannot do: {0}".format("; ".join(
            "{what} ({reason})".format(**item) for item in seen.plan["unmarked"][:5])),
            "Look whether AlmaLinux's repositories are complete", overridable=False))
    return found


def _lists(line, nevras):
    """Whether a line of the solver's lists the names of *nevras* at its end, and no others, as the one of protected packages does in any language."""
    return sorted(word.strip() for word in line.rpartition(":")[2].split(",")) == sorted(nevra.rsplit("-", 2)[0] for nevra in nevras)


def no_counterpart(seen):
    if not seen.plan:
        return []
    rows = [row["package"] for row in seen.plan["rows"] if row["verdict"] == "kept-foreign"]
    if not rows:
        return []
    epel = " (those that EPEL has, which is enabled afterwards, dnf distro-sync exchanges for its builds then, or dnf reinstall where the version is the same)"
    return [Finding(INHIBITOR, "AlmaLinux has nothing of the name of {0}".format(_names(rows)),
                    "Remove what is not needed, or override: they stay as they are, without updates" + (epel if "epel" in seen.enabled_after else ""))]


def foreign_repositories(seen):
    if seen.source is None:
        return []
    others = [item["id"] for item in seen.repositories["configured"] if item["enabled"] and not seen.source.is_own(item["id"])]
    if not others:
        return []
    blocking = _blocking(seen)
    silent = seen.plan["silent"]["others"] if seen.plan else []
    return [Finding(NOTE, "repositories of others stay as they are: {0}{1}{2}".format(
        _names(set(others)), "; cannot be loaded and take no part: {0}".format(_names(silent)) if silent else "",
        "; packages of others stand against it: {0}".format(_names(blocking)) if blocking else ""))]


def _blocking(seen):
    """NEVRAs of the packages of others that the solver complains of."""
    words = set(re.findall(r"[^\s,;()]+", " ".join(seen.plan["problems"]))) if seen.plan else ()
    return [row["package"] for row in (seen.plan["rows"] if words else ()) if row["verdict"] == "kept-third-party" and row["package"] in words]


def broken_repositories(seen):
    found = []
    for item in seen.repositories["broken_files"]:
        words = "{0} is broken: {1}".format(item["file"], item["problems"][0])
        if item["file"] == repositories.DNF_CONF or item["file"].startswith(catalogue.REPOSITORY_DIRECTORY + "/"):
            # Where AlmaLinux's repositories are written, which needs every file to be understood; it would stop when the packages are swapped.
            found.append(Finding(INHIBITOR, words, "Mend or remove it: dnf ignores the whole file, too", overridable=False))
        else:
            found.append(Finding(WARNING, words, "Mend or remove it"))
    return found


def third_party_packages(seen):
    if not seen.plan:
        return []
    blocking = _blocking(seen)
    rows = [row["package"] for row in seen.plan["rows"] if row["verdict"] == "kept-third-party" and row["package"] not in blocking]
    found = [Finding(NOTE, "packages of others stay as they are: {0}".format(_names(rows)))] if rows else []
    if blocking:
        # Whatever repository they came from, if any: the check solver says why.
        found.append(Finding(WARNING, "packages of others stand against it: {0}".format(_names(blocking)),
                             "Remove them, or get builds from their maker that fit AlmaLinux's packages, and look again"))
    return found


def excludes(seen):
    if not seen.excludes:
        return []
    return [Finding(INHIBITOR, "dnf is told to leave packages alone: {0}".format("; ".join(
        "{0}: {1}".format(path, _names(words)) for path, words in sorted(seen.excludes.items()))),
        "Take the lines out (exclude, excludepkgs, includepkgs). Overridden, they stay in the files and do not count for the conversion")]


def version_locks(seen):
    if not seen.locks:
        return []
    return [Finding(INHIBITOR, "versions are locked: {0}".format(_names(seen.locks)),
                    "Delete the locks (dnf versionlock clear). Overridden, they stay, do not count for the conversion, and stop updates afterwards")]


def release_lock(seen):
    if seen.source is None:
        return []
    return [Finding(WARNING, "{0} keeps dnf to {1}".format(path, release or "no release"),
                    "It goes with the conversion, for AlmaLinux's repositories would be those of that minor: name the one that the host is to keep to (minor)")
            for path, release in list(tidy.release_locks(seen.source, seen.context))[:1]]


def streams(seen):
    if seen.source is None or not seen.streams["streams"]:
        return []
    changed = dict((name, stream) for name, stream, _profiles in seen.streams_after)
    words = ["{0}:{1}{2}".format(item["module"], item["stream"], " becomes {0}".format(changed[item["module"]]) if item["module"] in changed else "")
             for item in seen.streams["streams"] if item["state"] == "enabled"]
    found = [Finding(NOTE, "module streams: {0}".format(", ".join(words)))] if words else []
    unknown = seen.plan["unknown_streams"] if seen.plan else []
    if unknown:
        found.append(Finding(WARNING, "module streams that neither AlmaLinux nor any other repository has stay enabled: {0}".format(
            _names(":".join(stream) for stream in unknown)),
            "Reset them if nothing needs them (dnf module reset and the module's name), or name the stream that takes their place (source_extra: streams)"))
    return found


CHECKS = OrderedDict([
    ("source", source_supported), ("root", root), ("package-run", package_run), ("minor", minor), ("container", container), ("control-panel", panels),
    ("cloud-client", cloud_clients), ("registration", registration), ("rpm-database", rpm_database), ("dependencies", dependencies),
    ("reboot-pending", reboot_pending), ("kernel-modules", kernel_modules), ("third-party-kernels", third_party_kernels), ("kernel", bootable),
    ("secure-boot", secure_boot), ("efi", efi), ("fips", fips), ("btrfs", btrfs), ("mounts", mounts), ("immutable", immutable), ("space", room),
    ("trust", trust), ("target", target), ("rollback-packages", rollback_packages),
    ("solver", solver), ("no-counterpart", no_counterpart), ("foreign-repositories", foreign_repositories),
    ("broken-repositories", broken_repositories), ("third-party-packages", third_party_packages), ("excludes", excludes),
    ("version-locks", version_locks), ("release-lock", release_lock), ("streams", streams),
])


def run(seen, ignore):
    """What the checks found.

    :param ignore: {id of an inhibitor that the user overrides: the reason, or None}
    :returns: [{"id", "severity", "found", "remedy", "overridable", "overridden", "reason"}]
    """
    rows = []
    for name, check in CHECKS.items():
        for finding in check(seen):
            overridden = finding.overridable and name in ignore
            rows.append({"id": name, "severity": finding.severity, "found": finding.found, "remedy": finding.remedy,
                         "overridable": finding.overridable, "overridden": overridden, "reason": ignore[name] if overridden else None})
    return rows


def inhibitors(rows):
    """Those of *rows* that stop a conversion."""
    return [row for row in rows if row["severity"] == INHIBITOR and not row["overridden"]]


def is_already_there(seen):
    """Whether the host is AlmaLinux and needs no conversion."""
    return bool(seen.identity["is_almalinux"]) and seen.identity["product"] == distributions.ALMALINUX
