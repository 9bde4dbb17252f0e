# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guard refuses beforehand, over small trees of the form of EL8, 9 and 10."""
import os

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import (
    guard_account, guard_checks, guard_firewall, guard_sshd, guard_sudo, guard_who, sudoers_text)
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, Finding
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import registry
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result

SSHD = """port 22
listenaddress [::]:22
listenaddress 0.0.0.0:22
pubkeyauthentication yes
authorizedkeysfile .ssh/authorized_keys
permitrootlogin prohibit-password
strictmodes yes
authenticationmethods any
pubkeyacceptedalgorithms ssh-ed25519,rsa-sha2-512,rsa-sha2-256
"""
FILES = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nadmin:x:1000:1000::/home/admin:/bin/bash\n",
    "/etc/group": "root:x:0:\nadmin:x:1000:\nwheel:x:10:admin\n",
    "/etc/shadow": "root:$6$x$y:20000:0:99999:7:::\nadmin:!!:20000:0:99999:7:::\n",
    "/home/admin/.ssh/authorized_keys": "# mine\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5 admin@work\n",
    "/bin/bash": "",
    "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nSubsystem sftp internal-sftp\n",
    "/etc/ssh/sshd_config.d/50-redhat.conf": "UsePAM yes\n",
    "/etc/sudoers": "Defaults !visiblepw\nroot ALL=(ALL) ALL\n%wheel ALL=(ALL) ALL\n#includedir /etc/sudoers.d\n",
    "/etc/sudoers.d/90-cloud-init-users": "admin ALL=(ALL) NOPASSWD:ALL\n",
    "/etc/pam.d/sshd": "#%PAM-1.0\nauth substack password-auth\n"
                       "account required pam_nologin.so\naccount include password-auth\nsession include password-auth\n",
    "/etc/pam.d/sudo": "#%PAM-1.0\nauth include password-auth\naccount include password-auth\nsession include password-auth\n",
    "/etc/pam.d/password-auth": "auth sufficient pam_unix.so\nauth required pam_deny.so\naccount required pam_unix.so\nsession required pam_unix.so\n",
    "/usr/lib64/security/pam_unix.so": "", "/usr/lib64/security/pam_deny.so": "", "/usr/lib64/security/pam_nologin.so": "",
    "/usr/lib64/security/pam_google_authenticator.so": "",
    "/etc/firewalld/firewalld.conf": "DefaultZone=public\n",
    "/usr/lib/firewalld/zones/public.xml": '<zone><service name="ssh"/><service name="dhcpv6-client"/></zone>',
    "/usr/lib/firewalld/zones/drop.xml": '<zone target="DROP"/>',
    "/usr/lib/firewalld/services/ssh.xml": '<service><port protocol="tcp" port="22"/></service>',
}
DAY = 86400


