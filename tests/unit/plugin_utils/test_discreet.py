# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords in a module's URLs are in nothing that it says."""
import json

import pytest
from ansible.module_utils import basic
from ansible_collections.elkit.almalinux.plugins.module_utils import _discreet


def test_passwords_are_in_neither_log_nor_result(monkeypatch, capsys):
    url = "https://me:hush%20hush@mirror.example.com/almalinux"
    arguments = {"mirror": url, "source_extra": {"x": ["http://you:s3cr3t@x/"]}}
    logged = []
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _self, message, **_more: logged.append(str(message)))
    module = _discreet.Module(argument_spec={"mirror": {"type": "str"}, "source_extra": {"type": "dict"}})
    with pytest.raises(SystemExit):
        module.fail_json(msg="cannot reach {0}".format(url), details={"stderr": "curl: s3cr3t, hush hush"})
    said = capsys.readouterr().out + " ".join(logged)
    assert "mirror.example.com" in said and logged
    assert not [secret for secret in ("hush%20hush", "hush hush", "s3cr3t") if secret in said], said
