# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays against the hosts of the testbed, as a user runs them: by ansible-playbook, over ssh."""
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

CLONE = Path(__file__).resolve().parents[2]
BUILD = CLONE / ".build"
TESTBED = CLONE / "tests" / "testbed" / "testbed"
HOSTS = ("al8", "al9", "al10", "cs9")


class Run:
    """What a play did: rc, output (str), events (list of {"status", "host", "task", "action", "result"})."""

    def __init__(self, rc, output, events):
        self.rc = rc
        self.output = output
        self.events = events

    def results(self, host, task=None):
        """The results (list of dict) on *host*, of the task named *task* or of all."""
        return [event["result"] for event in self.events if event["host"] == host and task in (None, event["task"])]

    def result(self, host, task=None):
        """The last of them."""
        found = self.results(host, task)
        assert found, f"no result of {task!r} on {host}:\n{self.output}"
        return found[-1]


def _environment(log, core, more):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment.update({
        "ANSIBLE_COLLECTIONS_PATH": f"{BUILD}/collections:{BUILD}/vendor",
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "elkit_json",
        "ANSIBLE_HOME": str(BUILD / "ansible-home"),
        "ANSIBLE_LOCAL_TEMP": str(BUILD / "ansible-home" / "tmp"),
        "ANSIBLE_CONFIG": str(log.parent / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "ELKIT_JSON": str(log),
        # ansible-playbook finds its own Python's tools first.
        "PATH": f"{BUILD}/venv/{core}/bin:{os.environ['PATH']}",
    })
    environment.update(more or {})
    return environment


@pytest.fixture(scope="session")
def testbed():
    """The hosts are up. A function that runs a command as root on one of them: testbed("al9", "rm", "-f", "/x")."""
    up = subprocess.run([TESTBED, "up", *HOSTS], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=3600)
    assert up.returncode == 0, up.stdout

    def execute(host, *words, check=True):
        done = subprocess.run([TESTBED, "exec", host, "--", *words], check=False, text=True, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert not check or done.returncode == 0, done.stdout
        return done.stdout
    return execute


@pytest.fixture
def play(testbed, tmp_path):
    """A function that runs tasks (a list, or a whole playbook's path or name) on hosts and returns a Run.

    play("al8:al9", [{"elkit.almalinux.host_facts": {}}], core="core216", arguments=["--check"], variables={...}, become=False)
    keywords: what else the play says, e.g. {"module_defaults": {...}}
    """
    numbers = iter(range(1000))
    # Empty: what this machine's user likes must not count.
    (tmp_path / "ansible.cfg").touch()

    def run(hosts, tasks, *, core="main", arguments=(), variables=None, environment=None, become=True, gather_facts=False, keywords=None):
        number = next(numbers)
        log = tmp_path / f"events-{number}.jsonl"
        playbook = tasks
        if isinstance(tasks, list):
            playbook = tmp_path / f"play-{number}.yml"
            playbook.write_text(yaml.safe_dump([dict(keywords or {}, hosts=hosts, become=become, gather_facts=gather_facts, tasks=tasks)]))
        command = [f"{BUILD}/venv/{core}/bin/ansible-playbook", "-i", f"{BUILD}/testbed/inventory.yml", "-l", hosts, *arguments, str(playbook)]
        if variables:
            command += ["-e", json.dumps(variables)]
        done = subprocess.run(command, check=False, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=1200, env=_environment(log, core, environment))
        lines = log.read_text().splitlines() if log.exists() else []
        return Run(done.returncode, done.stdout, [json.loads(line) for line in lines])
    return run
