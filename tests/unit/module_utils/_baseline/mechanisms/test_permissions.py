# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner, group and mode: only bits too many go, links are never followed."""
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import all_files, permissions
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context

ME, MINE = os.getuid(), os.getgid()


@pytest.fixture
def host(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\nme:x:{0}:{1}::/:/bin/sh\n".format(ME, MINE))
    (tmp_path / "etc" / "group").write_text("root:x:0:\nmine:x:{0}:\nlogs:x:4711:\n".format(MINE))
    return tmp_path


def make(root, path, mode=0o644, text="", directory=False):
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir(exist_ok=True) if directory else place.write_text(text)
    os.chmod(str(place), mode)
    return place


def view_of(root):
    return View(Context(root=str(root)))


def control(**args):
    return Control({"id": "x", "mechanism": "permissions", "args": args})


@pytest.mark.parametrize("now, most, wanted", [
    (0o644, "0644", None), (0o600, "0644", None), (0o000, "0644", None), (0o664, "0644", 0o644), (0o777, "0644", 0o644),
    (0o4755, "0755", 0o755), (0o640, "0000", 0o000), (0o755, "0640", 0o640), (0o444, "0600", 0o400)])
def test_only_bits_too_many_go(host, now, most, wanted):
    make(host, "/etc/thing", now)
    view = view_of(host)
    item = control(paths=["/etc/thing"], owner="me", mode=most)
    found = permissions.check(item, view)
    assert found.ok == (wanted is None)
    if wanted is not None:
        permissions.fix(item, view)
        assert view.planned_states == {("mode", "/etc/thing"): [ME, MINE, wanted]}
        assert permissions.check(item, view).ok


def test_an_owner_one_of_several_and_one_that_there_is_not(host):
    make(host, "/etc/thing")
    view = view_of(host)
    assert permissions.check(control(paths=["/etc/thing"], group=["logs", "mine"]), view).ok
    found = permissions.check(control(paths=["/etc/thing"], group=["logs", "nobody-here"]), view)
    assert not found.ok and found.after == {"/etc/thing": "{0}:4711 0644".format(ME)}
    with pytest.raises(ControlError):
        permissions.check(control(paths=["/etc/thing"], owner="ghost"), view)


def test_what_is_not_there_is_well_unless_it_must_be(host):
    view = view_of(host)
    assert permissions.check(control(paths=["/etc/cron.allow"], owner="root", mode="0600"), view).ok
    item = control(paths=["/etc/cron.allow"], state="present", owner="root", group="root", mode="0600")
    assert not permissions.check(item, view).ok
    permissions.fix(item, view)
    assert view.read("/etc/cron.allow") == ""
    assert view.planned_files["/etc/cron.allow"].attrs.mode == 0o600
    assert permissions.check(item, view).ok
    # Another control of the same file, in the same run.
    assert not permissions.check(control(paths=["/etc/cron.allow"], group="logs"), view).ok
    permissions.fix(control(paths=["/etc/cron.allow"], group="logs"), view)
    assert view.planned_files["/etc/cron.allow"].attrs.gid == 4711


def test_absent(host):
    make(host, "/etc/at.deny")
    item = control(paths=["/etc/at.deny"], state="absent")
    view = view_of(host)
    assert permissions.check(item, view).before == ["/etc/at.deny"]
    permissions.fix(item, view)
    assert permissions.check(item, view).ok and not view.exists("/etc/at.deny")
    os.symlink("/etc/passwd", str(host / "etc" / "cron.deny"))
    with pytest.raises(ControlError):
        permissions.fix(control(paths=["/etc/cron.deny"], state="absent"), view)


def test_patterns_recursion_and_links(host):
    make(host, "/etc/audit/rules.d", 0o755, directory=True)
    make(host, "/etc/audit/rules.d/a b.rules", 0o644)
    make(host, "/etc/audit/rules.d/deep/c.rules", 0o666)
    make(host, "/etc/audit/rules.d/readme", 0o666)
    os.symlink("/etc/passwd", str(host / "etc" / "audit" / "rules.d" / "z.rules"))
    view = view_of(host)
    found = permissions.check(control(paths=["/etc/audit/rules.d/*.rules"], mode="0640"), view)
    assert list(found.before) == ["/etc/audit/rules.d/a b.rules"]
    found = permissions.check(control(paths=["/etc/audit/rules.d"], recurse=True, only="file", mode="0600"), view)
    assert sorted(found.before) == ["/etc/audit/rules.d/a b.rules", "/etc/audit/rules.d/deep/c.rules", "/etc/audit/rules.d/readme"]
    with pytest.raises(ControlError):
        permissions.check(control(paths=["/etc/audit/rules.d/z.rules"], mode="0600"), view)


@pytest.mark.parametrize("conf, only, mode, wrong", [
    ("", "file", "0600", {"/var/log/audit/audit.log", "/var/log/audit/old/audit.log.1"}),
    ("log_group = root\n", "directory", "0700", {"/var/log/audit", "/var/log/audit/old"}),
    ("log_group = logs\n", "file", "0600", {"/var/log/audit/old/audit.log.1"}),
    ("log_file = /srv/audit/audit.log\n", "file", "0600", {"/srv/audit/audit.log"})])
def test_logs_of_auditd(host, conf, only, mode, wrong):
    make(host, "/etc/audit/auditd.conf", text=conf)
    make(host, "/var/log/audit/audit.log", 0o640)
    make(host, "/var/log/audit/old/audit.log.1", 0o644)
    make(host, "/srv/audit/audit.log", 0o666)
    # The directories above are 0755.
    found = permissions.check(control(audit_log=only, mode=mode), view_of(host))
    assert not found.ok and set(found.before) == wrong


@pytest.mark.parametrize("log, own", [("/var/log/audit.log", False), ("/audit.log", False), ("/srv/own/audit.log", True)])
def test_logs_of_auditd_where_others_have_files_too(host, log, own):
    make(host, "/etc/audit/auditd.conf", text="log_file = {0}\n".format(log))
    for path in ("/var/log/wtmp", "/var/log/httpd/access_log", log, log + ".1"):
        make(host, path, 0o664)
    os.symlink("wtmp", str(host / "var" / "log" / "audit.log.2"))
    os.chmod(str(host), 0o755)
    view = view_of(host)
    item = control(audit_log="file", mode="0600")
    permissions.fix(item, view)
    assert sorted(view.planned_states) == [("mode", log), ("mode", log + ".1")] and permissions.check(item, view).ok
    item = control(audit_log="directory", mode="0700")
    if own:
        permissions.fix(item, view)
        assert permissions.check(item, view).ok
        return
    assert list(permissions.check(item, view).before) == [os.path.dirname(log)]
    with pytest.raises(NotFixable, match="where others have files") as caught:
        permissions.fix(item, view)
    assert "log_file" in caught.value.remedy and len(view.planned_states) == 2


def test_all_files(host):
    make(host, "/srv/open", 0o666)
    make(host, "/srv/drop", 0o777, directory=True)
    view = view_of(host)

    def item(what):
        return Control({"id": what, "mechanism": "all_files", "args": {"what": what}})
    for what, path, mode in (("world_writable", "/srv/open", 0o664), ("unsticky", "/srv/drop", 0o1777)):
        assert list(all_files.check(item(what), view).before) == [path]
        all_files.fix(item(what), view)
        assert all_files.check(item(what), view).ok
        assert view.planned_states[("mode", path)][2] == mode
    odd = os.path.join(os.fsencode(str(host)), b"srv/caf\xe9")
    open(odd, "w").close()
    os.chmod(odd, 0o666)
    view = view_of(host)
    # A name that is no text is left to people, and keeps no other file open.
    assert not all_files.check(item("world_writable"), view).left
    all_files.fix(item("world_writable"), view)
    found = all_files.check(item("world_writable"), view)
    assert (found.ok, found.left, found.note) == (False, True, "no UTF-8, so left alone: /srv/caf\\udce9")
    assert list(view.planned_states) == [("mode", "/srv/open")]
    with pytest.raises(NotFixable, match="is no UTF-8"):
        all_files.fix(item("world_writable"), view)
    (host / "etc" / "passwd").write_text("root:x:4294000:0:root:/root:/bin/bash\n")
    view = view_of(host)
    assert not all_files.check(item("unowned"), view).ok
    with pytest.raises(NotFixable):
        all_files.fix(item("unowned"), view)
    with pytest.raises(ControlError):
        all_files.check(item("everything"), view)
