# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting, finding and removing hosts. Podman itself is the only record of what runs: containers carry labels."""
import fcntl
import json
import os
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass

from . import mirror
from .errors import TestbedError
from .images import Images
from .keys import ssh_key
from .kinds import kind_named
from .paths import PREFIX, state_dir
from .podman import Podman
from .shell import run, say

BOOT_SECONDS = 120
# Names a file that gets a line for each host asked for: tests/runner says of every step what hosts it used.
NOTE = "ELKIT_HOSTS_NOTE"

# Run once in a new host, with the public key on standard input.
ADMIT = """
set -e
key=$(cat)
for home in /root /home/admin; do
    mkdir -p -m 700 "$home/.ssh"
    printf '%s\\n' "$key" >"$home/.ssh/authorized_keys"
    chmod 600 "$home/.ssh/authorized_keys"
done
chown -R admin: /home/admin/.ssh
"""


@dataclass(frozen=True)
class Host:
    """A host that exists.

    ``address`` and ``port`` are where its ssh answers (empty while it does not run); ``pythons`` the old Pythons in its image.
    """

    name: str
    kind: str
    container: str
    running: bool
    official: bool
    fleet: bool
    address: str
    port: int
    pythons: tuple

    @property
    def image(self):
        return "official" if self.official else "look-alike"


def note(hosts):
    """Tell whoever asked by the environment (NOTE) what *hosts* are: "KIND official" or "KIND look-alike"."""
    path = os.environ.get(NOTE)
    if path:
        with open(path, "a", encoding="ascii") as lines:
            lines.writelines("%s %s\n" % (host.kind, host.image) for host in hosts)


