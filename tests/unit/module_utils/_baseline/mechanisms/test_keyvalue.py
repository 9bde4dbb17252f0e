# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings in files: what is in force, who overrides whom, and what is written where. The trees have the form of EL's."""
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import content, dconf, keyvalue, limits, link
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context

COREDUMP = {
    "files": [{"first": ["/etc/systemd/coredump.conf", "/usr/lib/systemd/coredump.conf"]},
              {"drop_ins": ["/etc/systemd/coredump.conf.d", "/usr/lib/systemd/coredump.conf.d"]}],
    "ours": "/etc/systemd/coredump.conf.d/zz-elkit-hardening.conf", "section": "Coredump", "key": "Storage", "value": "none"}
OURS = COREDUMP["ours"]
MAIN = "/etc/systemd/coredump.conf"


def view_of(root, files, **more):
    for path, text in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return View(Context(root=str(root), run=None), **more)


def control(mechanism="keyvalue", **args):
    return Control({"id": "a", "mechanism": mechanism, "args": args})


def put_right(module, item, view):
    """What fix() plans; check() must be content with it, and a second fix must change nothing."""
    assert not module.check(item, view).ok
    module.fix(item, view)
    assert module.check(item, view).ok
    planned = {path: entry.text for path, entry in view.changes()[0].items()}
    module.fix(item, view)
    assert {path: entry.text for path, entry in view.changes()[0].items()} == planned
    return planned


@pytest.mark.parametrize("files, planned", [
    ({}, {OURS: keyvalue.HEADER + "[Coredump]\nStorage=none\n"}),
    ({MAIN: "[Coredump]\n#Storage=external\n"}, {OURS: keyvalue.HEADER + "[Coredump]\nStorage=none\n"}),
    ({MAIN: "[Coredump]\nStorage=external\n"}, {OURS: keyvalue.HEADER + "[Coredump]\nStorage=none\n"}),
    ({"/usr/lib/systemd/coredump.conf.d/50-x.conf": "[Coredump]\nStorage=external\n"}, {OURS: keyvalue.HEADER + "[Coredump]\nStorage=none\n"}),
    ({OURS: "[Coredump]\nProcessSizeMax=0\n"}, {OURS: "[Coredump]\nProcessSizeMax=0\nStorage=none\n"}),
])
def test_a_drop_in_is_written_and_the_vendors_file_stays(tmp_path, files, planned):
    assert put_right(keyvalue, control(**COREDUMP), view_of(tmp_path, files)) == planned


def test_the_name_counts_once_and_etc_wins(tmp_path):
    view = view_of(tmp_path, {"/usr/lib/systemd/coredump.conf.d/zz.conf": "[Coredump]\nStorage=external\n", "/etc/systemd/coredump.conf.d/zz.conf": "",
                              MAIN: "[Coredump]\nStorage=none\n"})
    found = keyvalue.check(control(**COREDUMP), view)
    assert (found.ok, found.path, found.line) == (True, MAIN, 2)


def test_a_mask_is_an_empty_file_that_nothing_is_written_to(tmp_path):
    view = view_of(tmp_path, {"/usr/lib/systemd/coredump.conf.d/zz.conf": "[Coredump]\nStorage=external\n", "/etc/systemd/coredump.conf.d/a": "",
                              MAIN: "[Coredump]\nStorage=none\n"})
    for name in ("zz.conf", os.path.basename(OURS)):
        (tmp_path / "etc/systemd/coredump.conf.d" / name).symlink_to("/dev/null")
    assert keyvalue.check(control(**COREDUMP), view).path == MAIN
    with pytest.raises(ControlError, match="is a link to"):
        view.write(OURS, "x")


def test_a_later_drop_in_of_somebody_else_is_named(tmp_path):
    other = "/etc/systemd/coredump.conf.d/zzz.conf"
    view = view_of(tmp_path, {other: "# mine\n[Coredump]\nStorage=external\n"})
    assert keyvalue.check(control(**COREDUMP), view).overridden_by == other + ":3"
    with pytest.raises(NotFixable, match="zzz.conf, line 3"):
        keyvalue.fix(control(**COREDUMP), view)


