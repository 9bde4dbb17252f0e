# SPDX-License-Identifier: GPL-3.0-or-later
"""How a look does several things at once, and what it says of EFI."""
import json
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import look, mapping
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, TrustError, VerificationError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import plan as repo_plan
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands


def fails(error):
    def work():
        raise error
    return work


def test_all_is_done_and_each_failure_has_its_name():
    done = []
    trust, plan = TrustError("not pinned"), HostError("no mirror")
    assert commands.side_by_side({"a": lambda: done.append("a"), "trust": fails(trust), "plan": fails(plan), "b": lambda: done.append("b")}) == {
        "trust": trust, "plan": plan}
    assert sorted(done) == ["a", "b"]


def test_what_is_a_fault_of_ours_is_not_swallowed():
    with pytest.raises(KeyError):
        commands.side_by_side({"a": fails(KeyError("x")), "b": fails(HostError("y"))})


@pytest.mark.parametrize("kind, there, arch, answer, found", [
    ("container", True, "x86_64", [("sda", "sda1")], None), ("machine", False, "x86_64", [("sda", "sda1")], None),
    ("machine", True, "ppc64le", [("sda", "sda1")], None), ("machine", True, "s390x", [], None),
    ("machine", True, "x86_64", [("sda", "sda1")], {"partitions": [("sda", "sda1")], "error": None}),
    ("virtual", True, "aarch64", HostError("the EFI system partition cannot be found", "Mount it"),
     {"partitions": [], "error": "the EFI system partition cannot be found. Mount it"})])
def test_efi(monkeypatch, kind, there, arch, answer, found):
    monkeypatch.setattr(look.boot, "check_efi", lambda _context, _arch: fails(answer)() if isinstance(answer, Exception) else answer)
    seen = SimpleNamespace(environment={"type": kind}, identity={"architecture": arch})
    assert look.efi(SimpleNamespace(exists=lambda _path: there), seen) == found


def test_the_keys_are_fetched_as_dnf_conf_says(tmp_path, monkeypatch):
    text = "[main]\nproxy=http://proxy.example.com:3128\nsslcacert=/etc/pki/ours.pem\n"
    (tmp_path / "dnf.conf").write_text(text)
    monkeypatch.setattr(repo_plan, "DNF_CONF", str(tmp_path / "dnf.conf"))
    asked = []

    def call(operation, request, timeout):
        asked.append((operation, request["main"]))
        return {"files": {url: {"content": None, "reason": "no route"} for url in request["urls"]}}
    monkeypatch.setattr(client, "call", call)
    source = SimpleNamespace(major=9)
    with pytest.raises(VerificationError, match="no route"):
        look.keys_of(source, {"keys": None, "key_url": None, "mirror": None, "trusted_keys": []})
    assert asked == [("fetch", text)]


