# SPDX-License-Identifier: GPL-3.0-or-later
"""Hardening that cannot be done as asked, or on a host that is broken: one clear error, or one per control while the others go in, and nothing by half."""
from dataclasses import dataclass, field

import pytest

from tests.faults.host import FaultHost
from tests.hosts.hardened import UNDO, Host, baseline, play

ISSUE, ISSUE_NET, MOTD = "banner_etc_issue_cis", "banner_etc_issue_net_cis", "banner_etc_motd_cis"
SYSCTL = "sysctl_net_ipv4_conf_all_send_redirects"
ROOT = "sshd_disable_root_login"
# What a shell, a YAML parser, sed, printf or a format string would make something of.
ZOO = """$(touch /tmp/pwned) `touch /tmp/pwned` ; touch /tmp/pwned | & > /tmp/pwned ' "quoted" \\n \\1 %s {0} <b> * ~ ! # end"""


@pytest.fixture(scope="module")
def nine():
    host = Host("bi9", "hard9").up()
    yield host
    host.down()


@pytest.fixture(scope="module")
def plain():
    """No systemd runs there."""
    host = Host("bp9", "plain9").up()
    yield host
    host.down()


def attempt(task):
    return dict(task, ignore_errors=True)


def shell(name, script):
    return {"name": name, "ansible.builtin.shell": script, "changed_when": False, "failed_when": False}


def is_one_error(run, host, name, words):
    message = run.failure(host, name)["msg"]
    missing = [word for word in words if word not in message]
    assert not missing, f"{missing} not in: {message}"
    # Thing and remedy: two sentences, and no more than a person reads.
    assert ". " in message and len(message) < 800 and "[Errno" not in message, message


# --- what is asked for -----------------------------------------------------------------------------------------------------

EXCEPTION = {"id": ROOT, "reason": "x", "owner": "y", "expires": "2099-12-31"}


def exception(**other):
    return {"exceptions": [{key: value for key, value in dict(EXCEPTION, **other).items() if value is not None}]}


ASKED = [
    ("a control there is not", {"only_ids": ["sshd_disable_root_logn"]}, ["sshd_disable_root_logn", "nearest is sshd_disable_root_login"]),
    ("a control to skip there is not", {"skip_ids": ["sshd_disable_rootlogin"]}, ["sshd_disable_rootlogin", "nearest is sshd_disable_root_login"]),
    ("a profile there is not", {"profile": "cis_server_l3"}, ["cis_server_l3", "nearest is cis_server_l", "hipaa"]),
    ("a theme there is not", {"themes": ["ssh"]}, ["ssh", "nearest is sshd"]),
    ("a level there is not", {"levels": [3]}, ["level is 3", "1, 2"]),
    ("a risk there is not", {"skip_risks": ["lock"]}, ["lock", "lockout"]),
    ("a value there is not", {"values": {"sshd_max_auth_trys": 3}}, ["sshd_max_auth_trys", "nearest is sshd_max_auth_tries"]),
    ("a wrong type", {"values": {"sshd_max_auth_tries": "many"}}, ["sshd_max_auth_tries", "'many'", "must be int"]),
    ("a truth value for a number", {"values": {"sshd_max_auth_tries": True}}, ["sshd_max_auth_tries", "must be int"]),
    ("a list for a word", {"values": {"banner_text": ["x"]}}, ["banner_text", "must be str"]),
    ("a word for a list", {"values": {"sshd_allow_users": "admin"}}, ["sshd_allow_users", "must be list"]),
    ("out of range", {"values": {"sshd_max_auth_tries": 99}}, ["sshd_max_auth_tries is 99", "1 to 10"]),
    ("none of the choices", {"values": {"sshd_log_level": "QUIET"}}, ["sshd_log_level", "QUIET", "INFO, VERBOSE"]),
    ("a line break", {"values": {"banner_text": "a\nPermitRootLogin yes"}}, ["banner_text", "line break"]),
    ("a line break in a list", {"values": {"sshd_allow_users": ["admin\nPermitRootLogin yes"]}}, ["sshd_allow_users", "list of words"]),
    ("values that are none", {"values": "x"}, ["values is 'x'", "dictionary"]),
    ("an exception without a reason", exception(reason=None), [ROOT, "no reason"]),
    ("an exception without an owner", exception(owner=" "), [ROOT, "no owner"]),
    ("an exception without a date", exception(expires=None), [ROOT, "no expires"]),
    ("an exception with a date that is none", exception(expires="2026-02-30"), [ROOT, "2026-02-30", "YYYY-MM-DD"]),
    ("an exception from a control there is not", exception(id="sshd_disable_root"), ["sshd_disable_root", "nearest is"]),
    ("two exceptions", {"exceptions": [EXCEPTION, EXCEPTION]}, ["two exceptions", ROOT]),
    ("an exception with a key there is not", exception(until="never"), [ROOT, "until"]),
    ("wanted and not", {"only_ids": [ROOT], "skip_ids": [ROOT]}, [ROOT, "only_ids", "skip_ids"]),
    ("a folder that is not there", {"controls_folders": ["/nowhere/controls"]}, ["/nowhere/controls"]),
    ("a controls file that is no YAML", {"controls_folders": ["broken"]}, ["broken/own.yml, line 4", "no YAML"]),
    ("a folder in a file's place", {"controls_folders": ["folder"]}, ["folder/own.yml", "directory"]),
    ("a controls file with something else", {"controls_folders": ["other"]}, ["other/own.yml", "holds no theme"]),
    ("a mechanism there is not", {"controls_folders": ["mechanism"], "only_ids": ["own_one"]}, ["own_one", "sysctls", "sysctl"]),
    ("an environment there is not", {"environment": {"moon": True}}, ["moon", "container"]),
    ("too short a time", {"guard_timeout": 3}, ["guard_timeout", "20 to 3600"]),
    ("a guard there is not", {"guard": "none"}, ["none", "local"]),
    ("a user that is none", {"guard_users": ["a b; touch /tmp/pwned"]}, ["guard_users", "no name of a user"]),
    ("an evidence that cannot be written", {"evidence": "/dev/null/x", "only_ids": [MOTD]}, ["/dev/null"]),
]


