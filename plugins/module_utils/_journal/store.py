# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""How a journal lies on the disk: one directory per entry, with a state file and one file per before-image.

    /var/lib/elkit/journal/<concern>/<number>/state.json
    /var/lib/elkit/journal/<concern>/<number>/before-0

All of it is root's alone: before-images hold passwords. state.json is replaced in one step and is on the disk before
what it announces begins. Its keys: schema, concern, number, created (ISO 8601, UTC), stage, step, files, notes.
"""

import hashlib
import json
import os
import re
import shutil
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import STATE_DIRECTORY

SCHEMA = 1
KEEP = 20

PLANNED, APPLYING, APPLIED, REVERTING, REVERTED = "planned", "applying", "applied", "reverting", "reverted"
INTERRUPTED = (PLANNED, APPLYING, REVERTING)


def sha256(content):
    """Hex digest of bytes; None (a missing file) stays None."""
    return None if content is None else hashlib.sha256(content).hexdigest()


class Store(object):
    """The entries of one concern.

    :param concern: str, a directory name: "repositories", "module_streams", …
    :param root: the state directory
    """

    def __init__(self, concern, root=STATE_DIRECTORY):
        self.concern = concern
        self.root = root
        self.directory = os.path.join(root, "journal", concern)

    def numbers(self):
        """Numbers of the entries (str), oldest first."""
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise files.describe(error, self.directory)
        return sorted(name for name in names if re.match(r"\d{8}\Z", name))

    def path(self, number, *names):
        return os.path.join(self.directory, number, *names)

    def load(self, number):
        """The state (dict) of entry *number*; None where a kill left a directory without one.

        :raises HostError: it is damaged, or was written by a newer version
        """
        path = self.path(number, "state.json")
        content = files.read_bytes(path)
        if content is None:
            return None
        try:
            state = json.loads(content.decode("utf-8"))
            schema = state["schema"]
        except (ValueError, KeyError, TypeError):
            raise HostError("{0} is damaged".format(path), "Move it away to go on without that undo", path=path)
        if schema > SCHEMA:
            raise HostError(
                "{0} was written by a newer version of elkit.almalinux".format(path),
                "Use that version, or move the file away to go on without that undo", path=path)
        return state

    def newest(self):
        """The state of the newest entry that has one, or None."""
        for number in reversed(self.numbers()):
            state = self.load(number)
            if state is not None:
                return state
        return None

    def create(self):
        """The state of a new entry, on the disk in stage "planned"."""
        numbers = self.numbers()
        number = "{0:08d}".format(int(numbers[-1]) + 1 if numbers else 1)
        for directory in (self.root, os.path.join(self.root, "journal"), self.directory, self.path(number)):
            files.make_directory(directory, 0o700)
        state = {
            "schema": SCHEMA, "concern": self.concern, "number": number, "stage": PLANNED, "step": "planned",
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "files": [], "notes": [],
        }
        self.save(state)
        return state

    def save(self, state):
        text = json.dumps(state, indent=1, sort_keys=True) + "\n"
        files.write_atomic(self.path(state["number"], "state.json"), text, _private())

    def save_image(self, state, name, content):
        files.write_atomic(self.path(state["number"], name), content, _private())

    def image(self, state, item):
        """The content (bytes) of the before-image of *item*, a file of *state* that was there.

        :raises HostError: it is gone, or is not what was kept
        """
        path = self.path(state["number"], item["before"]["image"])
        content = files.read_bytes(path, missing_ok=False)
        if sha256(content) != item["before"]["sha256"]:
            raise HostError("{0} is not what was kept of {1}".format(path, item["path"]), "Put that file back from a backup", path=path)
        return content

    def free_name(self, state):
        """The name of the next before-image: never one that a file of *state* has, whichever have gone from it meanwhile."""
        taken = [int(item["before"]["image"].rpartition("-")[2]) for item in state["files"] if item["before"]]
        return "before-{0}".format(max(taken + [-1]) + 1)

    def drop(self, number):
        shutil.rmtree(self.path(number), ignore_errors=True)

    def prune(self):
        """Keep the newest KEEP entries."""
        for number in self.numbers()[:-KEEP]:
            self.drop(number)


def _private():
    return files.Attributes(os.geteuid(), os.getegid(), 0o600)
