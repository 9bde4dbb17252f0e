# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that shut the connecting user out, each as a control of one's own in a folder of the inventory."""
import re
from dataclasses import dataclass, field

SSHD = "/etc/ssh/sshd_config.d/00-a-fault.conf"
REFUSED, RETURNED, TAKEN_BACK = "refused beforehand", "returned", "taken back by its program"


def content(path, text, mode="0644"):
    """A control that puts *text* at *path*."""
    return {"mechanism": "content", "args": {"path": path, "text": text, "exact": True, "mode": mode}}


def sshd(*lines):
    """A control that gives sshd these lines, before all others: in a drop-in, or, as on release 8, where it reads none, in its own file."""
    def make(host):
        own = host.run("cat /etc/ssh/sshd_config")
        if re.search(r"(?mi)^\s*Include\b", own):
            return content(SSHD, "\n".join(lines) + "\n", "0600")
        # A Match block ends at the next one, so that what follows it counts for all again.
        end = ["Match all"] if lines[0].startswith("Match") else []
        return content("/etc/ssh/sshd_config", "\n".join([*lines, *end]) + "\n" + own, "0600")
    return make


def no_host_key(host):
    """sshd is given a host key that is not there, and no other: release 8 names its own in its file."""
    control = sshd("HostKey /etc/ssh/none")(host)
    control["args"]["text"] = re.sub(r"(?m)^HostKey /etc/ssh/ssh_host_.*\n", "", control["args"]["text"])
    return control


def keyword(key, value):
    """A control that gives sshd one setting."""
    return {"mechanism": "sshd", "args": {"key": key, "value": value}}


def access(**lists):
    """A control of AllowUsers and its like."""
    return {"mechanism": "sshd_access", "args": lists}


def zone(*elements):
    """A control that writes firewalld's zone public."""
    inside = "\n".join(f"  {item}" for item in ("<short>Public</short>", *elements))
    return content("/etc/firewalld/zones/public.xml", f'<?xml version="1.0" encoding="utf-8"?>\n<zone>\n{inside}\n</zone>\n')


def pam(service, *lines, keep=True):
    """A control that puts lines on top of the stack of a service, or in its place."""
    def make(host):
        text = host.run(f"cat /etc/pam.d/{service}")
        body = re.sub(r"^#%PAM-1.0\n", "", text) if keep else ""
        return content(f"/etc/pam.d/{service}", "#%PAM-1.0\n" + "\n".join(lines) + "\n" + body)
    return make


def edited(path, edit, mode):
    """A control that writes a file of the host with some text of it replaced."""
    return lambda host: content(path, edit(host.run(f"cat {path}")), mode)


def shadow(edit):
    """The same for the fields of admin in /etc/shadow."""
    def change(text):
        lines = []
        for line in text.splitlines():
            fields = line.split(":")
            if fields[0] == "admin":
                edit(fields)
            lines.append(":".join(fields))
        return "\n".join(lines) + "\n"
    return edited("/etc/shadow", change, "0000")


def setter(number, value):
    def edit(fields):
        fields[number] = value
    return edit


@dataclass
class Fault:
    """One way to shut somebody out.

    name: for people. make: the control, or a function of the host that gives it. outcome: how it ends.
    before, after: shell scripts that prepare the host for it, and clean up
    variables: what else the play knows (passwords)
    unrefused: how one that is refused beforehand ends where nothing is
    policy_on: hosts (their names) where the crypto policy says it on sshd's command line: no file can, and the control must say so
    """

    name: str
    make: object
    outcome: str
    before: str = ""
    after: str = ""
    variables: dict = field(default_factory=dict)
    policy_on: tuple = ()
    unrefused: str = RETURNED

    def control(self, host):
        return self.make(host) if callable(self.make) else self.make