@pytest.fixture(scope="module")
def asked(nine, tmp_path_factory):
    place = tmp_path_factory.mktemp("controls")
    texts = {"broken": "theme: own\ntitle: Own\ncontrols: [{id: x\n", "other": "- a list\n",
             "mechanism": "theme: own\ntitle: Own\ncontrols: [{id: own_one, title: One, mechanism: sysctls, args: {}}]\n"}
    for name, text in texts.items():
        (place / name).mkdir()
        (place / name / "own.yml").write_text(text)
    (place / "folder" / "own.yml").mkdir(parents=True)
    tasks = []
    for name, options, _words in ASKED:
        if "controls_folders" in options:
            options = dict(options, controls_folders=[str(place / item) for item in options["controls_folders"]])
        tasks.append(attempt(baseline(name, **options)))
    tasks.append(attempt(dict(baseline("no root", only_ids=[ROOT]), become=False)))
    before = nine.look()
    run = play(nine.name, tasks)
    assert nine.look() == before and "Traceback" not in run.output, run.output
    return run


@pytest.mark.parametrize("name, words", [(name, words) for name, _options, words in ASKED] + [("no root", ["root", "become: true"])])
def test_what_is_asked_for_is_wrong(asked, nine, name, words):
    is_one_error(asked, nine.name, name, words)


# --- what the host is ------------------------------------------------------------------------------------------------------

@dataclass
class Case:
    """A host that is broken: by the script *before*, until *after*. rows: {id: (status, words of its message)}; says: what script *look* prints."""

    name: str
    before: str
    rows: dict
    after: str
    values: dict = field(default_factory=dict)
    look: str = "true"
    says: str = ""
    more: tuple = ()
    full: bool = True


CHANGED, PASS = ("changed", ()), ("pass", ())
TREE = (r"cd /; find etc home -xdev -printf '%p %y %u %g %m %l\n' | sort | sha256sum; "
        "find etc home -xdev -type f ! -path '*/.ansible*' -print0 | sort -z | xargs -0 sha256sum | sha256sum")
