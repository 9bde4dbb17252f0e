# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section updates: what could be updated, and why. The only section that needs the network."""


def count(items, key):
    """{value of *key* in lower case: how many of *items* have it}; items without one count as "none"."""
    found = {}
    for item in items:
        name = (item.get(key) or "none").lower()
        found[name] = found.get(name, 0) + 1
    return found


def summarise(answer):
    """The facts of what dnf's helper answered: {"pending": [...], "advisories": [...]}."""
    pending, advisories = answer["pending"], answer["advisories"]
    return {
        "count": len(pending),
        "by_type": count(pending, "type"),
        "by_severity": count([item for item in pending if item.get("type") == "security"], "severity"),
        "pending": pending,
        "advisories": advisories,
        "cves": sorted(set(cve for item in advisories for cve in item["cves"])),
        "errors": [],
    }


def collect(context):
    # Only who asks for it pays for loading it.
    from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
    return summarise(client.call("updates", {}, timeout=context.updates_timeout))
