# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Who owns a signing key: ids of the keys and subkeys that Enterprise Linux distributions sign with.

Source: distribution-gpg-keys (2026-08-11) and the distributions' key files. Only for showing a name beside an id: trust
goes by full fingerprints.
"""

OWNERS = {
    "488fcf7c3abb34f8": "AlmaLinux 8 (old key)",
    "51d6647ec21ad6ea": "AlmaLinux 8 (old key, signing subkey)",
    "2ae81e8aced7258b": "AlmaLinux 8",
    "d36cb86cb86b3716": "AlmaLinux 9",
    "dee5c11cc2a1e572": "AlmaLinux 10",
    "b620c02335d447a6": "EPEL 10, AlmaLinux's rebuild for x86_64_v2",
    "429785e181b961a5": "ELevate",
    "0946fca2c105b9de": "CentOS 6",
    "24c6a8a7f4a80eb5": "CentOS 7",
    "05b555b38483c65d": "CentOS",
    "1ff6a2171d997668": "CentOS SIG Extras",
    "15af5dac6d745a60": "Rocky Linux 8",
    "702d426d350d275d": "Rocky Linux 9",
    "5b106c736fedfc85": "Rocky Linux 10",
    "199e2f91fd431d51": "Red Hat",
    "5054e4a45a6340b3": "Red Hat (auxiliary)",
    "72f97b74ec551f03": "Oracle Linux 7",
    "82562ea9ad986da3": "Oracle Linux 8",
    "bc4d06a08d8b756f": "Oracle Linux 9 and 10",
    "6a2faea2352c64e5": "EPEL 7",
    "21ea45ab2f86d6a1": "EPEL 8",
    "8a3872bf3228467c": "EPEL 9",
    "33d98517e37ed158": "EPEL 10",
}


def owner(key_id):
    """Who owns the key of *key_id* (16 hex digits, or the last 8 of them): str or None."""
    if key_id in OWNERS:
        return OWNERS[key_id]
    short = [name for known, name in OWNERS.items() if known.endswith(key_id)] if len(key_id) == 8 else []
    return short[0] if len(short) == 1 else None