PASSWORD = {"ansible_password": "look-alike", "ansible_become_password": "look-alike", "ansible_ssh_private_key_file": ""}
# Three old failures of admin, as pam_faillock keeps them: source, reserved, status (valid), time.
TALLY = """set -e
mkdir -p /run/faillock
$(command -v python3 || echo /usr/libexec/platform-python) -c 'import struct, time
open("/run/faillock/admin", "wb").write(b"".join(struct.pack("<52sHHQ", b"192.0.2.9", 0, 1, int(time.time()) - number) for number in range(3)))'
chown admin /run/faillock/admin; chmod 600 /run/faillock/admin
cp /etc/pam.d/sshd /root/sshd.pam; cp -p /etc/security/faillock.conf /root/faillock.conf
sed -i '1a auth required pam_faillock.so preauth silent' /etc/pam.d/sshd
printf 'deny = 100\\n' >/etc/security/faillock.conf
"""
UNTALLY = """rm -f /run/faillock/admin
cp /root/sshd.pam /etc/pam.d/sshd; cp -p /root/faillock.conf /etc/security/faillock.conf; rm -f /root/sshd.pam /root/faillock.conf
"""

# Two accounts beside admin's: rescue has a key and no password, locked has neither. What shadow-utils change of the host is put back.
ACCOUNTS = """set -e
cd /etc; tar -cpf /var/tmp/elkit-accounts.tar passwd* shadow* group* gshadow* subuid* subgid*
useradd -m rescue; useradd -m locked
cp -a /home/admin/.ssh /home/rescue/.ssh; chown -R rescue:rescue /home/rescue/.ssh
"""
NO_ACCOUNTS = """cd /etc; rm -rf /home/rescue /home/locked /var/spool/mail/rescue /var/spool/mail/locked
for name in passwd shadow group gshadow subuid subgid; do rm -f $name-; done
tar -xpf /var/tmp/elkit-accounts.tar && rm -f /var/tmp/elkit-accounts.tar
"""
# A code is asked for besides the key: a session that is open goes on, and no second one can be opened by a program.
ASK_FOR_CODES = r"""set -e
cp -p /etc/ssh/sshd_config /var/tmp/elkit-sshd_config
sed -i '1i KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive' /etc/ssh/sshd_config
systemctl reload sshd
"""
ASK_FOR_NONE = "[ ! -e /var/tmp/elkit-sshd_config ] || mv -f /var/tmp/elkit-sshd_config /etc/ssh/sshd_config; systemctl reload sshd"

