# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Read OpenPGP public keys without gpg, which minimal EL images do not have: fingerprints, subkeys, dates.

Formats: RFC 4880 and RFC 9580 (packets of versions 3, 4 and 6; version 5 of LibrePGP). Signatures are not verified: who
trusts a key by its full fingerprint needs nothing of them but the date of expiry, which is told, not relied on.
"""

import base64
import binascii
import hashlib
import re
import struct

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import TrustError

_PUBLIC_KEY, _SIGNATURE, _USER_ID, _PUBLIC_SUBKEY = 6, 2, 13, 14
_PRIVATE = (5, 7)
_SELF_SIGNATURES = (0x10, 0x11, 0x12, 0x13, 0x1F)
_SUBKEY_BINDING = 0x18
_CREATED, _KEY_EXPIRES_AFTER, _ISSUER_ID, _ISSUER = 2, 9, 16, 33

_ARMOR = re.compile(
    r"^-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t\r]*\n(.*?)^-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL | re.MULTILINE)
_FINGERPRINT = re.compile(r"(?:[0-9A-F]{40}|[0-9A-F]{64})\Z")


class Key(object):
    """A public key: fingerprint (str, upper-case hex), version, created and expires (seconds since 1970; None: never),
    user_ids (list of str), subkeys (list of Key) and data (bytes: the packets it stood in)."""

    def __init__(self, fingerprint, version, created):
        self.fingerprint = fingerprint
        self.version = version
        self.created = created
        self.expires = None
        self.user_ids = []
        self.subkeys = []
        self.data = b""

    def expired(self, now):
        """Whether its time was up at *now* (seconds since 1970)."""
        return self.expires is not None and self.expires <= now


def normalize_fingerprint(text):
    """A full fingerprint that a user wrote ("AAAA BBBB …", 0x…, any case) as upper-case hex; None if it is none, or a short key id."""
    compact = re.sub(r"[\s:]", "", text).upper()
    if compact.startswith("0X"):
        compact = compact[2:]
    return compact if _FINGERPRINT.match(compact) else None


def parse(data, name):
    """The public keys in *data*.

    :param data: bytes of a key file: armored (one or more blocks, text around them) or binary
    :param name: what errors call it: a path or URL without secrets
    :returns: list of Key, at least one
    :raises TrustError: it holds no public key, a private one, or is damaged
    """
    text = data.decode("latin-1")
    blocks = [_dearmor(match.group(1), name) for match in _ARMOR.finditer(text)]
    if not blocks:
        if "-----BEGIN PGP PRIVATE KEY BLOCK-----" in text:
            raise _no_key(name, "it is a private key")
        if not data or not data[0] & 0x80:
            raise _no_key(name, "it is no OpenPGP data")
        blocks = [data]
    keys = []
    for block in blocks:
        keys.extend(_keys(block, name))
    if not keys:
        raise _no_key(name, "no key is in it")
    return keys


def armor(data):
    """*data* (bytes of packets) as an armored block (bytes)."""
    text = base64.b64encode(data).decode("ascii")
    lines = [text[start:start + 64] for start in range(0, len(text), 64)]
    lines.append("=" + base64.b64encode(_crc24(data)).decode("ascii"))
    return "\n".join(
        ["-----BEGIN PGP PUBLIC KEY BLOCK-----", ""] + lines + ["-----END PGP PUBLIC KEY BLOCK-----", ""]).encode("ascii")


def _no_key(name, reason):
    return TrustError(
        "{0} is not a file of OpenPGP public keys: {1}".format(name, reason), "Get the key from its owner again")


def _dearmor(body, name):
    """The bytes of an armored block; its checksum is compared where it has one."""
    lines = [line.strip() for line in body.splitlines()]
    # Headers ("Version: …") end at the first blank line; some writers leave out both.
    if "" in lines and all(":" in line for line in lines[:lines.index("")]):
        lines = lines[lines.index("") + 1:]
    lines = [line for line in lines if line]
    checksum = None
    if lines and lines[-1].startswith("="):
        checksum = lines.pop()[1:]
    try:
        data = base64.b64decode("".join(lines), validate=True)
        expected = base64.b64decode(checksum, validate=True) if checksum is not None else None
    except (binascii.Error, ValueError):
        raise _no_key(name, "its base64 text is damaged")
    if expected is not None and expected != _crc24(data):
        raise _no_key(name, "its checksum is wrong")
    return data


def _crc24(data):
    """RFC 4880, section 6.1."""
    crc = 0xB704CE
    for byte in bytearray(data):
        crc ^= byte << 16
        for _bit in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return struct.pack(">I", crc & 0xFFFFFF)[1:]


def _packets(data, name):
    """(tag, body, whole packet) of each packet."""
    position = 0
    while position < len(data):
        first = data[position]
        if not first & 0x80:
            raise _no_key(name, "its packets are damaged")
        try:
            if first & 0x40:
                tag = first & 0x3F
                length, start = _new_length(data, position + 1)
            else:
                tag = (first >> 2) & 0x0F
                length, start = _old_length(data, position + 1, first & 3)
        except (IndexError, struct.error):
            raise _no_key(name, "it ends in the middle of a packet")
        if length is None or start + length > len(data):
            raise _no_key(name, "it ends in the middle of a packet")
        yield tag, data[start:start + length], data[position:start + length]
        position = start + length


def _new_length(data, position):
    """(length, start of the body); the length is None for partial bodies, which keys never have."""
    first = data[position]
    if first < 192:
        return first, position + 1
    if first < 224:
        return ((first - 192) << 8) + data[position + 1] + 192, position + 2
    if first == 255:
        return struct.unpack(">I", data[position + 1:position + 5])[0], position + 5
    return None, position


def _old_length(data, position, kind):
    if kind == 3:
        return len(data) - position, position
    size = 1 << kind
    return struct.unpack({1: ">B", 2: ">H", 4: ">I"}[size], data[position:position + size])[0], position + size


def _keys(data, name):
    keys = []
    current = None
    dated = {}
    for tag, body, packet in _packets(data, name):
        if tag in _PRIVATE:
            raise _no_key(name, "it holds a private key")
        if tag in (_PUBLIC_KEY, _PUBLIC_SUBKEY):
            current = _key(body, name)
            if tag == _PUBLIC_KEY:
                keys.append(current)
            elif keys:
                keys[-1].subkeys.append(current)
            else:
                raise _no_key(name, "it starts with a subkey")
        elif tag == _USER_ID and keys:
            keys[-1].user_ids.append(body.decode("utf-8", "replace"))
        elif tag == _SIGNATURE and current is not None:
            wanted = _SELF_SIGNATURES if current is keys[-1] else (_SUBKEY_BINDING,)
            _take_expiry(current, keys[-1], body, wanted, dated)
        if keys:
            keys[-1].data += packet
    return keys


def _key(body, name):
    """A Key of the body of its packet: RFC 9580, 5.5.4 says what is hashed."""
    try:
        version = body[0]
        created = struct.unpack(">I", body[1:5])[0]
    except (IndexError, struct.error):
        raise _no_key(name, "a key packet is too short")
    if version == 4:
        digest = _sha1(b"\x99" + struct.pack(">H", len(body)) + body)
    elif version in (5, 6):
        digest = hashlib.sha256(struct.pack(">BI", 0x95 + version, len(body)) + body).hexdigest()
    else:
        raise TrustError(
            "{0} holds a key of version {1}".format(name, version), "Only keys of version 4 and newer can be pinned")
    return Key(digest.upper(), version, created)


def _sha1(data):
    # In FIPS mode SHA-1 needs to be told that it guards nothing here but the name of a key, as the format demands.
    try:
        return hashlib.sha1(data, usedforsecurity=False).hexdigest()
    except TypeError:
        return hashlib.sha1(data).hexdigest()


def _take_expiry(key, primary, body, wanted, dated):
    """Let the newest signature by *primary* say when *key* expires; *dated* holds the date of the one that spoke last.

    A signature that this cannot read (another key's, an old format) says nothing.
    """
    try:
        if body[0] not in (4, 5, 6) or body[1] not in wanted:
            return
        hashed, issuers = _signature_subpackets(body)
        made = struct.unpack(">I", hashed[_CREATED])[0]
        if made < dated.get(key, -1):
            return
        after = struct.unpack(">I", hashed[_KEY_EXPIRES_AFTER])[0] if _KEY_EXPIRES_AFTER in hashed else 0
    except (IndexError, KeyError, struct.error):
        return
    # Third-party certifications carry the same types; only the owner's speak about expiry.
    if not _issued_by(primary, issuers):
        return
    dated[key] = made
    key.expires = key.created + after if after else None


def _signature_subpackets(body):
    """({type: body} of the subpackets that a signature of version 4 or newer covers, the same with those that it does not).

    :raises IndexError, struct.error: it is damaged
    """
    wide = body[0] == 6
    size = struct.unpack(">I", body[4:8])[0] if wide else struct.unpack(">H", body[4:6])[0]
    start = 8 if wide else 6
    hashed = dict(_subpackets(body[start:start + size]))
    start += size
    size = struct.unpack(">I", body[start:start + 4])[0] if wide else struct.unpack(">H", body[start:start + 2])[0]
    start += 4 if wide else 2
    everything = dict(_subpackets(body[start:start + size]))
    everything.update(hashed)
    return hashed, everything


def signature(data, name):
    """When a signature was made and by which key: (seconds since 1970, key id as 16 upper-case hex digits).

    :param data: bytes, a signature packet as rpm keeps it in a package
    :param name: what errors call it
    :raises TrustError: it is none
    """
    for tag, body, _packet in _packets(data, name):
        if tag != 2:
            continue
        try:
            if body[0] == 3:
                # Version 3: type, time, key id at fixed places (RFC 4880, 5.2.2).
                return struct.unpack(">I", body[3:7])[0], _hex(body[7:15])
            hashed, everything = _signature_subpackets(body)
            made = struct.unpack(">I", hashed[_CREATED])[0]
        except (IndexError, KeyError, struct.error):
            break
        if _ISSUER in everything:
            fingerprint = _hex(everything[_ISSUER][1:])
            return made, fingerprint[-16:] if len(fingerprint) == 40 else fingerprint[:16]
        if _ISSUER_ID in everything:
            return made, _hex(everything[_ISSUER_ID])
    raise TrustError("{0} has a signature that cannot be read".format(name), "Get the package anew from its owner")


def _issued_by(primary, subpackets):
    """False if a signature's subpackets name another key than *primary* as its issuer."""
    if _ISSUER in subpackets:
        return _hex(subpackets[_ISSUER][1:]) == primary.fingerprint
    # Key ids are the end of a fingerprint in version 4, the start in later ones.
    return _ISSUER_ID not in subpackets or _hex(subpackets[_ISSUER_ID]) in (
        primary.fingerprint[-16:], primary.fingerprint[:16])


def _hex(data):
    return binascii.hexlify(data).decode("ascii").upper()


def _subpackets(data):
    """(type, body) of each signature subpacket."""
    position = 0
    while position < len(data):
        length, start = _new_length(data, position)
        if length is None:
            # Subpackets use 192 to 254 for two octets.
            length, start = ((data[position] - 192) << 8) + data[position + 1] + 192, position + 2
        yield data[start] & 0x7F, data[start + 1:start + length]
        position = start + length
