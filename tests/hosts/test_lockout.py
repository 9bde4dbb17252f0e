# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that shut the connecting user out: the host is reachable again without help, within the time-out, and the report names the control."""
import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest
import yaml

from tests.faults import remote
from tests.faults.host import FaultHost
from tests.faults.plays import Play, play
from tests.faults.points import KILL, PAUSE, Point
from tests.hosts import lockout

# Hosts of their own: what is done to them must be in nobody's way.
KINDS = {"lk9": "hard9", "lk8": "hard8", "lk10": "hard10"}
TIMEOUT = 40
# A busy machine, and what is between two looks at a host.
SLACK = 25
STATE = "/var/lib/elkit/baseline/guard.json"
INNOCENT = ("own_innocent_first", "own_innocent_second")
GUILTY = "own_guilty"
UNDO = [{"name": "undo", "elkit.almalinux.baseline": {"state": "reverted", "revert_to": "first", "force": True}}]
# The address of a host that was stopped is another; podman writes these files.
LOOK = """
cd /
list() { find etc home/admin \\( -name .bash_history -o -name .ansible -o -path etc/hosts -o -path etc/resolv.conf -o -path etc/shadow- \\) -prune -o "$@"; }
list -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum
list -printf '%p %m %U:%G %l\\n' | sort | sha256sum
systemctl is-active sshd firewalld
systemctl list-units --plain --no-legend 'elkit-*' | wc -l
"""
SLICE = ("key exchange that the client has not", "sudo runs no shell", "sudoers syntax")
# Of what is refused beforehand: sshd does not start, nobody listens, the account is closed.
UNREFUSED_SLICE = ("ListenAddress of no interface", "another port", "account expired")


HEAD = ("host", "fault", "ended", "names", "the others", "longest unreachable, s", "run, s", "the report says")


def release_of(name):
    """The major (str) of the host *name*."""
    return re.search(r"\d+\Z", name).group()


@dataclass
class Row:
    """What was measured of one fault."""

    host: str
    fault: str
    ended: str
    named: str
    others: str
    unreachable: str
    seconds: str
    says: str


class Table:
    """The rows, and their print: .build/faults/lockout-8.txt and its like, one for the hosts of a release."""

    def __init__(self):
        self.rows = []

    def add(self, *cells):
        self.rows.append(Row(*cells))
        major = release_of(cells[0])
        path = Path(remote.BUILD) / "faults" / f"lockout-{major}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text([row for row in self.rows if release_of(row.host) == major]))

    def text(self, rows):
        lines = [HEAD, *(astuple(row) for row in rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines) + "\n"


@pytest.fixture(scope="module")
def table():
    rows = Table()
    yield rows
    print("\n" + rows.text(rows.rows))


class Watch:
    """Logs in again and again, as root by sudo, and notes the longest time in which it could not, and how often it tried.

    Leaving it raises what kept it from trying.
    """

    def __init__(self, name):
        self.name, self.longest, self.tries, self._end, self._error = name, 0.0, 0, threading.Event(), None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_error):
        self._end.set()
        self._thread.join(30)
        if kind is None:
            if self._error is not None:
                raise self._error
            assert self.tries and not self._thread.is_alive(), f"{self.tries} logins were tried"

    def _run(self):
        try:
            last, ends = time.monotonic(), False
            while not ends:
                if reachable(self.name):
                    last = time.monotonic()
                else:
                    self.longest = max(self.longest, time.monotonic() - last)
                self.tries += 1
                ends = self._end.wait(2.5)
        except Exception as error:
            self._error = error


def reachable(name):
    """Whether a login of its own gets in, and becomes root."""
    inventory = yaml.safe_load(remote.inventory_path().read_text())["all"]
    variables, host = inventory["vars"], inventory["hosts"].get(name)
    if host is None:
        return False
    command = ["ssh", "-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=4",
               *variables["ansible_ssh_common_args"].split(), "-i", variables["ansible_ssh_private_key_file"],
               "-p", str(host.get("ansible_port", 22)), f"{variables['ansible_user']}@{host['ansible_host']}", "sudo -k -n sh -c true"]
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=12).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def wait_for(name, seconds):
    """Wait until one can log in: the seconds that it took."""
    begun = time.monotonic()
    while not reachable(name):
        assert time.monotonic() - begun < seconds, f"{name} is not reachable after {seconds} s"
        time.sleep(1)
    return time.monotonic() - begun


