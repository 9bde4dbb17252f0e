# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section security: SELinux, FIPS, crypto policy, firmware, secure boot, firewall, authselect. Files only."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import environment

SELINUX_CONFIG = "/etc/selinux/config"
# What libselinux reads (selinux_getenforcemode): the first line of that form, with no blank but behind the sign. Of SELINUXTYPE it takes the last.
SELINUX_MODE = re.compile(r"SELINUX=\s*((?i:enforcing|permissive|disabled))")
SELINUX_FS = "/sys/fs/selinux"
# UEFI's variable of that name: four bytes of attributes, then the value.
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
FIREWALLS = ("firewalld", "nftables", "iptables", "ufw")
_UNITS = ("/usr/lib/systemd/system/", "/lib/systemd/system/")
# Units here come before those of packages, and masks with them.
_OWN_UNITS = "/etc/systemd/system/"


def parse_settings(text):
    """{name: value} of lines NAME=value, as /etc/selinux/config and firewalld.conf have; comments left out."""
    found = {}
    for line in (text or "").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def selinux(config, enforce, policy):
    """{"status", "mode", "configured_mode", "policy"}.

    :param config: /etc/selinux/config (str) or None
    :param enforce: /sys/fs/selinux/enforce (str) or None where SELinux is off
    :param policy: whether a policy is loaded
    """
    matches = (SELINUX_MODE.match(line) for line in (config or "").split("\n"))
    enabled = enforce is not None and policy
    return {
        "status": "enabled" if enabled else "disabled",
        "mode": ("enforcing" if enforce.strip() == "1" else "permissive") if enabled else "disabled",
        "configured_mode": next((match.group(1).lower() for match in matches if match), None),
        "policy": parse_settings(config).get("SELINUXTYPE") or None,
    }


def authselect(text):
    """{"profile", "features"} of /etc/authselect/authselect.conf (str or None): the first line, and the others."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip() and not line.startswith("#")]
    return {"profile": lines[0] if lines else None, "features": sorted(lines[1:])}


def secure_boot(content):
    """True or False of the UEFI variable *content* (bytes), None where it says neither."""
    return bool(content[4]) if content is not None and len(content) == 5 and content[4] in (0, 1) else None


def collect(context):
    errors = []

    def attempt(work, *arguments):
        try:
            return work(*arguments)
        except ElkitError as error:
            errors.append(str(error))
            return None

    container = environment.container(context) is not None
    uefi = context.exists("/sys/firmware/efi")
    firmware = None
    if not container:
        firmware = "uefi" if uefi else "bios" if context.machine in ("x86_64", "i686") else None
    fips = attempt(context.read, "/proc/sys/crypto/fips_enabled")
    return {
        "selinux": selinux(attempt(context.read, SELINUX_CONFIG), attempt(context.read, SELINUX_FS + "/enforce"),
                           context.exists(SELINUX_FS + "/policyvers")),
        "fips": (fips or "").strip() == "1",
        "crypto_policy": {
            "configured": _first_line(attempt(context.read, "/etc/crypto-policies/config")),
            "current": _first_line(attempt(context.read, "/etc/crypto-policies/state/current")),
        },
        "firmware": firmware,
        "secure_boot": secure_boot(attempt(context.read_bytes, SECURE_BOOT)) if firmware == "uefi" else None,
        "firewall": _firewall(context, attempt),
        "authselect": authselect(attempt(context.read, "/etc/authselect/authselect.conf")),
        "errors": errors,
    }


def _first_line(text):
    """The first line that says something, without comment."""
    for line in (text or "").splitlines():
        line = line.partition("#")[0].strip()
        if line:
            return line
    return None


def _firewall(context, attempt):
    # systemd takes an empty file for a mask, as a link to /dev/null is read.
    masked = [name for name in FIREWALLS if attempt(context.read, _OWN_UNITS + name + ".service") == ""]
    installed = [name for name in FIREWALLS if context.first(
        folder + name + ".service" for folder in _UNITS + (() if name in masked else (_OWN_UNITS,)))]
    # systemd keeps this link for as long as a unit runs.
    active = [name for name in installed if context.exists("/run/systemd/units/invocation:{0}.service".format(name))]
    enabled = [name for name in installed if name not in masked and context.first(
        "{0}{1}.target.wants/{2}.service".format(_OWN_UNITS, target, name) for target in ("multi-user", "basic", "sysinit"))]
    settings = parse_settings(attempt(context.read, "/etc/firewalld/firewalld.conf")) if "firewalld" in installed else {}
    return {"active": active, "enabled": enabled, "installed": installed, "default_zone": settings.get("DefaultZone") or None}