VICTIM = "echo 'almalinux of old' >/tmp/victim; chmod 666 /tmp/victim; chown nobody /tmp/victim;"
VICTIM_LOOK = "stat -c '%U %a' /tmp/victim; cat /tmp/victim"
VICTIM_SAYS = "nobody 666\nalmalinux of old"
HASH = "stat -c '%u %a' /etc/shadow; sha256sum </etc/shadow | cmp - /root/shadow.sum && echo same"

CASES = [
    Case("a folder in a file's place", "mv /etc/issue.net /var/tmp/elkit-keep; mkdir /etc/issue.net; mkdir /etc/sysctl.d/zz-elkit-hardening.conf",
         {ISSUE_NET: ("error", ["/etc/issue.net", "Move it away"]), ISSUE: CHANGED,
          SYSCTL: ("error", ["/etc/sysctl.d/zz-elkit-hardening.conf", "Move it away"])},
         "rmdir /etc/issue.net /etc/sysctl.d/zz-elkit-hardening.conf; mv /var/tmp/elkit-keep /etc/issue.net", full=False),
    Case("a folder where sshd's drop-in belongs", "mkdir /etc/ssh/sshd_config.d/00-elkit-hardening.conf",
         {ROOT: ("error", ["/etc/ssh/sshd_config.d/00-elkit-hardening.conf", "Move it away"]), ISSUE: CHANGED},
         "rmdir /etc/ssh/sshd_config.d/00-elkit-hardening.conf"),
    Case("a file where a folder belongs",
         "rm -rf /var/tmp/elkit-keep; mv /etc/security/pwquality.conf.d /var/tmp/elkit-keep; echo x >/etc/security/pwquality.conf.d",
         {"accounts_password_pam_minlen": ("error", ["/etc/security/pwquality.conf.d", "Move it away"]), ISSUE: CHANGED},
         "rm /etc/security/pwquality.conf.d; mv /var/tmp/elkit-keep /etc/security/pwquality.conf.d"),
    Case("a link to nothing", "mv /etc/issue.net /var/tmp/elkit-keep; ln -s /nowhere /etc/issue.net",
         {ISSUE_NET: ("error", ["/etc/issue.net is a link to nothing", "Remove it"]), ISSUE: CHANGED}, "mv -f /var/tmp/elkit-keep /etc/issue.net",
         look="ls /nowhere 2>/dev/null; readlink /etc/issue.net", says="/nowhere", full=False),
    Case("a hostile link", f"{VICTIM} mv /etc/issue.net /var/tmp/elkit-keep; ln -s /tmp/victim /etc/issue.net",
         {ISSUE_NET: ("error", ["/etc/issue.net is a link to /tmp/victim", "Replace the link"]),
          "file_permissions_etc_issue_net": ("error", ["/etc/issue.net is a link"]), "file_owner_etc_issue_net": ("error", ["/etc/issue.net is a link"]),
          ISSUE: CHANGED}, "mv -f /var/tmp/elkit-keep /etc/issue.net", look=VICTIM_LOOK, says=VICTIM_SAYS, full=False),
    Case("a hostile link where our file belongs", f"{VICTIM} ln -s /tmp/victim /etc/ssh/sshd_config.d/00-elkit-hardening.conf; "
         "ln -s /tmp/victim /etc/sysctl.d/zz-elkit-hardening.conf",
         {ROOT: ("error", ["00-elkit-hardening.conf", "/tmp/victim"]), SYSCTL: ("error", ["zz-elkit-hardening.conf is a link to /tmp/victim"]), ISSUE: CHANGED},
         "rm /etc/ssh/sshd_config.d/00-elkit-hardening.conf /etc/sysctl.d/zz-elkit-hardening.conf", look=VICTIM_LOOK, says=VICTIM_SAYS),
    Case("a hostile link on the way", "mkdir -p /tmp/evil; rm -rf /var/tmp/elkit-keep; mkdir -p /etc/systemd/journald.conf.d; "
         "mv /etc/systemd/journald.conf.d /var/tmp/elkit-keep; ln -s /tmp/evil /etc/systemd/journald.conf.d",
         {"journald_compress": ("error", ["/etc/systemd/journald.conf.d", "is a link"]), ISSUE: CHANGED},
         "rm /etc/systemd/journald.conf.d; mv /var/tmp/elkit-keep /etc/systemd/journald.conf.d; rmdir --ignore-fail-on-non-empty /etc/systemd/journald.conf.d",
         look="ls -A /tmp/evil"),
    Case("hostile links of a user", "useradd -m eve; cd /home/eve; for name in .bashrc .bash_profile .netrc .forward .rhosts .evil; do rm -f $name; "
         "ln -s /etc/shadow $name; done; ln -s /etc .config; chown -h eve .??*; sha256sum </etc/shadow >/root/shadow.sum",
         {"file_permission_user_init_files": CHANGED, "accounts_user_dot_user_ownership": PASS, "accounts_user_dot_group_ownership": PASS,
          "no_netrc_files": ("fail", ["somebody may need /home/eve/.netrc", "Ask its owner"]),
          "no_forward_files": ("fail", ["somebody may need /home/eve/.forward", "Ask its owner"]), ISSUE: CHANGED},
         "userdel -r eve 2>/dev/null; true", look=HASH, says="0 0\nsame"),
    Case("an immutable file", "cp -p /etc/issue.net /var/tmp/elkit-keep; chattr +i /etc/issue.net; lsattr /etc/issue.net | grep -q i",
         {ISSUE_NET: ("error", ["/etc/issue.net", "lsattr"]), ISSUE: CHANGED, SYSCTL: CHANGED}, "chattr -i /etc/issue.net", full=False),
    Case("an immutable file with a wrong mode", "chmod 666 /etc/issue.net; chattr +i /etc/issue.net",
         {"file_permissions_etc_issue_net": ("error", ["/etc/issue.net", "lsattr"]), ISSUE: CHANGED}, "chattr -i /etc/issue.net; chmod 644 /etc/issue.net"),
    Case("no authselect", "mv /usr/bin/authselect /root/authselect",
         {"account_password_pam_faillock_system_auth": ("error", ["authselect is not installed", "dnf install authselect"]),
          "enable_authselect": ("error", ["authselect is not installed", "dnf install authselect"]), ISSUE: CHANGED, ROOT: CHANGED},
         "mv /root/authselect /usr/bin/authselect", full=False),
    Case("a broken sshd_config", "cp -p /etc/ssh/sshd_config /var/tmp/elkit-keep; echo 'NoSuchThing yes' >>/etc/ssh/sshd_config",
         {ROOT: ("error", ["/etc/ssh/sshd_config", "NoSuchThing", "Mend"]), "sshd_set_login_grace_time": ("error", ["NoSuchThing", "Mend"]),
          ISSUE: CHANGED, SYSCTL: CHANGED},
         "cat /var/tmp/elkit-keep >/etc/ssh/sshd_config", look="ls /etc/ssh/sshd_config.d 2>/dev/null | grep elkit; grep -rl elkit /etc/ssh", full=False),
    Case("broken sudoers", "echo 'Defaults !!' >/etc/sudoers.d/broken; chmod 440 /etc/sudoers.d/broken",
         {"sudo_add_use_pty": ("error", ["/etc/sudoers.d/broken", "Mend"]), ISSUE: CHANGED}, "rm /etc/sudoers.d/broken",
         look="ls /etc/sudoers.d", says="90-cloud-init-users\nbroken"),
    Case("a broken zone of firewalld", "printf '<zone>' >/etc/firewalld/zones/public.xml",
         {"configure_firewalld_ports": ("error", ["/etc/firewalld/zones/public.xml", "broken", "Mend"]), ISSUE: CHANGED}, "rm /etc/firewalld/zones/public.xml"),
    Case("sshd_config includes itself", "echo 'Include /etc/ssh/sshd_config.d/*.conf' >/etc/ssh/sshd_config.d/60-again.conf",
         {ROOT: ("error", ["Include"]), ISSUE: CHANGED}, "rm /etc/ssh/sshd_config.d/60-again.conf"),
    Case("bytes that are no text", "printf 'almalinux \\377\\376\\n' >/etc/issue; "
         "printf '# \\377\\n' >>/etc/sysctl.conf; printf '# \\377\\n' >>/etc/ssh/sshd_config",
         {ISSUE: CHANGED, SYSCTL: CHANGED, ROOT: CHANGED}, "sed -i '$d' /etc/sysctl.conf /etc/ssh/sshd_config; cat /var/tmp/elkit-issue >/etc/issue"),
    Case("names with spaces", "printf 'net.ipv4.conf.all.send_redirects=1\\n' >'/etc/sysctl.d/zzz a b.conf'; "
         "printf 'PermitRootLogin yes\\n' >'/etc/ssh/sshd_config.d/00 a b.conf'; : >'/etc/cron.d/a b'; chmod 666 '/etc/cron.d/a b'; "
         "printf 'Defaults timestamp_timeout=99\\n' >'/etc/sudoers.d/10 a b'; chmod 440 '/etc/sudoers.d/10 a b'; "
         "mkdir '/home/a b'; useradd -d '/home/a b' spacy 2>/dev/null; "
         "chown spacy '/home/a b'; chmod 777 '/home/a b'; touch '/home/a b/.x y'; chmod 666 '/home/a b/.x y'; chown spacy '/home/a b/.x y'",
         {SYSCTL: CHANGED, ROOT: CHANGED, "sudo_require_reauthentication": CHANGED, "file_permissions_home_directories": CHANGED,
          "file_permission_user_init_files": CHANGED},
         "rm '/etc/sysctl.d/zzz a b.conf' '/etc/ssh/sshd_config.d/00 a b.conf' '/etc/cron.d/a b' '/etc/sudoers.d/10 a b'; userdel -r spacy 2>/dev/null; true",
         look="sshd -T -C user=admin,addr=203.0.113.9 | grep ^permitrootlogin; sysctl -n net.ipv4.conf.all.send_redirects; stat -c %a '/home/a b'",
         says="permitrootlogin no\n0\n750", full=False),
    Case("metacharacters", "true",
         {ISSUE: CHANGED, ISSUE_NET: CHANGED, "sshd_limit_user_access": CHANGED, SYSCTL: CHANGED, "sshd_set_login_grace_time": CHANGED,
          "sudo_add_use_pty": CHANGED, "sudo_custom_logfile": ("error", ["sudo refuses it", "syntax error", "as they were"]),
          "sshd_enable_warning_banner_net": ("error", ["sshd refuses it", "extra arguments", "as they were"])},
         "true", values={"banner_text": ZOO, "sshd_banner": "/etc/issue.net;$(touch /tmp/pwned)", "sudo_logfile": "/var/log/$(touch /tmp/pwned);`x` a.log",
                         "sshd_deny_users": ["$(touch${IFS}/tmp/pwned)", "x;reboot"]},
         look="ls /tmp/pwned 2>/dev/null; cat /etc/issue", says=ZOO, full=False),
    Case("startups that contradict each other", "true",
         {"sshd_set_maxstartups": ("error", ["MaxStartups", "60:30:10"]), ROOT: CHANGED, ISSUE: CHANGED}, "true", values={"sshd_max_startups": "60:30:10"}),
    Case("startups that are none", "true",
         {"sshd_set_maxstartups": ("error", ["MaxStartups", "some"]), ROOT: CHANGED, ISSUE: CHANGED}, "true", values={"sshd_max_startups": "some"}),
    Case("allowed and refused", "true",
         {"sshd_limit_user_access": ("error", ["admin"]), ROOT: CHANGED, ISSUE: CHANGED}, "true",
         values={"sshd_allow_users": ["admin"], "sshd_deny_users": ["admin"]}),
    Case("a default zone there is not", "true",
         {"set_firewalld_default_zone": ("fail", ["no zone dorp; touch /tmp/pwned", "firewall-cmd --get-zones"]), ISSUE: CHANGED}, "true",
         values={"firewall_default_zone": "dorp; touch /tmp/pwned"}, look="ls /tmp/pwned 2>/dev/null"),
    Case("a service there is not", "true", {"configure_firewalld_ports": ("error", ["https;reboot", "443/tcp"]), ISSUE: CHANGED}, "true",
         values={"firewall_open": ["https;reboot"]}),
    Case("a read-only /etc/sysctl.d", "mount --bind /etc/sysctl.d /etc/sysctl.d; mount -o remount,ro,bind /etc/sysctl.d",
         {SYSCTL: ("error", ["/etc/sysctl.d", "Read-only", "writable"]), ISSUE: CHANGED}, "umount /etc/sysctl.d",
         look="sysctl -n net.ipv4.conf.all.send_redirects", says="1"),
]
# Release 9 has them all in the full run, 8 and 10 those of the slice.
NAMES = [pytest.param(el, case.name, marks=[pytest.mark.full] if case.full or el != 9 else [])
         for el in (9, 8, 10) for case in CASES if el == 9 or not case.full]


