# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What follows a change of files: who checks them, and who reads them anew. Data; one row per reader."""

import fnmatch

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError


class Reader(object):
    """A program that reads files.

    :param name: str, for people
    :param paths: patterns (fnmatch) of the files
    :param check: command (list) that refuses files the program could not read, or None. It is run after they are written and before
        anything is reloaded; where it fails they are put back.
    :param act: command (list) that has them read anew, or None
    :param unit: unit that must be active for *act*, or None where *act* is run anyway
    :param unless: a function of the context; where it says True *act* would fail, and the next boot does it
    :param makes: paths of files that *act* makes of them
    """

    def __init__(self, name, paths, check=None, act=None, unit=None, unless=None, makes=()):
        self.name = name
        self.paths = paths
        self.check = check
        self.act = act
        self.unit = unit
        self.unless = unless
        self.makes = makes

    def reads(self, path):
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.paths)


def audit_is_locked(context):
    """Whether the kernel takes no more audit rules until it boots anew ("-e 2")."""
    try:
        result = context.run(["auditctl", "-s"], check=False)
    except ElkitError:
        return False
    return any(line.split() == ["enabled", "2"] for line in result.stdout.splitlines())


READERS = (
    Reader("systemd", ("/etc/fstab", "/etc/systemd/system/*", "/etc/systemd/system.conf.d/*"), act=["systemctl", "daemon-reload"]),
    Reader("sshd", ("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*"), ["sshd", "-t"],
           ["systemctl", "reload-or-restart", "sshd.service"], "sshd.service"),
    # systemd reads it when it starts the unit: one that is reloaded keeps its arguments. Open sessions stay.
    Reader("sshd's unit", ("/etc/sysconfig/sshd",), ["sshd", "-t"], ["systemctl", "restart", "sshd.service"], "sshd.service"),
    Reader("sudo", ("/etc/sudoers", "/etc/sudoers.d/*"), ["visudo", "-c"]),
    # On every release: EL10's audit-rules.service runs the same command at boot. Locked rules can only be changed by a boot.
    Reader("audit rules", ("/etc/audit/rules.d/*",), ["augenrules", "--check"], ["augenrules", "--load"], "auditd.service", unless=audit_is_locked,
           makes=("/etc/audit/audit.rules", "/etc/audit/audit.rules.prev")),
    # Its unit refuses to be stopped, has a reload on some releases only, and auditctl --signal is as young.
    Reader("auditd", ("/etc/audit/auditd.conf", "/etc/audit/plugins.d/*"), None,
           ["systemctl", "kill", "--kill-who=main", "--signal=HUP", "auditd.service"], "auditd.service"),
    Reader("journald", ("/etc/systemd/journald.conf", "/etc/systemd/journald.conf.d/*"), None,
           ["systemctl", "restart", "systemd-journald.service"], "systemd-journald.service"),
    Reader("rsyslog", ("/etc/rsyslog.conf", "/etc/rsyslog.d/*"), ["rsyslogd", "-N1"], ["systemctl", "restart", "rsyslog.service"], "rsyslog.service"),
    Reader("chrony", ("/etc/chrony.conf", "/etc/chrony.d/*", "/etc/sysconfig/chronyd"), None,
           ["systemctl", "restart", "chronyd.service"], "chronyd.service"),
    Reader("postfix", ("/etc/postfix/main.cf",), ["postfix", "check"], ["systemctl", "restart", "postfix.service"], "postfix.service"),
    Reader("nfs", ("/etc/exports", "/etc/exports.d/*"), None, ["exportfs", "-ra"], "nfs-server.service"),
    # The offline one needs no D-Bus, so it checks where firewalld does not run, too.
    Reader("firewalld", ("/etc/firewalld/*",), ["firewall-offline-cmd", "--check-config"], ["firewall-cmd", "--reload"], "firewalld.service"),
    Reader("aide", ("/etc/aide.conf",), ["aide", "--config=/etc/aide.conf", "--config-check"]),
    Reader("dconf", ("/etc/dconf/db/*",), None, ["dconf", "update"]),
    # A sub-policy whose text changed takes effect with the next generation of the back ends alone.
    Reader("crypto policies", ("/etc/crypto-policies/policies/*",), None, ["update-crypto-policies"]),
)


def of(paths):
    """The Readers of any of *paths*."""
    return [reader for reader in READERS if any(reader.reads(path) for path in paths)]
