# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether a package of a name is installed (bool). All that a run installs and removes is one transaction of dnf."""

import os
import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import unit
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import nevra as names

PHASE = 10

# What rpm leaves beside configuration that was edited.
LEAVINGS = (".rpmsave", ".rpmnew", ".rpmorig")
# RPMFILE_CONFIG of rpm's file flags.
CONFIG = 1
# What rpm says of an installed package that needs one that is to go.
NEEDING = re.compile(r"\(installed\) (\S+)")


def load(view, name):
    """
    :raises HostError: the rpm database cannot be read
    """
    errors = []
    packages = view.context.packages(errors)
    if not packages and errors:
        raise HostError(errors[0], "Look at rpm -qa on the host")
    return name in packages


def resolve(values):
    """What dnf would do for {name: bool}: {"installed": [NEVRA], "removed": [NEVRA]}.

    :raises ElkitError: a package cannot be had, or one that nobody named would go
    """
    return _ask(values, False)


def held(context, names_of):
    """Of installed packages (names) that are to go, those that others need: {name: ElkitError, as resolve() raises it}. rpm alone is asked, which reads
    its database: dnf would fetch metadata into the host's cache."""
    if not names_of or not _needing(context, names_of):
        return {}
    # As a run does it: together, else one by one.
    found = ((name, _needing(context, [name])) for name in names_of)
    return dict((name, HostError("it would take away what depends on it, too: {0}".format(", ".join(others)),
                                 "Remove those yourself if nobody needs them, or except the control")) for name, others in found if others)


def _needing(context, names_of):
    said = context.run(["rpm", "-e", "--test", "--allmatches", "--"] + sorted(names_of), check=False, timeout=120)
    return sorted(set(NEEDING.findall(said.stderr))) if said.rc else []


def put_all(values):
    """Do it; what resolve() gives."""
    return _ask(values, True)


def _agent():
    """What talks to dnf: a look at a host does without, and what is not imported need not be compiled there."""
    from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
    return client


def _ask(values, apply):
    answer = _agent().call("want", {"install": sorted(name for name in values if values[name]),
                                    "remove": sorted(name for name in values if not values[name]), "apply": apply})
    return answer["transaction"]


def gone(transaction):
    """The packages (list of NEVRA) of which none with the same name comes."""
    if not transaction["removed"]:
        return []
    coming = set(names.parse(item).name for item in transaction["installed"])
    return [item for item in transaction["removed"] if names.parse(item).name not in coming]


def belongings(context, packages):
    """(paths of the configuration, names of the units) of the installed *packages* (list of NEVRA).

    :raises CommandError: rpm does not say
    """
    if not packages:
        return [], []
    # By name, without the epoch, which not every release's rpm takes.
    wanted = [names.render(item.name, 0, item.version, item.release, item.arch) for item in map(names.parse, packages)]
    said = context.run(["rpm", "-q", "--qf", "[%{FILEFLAGS} %{FILENAMES}\n]", "--"] + wanted, timeout=120).stdout
    files = [line.partition(" ") for line in said.splitlines()]
    configuration = sorted(set(path for flags, _space, path in files if flags.isdigit() and int(flags) & CONFIG))
    units = set(os.path.basename(path) for _flags, _space, path in files if os.path.dirname(path) in unit.DIRECTORIES)
    # An instance has no file of its own, and its template no state.
    return configuration, sorted(name for name in units if "@." not in name and name.endswith(unit.ENDINGS))


def back(data):
    """Undo a transaction: *data* is {"installed": [NEVRA], "removed": [NEVRA]} as resolve() gave it.

    :raises HostError: no repository has some of the packages any more; the others are as they were
    """
    answer = _agent().call("packages", {"before": data["removed"], "after": data["installed"], "partial": True, "apply": True})
    if answer["missing"]:
        raise HostError("no enabled repository has {0} any more".format(", ".join(answer["missing"])),
                        "Enable the repository that has them, and run again", missing=answer["missing"])