class Host(object):
    """A tree and the answers of its commands; view() is a fresh View."""

    def __init__(self, root):
        self.root = root
        self.sshd = SSHD
        self.sshd_rc = 0
        self.asked = []
        self.firewalld = True
        self.tally = ""
        self.zones = {}
        for path, text in FILES.items():
            place = root / path[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        os.chmod(str(root / "home/admin"), 0o700)
        os.chmod(str(root / "home/admin/.ssh"), 0o700)

    def run(self, argv, **_more):
        self.asked.append(list(argv))
        if argv[0] == "sshd":
            self.config = self.inlined(argv[argv.index("-f") + 1])
            return Result(self.sshd_rc, self.sshd, "" if self.sshd_rc == 0 else "{0} line 3: Bad configuration option: X".format(argv[3]))
        if argv[:2] == ["systemctl", "list-unit-files"]:
            return Result(0, "firewalld.service enabled enabled\nsshd.service enabled enabled\n", "")
        if argv[:2] == ["systemctl", "list-units"]:
            state = "active running" if self.firewalld else "inactive dead"
            return Result(0, "firewalld.service loaded {0} x\nsshd.service loaded active running x\n".format(state), "")
        if argv[0] == "ip":
            return Result(0, "2: eth0    inet 10.0.0.5/24 brd 10.0.0.255\n", "")
        if argv[0] == "firewall-cmd":
            return Result(0, self.zones.get(argv[1], ""), "")
        if argv[0] == "faillock":
            return Result(0, self.tally, "")
        return Result(0, "", "")

    @staticmethod
    def inlined(path):
        with open(path) as handle:
            lines = handle.read().splitlines()
        found = []
        for line in lines:
            if line.startswith("Include "):
                folder = os.path.dirname(line.split()[1])
                for name in sorted(os.listdir(folder)):
                    found += Host.inlined(os.path.join(folder, name))
            else:
                found.append(line)
        return found

    def view(self, el=9):
        return View(Context(root=str(self.root), run=self.run, uname=("5.14", "x86_64"), now=20100 * DAY), el)


@pytest.fixture
def host(tmp_path, monkeypatch):
    # The tree's files belong to whoever runs the tests; sshd wants the user or root.
    monkeypatch.setattr(guard_who, "user_id", lambda view, name: {"root": 0, "admin": os.geteuid() or 1000}.get(name))
    found = Host(tmp_path)
    os.makedirs(str(tmp_path / "run/systemd/system"))
    return found


def admin(**more):
    return guard_who.Who("admin", "10.0.0.9", ("10.0.0.5", 22), **dict({"become": "sudo", "known": True}, **more))


def test_a_host_as_it_should_be(host):
    assert guard_checks.problems(host.view(), [admin()]) == set()
    assert guard_checks.problems(host.view(), [guard_who.Who("rescue")]) == {("rescue", "there is no user rescue")}


# --- sshd ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("lines, words", [
    ("allowusers somebody\n", "AllowUsers does not name admin"), ("allowusers root\nallowusers admin@10.0.0.*\n", None),
    ("allowusers admin@192.168.0.0/16\n", "AllowUsers does not"), ("allowusers admin@10.0.0.0/24\n", None), ("denyusers adm*\n", "DenyUsers names admin"),
    ("denyusers admin@192.0.2.1\n", None), ("allowgroups wheel\n", None), ("allowgroups users\n", "AllowGroups names no group"),
    ("denygroups wh?el\n", "DenyGroups names"), ("authenticationmethods publickey,keyboard-interactive\n", "asks for more"),
    ("authenticationmethods publickey,password publickey\n", None), ("forcecommand /bin/false\n", "ForceCommand"),
    ("chrootdirectory /var/empty\n", "ChrootDirectory"), ("authorizedkeysfile /etc/ssh/keys/%u\n", "no key of admin in /etc/ssh/keys/admin"),
    ("authorizedkeysfile none\n", "any file"), ("authorizedkeysfile %h/.ssh/other .ssh/authorized_keys\n", None),
    ("authorizedkeysfile none\nauthorizedkeyscommand /usr/bin/sss_ssh_authorizedkeys\n", None), ("pubkeyauthentication no\n", "PubkeyAuthentication is no"),
    ("pubkeyauthentication no\ngssapiauthentication yes\n", None), ("pubkeyacceptedalgorithms ecdsa-sha2-nistp521\n", "type ssh-ed25519 are not accepted"),
    ("listenaddress 192.0.2.1:22\n", "not listen on 10.0.0.5"), ("listenaddress 0.0.0.0:2222\n", "port 2222, not on 22"), ("listenaddress 10.0.0.5:22\n", None),
    ("listenaddress [::]:22\n", "not listen on 10.0.0.5"), ("listenaddress 0.0.0.0:22\nlistenaddress 0.0.0.0:2222\n", None),
])
def test_sshd(host, lines, words):
    replaced = set(line.split()[0] for line in lines.splitlines())
    host.sshd = "".join(line + "\n" for line in SSHD.splitlines() if line.split()[0] not in replaced) + lines
    found = guard_sshd.problems(host.view(), admin())
    assert (not found) if words is None else any(words in item for item in found), found


@pytest.mark.parametrize("value, password, good", [
    ("yes", True, True), ("no", False, False), ("prohibit-password", False, True), ("without-password", True, False), ("forced-commands-only", False, False)])
def test_root(value, password, good):
    assert (guard_sshd.admits({"permitrootlogin": [value]}, "root", "10.0.0.9", {"root"}, True, password) == []) is good


