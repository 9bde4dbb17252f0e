# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import redact
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("text, shown", [
    ("https://u:s3cret@mirror/a", "https://***@mirror/a"),
    ("https://token@mirror/a", "https://***@mirror/a"),
    ("https://u:p@ss@mirror/a", "https://***@mirror/a"),
    ("http://u:pa/ss@mirror/", "http://***@mirror/"),
    ("https:/u:hush@mirror/", "https:/***@mirror/"),
    ("u:hush@mirror/x", "***@mirror/x"),
    ("http://mirror:8080/a@b/", "http://mirror:8080/a@b/"),
    ("http://[::1]:80/x", "http://[::1]:80/x"),
    ("https://m/x?token=abc&arch=x", "https://m/x?token=***&arch=x"),
    ("https://mirrors.fedoraproject.org/metalink?repo=epel-9&arch=$basearch",
     "https://mirrors.fedoraproject.org/metalink?repo=epel-9&arch=$basearch"),
    ("a http://u:p1@x/, b http://v:p2@y/", "a http://***@x/, b http://***@y/"),
    ("", ""),
    (None, None),
])
def test_redact_url(text, shown):
    assert redact.redact_url(text) == shown


def test_redact_text_masks_password_options_in_files_and_diffs():
    assert redact.redact_text("[a]\npassword=hush\n+proxy_password = hush2\nusername=me\nproxy=http://a:b@c/\n") == (
        "[a]\npassword=***\n+proxy_password = ***\nusername=me\nproxy=http://***@c/\n")


@pytest.mark.parametrize("text, shown", [
    ("//nas/x /mnt cifs username=u,password=s3cret,uid=5 0 0", "//nas/x /mnt cifs username=u,password=***,uid=5 0 0"),
    ("auth required pam_mysql.so user=u passwd=s3cret host=h", "auth required pam_mysql.so user=u passwd=*** host=h"),
    ("ldap_default_authtok = s3cret", "ldap_default_authtok = ***"),
    ('action(type="x" pwd="s3 cret" uid="y")', 'action(type="x" pwd=*** uid="y")'),
    ("proxy_password=s3 cret", "proxy_password=***"),
    ("password_pbkdf2 root grub.pbkdf2.sha512.10000.ABCDEF0123456789.0123", "password_pbkdf2 root ***"),
    ("GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.ABCDEF", "GRUB2_PASSWORD=***"),
    ("root:$6$abcdefgh$ijklmnop:1::", "root:***:1::"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nx", "***\nx"),
    # What is no secret stays as it is.
    ("password sufficient pam_unix.so sha512 use_authtok remember=5", None), ("passwd: files sss\n", None), ("Defaults passwd_tries=3", None),
    ("PasswordAuthentication no", None), ("secret_room = none of it", None), ("", None), (None, "")])
def test_redact_file(text, shown):
    assert redact.redact_file(text) == (text if shown is None else shown)


def test_redact_option():
    assert redact.redact_option("password", "x") == "***"
    assert redact.redact_option("password", "") == ""
    assert redact.redact_option("baseurl", "http://a:b@c/") == "http://***@c/"


def test_secrets_of_nested_arguments():
    data = {"options": {"baseos": {"proxy_password": "hu%20sh", "x": 1}}, "extra": [{"baseurl": ["http://u:p%40ss@m/"]}],
            "mirror": "http://tok3n@m/", "none": None}
    assert redact.secrets(data) == {"hu%20sh", "hu sh", "p%40ss", "p@ss", "tok3n"}


def test_a_password_without_quotes_is_a_secret():
    assert redact.secrets({"main": {"proxy_password": 48151623, "x": 42}, "extra": [{"options": {"password": 1.5}}]}) == {"48151623", "1.5"}
    assert redact.secrets({"password": None, "proxy_password": True}) == set()


def test_redact_data_keeps_the_shape():
    data = {"a": ["http://u:p@m/", 1, None], "password": "x", "b": {"c": True}}
    assert redact.redact_data(data) == {"a": ["http://***@m/", 1, None], "password": "***", "b": {"c": True}}


@given(st.text(alphabet="abcXYZ019-_.~!$&()*+,;=:%", min_size=4), st.sampled_from(["", " x", "\n", "/a/$basearch/"]))
def test_no_password_is_left(password, tail):
    text = "see http://user:" + password + "@host" + tail
    assert password not in redact.redact_url(text) or password in "see http://***@host" + tail