def one_after_the_other(host, cases):
    """(Run, look before, look after) of all cases on one host: one play, a state of the host after the other."""
    host.run("cp -p /etc/issue /var/tmp/elkit-issue; cp -p /etc/issue.net /var/tmp/elkit-issue.net")
    before = host.look()
    tasks = []
    for case in cases:
        tasks += [shell(f"{case.name}: first", f"( {case.before} ) >/dev/null 2>&1; {TREE}"),
                  attempt(baseline(case.name, only_ids=sorted(case.rows), values=case.values)),
                  shell(f"{case.name}: look", case.look), attempt(dict(UNDO, name=f"{case.name}: undo")),
                  shell(f"{case.name}: last", f"{TREE}; ( {case.after} ) >/dev/null 2>&1")]
    run = play(host.name, tasks)
    host.restore()
    return run, before, host.look()


@pytest.fixture(scope="module")
def broken(nine, request):
    """A function that gives one_after_the_other() of a release's host and all cases that this session asks for; hosts but nine go at once."""
    done = {}

    def of(el):
        if el not in done:
            wanted = {item.callspec.params["name"] for item in request.session.items
                      if item.originalname == "test_the_host_is_broken" and item.callspec.params["el"] == el}
            host = nine if el == 9 else Host(f"bi{el}", f"hard{el}").up()
            try:
                done[el] = one_after_the_other(host, [case for case in CASES if case.name in wanted])
            finally:
                if el != 9:
                    host.down()
        return done[el]
    return of


