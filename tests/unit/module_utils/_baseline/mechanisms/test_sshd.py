# SPDX-License-Identifier: GPL-3.0-or-later
"""sshd, sudo and the crypto policy on trees of the form EL8, 9 and 10 have."""
import stat

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sshd_command, sshd_text
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import crypto_policy
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import (
    crypto,
    keyvalue,
    sshd,
    sshd_access,
    sshd_algorithms,
    sshd_include,
    sudo,
    sudo_password,
)
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context

MAIN, OURS = sshd.MAIN, sshd.OURS
VENDOR = "/etc/ssh/sshd_config.d/50-redhat.conf"
BACK_END = sshd_command.POLICY
EL8 = {
    MAIN: "HostKey /etc/ssh/ssh_host_rsa_key\nPermitRootLogin yes\nUsePAM yes\nX11Forwarding yes\nSubsystem sftp /usr/libexec/openssh/sftp-server\n",
    BACK_END: "CRYPTO_POLICY='-oCiphers=aes256-gcm@openssh.com,aes256-cbc -oMACs=hmac-sha2-256 -oKexAlgorithms=curve25519-sha256'\n"}
EL9 = {
    MAIN: "# The strategy\nInclude /etc/ssh/sshd_config.d/*.conf\n\nAuthorizedKeysFile .ssh/authorized_keys\nSubsystem sftp /usr/libexec/openssh/sftp-server\n",
    VENDOR: "Include {0}\nSyslogFacility AUTHPRIV\nGSSAPIAuthentication yes\nUsePAM yes\nX11Forwarding yes\n".format(BACK_END),
    BACK_END: "Ciphers aes256-gcm@openssh.com\nMACs hmac-sha2-256\nKexAlgorithms curve25519-sha256,diffie-hellman-group14-sha1\n"}
# The crypto policy has a drop-in of its own, before the vendor's settings.
EL10 = {
    MAIN: "# This is the sshd server system-wide configuration file.\nInclude /etc/ssh/sshd_config.d/*.conf\n\n#Port 22\n"
          "AuthorizedKeysFile\t.ssh/authorized_keys\nSubsystem\tsftp\t/usr/libexec/openssh/sftp-server\n",
    "/etc/ssh/sshd_config.d/40-redhat-crypto-policies.conf": "# This system is following system-wide crypto policy.\nInclude {0}\n".format(BACK_END),
    VENDOR: "SyslogFacility AUTHPRIV\nKbdInteractiveAuthentication no\nGSSAPIAuthentication yes\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\n",
    BACK_END: "Ciphers aes256-gcm@openssh.com\nMACs hmac-sha2-256\nKexAlgorithms mlkem768x25519-sha256,diffie-hellman-group14-sha1\n"}
DROP_INS = pytest.mark.parametrize("el, tree", [(9, EL9), (10, EL10)])
ROOT = {"key": "PermitRootLogin", "value": "no", "default": "prohibit-password"}


def view_of(root, files, **more):
    for path, text in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return View(Context(root=str(root), run=None), **more)


def control(**args):
    return Control({"id": "a", "mechanism": "sshd", "args": args})


def texts(view):
    return {path: entry.text for path, entry in view.changes()[0].items()}


def put_right(module, item, view):
    assert not module.check(item, view).ok
    module.fix(item, view)
    assert module.check(item, view).ok
    return texts(view)


@pytest.mark.parametrize("el, tree, line", [(9, EL9, 3), (10, EL10, 3)])
def test_el9_and_10_get_a_drop_in_before_the_vendors(tmp_path, el, tree, line):
    view = view_of(tmp_path, tree, el=el)
    before = sshd.check(control(key="GSSAPIAuthentication", value="no"), view)
    assert (before.before, before.path, before.line, before.overridden_by) == ("yes", VENDOR, line, "{0}:{1}".format(VENDOR, line))
    assert put_right(sshd, control(key="GSSAPIAuthentication", value="no"), view) == {OURS: keyvalue.HEADER + "GSSAPIAuthentication no\n"}
    assert put_right(sshd, control(**ROOT), view) == {OURS: keyvalue.HEADER + "GSSAPIAuthentication no\nPermitRootLogin no\n"}
    assert view.changes()[0][OURS].attrs.mode == 0o600


