# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of shells, su, securetty, rescue modes, mail and exports, in the forms that EL8, 9 and 10 have."""
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import (
    exports,
    interfaces,
    mail_listener,
    root_path,
    securetty,
    shell_timeout,
    shell_umask,
    su_group,
    sulogin,
    whole_file,
)
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

try:
    from hypothesis import given
    from hypothesis import strategies as st
except ImportError:
    given = None

PROFILE = ["/etc/profile", "/etc/profile.d/*.sh", "/etc/profile.d/sh.local"]
BASHRC_8 = """# /etc/bashrc
    if [ $UID -gt 199 ] && [ "`/usr/bin/id -gn`" = "`/usr/bin/id -un`" ]; then
       umask 002
    else
       umask 022
    fi
"""
BASHRC_9 = """  # Set default umask for non-login shell only if it is set to 0
  [ `umask` -eq 0 ] && umask 022
"""
SU = """#%PAM-1.0
auth            required        pam_env.so
auth            sufficient      pam_rootok.so
# Uncomment the following line to require a user to be in the "wheel" group.
#auth           required        pam_wheel.so use_uid
auth            substack        system-auth
account         include         system-auth
"""
SU_LINE = "auth            required        pam_wheel.so use_uid group=sugroup"


class Host(object):
    def __init__(self, root):
        self.root, self.said = str(root), {}

    def put(self, path, text, mode=0o644):
        place = self.root + path
        if not os.path.isdir(os.path.dirname(place)):
            os.makedirs(os.path.dirname(place))
        with open(place, "w") as handle:
            handle.write(text)
        os.chmod(place, mode)
        return self

    def run(self, argv, check=True, **_more):
        return self.said.get(argv[0], commands.Result(0, "", ""))

    def view(self):
        return View(Context(root=self.root, run=self.run, is_root=True), 9)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def control(**args):
    return Control({"id": "x", "mechanism": "y", "args": args})


def fixed(mechanism, wanted, view):
    """The view after a fix that was needed and is enough."""
    assert not mechanism.check(wanted, view).ok
    mechanism.fix(wanted, view)
    finding = mechanism.check(wanted, view)
    assert finding.ok, finding.before
    return view


# --- umask -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text, expected", [
    (BASHRC_8, BASHRC_8.replace("umask 002", "umask 027").replace("umask 022", "umask 027")),
    (BASHRC_9, BASHRC_9.replace("umask 022", "umask 027")),
    ("umask 077\n", "umask 077\n"), ("umask 0022 # why\n", "umask 027 # why\n"), ("# umask 022\n", "# umask 022\n"),
    ("\tumask\t022\r\nx\n", "\tumask\t027\r\nx\n"), ("umask 22", "umask 027"), ("myumask 022\n", "myumask 022\n"), ("", ""),
    ('[ "$UID" -gt 199 ] && umask 002 || umask 022\n', '[ "$UID" -gt 199 ] && umask 027 || umask 027\n'),
    ("if a; then umask 077; else umask 002; fi # umask 022", "if a; then umask 077; else umask 027; fi # umask 022"),
    ("[ $# -gt 0 ] && umask 022", "[ $# -gt 0 ] && umask 027"), ("umask 0220x;umask -S", "umask 0220x;umask -S"),
])
def test_weaker_umasks_become_strict_where_they_stand(text, expected):
    assert shell_umask.with_strict(text, "027") == expected
    assert shell_umask.with_strict(expected, "027") == expected


def test_umask_of_bashrc(host):
    host.put("/etc/bashrc", BASHRC_9)
    fixed(shell_umask, control(files=["/etc/bashrc"], value="027"), host.view())
    with pytest.raises(NotFixable):
        shell_umask.fix(control(files=["/etc/other"], value="027"), host.view())


def test_every_umask_of_a_line_counts(host):
    host.put("/etc/bashrc", "if a; then umask 027; else umask 002; fi # umask 000\n")
    wanted = control(files=["/etc/bashrc"], value="027")
    assert shell_umask.check(wanted, host.view()).before == "002"
    fixed(shell_umask, wanted, host.view())


def test_umask_of_profile_is_a_drop_in_where_none_is_set(host):
    host.put("/etc/profile", "# /etc/profile\n")
    view = fixed(shell_umask, control(files=PROFILE, value="027", ours="/etc/profile.d/zz-elkit-umask.sh"), host.view())
    assert sorted(view.changes()[0]) == ["/etc/profile.d/zz-elkit-umask.sh"]


@pytest.mark.parametrize("value, wanted, good", [
    ("027", "027", True), ("077", "027", True), ("022", "027", False), ("0027", "027", True), ("007", "027", False)])
def test_strict(value, wanted, good):
    assert shell_umask.strict(value, wanted) == good


