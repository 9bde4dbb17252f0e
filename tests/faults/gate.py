# SPDX-License-Identifier: GPL-3.0-or-later
"""A gate inside rpm: the scriptlet of a package of ours waits on a FIFO while rpm's transaction stands at the n-th package.

The package has triggers on all packages of a host, so that its scriptlet runs after each of them comes or goes. It is real rpm that
waits there, whatever drives it: dnf, or our own recovery.
"""
import time
from dataclasses import dataclass

from .host import FaultError
from .matrix import CONTROLLER, CUT, SIGKILL, STOP
from .plays import Play
from .points import CONVERSION

PLACE = "/run/elkit-gate"
SCRIPT = f"""#!/bin/sh
[ -d {PLACE} ] || exit 0
count=$(($(cat {PLACE}/count) + 1))
echo $count >{PLACE}/count
[ "$count" = "$(cat {PLACE}/armed)" ] || exit 0
echo $$ >{PLACE}/reached
read -r word <{PLACE}/fifo
"""
NAME = "acme-gate"
# What builds it where rpm's tools are: %s are the names of the packages, with commas.
SPEC = r"""
names='%s'
mkdir -p /tmp/root; cat >/tmp/gate.sh <<'END'
""" + SCRIPT + r"""END
printf 'Name: acme-gate\nVersion: 1\nRelease: 1\nSummary: A gate\nLicense: GPL-3.0-or-later\nVendor: Acme\nBuildArch: noarch
%%description\nA gate.\n%%install\ninstall -D -m 755 /tmp/gate.sh %%{buildroot}/usr/libexec/acme-gate
%%triggerin -- '"$names"'\n/usr/libexec/acme-gate || :\n%%triggerpostun -- '"$names"'\n/usr/libexec/acme-gate || :
%%files\n/usr/libexec/acme-gate\n' >/tmp/gate.spec
rpmbuild --quiet -bb --nodeps --define '_topdir /tmp/top' --define '_rpmdir /tmp/made' /tmp/gate.spec
"""


def spec(host):
    """The shell script that builds the package for what *host* has installed."""
    names = sorted(set(host.run("rpm -qa --qf '%{name}\\n'").split()) - {"gpg-pubkey", NAME})
    return SPEC.replace("%s", ", ".join(names), 1)


def count(host):
    """Let the gate count from now on, and wait at none."""
    host.run(f"rm -rf {PLACE}; mkdir -m 700 {PLACE}; echo 0 >{PLACE}/count; echo none >{PLACE}/armed; mkfifo {PLACE}/fifo")


def counted(host):
    """How often the scriptlet ran since count()."""
    return int(host.run(f"cat {PLACE}/count"))


def open_up(host):
    """No gate any more; a scriptlet that waits goes on."""
    host.run(f"[ ! -d {PLACE} ] || {{ echo none >{PLACE}/armed; [ ! -e {PLACE}/reached ] || timeout 1 sh -c 'echo go >{PLACE}/fifo'; rm -rf {PLACE}; }}; true")


@dataclass(frozen=True)
class Gate:
    """The gate at the *number*-th package; in the place of a points.Point."""

    name: str
    number: int

    def strike(self, host, action, tasks):
        """Run *tasks* with the fault while a scriptlet waits: returns when the host has it behind it and nothing runs any more."""
        count(host)
        host.run(f"echo {self.number} >{PLACE}/armed")
        running = Play(host.name, tasks)
        try:
            worker = self.reached(host)
            if action == SIGKILL:
                host.kill(worker)
                host.gone(worker)
                run = running.wait()
                assert run.rc != 0, f"the play did not notice: {run.output}"
            elif action == CONTROLLER:
                running.kill()
                open_up(host)
                host.gone(worker)
            elif action == CUT:
                host.cut(worker)
                running.wait()
                open_up(host)
                host.gone(worker)
            elif action == STOP:
                host.stop_and_start()
                running.wait()
        finally:
            if running.process.poll() is None:
                running.kill()
            open_up(host)

    def reached(self, host):
        """The worker's process id, once a scriptlet waits and the state file says that the transaction is under way."""
        deadline = time.monotonic() + 400
        while host.run(f"cat {PLACE}/reached 2>/dev/null || echo none").strip() == "none":
            if time.monotonic() >= deadline:
                raise FaultError(f"{host.name}: rpm did not come to package {self.number}")
            time.sleep(0.3)
        state = host.state(CONVERSION)
        if not state or state["stage"] != "transaction" or not host.state(CONVERSION.replace("state.json", "progress.json")):
            raise FaultError(f"{host.name}: the state file does not name the transaction: {state}")
        return state["process"]
