# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The conversion's worker as one file; see _system/worker.py.

A conversion outlives the connection, so it cannot live in what Ansible ships and removes; and dnf's bindings belong to a
Python that may not be the one that runs the module.
"""

# Imported to be bundled, with all that it imports.
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import worker
from ansible_collections.elkit.almalinux.plugins.module_utils._system import worker as workers


def build():
    """The zip file (bytes)."""
    return workers.build(worker)
