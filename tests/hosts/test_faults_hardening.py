# SPDX-License-Identifier: GPL-3.0-or-later
"""A baseline that is killed at named points of both its parts: the same play again converges, and the way back is exact."""
import pytest

from tests.faults import matrix
from tests.faults.matrix import AGAIN, CONTROLLER, CUT, PARENT, REVERT, SIGKILL, STOP
from tests.faults.plays import play
from tests.faults.points import JOURNAL, KILL, Point, in_transaction, journal

pytest_plugins = ["tests.faults.fixtures"]

CONCERN = "baseline"
GUARD = "/var/lib/elkit/baseline/guard.json"
# A package, files of several readers, modes, units, sysctls, PAM and sshd: all that a run puts, in both of its parts.
IDS = ["package_aide_installed", "sysctl_net_ipv4_conf_all_log_martians", "sysctl_net_ipv4_conf_all_send_redirects", "banner_etc_motd_cis",
       "banner_etc_issue_cis", "file_permissions_crontab", "file_permissions_cron_d", "journald_compress", "coredump_disable_storage",
       "kernel_module_usb-storage_disabled", "sudo_add_use_pty", "accounts_umask_etc_login_defs", "accounts_maximum_age_login_defs",
       "accounts_passwords_pam_faillock_deny", "accounts_password_pam_minlen", "sshd_set_max_auth_tries", "sshd_disable_root_login",
       "sshd_set_loglevel_verbose", "sshd_limit_user_access"]
TASK = {"only_ids": IDS, "values": {}, "guard_timeout": 30}
APPLY = [{"name": "apply", "elkit.almalinux.baseline": TASK}]
KEYS = [{"name": "keys", "elkit.almalinux.repositories": {"enabled": ["baseos"], "trusted_keys": "{{ repositories_trusted_keys }}", "verify": False}}]
UNDO = [{"name": "undo", "elkit.almalinux.baseline": {"state": "reverted", "revert_to": "first"}}]
# Every file of the configuration with its owner and mode, what is installed, the units, and the network's parameters.
LOOK = """
find /etc -xdev ! -name .updated ! -name ld.so.cache ! -name resolv.conf ! -name hosts ! -name hostname ! -name mtab ! -name '*.db' ! -name '*-' \
    -printf '%p %y %u %g %m %l\\n' | sort
find /etc -xdev -type f ! -name .updated ! -name ld.so.cache ! -name resolv.conf ! -name hosts ! -name hostname ! -name mtab ! -name '*.db' ! -name '*-' \
    -exec sha256sum {} + | sort -k 2
rpm -qa | grep -v ^gpg-pubkey | sort
rpm --verifydb || echo 'the database is damaged'
systemctl list-unit-files --no-legend --no-pager | awk '$2 != "transient" {print $1, $2}' | grep -v '^elkit' | sort
sysctl -a 2>/dev/null | grep -E '^net.ipv4.conf.(all|default)' | sort
"""
STEPS = {
    "planned": journal(CONCERN, "planned"),
    "planned, packages noted": journal(CONCERN, "planned", occurrence=2),
    "first package": in_transaction(CONCERN, "planned", 1),
    "before-images": journal(CONCERN, "before-images"),
    "staged": journal(CONCERN, "staged"),
    "after the first file": journal(CONCERN, "after-first-file"),
    "files": journal(CONCERN, "files"),
    "states noted": journal(CONCERN, "files", occurrence=2),
    "first part applied": journal(CONCERN, "applied"),
    "second part, before-images": journal(CONCERN, "before-images", occurrence=2),
    "second part, staged": journal(CONCERN, "staged", occurrence=2),
    "second part, after the first file": journal(CONCERN, "after-first-file", occurrence=2),
    "second part, files": journal(CONCERN, "files", occurrence=3),
    "way back armed": Point("armed", GUARD, (("stage", "armed"),)),
    "second part applied": Point("guard: applied", GUARD, (("stage", "applied"),)),
}
BACK = {"reverting": journal(CONCERN, "reverting"), "reverted": journal(CONCERN, "reverted"),
        "second entry reverting": journal(CONCERN, "reverting", occurrence=2)}