@pytest.mark.parametrize("free, words", [(look.LITTLE, None), (300 << 10, "300 KiB")])
@pytest.mark.parametrize("remedy", [None, "Mend the mirror"])
def test_little_room_is_named_beside_what_dnf_says(monkeypatch, free, words, remedy):
    monkeypatch.setattr(look.os, "statvfs", lambda path: SimpleNamespace(f_frsize=1024, f_bavail=free // 1024) if path == "/tmp/elkit-look-x" else None)
    error = HostError("SQLite error: not an error", remedy, rc=1)
    found = look.with_room(error, "/tmp/elkit-look-x")
    if words is None:
        assert found is error
    else:
        assert found.message == "SQLite error: not an error (/tmp has only 300 KiB free, which may be why)" and found.details == {"rc": 1}
        assert found.remedy == "Make room in /tmp, where dnf's metadata lie during the look" + (". Mend the mirror" if remedy else "")


def test_no_room_for_the_look_at_all(tmp_path, monkeypatch):
    def full(*_more, **_named):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(look.tempfile, "mkdtemp", full)
    with pytest.raises(HostError, match="Free space"):
        look.folder()
    monkeypatch.setattr(look.bundle, "build", full)
    with pytest.raises(HostError, match="worker.zip: No space left on device. Free space"):
        look.ask("look", {}, str(tmp_path))


def test_no_password_is_in_what_dnf_says(tmp_path, monkeypatch):
    answer = {"error": {"kind": "host", "message": "no answer from https://me:hushhush@mirror/x", "remedy": None, "details": {"untouched": True}}}
    monkeypatch.setattr(look.bundle, "build", lambda: b"")
    monkeypatch.setattr(look.commands, "find", lambda name: name)
    monkeypatch.setattr(look.commands, "run", lambda *_more, **_named: SimpleNamespace(rc=0, stdout=json.dumps(answer), stderr=""))
    with pytest.raises(HostError) as caught:
        look.ask("look", {}, str(tmp_path))
    assert "mirror/x" in caught.value.message and "hushhush" not in caught.value.message and caught.value.details == {"untouched": True}


MOUNTS = """/dev/sda2 / xfs rw,relatime 0 0
/dev/sda1 /boot xfs rw 0 0
systemd-1 /boot/efi autofs rw 0 0
/dev/sda3 /boot/efi vfat rw 0 0
nas:/home /home nfs4 rw,hard 0 0
nas:/srv /srv/with\\040blank nfs rw,hard 0 0
/dev/sdb1 /data ext4 rw 0 0
nas:/state /var/lib/elkit cifs rw 0 0
/dev/sda4 /var xfs rw,noexec 0 0
"""


def test_only_what_is_written_to_is_asked_for_its_room(monkeypatch):
    asked = []

    def statvfs(path):
        asked.append(path)
        return SimpleNamespace(f_frsize=10, f_bfree=7)
    monkeypatch.setattr(look.os, "statvfs", statvfs)
    found = look.mounts(SimpleNamespace(read=lambda _path: MOUNTS))
    assert asked == ["/", "/boot", "/boot/efi", "/var"]
    assert [(item["mount"], item["type"]) for item in found if item["free"] == 70] == [("/", "xfs"), ("/boot", "xfs"), ("/boot/efi", "vfat"), ("/var", "xfs")]
    assert [item["mount"] for item in found if item["free"] is None] == ["/boot/efi", "/home", "/srv/with blank", "/data", "/var/lib/elkit"]
    assert found[-1]["options"] == ["rw", "noexec"]


def test_the_room_that_files_take(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("x")
    (tmp_path / "two").write_bytes(b"x" * 5000)
    (tmp_path / "link").symlink_to("two")
    assert look.size_of([str(tmp_path), str(tmp_path / "none")]) == 4096 + 8192


def on_record(module, stream, state="enabled", profiles=()):
    return {"module": module, "stream": stream, "profiles": list(profiles), "state": state}


@pytest.mark.parametrize("product, extra, streams, found", [
    ("oracle", None, [on_record("perl", "ol8", profiles=["common"]), on_record("virt", "ol"), on_record("nginx", "1.22")],
     [["perl", "rhel8", ["common"]], ["virt", "rhel", []]]),
    ("oracle", None, [on_record("perl", "ol8", "disabled"), on_record("virt", "ol", "")], []), ("rocky", None, [on_record("perl", "ol8")], []),
    ("rocky", {"streams": {"ours": "rhel8"}}, [on_record("perl", "ours")], [["perl", "rhel8", []]]), ("oracle", None, [], [])],
    ids=["Oracle's", "not enabled", "another source", "one of the user's own", "none"])
def test_which_streams_almalinux_calls_otherwise(product, extra, streams, found):
    assert look.streams_after(mapping.source(product, 8, "x86_64", extra), {"streams": streams}) == found


MAIN, OURS, ACME = "/etc/dnf/dnf.conf", "/etc/yum.repos.d/rocky.repo", "/etc/yum.repos.d/acme.repo"


@pytest.mark.parametrize("path, text, found", [
    (MAIN, "[main]\nexclude=bash,zsh\nexcludepkgs=acl\n", ["bash", "zsh", "acl"]), (MAIN, "[main]\nincludepkgs=zsh acme*\n", ["all but acme* and zsh"]),
    (OURS, "[baseos]\nexclude=kernel*\n[crb]\nenabled=0\nexclude=bash\nincludepkgs=acl\n", ["kernel*"]),
    (OURS, "[baseos]\nincludepkgs=kernel*\n", ["all but kernel*"]), (ACME, "[acme]\nexcludepkgs=bash\n", ["bash"]),
    # What others may bring.
    (ACME, "[acme]\nincludepkgs=acme*\n", None)], ids=["of all", "all but", "of a repository", "all but of one", "of others", "all but of others"])
def test_what_dnf_is_told_to_leave_out(path, text, found):
    context = SimpleNamespace(read={path: text}.get, names=lambda directory: [path[len(directory) + 1:]] if path.startswith(directory) else [])
    assert look.excludes(context, mapping.source("rocky", 9, "x86_64")) == ({} if found is None else {path: found})


@pytest.mark.parametrize("product, streams, found", [
    ("oracle", [on_record("perl", "ol8"), on_record("nginx", "1.22"), on_record("php", None, "disabled"), on_record("virt", None)], [["nginx", "1.22"]]),
    ("rocky", [on_record("perl", "ol8")], [["perl", "ol8"]]), ("rocky", [], [])])
def test_which_streams_keep_their_names(product, streams, found):
    assert look.kept_streams(mapping.source(product, 8, "x86_64"), {"streams": streams}) == found


CONF, LIST, OLD = look.VERSION_LOCK_CONF, look.VERSION_LOCKS[0], look.VERSION_LOCKS[1]


@pytest.mark.parametrize("files, found", [
    ({LIST: "# ours\nbash-0:5*\n\n"}, ["bash-0:5*"]), ({CONF: "[main]\nenabled = 1\n", LIST: "bash-0:5*\n"}, ["bash-0:5*"]),
    ({CONF: "[main]\nenabled = 0\n", LIST: "bash-0:5*\n", OLD: "bash-0:5*\n"}, []),
    ({CONF: "[main]\nenabled = 1\nlocklist = /etc/locks\n", LIST: "bash-0:5*\n", "/etc/locks": "acl-0:1*\n"}, ["acl-0:1*"]),
    # One is a link to the other.
    ({LIST: "bash-0:5*\n", OLD: "bash-0:5*\nacl-0:1*\n"}, ["bash-0:5*", "acl-0:1*"]), ({}, [])],
    ids=["the usual place", "switched on", "switched off", "another place", "both", "none"])
def test_version_locks_are_read_where_dnf_s_plugin_reads_them(files, found):
    assert look.version_locks(SimpleNamespace(read=files.get)) == found


def test_crb_that_is_not_enabled_is_what_a_way_back_may_need():
    repositories = {"enabled": ["baseos"], "configured": [{"id": name} for name in ("baseos", "crb", "crb-debug", "crb-source", "nfv", "acme-crb")]}
    assert look.spare(mapping.source("rocky", 9, "x86_64"), repositories) == ["crb"]
    assert look.spare(mapping.source("rocky", 9, "x86_64"), dict(repositories, enabled=["baseos", "crb"])) == []
    # That of an older minor of AlmaLinux is in the vault, too.
    older = dict(repositories, configured=[{"id": name} for name in ("baseos", "crb")])
    assert look.may_have_come_from(mapping.source("almalinux", 9, "x86_64"), older, ["baseos"]) == ["baseos", "crb"]
    assert look.may_have_come_from(mapping.source("almalinux", 9, "x86_64"), dict(older, configured=older["configured"][:1]), ["baseos"]) == ["baseos"]
