# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import signature

CASES = [
    ("RSA/SHA256, Thu 12 Jan 2023 10:00:00 AM UTC, Key ID 51d6647ec21ad6ea", ["51d6647ec21ad6ea"]),  # rpm 4.14
    ("RSA/SHA256, Tue Sep  2 10:00:00 2026, Key ID d36cb86cb86b3716", ["d36cb86cb86b3716"]),  # rpm 4.16
    ("RSA/SHA256, Tue 02 Sep 2026 10:00:00 UTC, Key ID DEE5C11CC2A1E572", ["dee5c11cc2a1e572"]),  # rpm 4.19
    ("RSA/SHA256, x, Key ID d36cb86cb86b3716\nRSA/SHA512, y, Key ID 199e2f91fd431d51", ["d36cb86cb86b3716", "199e2f91fd431d51"]),
    ("RSA/SHA256, x, Key ID d36cb86cb86b3716\nDSA/SHA1, y, Key ID d36cb86cb86b3716", ["d36cb86cb86b3716"]),
    ("OpenPGP V4 RSA/SHA256 signature, key fingerprint: bf18ac2876178908d6e71267d36cb86cb86b3716", ["d36cb86cb86b3716"]),
    ("(none)", []), ("", []), (None, []), ("RSA/SHA256, x, Key ID 12345", []), ("Key ID d36cb86cb86b37161", []),
]


@pytest.mark.parametrize("text,expected", CASES)
def test_key_ids(text, expected):
    assert signature.key_ids(text) == expected


def test_a_package_signed_by_the_subkey_of_el8_belongs_to_the_key_that_is_imported():
    assert signature.imported("51d6647ec21ad6ea", ["3abb34f8"])
    assert not signature.imported("51d6647ec21ad6ea", ["ced7258b"])
    assert signature.imported("2ae81e8aced7258b", ["3abb34f8", "CED7258B"])
    assert not signature.imported("2ae81e8aced7258b", [""])
