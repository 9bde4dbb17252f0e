# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests with faults; a test module takes them by `pytest_plugins = ["tests.faults.fixtures"]`."""
import pytest

from . import remote
from .host import FaultHost

# Hosts of their own, by the kind they are of: what is done to them must be in nobody's way.
NAMES = {"f8": "al8", "f9": "al9", "f10": "al10", "fd12": "al9d12", "fc9": "cs9", "fh8": "hard8", "fh9": "hard9", "fh10": "hard10"}


@pytest.fixture(scope="session")
def fault_host():
    """A function that gives the FaultHost of a name in NAMES, up and with the hook in its Pythons."""
    ready = {}

    def give(name):
        if name not in ready:
            remote.testbed("up", f"{name}:{NAMES[name]}", timeout=3600)
            ready[name] = FaultHost(name)
            ready[name].install()
        return ready[name]
    yield give
    for host in ready.values():
        host.disarm()
