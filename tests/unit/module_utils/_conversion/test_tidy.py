# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys and variables of the source are needed no more, and how a key comes back."""
import os
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import mapping, sources, state as states, tidy
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context

KEY = "21CB256AE16FC54C6E652949702D426D350D275D"
SUBKEY = "E53CF5EF91CEB0AD1812ECB851D6647EC21AD6EA"


def key():
    found = _openpgp.Key(KEY, 4, 0)
    found.subkeys = [_openpgp.Key(SUBKEY, 4, 0)]
    return found


@pytest.mark.parametrize("signers, named, anything, words", [
    ([], {}, [], None), (["d36cb86cb86b3716"], {"OTHER": "epel"}, [], None),
    (["702d426d350d275d"], {}, [], "signed with it"), (["350d275d"], {}, [], "signed with it"), (["51d6647ec21ad6ea"], {}, [], "signed with it"),
    ([], {KEY: "tools"}, [], "tools names it"), ([], {}, ["tools"], "tools names no key")])
def test_why_a_key_is_needed(signers, named, anything, words):
    reason = tidy.why_needed(KEY, [key()], set(signers), named, anything)
    assert reason is None if words is None else words in reason


def repository(identifier, gpgkey=(), enabled=True, gpgcheck=True):
    return {"id": identifier, "file": "/x.repo", "enabled": enabled, "ignored": False, "mirrorlist": "http://x/", "metalink": None, "baseurl": [],
            "gpgcheck": gpgcheck, "gpgkey": list(gpgkey)}


def test_what_the_enabled_repositories_are_checked_with(tmp_path, monkeypatch):
    (tmp_path / "KEY-9-x86_64").write_text("tools")
    monkeypatch.setattr(tidy._openpgp, "parse", lambda data, _name: [SimpleNamespace(fingerprint=data.decode())])
    url = "file://{0}/KEY-$releasever-$basearch".format(tmp_path)
    configured = [repository("tools", [url]), repository("off", [], enabled=False), repository("open", [], gpgcheck=False),
                  repository("far", ["https://x/KEY"]), repository("bare"), repository("default", gpgcheck=None, gpgkey=[url])]
    named, anything = tidy.keys_of(configured, mapping.source("rocky", 9, "x86_64"))
    assert list(named) == ["tools"] and anything == ["bare"]


@pytest.mark.parametrize("text, left", [
    ("baseurl=http://x/$contentdir/9/", ["sigcontentdir"]), ("baseurl=http://x/${contentdir}/9/", ["sigcontentdir"]),
    ("baseurl=http://x/$contentdirs/contentdir/", ["contentdir", "sigcontentdir"]), ("", ["contentdir", "sigcontentdir"]),
    ("metalink=http://x/?content=$contentdir&y=$sigcontentdir", []), ("baseurl=http://x/${sigcontentdir:-pub}", ["contentdir"])])
def test_variables_that_nothing_uses(text, left):
    paths = ["/etc/dnf/vars/contentdir", "/etc/dnf/vars/sigcontentdir"]
    assert tidy.unused(paths, ["[main]\n", text]) == ["/etc/dnf/vars/" + name for name in left]


def test_only_what_dnf_reads_uses_a_variable(tmp_path):
    folder = tmp_path / "etc/yum.repos.d"
    folder.mkdir(parents=True)
    for name in (".ansible_tmpq1.repo", "a.repo", "a.repo.rpmsave"):
        (folder / name).write_text(name)
    assert tidy.repository_texts(Context(str(tmp_path)), []) == ["", "a.repo"]


def test_only_variables_of_the_table_that_no_package_brings(monkeypatch):
    monkeypatch.setattr(tidy.remains, "is_packaged", lambda path: path.endswith("/infra"))
    context = SimpleNamespace(names=lambda _directory: ["contentdir", "infra", "ours"])
    assert tidy.variables(mapping.source("rocky", 9, "x86_64"), context) == ["/etc/dnf/vars/contentdir"]


