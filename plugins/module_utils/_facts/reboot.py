# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section reboot: whether the host must boot again, and which services only need a restart."""

import datetime

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import kernel, processes
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions

# What a running system keeps using until it boots. Source: dnf-plugins-core's documentation of needs-restarting, and Red
# Hat's solution 27943 for the libraries of which every process has a copy.
PACKAGES = frozenset(list(kernel.PACKAGES) + [
    "kernel", "kernel-rt", "glibc", "linux-firmware", "systemd", "dbus", "dbus-broker", "dbus-daemon", "microcode_ctl",
    "openssl-libs", "gnutls"])
CONFIGURATION = "/etc/dnf/plugins/needs-restarting.d"


def reasons(packages, names, started):
    """The packages of *names* that were installed after *started* (seconds since 1970): a list of {"package", "installed"}."""
    found = []
    for name in sorted(names):
        for package in packages.get(name, ()):
            if package.installed > started:
                found.append({"package": package.nevra, "name": name, "installed": stamp(package.installed)})
    return found


def stamp(seconds):
    """*seconds* since 1970 as "2026-11-24T01:02:03Z"."""
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=int(seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_names(text):
    """The package names of a file in needs-restarting.d: one a line."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def collect(context):
    errors = []
    packages = context.packages(errors)
    names = set(PACKAGES)
    try:
        for name in context.names(CONFIGURATION):
            if name.endswith(".conf"):
                names.update(parse_names(context.read(CONFIGURATION + "/" + name) or ""))
    except ElkitError as error:
        errors.append(str(error))
    started = _started(context, errors)
    found = reasons(packages, names, started) if started is not None else []
    running = kernel.summarise(context.kernel_release, packages, distributions.recognise(context.os_release()[0]))
    # In a container the running kernel is none of its own.
    if running["running_installed"] and not running["running_newest"] and not any(
            item["name"] in kernel.PACKAGES for item in found):
        found.append({"package": "kernel {0}".format(running["newest"]), "name": "kernel", "installed": None})
    stale = processes.stale_units(context)
    return {
        "required": bool(found) if started is not None and packages else None,
        "reasons": found,
        "services": sorted(name for name in stale if name.endswith(".service") and not name.startswith("user@")),
        "sessions": sorted(name for name in stale if name.startswith(("session-", "user@"))),
        "other": sorted(name for name in stale if not name.endswith((".service", ".scope")) or name == "init.scope"),
        "all_processes_seen": context.is_root,
        "booted": stamp(started) if started is not None else None,
        "errors": errors,
    }


def _started(context, errors):
    """When the first process started: the machine's boot, or the container's start."""
    try:
        boot = processes.boot_time(context.read("/proc/stat"))
        if boot is not None:
            # The kernel counts whole seconds from a moment that may shift by one.
            return processes.start_time(context.read("/proc/1/stat") or "", boot)
    except (ElkitError, ValueError) as error:
        errors.append("the time of the last boot cannot be read: {0}".format(error))
        return None
    errors.append("the time of the last boot cannot be read: /proc/stat has none")
    return None
