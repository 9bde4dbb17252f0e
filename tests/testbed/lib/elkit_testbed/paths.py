# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are in this clone."""
import hashlib
from pathlib import Path

TESTBED = Path(__file__).resolve().parents[2]
CLONE = TESTBED.parents[1]
STATE = CLONE / ".build" / "testbed"

# Containers carry the clone in their name, so that two clones on one machine never touch each other's hosts.
PREFIX = "elkit-%s-" % hashlib.sha256(str(CLONE).encode()).hexdigest()[:8]
IMAGES = "localhost/elkit/"


def state_dir() -> Path:
    """The folder for state, made if need be."""
    STATE.mkdir(parents=True, exist_ok=True)
    return STATE
