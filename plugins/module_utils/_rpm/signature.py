# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Which key signed a package, from what rpm says about its signature."""

import re

# rpm 4.14 to 4.19: "RSA/SHA256, Thu 12 Jan 2023 10:00:00 AM UTC, Key ID 51d6647ec21ad6ea"; a package with several
# signatures gives one line each. rpm 6: "OpenPGP V4 RSA/SHA256 signature, key fingerprint: <40 digits>", or "key ID: …".
_KEY = re.compile(r"key\s+(?:id|fingerprint):?\s*([0-9a-f]{40}|[0-9a-f]{16}|[0-9a-f]{8})(?![0-9a-f])", re.IGNORECASE)

# AlmaLinux 8's first key signs with a subkey. rpm's database knows a key by its primary's id alone, so a package that was
# signed by this subkey looks as if its key were not imported. Signing key id: id of the primary key.
PRIMARY_OF_SUBKEY = {"51d6647ec21ad6ea": "488fcf7c3abb34f8"}


def key_ids(text):
    """The ids (16 lower-case hex digits; 8 where rpm gave no more) of all signing keys in *text* (str), each once."""
    found = []
    for match in _KEY.findall(text or ""):
        identifier = match.lower()[-16:]
        if identifier not in found:
            found.append(identifier)
    return found


def imported(key_id, pubkeys):
    """Whether the key of *key_id* is among *pubkeys* (versions of gpg-pubkey packages: 8 hex digits, or a fingerprint)."""
    primary = PRIMARY_OF_SUBKEY.get(key_id, key_id)
    return any(primary.endswith(version.lower()[-8:]) for version in pubkeys if version)
