# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of place a host is, by what lies on it."""
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import environment
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context


@pytest.mark.parametrize("path, text, reason", [
    ("etc/ipa/default.conf", "", "it has /etc/ipa/default.conf"),
    ("etc/krb5.keytab", "", "it has /etc/krb5.keytab"),
    ("etc/sssd/sssd.conf", "[domain/x]\nid_provider = ldap\n", "sssd.conf names the provider ldap"),
    ("etc/sssd/sssd.conf", "[domain/x]\nid_provider = files\n", None),
    ("etc/yp.conf", "# comment\ndomain example server nis.example\n", "yp.conf names a NIS server"),
    ("etc/yp.conf", "ypserver nis.example\n", "yp.conf names a NIS server"),
    ("etc/yp.conf", "# domain NISDOMAIN server HOSTNAME\n\n", None),
])
def test_who_gives_this_host_its_accounts(tmp_path, path, text, reason):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    assert environment._joined(Context(root=str(tmp_path))) == reason
