# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret value, from the options on to what the module on the host says."""
import json

import pytest
import yaml
from ansible.module_utils import basic

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import environment, flow
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result
from ansible_collections.elkit.almalinux.plugins.modules import baseline as module
from ansible_collections.elkit.almalinux.plugins.plugin_utils import baseline

RELEASE = 'NAME="AlmaLinux"\nID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.8"\nPRETTY_NAME="AlmaLinux 9.8"\n'
HASH = "grub.pbkdf2.sha512.10000." + "A1" * 64 + "." + "B2" * 64
OWN = {"theme": "own", "title": "Own", "variables": {"own_token": {"type": "str", "secret": True, "default": "", "description": "A token"},
                                                     "own_name": {"type": "str", "default": "none", "description": "A name"}},
       "controls": [{"id": "own_token_file", "title": "The token is there", "mechanism": "content",
                     "args": {"path": "/etc/own", "text": {"var": "own_token"}, "exact": True}},
                    {"id": "own_name_file", "title": "The name is there", "mechanism": "content",
                     "args": {"path": "/etc/name", "text": {"var": "own_name"}, "exact": True}}]}


@pytest.fixture
def options(tmp_path):
    """The options of a task that gives two secrets and a value that is none."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own/own.yml").write_text(yaml.safe_dump(OWN), encoding="utf-8")
    return baseline.selection({"values": {"grub_password_hash": HASH, "own_token": "s3cr3t-t0ken", "own_name": "everybody"},
                               "only_ids": ["grub2_password", "own_token_file", "own_name_file"], "controls_folders": [str(tmp_path / "own")]})


def test_secrets_are_the_values_given_of_variables_that_are_secret(options):
    _controls, _major, catalogue = baseline.controls_for(RELEASE, options)
    assert sorted(baseline.secrets(catalogue, options)) == [HASH, "s3cr3t-t0ken"]
    assert baseline.secrets(catalogue, dict(options, values={"own_token": "", "own_name": "everybody"})) == []


def test_a_secret_value_is_in_nothing_that_the_module_says(tmp_path, monkeypatch, capsys, options):
    controls, major, catalogue = baseline.controls_for(RELEASE, options)
    host = tmp_path / "host"
    for path, text in {"boot/grub2/grub.cfg": "set timeout=1\n", "etc/os-release": RELEASE}.items():
        (host / path).parent.mkdir(parents=True, exist_ok=True)
        (host / path).write_text(text, encoding="utf-8")
    monkeypatch.setattr(flow, "Context", lambda: Context(root=str(host), run=lambda argv, **more: Result(0, "", ""), uname=("5.14", "x86_64")))
    monkeypatch.setattr(flow, "check_root", lambda: None)
    monkeypatch.setattr(environment, "detect", lambda context, forced=None: {})
    arguments = {"controls": controls, "el": major, "secrets": baseline.secrets(catalogue, options), "_ansible_check_mode": True, "_ansible_diff": True}
    logged = []
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _self, message, **_more: logged.append(str(message)))
    with pytest.raises(SystemExit):
        module.main()
    said = capsys.readouterr().out
    result = json.loads(said)
    assert result["changed_ids"] == ["grub2_password", "own_name_file", "own_token_file"], result
    assert {item["before_header"] for item in result["diff"]} >= {"/boot/grub2/user.cfg", "/etc/own", "/etc/name"} and "everybody" in said and logged
    for text in (said, " ".join(logged)):
        assert not [secret for secret in (HASH, HASH[-64:], "s3cr3t-t0ken") if secret in text], text
