# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of the testbed that faults are put into."""
import json
import time
from contextlib import contextmanager
from pathlib import Path

from . import remote

HOOK = (Path(__file__).parent / "on_host" / "elkit_fault.py").read_text()
PLACE = "/run/elkit-fault"
# Every Python that runs product code: the host's own and those of old that modules run on.
INSTALL = """
for python in /usr/bin/python3 /usr/libexec/platform-python /opt/elkit-python/*/bin/python3.*; do
    case $python in *-config) continue;; esac
    [ -x "$python" ] || continue
    site=$("$python" -c 'import site; print(site.getsitepackages()[0])')
    mkdir -p "$site"
    cat >"$site/elkit_fault.py" <<'END'
%s
END
    echo 'import elkit_fault' >"$site/elkit_fault.pth"
done
""" % HOOK
# The connection that a process hangs on: the nearest sshd above it, and that one's own parent for the same login.
CUT = """
pid=%d
while [ "$pid" -gt 1 ]; do
    case $(cat /proc/$pid/comm) in sshd*)
        parent=$(awk '/^PPid:/ {print $2}' /proc/$pid/status)
        kill -KILL $pid
        case $(tr '\\0' ' ' </proc/$parent/cmdline) in *listener*|*-D*) ;; *sshd*) kill -KILL $parent;; esac
        exit 0;;
    esac
    pid=$(awk '/^PPid:/ {print $2}' /proc/$pid/status)
done
# A worker hangs on none: whoever watches it does. All of them but this one.
own=' '
pid=$$
while [ "$pid" -gt 1 ]; do own="$own$pid "; pid=$(awk '/^PPid:/ {print $2}' /proc/$pid/status); done
cut=0
for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    case $own in *" $pid "*) continue;; esac
    case $(tr '\\0' ' ' <$entry/cmdline 2>/dev/null) in *listener*|*-D*) ;; sshd*) kill -KILL $pid && cut=1;; esac
done
[ $cut = 1 ] || { echo 'there is no ssh connection'; exit 1; }
"""
# A real holder of the locks: rpm's transaction lock by fcntl, as rpm itself takes it; dnf's by dnf's own code.
HOLD_RPM = """
import fcntl, subprocess, sys
path = subprocess.check_output(["rpm", "--eval", "%{_rpmlock_path}"]).decode().strip()
handle = open(path, "a+")
fcntl.lockf(handle, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
HOLD_DNF = """
import sys, dnf, dnf.lock
base = dnf.Base()
base.conf.read()
with dnf.lock.build_rpmdb_lock(base.conf.persistdir, True), dnf.lock.build_metadata_lock(base.conf.cachedir, True):
    print("held", flush=True)
    sys.stdin.read()
"""


class FaultError(Exception):
    """The fault itself did not come about: the test proves nothing and fails."""


class FaultHost:
    """One host. Call install() once; arm(), let a play run, confirmed() says that the fault was really there."""

    def __init__(self, name):
        self.name = name
        self.point = None

    def run(self, script, check=True, timeout=120):
        """The output of a shell script run as root."""
        return remote.run(self.name, script, check, timeout)

    # -- stop at a point ---------------------------------------------------------------------------------------------------
    def install(self):
        """Put the hook into every Python of the host."""
        self.run(INSTALL)

    def arm(self, point, action):
        """From now on, the first process that comes to *point* is killed (KILL) or waits (PAUSE)."""
        self.point = point
        armed = json.dumps(point.armed(action))
        self.run(f"rm -rf {PLACE}; mkdir -m 0700 {PLACE}; cat >{PLACE}/armed.json <<'END'\n{armed}\nEND\n")

    def blind(self):
        """From now on, the lockout guard refuses nothing beforehand."""
        self.run(f"rm -rf {PLACE}; mkdir -m 0700 {PLACE}; touch {PLACE}/blind")

    def blinded(self):
        """Whether it was asked since, and did not."""
        return self.run(f"[ -e {PLACE}/blinded ] && echo yes; true").strip() == "yes"

    def disarm(self):
        """No fault any more; one that waits goes on."""
        self.point = None
        self.run(f"[ ! -d {PLACE} ] || touch {PLACE}/release; sleep 0.2; rm -rf {PLACE}")

    def confirmed(self, timeout=0):
        """The record of the fault, after a wait of up to *timeout* seconds. What counts is both: the record, and the state file on the disk.

        :raises FaultError: the point was not reached, or the state file does not name it
        """
        point, deadline = self.point, time.monotonic() + timeout
        if point is None:
            raise FaultError(f"{self.name}: nothing was armed")
        while True:
            answer = self.run(f"cat {PLACE}/confirmed.json 2>/dev/null || echo none")
            if answer.strip() != "none":
                break
            if time.monotonic() >= deadline:
                raise FaultError(f"{self.name}: no process came to the point {point.name!r}")
            time.sleep(0.3)
        state = self.state(point.file)
        if not point.is_named_by(state):
            raise FaultError(f"{self.name}: the state file does not name the point {point.name!r}: {state}")
        return json.loads(answer)

    def state(self, pattern):
        """What the state file of a glob holds (dict) that was written last, or None."""
        return next(iter(self.states(pattern)), None)

    def states(self, pattern):
        """What the state files of a glob hold ([dict]), the one that was written last first."""
        text = self.run(f"for one in $(ls -t {pattern} 2>/dev/null); do tr '\\n' ' ' <\"$one\"; echo; done")
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    def release(self, pid=None):
        """Let the waiting process go on; with *pid*, wait for its end."""
        self.run(f"touch {PLACE}/release")
        if pid is not None:
            self.gone(pid)

    def gone(self, pid, timeout=90):
        """Wait for the end of a process.

        :raises FaultError: it did not end
        """
        if self.run(f"i=0; while [ -e /proc/{pid} ] && [ $i -lt {timeout * 5} ]; do sleep 0.2; i=$((i + 1)); done; [ ! -e /proc/{pid} ] && echo gone",
                    check=False, timeout=timeout + 30).strip() != "gone":
            raise FaultError(f"{self.name}: process {pid} did not end in {timeout} s")

    def kill(self, pid):
        """SIGKILL to a process of the host."""
        self.run(f"kill -KILL {pid}")

    # -- the ground gives way ----------------------------------------------------------------------------------------------
    def cut(self, pid):
        """End the ssh connection that process *pid* hangs on, as a dropped network does: nobody tells the process. Where it hangs
        on none (a worker), every connection but our own."""
        self.run(CUT % pid)

    def stop_and_start(self):
        """Kill all processes of the host at once, and start it: they and /run are gone, the disk is not.

        That is not all of a power cut: what was written and had not come to the disk yet is still there. Unit tests see to it that the
        order of what is waited for is right.
        """
        # Asked first: the inventory of the hosts that are up does not have it while it is down.
        container = remote.container_of(self.name)
        kind = remote.testbed("podman", "--", "container", "inspect", "--format", '{{index .Config.Labels "elkit.kind"}}', container).strip()
        remote.testbed("podman", "--", "kill", "--signal", "KILL", container)
        remote.testbed("podman", "--", "wait", container)
        remote.testbed("up", f"{self.name}:{kind}")

    @contextmanager
    def own_file_system(self, path, kibibytes=1024):
        """Directory *path* is a small file system of its own, with the same content. What is written there is gone at the end."""
        self.run(f"""set -e
