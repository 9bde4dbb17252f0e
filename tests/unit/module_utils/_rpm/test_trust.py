# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether signatures were made by pinned keys in their time."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import TrustError
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import trust


class Key:
    """What check_dates looks at of an _openpgp.Key."""

    version = 4

    def __init__(self, fingerprint, expires=None, subkeys=()):
        self.fingerprint, self.expires, self.subkeys = fingerprint, expires, list(subkeys)


EXPIRED = Key("A" * 24 + "1111222233334444", expires=1000)
SUBKEY = Key("B" * 24 + "5555666677778888", expires=2000)
KEYS = [EXPIRED, Key("C" * 40, subkeys=[SUBKEY])]


@pytest.mark.parametrize("made, key_id", [(999, "1111222233334444"), (1000, "1111222233334444"), (1500, "5555666677778888"), (9999, "C" * 16)])
def test_in_its_time(made, key_id):
    trust.check_dates({"/a/bash.rpm": (made, key_id)}, KEYS)


@pytest.mark.parametrize("made, key_id, words", [
    (1001, "1111222233334444", "after the time"), (2001, "5555666677778888", "after the time"), (5, "0000000000000000", "not pinned")])
def test_refused(made, key_id, words):
    with pytest.raises(TrustError) as caught:
        trust.check_dates({"/a/good.rpm": (500, "1111222233334444"), "/a/bash.rpm": (made, key_id)}, KEYS)
    assert "bash.rpm" in caught.value.message and words in caught.value.message
