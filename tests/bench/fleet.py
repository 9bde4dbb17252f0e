# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty hosts converted at twenty forks against one, and what memory the controller takes at five and at twenty.

A machine bears some sixteen hosts with systemd (inotify instances): these run nothing but sshd, and the worker is a detached process there.
"""
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import yaml

SIZE, FORKS = 20, (5, 20)
CIRCUMSTANCES = ", without systemd, on %d cores together with the controller" % os.cpu_count()
ADMIT = """
mkdir -p -m 700 /home/admin/.ssh && cat >/home/admin/.ssh/authorized_keys && chmod 600 /home/admin/.ssh/authorized_keys && chown -R admin: /home/admin/.ssh
"""
PLAY = [{"hosts": "all", "gather_facts": False, "become": True, "tasks": [
    {"name": "convert", "elkit.almalinux.conversion": {"trusted_keys": "{{ repositories_trusted_keys }}"}}]}]


class Fleet:
    """Fresh hosts like *host* (of the testbed), each time they are asked for.

    :param testbed: runs the testbed's command; gives its output
    """

    def __init__(self, testbed, host, inventory):
        self.testbed = testbed
        self.inventory = inventory["all"]
        container = self.inventory["hosts"][host]["testbed_container"]
        found = json.loads(testbed("podman", "--", "container", "inspect", container))[0]
        self.image, self.extra = found["Image"], found["HostConfig"]["ExtraHosts"]
        # rpm runs scriptlets in namespaces of their own, which takes what the testbed's hosts may do.
        self.rights = ["--cap-add=" + ",".join(found["HostConfig"]["CapAdd"])] + ["--security-opt=" + word for word in found["HostConfig"]["SecurityOpt"]]
        self.prefix, self.clone = container[:-len(host)], found["Config"]["Labels"]["elkit.clone"]
        self.template = {key: value for key, value in self.inventory["hosts"][host].items() if not key.startswith("testbed_")}
        self.names = []

    def fresh(self, number, path):
        """Start *number* hosts in the place of those that were there, and write their inventory to *path*."""
        self.remove()
        hosts = {}
        for one in range(number):
            name = "bfleet%d" % one
            words = ["run", "--detach", "--name", self.prefix + name, "--hostname", name, "--network=bridge", "--label", "elkit.clone=" + self.clone]
            for entry in self.extra:
                words += ["--add-host", entry]
            words += self.rights
            self.testbed("podman", "--", *words, self.image, "sh", "-c", "mkdir -p /run/sshd; rm -f /run/nologin; ssh-keygen -A; exec /usr/sbin/sshd -D")
            self.names.append(name)
            found = json.loads(self.testbed("podman", "--", "container", "inspect", self.prefix + name))[0]
            hosts[name] = dict(self.template, ansible_host=found["NetworkSettings"]["Networks"]["podman"]["IPAddress"])
            with open(self.inventory["vars"]["ansible_ssh_private_key_file"] + ".pub") as key:
                self.testbed("podman", "--", "exec", "--interactive", self.prefix + name, "sh", "-c", ADMIT, stdin=key)
        path.write_text(yaml.safe_dump({"all": {"vars": self.inventory["vars"], "hosts": hosts}}))

    def remove(self):
        if self.names:
            self.testbed("podman", "--", "rm", "--force", "--time", "0", "--volumes", *[self.prefix + name for name in self.names])
        self.names = []


def tree(pid):
    """Process ids below *pid*, itself among them."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def proportional(pid):
    """MiB that a process takes, what it shares counted by its part."""
    try:
        lines = Path("/proc/%d/smaps_rollup" % pid).read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024.0


def run(command, environment, log):
    """(seconds, peak MiB of the process and all below it) of *command*. Ends the program if it fails."""
    with open(log, "w") as out:
        begun = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        peak = [0.0]

        def watch():
            while process.poll() is None:
                peak[0] = max(peak[0], sum(proportional(pid) for pid in tree(process.pid)))
                time.sleep(0.25)

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait(3600)
        seconds = time.monotonic() - begun
        watcher.join()
    if code:
        raise SystemExit("bench: the play failed\n" + Path(log).read_text()[-4000:])
    return seconds, peak[0]


def measure(testbed, host, inventory, environment, rounds):
    """{"one", "twenty" (medians of seconds), "memory" {forks: MiB}, "n"}."""
    folder = Path(tempfile.mkdtemp(prefix="elkit-bench-"))
    fleet = Fleet(testbed, host, inventory)
    (folder / "play.yml").write_text(yaml.safe_dump(PLAY))
    times, memory = {1: [], SIZE: []}, {forks: [] for forks in FORKS}
    try:
        for _round in range(rounds):
            for number, forks in ((1, 1), (SIZE, FORKS[1])):
                fleet.fresh(number, folder / "inventory.yml")
                seconds, peak = run(["ansible-playbook", "-i", str(folder / "inventory.yml"), "--forks", str(forks), str(folder / "play.yml")],
                                    environment, folder / "log")
                times[number].append(seconds)
                if number == SIZE:
                    memory[forks].append(peak)
        fleet.fresh(SIZE, folder / "inventory.yml")
        memory[FORKS[0]].append(run(["ansible-playbook", "-i", str(folder / "inventory.yml"), "--forks", str(FORKS[0]), str(folder / "play.yml")],
                                    environment, folder / "log")[1])
    finally:
        fleet.remove()
    return {"one": statistics.median(times[1]), "twenty": statistics.median(times[SIZE]), "n": rounds,
            "memory": {forks: statistics.median(memory[forks]) for forks in FORKS}}