copy=$(mktemp -d /run/elkit-copy.XXXXXX); cp -a {path}/. $copy/
mount -t tmpfs -o size={kibibytes}k,mode=$(stat -c %a {path}) elkit-fault {path}; cp -a $copy/. {path}/; rm -rf $copy""")
        try:
            yield
        finally:
            self.run(f"umount -l {path}")

    def fill(self, path):
        """Leave no byte free in the file system of its own at *path*."""
        self.run(f"dd if=/dev/zero of={path}/.elkit-fault-fill bs=1k 2>/dev/null; "
                 f"[ $(df --output=avail -k {path} | tail -1) -eq 0 ]")

    @contextmanager
    def full(self, path):
        """Directory *path* is on a full file system."""
        with self.own_file_system(path):
            self.fill(path)
            yield

    @contextmanager
    def read_only(self, path):
        """Directory *path* is on a read-only file system."""
        self.run(f"mkdir -p {path} && mount --bind {path} {path} && mount -o remount,ro,bind {path}")
        try:
            yield
        finally:
            self.run(f"umount -l {path}")

    @contextmanager
    def immutable(self, path):
        """File *path* has the immutable flag."""
        self.run(f"chattr +i {path} && lsattr -d {path} | cut -d' ' -f1 | grep -q i")
        try:
            yield
        finally:
            self.run(f"chattr -i {path}")

    @contextmanager
    def identity(self, os_release):
        """The host says that it is something else: os-release has that text."""
        self.run(f"cat >/run/elkit-os-release <<'END'\n{os_release}\nEND\n"
                 "for path in /etc/os-release /usr/lib/os-release; do mount --bind /run/elkit-os-release $(readlink -f $path); done")
        try:
            yield
        finally:
            self.run("while mountpoint -q $(readlink -f /etc/os-release); do umount $(readlink -f /etc/os-release); done; "
                     "while mountpoint -q $(readlink -f /usr/lib/os-release); do umount $(readlink -f /usr/lib/os-release); done")

    @contextmanager
    def _held(self, program):
        holder = remote.spawn(self.name, f"exec /usr/bin/python3 -c '{program}'")
        try:
            answer = holder.stdout.readline().strip()
            if answer != "held":
                raise FaultError(f"{self.name}: the lock cannot be held: {answer}")
            yield
        finally:
            holder.stdin.close()
            holder.wait(timeout=30)

    def rpm_locked(self):
        """A process of the host holds rpm's transaction lock."""
        return self._held(HOLD_RPM)

    def dnf_locked(self):
        """A process of the host holds dnf's locks."""
        return self._held(HOLD_DNF)


@contextmanager
def mirror_fault(kind, prefix):
    """Paths of the mirror that begin with *prefix* have a fault (slow, hang, dead, 404, truncated, tampered, reset, stale)."""
    remote.testbed("mirror-fault", "set", kind, prefix)
    try:
        yield
    finally:
        remote.testbed("mirror-fault", "clear", prefix)
