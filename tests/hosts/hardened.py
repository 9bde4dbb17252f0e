# SPDX-License-Identifier: GPL-3.0-or-later
"""A host to harden, in a state that somebody else left it in."""
import subprocess
import tempfile
from dataclasses import dataclass

import yaml

from tests.faults import remote
from tests.faults.plays import Play

# All of the configuration with owners and modes, the units, and the kernel's parameters. What programs make by themselves is left out.
LEFT_OUT = r"\( -name .updated -o -name ld.so.cache -o -name resolv.conf -o -name hosts -o -name mtab -o -name .sudo_as_admin_successful -o -name .ansible \)"
# Copies that shadow-utils make of what was there before.
COPIES = "! -path 'etc/group-' ! -path 'etc/*shadow-' ! -path 'etc/passwd-'"
LOOK = rf"""
cd /
find etc home usr/lib/sysctl.d -xdev {LEFT_OUT} -prune -o -printf '%p %y %u %g %m %l\n' | sort
find etc home usr/lib/sysctl.d -xdev {LEFT_OUT} -prune -o -type f {COPIES} -print0 | xargs -0 sha256sum | sort -k 2
rpm -qa | sort
if [ -d /run/systemd/system ]; then
    systemctl list-unit-files --no-legend --no-pager | awk '{{print $1, $2}}' | grep -v -e '^elkit' -e transient | sort
    systemctl is-active sshd firewalld rsyslog crond
fi
sysctl -a 2>/dev/null | grep -E '^(net.ipv[46].conf.(all|default)|kernel.(yama|kptr|dmesg|randomize)|fs.(suid|protected))' | sort
"""
KEEP = "cd / && find etc | sort >/root/.elkit-list && tar -cpf /root/.elkit-etc.tar --exclude=etc/hosts --exclude=etc/resolv.conf --exclude=etc/hostname etc"
RESTORE = r"""
cd / && find etc | sort | comm -13 /root/.elkit-list - | sort -r | tr '\n' '\0' | xargs -0 -r rm -rf
tar -xpf /root/.elkit-etc.tar; rm -f /usr/lib/sysctl.d/zzz-vendor.conf
[ ! -d /run/systemd/system ] || { systemctl daemon-reload; systemctl restart sshd; firewall-cmd -q --reload; }
"""
UNDO = {"name": "undo", "elkit.almalinux.baseline": {"state": "reverted", "revert_to": "first"}}


def play(hosts, tasks, **how):
    """A conftest.Run. What is long here takes much longer on a busy machine."""
    return Play(hosts, tasks, **how).wait(2400)


def baseline(name="apply", **options):
    return {"name": name, "elkit.almalinux.baseline": options}


@dataclass
class Done:
    """What came of a host in some state: run (conftest.Run), rows ({id: row}) of the audit before and of the apply."""

    run: object
    looked: dict
    rows: dict
    result: dict

    def statuses(self):
        return {name: row["status"] for name, row in self.rows.items()}


class Host:
    """One host of the testbed, reached without ssh: whatever is done to sshd is in nobody's way."""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind

    def up(self):
        remote.testbed("up", "--fresh", f"{self.name}:{self.kind}", timeout=3600)
        self.run(KEEP)
        return self

    def restore(self):
        """The configuration is what it was when the host came up."""
        self.run(RESTORE)

    def down(self):
        remote.testbed("down", self.name)

    def run(self, script, check=True):
        """The output of a shell script run as root."""
        return remote.testbed("exec", self.name, "--", "sh", "-c", script) if check else self._try(script)

    def _try(self, script):
        try:
            return self.run(script)
        except remote.RemoteError as error:
            return str(error)

    def look(self):
        return self.run(LOOK)

    def apply(self, variables=None, **options):
        """Look, check, apply, and apply again: the second run changes nothing, and what a check names is what a run changes."""
        info = {"name": "look", "elkit.almalinux.baseline_info": {key: value for key, value in options.items() if not key.startswith("guard")}}
        tasks = [info, dict(baseline("check", **options), check_mode=True), baseline(**options), baseline("again", **options)]
        run = play(self.name, tasks, variables=variables)
        assert run.rc == 0 and "Traceback" not in run.output, run.output
        looked, checked, result, again = (run.result(self.name, task) for task in ("look", "check", "apply", "again"))
        assert checked["changed_ids"] == result["changed_ids"]
        assert again["changed"] is False and again["changed_ids"] == [], [row for row in again["controls"] if row["status"] == "changed"]
        return Done(run, *({row["id"]: row for row in item["controls"]} for item in (looked, result)), result)

    def undo(self, variables=None):
        run = play(self.name, [UNDO], variables=variables)
        assert run.rc == 0 and "Traceback" not in run.output, run.output
        return run.result(self.name, "undo")

    def fresh_login(self, port=22):
        """The output of sudo over a connection of its own."""
        variables, host = inventory(self.name)
        command = ["ssh", *variables["ansible_ssh_common_args"].split(), "-i", variables["ansible_ssh_private_key_file"], "-o", "ControlMaster=no",
                   "-o", "ControlPath=none", "-o", "ConnectTimeout=15", "-p", str(port), f"{variables['ansible_user']}@{host['ansible_host']}",
                   "sudo", "-k", "-n", "id", "-un"]
        return subprocess.run(command, check=True, text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).stdout.strip()

    def refusal(self):
        """(whether the banner of /etc/issue.net came, how many keys were refused before the connection was): what the sshd that runs does."""
        variables, host = inventory(self.name)
        with tempfile.TemporaryDirectory() as folder:
            keys = [f"{folder}/{number}" for number in range(8)]
            for key in keys:
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, stdin=subprocess.DEVNULL, timeout=60)
            command = ["ssh", "-v", *variables["ansible_ssh_common_args"].split(), *(word for key in keys for word in ("-i", key)), "-o", "IdentitiesOnly=yes",
                       "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ConnectTimeout=15", "-p",
                       str(host.get("ansible_port", 22)), f"{variables['ansible_user']}@{host['ansible_host']}", "true"]
            done = subprocess.run(command, check=False, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert done.returncode != 0 and "Too many authentication failures" in done.stderr, done.stderr
        banner = self.run("cat /etc/issue.net").strip()
        return banner in done.stderr, done.stderr.count("Offering public key:")

    def sshd(self, key, **who):
        """What sshd does for a connection (str), by its own word."""
        who = dict({"user": "admin", "addr": "203.0.113.9", "host": "client.example"}, **who)
        words = ",".join(f"{name}={value}" for name, value in who.items())
        found = [line.split(" ", 1)[1] for line in self.run(f"/usr/sbin/sshd -T -C {words}").splitlines() if line.startswith(key.lower() + " ")]
        return found[0] if found else None


def inventory(name):
    """(the variables of all hosts, those of this one)."""
    document = yaml.safe_load(remote.inventory_path().read_text())["all"]
    return document["vars"], document["hosts"][name]
