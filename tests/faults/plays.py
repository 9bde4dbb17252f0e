# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that can be killed."""
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import yaml
from elkit_testbed.inventory import path as inventory_path

from tests.hosts import conftest

from .remote import BUILD


class Play:
    """ansible-playbook on *hosts* (an Ansible pattern), running, with *tasks* (list), or a playbook of a collection (its name, str).

    core: the virtual environment it comes from.
    """

    def __init__(self, hosts, tasks, core="main", become=True, variables=None):
        (BUILD / "faults").mkdir(parents=True, exist_ok=True)
        # A connection of its own: nobody else's is cut.
        self.folder = Path(tempfile.mkdtemp(prefix="p", dir=BUILD / "faults"))
        (self.folder / "ansible.cfg").touch()
        self._log, self._events = self.folder / "output", self.folder / "events.jsonl"
        playbook = tasks
        if not isinstance(tasks, str):
            playbook = str(self.folder / "play.yml")
            Path(playbook).write_text(yaml.safe_dump([{"hosts": hosts, "become": become, "gather_facts": False, "tasks": tasks}]))
        command = [f"{BUILD}/venv/{core}/bin/ansible-playbook", "-i", str(inventory_path()), "-l", hosts, playbook]
        if variables:
            command += ["-e", json.dumps(variables)]
        environment = conftest._environment(self._events, core, {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder)})
        with open(self._log, "w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment,
                                            start_new_session=True)

    def wait(self, timeout=300):
        """The conftest.Run of what it did."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        lines = self._events.read_text().splitlines() if self._events.exists() else []
        return conftest.Run(self.process.returncode, self._log.read_text(), [json.loads(line) for line in lines])

    def says(self, words, timeout=120):
        """Wait until its output has *words*.

        :raises TimeoutError: it ended without them, or the time was up
        """
        deadline = time.monotonic() + timeout
        while words not in self._log.read_text():
            if self.process.poll() is not None or time.monotonic() >= deadline:
                raise TimeoutError(f"{words!r} was not said:\n{self._log.read_text()}")
            time.sleep(0.2)

    def kill(self):
        """SIGKILL to ansible-playbook and all it started here."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


def play(hosts, tasks, **how):
    """The same, to its end: a conftest.Run."""
    return Play(hosts, tasks, **how).wait()