def test_with_a_password_other_ways_are_left(host):
    host.sshd = SSHD.replace("pubkeyauthentication yes", "pubkeyauthentication no\npasswordauthentication yes")
    assert guard_sshd.problems(host.view(), admin(password=True)) == [] and guard_sshd.problems(host.view(), admin()) != []


def test_sshd_sees_the_planned_files_and_no_others(host):
    view = host.view()
    view.write("/etc/ssh/sshd_config.d/00-elkit-hardening.conf", "Include /etc/ssh/more/*.conf\nMatch User admin\n  MaxSessions 1\n")
    view.write("/etc/ssh/more/a.conf", "Banner none\n")
    guard_sshd.problems(view, admin())
    assert host.config == ["Banner none", "Match User admin", "  MaxSessions 1", "UsePAM yes", "Subsystem sftp internal-sftp"]
    assert "user=admin,host=10.0.0.9,addr=10.0.0.9,laddr=10.0.0.5,lport=22" in host.asked[-1]
    assert not (host.root / "etc/ssh/more").exists()


def test_sshd_that_refuses_its_configuration(host):
    host.sshd_rc = 255
    found = guard_sshd.problems(host.view(), admin())
    assert found == ["sshd refuses its configuration: /sshd_config: Bad configuration option: X"]


@pytest.mark.parametrize("form", ["{0}: line {1}: Bad configuration option: Nothing\n{0}: terminating, 1 bad configuration options\n",
                                  "{0} line {1}: Bad configuration option: Nothing\n"])
def test_what_sshd_refused_before_is_no_controls_fault_where_a_block_moves_it(host, monkeypatch, form):
    host.sshd_rc = 255
    (host.root / "etc/ssh/sshd_config").write_text("PermitRootLogin yes\nNothing yes\n")
    at = []

    def run(argv, **more):
        result = Host.run(host, argv, **more)
        if argv[0] != "sshd":
            return result
        at.append(host.config.index("Nothing yes") + 1)
        return Result(255, "", form.format(argv[argv.index("-f") + 1], at[-1]))
    monkeypatch.setattr(host, "run", run)
    control = Control({"id": "a", "mechanism": "sshd", "args": {"key": "PermitRootLogin", "value": "no"}})
    view = guard_checks.planned([control], host.view(8))
    assert guard_checks.guilty([control], view, [admin()]) == {} and len(set(at)) == 2


def test_the_policy_of_release_8_is_on_the_command_line(host):
    place = host.root / "etc/crypto-policies/back-ends"
    place.mkdir(parents=True)
    (place / "opensshserver.config").write_text("CRYPTO_POLICY='-oCiphers=aes256-ctr -oPubkeyAcceptedKeyTypes=ssh-ed25519'\n")
    guard_sshd.problems(host.view(8), admin())
    assert host.asked[-1][-2:] == ["-oCiphers=aes256-ctr", "-oPubkeyAcceptedKeyTypes=ssh-ed25519"]


@pytest.mark.parametrize("text, types", [
    ("", []), ("# x\nssh-rsa AAAAB3 a b\n", ["ssh-rsa"]), ('from="10.*",no-pty ecdsa-sha2-nistp256 AAAAE2 x\n', ["ecdsa-sha2-nistp256"]),
    ("cert-authority ssh-ed25519 AAAAC3 ca\n", []), ("sk-ssh-ed25519@openssh.com AAAAGn x\n", ["sk-ssh-ed25519@openssh.com"])])
def test_types_of_keys(text, types):
    assert guard_sshd.key_types(text) == types


def test_an_rsa_key_signs_with_sha2(host):
    (host.root / "home/admin/.ssh/authorized_keys").write_text("ssh-rsa AAAAB3 x\n")
    assert guard_sshd.problems(host.view(), admin()) == []


def test_a_home_that_others_could_write(host):
    view = host.view()
    now = view.state("mode", "/home/admin")
    view.put("mode", "/home/admin", now[:2] + [0o775])
    assert guard_sshd.problems(view, admin()) == ["/home/admin could be written by others (StrictModes)"]