def folder_of(tmp_path, guilty):
    """A folder with the *guilty* control and two that do no harm, all of risk lockout."""
    harmless = [dict(lockout.content(f"/etc/elkit-{name}", name), id=name) for name in INNOCENT]
    controls = [dict(item, title=item["id"], risk=["lockout"]) for item in (harmless[0], dict(guilty, id=GUILTY), harmless[1])]
    (tmp_path / "own").mkdir(exist_ok=True)
    (tmp_path / "own" / "own.yml").write_text(yaml.safe_dump({"theme": "own", "title": "Own", "controls": controls}))
    return tmp_path / "own"


def tasks_of(folder, **more):
    return [{"name": "apply", "elkit.almalinux.baseline": dict(
        {"controls_folders": [str(folder)], "only_ids": [*INNOCENT, GUILTY], "guard_timeout": TIMEOUT}, **more)}]


@pytest.fixture(scope="module", params=[name if name == "lk9" else pytest.param(name, marks=pytest.mark.full) for name in KINDS])
def fresh(request):
    """A host, up and with the hook of the faults in its Pythons."""
    remote.testbed("up", f"{request.param}:{KINDS[request.param]}", timeout=3600)
    found = FaultHost(request.param)
    found.install()
    return found


@pytest.fixture
def host(fresh):
    """The host, and a look that it is afterwards what it was."""
    found = fresh
    before = found.run(LOOK)
    yield found
    found.disarm()
    if found.run(LOOK) != before:
        undone = play(found.name, UNDO)
        assert undone.rc == 0, undone.output
        assert found.run(LOOK) == before, "the undo is not exact"


def how_it_ended(message):
    """The outcome that a guilty control's message speaks of, or the message where it speaks of none."""
    words = {"refused, for it would shut out ": lockout.REFUSED, "taken back: a fresh login failed at the ": lockout.RETURNED,
             "sshd refuses it: ": lockout.TAKEN_BACK, "sudo refuses it: ": lockout.TAKEN_BACK}
    return next((outcome for start, outcome in words.items() if message.startswith(start)), message)


def row_of(table, host, fault, result, unreachable, seconds, outcome=None):
    """Put one fault of a host into the table; the rows of its run by id.

    outcome: how it must have ended, where not as the fault has it
    """
    rows = {row["id"]: row for row in result["controls"]}
    guilty = rows[GUILTY]
    message = guilty.get("message") or ""
    ended = how_it_ended(message)
    table.add(host.name, fault.name, ended, "yes" if guilty["status"] == "error" else "no", ", ".join(sorted({rows[item]["status"] for item in INNOCENT})),
              unreachable, seconds, " ".join(message.split())[:150])
    assert guilty["status"] == "error" and message, guilty
    assert ended == (outcome or fault.outcome), message
    assert ended != lockout.REFUSED or "shut out admin" in message, message
    return rows


# What is refused changes nothing, so all of them go into one play; what needs the host prepared stands alone.
TOGETHER = [item for item in lockout.FAULTS if item.outcome == lockout.REFUSED and not item.before]
ALONE = [item for item in lockout.FAULTS if item not in TOGETHER]


@pytest.mark.parametrize("faults", [pytest.param(TOGETHER[:3], id="few"), pytest.param(TOGETHER[3:], id="others", marks=pytest.mark.full)])
def test_refused_beforehand(host, table, tmp_path, faults):
    tasks = []
    for number, fault in enumerate(faults):
        (tmp_path / str(number)).mkdir()
        tasks += [dict(tasks_of(folder_of(tmp_path / str(number), fault.control(host)))[0], name=fault.name)]
    with Watch(host.name) as watch:
        run = Play(host.name, tasks + UNDO).wait(1200)
    bad = []
    for number, fault in enumerate(faults):
        try:
            rows = row_of(table, host, fault, run.result(host.name, fault.name), "0", "-")
            assert {rows[item]["status"] for item in INNOCENT} == {"pass" if number else "changed"}
        except AssertionError as error:
            bad.append(f"{fault.name}: {error}")
    assert not bad, "\n".join(bad)
    # One look may be late on a busy machine; nobody was ever shut out.
    assert watch.longest <= 15, f"nobody could log in for {watch.longest:.0f} s"