def test_el8_gets_a_block_at_the_top_and_no_line_that_says_the_contrary(tmp_path):
    text = put_right(sshd, control(**ROOT), view_of(tmp_path, EL8, el=8))[MAIN]
    assert text.startswith("{0}\nPermitRootLogin no\n{1}\nHostKey".format(sshd_text.BEGIN, sshd_text.END))
    assert "\n# PermitRootLogin yes\n" in text


@pytest.mark.parametrize("files", [
    {"/etc/ssh/sshd_config.d/00-a.conf": "PermitRootLogin yes\n"},                                   # sorts before ours
    {MAIN: "PermitRootLogin yes\n" + EL9[MAIN]},                                                     # stands above the Include
    {MAIN: "Port 2222\nPermitRootLogin yes\n"},                                                      # includes nothing
    {MAIN: "Port 2222\nMatch User x\nInclude /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\n"},  # includes for some alone
])
@DROP_INS
def test_where_a_drop_in_would_not_count_the_block_does(tmp_path, files, el, tree):
    planned = put_right(sshd, control(**ROOT), view_of(tmp_path, dict(tree, **files), el=el))
    assert list(planned) == [MAIN] and planned[MAIN].startswith(sshd_text.BEGIN)


@pytest.mark.parametrize("name", ["01-permitrootlogin.conf", "50-cloud-init.conf"])
@DROP_INS
def test_drop_ins_that_sort_behind_ours_stay(tmp_path, name, el, tree):
    view = view_of(tmp_path, dict(tree, **{"/etc/ssh/sshd_config.d/" + name: "PermitRootLogin yes\n"}), el=el)
    assert list(put_right(sshd, control(**ROOT), view)) == [OURS]


@DROP_INS
def test_match_blocks_and_other_ports_stay_and_are_named(tmp_path, el, tree):
    main = tree[MAIN] + "Port 2222\nMatch User backup\n    PermitRootLogin yes\n"
    view = view_of(tmp_path, dict(tree, **{MAIN: main}), el=el)
    assert list(put_right(sshd, control(**ROOT), view)) == [OURS]
    assert "a Match sets yes" in sshd.check(control(**ROOT), view).note


@pytest.mark.parametrize("line, args, ok", [
    ("LoginGraceTime 1m", {"key": "LoginGraceTime", "value": 60, "compare": "at_most", "time": True, "refused": [0]}, True),
    ("LoginGraceTime 0", {"key": "LoginGraceTime", "value": 60, "compare": "at_most", "time": True, "refused": [0]}, False),
    ("LoginGraceTime 2m", {"key": "LoginGraceTime", "value": 60, "compare": "at_most", "time": True}, False),
    ("MaxStartups 10:30:60", {"key": "MaxStartups", "value": "10:30:60", "compare": "startups"}, True),
    ("MaxStartups 5:50:20", {"key": "MaxStartups", "value": "10:30:60", "compare": "startups"}, True),
    ("MaxStartups 10:30:100", {"key": "MaxStartups", "value": "10:30:60", "compare": "startups"}, False),
    ("MaxStartups 5", {"key": "MaxStartups", "value": "10:30:60", "compare": "startups"}, True),
    ("MaxStartups x:y", {"key": "MaxStartups", "value": "10:30:60", "compare": "startups"}, False),
    ("permitrootlogin NO", ROOT, True),
    ("", ROOT, False),
])
def test_what_is_good(tmp_path, line, args, ok):
    view = view_of(tmp_path, {MAIN: line + "\n" + EL9[MAIN]})
    assert sshd.check(control(**args), view).ok is ok
    if not ok:
        put_right(sshd, control(**args), view)


@pytest.mark.parametrize("value", ["60:30:10", "some", "10:0:60", "10:101:60", "0:30:60"])
def test_startups_that_sshd_would_refuse_are_refused_before(tmp_path, value):
    with pytest.raises(ControlError, match="MaxStartups " + value):
        sshd.check(control(key="MaxStartups", value=value, compare="startups"), view_of(tmp_path, EL9))


def test_a_match_is_named_where_nothing_else_sets_it(tmp_path):
    view = view_of(tmp_path, {MAIN: "Match User x\n  PermitRootLogin yes\n"})
    assert "a Match sets yes for some connections: {0}, line 2".format(MAIN) in sshd.check(control(**ROOT), view).note