@pytest.mark.parametrize("path", ["/home/admin", "/home/admin/.ssh", "/home/admin/.ssh/authorized_keys"])
@pytest.mark.parametrize("owner, strict, good", [(4711, "yes", False), (4711, "no", True), (0, "yes", True)])
def test_a_key_on_a_way_that_is_another_users(host, path, owner, strict, good):
    host.sshd = SSHD.replace("strictmodes yes", "strictmodes " + strict)
    view = host.view()
    now = view.state("mode", path)
    view.put("mode", path, [owner] + now[1:])
    assert guard_sshd.problems(view, admin()) == ([] if good else ["{0} could be written by others (StrictModes)".format(path)])


# --- accounts, PAM, units ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, text, words", [
    ("/etc/nologin", "", "/etc/nologin is there"), ("/etc/passwd", FILES["/etc/passwd"].replace("admin:/bin/bash", "admin:/sbin/nologin"), "is /sbin/nologin"),
    ("/etc/passwd", FILES["/etc/passwd"].replace("admin:/bin/bash", "admin:/bin/zsh"), "/bin/zsh, is not there"),
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n", "there is no user admin"),
    ("/etc/shadow", "admin:!!:20000:0:90:7:::\n", "older than 90 days"), ("/etc/shadow", "admin:!!:20050:0:90:7:::\n", None),
    ("/etc/shadow", "admin:!!:0:0:99999:7:::\n", "must change"), ("/etc/shadow", "admin:!!:20000:0:99999:7::20099:\n", "expired"),
    ("/etc/shadow", "admin:!!:20000:0::7::20200:\n", None), ("/etc/shadow", "admin\n", None),
    ("/etc/pam.d/sshd", "account include nothing\n", "PAM has no /etc/pam.d/nothing"),
    ("/etc/pam.d/sshd", "account required pam_deny.so\nsession include password-auth\n", "denies everybody (account)"),
    ("/etc/pam.d/sshd", "account required pam_x.so\nsession include password-auth\n", "needs pam_x.so"),
    ("/etc/pam.d/sshd", "-account required pam_x.so\naccount sufficient pam_unix.so\naccount required pam_deny.so\nsession include password-auth\n", None),
    ("/etc/pam.d/sudo", "account requisite pam_deny.so\nsession include password-auth\n", "/etc/pam.d/sudo denies"),
    ("/etc/pam.d/sshd", "auth required pam_deny.so\naccount include password-auth\nsession include password-auth\n", None),
])
def test_accounts_and_pam(host, path, text, words):
    view = host.view()
    view.write(path, text)
    found = guard_account.problems(view, admin())
    assert (not found) if words is None else any(words in item for item in found), found


def test_a_planned_age_of_an_account(host):
    view = host.view()
    view.planned_states[("account", "admin")] = {"last": 20000, "max": 30, "expire": None, "shell": "/bin/bash", "password": "set"}
    assert guard_account.problems(view, admin()) == ["the password of admin is older than 30 days"]


@pytest.mark.parametrize("deny, password, refused", [
    ("deny = 3", True, True), ("deny = 3", False, False), ("deny = 9", True, False), ("deny = 0", True, False)])
def test_faillock(host, deny, password, refused):
    host.tally = "admin:\nWhen                Type  Source        Valid\n" + "2026-01-01 10:00:00 RHOST 192.0.2.1     V\n" * 3
    view = host.view()
    view.write("/etc/security/faillock.conf", deny + "\n")
    assert bool(guard_account.tally(view, admin(password=password))) is refused


def test_units_that_let_people_in(host):
    view = host.view()
    view.put("unit", "sshd.service", {"enabled": "masked", "active": False})
    assert guard_account.units(view) == ["sshd.service would be stopped"]


# --- those that must get in by any way that there is ----------------------------------------------------------------------

NO_PASSWORD, NO_KEY = "passwordauthentication no\n", {"/home/admin/.ssh/authorized_keys": ""}
# One-time codes in place of a password.
ONE_TIME = "auth required pam_google_authenticator.so\naccount include password-auth\nsession include password-auth\n"
HASH = {"/etc/shadow": "admin:$6$x$y:20000:0:99999:7:::\n"}
LOCKED = "the password of admin is locked"
FAILED = "When                Type  Source        Valid\n" + "2025-01-11 10:00:00 RHOST 192.0.2.1     V\n" * 3


