# SPDX-License-Identifier: GPL-3.0-or-later
"""module_streams on 8 and 9: enable, install, switch, disable, reset, and back; dnf and rpm agree with it."""
MODULE = "elkit.almalinux.module_streams"
ALL = ("t8", "t9", "td12")
EVERYONE = ":".join(ALL)
LOOK = "cat /etc/dnf/modules.d/* 2>/dev/null; rpm -qa | grep -v ^gpg-pubkey | sort"


def keys():
    """The keys that the packages are checked with come from the other module."""
    return {"name": "keys", "elkit.almalinux.repositories": {"enabled": ["baseos"], "trusted_keys": "{{ repositories_trusted_keys }}"}}


def task(name, *wanted, **more):
    options = {key: more.pop(key) for key in ("allow_switch", "state", "force") if key in more}
    return dict({"name": name, MODULE: dict({"streams": list(wanted)}, **options), "diff": True}, **more)


def both(name, *wanted, **more):
    """The task in check mode, the look after that, the task, the look, and the task again."""
    return [look(name + " before"), task(name + " check", *wanted, check_mode=True, **more), look(name + " checked"),
            task(name, *wanted, **more), look(name + " after"), task(name + " again", *wanted, **more)]


def look(name):
    return {"name": name, "ansible.builtin.shell": LOOK, "changed_when": False, "check_mode": False}


def agree(run, host, name):
    """What check mode said was done, and once only; the result of the task."""
    checked, done, again = run.result(host, name + " check"), run.result(host, name), run.result(host, name + " again")
    assert checked["changed"] and done["changed"]
    for part in ("streams", "packages", "diff"):
        assert checked[part] == done[part], f"{host}: check mode said something else about {part}"
    assert run.result(host, name + " before")["stdout"] == run.result(host, name + " checked")["stdout"], "check mode changed something"
    assert again["changed"] is False and again["packages"] == {"installed": [], "removed": []}
    after = run.result(host, name + " after")["stdout"]
    for nevra in done["packages"]["installed"]:
        assert without_epoch(nevra) in after
    for nevra in done["packages"]["removed"]:
        assert without_epoch(nevra) not in after
    return done


def without_epoch(nevra):
    head, _colon, tail = nevra.rpartition(":")
    return head.rpartition("-")[0] + "-" + tail if head else tail


def module(run, host, name, of):
    """The row of module *of* in the result of task *name*."""
    return next(row for row in run.result(host, name)["streams"] if row["name"] == of)


def test_from_nothing_to_a_switched_stream_and_back(play, hosts):
    run = play(EVERYONE, [
        keys(),
        *both("install", "nodejs:18/common", {"name": "nginx", "stream": "1.22", "state": "enabled"}, {"name": "php", "state": "disabled"}),
        task("refused", "nodejs:20", ignore_errors=True),
        look("after refused"),
        *both("switch", "nodejs:20/common", allow_switch=True),
        {"name": "module list", "ansible.builtin.command": "dnf -q module list", "changed_when": False},
        {"name": "revert check", MODULE: {"state": "reverted"}, "check_mode": True},
        {"name": "revert", MODULE: {"state": "reverted"}},
        look("back"),
        {"name": "revert again", MODULE: {"state": "reverted"}},
        *both("reset", {"name": "nodejs", "state": "reset"}, {"name": "php", "state": "reset"}, {"name": "nginx", "state": "disabled"}),
    ])
    assert run.rc == 0, run.output
    assert "Traceback" not in run.output
    for host in ALL:
        installed = agree(run, host, "install")
        assert any(item.startswith("nodejs-1:18.") for item in installed["packages"]["installed"])
        assert module(run, host, "install", "nodejs")["after"] == {"stream": "18", "profiles": ["common"], "state": "enabled"}
        assert module(run, host, "install", "php")["after"]["state"] == "disabled"
        text = run.result(host, "install after")["stdout"]
        assert "[nginx]" in text and "stream=1.22" in text

        refused = run.failure(host, "refused")
        assert all(word in refused["msg"] for word in ("nodejs", "18", "20", "allow_switch: true"))
        assert run.result(host, "after refused")["stdout"] == text, "a refusal changes nothing"

        switched = agree(run, host, "switch")
        assert any(item.startswith("nodejs-1:20.") for item in switched["packages"]["installed"])
        assert any(item.startswith("nodejs-1:18.") for item in switched["packages"]["removed"])
        lines = run.result(host, "module list")["stdout"].splitlines()
        assert any(line.split()[:3] == ["nodejs", "20", "[e]"] and "common [d] [i]" in line for line in lines), "dnf agrees"
        assert any(line.startswith("php ") and "[x]" in line for line in lines)

        assert run.result(host, "revert check")["packages"] == run.result(host, "revert")["packages"]
        assert run.result(host, "revert")["changed"] and not run.result(host, "revert again")["changed"]
        assert run.result(host, "back")["stdout"] == text, "the way back is not exact"

        agree(run, host, "reset")
        assert "nodejs-18" in run.result(host, "reset after")["stdout"], "a reset keeps packages"
        assert module(run, host, "reset", "nodejs")["after"]["state"] != "enabled"
        assert module(run, host, "reset", "nginx")["after"]["state"] == "disabled"


