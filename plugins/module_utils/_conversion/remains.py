# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What is left to do, and what is left of the source: after a run that was killed, and at the end."""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import boot, plan
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import repositories
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import host, ini, redact
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import transaction as rpm_transaction
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files


# NEVRAs of what rpm had in its hands each time that it was ended in a stage: "{0}" is the stage.
IN_FLIGHT = "in-flight-{0}.json"
# What almalinux-release brings, and others read; the last two are links to the first.
RELEASE_FILES = ("/etc/almalinux-release", "/etc/redhat-release", "/etc/system-release")


def in_flight(state, stage):
    """NEVRAs (set) of what rpm had in its hands each time that *stage* was ended in the middle, kept on the disk until the conversion is over.

    :param state: state.State, before the stage begins again
    """
    found = set(state.read(IN_FLIGHT.format(stage)) or [])
    progress = state.progressed()
    if progress:
        found.add(progress["what"])
    state.write(IN_FLIGHT.format(stage), sorted(found))
    return found


def was_ended(state, stage):
    """Whether rpm was ended in the middle of *stage*."""
    return state.read(IN_FLIGHT.format(stage)) is not None


def check_fetched(digests):
    """Whether fetched packages are what they were when their signatures were checked. rpm is told not to look.

    :param digests: {path: SHA-256, or None where it was not noted}
    :raises HostError: one is not
    """
    for path, noted in sorted(digests.items()):
        found = files.digest(path)
        if found is None or noted is not None and found != noted:
            raise HostError("{0} is {1}".format(path, "gone" if found is None else "not what was fetched and checked"),
                            "Put the file there that has the SHA-256 {0}, and run again".format(noted) if noted else "Put it there, and run again",
                            path=path)


def rest(answer, paths, installed, again):
    """What a killed transaction left undone: ([(path, side by side)], [(nevra, hash)]) for _rpm.transaction.run().

    :param answer: the plan, as run.resolve() gives it
    :param paths: {nevra: {"path", "hash"}} of the packages that come, hash as in rpm_transaction.header_hash()
    :param installed: as rpm_transaction.installed() gives it
    :param again: NEVRAs that are put in once more even if they are there, so that their scriptlets run
    """
    present = set((item["nevra"], item["hash"]) for item in installed)
    names = {}
    for item in installed:
        names.setdefault((item["name"], item["arch"]), []).append(item)
    add, erase = [], []
    for item in answer["items"]:
        nevra = item["nevra"]
        if item["repository"] is None:
            erase.extend((one["nevra"], one["hash"]) for one in installed if one["nevra"] == nevra)
            continue
        wanted = paths[nevra]
        # Of kernels, whatever is done to one of them, the other versions stay: what it takes the place of is its own version in the source's build.
        side_by_side = item["name"] in plan.KERNELS
        others = [(one["nevra"], one["hash"]) for one in names.get((item["name"], item["arch"]), [])
                  if (one["nevra"], one["hash"]) != (nevra, wanted["hash"]) and (one["nevra"] == nevra or not side_by_side)]
        comes = (nevra, wanted["hash"]) not in present or nevra in again
        if comes:
            add.append((wanted["path"], side_by_side))
        if side_by_side or not comes:
            # The new one is there, and so is still the old one; where it comes, rpm takes the old one away itself, but not beside a kernel.
            erase.extend(others)
    return add, sorted(set(erase))


def imported_keys():
    """{fingerprint: rpm's name} of the keys that rpm trusts."""
    return host.imported_keys()


def dependencies():
    """What `dnf check` complains of: [line]."""
    return sorted(complaints(commands.run(["dnf", "-q", "--noplugins", "--disablerepo=*", "check"], timeout=600, check=False)))


def complaints(result):
    """What the Result of `dnf check` complains of: [line]. One that failed without a word about packages did not look at any."""
    lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    if result.rc != 0 and not lines:
        lines = ["dnf does not work: {0}".format((result.stderr.strip().splitlines() or ["code {0}".format(result.rc)])[-1].strip())]
    return lines


def configuration():
    """{path: what rpm says of it} of the configuration files that are not as packaged."""
    found = {}
    result = commands.run(["rpm", "-Vac", "--nomtime", "--nodeps", "--noscripts"], timeout=900, check=False)
    for line in result.stdout.splitlines():
        words = line.split()
        if len(words) >= 2 and words[-1].startswith("/"):
            found[words[-1]] = words[0]
    return found