@pytest.mark.parametrize("el, name", NAMES)
def test_the_host_is_broken(broken, el, name):
    run, _before, _after = broken(el)
    host = f"bi{el}"
    case = next(item for item in CASES if item.name == name)
    result = run.result(host, name)
    assert "controls" in result, result
    rows = {row["id"]: row for row in result["controls"]}
    for identifier, wanted in case.rows.items():
        row = rows[identifier]
        status, words = wanted
        assert row["status"] == status, row
        missing = [word for word in words if word not in row["message"]]
        assert not missing, row
    # No mechanism failed in a way that nobody thought of.
    assert not [row for row in rows.values() if "could not look at it" in str(row.get("message")) or "could not plan it" in str(row.get("message"))], rows
    assert run.result(host, f"{name}: look")["stdout"] == case.says
    assert run.result(host, f"{name}: undo").get("failed") is not True, run.result(host, f"{name}: undo")
    assert run.result(host, f"{name}: last")["stdout"] == run.result(host, f"{name}: first")["stdout"], "the undo is not exact"
    assert "Traceback" not in run.output


@pytest.mark.parametrize("el", [9, *(pytest.param(el, marks=[pytest.mark.full]) for el in (8, 10))])
def test_after_all_of_those_the_host_is_what_it_was(broken, el):
    run, before, after = broken(el)
    assert "Traceback" not in run.output
    assert after == before, sorted(set(after.splitlines()) ^ set(before.splitlines()))