@contextmanager
def lock(name="lock"):
    """One command at a time changes the hosts of this testbed."""
    with open(state_dir() / name, "w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another command of this testbed")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Hosts:
    """The hosts of this testbed."""

    def __init__(self, podman: Podman, images: Images):
        self.podman = podman
        self.images = images

    # -- look --------------------------------------------------------------------------------------------------------------
    def all(self):
        """Every host of this testbed, by name, running or not."""
        ids = self.podman.out("ps", "--all", "--quiet", "--filter", "label=elkit.clone=" + PREFIX, "--filter", "label=elkit.host").split()
        if not ids:
            return {}
        found = [self._host(data) for data in json.loads(self.podman.out("container", "inspect", *ids))]
        return {host.name: host for host in sorted(found, key=lambda host: host.name)}

    def _host(self, data):
        labels = data["Config"]["Labels"]
        running = bool(data["State"]["Running"])
        address, port = "", 22
        if running and self.podman.rootless:
            published = (data["NetworkSettings"]["Ports"].get("22/tcp") or [{}])[0]
            address, port = "127.0.0.1", int(published.get("HostPort") or 0)
        elif running:
            address = mirror.address_of(data)
        return Host(name=labels["elkit.host"], kind=labels["elkit.kind"], container=data["Name"], running=running,
                    official=labels["elkit.official"] == "1", fleet=labels["elkit.fleet"] == "1", address=address, port=port,
                    pythons=tuple(labels.get("elkit.pythons", "").split()))

    def one(self, name):
        """The running host of that name. Raises TestbedError if there is none."""
        host = self.all().get(name)
        if host is None or not host.running:
            raise TestbedError("host %r is not up: start it with `tests/testbed/testbed up %s`" % (name, name))
        return host

    # -- start -------------------------------------------------------------------------------------------------------------
    def up(self, wanted, fresh=False, fleet=False):
        """Start hosts: ``wanted`` is a list of (name, kind name). Running hosts stay as they are unless ``fresh``."""
        for name, kind in wanted:
            kind_named(kind)
            if not all(letter.isalnum() or letter == "-" for letter in name) or name in ("mirror", "build"):
                raise TestbedError("%r cannot be a host's name: letters, digits and dashes, and not mirror or build" % name)
        tags = self.images.ensure(sorted({kind for _name, kind in wanted}))
        mirror_address = mirror.ensure(self.podman, self.images)
        there = self.all()
        started = []
        for name, kind in wanted:
            host = there.get(name)
            if host and host.kind != kind:
                raise TestbedError("host %r is there already as a %s: `testbed down %s` first" % (name, host.kind, name))
            if host and fresh:
                self.remove([host])
                host = None
            if host is None:
                self._create(name, kind, tags[kind], mirror_address, fleet)
                started.append(name)
            elif not host.running:
                self.podman("start", host.container)
                started.append(name)
            else:
                mirror.point_at(self.podman, host.container, mirror_address)
        for name in started:
            begun = time.monotonic()
            self._wait(name)
            say("%s is up (%.1f s)" % (name, time.monotonic() - begun))
        there = self.all()
        note(there[name] for name, _kind in wanted)

    def _create(self, name, kind, tag, mirror_address, fleet):
        words = ["run", "--detach", "--name", PREFIX + name, "--hostname", name, "--network=bridge"]
        labels = {"clone": PREFIX, "host": name, "kind": kind, "official": int(self.images.is_official(kind)), "fleet": int(fleet)}
        for key, value in labels.items():
            words += ["--label", "elkit.%s=%s" % (key, value)]
        for domain in mirror.DOMAINS:
            words += ["--add-host", "%s:%s" % (domain, mirror_address)]
        container = PREFIX + name
        systemd = kind_named(kind).systemd
        self.podman(*words, *self.podman.host_arguments(systemd), tag, *self.podman.host_command(systemd))
        self.podman("exec", "--interactive", container, "sh", "-c", ADMIT, input=ssh_key().with_suffix(".pub").read_text())

    def _wait(self, name):
        """Wait until systemd has booted and ssh lets us in."""
        deadline, state = time.monotonic() + BOOT_SECONDS, "nothing"
        while time.monotonic() < deadline:
            host = self.all()[name]
            if not host.running:
                logs = self.podman("logs", "--tail", "20", host.container, check=False)
                raise TestbedError("host %s stopped while booting:\n%s%s" % (name, logs.stdout, logs.stderr))
            if kind_named(host.kind).systemd:
                state = self.podman("exec", host.container, "systemctl", "is-system-running", check=False).stdout.strip()
            if (state in ("running", "degraded") or not kind_named(host.kind).systemd) and _answers(host):
                login = run(self.ssh_command(host) + ["-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "true"], check=False, timeout=30)
                if login.returncode == 0:
                    return
            time.sleep(0.3)
        journal = self.podman("exec", host.container, "sh", "-c",
                              "systemctl list-units --failed --no-legend; journalctl --no-pager -n 30", check=False)
        raise TestbedError("host %s was not ready after %d s (systemd says %r). The end of its journal:\n%s" % (
            name, BOOT_SECONDS, state, journal.stdout))

    # -- remove ------------------------------------------------------------------------------------------------------------
    def remove(self, hosts):
        """Remove these hosts."""
        if hosts:
            self.podman("rm", "--force", "--time", "0", "--volumes", *[host.container for host in hosts])

    def down(self, names):
        """Remove the hosts of these names; one that is not there is no error."""
        there = self.all()
        self.remove([there[name] for name in names if name in there])

    def down_all(self):
        """Remove every container of this testbed, the mirror too, and forget what was decided for this run."""
        ids = self.podman.out("ps", "--all", "--quiet", "--filter", "label=elkit.clone=" + PREFIX).split()
        if ids:
            self.podman("rm", "--force", "--time", "0", "--volumes", *ids)
        for name in ("images-mode", "inventory.yml", "known_hosts"):
            (state_dir() / name).unlink(missing_ok=True)

    # -- reach -------------------------------------------------------------------------------------------------------------
    @staticmethod
    def ssh_command(host, user="admin"):
        """The ssh command line (a list) that reaches a host."""
        return ["ssh", "-i", str(ssh_key()), "-p", str(host.port), "-F", "/dev/null", "-o", "IdentitiesOnly=yes",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                "%s@%s" % (user, host.address)]


def _answers(host):
    """Whether something listens on the host's ssh port."""
    try:
        with socket.create_connection((host.address, host.port), timeout=2):
            return True
    except OSError:
        return False
