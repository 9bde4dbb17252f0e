# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The look at a host, and what it says."""

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import checks, look, plan, target
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue

REDHAT_REPO = "/etc/yum.repos.d/redhat.repo"
READY, INHIBITED, DONE = "ready", "inhibited", "almalinux"


def examine(params, context=None):
    """The Seen of this host, which the caller closes, and what conversion_info returns of it.

    :param params: the module's
    :raises InputError: an option is wrong
    """
    ignored = overrides(params["ignore"])
    seen = look.gather(context or Context(), params)
    try:
        return seen, judge(seen, params, ignored)
    except BaseException:
        seen.close()
        raise


def judge(seen, params, ignored):
    """What conversion_info returns of *seen*.

    :param ignored: as overrides() gives it
    """
    if checks.is_already_there(seen) and not params["sync"]:
        return dict(report(seen, []), verdict=DONE)
    found = report(seen, checks.run(seen, ignored))
    if checks.is_already_there(seen) and found["verdict"] == READY and not any(plan.changes(row) for row in found["packages"]):
        found["verdict"] = DONE
    return found


def overrides(items):
    """{id of a check: the user's reason or None} of the option ignore.

    :raises InputError: there is no such check, or an item is neither text nor a dictionary with an id
    """
    found = {}
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("id"), str) and not set(item) - set(["id", "reason"]):
            found[item["id"]] = item.get("reason")
        elif isinstance(item, str):
            found[item] = None
        else:
            raise InputError("ignore: {0!r} is no id of a check".format(item), "Give the id, or a dictionary with id and reason")
    known = list(checks.CHECKS)
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise InputError("ignore: there is no check {0}".format(", ".join(unknown)), "There are: {0}".format(", ".join(known)))
    return found


def report(seen, findings):
    """What the module conversion_info returns of *findings* (checks.run) and the plan."""
    rows = seen.plan["rows"] if seen.plan else []
    counts, download, size = plan.summary(rows)
    stopping = checks.inhibitors(findings)
    return {
        "verdict": INHIBITED if stopping else READY,
        "source": seen.source.name if seen.source else None,
        "target": seen.identity["conversion"]["target"],
        "checks": findings,
        "inhibitors": sorted(set(row["id"] for row in stopping)),
        "packages": rows,
        "summary": counts,
        "download_size": download,
        "installed_size": size,
        "repositories": repository_rows(seen),
        "streams": stream_rows(seen),
        "configuration": plan.configuration(rows, seen.modified, seen.leaving_files, seen.source_files),
    }


def stream_rows(seen):
    """[{"module", "before", "after"}] of the enabled module streams."""
    changed = dict((name, stream) for name, stream, _profiles in seen.streams_after)
    return [{"module": item["module"], "before": item["stream"], "after": changed.get(item["module"], item["stream"])}
            for item in seen.streams["streams"] if item["state"] == "enabled"]


def repository_rows(seen):
    """[{"before": id or None, "after": id or None, "kept"}] of the repositories that are enabled now, or afterwards; those that go with their
    package or with the registration have no after, and are not kept."""
    if seen.source is None:
        return []
    known = catalogue.known(target.host_of(seen.source.major, seen.source.arch))
    rows = []
    for repo_id in sorted(set(seen.repositories["enabled"])):
        kept, after = False, None
        if seen.source.is_own(repo_id):
            canonical = seen.source.canonical(repo_id)
            if canonical in known:
                after = known[canonical].id
        elif stays(seen, repo_id):
            kept, after = True, repo_id
        rows.append({"before": repo_id, "after": after, "kept": kept})
    there = set(row["after"] for row in rows)
    # Such as crb, where EPEL is.
    more = set(known[canonical].id for canonical in seen.enabled_after) - there
    return rows + [{"before": None, "after": repo_id, "kept": False} for repo_id in sorted(more)]


def stays(seen, repo_id):
    """Whether a file that holds the enabled repository *repo_id* is still there afterwards."""
    paths = set(item["file"] for item in seen.repositories["configured"] if item["id"] == repo_id and item["enabled"])
    # subscription-manager writes that file, and deletes it when it unregisters.
    written = set([REDHAT_REPO]) if seen.registered and seen.registration == "unregister" else set()
    return bool(paths - set(seen.leaving_files) - written)