def test_a_main_file_that_is_read_last_loses_the_line(tmp_path):
    args = {"files": ["/etc/security/pwquality.conf.d/*.conf", "/etc/security/pwquality.conf"], "ours": "/etc/security/pwquality.conf.d/elkit.conf",
            "key": "minlen", "value": 14, "compare": "at_least", "format": " = ", "comments": "#"}
    planned = put_right(keyvalue, control(**args), view_of(tmp_path, {"/etc/security/pwquality.conf": "minlen = 8\ndcredit = -1\n"}))
    assert planned["/etc/security/pwquality.conf"] == "# minlen = 8\ndcredit = -1\n"
    assert planned["/etc/security/pwquality.conf.d/elkit.conf"].endswith("minlen = 14\n")


@pytest.mark.parametrize("text, args, ok", [
    ("K 5\n", {"value": 5}, True), ("K 6\n", {"value": 5}, False), ("K 6\n", {"value": 5, "compare": "at_least"}, True),
    ("K 0\n", {"value": 5, "compare": "at_most"}, True), ("K 0\n", {"value": 5, "compare": "at_most", "refused": [0]}, False),
    ("K x\n", {"value": 5, "compare": "at_most"}, False), ("K b\n", {"value": "a", "allowed": ["b"]}, True), ("K b\n", {"value": "a", "compare": "in"}, False),
    ("", {"value": "a", "default": "a"}, True), ("", {"value": "a"}, False), ("", {"compare": "absent"}, True), ("K a\n", {"compare": "absent"}, False),
    ("K\n", {"compare": "present"}, True), ("k A\n", {"value": "a"}, False), ("k A\n", {"value": "a", "ignore_case": True, "ignore_value_case": True}, True),
    ("K 1\nK 5\n", {"value": 5}, True), ("K 1\nK 5\n", {"value": 5, "first_wins": True}, False), ("K yes\n", {"value": True}, True),
])
def test_what_is_good(tmp_path, text, args, ok):
    view = view_of(tmp_path, {"/etc/a": text})
    item = control(files=["/etc/a"], ours="/etc/a", key="K", format=" ", **args)
    assert keyvalue.check(item, view).ok is ok
    if not ok:
        put_right(keyvalue, item, view)


def test_absent_leaves_a_comment(tmp_path):
    item = control(files=["/etc/sysconfig/sshd"], ours="/etc/sysconfig/sshd", key="CRYPTO_POLICY", compare="absent", comments="#")
    assert put_right(keyvalue, item, view_of(tmp_path, {"/etc/sysconfig/sshd": "OPTIONS=\"-u0\"\nCRYPTO_POLICY=\n"})) == {
        "/etc/sysconfig/sshd": "OPTIONS=\"-u0\"\n# CRYPTO_POLICY=\n"}


def test_the_scanners_file(tmp_path):
    view = view_of(tmp_path, {MAIN: "[Coredump]\n#Storage=external\n", OURS: "[Coredump]\nStorage=none\n"}, scanner_compat=True)
    assert put_right(keyvalue, control(compat_file=MAIN, **COREDUMP), view) == {MAIN: "[Coredump]\n#Storage=external\nStorage=none\n"}


def test_a_directory_in_the_place_of_a_file(tmp_path):
    (tmp_path / "etc" / "a").mkdir(parents=True)
    with pytest.raises(ControlError, match="/etc/a is no file"):
        keyvalue.check(control(files=["/etc/a"], ours="/etc/a", key="K", value=1), view_of(tmp_path, {}))


# --- whole files, limits, links, dconf -------------------------------------------------------------------------------

BANNER = {"path": "/etc/issue", "text": "Authorized users only.", "forbidden": [r"\\[vrms]", "almalinux"]}