@pytest.mark.parametrize("lines, files, words", [
    ("", {}, None), ("", NO_KEY, LOCKED), ("", dict(NO_KEY, **HASH), None), (NO_PASSWORD, dict(NO_KEY, **HASH), "PasswordAuthentication is no"),
    (NO_PASSWORD, {}, None), ("pubkeyauthentication no\n", {}, "PubkeyAuthentication is no, and " + LOCKED), ("pubkeyauthentication no\n", HASH, None),
    ("", dict(NO_KEY, **{"/etc/shadow": "admin:!$6$x$y:20000:0:99999:7:::\n"}), "there is no key of admin in /home/admin/.ssh/authorized_keys, and " + LOCKED),
    ("", dict(NO_KEY, **{"/etc/shadow": "admin::20000:0:99999:7:::\n"}), "admin has no password"), ("", dict(NO_KEY, **{"/etc/shadow": "x:!:1::::::\n"}), None),
    ("permitemptypasswords yes\n", dict(NO_KEY, **{"/etc/shadow": "admin::20000:0:99999:7:::\n"}), None),
    ("pubkeyacceptedalgorithms ecdsa-sha2-nistp521\n", {}, "keys of type ssh-ed25519 are not accepted, and " + LOCKED),
    ("gssapiauthentication yes\n", NO_KEY, LOCKED), ("gssapiauthentication yes\n", dict(NO_KEY, **{"/etc/krb5.keytab": "x"}), LOCKED),
    ("authorizedkeyscommand /usr/bin/sss_ssh_authorizedkeys\n", NO_KEY, LOCKED), ("authorizedkeyscommand /usr/bin/sss_ssh_authorizedkeys\n", {}, None),
    ("trustedusercakeys /etc/ssh/ca.pub\n", NO_KEY, None),
    ("hostbasedauthentication yes\n", NO_KEY, None), ("authenticationmethods publickey,password\n", {}, "(publickey,password): " + LOCKED),
    ("authenticationmethods publickey,password\n", HASH, None), ("authenticationmethods publickey,keyboard-interactive:pam publickey\n", {}, None),
    ("authenticationmethods gssapi-with-mic\n", HASH, "asks for more than they have (gssapi-with-mic)"),
    ("allowusers root\n", HASH, "AllowUsers does not name admin"), ("kbdinteractiveauthentication yes\n" + NO_PASSWORD, dict(NO_KEY, **HASH), None),
    ("", dict(HASH, **dict(NO_KEY, **{"/etc/pam.d/sshd": "auth required pam_deny.so\n" + FILES["/etc/pam.d/sshd"].replace("auth substack", "auth optional")})),
     "denies everybody (auth)"),
    ("", {"/etc/pam.d/sshd": "auth required pam_deny.so\n" + FILES["/etc/pam.d/sshd"]}, None),
    ("", {"/etc/shadow": "admin:!!:20000:0:90:7:::\n"}, "older than 90 days"), ("", {"/etc/shadow": "admin:!!:0:0:90:7:::\n"}, "must change the password"),
    ("", {"/etc/shadow": "admin:$6$x$y:0:0:90:7:::\n"}, None), ("", {"/etc/shadow": "admin:$6$x$y:20000:0:90:7:::\n"}, None),
    ("", {"/etc/shadow": "admin:$6$x$y:20000:0:90:7:9999::\n"}, None), ("", {"/etc/shadow": "admin:$6$x$y:20000:0:90:7:1::\n"}, "older than 90 days"),
    ("", {"/etc/shadow": "admin:$6$x$y:20000:0:99999:7::20001:\n"}, "has expired"),
    ("authenticationmethods publickey,keyboard-interactive\nkbdinteractiveauthentication yes\n", {"/etc/pam.d/sshd": ONE_TIME}, None),
    ("authenticationmethods publickey,keyboard-interactive\nkbdinteractiveauthentication yes\n", {}, LOCKED),
    ("", {"/etc/nologin": ""}, "/etc/nologin is there"),
])
def test_one_that_may_come_by_any_way(host, lines, files, words):
    replaced = set(line.split()[0] for line in lines.splitlines())
    whole = "passwordauthentication yes\n" + SSHD
    host.sshd = "".join(line + "\n" for line in whole.splitlines() if line.split()[0] not in replaced) + lines
    view = host.view()
    for path, text in files.items():
        view.write(path, text)
    found = guard_checks.problems(view, [guard_who.Who("admin", password=True)])
    assert (not found) if words is None else len(found) == 1 and words in found.pop()[1], found


