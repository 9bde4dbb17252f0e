# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Module streams on a host: read, plan, apply, verify, and the way back."""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client, modulesd, streams
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError, HostError, UnsupportedError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import host_lock

CONCERN = "module_streams"
OS_RELEASE = "/etc/os-release"


def read(directory=modulesd.DIRECTORY):
    """The modules that have a state: {name: module} as modulesd.parse() gives them.

    :raises HostError: a file is unreadable or broken
    """
    found = {}
    for path in module_files(directory):
        found.update(modulesd.parse(files.read_text(path), path))
    return found


def module_files(directory=modulesd.DIRECTORY):
    """Paths of the state files, sorted; none where the directory is missing."""
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    return sorted(os.path.join(directory, name) for name in names if name.endswith(modulesd.ENDING))


def check_host(identity):
    """Whether streams exist on this host.

    :param identity: dict of os-release
    :raises UnsupportedError: it is no Enterprise Linux 8 or 9
    """
    name = identity.get("PRETTY_NAME") or identity.get("NAME") or "unknown"
    platform = identity.get("PLATFORM_ID", "")
    if platform.startswith("platform:el"):
        major = platform[len("platform:el"):]
        if major in ("8", "9"):
            return
        raise UnsupportedError(
            "{0} has no module streams".format(name),
            "Versions are packages of their own names there: install nodejs22 or postgresql18-server with ansible.builtin.dnf")
    raise UnsupportedError("{0} has no module streams".format(name), "They exist on Enterprise Linux 8 and 9")


def ensure(wanted, allow_switch, check_mode):
    """Bring the host's streams to *wanted* (list of streams.Wanted).

    :param check_mode: look only: what would be done, dnf's own resolve included
    :returns: {"changed", "streams": [{"name", "before", "after", "changed"}], "packages": {"installed", "removed"},
        "diff": {"before", "after"}}
    :raises ElkitError: nothing was changed then, or the journal holds what was there
    """
    current = read()
    # dnf writes the streams down before it begins with the packages: after a run that was killed, all of it is done once more.
    interrupted = journal.interrupted(CONCERN)
    work = [item for item in wanted if interrupted or streams.needs_work(current.get(item.name) or modulesd.empty(), item)]
    if not work:
        return result(wanted, current, current, {"installed": [], "removed": []})
    streams.check_switches(current, work, allow_switch)
    items = streams.jobs(current, work, begun_switches() if interrupted else ())
    answer = client.call("streams", {"items": items, "apply": False})
    planned = dict(current)
    for item in work:
        chosen = answer["modules"].get(item.name, {"stream": None, "profiles": []})
        planned[item.name] = streams.predict(
            current.get(item.name) or modulesd.empty(), item, chosen["stream"], chosen["profiles"])
    if not check_mode:
        apply(items, answer["transaction"])
        found = read()
        for item in work:
            now = found.get(item.name) or modulesd.empty()
            if now != planned[item.name]:
                raise HostError(
                    "after the change, dnf says {0} of the module {1}, not {2}".format(summary(now), item.name, summary(planned[item.name])),
                    "state: reverted puts back what was there")
    return result(wanted, current, planned, answer["transaction"])


def begun_switches():
    """Names of the modules that the interrupted run was to switch to another stream."""
    return set(name for note in journal.revert(CONCERN, force=True).notes if note["kind"] == "switch" for name in note["data"]["modules"])


def apply(items, transaction):
    """Let dnf do *items*; the journal keeps every state file and the packages that come and go."""
    with host_lock():
        check_writable(os.path.join(modulesd.DIRECTORY, items[0]["name"] + modulesd.ENDING))
        entry = journal.begin(CONCERN)
        names = set(os.path.join(modulesd.DIRECTORY, item["name"] + modulesd.ENDING) for item in items)
        # A stream can enable others that it requires, so all state files are kept.
        for path in sorted(names | set(module_files())):
            entry.record_file(path, files.read_bytes(path), foreign=True)
        # Before the transaction: a run that is killed in it must know what to take back, and what to go on with.
        entry.note("packages", {"before": transaction["removed"], "after": transaction["installed"]})
        switched = [item["name"] for item in items if item["switch"]]
        if switched:
            entry.note("switch", {"modules": switched})
        entry.save()
        try:
            client.call("streams", {"items": items, "apply": True})
        except ElkitError as error:
            # Nothing was begun: there is nothing to go on with, either.
            if error.details.get("untouched") and not entry.continued:
                entry.rollback()
            raise
        for path in sorted(names | set(module_files())):
            entry.record_outcome(path)
        # The others are nobody's concern when this is undone.
        entry.drop_unchanged(names)
        entry.commit()