def test_an_undo_stops_where_someone_changed_the_stream_since(play, hosts):
    run = play("td12", [
        keys(), task("enable", "nodejs:20"),
        {"name": "by hand", "ansible.builtin.command": "dnf -q -y module reset nodejs"},
        task("refused", state="reverted", ignore_errors=True),
        look("after refused"),
        task("forced", state="reverted", force=True),
        look("forced after")])
    assert run.rc == 0, run.output
    assert "/etc/dnf/modules.d/nodejs.module" in run.failure("td12", "refused")["msg"]
    assert "[nodejs]" in run.result("td12", "after refused")["stdout"]
    assert "[nodejs]" not in run.result("td12", "forced after")["stdout"]


def test_an_unsigned_or_unknown_key_stops_before_the_transaction(play, hosts):
    run = play("t9", [look("before"), task("install", "redis:7/common", ignore_errors=True), look("after")])
    failed = run.failure("t9", "install")
    assert "signature" in failed["msg"] and "Traceback" not in run.output
    assert run.result("t9", "before")["stdout"] == run.result("t9", "after")["stdout"]


HOLD = """
rm -f /run/elkit-held
nohup /usr/bin/python3 -c '
import fcntl, subprocess, time
handle = open(subprocess.check_output(["rpm", "--eval", "%{_rpmlock_path}"]).decode().strip(), "a+")
fcntl.lockf(handle, fcntl.LOCK_EX)
open("/run/elkit-held", "w").close()
time.sleep(120)' >/dev/null 2>&1 &
echo $!
for i in 1 2 3 4 5 6 7 8 9; do test -e /run/elkit-held && exit; sleep 1; done
exit 1
"""


def test_rpms_lock_is_told_with_its_holder_and_nothing_is_left_behind(play, hosts):
    """rpm itself would wait for it without end."""
    assert play("t9", [keys()]).rc == 0
    holder = hosts.run(HOLD, ["t9"])["t9"].split()[-1]
    try:
        run = play("t9", [look("before"), task("check", "nodejs:20/common", check_mode=True),
                          task("locked", "nodejs:20/common", ignore_errors=True), look("after")])
    finally:
        hosts.run(f"kill {holder}", ["t9"])
    assert run.result("t9", "check")["changed"], "a look needs no lock"
    message = run.failure("t9", "locked")["msg"]
    assert f"process {holder}" in message and "run again" in message and "Traceback" not in run.output
    assert run.result("t9", "before")["stdout"] == run.result("t9", "after")["stdout"]
    later = play("t9", [task("later", "nodejs:20/common"), task("again", "nodejs:20/common")])
    assert later.result("t9", "later")["changed"] and not later.result("t9", "again")["changed"]