# --- no room ---------------------------------------------------------------------------------------------------------------

def test_a_full_disk_below_one_file(nine):
    before = nine.look()
    with FaultHost(nine.name).full("/etc/sysctl.d"):
        run = play(nine.name, [baseline(only_ids=[SYSCTL, ISSUE, MOTD, ROOT])])
        rows = {row["id"]: row for row in run.result(nine.name, "apply")["controls"]}
        assert rows[SYSCTL]["status"] == "error" and "/etc/sysctl.d" in rows[SYSCTL]["message"] and "Free space" in rows[SYSCTL]["message"], rows[SYSCTL]
        assert {rows[name]["status"] for name in (ISSUE, ROOT)} == {"changed"}, rows
        assert nine.run("sysctl -n net.ipv4.conf.all.send_redirects").strip() == "1", "a control without its file is not in force by half"
        assert nine.run("ls -A /etc/sysctl.d | grep -v -e ^.elkit-fault-fill -e ^99 -e README; true") == ""
    assert play(nine.name, [UNDO]).rc == 0 and nine.look() == before


@pytest.mark.full
def test_a_full_disk_below_the_journal(nine):
    nine.run("mkdir -p /var/lib/elkit")
    before = nine.look()
    with FaultHost(nine.name).full("/var/lib/elkit"):
        run = play(nine.name, [attempt(baseline(only_ids=[SYSCTL, ISSUE, ROOT]))])
        assert "Traceback" not in run.output
        is_one_error(run, nine.name, "apply", ["/var/lib/elkit", "Free space"])
        assert nine.look() == before
    again = play(nine.name, [baseline(only_ids=[SYSCTL, ISSUE, ROOT]), UNDO])
    assert again.rc == 0 and nine.look() == before, again.output