def check_writable(path):
    """Whether a file can be put at *path*: dnf itself does not say what stopped it.

    :raises HostError: the file system is read-only or full
    """
    if os.path.isdir(os.path.dirname(path)):
        # A block, for an empty file fits on a full disk.
        files.discard(files.stage(path, b"\n" * 4096))


def revert(force, check_mode):
    """Put the last change back: state files and packages.

    :returns: like ensure()
    :raises ChangedSinceError: somebody changed a state file or a package since, or others would go with the packages, and *force* is not set;
        nothing is put back then
    """
    current = read()
    plan = journal.revert(CONCERN, force)
    if plan is None:
        return result([], current, current, {"installed": [], "removed": []})
    planned = dict(current)
    for item in plan.restore:
        name = os.path.basename(item["path"])[:-len(modulesd.ENDING)]
        planned[name] = modulesd.empty()
        content = plan.before(item)
        if content is not None:
            planned.update(modulesd.parse(content.decode("utf-8", "surrogateescape"), item["path"]))
    back = streams.way_back([note["data"] for note in plan.notes if note["kind"] == "packages"])
    packages = bring_back(back, force, modules=[
        {"name": name, "stream": module["stream"], "state": module["state"]}
        for name, module in sorted(planned.items()) if module != current.get(name)])
    done = []

    def undo(kind, _data):
        # The first note does it for all of them: a run that went on saw the packages otherwise than the one that was killed.
        if kind == "packages" and not done:
            done.append(bring_back(back, force, apply=True))
    if not check_mode:
        with host_lock():
            plan.apply(undo)
    return result([], current, planned, done[0] if done else packages, changed=True)


def bring_back(back, force, apply=False, modules=()):
    """Let dnf undo transactions, or say what that would do.

    :param back: as streams.way_back() gives it
    :param modules: for a look: the modules whose state will be another one by then, as agent.pretend() takes them
    :returns: {"installed": [NEVRA], "removed": [NEVRA]}
    :raises ElkitError: see revert(); a package cannot be had any more
    """
    if not (back["before"] or back["after"]):
        return {"installed": [], "removed": []}
    request = dict(back, since="overwrite" if force else "refuse", modules=list(modules), apply=apply)
    return client.call("packages", request)["transaction"]


def summary(module):
    """One phrase for a module: "enabled 20 with common", "disabled", "no state"."""
    if module["state"] == modulesd.ENABLED:
        profiles = " with " + ", ".join(module["profiles"]) if module["profiles"] else ""
        return "enabled {0}{1}".format(module["stream"], profiles)
    return module["state"] or "no state"


def result(wanted, before, after, packages, changed=None):
    names = sorted(set(item.name for item in wanted) | set(
        name for name in set(before) | set(after)
        if (before.get(name) or modulesd.empty()) != (after.get(name) or modulesd.empty())))
    rows = []
    for name in names:
        was, will = before.get(name) or modulesd.empty(), after.get(name) or modulesd.empty()
        rows.append({"name": name, "before": was, "after": will, "changed": was != will})
    if changed is None:
        changed = any(row["changed"] for row in rows) or bool(packages["installed"] or packages["removed"])
    lines = ["+ " + item for item in packages["installed"]] + ["- " + item for item in packages["removed"]]
    return {
        "changed": changed, "streams": rows, "packages": packages,
        "diff": {
            "before_header": modulesd.DIRECTORY, "after_header": modulesd.DIRECTORY,
            "before": modulesd.render(dict((row["name"], row["before"]) for row in rows if row["changed"])),
            "after": modulesd.render(dict((row["name"], row["after"]) for row in rows if row["changed"]))
            + "".join(line + "\n" for line in lines)}}
