# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of third parties: which are taken, which are missed, which are fetched. With real keys; nothing goes over a network."""
import base64
import contextlib
import functools
import os
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, TrustError, VerificationError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import flow, ini, plan
from ansible_collections.elkit.almalinux.plugins.module_utils._repo.catalogue import Host
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

NEXT = "0123456789ABCDEF0123456789ABCDEF01234567"
URL = "https://acme.example/KEY"


with open(os.path.join(os.path.dirname(__file__), "../../fixtures/keys/RPM-GPG-KEY-AlmaLinux"), "rb") as _handle:
    # Its time is never up.
    _KEY = _openpgp.parse(_handle.read(), "KEY")[0]
KEY, MINE = _openpgp.armor(_KEY.data), _KEY.fingerprint


def keys(fingerprints, urls=URL):
    """The keys that a plan with one repository of others asks for."""
    extra = SimpleNamespace(id="acme", fingerprints=fingerprints, key=None)
    documents = {"acme.repo": ini.parse("[acme]\nbaseurl=http://a/\ngpgcheck=1\ngpgkey={0}\n".format(urls))}
    return plan._keys(SimpleNamespace(extra=[extra], trusted=set(), epel_key_url=None, epel_mirror=None), Host(9, 8), documents)


@pytest.mark.parametrize("fingerprints, imported", [([MINE], []), ([MINE, NEXT], []), ([NEXT, MINE], [MINE])])
def test_a_key_that_is_named_in_advance_is_not_missed(fingerprints, imported):
    found = flow.Keys()
    flow.take(keys(fingerprints)[0], KEY, imported, found)
    assert [item["fingerprint"] for item in found.missing] == ([] if imported else [MINE])


def test_one_of_the_named_keys_must_be_there():
    key = keys([NEXT])[0]
    with pytest.raises(TrustError, match="not pinned"):
        flow.take(key, KEY, [], flow.Keys())
    # Trusted for AlmaLinux's own repositories is not named for this one.
    key.pinned.add(MINE)
    with pytest.raises(TrustError, match="holds no key that acme names in fingerprints.*" + MINE):
        try:
            flow.take(key, KEY, [], flow.Keys())
        except TrustError as error:
            raise TrustError(str(error))


@pytest.mark.parametrize("urls", [URL, URL + " " + URL + "-2"])
@pytest.mark.parametrize("imported, fetched", [([MINE, NEXT], False), ([MINE], True), ([], True)])
def test_keys_that_rpm_has_all_of_are_not_fetched(monkeypatch, urls, imported, fetched):
    asked = []
    monkeypatch.setattr(flow.host, "imported_keys", lambda: dict.fromkeys(imported))
    monkeypatch.setattr(flow, "fetched", lambda urls, *_others: asked.extend(urls) or {})
    flow.needed_keys(SimpleNamespace(keys=keys([MINE, NEXT], urls)), {}, None)
    assert sorted(asked) == (urls.split() if fetched else [])


@pytest.mark.parametrize("may_lack, content", [(["acme"], b"a login page"), (["acme"], None), ([], None)])
def test_a_key_that_may_be_lacking_is_no_error(monkeypatch, may_lack, content):
    """A conversion has swapped the packages by then; EPEL's key may wait."""
    monkeypatch.setattr(flow.host, "imported_keys", dict)

    def fetched(urls, *_others):
        if content is None and urls:
            raise VerificationError("the key of acme cannot be fetched from {}: no route.".format(URL))
        return dict.fromkeys(urls, content)
    monkeypatch.setattr(flow, "fetched", fetched)
    planned = SimpleNamespace(keys=keys([MINE]))
    if not may_lack:
        with pytest.raises(VerificationError):
            flow.needed_keys(planned, {}, None, may_lack)
        return
    found = flow.needed_keys(planned, {}, None, may_lack)
    assert (found.missing, found.files, len(found.warnings)) == ([], {}, 1)
    assert found.warnings[0].endswith(". See to it before something is installed from acme") and ".." not in found.warnings[0]


def test_keys_are_fetched_with_what_is_to_be_written(monkeypatch):
    main, new = "[main]\n", "[main]\nproxy=http://proxy.example:3128\n"
    planned = SimpleNamespace(keys=keys([MINE]), documents={"acme.repo": ini.parse("[acme]\nproxy=http://other.example:3128\n")},
                              texts={plan.DNF_CONF: new, plan.VARIABLES + "/site": "a\n", plan.VARIABLES + "/gone": None})
    asked = []

    def call(operation, request, timeout):
        asked.append((operation, request))
        return {"files": {URL: {"content": base64.b64encode(KEY).decode("ascii"), "reason": None}}}
    monkeypatch.setattr(client, "call", call)
    monkeypatch.setattr(flow.host, "imported_keys", dict)
    assert [item["fingerprint"] for item in flow.needed_keys(planned, {"verify_timeout": 5}, main).missing] == [MINE]
    assert asked == [("fetch", {"urls": {URL: "acme"}, "main": new, "vars": {"site": "a", "gone": None}, "timeout": 5,
                                "files": {"acme.repo": "[acme]\nproxy=http://other.example:3128\n"}})]


def test_a_key_that_rpm_does_not_take_leaves_what_a_killed_run_and_somebody_made_of_the_files(monkeypatch, tmp_path):
    path, root = str(tmp_path / "dnf.conf"), str(tmp_path / "elkit")
    begin = functools.partial(entry.begin, root=root)
    monkeypatch.setattr(flow.journal, "begin", begin)
    monkeypatch.setattr(flow, "host_lock", contextlib.suppress)
    monkeypatch.setattr(flow, "import_keys", lambda *_: fail())

    def fail():
        raise HostError("rpm's database is locked")
    files.write_atomic(path, "old\n")
    # Killed before it committed; then an edit.
    begin(flow.CONCERN).write(path, "new\n")
    files.write_atomic(path, "by hand\n")
    planned = SimpleNamespace(texts={path: "new\n"}, before={path: "by hand\n"})
    for _time in range(2):
        with pytest.raises(HostError, match="locked"):
            flow.apply(planned, flow.Keys())
        assert files.read_text(path) == "by hand\n"
    assert entry.interrupted(flow.CONCERN, root)


@pytest.mark.parametrize("concern, lacking", [("conversion", ["epel"]), (flow.CONCERN, [])])
def test_epel_s_key_may_be_lacking_in_a_conversion_alone(monkeypatch, concern, lacking):
    asked = []
    monkeypatch.setattr(flow.host, "identity", lambda: Host(9, 8))
    for name in ("main_text", "variables", "repository_texts"):
        monkeypatch.setattr(flow.host, name, lambda: None)
    monkeypatch.setattr(flow.desired, "check", lambda _params, _here: None)
    monkeypatch.setattr(flow.plan, "make", lambda *_more: SimpleNamespace(texts={}, rows=[], warnings=[], before={}))
    monkeypatch.setattr(flow.journal, "interrupted", lambda _concern: False)
    monkeypatch.setattr(flow, "needed_keys", lambda _planned, _params, _main, may_lack: asked.extend(may_lack) or flow.Keys())
    assert flow.ensure({"verify": False}, False, concern)["changed"] is False
    assert [name for name in asked if name in ("epel", "baseos", "extras")] == lacking