@pytest.mark.parametrize("name", [pytest.param(item.name, marks=[] if item.name in SLICE else [pytest.mark.full]) for item in ALONE])
def test_shut_out(host, table, tmp_path, name):
    shut_out(host, table, tmp_path, lockout.BY_NAME[name], lockout.BY_NAME[name].outcome)


@pytest.mark.parametrize("name", [pytest.param(item.name, marks=[] if item.name in UNREFUSED_SLICE else [pytest.mark.full])
                                  for item in lockout.FAULTS if item.outcome == lockout.REFUSED])
def test_shut_out_by_what_the_look_beforehand_missed(host, table, tmp_path, name):
    """What is refused beforehand never reaches the host; a fault of the same kind that nobody foresaw does, and must end as well."""
    fault = lockout.BY_NAME[name]
    host.blind()
    shut_out(host, table, tmp_path, fault, fault.unrefused)
    assert host.blinded(), "the guard refused nothing, because nobody asked it"


def shut_out(host, table, tmp_path, fault, outcome):
    """One fault of a host, by itself, which must end by *outcome*."""
    if fault.before:
        host.run(fault.before)
    try:
        begun = time.monotonic()
        with Watch(host.name) as watch:
            run = Play(host.name, tasks_of(folder_of(tmp_path, fault.control(host))) + UNDO, variables=fault.variables).wait(600)
        took = time.monotonic() - begun
        wait_for(host.name, 5)
        result = run.result(host.name, "apply")
        if host.name in fault.policy_on:
            guilty = next(row for row in result["controls"] if row["id"] == GUILTY)
            assert guilty["status"] == "fail" and "command line" in guilty["message"] and "/etc/crypto-policies/" in guilty["overridden_by"], guilty
            assert {row["status"] for row in result["controls"] if row["id"] != GUILTY} == {"changed"} and result["guard"]["outcome"] == "committed", result
            table.add(host.name, fault.name, "not written", "yes", "changed", f"{watch.longest:.0f}", f"{took:.0f}", " ".join(guilty["message"].split())[:150])
            return
        rows = row_of(table, host, fault, result, f"{watch.longest:.0f}", f"{took:.0f}", outcome)
        assert [rows[item]["status"] for item in INNOCENT] == ["changed", "changed"], rows
        assert watch.longest <= TIMEOUT + SLACK, f"nobody could log in for {watch.longest:.0f} s"
        assert result["guard"]["outcome"] == ("returned" if outcome == lockout.RETURNED else "committed"), result["guard"]
        assert result["guard"]["logins"] >= (2 if outcome == lockout.RETURNED else 1), result["guard"]
        assert host.state(STATE)["stage"] in ("committed", "returned")
    finally:
        if fault.after:
            host.run(fault.after)


# --- before the commit ---------------------------------------------------------------------------------------------------

def kill_all(running):
    """SIGKILL to ansible-playbook and its forks, which newer cores give sessions of their own: one of them would log in and commit."""
    playbook = str(running.folder / "play.yml").encode()
    forks = [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if playbook in _content(path)]
    for number in forks:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(number), signal.SIGKILL)
    running.process.wait(30)