FAULTS = [
    # --- sshd's own settings --------------------------------------------------------------------------------------------
    Fault("AllowUsers without the user", access(allow_users=["somebody"]), REFUSED),
    Fault("AllowUsers from another address", access(allow_users=["admin@192.0.2.1"]), REFUSED),
    Fault("DenyUsers with the user", access(deny_users=["adm*"]), REFUSED),
    Fault("AllowGroups without the user's", access(allow_groups=["somebody"]), REFUSED),
    Fault("DenyGroups with the user's", access(deny_groups=["wheel"]), REFUSED),
    # The host cannot tell a key from a Kerberos ticket: the login tells.
    Fault("PubkeyAuthentication no", keyword("PubkeyAuthentication", "no"), RETURNED),
    Fault("AuthorizedKeysFile moved", keyword("AuthorizedKeysFile", "/etc/ssh/keys/%u"), REFUSED),
    Fault("key type no longer accepted", keyword("PubkeyAcceptedAlgorithms", "ecdsa-sha2-nistp521"), REFUSED),
    Fault("AuthenticationMethods with a password", keyword("AuthenticationMethods", "publickey,password"), REFUSED),
    Fault("another port", keyword("Port", "2222"), REFUSED),
    Fault("ListenAddress of no interface", keyword("ListenAddress", "192.0.2.77"), REFUSED),
    Fault("ListenAddress loopback", keyword("ListenAddress", "127.0.0.1"), REFUSED),
    Fault("ForceCommand in a Match block", sshd("Match Address 10.0.0.0/8,172.16.0.0/12", "  ForceCommand /bin/false"), REFUSED),
    Fault("Match block denies", sshd("Match User admin", "  DenyUsers admin"), REFUSED),
    Fault("ChrootDirectory", sshd("Match User admin", "  ChrootDirectory /var/empty"), REFUSED),
    Fault("sshd does not know the word", sshd("NoSuchKeyword yes"), REFUSED, unrefused=TAKEN_BACK),
    Fault("sshd has no host key", no_host_key, REFUSED, unrefused=TAKEN_BACK),
    Fault("MaxAuthTries 0", keyword("MaxAuthTries", "0"), RETURNED),
    Fault("MaxSessions 0", keyword("MaxSessions", "0"), RETURNED),
    Fault("key exchange that the client has not", keyword("KexAlgorithms", "diffie-hellman-group1-sha1"), RETURNED, policy_on=("lk8",)),
    Fault("ciphers that the client has not", keyword("Ciphers", "3des-cbc"), RETURNED, policy_on=("lk8",)),
    # --- files of the user ------------------------------------------------------------------------------------------------
    Fault("home writable by others", {"mechanism": "permissions", "args": {"paths": ["/home/admin"], "mode": "0777", "bits": "0022"}}, REFUSED),
    # --- accounts ---------------------------------------------------------------------------------------------------------
    Fault("/etc/nologin", content("/etc/nologin", "not today"), REFUSED),
    Fault("account expired", shadow(setter(7, "1000")), REFUSED),
    Fault("password expired", shadow(lambda fields: fields.__setitem__(slice(2, 5), ["10000", "0", "30"])), REFUSED),
    Fault("password must be changed", shadow(setter(2, "0")), REFUSED),
    Fault("shell is nologin", edited("/etc/passwd", lambda text: re.sub(r"(?m)^(admin:.*:)/bin/bash$", r"\1/sbin/nologin", text), "0644"), REFUSED),
    Fault("shell is not there", edited("/etc/passwd", lambda text: re.sub(r"(?m)^(admin:.*:)/bin/bash$", r"\1/bin/nosuch", text), "0644"), REFUSED),
    Fault("faillock tally", content("/etc/security/faillock.conf", "deny = 2"), REFUSED, TALLY, UNTALLY, PASSWORD),
    # --- PAM ----------------------------------------------------------------------------------------------------------------
    Fault("PAM denies accounts", pam("sshd", "account required pam_deny.so", keep=False), REFUSED),
    Fault("PAM stack without a file", pam("sshd", "account include no-such-stack"), REFUSED),
    Fault("PAM module is not there", pam("sshd", "account required pam_nothere.so"), RETURNED),
    Fault("PAM lets others in", pam("sshd", "account requisite pam_succeed_if.so user = somebody"), RETURNED),
    Fault("PAM of sudo lets others in", pam("sudo", "account requisite pam_succeed_if.so user = somebody"), RETURNED),
    Fault("no logins by limits", content("/etc/security/limits.d/99-fault.conf", "admin - maxlogins 0"), RETURNED),
    # --- sudo ---------------------------------------------------------------------------------------------------------------
    Fault("sudoers syntax", content("/etc/sudoers.d/zz_fault", "admin ALL=(", "0440"), TAKEN_BACK),
    Fault("sudo asks for a terminal", content("/etc/sudoers.d/zz_fault", "Defaults requiretty", "0440"), REFUSED),
    Fault("sudo asks for a password", content("/etc/sudoers.d/zz_fault", "admin ALL=(ALL) PASSWD: ALL", "0440"), REFUSED),
    Fault("sudo runs no shell", content("/etc/sudoers.d/zz_fault", "admin ALL=(ALL) !/bin/sh, !/usr/bin/sh", "0440"), RETURNED),
    # --- the firewall ---------------------------------------------------------------------------------------------------------
    Fault("ssh not open in the zone", zone('<service name="dhcpv6-client"/>'), REFUSED),
    Fault("a rule refuses the address", zone('<service name="ssh"/>', '<rule family="ipv4"><source address="0.0.0.0/0"/><drop/></rule>'), REFUSED),
    Fault("default zone drop", {"mechanism": "keyvalue", "args": {
        "files": ["/etc/firewalld/firewalld.conf"], "ours": "/etc/firewalld/firewalld.conf", "key": "DefaultZone", "value": "drop"}}, REFUSED),
    Fault("a policy drops all", content("/etc/firewalld/policies/fault.xml", '<?xml version="1.0" encoding="utf-8"?>\n'
          '<policy target="DROP" priority="-100">\n  <ingress-zone name="ANY"/>\n  <egress-zone name="HOST"/>\n</policy>'), RETURNED),
    # --- the shell ------------------------------------------------------------------------------------------------------------
    Fault("the shell ends at its start", edited("/etc/bashrc", lambda text: "exit 7\n" + text, "0644"), RETURNED),
]
BY_NAME = {item.name: item for item in FAULTS}