def test_the_default_is_shown_and_no_pass(tmp_path):
    found = sshd.check(control(**ROOT), view_of(tmp_path, EL9))
    assert not found.ok and found.before == "prohibit-password (sshd's default, not written)"


def test_files_that_include_each_other(tmp_path):
    view = view_of(tmp_path, {MAIN: "Include /etc/ssh/sshd_config\n"})
    with pytest.raises(ControlError, match="too deeply"):
        sshd.check(control(**ROOT), view)


@DROP_INS
def test_scanner_compat_says_it_in_the_main_file_too(tmp_path, el, tree):
    view = view_of(tmp_path, tree, el=el, scanner_compat=True)
    planned = put_right(sshd, control(key="GSSAPIAuthentication", value="no"), view)
    assert sorted(planned) == [MAIN, OURS, VENDOR]
    assert "# GSSAPIAuthentication yes" in planned[VENDOR] and "\nGSSAPIAuthentication no\n" in planned[MAIN]
    assert BACK_END not in planned


# --- sshd's command line ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("el, sysconfig, expected", [
    (8, None, [("-oCiphers=aes256-gcm@openssh.com,aes256-cbc", BACK_END), ("-oMACs=hmac-sha2-256", BACK_END), ("-oKexAlgorithms=curve25519-sha256", BACK_END)]),
    (8, "# CRYPTO_POLICY=\nOPTIONS=-u0 -4\nCRYPTO_POLICY=\n", [("-u0", sshd_command.SYSCONFIG), ("-4", sshd_command.SYSCONFIG)]),
    (8, "CRYPTO_POLICY='-o Ciphers=aes256-ctr\n", []),
    (9, "CRYPTO_POLICY=-oX=y\nOPTIONS=\"-o 'PermitRootLogin yes'\"\n",
     [("-o", sshd_command.SYSCONFIG), ("PermitRootLogin yes", sshd_command.SYSCONFIG)]),
    (10, "CRYPTO_POLICY=-oX=y\nOPTIONS=-oPermitRootLogin=yes\n", [("-oPermitRootLogin=yes", sshd_command.SYSCONFIG)]),
    (10, None, []),
])
def test_words_on_the_command_line(tmp_path, el, sysconfig, expected):
    files = dict({8: EL8, 9: EL9, 10: EL10}[el], **({sshd_command.SYSCONFIG: sysconfig} if sysconfig else {}))
    assert sshd_command.words(view_of(tmp_path, files, el=el)) == expected


@pytest.mark.parametrize("text, value", [
    ("-oPermitRootLogin=yes", "yes"), ("-opermitrootlogin=yes -oPermitRootLogin=no", "yes"), ("-o PermitRootLogin=yes", "yes"),
    ("-o 'PermitRootLogin  yes'", "yes"), ("-o", None), ("-4", None), ("-oPermitRootLogins=yes", None)])
def test_the_first_option_on_the_command_line_counts(tmp_path, text, value):
    view = view_of(tmp_path, dict(EL9, **{sshd_command.SYSCONFIG: 'OPTIONS="{0}"\n'.format(text)}))
    assert sshd_command.option(view, "PermitRootLogin") == (None if value is None else (value, sshd_command.SYSCONFIG))


def test_what_the_command_line_says_counts_before_all_files(tmp_path):
    item = control(key="ciphers", value="aes256-ctr")
    view = view_of(tmp_path, dict(EL8, **{MAIN: "Ciphers aes256-ctr\n"}), el=8)
    found = sshd.check(item, view)
    assert (found.ok, found.before, found.path, found.overridden_by) == (False, "aes256-gcm@openssh.com,aes256-cbc", BACK_END, BACK_END)
    with pytest.raises(NotFixable, match="gets ciphers on its command line, from {0}".format(BACK_END)) as caught:
        sshd.fix(item, view)
    assert "crypto policy" in caught.value.remedy and not texts(view)
    assert sshd.check(control(key="Ciphers", value="aes256-gcm@openssh.com,aes256-cbc"), view).ok
    # Where the administrator takes the policy off the command line, the file counts again.
    view = view_of(tmp_path, {sshd_command.SYSCONFIG: "CRYPTO_POLICY=\n"}, el=8)
    assert sshd.check(item, view).ok


