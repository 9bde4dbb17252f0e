# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman, in an environment in which it can start systemd hosts that are not privileged.

Three machines are told apart by looking, not by name:

* cgroup v2, root: podman with crun.
* cgroup v2, not root: rootless podman; its hosts are reached through ports published on loopback.
* cgroup v1 or hybrid, root: podman lives in a mount namespace of its own, in which /sys/fs/cgroup is a pure cgroup2 mount. The
  namespace is kept by a file on a small tmpfs, since podman's network namespaces are mounts inside it. All clones on a machine
  share it, as they share podman's storage: podman fails on containers whose network namespaces it cannot see.

Where root lacks CAP_SYS_RESOURCE crun cannot start unprivileged containers (it raises RLIMIT_MEMLOCK) and runc can.
"""
import contextlib
import fcntl
import os
from pathlib import Path

from .errors import TestbedError
from .paths import state_dir
from .shell import run

CAP_SYS_RESOURCE = 24
NAMESPACE = Path("/run/containers/elkit-testbed")

# What systemd, firewalld, sshd and auditing tools need. Not in it, on purpose: SYS_TIME, SYS_MODULE, SYS_BOOT, AUDIT_CONTROL, SYS_RAWIO.
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "AUDIT_WRITE", "MKNOD", "SYS_NICE", "DAC_READ_SEARCH",
                "LINUX_IMMUTABLE", "IPC_LOCK")

# Before PID 1 of a host: what belongs to the machine's kernel becomes read-only. /proc/sys/net is the host's own
# network namespace's and stays writable. Without the masks a host could write the machine's kernel.* settings.
MASK = """
for tree in /proc/sys/* /proc/sysrq-trigger; do
    [ -e "$tree" ] || continue
    [ "$tree" = /proc/sys/net ] && continue
    mount --bind "$tree" "$tree" && mount -o remount,ro,bind "$tree" || { echo "cannot mask $tree"; exit 90; }
done
"""
SYSTEMD = "exec /sbin/init"
# A container without systemd: sshd alone, so that a play can get in.
PLAIN = "mkdir -p /run/sshd && /usr/sbin/sshd && exec sleep infinity"


def _effective_capabilities():
    """The capabilities of this process as a bit mask."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    return 0


class Podman:
    """Runs podman commands; makes what they need on first use."""

    def __init__(self):
        self.rootless = os.geteuid() != 0
        self.pure_cgroup2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
        if self.rootless and not self.pure_cgroup2:
            raise TestbedError("this machine has cgroup v1 or hybrid, where only root can start systemd hosts: run as root")
        self.limited = not self.rootless and not _effective_capabilities() >> CAP_SYS_RESOURCE & 1

    # -- environment ---------------------------------------------------------------------------------------------------------
    def _configuration(self):
        """Write containers.conf; return its path."""
        lines = ["[containers]"]
        if not self.pure_cgroup2:
            lines += ["pids_limit = 0"]  # the cgroup2 tree of a hybrid machine has no pids controller
        if self.limited:
            lines += ['default_ulimits = ["nofile=8192:8192", "nproc=8192:8192"]']  # raising a limit is refused
        lines += ["[engine]", 'events_logger = "file"']
        if not self.pure_cgroup2:
            lines += ['cgroup_manager = "cgroupfs"']
        lines += ['runtime = "%s"' % ("runc" if self.limited else "crun")]
        lines += ["[network]"]
        if os.path.exists("/usr/lib/podman/netavark"):
            lines += ['network_backend = "netavark"']
        text = "\n".join(lines) + "\n"
        path = state_dir() / "containers.conf"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def _namespace(self):
        """Path of the mount namespace's file; the namespace is made if it is missing or stale."""
        folder, keeper = NAMESPACE, NAMESPACE / "mnt"
        folder.mkdir(parents=True, exist_ok=True)
        if keeper.exists():
            alive = run(["nsenter", "--mount=%s" % keeper, "test", "-e", "/sys/fs/cgroup/cgroup.controllers"], check=False)
            if alive.returncode == 0:
                return keeper
            run(["umount", "-l", keeper], check=False)
        if not os.path.ismount(folder):
            run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "elkit-testbed", folder])
            run(["mount", "--make-private", folder])
        keeper.touch()
        run(["unshare", "--mount=%s" % keeper, "--propagation", "slave", "sh", "-ec",
             "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"])
        return keeper

    @contextlib.contextmanager
    def namespace_kept(self):
        """Whoever makes containers holds this, so that nobody drops the namespace between two of its commands."""
        with self._namespace_lock(fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def _namespace_lock(self, how):
        if self.pure_cgroup2:
            yield
            return
        NAMESPACE.parent.mkdir(parents=True, exist_ok=True)
        with open(NAMESPACE.with_suffix(".lock"), "w", encoding="ascii") as handle:
            fcntl.flock(handle, how)
            yield

    def drop_namespace(self):
        """Forget the mount namespace, unless some testbed still has, or now makes, containers in it."""
        with contextlib.suppress(BlockingIOError), self._namespace_lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
            if os.path.ismount(NAMESPACE) and not self.out("ps", "--all", "--quiet"):
                run(["umount", "-l", NAMESPACE / "mnt"], check=False)
                run(["umount", "-l", NAMESPACE], check=False)

    def command(self, arguments):
        """The whole command line (a list) that runs ``podman ARGUMENTS`` in the right place."""
        words = ["env", "CONTAINERS_CONF=%s" % self._configuration()]
        if not self.pure_cgroup2:
            # nsenter forgets the current folder: say it again
            words += ["nsenter", "--mount=%s" % self._namespace(), "--wd=%s" % os.getcwd()]
        return words + ["podman"] + [str(word) for word in arguments]

    def __call__(self, *arguments, **how):
        """Run podman with ``arguments``; ``how`` goes to shell.run."""
        return run(self.command(arguments), **how)

    # -- questions ---------------------------------------------------------------------------------------------------------
    def has_image(self, tag):
        """Whether an image of that name is in the store."""
        return self("image", "exists", tag, check=False).returncode == 0

    @contextlib.contextmanager
    def storage_alone(self):
        """Keep other clones on this machine, which share the store, from making the same images at the same time."""
        handle = os.open(self.out("info", "--format", "{{.Store.GraphRoot}}"), os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def image_id(self, tag):
        """The id of an image that is in the store."""
        return self.out("image", "inspect", "--format", "{{.Id}}", tag)

    def label(self, tag, name):
        """The value of an image's label, or ''."""
        return self.out("image", "inspect", "--format", '{{index .Config.Labels "%s"}}' % name, tag)

    def out(self, *arguments):
        """The standard output of a podman command, stripped."""
        return self(*arguments).stdout.strip()

    # -- hosts -------------------------------------------------------------------------------------------------------------
    def host_arguments(self, systemd=True):
        """Options of ``podman run`` for a host that is not privileged. Without systemd, podman's own masks and filters stay."""
        words = ["--systemd=false", "--cap-add=AUDIT_WRITE"]
        if systemd:
            words = ["--systemd=always", "--security-opt", "seccomp=unconfined", "--security-opt", "unmask=/proc/sys",
                     "--cap-add=%s" % ",".join(CAPABILITIES)]
        return words + (["--publish=127.0.0.1::22"] if self.rootless else [])

    def host_command(self, systemd=True):
        """What a host runs as PID 1. In a user namespace the kernel guards /proc/sys itself, and refuses the masks."""
        if not systemd:
            return ["/bin/sh", "-c", PLAIN]
        return ["/bin/sh", "-c", ("" if self.rootless else MASK) + SYSTEMD]