@pytest.mark.parametrize("product, text, linked, locks", [
    ("rhel", "9.4\n", False, ["9.4"]), ("rhel", "9.4\n", True, ["9.4"]), ("rhel", "9\n", False, []), ("rhel", "\n", False, ["no release"]),
    ("rhel", None, False, []), ("almalinux", "9.4\n", False, [])],
    ids=["a minor", "found in both places", "the major", "nothing", "none", "it is AlmaLinux's"])
def test_what_keeps_dnf_to_a_minor_of_the_source_goes(monkeypatch, tmp_path, product, text, linked, locks):
    (tmp_path / "etc/dnf/vars").mkdir(parents=True)
    (tmp_path / "etc/yum").mkdir()
    path = tmp_path / "etc/dnf/vars/releasever"
    if linked:
        (tmp_path / "etc/yum/vars").symlink_to("../dnf/vars")
    if text is not None:
        path.write_text(text)
    context = Context(str(tmp_path))
    monkeypatch.setattr(tidy, "Context", lambda: context)
    monkeypatch.setattr(tidy, "_keys", lambda *_more: ([], []))
    monkeypatch.setattr(tidy.files, "remove", lambda path: os.unlink(context.at(path)))
    said = tidy.clear(mapping.source(product, 9, "x86_64"), None)
    assert said == ("removed: /etc/dnf/vars/releasever, which kept dnf to {0}".format(*locks) if locks else None)
    assert path.exists() is (text is not None and not locks)


@pytest.fixture
def rpm(monkeypatch, tmp_path):
    """rpm's keys: {fingerprint: name}; what was run; and a State."""
    keys, ran = {KEY: "gpg-pubkey-350d275d-6279464b"}, []

    def run(argv, **_more):
        ran.append(argv)
        if argv[1] == "-e":
            assert one.read(tidy.REMOVED) == {KEY: "armored"}, "noted before it goes"
            keys.clear()
        elif argv[1] == "--import":
            with open(argv[2]) as handle:
                assert handle.read() == "armored"
            keys[KEY] = "gpg-pubkey-350d275d-6279464b"
        return SimpleNamespace(rc=0, stdout="armored", stderr="")
    monkeypatch.setattr(tidy.remains, "imported_keys", lambda: dict(keys))
    monkeypatch.setattr(tidy.commands, "run", run)
    monkeypatch.setattr(tidy._openpgp, "parse", lambda _data, _name: [key()])
    one = states.create({}, str(tmp_path))
    return keys, ran, one


def test_the_keys_alone_go_later(rpm, monkeypatch):
    keys, _ran, one = rpm
    monkeypatch.setattr(tidy, "Context", lambda: SimpleNamespace(database=lambda: SimpleNamespace(packages=[])))
    monkeypatch.setattr(tidy.repositories, "collect", lambda _context: {"configured": []})
    assert tidy.clear_keys(mapping.source("rocky", 9, "x86_64"), one, True) == ["the key " + KEY] and list(keys) == [KEY] and not one.read(tidy.REMOVED)
    assert tidy.clear_keys(mapping.source("rocky", 9, "x86_64"), one) == ["the key " + KEY]
    assert keys == {} and one.read(tidy.REMOVED) == {KEY: "armored"}


@pytest.mark.parametrize("signer, gone", [("d36cb86cb86b3716", True), ("702d426d350d275d", False)])
def test_a_key_goes_and_comes_back(rpm, signer, gone):
    keys, ran, one = rpm
    context = SimpleNamespace(database=lambda: SimpleNamespace(packages=[SimpleNamespace(keys=(signer,))]))
    removed, kept = tidy._keys(mapping.source("rocky", 9, "x86_64"), one, context, [])
    assert (removed == ["the key " + KEY]) is gone and (kept == []) is gone and (keys == {}) is gone
    tidy.put_back(one)
    assert list(keys) == [KEY]
    count = len(ran)
    tidy.put_back(one)
    assert len(ran) == count, "it is there"


@pytest.mark.parametrize("product", sorted(sources.TABLE))
def test_keys_of_the_table_are_full_fingerprints(product):
    assert all(_openpgp.normalize_fingerprint(item) == item for item in mapping.source(product, 9, "x86_64").keys)