@pytest.mark.parametrize("root, files, good", [("prohibit-password", {}, True), ("prohibit-password", NO_KEY, False), ("yes", NO_KEY, True), ("no", {}, False)])
def test_root_that_may_come_by_any_way(host, root, files, good):
    host.sshd = SSHD.replace("permitrootlogin prohibit-password", "passwordauthentication yes\npermitrootlogin " + root)
    view = host.view()
    view.write("/root/.ssh/authorized_keys", files.get("/home/admin/.ssh/authorized_keys", FILES["/home/admin/.ssh/authorized_keys"]))
    found = guard_checks.problems(view, [guard_who.Who("root", password=True)])
    assert (not found) is good, found


def test_a_planned_lock_of_a_password_that_is_the_only_way(host):
    host.sshd = SSHD + "passwordauthentication yes\n"
    for path, text in dict(NO_KEY, **HASH).items():
        (host.root / path[1:]).write_text(text)
    people, view = [guard_who.Who("admin", password=True)], host.view()
    assert guard_checks.problems(view, people) == set()
    view.planned_states[("account", "admin")] = {"last": 20000, "max": None, "expire": None, "shell": "/bin/bash", "password": "locked"}
    assert [reason for _name, reason in guard_checks.problems(view, people)] == [
        "there is no key of admin in /home/admin/.ssh/authorized_keys, and the password of admin is locked"]


@pytest.mark.parametrize("text, key, words", [
    ("deny = 3\nunlock_time = 0\n", False, "3 failed logins"), ("deny = 3\nunlock_time = never\n", False, "3 failed logins"), ("deny = 3\n", False, None),
    ("deny = 3\nunlock_time = 900\n", False, None), ("deny = 3\nunlock_time = 999999\n", False, "3 failed logins"),
    ("deny = 3\nunlock_time = 0\n", True, None)])
def test_failed_logins_lock_a_password_alone_and_for_a_time(host, text, key, words):
    host.sshd, host.tally = SSHD + "passwordauthentication yes\n", FAILED
    view = host.view()
    for path, content in dict({} if key else NO_KEY, **dict(HASH, **{"/etc/security/faillock.conf": text})).items():
        view.write(path, content)
    found = guard_checks.problems(view, [guard_who.Who("admin", password=True)])
    assert (not found) if words is None else len(found) == 1 and words in found.pop()[1], found


# --- sudo ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text, more, words", [
    ("Defaults requiretty\n", {}, "requiretty"),
    ("Defaults requiretty\n", {"tty": True}, None), ("Defaults requiretty\nDefaults:admin !requiretty\n", {}, None),
    ("Defaults !requiretty, use_pty\n", {}, None), ("admin ALL=(ALL) PASSWD: ALL\n", {}, "ask admin for a password"),
    ("admin ALL=(ALL) PASSWD: ALL\n", {"become_password": True}, None), ("%wheel ALL=(ALL) ALL\nDefaults !authenticate\n", {}, None),
    ("Defaults rootpw\n", {"become_password": True}, "another user's password"), ("User_Alias OPS = bob, admin\nOPS ALL=(root) ALL\n", {}, "for a password"),
    ("ALL,!admin ALL=(ALL) ALL\n", {}, None), ("%#1000 ALL=(ALL) ALL # comment\n", {}, "ask admin for a password"), ("%#4711 ALL=(ALL) ALL\n", {}, None),
    ("#1000 ALL=(ALL) PASSWD: ALL\n", {}, "ask admin for a password"), ("#4711 ALL=(ALL) ALL\n", {}, None),
    ("# of automation \\\nadmin ALL=(ALL) ALL\n", {}, "ask admin for a password"),
    ("Defaults:#1000 requiretty\n", {}, "requiretty"), ("admin ALL=(oracle) ALL\n", {}, None),
    ("admin ALL = /usr/bin/less, \\\n  NOPASSWD: ALL\n", {}, None), ("# admin ALL=(ALL) ALL\n", {}, None)])