def owners(paths):
    """{path: [owner's NEVRA, whether the owner's next version leaves it alone (config(noreplace))]} of configuration files."""
    found = {}
    if paths:
        for nevra, path, flags in _files_of(["-qf"] + sorted(paths)):
            if path in paths and "c" in flags:
                found[path] = [nevra, "n" in flags]
    return found


def configuration_of(nevras):
    """{path: NEVRA} of the files below /etc that the installed packages *nevras* bring."""
    return dict((path, nevra) for nevra, path, _flags in (_files_of(["-q"] + sorted(nevras)) if nevras else ()) if path.startswith("/etc/"))


def _files_of(query):
    """[(NEVRA, path, flags)] of the files of the packages that rpm's *query* (words) finds."""
    result = commands.run(["rpm"] + query[:1] + ["--qf", "[%{=NEVRA}\t%{FILENAMES}\t%{FILEFLAGS:fflags}\n]"] + query[1:], check=False, timeout=300)
    return [line.split("\t") for line in result.stdout.splitlines() if line.count("\t") == 2]


def source_files(source, configured):
    """The repository files that belong to no package and hold repositories of the source: {path: None for one that holds nothing else, or
    the ids [str] of the source's in it}.

    Of two definitions of an id dnf takes the first: what is left of the source would hide AlmaLinux's repository of the same id.

    :param configured: of the facts section repositories
    """
    by_file = {}
    # Of AlmaLinux itself, they are the target's.
    for item in configured if source.distribution.product != distributions.ALMALINUX else ():
        by_file.setdefault(item["file"], []).append(item)
    found = {}
    for path, items in sorted(by_file.items()):
        own = [item["id"] for item in items if source.is_own(item["id"])]
        if own and (path == repositories.DNF_CONF or not is_packaged(path)):
            only = len(own) == len(items) and path != repositories.DNF_CONF
            found[path] = None if only else own
    return found


def drop_source_repositories(source, request):
    """Remove the repositories of the source from the files that belong to no package any more, and files that hold nothing else; disable those
    in a file whose package stays.

    The snapshot of /etc has them.

    :param request: what the worker was asked
    """
    configured = repositories.collect(Context())["configured"]
    gone = source_files(source, configured)
    for path, ids in sorted(gone.items()):
        if ids is None:
            files.remove(path)
        else:
            rewrite(path, ini.Document.remove_section, ids)
    stay = of_the_source([item["id"] for item in configured if item["enabled"]], source, request)
    for path in sorted(set(item["file"] for item in configured) - set(gone)):
        ids = [item["id"] for item in configured if item["file"] == path and item["enabled"] and item["id"] in stay]
        if ids:
            rewrite(path, disable, ids)


def of_the_source(enabled, source, request):
    """Those of the ids *enabled* (sorted) that are the source's, and that no repository of AlmaLinux has.

    :param request: what the worker was asked
    """
    target = set(request["enabled_after"]) | set(item["id"] for item in request["settings"]["repositories"])
    return [identifier for identifier in sorted(set(enabled) - target) if source.is_own(identifier)]


def disable(document, section):
    document.set(section, "enabled", "0")


def rewrite(path, change, ids):
    """Call change(document, id) for each of the sections *ids* of the repository file *path*, and write what becomes of it."""
    document = ini.parse(files.read_text(path) or "")
    for identifier in ids:
        change(document, identifier)
    if os.path.islink(path):
        # What a link points at may be anywhere, and the snapshot does not have it: a file takes the place of the link.
        files.write_atomic(path + ".new", document.render(), files.attributes(path))
        os.rename(path + ".new", path)
    else:
        files.write_atomic(path, document.render())


def is_packaged(path):
    """Whether a package brings the file *path*. One that owns it as a ghost, as almalinux-release does redhat.repo, does not."""
    result = commands.run(["rpm", "-qf", "--qf", "[%{FILENAMES}\t%{FILEFLAGS:fflags}\n]", path], check=False)
    if result.rc != 0:
        return False
    flags = [line.split("\t")[1] for line in result.stdout.splitlines() if line.split("\t")[0] == path]
    return any("g" not in item for item in flags)


