# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import desired
from ansible_collections.elkit.almalinux.plugins.module_utils._repo.catalogue import Host
from hypothesis import given
from hypothesis import strategies as st

HOSTS = {8: Host(8, 10), 9: Host(9, 8), 10: Host(10, 2)}
FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
EXTRA = {"id": "acme", "baseurl": "https://acme.example/", "gpgkey": "https://acme.example/KEY", "fingerprints": [FINGERPRINT]}


def params(**given):
    """The module's parameters with its defaults."""
    found = {"enabled": [], "disabled": [], "undeclared": "keep", "source": None, "mirror": None, "minor": None, "vault_mirror": None,
             "options": {}, "epel": None, "extra": [], "main": {}, "vars": {}, "trusted_keys": []}
    found.update(given)
    return found


def check(major=9, **given):
    return desired.check(params(**given), HOSTS[major])


@pytest.mark.parametrize("major", [8, 9, 10])
@pytest.mark.parametrize("written, canonical", [
    ("crb", "crb"), ("powertools", "crb"), ("ha", "highavailability"), ("highavailability", "highavailability"),
    ("baseos-source", "baseos-source"), ("almalinux-testing", "testing")])
def test_names_mean_the_same_on_every_major(major, written, canonical):
    assert check(major, enabled=[written]).enabled == {canonical}
    assert check(major, disabled=[written]).disabled == {canonical}


@pytest.mark.parametrize("major, given, words", [
    (9, {"enabled": ["highavailabilty"]}, ["enabled", "highavailabilty", "Did you mean highavailability"]),
    (9, {"disabled": ["bas"]}, ["disabled", "bas", "baseos"]),
    (9, {"enabled": ["docker-ce-stable"]}, ["docker-ce-stable", "extra"]),
    (10, {"enabled": ["resilientstorage"]}, ["resilientstorage", "Take it out for AlmaLinux 10"]),
    (9, {"enabled": ["epel-next"]}, ["epel-next", "CentOS Stream", "Use epel"]),
    (9, {"enabled": ["crb"], "disabled": ["powertools"]}, ["crb", "enabled and disabled"]),
    (9, {"epel": True, "disabled": ["crb"]}, ["EPEL needs crb"]),
    (9, {"enabled": ["epel"], "disabled": ["crb"]}, ["EPEL needs crb"]),
    (9, {"epel": False, "enabled": ["epel"]}, ["epel", "enabled and disabled"]),
    (9, {"epel": {"enabled": False, "testing": True}}, ["testing without epel"]),
    (9, {"epel": {"nonsense": 1}}, ["nonsense", "key_url"]),
    (9, {"epel": "perhaps"}, ["perhaps", "true or false"]),
    (9, {"epel": {"mirror": "dl.example"}}, ["epel.mirror", "dl.example", "https://"]),
    (9, {"mirror": "example.com/almalinux"}, ["mirror", "no URL", "https://"]),
    (9, {"vault_mirror": "gopher://x"}, ["vault_mirror", "no URL"]),
    (9, {"mirror": "https://a b/"}, ["no URL"]),
    (9, {"source": "metalink"}, ["metalink", "mirror"]),
    (9, {"minor": "8.9"}, ["8.9", "does not belong to AlmaLinux 9"]),
    (9, {"minor": "9"}, ["'9'", "in quotes"]),
    (9, {"minor": "9.7", "source": "mirrorlist"}, ["vault", "mirrorlist"]),
    (9, {"options": {"baseos": {"prioritty": 1}}}, ["prioritty", "priority"]),
    (9, {"options": {"baseos": {"gpgcheck": "enabled"}}}, ["gpgcheck", "true or false", "enabled"]),
    (9, {"options": {"base": {"priority": 1}}}, ["options", "base", "baseos"]),
    (9, {"options": {"baseos": {"enabled": True}}}, ["enabled"]),
    (9, {"options": {"baseos": "priority=1"}}, ["baseos", "dictionary"]),
    (9, {"main": {"gpgcheck": False}}, ["gpgcheck", "by name"]),
    (9, {"main": {"gpgcheck": None}}, ["gpgcheck", "by name"]),
    (9, {"main": {"reposdir": "/x"}}, ["reposdir"]),
    (9, {"main": {"retriess": 1}}, ["retriess", "retries"]),
    (9, {"vars": {"releasever": "9.4"}}, ["releasever", "minor"]),
    (9, {"vars": {"a-b": "x"}}, ["a-b"]),
    (9, {"trusted_keys": ["B86B3716"]}, ["trusted_keys", "B86B3716", "40"]),
    (9, {"extra": [EXTRA, EXTRA]}, ["acme", "twice"]),
    (9, {"extra": [dict(EXTRA, id="crb")]}, ["crb", "AlmaLinux or EPEL"]),
    (9, {"extra": [dict(EXTRA, id="a b")]}, ["a b", "no repository id"]),
    (9, {"extra": [dict(EXTRA, fingerprints=["B86B3716"])]}, ["acme", "B86B3716", "40"]),
    (9, {"extra": [dict(EXTRA, fingerprints=[])]}, ["acme", "fingerprint"]),
    (9, {"extra": [dict(EXTRA, gpgkey=[])]}, ["acme", "no key"]),
    (9, {"extra": [dict(EXTRA, key="text")]}, ["acme", "both gpgkey and key"]),
    (9, {"extra": [dict(EXTRA, mirrorlist="https://x/")]}, ["acme", "2 of baseurl", "exactly one"]),
    (9, {"extra": [{"id": "acme", "gpgcheck": False}]}, ["acme", "none of baseurl"]),
    (9, {"extra": [dict(EXTRA, baseurl="here")]}, ["acme", "baseurl", "no URL"]),
    (9, {"extra": [dict(EXTRA, gpgkeys="x")]}, ["acme", "gpgkeys", "gpgkey"]),
    (9, {"extra": [dict(EXTRA, state="gone")]}, ["acme", "gone", "absent"]),
    (9, {"extra": [dict(EXTRA, name="one\ntwo")]}, ["name", "line break"]),
    (9, {"extra": [dict(EXTRA, gpgkey=["/etc/pki/rpm-gpg/KEY of acme"])]}, ["acme: gpgkey", "KEY of acme", "no URL"]),
    (9, {"extra": [dict(EXTRA, gpgkey="/etc/KEY\nbaseurl=http://x/")]}, ["acme: gpgkey", "no URL"]),
])
def test_what_is_wrong_is_named_with_its_remedy(major, given, words):
    with pytest.raises(InputError) as caught:
        check(major, **given)
    assert caught.value.remedy
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("given, enabled, disabled", [
    (None, set(), set()),
    (True, {"epel", "crb"}, set()),
    ("yes", {"epel", "crb"}, set()),
    (False, set(), {"epel", "epel-testing"}),
    ({}, {"epel", "crb"}, set()),
    ({"testing": True}, {"epel", "epel-testing", "crb"}, set()),
])
def test_epel_brings_crb(given, enabled, disabled):
    found = check(epel=given)
    assert (found.enabled, found.disabled) == (enabled, disabled)


