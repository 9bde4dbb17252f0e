# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The sections: which there are, which were asked for, and how each is gathered without failing the others."""

from collections import OrderedDict

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError, InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import (
    environment,
    hardware,
    identity,
    kernel,
    lifecycle,
    module_streams,
    packages,
    reboot,
    repositories,
    security,
    subscription,
    updates,
)

SECTIONS = OrderedDict([
    ("identity", identity.collect),
    ("lifecycle", lifecycle.collect),
    ("repositories", repositories.collect),
    ("module_streams", module_streams.collect),
    ("packages", packages.collect),
    ("kernel", kernel.collect),
    ("reboot", reboot.collect),
    ("security", security.collect),
    ("hardware", hardware.collect),
    ("environment", environment.collect),
    ("subscription", subscription.collect),
    ("updates", updates.collect),
])
# These need the network, or much time: only who names them gets them.
NAMED_ONLY = frozenset(["updates"])

# What ansible.builtin.setup knows and we do not. A value meant for both modules must not make this one fail.
FOREIGN = frozenset([
    "min", "network", "virtual", "ohai", "facter", "all_ipv4_addresses", "all_ipv6_addresses", "apparmor", "architecture",
    "caps", "chroot", "cmdline", "date_time", "default_ipv4", "default_ipv6", "devices", "distribution",
    "distribution_major_version", "distribution_release", "distribution_version", "dns", "effective_group_ids",
    "effective_user_id", "env", "fibre_channel_wwn", "fips", "interfaces", "is_chroot", "iscsi", "kernel_version", "loadavg", "local", "lsb",
    "machine", "machine_id", "mounts", "nvme", "os_family", "pkg_mgr", "platform", "processor", "processor_cores",
    "processor_count", "python", "python_version", "real_user_id", "selinux", "service_mgr", "ssh_host_key_dsa_public",
    "ssh_host_key_ecdsa_public", "ssh_host_key_ed25519_public", "ssh_host_key_rsa_public", "ssh_host_pub_keys",
    "ssh_pub_keys", "system", "system_capabilities", "system_capabilities_enforced", "systemd", "user", "user_dir",
    "user_gecos", "user_gid", "user_id", "user_shell", "user_uid", "virtualization_role",
    "virtualization_tech_guest", "virtualization_tech_host", "virtualization_type"])


def choose(subset):
    """The names of the sections that *subset* (list of str) asks for, in the order of SECTIONS.

    "all" is every section but those of NAMED_ONLY, "!name" takes one away and wins. With nothing but exclusions, "all" is
    meant. Names of setup's own subsets choose nothing.

    :raises InputError: a name that nobody knows
    """
    wanted, unwanted, everything, nothing = set(), set(), False, False
    positive = False
    for item in subset:
        item = item.strip()
        exclude = item.startswith("!")
        name = item[1:].strip() if exclude else item
        if name == "all":
            nothing, everything = nothing or exclude, everything or not exclude
        elif name in SECTIONS:
            (unwanted if exclude else wanted).add(name)
        elif name not in FOREIGN:
            # Loaded only for an error: every import costs each host time.
            import difflib
            near = difflib.get_close_matches(name, list(SECTIONS) + ["all"], 1)
            raise InputError(
                "gather_subset: there is no section {0!r}".format(name),
                "Did you mean {0}? ".format(near[0]) * bool(near) + "The sections are {0}".format(", ".join(SECTIONS)))
        positive = positive or not exclude
    if everything or not (positive or nothing):
        wanted.update(name for name in SECTIONS if name not in NAMED_ONLY)
    return [name for name in SECTIONS if name in wanted and name not in unwanted]


def gather(context, names):
    """{section: facts} for *names*; each section's facts hold "errors" (list of str). Never fails."""
    return OrderedDict((name, _gather_one(context, SECTIONS[name])) for name in names)


def _gather_one(context, collect):
    try:
        return collect(context)
    except ElkitError as error:
        return {"errors": [str(error)]}
    except Exception as error:  # pylint: disable=broad-except
        # Facts of a fleet must not end at one host that holds what nobody thought of.
        return {"errors": ["a bug in elkit.almalinux: {0}: {1}".format(type(error).__name__, error)]}