def test_sudo(host, text, more, words):
    view = host.view()
    view.write("/etc/sudoers.d/zz-own", text)
    found = guard_sudo.problems(view, admin(**more))
    assert (not found) if words is None else len(found) == 1 and words in found[0], found


@pytest.mark.parametrize("rule", ["# of automation \\\nadmin ALL=(ALL) NOPASSWD: ALL\n", "#1000 ALL=(ALL) NOPASSWD: ALL\n", "%#1000 ALL=(ALL) NOPASSWD: ALL\n"])
def test_a_rule_that_asks_for_no_password_any_more_is_seen_before_and_after(host, rule):
    view = host.view()
    view.write("/etc/sudoers.d/90-cloud-init-users", None)
    view.write("/etc/sudoers", rule)
    assert guard_sudo.problems(view, admin()) == []
    view.write("/etc/sudoers", sudoers_text.with_password(rule))
    assert guard_sudo.problems(view, admin()) == ["sudo would ask admin for a password"]


def test_sudo_without_a_rule(host):
    view = host.view()
    view.write("/etc/sudoers.d/90-cloud-init-users", None)
    view.write("/etc/sudoers", "root ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n")
    assert guard_sudo.problems(view, admin()) == ["sudoers lets admin run no command as root"]
    view.write("/etc/sudoers.d/with.dot", "admin ALL=(ALL) NOPASSWD: ALL\n")
    assert guard_sudo.problems(view, admin()) != []
    assert guard_sudo.problems(view, admin(become=None)) == []


# --- the firewall ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, text, words", [
    ("/etc/firewalld/zones/public.xml", "<zone/>", "does not open port 22/tcp"), ("/etc/firewalld/zones/public.xml", "<zone", "is no XML"),
    ("/etc/firewalld/zones/public.xml", '<zone><port protocol="tcp" port="20-25"/></zone>', None),
    ("/etc/firewalld/zones/public.xml", '<zone><port protocol="udp" port="22"/></zone>', "does not open"),
    ("/etc/firewalld/zones/public.xml", '<zone target="ACCEPT"/>', None), ("/etc/firewalld/firewalld.conf", "DefaultZone=drop\n", "zone drop does not open"),
    ("/etc/firewalld/firewalld.conf", "DefaultZone=none\n", "no zone none"),
    ("/etc/firewalld/zones/mine.xml", '<zone><source address="10.0.0.0/8"/></zone>', "zone mine does not open"),
    ("/etc/firewalld/zones/inner.xml", '<zone><interface name="eth0"/></zone>', "zone inner does not open"),
    ("/etc/firewalld/zones/public.xml", '<zone><rule family="ipv4"><source address="10.0.0.0/8"/><service name="ssh"/><accept/></rule></zone>', None),
    ("/etc/firewalld/zones/public.xml", '<zone><rule><source address="192.0.2.0/24"/><service name="ssh"/><accept/></rule></zone>', "does not open"),
    ("/etc/firewalld/zones/public.xml", '<zone><service name="ssh"/><rule><source address="10.0.0.9"/><drop/></rule></zone>', "refuses 10.0.0.9"),
    ("/etc/firewalld/zones/public.xml", '<zone><service name="ssh"/><rule><source address="10.0.0.9" invert="true"/><drop/></rule></zone>', None),
    ("/etc/firewalld/zones/public.xml", '<zone><service name="ssh"/><rule><source address="10.0.0.9" invert="True"/><drop/></rule></zone>', None),
    ("/etc/firewalld/zones/public.xml", '<zone><rule><source address="192.0.2.9" invert="True"/><drop/></rule></zone>', "refuses 10.0.0.9"),
    ("/etc/firewalld/services/ssh.xml", '<service><port protocol="tcp" port="2222"/></service>', "does not open"),
])
def test_the_firewall(host, path, text, words):
    view = host.view()
    view.write(path, text)
    found = guard_firewall.problems(view, admin())
    assert (not found) if words is None else len(found) == 1 and words in found[0], found


@pytest.mark.parametrize("now, default, words", [
    ("work", "public", "zone work does not open port 22/tcp"), ("public", "public", None), ("no zone", "public", None), ("", "", None)])
