# SPDX-License-Identifier: GPL-3.0-or-later
"""Where AlmaLinux is, and what a user may say of that: by table."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import mapping, target
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError

MIRROR, VAULT = "https://mirror.example.com/almalinux", "https://vault.example.com"
FINGERPRINT = "BF18AC2876178908D6E71267D36CB86CB86B3716"
SOURCE = mapping.source("rocky", 9, "x86_64")


def params(**given):
    return dict({"source": None, "mirror": None, "minor": None, "vault_mirror": None, "trusted_keys": []}, **given)


@pytest.mark.parametrize("given, words", [
    ({"source": "mirrorlist", "minor": "9.6"}, ["minor", "no mirrorlist"]), ({"minor": "9"}, ["minor", "'9'", "9.N"]),
    ({"minor": "8.10"}, ["8.10", "AlmaLinux 9"]), ({"source": "metalink"}, ["metalink", "mirror"]), ({"mirror": "mirror.example.com"}, ["mirror", "no URL"]),
    ({"trusted_keys": [FINGERPRINT, "B86B3716"]}, ["trusted_keys", "B86B3716", "fingerprint"])],
    ids=["a minor has no mirrorlist", "a major", "of another major", "metalink of nobody", "no URL", "a short key"])
def test_what_is_wrong_is_said_before_anything_is_begun(given, words):
    with pytest.raises(InputError) as caught:
        target.asked(SOURCE, ["baseos", "appstream"], params(**given))
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("given, where", [
    ({}, ("mirrorlist", "https://mirrors.almalinux.org/mirrorlist/$releasever/baseos")),
    ({"mirror": MIRROR + "/"}, ("baseurl", MIRROR + "/$releasever/BaseOS/$basearch/os/")),
    ({"mirror": MIRROR, "source": "mirrorlist"}, ("mirrorlist", MIRROR + "/mirrorlist/$releasever/baseos")),
    ({"minor": "9.6"}, ("baseurl", "https://vault.almalinux.org/9.6/BaseOS/$basearch/os/")),
    ({"minor": "9.6", "mirror": MIRROR}, ("baseurl", MIRROR + "/9.6/BaseOS/$basearch/os/")),
    ({"minor": "9.6", "mirror": MIRROR, "vault_mirror": VAULT}, ("baseurl", VAULT + "/9.6/BaseOS/$basearch/os/"))],
    ids=["the public ones", "a mirror", "a mirror's list", "a minor", "a minor of a mirror", "a minor of a vault"])
def test_where_almalinux_is(given, where):
    asked = target.asked(SOURCE, ["baseos", "appstream"], params(**given))
    found = {item["canonical"]: (item["option"], item["url"]) for item in target.repositories(9, "x86_64", ["baseos", "appstream"], asked)}
    assert found["baseos"] == where


@pytest.mark.parametrize("product, minor, given, roots", [
    ("almalinux", 7, {}, ["https://vault.almalinux.org/9.7/"]), ("almalinux", 7, {"mirror": MIRROR}, [MIRROR + "/9.7/"]),
    ("almalinux", 7, {"mirror": MIRROR, "vault_mirror": VAULT}, [VAULT + "/9.7/"]), ("almalinux", 7, {"minor": "9.8"}, ["https://vault.almalinux.org/9.7/"]),
    ("rocky", 7, {}, []), ("almalinux", None, {}, [])])
def test_the_packages_of_an_older_minor_are_in_the_vault(product, minor, given, roots):
    source, wanted = mapping.source(product, 9, "x86_64"), ["appstream", "baseos", "epel"]
    found = target.vault(source, minor, wanted, target.asked(source, wanted, params(**given)))
    assert [item["url"] for item in found] == [root + name + "/$basearch/os/" for root in roots for name in ("AppStream", "BaseOS")]
    assert all(item["options"]["skip_if_unavailable"] and item["id"].startswith("elkit-vault-") and item["option"] == "baseurl" for item in found)


@pytest.mark.parametrize("product, major, wanted, silent, enabled, disabled", [
    ("rhel", 9, ["appstream", "baseos"], [], ["appstream", "baseos", "extras"], []),
    ("rhel", 10, ["appstream", "baseos"], ["rt"], ["appstream", "baseos", "crb", "extras"], []),
    # A mirror of the two alone.
    ("rhel", 10, ["appstream", "baseos"], ["crb", "extras", "rt"], ["appstream", "baseos"], ["crb", "extras"]),
    ("rocky", 8, ["appstream", "baseos", "extras"], ["powertools"], ["appstream", "baseos", "extras"], []),
    ("almalinux", 10, ["appstream", "baseos"], ["crb"], ["appstream", "baseos"], [])])
def test_what_almalinux_enables_by_itself(product, major, wanted, silent, enabled, disabled):
    assert target.afterwards(mapping.source(product, major, "x86_64"), wanted, silent) == (enabled, disabled)
    given = target.repository_params(enabled, disabled, params())
    assert (given["enabled"], given["disabled"]) == (enabled, disabled)


@pytest.mark.parametrize("product, major, repo_ids, found", [
    ("oracle", 9, ["ol9_baseos_latest", "ol9_UEKR8"], ["appstream", "baseos"]),
    # As the module repositories has it.
    ("oracle", 9, ["ol9_developer_EPEL"], ["appstream", "baseos", "crb", "epel"]),
    ("oracle", 8, ["ol8_developer_EPEL"], ["appstream", "baseos", "crb", "epel"]),
    # EPEL itself is a repository of others, whose owner has crb enabled or not.
    ("rocky", 9, ["baseos", "epel"], ["appstream", "baseos"])])
def test_what_is_enabled_afterwards(product, major, repo_ids, found):
    source = mapping.source(product, major, "x86_64")
    assert target.enabled(source, repo_ids) == found
    assert target.asked(source, found, params()).enabled == set(found)


def test_what_was_enabled_must_answer():
    found = target.repositories(9, "x86_64", ["baseos", "appstream", "crb"], target.asked(SOURCE, ["baseos", "appstream", "crb"], params()))
    assert {item["canonical"] for item in found if item["required"]} == {"baseos", "appstream", "crb"}
    assert all(item["options"]["skip_if_unavailable"] != item["required"] for item in found)


def test_a_short_key_is_not_trusted():
    with pytest.raises(InputError, match="full fingerprint"):
        target.trusted(b"", "keys", 9, ["B86B3716"])