if given is not None:
    @given(st.lists(st.sampled_from(["umask 022", "umask 077", "  umask 002", "x=1", "# umask 022", "", "if true; then umask 000; fi"])))
    def test_only_umasks_change_and_once(lines):
        text = "".join(line + "\n" for line in lines)
        after = shell_umask.with_strict(text, "027")
        assert shell_umask.with_strict(after, "027") == after
        pairs = list(zip(text.splitlines(), after.splitlines()))
        assert len(pairs) == len(lines)
        assert all(one == other or "umask" in one and "umask 027" in other for one, other in pairs)

    @given(st.lists(st.sampled_from(["TMOUT=1800", "typeset -xr TMOUT=900", "export TMOUT=60", "x=TMOUT", "# TMOUT=0", "readonly TMOUT=0"])))
    def test_only_time_outs_change_and_once(lines):
        text = "".join(line + "\n" for line in lines)
        after = shell_timeout.corrected(text, 900)
        assert shell_timeout.corrected(after, 900) == after
        assert all(one == other or "TMOUT=" in one and other.endswith("TMOUT=900") for one, other in zip(text.splitlines(), after.splitlines()))


# --- TMOUT -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("before, ours", [
    ({}, 900), ({"/etc/profile.d/a.sh": "TMOUT=600\nexport TMOUT\n"}, 600), ({"/etc/profile.d/a.sh": "typeset -xr TMOUT=600\n"}, None),
    ({"/etc/profile.d/a.sh": "declare -xr TMOUT=3600\n"}, None), ({"/etc/profile": "readonly TMOUT=0\n"}, 900),
    ({"/etc/profile.d/a b.sh": "  export TMOUT='1200' # long\n"}, 900),
])
def test_time_out(host, before, ours):
    for path, text in before.items():
        host.put(path, text)
    view = host.view()
    wanted = control(files=PROFILE, value=900, ours="/etc/profile.d/zz.sh")
    if not shell_timeout.check(wanted, view).ok:
        fixed(shell_timeout, wanted, view)
    text = view.read("/etc/profile.d/zz.sh")
    assert text is None if ours is None else "typeset -xr TMOUT={0} ".format(ours) in text


# --- su ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", [
    SU, SU.replace("#auth           required        pam_wheel.so use_uid", "auth required pam_wheel.so use_uid"),
    SU + "auth required pam_wheel.so use_uid group=other\nauth required pam_wheel.so\n",
    SU.replace("auth            sufficient      pam_rootok.so\n", ""),
])
def test_su_asks_for_the_group_once(text):
    after = su_group.with_group(text, "sugroup")
    assert after.count(SU_LINE) == 1 and su_group.with_group(after, "sugroup") == after
    assert len([line for line in after.splitlines() if "pam_wheel.so" in line and not line.startswith("#")]) == 1
    assert after.index(SU_LINE) < after.index("substack") or "group=other" in text


def test_root_may_always(host):
    lines = su_group.with_group(SU, "sugroup").splitlines()
    assert lines[lines.index(SU_LINE) - 1].endswith("pam_rootok.so")


def test_the_group_is_made_with_the_line(host):
    host.put("/etc/pam.d/su", SU).put("/etc/group", "root:x:0:\nwheel:x:10:admin\n")
    view = fixed(su_group, control(group="sugroup"), host.view())
    assert view.changes()[1] == {("group", "sugroup"): []}
    assert su_group.check(control(group="sugroup", empty=True), view).ok


@pytest.mark.parametrize("line, group", [
    ("auth required pam_wheel.so use_uid", "wheel"), ("auth requisite pam_wheel.so group=x use_uid", "x"), ("auth required pam_wheel.so", None),
    ("auth sufficient pam_wheel.so trust use_uid", None), ("# auth required pam_wheel.so use_uid", None),
])
def test_the_group_that_su_asks_for(line, group):
    assert su_group.group_of(su_group.pamstack.parse(line))[0] == group


def test_a_host_without_su(host):
    with pytest.raises(ControlError, match="/etc/pam.d/su"):
        su_group.check(control(group="sugroup"), host.view())


# --- the rest ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("args, text, expected", [
    ({"forbid": ["ttyS*"]}, "tty1\nttyS0\nttyS1 # serial\n", "tty1\n"), ({"forbid": ["vc/*"]}, "vc/1\ntty1\n", "tty1\n"),
    ({"empty": True}, "tty1\n", "\n"), ({"empty": True}, None, "\n"), ({"empty": True}, "", "\n"),
])
def test_securetty(host, args, text, expected):
    if text is not None:
        host.put("/etc/securetty", text)
    assert fixed(securetty, control(**args), host.view()).read("/etc/securetty") == expected


def test_no_securetty_lists_no_serial_port(host):
    assert securetty.check(control(forbid=["ttyS*"]), host.view()).ok


RESCUE = "/usr/lib/systemd/system/rescue.service"


