# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether a package of a name is installed (bool). All that a run installs and removes is one transaction of dnf."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError

PHASE = 10


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


def back(data):
    """Undo a transaction: *data* is {"installed": [NEVRA], "removed": [NEVRA]} as resolve() gave it.

    :raises HostError: no repository has some of the packages any more; the others are as they were
    """
    answer = _agent().call("packages", {"before": data["removed"], "after": data["installed"], "partial": True, "apply": True})
    if answer["missing"]:
        raise HostError("no enabled repository has {0} any more".format(", ".join(answer["missing"])),
                        "Enable the repository that has them, and run again", missing=answer["missing"])