def test_weak_ones_that_an_administrator_gives_on_the_command_line_stay(tmp_path):
    view = view_of(tmp_path, dict(EL9, **{sshd_command.SYSCONFIG: "OPTIONS=-oCiphers=aes256-cbc,aes256-ctr\n"}))
    item = control(key="Ciphers", weak=["aes256-cbc"], module="X", rules=[])
    assert sshd_algorithms.check(item, view).before == "aes256-cbc"
    with pytest.raises(NotFixable, match="from {0}".format(sshd_command.SYSCONFIG)) as caught:
        sshd_algorithms.fix(item, view)
    assert "Take it out" in caught.value.remedy


# --- who may log in --------------------------------------------------------------------------------------------------

def test_access(tmp_path):
    item = control(allow_users=[], fallback_deny_users=["sync", "nobody"])
    assert put_right(sshd_access, item, view_of(tmp_path, EL10, el=10)) == {OURS: keyvalue.HEADER + "DenyUsers sync nobody\n"}
    view = view_of(tmp_path, dict(EL9, **{"/etc/ssh/sshd_config.d/10-own.conf": "AllowGroups wheel\nallowgroups ops\n"}))
    assert sshd_access.check(item, view).ok
    assert sshd_access.check(control(allow_groups=["ops", "wheel"]), view).ok
    with pytest.raises(NotFixable, match="10-own.conf, line 1, adds to AllowGroups"):
        sshd_access.fix(control(allow_groups=["wheel", "x"]), view)
    with pytest.raises(NotFixable, match="known by people"):
        sshd_access.fix(control(), view_of(tmp_path, EL9))
    with pytest.raises(ControlError, match="blanks"):
        sshd_access.check(control(allow_users=["a b"]), view)


def test_access_on_el8(tmp_path):
    assert put_right(sshd_access, control(allow_users=["bob", "amy@10.0.0.*"]), view_of(tmp_path, EL8, el=8))[MAIN].split("\n")[1] == \
        "AllowUsers bob amy@10.0.0.*"


def test_include(tmp_path):
    assert all(sshd_include.check(control(), view_of(tmp_path, tree)).ok for tree in (EL9, EL10))
    assert put_right(sshd_include, control(), view_of(tmp_path, {MAIN: "Port 22\n"})) == {MAIN: "Port 22\nInclude /etc/ssh/sshd_config.d/*.conf\n"}
    with pytest.raises(NotFixable, match="line 2, begins a Match"):
        sshd_include.fix(control(), view_of(tmp_path, {MAIN: "Port 22\nMatch all\n"}))


@pytest.mark.parametrize("name, lines, named", [
    ("50-cloud-init.conf", "PasswordAuthentication yes\n", None),      # sshd_config says no, and goes on to
    ("50-cloud-init.conf", "# cloud-init\nPermitRootLogin yes\n", "50-cloud-init.conf, line 2, which sshd does not read now, would set permitrootlogin to yes"),
    ("60-more.conf", "Port 2222\n", "line 1, which sshd does not read now, would set port to 2222"),
    ("60-more.conf", "Match User x\nPasswordAuthentication yes\n", "line 2, which sshd does not read now, would set passwordauthentication"),
    ("50-redhat.conf", "Include {0}\nUsePAM yes\n".format(BACK_END), None),
    ("00-elkit-hardening.conf", "MaxAuthTries 4\n", None)])
def test_an_include_brings_nothing_that_nobody_asked_for(tmp_path, name, lines, named):
    tree = {MAIN: "Port 22\nPasswordAuthentication no", BACK_END: EL9[BACK_END], "/etc/ssh/sshd_config.d/" + name: lines}
    view = view_of(tmp_path, tree)
    if named:
        with pytest.raises(NotFixable, match=named):
            sshd_include.fix(control(), view)
        return
    assert list(put_right(sshd_include, control(), view)) == [MAIN]
    assert sshd.effective(sshd.settings(view), "PasswordAuthentication").value == "no"


# --- algorithms and the crypto policy --------------------------------------------------------------------------------

POLICY = {crypto_policy.CONFIG: "# comment\nDEFAULT\n", crypto_policy.CURRENT: "DEFAULT\n",
          "/usr/share/crypto-policies/policies/DEFAULT.pol": "", "/usr/share/crypto-policies/policies/FUTURE.pol": "",
          "/usr/share/crypto-policies/policies/FIPS.pol": "", "/usr/share/crypto-policies/policies/modules/NO-SHA1.pmod": ""}
