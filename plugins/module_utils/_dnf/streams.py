# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Module streams: what was asked for, against what is. Pure."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import modulesd
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError

STATES = ("enabled", "disabled", "reset", "installed")
# Names and streams as dnf's NSVCAP grammar has them; a profile follows a slash.
_SHORT = re.compile(r"(?P<name>[A-Za-z0-9_.+\-]+)(?::(?P<stream>[A-Za-z0-9_.+\-]+))?(?:/(?P<profiles>[A-Za-z0-9_.+,\-]+))?\Z")


class Wanted(object):
    """One entry of the desired state: name, stream (str or None for the enabled or default one), profiles (list), state."""

    def __init__(self, name, stream, profiles, state):
        self.name = name
        self.stream = stream
        self.profiles = profiles
        self.state = state


def parse_item(item):
    """A Wanted of what a user wrote: "nodejs:20/common" or a dict with name, stream, profiles, state.

    The short form means installed where it names a profile, else enabled.

    :raises InputError: it is neither, a field is unknown or missing, or the fields contradict each other
    """
    if isinstance(item, dict):
        unknown = sorted(set(item) - set(["name", "stream", "profiles", "state"]))
        if unknown:
            raise InputError("unknown field {0} in the stream {1}".format(unknown[0], item.get("name", item)),
                             "There are name, stream, profiles and state")
        match = _SHORT.match(str(item.get("name") or ""))
        if match is None:
            raise InputError("{0} is no name of a module".format(repr(item.get("name"))), "Write nodejs, or nodejs:20")
        stream = item.get("stream")
        profiles = item.get("profiles") or []
        if isinstance(profiles, str):
            profiles = [part.strip() for part in profiles.split(",") if part.strip()]
        if stream is not None and match.group("stream") is not None and str(stream) != match.group("stream"):
            raise InputError("the stream of {0} is given twice: {1} and {2}".format(
                match.group("name"), match.group("stream"), stream), "Give it once")
        if match.group("profiles") is not None:
            profiles = list(profiles) + match.group("profiles").split(",")
        stream = str(stream) if stream is not None else match.group("stream")
        state = item.get("state")
    else:
        match = _SHORT.match(str(item))
        if match is None:
            raise InputError("{0} is no module stream".format(repr(item)), "Write name, name:stream or name:stream/profile")
        stream = match.group("stream")
        profiles = match.group("profiles").split(",") if match.group("profiles") else []
        state = None
    state = state or ("installed" if profiles else "enabled")
    name = match.group("name")
    if state not in STATES:
        raise InputError("unknown state {0} of the module {1}".format(state, name), "There are " + ", ".join(STATES))
    if state in ("disabled", "reset") and profiles:
        raise InputError("the module {0} is to be {1} and to have profiles".format(name, state), "Drop one of the two")
    if state == "enabled" and profiles:
        raise InputError("the module {0} is to be enabled only, but profiles are named".format(name),
                         "Use state: installed to install profiles")
    return Wanted(name, stream, sorted(set(str(part) for part in profiles)), state)


def parse_items(items):
    """The list of Wanted of a user's list.

    :raises InputError: an entry is wrong, or a module is named twice
    """
    wanted = [parse_item(item) for item in items]
    seen = set()
    for item in wanted:
        if item.name in seen:
            raise InputError("the module {0} is named twice".format(item.name), "A module has one stream: name it once")
        seen.add(item.name)
    return wanted


def needs_work(current, item):
    """Whether *current* (as modulesd.parse() gives a module) differs from *item* (Wanted), as far as files tell."""
    if item.state == "reset":
        return current["state"] != modulesd.NONE or bool(current["profiles"])
    if item.state == "disabled":
        return current["state"] != modulesd.DISABLED
    if current["state"] != modulesd.ENABLED or (item.stream is not None and current["stream"] != item.stream):
        return True
    # Without a profile, "installed" means the default one: only dnf knows its name.
    if item.state == "installed":
        return not current["profiles"] if not item.profiles else not set(item.profiles) <= set(current["profiles"])
    return False


def check_switches(current, wanted, allow_switch):
    """Whether every entry may be done.

    :param current: {name: module} of all modules with a state
    :raises InputError: a stream would be switched, and nobody allowed it
    """
    if allow_switch:
        return
    for item in wanted:
        now = current.get(item.name) or modulesd.empty()
        if item.state in ("enabled", "installed") and now["state"] == modulesd.ENABLED and item.stream not in (None, now["stream"]):
            raise InputError(
                "the module {0} has the stream {1} enabled, and {2} is wanted".format(item.name, now["stream"], item.stream),
                "Set allow_switch: true to switch it; its packages then follow the new stream",
                module=item.name, enabled=now["stream"], wanted=item.stream)


def jobs(current, wanted, switched=()):
    """What the agent is asked for: a dict for each of *wanted* (list of Wanted), as agent.streams() takes them.

    :param current: {name: module} of all modules with a state
    :param switched: names of the modules whose switch a killed run had begun: the files know the new stream by then, the packages perhaps not
    """
    found = []
    for item in wanted:
        now = current.get(item.name) or modulesd.empty()
        switch = now["state"] == modulesd.ENABLED and (item.stream not in (None, now["stream"]) or item.name in switched)
        found.append({"name": item.name, "stream": item.stream or now["stream"], "profiles": item.profiles, "state": item.state, "switch": switch})
    return found


def predict(current, item, stream, profiles):
    """The module (dict) after *item* is done.

    :param stream: the stream that dnf chose or that was named
    :param profiles: the profiles that are installed by this run
    """
    if item.state == "reset":
        return modulesd.empty()
    if item.state == "disabled":
        return {"stream": None, "profiles": [], "state": modulesd.DISABLED}
    kept = current["profiles"] if current["stream"] == stream and current["state"] == modulesd.ENABLED else []
    return {"stream": stream, "profiles": sorted(set(kept) | set(profiles)), "state": modulesd.ENABLED}


def way_back(transactions):
    """What undoes several transactions as one: {"before", "after"} (sorted NEVRAs), what was there before all of them and what came with any.

    :param transactions: dicts with before and after, the oldest first: a run that was killed and the one that went on have one each
    """
    before, after = set(), set()
    for item in transactions:
        before.update(set(item["before"]) - after)
        after.update(item["after"])
    return {"before": sorted(before), "after": sorted(after - before)}
