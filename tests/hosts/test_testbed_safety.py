# SPDX-License-Identifier: GPL-3.0-or-later
"""Root in a test host cannot change the machine that carries it."""
import os
import subprocess
import time
from pathlib import Path

import pytest

# The kernel counts or draws these anew by itself.
RESTLESS = ("kernel/random/", "fs/dentry-state", "fs/file-nr", "fs/inode-nr", "fs/inode-state", "fs/aio-nr", "kernel/ns_last_pid",
            "kernel/pty/nr", "fs/quota/", "kernel/perf_event_max_sample_rate", "net/netfilter/nf_conntrack_count", "fs/binfmt_misc",
            "vm/drop_caches", "net/ipv4/conf", "net/ipv6/conf", "net/ipv4/neigh", "net/ipv6/neigh", "net/ipv4/route/flush", "net/ipv6/route/flush",
            "net/mptcp", "kernel/sched_domain")


def sysctls():
    """{name: value} of the machine's own settings that stand still."""
    found = {}
    for folder, _folders, names in os.walk("/proc/sys"):
        for name in names:
            path = os.path.join(folder, name)
            short = path[len("/proc/sys/"):]
            if short.startswith(RESTLESS):
                continue
            try:
                found[short] = Path(path).read_text(errors="replace")
            except OSError:
                continue
    return found


def modules():
    # A kernel without modules has no such file.
    path = Path("/proc/modules")
    return {line.split()[0] for line in path.read_text().splitlines()} if path.exists() else set()


def mounts():
    """The machine's mounts, but for those that podman makes for its containers and network namespaces."""
    return {tuple(line.split()[4:5]) for line in Path("/proc/self/mountinfo").read_text().splitlines()
            if "/containers/" not in line and "/netns" not in line and "/libpod" not in line}


def clock_offset():
    """Seconds between the clock that can be set and the one that cannot."""
    return time.time() - time.monotonic()


@pytest.mark.parametrize("attempt", [
    pytest.param(["date", "-s", "2001-01-01"], id="clock"),
    pytest.param(["sh", "-c", "echo elkit-was-here > /proc/sys/kernel/core_pattern"], id="kernel-setting"),
    pytest.param(["sh", "-c", "echo 1 > /proc/sys/vm/overcommit_memory"], id="memory-setting"),
    pytest.param(["sh", "-c", "echo b > /proc/sysrq-trigger"], id="sysrq"),
    # LINUX_REBOOT_CMD_CAD_ON does nothing worse than arm a key; a kernel without modules answers ENOSYS to the other.
    pytest.param(["python3", "-c", "import ctypes, errno, sys; lib = ctypes.CDLL(None, use_errno=True);"
                  "refused = lib.reboot(ctypes.c_int(0x89abcdef - 2**32)) != 0 and ctypes.get_errno() == errno.EPERM;"
                  "refused = refused and lib.delete_module(b'nosuchmodule', 0) != 0 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS);"
                  "sys.exit(0 if refused else 1)"],
                 id="reboot-and-modules"),
])
def test_root_in_a_host_cannot(testbed, attempt):
    settings, loaded, mounted, offset = sysctls(), modules(), mounts(), clock_offset()
    tried = testbed("al9", "sh", "-c", '"$@"; echo "code $?"', "sh", *attempt, check=False)
    assert abs(clock_offset() - offset) < 1
    now = sysctls()
    assert {name: (value, now.get(name)) for name, value in settings.items() if now.get(name) != value} == {}
    assert modules() == loaded
    assert mounts() == mounted
    expected = "code 0" if attempt[0] == "python3" else "code 1"
    assert expected in tried, tried


def test_a_host_has_its_own_network_settings(testbed):
    before = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    other = "0" if before.strip() == "1" else "1"
    testbed("al9", "sh", "-c", f"echo {other} > /proc/sys/net/ipv4/ip_forward")
    assert testbed("al9", "cat", "/proc/sys/net/ipv4/ip_forward").strip() == other
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == before
    testbed("al9", "sh", "-c", f"echo {before.strip()} > /proc/sys/net/ipv4/ip_forward")


def test_bringing_a_host_up_leaves_the_machine_as_it_was(testbed):
    settings, loaded, mounted, offset = sysctls(), modules(), mounts(), clock_offset()
    command = Path(__file__).resolve().parents[1] / "testbed" / "testbed"
    subprocess.run([command, "up", "--fresh", "safety:al9"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=900)
    subprocess.run([command, "down", "safety"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    assert abs(clock_offset() - offset) < 1
    now = sysctls()
    assert {name: (value, now.get(name)) for name, value in settings.items() if now.get(name) != value} == {}
    assert modules() == loaded
    assert mounts() == mounted