# --- what is no Enterprise Linux -------------------------------------------------------------------------------------------

OTHERS = {
    "CentOS Linux 7": 'NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"',
    "Debian GNU/Linux 13": 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"',
}


@pytest.mark.parametrize("name", OTHERS)
def test_it_is_no_host_for_this(nine, name):
    before = nine.look()
    with FaultHost(nine.name).identity(OTHERS[name]):
        run = play(nine.name, [attempt(baseline()), attempt({"name": "look", "elkit.almalinux.baseline_info": {}})])
    for task in ("apply", "look"):
        is_one_error(run, nine.name, task, [name, "Enterprise Linux 8, 9 and 10", "take it out"])
    assert nine.look() == before and "Traceback" not in run.output


# --- no systemd, and looks that change nothing -----------------------------------------------------------------------------

def test_an_audit_changes_nothing(nine):
    before = nine.look()
    run = play(nine.name, [{"name": "look", "elkit.almalinux.baseline_info": {"profile": "cis_server_l2"}},
                           dict(baseline("check", profile="cis_server_l2"), check_mode=True)])
    assert run.rc == 0 and "Traceback" not in run.output, run.output
    assert nine.look() == before
    assert run.result(nine.name, "look")["counts"]["error"] == 0


def test_no_systemd(plain):
    """A plain container: the audit changes nothing, and what needs units is said to need them, once each."""
    before = plain.look()
    look = play(plain.name, [{"name": "look", "elkit.almalinux.baseline_info": {"profile": "cis_server_l2"}}])
    assert look.rc == 0 and plain.look() == before and "Traceback" not in look.output, look.output
    result = look.result(plain.name, "look")
    assert "no_systemd" in result["environment"] and result["counts"]["error"] == 0, [row for row in result["controls"] if row["status"] == "error"]
    options = {"profile": "cis_server_l1", "skip_ids": ["package_aide_installed"], "skip_themes": ["packages", "aide"]}
    run = play(plain.name, [baseline(**options), baseline("again", **options), UNDO])
    assert run.rc == 0 and "Traceback" not in run.output, run.output
    result = run.result(plain.name, "apply")
    errors = {row["id"]: row.get("message") for row in result["controls"] if row["status"] == "error"}
    # Nobody imported the key of its repository here.
    assert result["counts"]["changed"] > 50 and set(errors) == {"package_systemd-journal-remote_installed"}, (result["counts"], errors)
    assert "key" in errors["package_systemd-journal-remote_installed"], errors
    assert run.result(plain.name, "again")["changed_ids"] == []
    now = plain.look()
    assert now == before, sorted(set(now.splitlines()) ^ set(before.splitlines()))