CIPHERS = {"key": "Ciphers", "weak": ["aes256-cbc", "3des-cbc"], "module": "ELKIT-X", "rules": ["cipher@SSH = -*-CBC"], "line": "-aes256-cbc"}
KEX = {"key": "KexAlgorithms", "weak": ["diffie-hellman-group14-sha1"], "module": "ELKIT-KEX", "rules": ["hash@SSH = -SHA1"]}


@DROP_INS
def test_what_the_policy_offers_goes_by_a_sub_policy(tmp_path, el, tree):
    view = view_of(tmp_path, dict(tree, **POLICY), el=el)
    planned = put_right(sshd_algorithms, control(**KEX), view)
    assert list(planned) == ["/etc/crypto-policies/policies/modules/ELKIT-KEX.pmod"] and planned[list(planned)[0]].endswith("\nhash@SSH = -SHA1\n")
    assert view.changes()[1] == {("crypto_policy", "system"): {"config": "# comment\nDEFAULT:ELKIT-KEX\n", "current": "DEFAULT:ELKIT-KEX"}}


def test_el8_gets_the_line_for_auditors_too(tmp_path):
    planned = put_right(sshd_algorithms, control(**CIPHERS), view_of(tmp_path, dict(EL8, **POLICY), el=8))
    assert sorted(planned) == ["/etc/crypto-policies/policies/modules/ELKIT-X.pmod", MAIN]
    assert planned[MAIN].split("\n")[1] == "Ciphers -aes256-cbc"


@DROP_INS
def test_a_list_of_sshds_own_loses_the_weak_ones(tmp_path, el, tree):
    view = view_of(tmp_path, dict(tree, **{"/etc/ssh/sshd_config.d/10-own.conf": "Ciphers aes256-ctr,aes256-cbc\n"}), el=el)
    assert put_right(sshd_algorithms, control(**CIPHERS), view) == {OURS: keyvalue.HEADER + "Ciphers aes256-ctr\n"}


@pytest.mark.parametrize("value, weak", [("-aes128-ctr", False), ("+aes256-cbc", True), ("^3des-cbc", True), ("aes256-cbc", True), ("aes256-ctr", False)])
def test_lists_that_start_from_what_is_compiled_in(value, weak):
    assert any(name in CIPHERS["weak"] for name in sshd_algorithms.offered("Ciphers", value)) is weak


@pytest.mark.parametrize("present, value, wanted", [
    ("DEFAULT", "DEFAULT:NO-SHA1", "DEFAULT:NO-SHA1"), ("DEFAULT:NO-SHA1:OWN", "DEFAULT:NO-SHA1", "DEFAULT:NO-SHA1:OWN"),
    ("LEGACY", "DEFAULT:NO-SHA1", "DEFAULT:NO-SHA1"), ("FUTURE", "DEFAULT:NO-SHA1", "FUTURE:NO-SHA1"), ("DEFAULT:SHA1", "DEFAULT", "DEFAULT"),
    ("OURS:X", "DEFAULT", "OURS:X"), ("OURS", "FIPS", "FIPS"), ("DEFAULT", "FIPS", "FIPS"),
])
def test_the_base_that_is_there_stays_where_it_is_good(present, value, wanted):
    assert crypto.wanted_policy(present, value, ["FUTURE", "FIPS"] if value != "FIPS" else [], ["SHA1"], ["OURS"]) == wanted


def test_crypto_policy(tmp_path):
    item = control(value="DEFAULT:NO-SHA1")
    view = view_of(tmp_path, POLICY)
    put_right(crypto, item, view)
    assert view.changes()[1] == {("crypto_policy", "system"): {"config": "# comment\nDEFAULT:NO-SHA1\n", "current": "DEFAULT:NO-SHA1"}}
    with pytest.raises(ControlError, match="no sub-policy NOWHERE"):
        crypto.fix(control(value="DEFAULT:NOWHERE"), view)
    with pytest.raises(NotFixable, match="FIPS mode is more"):
        crypto.fix(control(value="FIPS"), view)


