# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays against the hosts of the testbed, as a user runs them: by ansible-playbook, over ssh."""
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from elkit_testbed.inventory import path as inventory_path

pytest.register_assert_rewrite("tests.hosts.conversions")

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

    def failure(self, host, task):
        """The result of a task that failed; newer cores do not say so in the result itself."""
        found = [event for event in self.events if event["host"] == host and event["task"] == task]
        assert found and found[-1]["status"] == "failed", f"{task!r} went through on {host}: {found}"
        return found[-1]["result"]


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
    """player() for one test."""
    return player(tmp_path)


@pytest.fixture(scope="module")
def play_module(testbed, tmp_path_factory):
    """player() for plays whose results several tests look at."""
    return player(tmp_path_factory.mktemp("plays"))


def player(tmp_path):
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
        command = [f"{BUILD}/venv/{core}/bin/ansible-playbook", "-i", str(inventory_path()), "-l", hosts, *arguments, str(playbook)]
        if variables:
            command += ["-e", json.dumps(variables)]
        done = subprocess.run(command, check=False, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=1200, env=_environment(log, core, environment))
        lines = log.read_text().splitlines() if log.exists() else []
        return Run(done.returncode, done.stdout, [json.loads(line) for line in lines])
    return run


# --- hosts that tests may change --------------------------------------------------------------------------------------

# Names of their own, so that what other tests do at the same time is not in the way. td12 has EL9's own dnf, 4.14.
CHANGEABLE = {"t8": "al8", "t9": "al9", "t10": "al10", "td12": "al9d12", "tcs9": "cs9"}
# Every file that the collection may change, and the keys that rpm has: two equal answers mean that nothing changed.
STATE = """
find /etc/yum.repos.d /etc/dnf /etc/pki/rpm-gpg -type f -exec sha256sum {} + -o -type l -printf '%p -> %l\\n' | sort -k 2
find /etc/yum.repos.d /etc/dnf /etc/pki/rpm-gpg -printf '%p %m %U:%G\\n' | sort
rpm -qa gpg-pubkey | sort
"""
BEFORE = "/root/.elkit-before"
KEEP = f"""
test -e {BEFORE} && exit
mkdir -m 0700 {BEFORE}.new
tar -cf {BEFORE}.new/files.tar -C / etc/yum.repos.d etc/dnf etc/pki/rpm-gpg
rpm -qa gpg-pubkey | sort >{BEFORE}.new/keys
rpm -qa | sort >{BEFORE}.new/packages
mv {BEFORE}.new {BEFORE}
"""
RESTORE = f"""
rpm -qa | sort | grep -v ^gpg-pubkey | comm -13 {BEFORE}/packages - | xargs -r rpm -e --nodeps >/dev/null 2>&1
rm -rf /etc/yum.repos.d /etc/dnf /etc/pki/rpm-gpg /var/lib/elkit
tar -xpf {BEFORE}/files.tar -C /
rpm -qa gpg-pubkey | sort | comm -13 {BEFORE}/keys - | xargs -r rpm -e --allmatches
true
"""


class Hosts:
    """Hosts that a test may change; restore() puts back what they were at first."""

    def __init__(self):
        inventory = yaml.safe_load(inventory_path().read_text())["all"]
        self._variables = inventory["vars"]
        self._hosts = inventory["hosts"]

    def run(self, script, hosts=tuple(CHANGEABLE), user="root"):
        """Run a shell script as root (or as the user who logs in) on *hosts*, side by side; {host: output (str)}."""
        running = {}
        for host in hosts:
            command = ["ssh", *self._variables["ansible_ssh_common_args"].split(), "-i", self._variables["ansible_ssh_private_key_file"],
                       f"{self._variables['ansible_user']}@{self._hosts[host]['ansible_host']}",
                       *(["sudo"] if user == "root" else []), "sh", "-s"]
            running[host] = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            running[host].stdin.write(script)
            running[host].stdin.close()
        answers = {}
        for host, process in running.items():
            answers[host] = process.stdout.read()
            assert process.wait(timeout=120) == 0, f"{host}: {answers[host]}"
        return answers

    def state(self, hosts=tuple(CHANGEABLE)):
        """{host: text}: hashes, owners and modes of all files that the collection may change, and rpm's keys."""
        return self.run(STATE, hosts)

    def restore(self, hosts=tuple(CHANGEABLE)):
        self.run(RESTORE, hosts)


@pytest.fixture(scope="session")
def changeable(testbed):
    """The Hosts that tests may change, as they were at first."""
    up = subprocess.run([TESTBED, "up", *(f"{name}:{kind}" for name, kind in CHANGEABLE.items())], check=False, text=True,
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=3600)
    assert up.returncode == 0, up.stdout
    hosts = Hosts()
    hosts.run(KEEP)
    hosts.restore()
    return hosts


@pytest.fixture
def hosts(changeable):
    """The same, restored after the test."""
    yield changeable
    changeable.restore()


@pytest.fixture(scope="session")
def keys(testbed):
    """Fingerprints of the testbed's keys, by name."""
    return json.loads(subprocess.run([TESTBED, "keys"], check=True, text=True, stdout=subprocess.PIPE, timeout=60).stdout)


@pytest.fixture(scope="module")
def faults(testbed):
    """A function that gives paths of the mirror a fault: faults("404", "almalinux/9.8/SAP/"); they end with the module's tests."""
    prefixes = []

    def fault(kind, prefix):
        prefixes.append(prefix)
        subprocess.run([TESTBED, "mirror-fault", "set", kind, prefix], check=True, timeout=60, stdout=subprocess.DEVNULL)
    yield fault
    for prefix in prefixes:
        subprocess.run([TESTBED, "mirror-fault", "clear", prefix], check=True, timeout=60, stdout=subprocess.DEVNULL)