def test_the_zone_into_which_networkmanager_put_the_interface(host, now, default, words):
    """None of firewalld's files names it: firewall-cmd alone knows."""
    host.zones = {"--get-zone-of-interface=eth0": now, "--get-default-zone": default}
    view = host.view()
    view.write("/etc/firewalld/zones/work.xml", "<zone/>")
    found = guard_firewall.problems(view, admin())
    assert (not found) if words is None else len(found) == 1 and words in found[0], found


def test_a_firewall_that_does_not_run_shuts_nobody_out_until_it_is_started(host):
    host.firewalld = False
    view = host.view()
    view.write("/etc/firewalld/zones/public.xml", "<zone/>")
    assert guard_firewall.problems(view, admin()) == []
    view.put("unit", "firewalld.service", {"enabled": "enabled", "active": True})
    assert guard_firewall.problems(view, admin()) != []


# --- which control ---------------------------------------------------------------------------------------------------------

class Write(object):
    """args: path, text."""

    @staticmethod
    def check(control, view):
        return Finding(view.read(control.need("path")) == control.need("text"))

    @staticmethod
    def fix(control, view):
        view.write(control.need("path"), control.need("text"))


def controls(*items):
    return [Control({"id": name, "mechanism": "write", "args": {"path": path, "text": text}}) for name, path, text in items]


def guilty(host, monkeypatch, asked):
    monkeypatch.setattr(registry, "MECHANISMS", {"write": Write})
    view = guard_checks.planned(asked, host.view())
    return guard_checks.guilty(asked, view, [admin()])


def test_the_guilty_are_named_and_no_others(host, monkeypatch):
    found = guilty(host, monkeypatch, controls(
        ("good", "/etc/issue", "x"), ("tty", "/etc/sudoers.d/zz", "Defaults requiretty\n"), ("closed", "/etc/nologin", "x"), ("more", "/etc/motd", "x")))
    assert sorted(found) == ["closed", "tty"]
    assert found["tty"] == "refused, for it would shut out admin: sudo would ask for a terminal (requiretty)"


def test_two_that_do_harm_only_together_are_both_named(host, monkeypatch):
    found = guilty(host, monkeypatch, controls(
        ("zone", "/etc/firewalld/zones/closed.xml", "<zone/>"), ("good", "/etc/issue", "x"),
        ("default", "/etc/firewalld/firewalld.conf", "DefaultZone=closed\n")))
    assert "default" in found and "good" not in found


def test_what_was_so_before_is_nobodys_fault(host, monkeypatch):
    (host.root / "etc/nologin").write_text("x")
    assert guilty(host, monkeypatch, controls(("good", "/etc/issue", "x"))) == {}


# --- who -------------------------------------------------------------------------------------------------------------------

def test_the_connection_is_found_above_sudo():
    me = os.getpid()
    processes = {
        me: (50, 0, b"SUDO_USER=admin\0"), 50: (40, 0, b"LOGNAME=admin\0USER=admin\0SSH_CONNECTION=10.0.0.9 50123 10.0.0.5 2222\0"),
        40: (1, 0, b"")}
    assert guard_who.connection(lambda number: processes[number]) == ("admin", "10.0.0.9", ("10.0.0.5", 2222))
    assert guard_who.connection(lambda number: (1, 0, b"A=b\0")) is None
    people = guard_who.all_of({"users": ["rescue", "admin"], "become": "sudo", "tty": True}, lambda number: processes[number])
    assert [(who.name, who.known, who.address, who.local[1]) for who in people] == [("admin", True, "10.0.0.9", 2222), ("rescue", False, "10.0.0.9", 2222)]
    assert people[0].tty and people[0].become == "sudo" and people[1].become is None


def test_settings_are_parsed_as_sshd_prints_them():
    assert guard_sshd.parse("Port 22\nallowusers a\nallowusers b c\n") == {"port": ["22"], "allowusers": ["a", "b c"]}
    assert guard_sshd.split('Include "/etc/a b/*.conf"  x') == ["Include", "/etc/a b/*.conf", "x"]
    assert guard_sshd.split("Port=22") == ["Port", "22"] and guard_sshd.split("# x") == []