@pytest.mark.parametrize("text, more, ok", [
    ("\\S\nKernel \\r on an \\m\n", {}, False), ("Welcome to AlmaLinux\n", {}, False), ("Keep out\n", {}, True), ("Keep out\n", {"exact": True}, False),
    ("", {}, False), (None, {}, False), ("", {"may_be_empty": True}, True), (None, {"may_be_empty": True}, True),
])
def test_banners(tmp_path, text, more, ok):
    view = view_of(tmp_path, {} if text is None else {"/etc/issue": text})
    (tmp_path / "etc").mkdir(exist_ok=True)
    item = control("content", **dict(BANNER, **more))
    assert content.check(item, view).ok is ok
    if not ok:
        assert put_right(content, item, view) == {"/etc/issue": "Authorized users only.\n"}


def test_a_banner_that_is_forbidden_itself(tmp_path):
    with pytest.raises(ControlError, match="says AlmaLinux"):
        content.fix(control("content", path="/etc/issue", text="This is AlmaLinux", forbidden=["almalinux"]), view_of(tmp_path, {"/etc/x": ""}))


def test_limits(tmp_path):
    item = control("limits", domain="*", item="core", value=0)
    view = view_of(tmp_path, {limits.MAIN: "#* soft core 0\n* - core 100\n", "/etc/security/limits.d/20-nproc.conf": "* soft nproc 4096\n"})
    assert put_right(limits, item, view)[limits.OURS].endswith("\n* hard core 0\n")
    view = view_of(tmp_path, {"/etc/security/limits.d/zzz.conf": "* hard core unlimited\n"})
    with pytest.raises(NotFixable, match="zzz.conf, line 1"):
        limits.fix(item, view)


def test_a_link(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "default.target").symlink_to("/lib/graphical.target")
    item = control("link", path="/etc/default.target", target="/lib/multi-user.target", allowed=["multi-user.target"])
    view = view_of(tmp_path, {})
    assert not link.check(item, view).ok
    link.fix(item, view)
    assert link.check(item, view).ok
    assert view.changes()[1] == {("link", "/etc/default.target"): "/lib/multi-user.target"}


DCONF = {"schema": "org/gnome/desktop/session", "key": "idle-delay", "value": 900, "type": "uint32", "compare": "at_most"}


def test_dconf_writes_profile_value_and_lock(tmp_path):
    view = view_of(tmp_path, {"/etc/dconf/db/local.d/00-x": "[org/gnome/desktop/session]\nidle-delay=uint32 0\n"})
    assert put_right(dconf, control("dconf", **DCONF), view) == {
        "/etc/dconf/profile/user": dconf.PROFILE_TEXT,
        "/etc/dconf/db/local.d/zz-elkit-hardening": "[org/gnome/desktop/session]\nidle-delay=uint32 900\n",
        "/etc/dconf/db/local.d/locks/zz-elkit-hardening": "/org/gnome/desktop/session/idle-delay\n"}
    other = dict(DCONF)
    other.update(key="lock-delay", value=5, lock=False)
    assert "[org/gnome/desktop/session]\nidle-delay=uint32 900\nlock-delay=uint32 5\n" in put_right(dconf, control("dconf", **other), view).values()


@pytest.mark.parametrize("args, value, ok", [
    ({"value": "true"}, "true", True), ({"value": "true"}, "false", False), ({"text": "It's\nme"}, "'It\\'s\\nme'", True),
    ({"value": 900, "type": "uint32", "compare": "at_most"}, "uint32 300", True), ({"value": 900, "compare": "at_most"}, "uint32 0", False),
    ({"value": 5, "compare": "at_most", "zero": True}, "uint32 0", True), ({"value": 5, "compare": "at_most"}, "never", False),
])
def test_values_of_dconf(args, value, ok):
    assert dconf.good(control("dconf", **args), value) is ok


def test_a_profile_of_somebodys_own_is_left_alone(tmp_path):
    view = view_of(tmp_path, {dconf.PROFILE: "user-db:mine\n"})
    with pytest.raises(NotFixable, match="somebody's own"):
        dconf.fix(control("dconf", **DCONF), view)


def test_databases_that_are_older_than_their_files(tmp_path):
    view = view_of(tmp_path, {"/etc/dconf/db/local.d/00-x": "[a]\nb=1\n"})
    item = control("dconf", up_to_date=True)
    assert not dconf.check(item, view).ok
    dconf.fix(item, view)
    assert dconf.check(item, view).ok and view.changes()[1] == {("dconf", "local"): True}