DATABASE = "aide_build_database"


class Last(Point):
    """In the last stage: all is committed, and the action plugin's second call makes AIDE's database. Its end is an error of that control alone."""

    def strike(self, host, _action, tasks):
        host.arm(self, KILL)
        run = play(host.name, tasks)
        host.confirmed()
        result = run.result(host.name, "apply")
        rows = {row["id"]: row for row in result["controls"]}
        assert result["guard"]["outcome"] == "committed" and host.state(GUARD)["stage"] == "committed", result
        assert rows[DATABASE]["status"] == "error" and rows[DATABASE]["message"].startswith("not applied: "), rows[DATABASE]
        assert {row["status"] for name, row in rows.items() if name != DATABASE} == {"changed"}, rows


LAST = Last("last stage, AIDE's database", f"{JOURNAL}/{CONCERN}/*/state.json", (("step", "planned"),), 1, ("_baseline/kinds/aide.py", ("put",), ()))
CASES = ([("fh9", step, SIGKILL) for step in STEPS if step != "first package"]
         # dnf's helper alone is no run's end: its packages are an error, and the run goes on.
         + [("fh9", "first package", PARENT)]
         + [("fh9", step, action) for step in ("after the first file", "second part, files") for action in (CONTROLLER, CUT, STOP)]
         + [(name, step, SIGKILL) for name in ("fh8", "fh10") for step in ("after the first file", "second part, files")])
SLICE = {("fh9", "after the first file", SIGKILL), ("fh9", "second part, files", SIGKILL)}

table = matrix.table_of("baseline")


@pytest.fixture(scope="module")
def subject():
    """A function that gives the Subject, learnt on a host."""
    known = matrix.Subject(APPLY, UNDO, lambda host: host.run(LOOK), f"{JOURNAL}/{CONCERN}/*/state.json", {},
                           [{"elkit.almalinux.baseline": {"state": "reverted", "revert_to": "first", "force": True}}])

    def give(host):
        if host.name not in known.states:
            assert play(host.name, KEYS).rc == 0
        return known.on(host)
    return give


@pytest.mark.parametrize("name, step, action", matrix.wide(CASES, SLICE))
def test_disturbed_then_the_same_play_again(fault_host, subject, table, name, step, action):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, STEPS[step], action, AGAIN))


@pytest.mark.full
def test_killed_in_the_last_stage(fault_host, table):
    """A few controls alone: to make the database takes its time."""
    host = fault_host("fh9")
    tasks = [{"name": "apply", "elkit.almalinux.baseline": dict(TASK, only_ids=["package_aide_installed", "sshd_set_max_auth_tries", DATABASE])}]
    assert play(host.name, KEYS).rc == 0
    last = matrix.Subject(tasks, UNDO, lambda host: host.run(LOOK + "ls -A /var/lib/aide 2>/dev/null; true"), f"{JOURNAL}/{CONCERN}/*/state.json", {},
                          [{"elkit.almalinux.baseline": {"state": "reverted", "revert_to": "first", "force": True}}])
    for way in (AGAIN, REVERT):
        table.add(matrix.case(last.on(host), host, LAST, SIGKILL, way))


@pytest.mark.parametrize("name, step", matrix.wide([("fh9", step) for step in ("files", "second part, files")], set()))
def test_disturbed_then_undone_at_once(fault_host, subject, table, name, step):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, STEPS[step], SIGKILL, REVERT))


@pytest.mark.parametrize("name, step", matrix.wide([("fh9", step) for step in BACK], set()))
def test_a_disturbed_undo(fault_host, subject, table, name, step):
    host = fault_host(name)
    table.add(matrix.case(subject(host), host, BACK[step], SIGKILL, AGAIN, of_undo=True))
