# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are in this clone."""
import hashlib
import os
from pathlib import Path

TESTBED = Path(__file__).resolve().parents[2]
CLONE = TESTBED.parents[1]
# A clone can have several testbeds, each with hosts and a mirror of its own: what runs at the same time names one each.
NAME = os.environ.get("ELKIT_TESTBED", "")
STATE = CLONE / ".build" / "testbeds" / NAME if NAME else CLONE / ".build" / "testbed"

# Containers carry the testbed in their name, so that two on one machine never touch each other's hosts.
PREFIX = "elkit-%s-" % hashlib.sha256(":".join(filter(None, (str(CLONE), NAME))).encode()).hexdigest()[:8]
IMAGES = "localhost/elkit/"


def state_dir() -> Path:
    """The folder for state, made if need be."""
    STATE.mkdir(parents=True, exist_ok=True)
    return STATE