def _content(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


APPLIED = Point("applied", STATE, (("stage", "applied"),))
ARMED = Point("armed", STATE, (("stage", "armed"),))
HARMLESS = lockout.content("/etc/elkit-third", "third")


def left_alone(host, table, name, tmp_path, strike, point=APPLIED, action=PAUSE, third=None, look="true"):
    """What *strike* does while the host waits for its commit leads to the state before, by itself.

    :param third: a control of its own besides the harmless ones
    :param look: prints what else is to be as before
    """
    before = host.run(look)
    host.arm(point, action)
    running = Play(host.name, tasks_of(folder_of(tmp_path, third or HARMLESS)))
    begun = time.monotonic()
    try:
        record = host.confirmed(timeout=90)
        strike(running, record)
        deadline = time.monotonic() + TIMEOUT + SLACK + 30
        while True:
            if reachable(host.name) and (host.state(STATE) or {}).get("stage") == "returned":
                break
            assert time.monotonic() < deadline, host.state(STATE)
            time.sleep(1)
        took = time.monotonic() - begun
    finally:
        if running.process.poll() is None:
            running.kill()
        host.disarm()
    state = host.state(STATE)
    assert host.run("ls /etc/elkit-own* /etc/elkit-third 2>/dev/null; true") == "" and host.run(look) == before, "not all of it went back"
    table.add(host.name, name, "returned", "-", "-", "-", f"{took:.0f}", state["why"])
    assert state["why"] and not state["errors"], state
    again = play(host.name, tasks_of(tmp_path / "own"))
    assert again.rc == 0 and again.result(host.name, "apply")["guard"]["outcome"] == "committed", again.output


@pytest.mark.full
def test_the_controller_dies_before_the_commit(host, table, tmp_path):
    def strike(running, record):
        kill_all(running)
        host.release(record["pid"])
    left_alone(host, table, "controller killed before the commit", tmp_path, strike)


@pytest.mark.full
def test_the_connection_is_cut_before_the_commit(host, table, tmp_path):
    def strike(running, record):
        host.cut(record["pid"])
        kill_all(running)
        host.release(record["pid"])
    left_alone(host, table, "connection cut before the commit", tmp_path, strike)


# A socket of sshd's, which starts before basic.target does: what systemd would say about the order of the next boot with it.
SOCKET = r"""
mkdir -p /run/systemd/system/sockets.target.wants
printf '[Unit]\nDescription=sshd\n[Socket]\nListenStream=2222\nAccept=yes\n' >/run/systemd/system/sshd.socket
printf '[Unit]\nDescription=sshd\n[Service]\nExecStart=-/usr/sbin/sshd -i\nStandardInput=socket\n' >/run/systemd/system/sshd@.service
ln -sf ../sshd.socket /run/systemd/system/sockets.target.wants/sshd.socket
systemd-analyze verify --man=no multi-user.target 2>&1; echo verified
rm -f /run/systemd/system/sockets.target.wants/sshd.socket /run/systemd/system/sshd.socket /run/systemd/system/sshd@.service
"""


def test_the_host_stops_before_the_commit(host, table, tmp_path):
    def strike(running, _record):
        kill_all(running)
        said = host.run(SOCKET)
        assert "verified" in said and "ordering cycle" not in said, said
        host.stop_and_start()
    left_alone(host, table, "host stopped and started before the commit", tmp_path, strike)


AGES = {"mechanism": "password_age", "args": {"age": "max", "value": 300, "compare": "at_most"}}
MAX_AGES = "cut -d: -f1,5 /etc/shadow"


@pytest.mark.full
@pytest.mark.parametrize("boots", [False, True], ids=["in time", "at boot"])
def test_what_cannot_be_put_back_at_once_is_tried_again(host, table, tmp_path, boots):
    """All the rest is back meanwhile."""
    as_it_was = host.run(MAX_AGES)

    def strike(running, record):
        assert host.run(MAX_AGES) != as_it_was
        host.run("chattr +i /etc/shadow")
        try:
            kill_all(running)
            host.stop_and_start() if boots else host.release(record["pid"])
            deadline = time.monotonic() + TIMEOUT + SLACK + 30
            while not (reachable(host.name) and (host.state(STATE) or {}).get("errors")):
                assert time.monotonic() < deadline, host.state(STATE)
                time.sleep(1)
            state = host.state(STATE)
            assert state["stage"] == "returning" and "chage" in state["errors"][0], state
            assert host.run("ls /etc/elkit-own* 2>/dev/null; true") == "" and host.run(MAX_AGES) != as_it_was
        finally:
            host.run("chattr -i /etc/shadow")
    left_alone(host, table, "a setting that cannot be put back, " + ("at boot" if boots else "in time"), tmp_path, strike, third=AGES, look=MAX_AGES)


@pytest.mark.full
@pytest.mark.parametrize("point", [ARMED, APPLIED, Point("files", "/var/lib/elkit/journal/baseline/*/state.json", (("step", "after-first-file"),))],
                         ids=lambda point: point.name)
def test_the_module_is_killed(host, table, tmp_path, point):
    def strike(running, _record):
        running.wait()
    left_alone(host, table, f"module killed at {point.name}", tmp_path, strike, point, KILL)


# --- without systemd -----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def plain():
    """A host without systemd: a process of ours waits there, and sshd is told by a signal."""
    remote.testbed("up", "lkp9:plain9", timeout=3600)
    found = FaultHost("lkp9")
    found.install()
    yield found
    found.disarm()
    undone = play(found.name, UNDO)
    assert undone.rc == 0, undone.output


def test_without_systemd_the_controller_dies_before_the_commit(plain, table, tmp_path):
    def strike(running, record):
        assert plain.run("pgrep -fc 'guard.zip wait [0-9a-f]'").strip() == "1"
        kill_all(running)
        plain.release(record["pid"])
    left_alone(plain, table, "controller killed before the commit", tmp_path, strike)
    # The worker of the second run looks once a second whether it was committed.
    assert plain.run("sleep 3; pgrep -fc 'guard.zip wait [0-9a-f]'; true").strip() == "0"
    undone = play(plain.name, UNDO)
    assert undone.rc == 0, undone.output


@pytest.mark.full
@pytest.mark.parametrize("name", ["MaxSessions 0", "PAM lets others in"])
def test_without_systemd_somebody_is_shut_out(plain, table, tmp_path, name):
    shut_out(plain, table, tmp_path, lockout.BY_NAME[name], lockout.RETURNED)


# --- other ways in --------------------------------------------------------------------------------------------------------

@pytest.mark.full
def test_where_no_second_login_can_be_tried_such_controls_wait(host, tmp_path):
    """Becoming root by su needs a person. Local says that this host's own look is enough."""
    folder = folder_of(tmp_path, HARMLESS)
    by_su = {"ansible_become_method": "ansible.builtin.su", "ansible_become_password": "look-alike"}
    waits = play(host.name, tasks_of(folder), variables=by_su).result(host.name, "apply")
    assert {row["status"] for row in waits["controls"]} == {"pending"} and "becoming root by su" in waits["controls"][0]["message"], waits
    local = play(host.name, tasks_of(folder, guard="local"), variables=by_su).result(host.name, "apply")
    assert {row["status"] for row in local["controls"]} == {"changed"} and local["guard"]["outcome"] == "committed", local
    assert host.state(STATE)["stage"] == "committed"


def test_where_codes_are_asked_for_such_controls_wait_and_check_mode_says_so(host, tmp_path):
    """A first login is tried before anything is changed, and fails, though the session of the play is open."""
    folder = folder_of(tmp_path, HARMLESS)
    tasks = [{"name": "codes", "ansible.builtin.shell": lockout.ASK_FOR_CODES}, dict(tasks_of(folder)[0], name="check", check_mode=True), *tasks_of(folder)]
    try:
        run = play(host.name, tasks)
    finally:
        # Not by ssh: no fresh login works.
        remote.testbed("exec", host.name, "--", "sh", "-c", lockout.ASK_FOR_NONE)
    for name in ("check", "apply"):
        result = run.result(host.name, name)
        assert result["changed_ids"] == [] and {row["status"] for row in result["controls"]} == {"pending"}, result
        assert "one failed before anything was changed, at the authentication" in result["controls"][0]["message"], result
    assert "guard" not in run.result(host.name, "apply")


# --- users that must get in, too -------------------------------------------------------------------------------------------

@pytest.fixture
def accounts(host):
    """The host has the accounts of lockout.ACCOUNTS."""
    host.run(lockout.ACCOUNTS)
    yield host
    host.disarm()
    host.run(lockout.NO_ACCOUNTS)


CLOSES = lockout.access(allow_users=["admin"])


def test_a_user_that_must_get_in_and_could_not_before_is_one_error(accounts, table, tmp_path):
    """Nothing of the run is in then, and a user that gets in now is not shut out by it."""
    folder = folder_of(tmp_path, CLOSES)
    bad = {"missing": ("breakglas", "there is no user breakglas"), "locked": ("locked", "the password of locked is locked")}
    tasks = [dict(tasks_of(folder, guard_users=["rescue", user])[0], name=f"{name} {mode}", check_mode=mode == "check", ignore_errors=True)
             for name, (user, _words) in bad.items() for mode in ("check", "apply")]
    run = play(accounts.name, [*tasks, *tasks_of(folder, guard_users=["rescue"]), *UNDO])
    for name, (user, words) in bad.items():
        for mode in ("check", "apply"):
            result = run.failure(accounts.name, f"{name} {mode}")
            assert f"{user}: " in result["msg"] and words in result["msg"] and "out of guard_users" in result["msg"] and "rescue" not in result["msg"], result
    result = run.result(accounts.name, "apply")
    rows = {row["id"]: row for row in result["controls"]}
    assert rows[GUILTY]["status"] == "error" and rows[GUILTY]["message"] == "refused, for it would shut out rescue: AllowUsers does not name rescue", rows
    assert {rows[item]["status"] for item in INNOCENT} == {"changed"} and result["guard"]["outcome"] == "committed", result
    table.add(accounts.name, "AllowUsers without a guard user", lockout.REFUSED, "yes", "changed", "0", "-", rows[GUILTY]["message"])


def test_a_user_that_must_get_in_is_looked_at_again_before_the_commit(accounts, table, tmp_path):
    """The controller's login works all the time, and tells nothing of another user."""
    accounts.blind()
    result = play(accounts.name, tasks_of(folder_of(tmp_path, CLOSES), guard_users=["rescue"]) + UNDO).result(accounts.name, "apply")
    assert accounts.blinded(), "the guard refused nothing, because nobody asked it"
    rows = {row["id"]: row for row in result["controls"]}
    words = "taken back: of guard_users, not all could log in any more: rescue: AllowUsers does not name rescue"
    assert rows[GUILTY]["status"] == "error" and rows[GUILTY]["message"].startswith(words), rows
    assert {rows[item]["status"] for item in INNOCENT} == {"changed"} and result["guard"]["outcome"] == "returned", result
    table.add(accounts.name, "AllowUsers without a guard user, unforeseen", lockout.RETURNED, "yes", "changed", "0", "-", rows[GUILTY]["message"])


def through(name):
    """Variables of a play whose ssh goes through host *name*."""
    inventory = yaml.safe_load(remote.inventory_path().read_text())["all"]
    variables, jump = inventory["vars"], inventory["hosts"][name]
    common = variables["ansible_ssh_common_args"]
    hop = (f"ssh {common} -o ControlMaster=no -o ControlPath=none -i {variables['ansible_ssh_private_key_file']} -p {jump.get('ansible_port', 22)} "
           f"-W %h:%p {variables['ansible_user']}@{jump['ansible_host']}").replace("-o ControlMaster=auto -o ControlPersist=60s ", "")
    return {"ansible_ssh_common_args": f'{common} -o ProxyCommand="{hop}"'}, jump["ansible_host"]


@pytest.mark.full
def test_the_fresh_login_goes_through_the_jump_host(host, plain, tmp_path):
    """In the end one gets in by that way alone: a login that went straight to the host would have failed."""
    variables, address = through(plain.name)
    folder = folder_of(tmp_path, lockout.access(allow_users=[f"admin@{address}"]))
    straight = play(host.name, tasks_of(folder)).result(host.name, "apply")
    assert next(row for row in straight["controls"] if row["id"] == GUILTY)["status"] == "error", straight
    try:
        done = play(host.name, tasks_of(folder), variables=variables).result(host.name, "apply")
        assert {row["id"]: row["status"] for row in done["controls"]} == dict(dict.fromkeys(INNOCENT, "pass"), **{GUILTY: "changed"}), done
        assert done["guard"]["outcome"] == "committed" and done["guard"]["logins"] == 1 and not reachable(host.name), done
    finally:
        undone = play(host.name, UNDO, variables=variables)
    assert undone.rc == 0 and reachable(host.name), undone.output


@pytest.mark.full
def test_passwords_instead_of_keys(host, tmp_path):
    run = play(host.name, tasks_of(folder_of(tmp_path, HARMLESS)), variables=lockout.PASSWORD)
    assert run.result(host.name, "apply")["guard"]["outcome"] == "committed", run.output
    assert "look-alike" not in run.output


@pytest.mark.full
def test_check_mode_names_what_apply_refuses(host, tmp_path):
    folder = folder_of(tmp_path, lockout.BY_NAME["AllowUsers without the user"].control(host))
    looked = play(host.name, [dict(tasks_of(folder)[0], check_mode=True)]).result(host.name, "apply")
    done = play(host.name, tasks_of(folder)).result(host.name, "apply")
    assert looked["changed_ids"] == done["changed_ids"] == sorted(INNOCENT)
    assert {row["id"]: row["status"] for row in looked["controls"]} == {row["id"]: row["status"] for row in done["controls"]}
    assert host.state(STATE)["stage"] == "committed"