def release_files(context):
    """What is to be said of release files that do not name AlmaLinux: [str]."""
    found = []
    for path in RELEASE_FILES:
        text = context.read(path)
        if text is None:
            found.append("{0} is not there".format(path))
        elif not text.startswith("AlmaLinux release "):
            found.append("{0} says {1}".format(path, text.strip()[:80] or "nothing"))
    return found


def verify(source, request, left, meanwhile):
    """Whether the host is AlmaLinux, and what is left of the source.

    :param left: (NEVRA, hash) of each build (set) that the transaction was to take away
    :param meanwhile: a function that is called while commands are waited for
    :param request: what the worker was asked; "before" in it holds dependencies() and configuration() as they were
    :returns: {"remains": [str] (what must not be), "kept": [NEVRA] (of the source, and known to stay), "configuration": {path: what
        rpm says, of files that were as packaged}, "left": [path] (new .rpmnew and .rpmsave files)}
    """
    found, now = [], {}
    # Two wait for commands, which take as long as all the rest.
    failed = commands.side_by_side({"dependencies": lambda: now.update(dependencies=dependencies()),
                                    "configuration": lambda: now.update(configuration=configuration()), "other": meanwhile})
    for name in sorted(failed):
        raise failed[name]
    before = request["before"]
    context = Context()
    identity = context.identity()[0]
    if not identity["is_almalinux"]:
        found.append("the host calls itself {0}".format(identity["name"]))
    for nevra in identity["leftover_release_packages"]:
        found.append("the release package {0} is still there".format(nevra))
    found += release_files(context)
    kept = []
    for item in rpm_transaction.installed():
        if plan.is_one_vendor(source):
            if (item["nevra"], item["hash"]) in left:
                found.append("{0} is still the build from before".format(item["nevra"]))
            continue
        if item["vendor"] not in source.distribution.vendors:
            continue
        if source.exception(item["name"]) or item["nevra"] in request["may_stay"]:
            kept.append(item["nevra"])
        else:
            found.append("{0} is still of {1}".format(item["nevra"], item["vendor"]))
    for line in now["dependencies"]:
        if line not in before["dependencies"]:
            found.append("dnf check: {0}".format(line))
    facts = repositories.collect(context)
    enabled = set(facts["enabled"])
    for identifier in request["enabled_after"]:
        if identifier not in enabled:
            found.append("the repository {0} is not enabled".format(identifier))
    found += from_the_source(facts["configured"], request)
    found += ["the repository {0} of the source is still enabled".format(identifier) for identifier in of_the_source(enabled, source, request)]
    trusted = set(key.fingerprint for key in _openpgp.parse(request["keys"].encode("utf-8"), "AlmaLinux's keys"))
    if not trusted & set(imported_keys()):
        found.append("none of AlmaLinux's keys is imported")
    found += boot.not_bootable(request["boot"], context)
    after = now["configuration"]
    drift = dict((path, after[path]) for path in sorted(after) if path not in before["configuration"])
    return {"remains": found, "kept": sorted(kept), "configuration": drift, "left": leftovers()}


def urls_of(item):
    """The URLs (set) of a repository of the facts section repositories."""
    return set(url.rstrip("/") for url in [item["mirrorlist"], item["metalink"]] + item["baseurl"] if url)


def from_the_source(configured, request):
    """What is to be said of enabled repositories that have the id of one of AlmaLinux's and get their packages from the source: [str].

    :param configured: of the facts section repositories
    :param request: what the worker was asked; "source_urls" are those that the source's repositories had
    """
    wanted = set(item["id"] for item in request["settings"]["repositories"])
    theirs = set(request.get("source_urls") or ()) - set(redact.redact_url(item["url"]).rstrip("/") for item in request["settings"]["repositories"])
    found = []
    for identifier, item in sorted(repositories.counting(configured).items()):
        if identifier in wanted and item["enabled"] and urls_of(item) & theirs:
            found.append("the repository {0} still comes from the source: {1} in {2}".format(
                identifier, ", ".join(sorted(urls_of(item) & theirs)), item["file"]))
    return found


def leftovers():
    """The .rpmnew, .rpmsave and .rpmorig files below /etc."""
    found = []
    for directory, _directories, names in os.walk("/etc"):
        found.extend(os.path.join(directory, name) for name in names if name.endswith((".rpmnew", ".rpmsave", ".rpmorig")))
    return sorted(found)