@pytest.mark.parametrize("files, ok", [
    ({RESCUE: "[Service]\nExecStart=-/usr/lib/systemd/systemd-sulogin-shell rescue\n"}, True),
    ({RESCUE: "[Service]\nExecStart=-/bin/sh -c \"/sbin/sulogin; exec systemctl default\"\n"}, True),
    ({RESCUE: "[Service]\nExecStart=-/bin/bash\n"}, False),
    ({RESCUE: "[Service]\nExecStart=-/sbin/sulogin\n", "/etc/systemd/system/rescue.service": "[Service]\nExecStart=/bin/bash\n"}, False),
    ({RESCUE: "[Service]\nExecStart=-/sbin/sulogin\n",
      "/etc/systemd/system/rescue.service.d/a.conf": "[Service]\nExecStart=\nExecStart=/bin/sh\n"}, False),
])
def test_rescue(host, files, ok):
    for path, text in files.items():
        host.put(path, text)
    wanted = control(unit="rescue")
    if ok:
        assert sulogin.check(wanted, host.view()).ok
    else:
        fixed(sulogin, wanted, host.view())


def test_a_rescue_unit_that_is_masked(host):
    host.put(RESCUE, "[Service]\nExecStart=-/bin/bash\n").put("/etc/systemd/system/x", "")
    os.symlink("/dev/null", host.root + "/etc/systemd/system/rescue.service")
    finding = sulogin.check(control(unit="rescue"), host.view())
    assert finding.ok and finding.before == "masked"


def test_a_rescue_unit_that_is_not_there(host):
    with pytest.raises(ControlError):
        sulogin.check(control(unit="rescue"), host.view())


@pytest.mark.parametrize("line, expected", [
    ("/data client(rw)", "/data client(rw,sec=krb5)"), ("/data a(ro,sec=sys) b(rw)", "/data a(ro,sec=krb5) b(rw,sec=krb5)"),
    ('"/my data" *(ro,sec=krb5)', '"/my data" *(ro,sec=krb5)'), ("/data *()", "/data *(sec=krb5)"),
    ("/data a(rw) \\\n  b(rw) # c(rw)", "/data a(rw,sec=krb5) \\\n  b(rw,sec=krb5) # c(rw)"),
])
def test_exports(line, expected):
    assert exports.with_security(line, "krb5") == expected and exports.secure(expected, "krb5")
    assert exports.secure(line, "krb5") == (line == expected)


@pytest.mark.parametrize("line, ok", [
    ("/srv a(rw,sec=krb5:krb5i:krb5p)", True), ("/srv a(rw,sec=krb5p)", True), ("/srv a(sec=krb5i:krb5p,rw) b(sec=krb5)", True),
    ("/srv -sec=krb5p,ro a b(rw)", True), ("/srv a(sec=krb5,rw,sec=krb5p,ro)", True), ("/srv a(sec=krb5) # b", True),
    ("/srv a(rw,sec=krb5:krb5i:krb5p) b", False), ("/srv a(sec=krb5) \\\n  b(rw)", False), ("/srv a(sec=krb5:sys)", False), ("/srv a(sec=)", False),
    ("/srv", False), ("/srv a (sec=krb5)", False), ("/srv a(sec=krb5,rw,sec=sys,ro)", False), ("/srv -sec=sys a(sec=krb5)", False)])
def test_who_asks_for_kerberos(host, line, ok):
    host.put("/etc/exports.d/x.exports", "\n  " + line + "\n")
    host.put("/etc/exports.d/.x.exports", "/srv a\n")
    found = exports.check(control(security="krb5:krb5i:krb5p"), host.view())
    assert found.applies and found.ok is ok and (ok or (found.path, found.line) == ("/etc/exports.d/x.exports", 2))


@pytest.mark.parametrize("line, words", [
    ("/srv a(rw) b", "line 2: b has no options in brackets"), ("/srv", "/srv is given to all the world"), ("/srv a(sec=krb5,sec=sys)", "more than one sec=")])
def test_what_is_left_to_people_of_exports(host, line, words):
    text = "/data a(rw)\n{0}\n/more a(sec=krb5p) b(ro)\n"
    host.put("/etc/exports", text.format(line))
    with pytest.raises(NotFixable, match=words):
        exports.fix(control(security="krb5:krb5p"), host.view())
    host.put("/etc/exports", text.format("#"))
    assert fixed(exports, control(security="krb5:krb5p"), host.view()).read("/etc/exports") == (
        "/data a(rw,sec=krb5:krb5p)\n#\n/more a(sec=krb5p) b(ro,sec=krb5:krb5p)\n")