def test_a_mirror_alone_means_baseurl_and_loses_its_slash():
    found = check(mirror="https://m.example/almalinux/")
    assert (found.source, found.mirror) == ("baseurl", "https://m.example/almalinux")


@pytest.mark.parametrize("name", [None, "", " ", "Packages of Acme\n", 7])
def test_what_stands_in_a_file_has_no_blanks_around_it(name):
    found = check(extra=[dict(EXTRA, name=name, gpgkey=[" /etc/pki/KEY\n", "https://acme.example/KEY "])]).extra[0]
    assert found.name == (str(name or "").strip() or "acme")
    assert found.gpgkey == ["file:///etc/pki/KEY", "https://acme.example/KEY"]


def test_options_of_an_extra_repository_go_to_it():
    found = check(extra=[dict(EXTRA, options={"cost": 1})], options={"acme": {"priority": 5}, "ha": {"cost": 2}})
    assert found.extra[0].options == {"cost": "1", "priority": "5"}
    assert found.options == {"highavailability": {"cost": "2"}}


def test_an_absent_extra_needs_nothing_but_its_id():
    assert check(extra=[{"id": "acme", "state": "absent"}]).extra[0].absent


@pytest.mark.parametrize("written", [FINGERPRINT, FINGERPRINT.lower(), "0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"])
def test_fingerprints_as_people_write_them(written):
    assert desired.fingerprint(written, "x") == FINGERPRINT


@given(st.text(max_size=60))
def test_anything_is_a_fingerprint_or_an_input_error(text):
    try:
        found = desired.fingerprint(text, "x")
    except InputError:
        return
    assert len(found) in (40, 64) and set(found) <= set("0123456789ABCDEF")


@given(st.text(max_size=40), st.sampled_from([8, 9, 10]))
def test_any_id_is_known_or_an_input_error(text, major):
    try:
        assert len(check(major, enabled=[text]).enabled) in (1, 2)
    except InputError as error:
        assert error.remedy
