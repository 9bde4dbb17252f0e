# SPDX-License-Identifier: GPL-3.0-or-later
"""The expected values are what gpg --show-keys says of the same files."""
import calendar
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import TrustError

KEYS = os.path.join(os.path.dirname(__file__), "..", "fixtures", "keys")


def read(name):
    with open(os.path.join(KEYS, name), "rb") as handle:
        return handle.read()


def test_almalinux_8_has_two_keys_one_of_them_expired():
    new, old = _openpgp.parse(read("RPM-GPG-KEY-AlmaLinux"), "x")
    assert new.fingerprint == "BC5EDDCADF502C077F1582882AE81E8ACED7258B"
    assert (new.created, new.expires, new.subkeys) == (1696928879, None, [])
    assert new.user_ids == ["AlmaLinux OS 8 <packager@almalinux.org>"]
    assert old.fingerprint == "5E9B8F5617B5066CE92057C3488FCF7C3ABB34F8"
    assert (old.created, old.expires) == (1610451214, 1705059214)
    assert [(key.fingerprint, key.expires) for key in old.subkeys] == [("E53CF5EF91CEB0AD1812ECB851D6647EC21AD6EA", 1705059398)]
    now = calendar.timegm((2026, 11, 24, 0, 0, 0))
    assert old.expired(now) and not new.expired(now)
    assert not old.expired(calendar.timegm((2023, 1, 1, 0, 0, 0)))


@pytest.mark.parametrize("name, fingerprint, created, expires", [
    ("ed25519.asc", "DA931115AA02F8CBB3FDB863241C6B85264080D3", 1795486529, 1798804800),
    ("ed25519.gpg", "DA931115AA02F8CBB3FDB863241C6B85264080D3", 1795486529, 1798804800),
    ("expired.asc", "5962B64F98E69623C57285C0E3362CF100623799", 1577836800, 1609502400),
])
def test_other_keys(name, fingerprint, created, expires):
    key, = _openpgp.parse(read(name), name)
    assert (key.fingerprint, key.created, key.expires, key.version) == (fingerprint, created, expires, 4)


@pytest.mark.parametrize("change", [
    lambda data: b"Some words before.\n\n" + data + b"\nand behind\n",
    lambda data: data.replace(b"\n", b"\r\n"),
    lambda data: data.replace(b"BLOCK-----\n\n", b"BLOCK-----\nVersion: rpm-4.14.3 (NSS-3)\nComment: x\n\n", 1),
    lambda data: b"\n".join(line for line in data.split(b"\n") if not line.startswith(b"=")),
])
def test_armor_in_its_kinds(change):
    key, = _openpgp.parse(change(read("ed25519.asc")), "x")
    assert key.fingerprint == "DA931115AA02F8CBB3FDB863241C6B85264080D3"


def test_several_blocks_in_one_file():
    keys = _openpgp.parse(read("ed25519.asc") + read("expired.asc"), "x")
    assert [key.fingerprint[:8] for key in keys] == ["DA931115", "5962B64F"]


def test_each_key_of_a_file_can_stand_alone():
    keys = _openpgp.parse(read("RPM-GPG-KEY-AlmaLinux"), "x")
    for key in keys:
        alone, = _openpgp.parse(_openpgp.armor(key.data), "x")
        assert (alone.fingerprint, alone.expires, len(alone.subkeys)) == (key.fingerprint, key.expires, len(key.subkeys))
    assert _openpgp.armor(_openpgp.parse(read("ed25519.asc"), "x")[0].data) == read("ed25519.asc")


@pytest.mark.parametrize("data, reason", [
    (b"", "no OpenPGP data"),
    (b"<html>404</html>", "no OpenPGP data"),
    (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nabcd\n-----END PGP PRIVATE KEY BLOCK-----\n", "private key"),
    (b"\x95\x00\x03\x04\x00\x00", "private key"),
    (read("ed25519.gpg")[:40], "middle of a packet"),
    (read("ed25519.asc").replace(b"\nm", b"\nn", 1), "checksum is wrong"),
    (read("ed25519.asc").replace(b"\nm", b"\n!", 1), "base64"),
    (b"\x99\x00\x02\x04\x00", "too short"),
    (b"\x99\x00\x05\x03\x00\x00\x00\x00", "version 3"),
    (b"\xb9\x00\x05\x04\x00\x00\x00\x00", "starts with a subkey"),
    (b"\xb4\x01a", "no key is in it"),
])
def test_what_is_no_key_is_refused_by_name(data, reason):
    with pytest.raises(TrustError) as caught:
        _openpgp.parse(data, "/etc/pki/x")
    assert reason in str(caught.value)
    assert "/etc/pki/x" in str(caught.value)


@pytest.mark.parametrize("length", [0, 1, 5, 17, 60, 120, 237])
def test_damage_never_escapes_as_another_error(length):
    data = bytearray(read("ed25519.gpg"))
    data[length] ^= 0xFF
    try:
        keys = _openpgp.parse(bytes(data), "x")
    except TrustError:
        return
    assert keys


@pytest.mark.parametrize("text, expected", [
    ("BC5EDDCADF502C077F1582882AE81E8ACED7258B", "BC5EDDCADF502C077F1582882AE81E8ACED7258B"),
    ("bc5e ddca df50 2c07 7f15  8288 2ae8 1e8a ced7 258b", "BC5EDDCADF502C077F1582882AE81E8ACED7258B"),
    ("0xBC5EDDCADF502C077F1582882AE81E8ACED7258B", "BC5EDDCADF502C077F1582882AE81E8ACED7258B"),
    ("CED7258B", None), ("2AE81E8ACED7258B", None), ("BC5EDDCADF502C077F1582882AE81E8ACED7258", None), ("G" * 40, None), ("", None),
])
def test_only_full_fingerprints_count(text, expected):
    assert _openpgp.normalize_fingerprint(text) == expected