def test_a_comment_that_ends_in_a_backslash_hides_no_share(host):
    host.put("/etc/exports", "/srv a(rw,sec=krb5)\n#/old \\\n/data b(rw)\n")
    found = exports.check(control(security="krb5"), host.view())
    assert not found.ok and found.line == 3
    assert fixed(exports, control(security="krb5"), host.view()).read("/etc/exports") == "/srv a(rw,sec=krb5)\n#/old \\\n/data b(rw,sec=krb5)\n"


def test_exports_without_options_and_without_shares(host):
    assert not exports.check(control(security="krb5"), host.view()).applies
    host.put("/etc/exports", "# none\n/data client\n")
    with pytest.raises(NotFixable, match="line 2"):
        exports.fix(control(security="krb5"), host.view())


TCP = "  sl  local_address rem_address   st\n"


@pytest.mark.parametrize("text, found", [
    (TCP + "   0: 00000000:0019 00000000:0000 0A\n", ["0.0.0.0"]), (TCP + "   0: 0100007F:0019 00000000:0000 0A\n", []),
    (TCP + "   0: 00000000:0016 00000000:0000 0A\n", []), (TCP + "   0: 00000000:0019 00000000:0000 01\n", []),
    (TCP + "   0: 00000000000000000000000000000000:0019 0:0 0A\n", ["::"]),
    (TCP + "   0: 00000000000000000000000001000000:0019 0:0 0A\n", []), ("", []),
])
def test_who_takes_mail(host, text, found):
    host.put("/proc/net/tcp", text)
    assert mail_listener.open_ones(host.view()) == found


SETTING = {"files": ["/etc/postfix/main.cf"], "ours": "/etc/postfix/main.cf", "key": "inet_interfaces", "value": "loopback-only", "format": " = "}


def test_postfix_is_kept_to_this_host_and_another_server_is_named(host, monkeypatch):
    host.put("/proc/net/tcp", TCP + "   0: 00000000:0019 00000000:0000 0A\n").put("/etc/postfix/main.cf", "inet_interfaces = all\n")
    view = host.view()
    monkeypatch.setattr(view, "has_package", lambda name: name == "postfix")
    fixed(mail_listener, control(setting=SETTING), view)
    assert view.read("/etc/postfix/main.cf") == "inet_interfaces = loopback-only\n"
    view = host.view()
    monkeypatch.setattr(view, "has_package", lambda name: False)
    with pytest.raises(NotFixable, match="0.0.0.0, port 25"):
        mail_listener.fix(control(setting=SETTING), view)


def test_interfaces(host):
    host.put("/sys/class/net/eth0/flags", "0x1103\n").put("/sys/class/net/lo/flags", "0x9\n")
    view = fixed(interfaces, control(check="not_promiscuous"), host.view())
    assert view.changes()[1] == {("promiscuous", "eth0"): False}
    assert not interfaces.check(control(check="no_wireless"), view).applies
    host.put("/sys/class/net/wlp2s0/flags", "0x1003\n")
    with pytest.raises(NotFixable, match="wlp2s0"):
        interfaces.fix(control(check="no_wireless"), host.view())
    host.said["nmcli"] = commands.Result(0, "enabled\n", "")
    view = fixed(interfaces, control(check="no_wireless"), host.view())
    assert view.changes()[1] == {("radio", "wifi"): "disabled"}


@pytest.mark.parametrize("path, bad", [
    ("/usr/sbin:/usr/bin", ""), ("/usr/bin:", "(empty)"), ("/usr/bin:.", "."), ("bin:/usr/bin", "bin"), ("/usr/bin/../lib", "/usr/bin/../lib"),
])
def test_path_of_root(host, path, bad):
    host.said["env"] = commands.Result(0, "a banner of somebody's profile\nelkit-path:{0}\n".format(path), "")
    finding = root_path.check(control(check="no_dot"), host.view())
    assert finding.ok == (not bad) and (not bad or finding.before == bad)


def test_writable_directories_of_root(host):
    os.makedirs(host.root + "/usr/bin")
    os.chmod(host.root + "/usr/bin", 0o777)
    os.symlink("usr/bin", host.root + "/bin")
    host.said["env"] = commands.Result(0, "elkit-path:/bin:/usr/bin:/nosuch\n", "")
    view = fixed(root_path, control(check="no_write"), host.view())
    assert [(key, value[2]) for key, value in view.changes()[1].items()] == [(("mode", "/usr/bin"), 0o755)]


def test_a_shell_of_root_that_says_nothing(host):
    with pytest.raises(ControlError, match="does not say"):
        root_path.check(control(check="no_dot"), host.view())


def test_whole_files(host):
    host.put("/etc/a", "one\n")
    wanted = control(files=[{"path": "/etc/a", "text": "two\n"}, {"path": "/etc/b/c", "text": "three\n"}])
    assert whole_file.check(wanted, host.view()).before == "/etc/a: other lines, /etc/b/c: missing"
    view = fixed(whole_file, wanted, host.view())
    assert view.read("/etc/b/c") == "three\n"
