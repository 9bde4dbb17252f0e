# SPDX-License-Identifier: GPL-3.0-or-later
"""Reach a host of the testbed."""
import subprocess
from pathlib import Path

import yaml
from elkit_testbed.inventory import path as inventory_path

CLONE = Path(__file__).resolve().parents[2]
BUILD = CLONE / ".build"
TESTBED = CLONE / "tests" / "testbed" / "testbed"


class RemoteError(Exception):
    """A command on a host failed; the message has its output."""


def run(name, script, check=True, timeout=120):
    """Run a shell script as root on host *name*; its output (str), stdout and stderr together.

    :raises RemoteError: it failed, and *check*
    """
    # Read every time: a host that was stopped may come back with another address.
    inventory = yaml.safe_load(inventory_path().read_text())["all"]
    variables, host = inventory["vars"], inventory["hosts"][name]
    command = ["ssh", *variables["ansible_ssh_common_args"].split(), "-i", variables["ansible_ssh_private_key_file"],
               "-o", "ControlMaster=no", "-o", "ConnectTimeout=15", "-p", str(host.get("ansible_port", 22)),
               f"{variables['ansible_user']}@{host['ansible_host']}", "sudo", "sh", "-s"]
    done = subprocess.run(command, input=script, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=timeout)
    if check and done.returncode != 0:
        raise RemoteError(f"{name}: {script[:200]}\nended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def spawn(name, script):
    """Run a shell script as root on host *name* until its standard input is closed (a Popen)."""
    return subprocess.Popen([TESTBED, "podman", "--", "exec", "--interactive", container_of(name), "sh", "-c", script],
                            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def testbed(*words, timeout=600):
    """Run the testbed's command; its output (str).

    :raises RemoteError: it failed
    """
    done = subprocess.run([TESTBED, *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=timeout)
    if done.returncode != 0:
        raise RemoteError(f"testbed {' '.join(words)}: {done.stdout}")
    return done.stdout


def container_of(name):
    """The name of a host's container."""
    inventory = yaml.safe_load(inventory_path().read_text())["all"]
    return inventory["hosts"][name]["testbed_container"]