def test_a_policy_that_is_configured_and_not_applied(tmp_path):
    view = view_of(tmp_path, dict(POLICY, **{crypto_policy.CONFIG: "DEFAULT:NO-SHA1\n"}))
    found = crypto.check(control(value="DEFAULT:NO-SHA1"), view)
    assert not found.ok and found.note == "configured, and not applied"
    crypto.fix(control(value="DEFAULT:NO-SHA1"), view)
    assert crypto.check(control(value="DEFAULT:NO-SHA1"), view).ok


def test_a_host_without_policies(tmp_path):
    assert not crypto.check(control(value="DEFAULT"), view_of(tmp_path, {})).applies


def test_a_policy_that_is_refused_leaves_the_configuration_as_it_was(tmp_path):
    view = view_of(tmp_path, POLICY)

    def run(argv, **_more):
        raise CommandError("update-crypto-policies failed", command=argv, rc=1, stderr="")
    with pytest.raises(CommandError):
        crypto_policy.put(Context(root=str(tmp_path), run=run), "system", {"config": "X\n", "current": "X"})
    assert (tmp_path / crypto_policy.CONFIG.lstrip("/")).read_text() == POLICY[crypto_policy.CONFIG]
    assert crypto_policy.load(view, "system") == {"config": "# comment\nDEFAULT\n", "current": "DEFAULT"}


# --- sudo ------------------------------------------------------------------------------------------------------------

SUDOERS = "Defaults   !visiblepw\nDefaults    env_reset\nroot\tALL=(ALL) \tALL\n%wheel\tALL=(ALL)\tALL\n"
SUDOERS += "# %wheel ALL=(ALL) NOPASSWD: ALL\n#includedir /etc/sudoers.d\n"


def test_sudo_drop_in(tmp_path):
    view = view_of(tmp_path, {sudo.MAIN: SUDOERS, "/etc/sudoers.d/10-own": "Defaults timestamp_timeout=60, !use_pty\n",
                              "/etc/sudoers.d/x.rpmsave": "Defaults use_pty\n"})
    assert sudo.check(control(name="use_pty", value=True), view).before is False
    put_right(sudo, control(name="use_pty", value=True), view)
    put_right(sudo, control(name="logfile", value="/var/log/sudo.log"), view)
    planned = put_right(sudo, control(name="timestamp_timeout", value=5, compare="at_most"), view)
    assert planned == {sudo.OURS: keyvalue.HEADER + "Defaults use_pty\nDefaults logfile=/var/log/sudo.log\nDefaults timestamp_timeout=5\n"}
    assert stat.S_IMODE(view.changes()[0][sudo.OURS].attrs.mode) == 0o440


@pytest.mark.parametrize("files, words", [
    ({sudo.MAIN: "root ALL=(ALL) ALL\n"}, "does not include"),
    ({sudo.MAIN: SUDOERS + "Defaults !use_pty\n"}, "sudoers, line 7, overrides"),
    ({sudo.MAIN: SUDOERS, "/etc/sudoers.d/zzz": "Defaults !use_pty\n"}, "zzz, line 1, overrides"),
])
def test_sudo_defaults_that_override_ours_are_named(tmp_path, files, words):
    with pytest.raises(NotFixable, match=words):
        sudo.fix(control(name="use_pty", value=True), view_of(tmp_path, files))


@pytest.mark.parametrize("value, ok", [("5", True), ("0", True), ("2.5", True), ("-1", False), ("15", False), (None, False), (True, False), ("x", False)])
def test_time_outs_of_sudo(value, ok):
    assert sudo.good(control(value=5, compare="at_most"), value) is ok


def test_rules_without_a_password_are_named_and_stay_unless_it_is_said_so(tmp_path):
    view = view_of(tmp_path, {sudo.MAIN: SUDOERS, "/etc/sudoers.d/90-cloud-init-users": "# user\nadmin ALL=(ALL) NOPASSWD:ALL\n"})
    found = sudo_password.check(control(), view)
    assert (found.ok, found.path, found.line) == (False, "/etc/sudoers.d/90-cloud-init-users", 2)
    with pytest.raises(NotFixable, match="90-cloud-init-users, line 2"):
        sudo_password.fix(control(), view)
    assert put_right(sudo_password, control(fix=True), view) == {"/etc/sudoers.d/90-cloud-init-users": "# user\nadmin ALL=(ALL) ALL\n"}
