# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is touched and who is not, and when a play ends: the playbooks and roles themselves, run by ansible-playbook.

What stands in: the modules (stand_in/action.py answers for them) and the connection (stand_in/connection.py: this machine with another
name of its system). Nothing here says anything of what a module does.
"""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
CORES = [core for core in ("main", "core216") if (BUILD / "venv" / core / "bin" / "ansible-playbook").exists()]
# Where the cores are not known to differ, only the full run has the older one, too.
WIDE = [pytest.param(core, marks=[pytest.mark.full] if core != "main" else []) for core in CORES]
MODULES = ("baseline", "baseline_info", "conversion", "conversion_info", "host_facts", "module_streams", "repositories")
ROCKY = 'NAME="Rocky Linux"\nID=rocky\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.8"\nPRETTY_NAME="Rocky Linux 9.8"\nPLATFORM_ID="platform:el9"\n'
ALMALINUX = ROCKY.replace("Rocky Linux", "AlmaLinux").replace("ID=rocky", "ID=almalinux")
KITTEN_OS = ALMALINUX.replace("AlmaLinux 9.8", "AlmaLinux Kitten 10 (Lion Cub)").replace("9.8", "10").replace("el9", "el10")
EL7 = ROCKY.replace("Rocky Linux", "CentOS Linux").replace("9.8", "7").replace("el9", "el7").replace("rocky", "centos")
FACTS = {"ansible_facts": {"almalinux": {
    "environment": {"type": "container"}, "reboot": {"required": False},
    "identity": {"release": "AlmaLinux release 9.8"}, "lifecycle": {"security_end": "2032-05-31", "days_left": 2000, "phase": "active"},
    "repositories": {"configured": [{"id": "baseos", "enabled": True}], "enabled": ["baseos"]}, "module_streams": {"streams": []}}}}
DONE = {"result": "already", "verdict": "almalinux", "source": "rocky-9", "target": "almalinux-9", "changed": False}
FAILED = {"failed": True, "msg": "the disk is full. Make room", "source": "rocky-9", "target": "almalinux-9"}
LOOKED = {"verdict": "ready", "source": "rocky-9", "target": "almalinux-9", "inhibitors": [], "summary": {}, "checks": [], "packages": []}
AWAY = {"unreachable": True}
REPOSITORIES = {"repositories": [], "files": []}
HARD = {"mode": "apply", "profile": "cis_server_l1", "changed_ids": ["ssh"], "changed": True,
        "controls": [{"id": "ssh", "status": "changed", "theme": "sshd"}]}
SOFT = dict(HARD, controls=[{"id": "ssh", "status": "error", "theme": "sshd", "message": "no"}])
LOOK = dict(SOFT, mode="audit", changed=False, changed_ids=[], controls=[{"id": "ssh", "status": "fail", "theme": "sshd"}])
NAMES = ["web01", "web02", "web03", "web04"]


def link(place, target):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


@pytest.fixture(scope="module")
def collections(tmp_path_factory):
    """A folder of collections: ours, with stand-ins for what would touch a host."""
    folder = tmp_path_factory.mktemp("collections")
    ours = folder / "ansible_collections" / "elkit" / "almalinux"
    for name in ("galaxy.yml", "meta", "playbooks", "roles", "plugins/filter", "plugins/module_utils", "plugins/modules", "plugins/plugin_utils",
                 "plugins/doc_fragments"):
        link(ours / name, ROOT / name)
    for name in MODULES:
        link(ours / "plugins" / "action" / (name + ".py"), Path(__file__).parent / "stand_in" / "action.py")
    link(ours / "plugins" / "connection" / "pretend.py", Path(__file__).parent / "stand_in" / "connection.py")
    return folder


class Played:
    """rc, output, calls: [(host, module, arguments)]."""

    def __init__(self, done, calls):
        self.rc, self.output = done.returncode, done.stdout
        self.calls = [tuple(json.loads(line)) for line in calls.read_text().splitlines()] if calls.exists() else []

    def hosts(self, module):
        """The hosts on which *module* ran, sorted, for hosts of a batch have no order; not to say that what follows a conversion is done."""
        return sorted(host for host, name, arguments in self.calls if name == module and arguments.get("follow_up") != "done")

    def recap(self):
        """{host: {"ok", "failed", …}}"""
        return {match[1]: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", match[2])}
                for match in re.finditer(r"^(\S+)\s+: (ok=.*)$", self.output.split("PLAY RECAP")[-1], re.M)}


@pytest.fixture
def play(collections, tmp_path):
    """A function that runs a playbook (a name of ours, or a path) on hosts ({name: {variable: value}}) and returns a Played.

    play("convert", fleet(3), core="core216", limit="web01", inventory_vars={…}, groups={"first": ["web01"]}, arguments=["--check"], convert_serial=2)
    """
    def run(playbook, hosts, core="main", limit=None, inventory_vars=None, groups=None, arguments=(), **variables):
        common = dict({"ansible_connection": "elkit.almalinux.pretend", "ansible_become": False, "os_release": ROCKY,
                       "ansible_python_interpreter": "{{ ansible_playbook_python }}"}, **(inventory_vars or {}))
        known = {name: dict(more, answers=dict({"host_facts": FACTS}, **more.get("answers", {}))) for name, more in hosts.items()}
        inventory = {"all": {"vars": common, "hosts": known,
                             "children": {name: {"hosts": dict.fromkeys(members, {})} for name, members in (groups or {}).items()}}}
        (tmp_path / "inventory.json").write_text(json.dumps(inventory))
        (tmp_path / "ansible.cfg").touch()
        calls = tmp_path / "calls"
        calls.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment.update(
            ANSIBLE_COLLECTIONS_PATH=str(collections), ANSIBLE_CONFIG=str(tmp_path / "ansible.cfg"), ANSIBLE_HOME=str(tmp_path / "home"),
            ANSIBLE_LOCAL_TEMP=str(tmp_path / "tmp"), ANSIBLE_REMOTE_TEMP=str(tmp_path / "tmp"), ANSIBLE_NOCOLOR="1", ANSIBLE_LOCALHOST_WARNING="0",
            ELKIT_CALLS=str(calls), PATH=f"{tmp_path}/bin:{BUILD}/venv/{core}/bin:{os.environ['PATH']}", PYTHONDONTWRITEBYTECODE="1")
        command = [f"{BUILD}/venv/{core}/bin/ansible-playbook", "-i", str(tmp_path / "inventory.json"),
                   playbook if "/" in playbook else "elkit.almalinux." + playbook, "-e", json.dumps(variables), *arguments, *(["-l", limit] if limit else [])]
        done = subprocess.run(command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=300, check=False)
        assert "Traceback" not in done.stdout, done.stdout
        return Played(done, calls)
    return run


def fleet(number, failing=(), module="conversion", good=None, bad=None, name="web{:02}"):
    """{host: variables} of *number* hosts, of which those with the numbers *failing* fail."""
    return {name.format(one): {"answers": {module: (bad or FAILED) if one in failing else (good or DONE)}} for one in range(1, number + 1)}


# --- around a conversion ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("core", WIDE)
@pytest.mark.parametrize(("check", "around"), [((), ["web01"]), (("--check",), [])])
def test_what_comes_before_and_after_is_for_hosts_that_are_converted(play, tmp_path, core, check, around):
    """Not for one that is refused, nor for one that is AlmaLinux already; before and after is before and after."""
    for name, word in (("before", "drained"), ("after", "filled")):
        (tmp_path / f"{name}.yml").write_text(f"[{{name: It is {word}, ansible.builtin.debug: {{msg: '{word} {{{{ inventory_hostname }}}}'}}}}]")
    hosts = {"web01": ("ready", dict(DONE, result="converted", changed=True)), "web02": ("inhibited", FAILED), "web03": ("almalinux", DONE)}
    hosts = {name: {"answers": {"conversion_info": dict(LOOKED, verdict=verdict), "conversion": answer}} for name, (verdict, answer) in hosts.items()}
    run = play("convert", hosts, core=core, arguments=check, convert_max_fail=100, convert_pre_tasks=str(tmp_path / "before.yml"),
               convert_post_tasks=str(tmp_path / "after.yml"))
    assert set(run.hosts("conversion")) == set(NAMES[:3]), run.output
    assert re.findall(r"\b(?:drained|filled) web..", run.output) == [f"{word} {name}" for word in ("drained", "filled") for name in around], run.output
    first, converted, last = (run.output.find(words) for words in ("drained web01", "TASK [elkit.almalinux.convert : Convert the host]", "filled web01"))
    assert converted > 0 and (first < converted < last or check), run.output


KITTEN = "6.12.0-211.el10.x86_64"
OWN, UEK, RT = "5.14.0-687.5.1.el9_8.x86_64", "6.12.0-106.el9uek.x86_64", "5.14.0-687.5.1.el9_8.x86_64+rt"


def facts_of(running=OWN, installed=(OWN, UEK), kind="vm", required=False):
    """What host_facts says of a host with the kernel *running*."""
    packages = {"kernel-uek-core-" + release if "uek" in release else "kernel-core-" + release: release for release in installed}
    kernel = {"running": running, "installed": [{"release": release, "package": package} for package, release in packages.items()],
              "foreign": [package for package, release in packages.items() if "uek" in release]}
    return {"ansible_facts": {"almalinux": dict(FACTS["ansible_facts"]["almalinux"], environment={"type": kind}, reboot={"required": required},
                                                kernel=kernel)}}


ROLE = {"name": "elkit.almalinux.convert", "apply": {"tags": ["convert"]}}
PLAY = {"hosts": "all", "gather_facts": False}


@pytest.mark.parametrize("plays", [
    [dict(PLAY, roles=[{"role": ROLE["name"], "tags": ["convert"]}])], [dict(PLAY, tasks=[{"ansible.builtin.include_role": ROLE, "tags": ["convert"]}])],
    pytest.param([{"ansible.builtin.import_playbook": "elkit.almalinux.convert", "tags": ["convert"]}], marks=pytest.mark.full)],
    ids=["a role", "include_role", "the playbook"])
@pytest.mark.parametrize("tag", ["convert", "other"])
def test_under_tags_all_of_a_conversion_is_done_or_nothing_of_it(play, tmp_path, plays, tag):
    (tmp_path / "after.yml").write_text("[{name: They come after, ansible.builtin.debug: {msg: 'undrained {{ inventory_hostname }}'}}]")
    (tmp_path / "play.yml").write_text(json.dumps([dict(PLAY, tasks=[{"name": "Ours", "ansible.builtin.debug": {"msg": "ours"}, "tags": ["other"]}]), *plays]))
    answers = {"conversion": dict(DONE, result="converted", changed=True), "conversion_info": LOOKED, "host_facts": [facts_of(UEK), facts_of()]}
    for failing in (False, True) if tag == "convert" else (False,):
        hosts = {"web01": {"answers": dict(answers, conversion=FAILED) if failing else answers}}
        run = play(str(tmp_path / "play.yml"), hosts, arguments=["--tags", tag], convert_reboot="when_needed", convert_evidence="evidence",
                   convert_pre_tasks=str(tmp_path / "after.yml"), convert_post_tasks=str(tmp_path / "after.yml"))
        done = [name if name != "conversion" else arguments.get("follow_up") or arguments["state"] for _host, name, arguments in run.calls]
        wanted = ["conversion_info", "wanted"] + ([] if failing else ["host_facts", "boot", "converted", "host_facts", "done"])
        assert (run.rc != 0) == failing and done == (wanted if tag == "convert" else []), run.output
        assert ('"msg": "ours"' in run.output) == (tag == "other") and (tmp_path / "evidence" / "web01-conversion.json").exists() == (tag == "convert")
        assert run.output.count("undrained web01") == (0 if tag == "other" else 1 if failing else 2), run.output


MACHINE, PENDING, CONTAINER = facts_of(), facts_of(required=True), facts_of(UEK, kind="container", required=True)


@pytest.mark.parametrize(("word", "facts", "boots"), [
    (None, PENDING, False), ("never", PENDING, False), ("when_needed", PENDING, True), ("when_needed", MACHINE, False),
    ("always", MACHINE, True), ("always", CONTAINER, False), ("when_needed", [facts_of(UEK), MACHINE], True),
    ("when_needed", facts_of(RT), False), ("never", facts_of(UEK), False)],
    ids=["nobody asked", "never", "needed", "not needed", "always", "a container", "a kernel of the source runs", "a flavour of AlmaLinux's runs",
         "never, and a kernel of the source runs"])
def test_a_host_boots_where_that_is_wanted_and_its_old_kernels_leave_then(play, word, facts, boots):
    hosts = {"web01": {"answers": {"conversion": dict(DONE, result="converted", changed=True), "host_facts": facts}}}
    run = play("convert", hosts, core=CORES[-1 if facts is PENDING else 0], **({"convert_reboot": word} if word else {}))
    assert run.rc == 0, run.output
    done = [name if name != "conversion" else arguments.get("follow_up") or arguments["state"] for _host, name, arguments in run.calls]
    assert done == ["wanted", "host_facts"] + (["boot", "converted"] if boots else []) + ["host_facts", "done"], run.output


@pytest.mark.parametrize("core", WIDE)
def test_a_host_that_does_not_come_back_has_failed_and_is_gone_on_with_by_the_next_play(play, core):
    hosts = {name: {"boots": name == "web02", "answers": {"conversion": dict(DONE, result="converted", changed=True), "host_facts": PENDING}}
             for name in NAMES[:2]}
    run = play("convert", hosts, core=core, convert_reboot="always", convert_reboot_timeout=2)
    assert run.rc != 0 and run.recap()["web01"]["failed"] == 1 and "Timed out waiting for last boot time check" in run.output, run.output
    assert [host for host, name, arguments in run.calls if arguments.get("follow_up") == "done"] == ["web02"], run.output
    assert run.recap()["web02"]["failed"] == 0 and "web02  rocky-9  almalinux-9  converted  -" in run.output, run.output
    assert re.search("web01  rocky-9  almalinux-9  failed  +after the reboot: Timed out waiting for last boot time", run.output), run.output


@pytest.mark.parametrize("core", WIDE)
@pytest.mark.parametrize(("word", "facts"), [
    ("when_needed", facts_of(UEK)), pytest.param("always", [MACHINE, facts_of(UEK)], marks=pytest.mark.full),
    pytest.param("always", facts_of("6.6.6", installed=[OWN]), marks=pytest.mark.full), pytest.param("always", facts_of(installed=[]), marks=pytest.mark.full),
    pytest.param("always", facts_of(KITTEN, installed=[OWN, KITTEN]), marks=pytest.mark.full)],
    ids=["of the source", "of the source, anew", "of nobody", "none is installed", "of the source, by AlmaLinux"])
def test_a_host_that_comes_back_with_a_kernel_of_others_is_as_one_that_does_not(play, tmp_path, core, word, facts):
    """The one beside it is brought to its end, nothing comes after on this one, and the next play begins with its reboot."""
    (tmp_path / "after.yml").write_text("[{name: They come after, ansible.builtin.debug: {msg: 'undrained {{ inventory_hostname }}'}}]")
    done = dict(DONE, result="converted", changed=True, kernels_beside=["kernel-core-" + KITTEN])
    hosts = {name: {"answers": {"conversion": done, "host_facts": facts if name == "web01" else MACHINE}} for name in NAMES[:2]}
    run = play("convert", hosts, core=core, convert_reboot=word, convert_post_tasks=str(tmp_path / "after.yml"))
    runs = (facts[-1] if isinstance(facts, list) else facts)["ansible_facts"]["almalinux"]["kernel"]["running"]
    assert run.rc != 0 and {name: item["failed"] for name, item in run.recap().items()} == {"web01": 1, "web02": 0}, run.output
    there = "none is installed" if runs == OWN else OWN
    assert f"was told to reboot: it runs {runs}, not a kernel of AlmaLinux ({there}). Make one of AlmaLinux's the default" in run.output, run.output
    assert sorted(host for host, name, _arguments in run.calls if name == "boot") == (NAMES[:2] if word == "always" else NAMES[:1]), run.output
    assert [host for host, name, arguments in run.calls if arguments.get("follow_up") == "done"] == ["web02"], run.output
    assert re.findall("undrained web..", run.output) == ["undrained web02"], run.output
    assert f"web01  rocky-9  almalinux-9  failed     after the reboot: it runs {runs}, not " in run.output, run.output
    assert "web02  rocky-9  almalinux-9  converted  -" in run.output, run.output


@pytest.mark.parametrize("word", ["converted", "reverted"])
def test_facts_of_the_host_itself_alone_are_gathered_anew(play, tmp_path, word):
    """And a Python that left with its package is found anew."""
    facts = {"discovered_interpreter_python": "/gone/python3", "distribution": "of the source", "cacheable": True}
    tasks = [{"ansible.builtin.set_fact": facts},
             {"ansible.builtin.include_role": {"name": "elkit.almalinux.convert", "tasks_from": "main" if word == "converted" else "revert"}},
             {"ansible.builtin.debug": {"msg": "{{ inventory_hostname }}: {{ ansible_facts['discovered_interpreter_python'] }} "
                                               "{{ ansible_facts['distribution'] }} {{ 'almalinux' in ansible_facts }}"}}]
    (tmp_path / "play.yml").write_text(json.dumps([dict(PLAY, tasks=tasks)]))
    run = play(str(tmp_path / "play.yml"), {"web01": {"answers": {"conversion": dict(DONE, result=word, changed=True)}},
                                            "web02": {"answers": {"conversion": dict(DONE, result=None if word == "converted" else word)}}})
    found = next((path for path in ("/usr/libexec/platform-python", "/usr/bin/python3") if Path(path).exists()), "/gone/python3")
    assert run.rc == 0 and re.search(rf'"web01: {found} (?!of the source)\S+ True"', run.output), run.output
    assert '"web02: /gone/python3 of the source False"' in run.output, run.output


# --- the end of a play ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("bad", "allowed", "last"), [(FAILED, 49, 2), (FAILED, 50, 4), (AWAY, 49, 2)])
def test_a_batch_with_too_many_failed_conversions_is_the_last_one(play, tmp_path, core, bad, allowed, last):
    """Its other hosts are brought to their end, and all is shown."""
    (tmp_path / "after.yml").write_text("[{name: They come after, ansible.builtin.debug: {msg: 'undrained {{ inventory_hostname }}'}}]")
    run = play("convert", fleet(4, [1], bad=bad, good=dict(DONE, result="converted")), core=core, convert_serial=2, convert_max_fail=allowed,
               convert_post_tasks=str(tmp_path / "after.yml"))
    assert run.hosts("conversion") == NAMES[:last], run.output
    assert [name for name in NAMES if f"undrained {name}" in run.output] == NAMES[1:last], run.output
    assert sorted(host for host, _module, arguments in run.calls if arguments.get("follow_up") == "done") == NAMES[1:last], run.output
    # The module's own word, shown as an error that the play goes on after, and the last task.
    assert run.rc != 0 and {name: item["failed"] for name, item in run.recap().items()} == dict(dict.fromkeys(NAMES[:last], 0), web01=1), run.output
    assert all(f"{name}  rocky-9  almalinux-9  converted  -" in run.output for name in NAMES[1:last]), run.output
    assert re.search(r"web01  .*failed     (the disk is full. Make room|.*the host is not there)", run.output), run.output


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("bad", [FAILED, AWAY], ids=["failed", "away"])
def test_a_canary_that_fails_is_the_last_one_even_if_another_of_them_is_good(play, core, bad):
    run = play("convert", fleet(4, [1], bad=bad), core=core, groups={"canaries": NAMES[:2]}, convert_canary="canaries", convert_max_fail=100)
    assert run.rc != 0 and run.hosts("conversion") == NAMES[:2], run.output
    assert re.search("web01 .* failed   (the disk is full. Make room|.*the host is not there)", run.output), run.output
    assert "web02  rocky-9  almalinux-9  already  -" in run.output, run.output


# What takes a host away, and where: before all of it, in the look for the tasks that come before, and right after its conversion.
DOWN, LOST_IN_LOOK, LOST_AFTERWARDS = {"down": True}, {"answers": {"conversion_info": AWAY}}, {"answers": {
    "conversion": dict(DONE, result="converted"), "host_facts": AWAY}}


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("canary", "lost", "before"), [
    ("web01", DOWN, False), ("first", DOWN, False), ("first", LOST_IN_LOOK, True), ("web01", LOST_AFTERWARDS, False)],
    ids=["down", "one of two is down", "lost in the look", "lost afterwards"])
def test_a_canary_that_is_lost_is_the_last_one(play, tmp_path, core, canary, lost, before):
    (tmp_path / "before.yml").write_text("[{name: It is drained, ansible.builtin.debug: {msg: 'drained'}}]")
    run = play("convert", dict(fleet(4), web01=lost), core=core, groups={"first": NAMES[:2]}, convert_canary=canary, convert_max_fail=100,
               **({"convert_pre_tasks": str(tmp_path / "before.yml")} if before else {}))
    assert run.rc != 0 and not {"web03", "web04"} & {host for host, _name, _arguments in run.calls}, run.output
    assert "leaves out" not in run.output, run.output
    if core != "core216":
        assert "The canary did not come to its end" in run.output and run.recap()["web04"]["failed"] == 1, run.output


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("lost", [DOWN, LOST_AFTERWARDS], ids=["down", "lost afterwards"])
@pytest.mark.parametrize(("allowed", "last"), [(None, 2), ("50%", 4)])
def test_a_host_that_is_lost_counts_as_one_that_failed(play, core, lost, allowed, last):
    run = play("convert", dict(fleet(4), web01=lost), core=core, convert_serial=2, **({"convert_max_fail": allowed} if allowed else {}))
    assert run.rc != 0 and sorted(set(run.hosts("conversion")) - {"web01"}) == NAMES[1:last], run.output
    assert {item["failed"] for item in run.recap().values()} == {0} and run.recap()["web01"]["unreachable"] == 1, run.output
    assert ("Failed or unreachable: web01." in run.output) == (last == 2), run.output
    rows = re.findall(r'"(web..)  .*  (failed|already)  +(.*?)"', run.output.split("PLAY [Sum up all hosts]")[1])
    assert rows == [("web01", "failed", "it was lost or failed on the way: its error is above"), *((name, "already", "-") for name in NAMES[1:last])]


def test_a_host_that_is_lost_is_counted_together_with_one_that_failed(play):
    run = play("convert", dict(fleet(4, [2]), web01=DOWN), convert_serial=3, convert_max_fail=50)
    assert run.rc != 0 and run.hosts("conversion") == ["web02", "web03"] and "Failed or unreachable: web01, web02." in run.output, run.output


def test_what_remains_of_a_failed_verification_is_in_the_table(play):
    bad = dict(FAILED, verdict_after={"remains": ["rocky-logos-9.8", "no kernel of AlmaLinux"]})
    assert "failed  rocky-logos-9.8; no kernel of AlmaLinux" in play("convert", fleet(1, [1], bad=bad)).output


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("bad", "allowed", "last"), [(SOFT, 49, 2), (FAILED, 49, 2), (FAILED, 50, 4)])
def test_a_batch_with_too_many_failed_hardenings_is_the_last_one(play, core, bad, allowed, last):
    run = play("harden", fleet(4, [1], "baseline", HARD, bad), core=core, harden_serial=2, harden_max_fail=allowed)
    assert run.rc != 0 and run.hosts("baseline") == NAMES[:last], run.output
    assert {name: item["failed"] for name, item in run.recap().items()} == dict(dict.fromkeys(NAMES[:last], 0), web01=1), run.output
    assert all(re.search(rf'"{name}  cis_server_l1  100 %', run.output) for name in NAMES[1:last]), run.output
    assert re.search('"web01 .* (1 error: ssh|the disk is full. Make room)"', run.output), run.output


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("lost", "allowed", "last"), [({"answers": {"baseline": AWAY}}, 0, 2), (DOWN, "", 2), ({"answers": {"baseline": AWAY}}, 50, 4)],
                         ids=["lost", "down", "enough is left"])
def test_a_host_that_is_lost_counts_as_one_whose_hardening_failed(play, core, lost, allowed, last):
    run = play("harden", dict(fleet(4, (), "baseline", HARD), web01=lost), core=core, harden_serial=2, harden_max_fail=allowed)
    assert run.rc != 0 and sorted(set(run.hosts("baseline")) - {"web01"}) == NAMES[1:last], run.output
    assert {item["failed"] for item in run.recap().values()} == {0} and run.recap()["web01"]["unreachable"] == 1, run.output
    rows = re.findall(r'"(web..)  (.*?)  .*  (.*?)"', run.output.split("PLAY [Sum up all hosts]")[1])
    assert rows == [("web01", "-", "it was lost or failed on the way: its error is above"), *((name, "cis_server_l1", "-") for name in NAMES[1:last])]


@pytest.mark.parametrize("core", WIDE)
@pytest.mark.parametrize(("allowed", "last"), [(0, 2), (None, 4)])
def test_a_host_that_is_lost_counts_when_it_is_provisioned(play, core, allowed, last):
    hosts = {name: {"os_release": ALMALINUX, "down": name == "web01", "answers": {"repositories": REPOSITORIES}} for name in NAMES}
    run = play("provision", hosts, core=core, provision_serial=2, **({} if allowed is None else {"provision_max_fail": allowed}))
    assert run.rc != 0 and run.hosts("repositories") == NAMES[1:last], run.output


@pytest.mark.parametrize("core", WIDE)
@pytest.mark.parametrize(("playbook", "module"), [
    ("convert", "conversion"), ("harden", "baseline"), ("provision", "repositories"), ("audit", "baseline_info"), ("preflight", "conversion_info")])
def test_a_blank_answer_is_none(play, core, playbook, module):
    """As a survey of AWX gives it."""
    answers = {"conversion": DONE, "conversion_info": LOOKED, "repositories": REPOSITORIES, "baseline": HARD, "baseline_info": LOOK}
    hosts = {name: {"answers": answers, "os_release": ALMALINUX} for name in NAMES[:2]}
    run = play(playbook, hosts, core=core, convert_canary="", **{f"{playbook}_{name}": "" for name in ("hosts", "serial", "max_fail")})
    assert run.rc == 0 and run.hosts(module) == NAMES[:2], run.output


# --- who is touched ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("core", WIDE)
@pytest.mark.parametrize(("variables", "canaries", "others"), [
    ({"convert_hosts": "web01,web02,web03", "convert_canary": "web01"}, [1], [2, 3]),
    ({"convert_canary": "web01,web02"}, [1, 2], [3, 4]),
    ({"convert_canary": "web03:web01"}, [1, 3], [2, 4]),
    ({"convert_canary": "first[0:1]"}, [1, 2], [3, 4]),
    ({"convert_canary": "first:!second"}, [1], [2, 3, 4]),
    ({"convert_hosts": ["web01", "web04"], "convert_canary": ["web04"]}, [4], [1]),
    ({"convert_hosts": ["web01", "web04"]}, [], [1, 4]),
    ({"convert_hosts": "first", "convert_canary": "web04"}, [4], [1, 2]),
    ({}, [], [1, 2, 3, 4]),
])
def test_the_canary_goes_first_and_only_once(play, core, variables, canaries, others):
    output = play("convert", fleet(4), core=core, groups={"first": NAMES[:2], "second": NAMES[1:3]}, arguments=["--list-hosts"], **variables).output
    plays = [sorted(int(number) for number in re.findall(r"^ +web(..)$", part, re.M)) for part in output.split("play #")[1:]]
    assert plays == [canaries, others, sorted(canaries + others)], output


@pytest.mark.parametrize("core", CORES)
def test_a_canary_that_there_is_not_stops_all(play, core):
    run = play("convert", fleet(4), core=core, convert_canary="wbe01", convert_serial=2)
    assert run.rc != 0 and run.calls == [] and "convert_canary is wbe01, and no host of the inventory answers to that" in run.output, run.output


def test_a_limit_that_leaves_the_canary_out_says_so(play):
    run = play("convert", fleet(4), limit="web03,web04", convert_canary="web01")
    assert run.rc == 0 and run.hosts("conversion") == ["web03", "web04"], run.output
    assert run.output.count("The limit leaves out the canary (web01)") == 1, run.output
    run = play("convert", fleet(4), limit="web01,web04", convert_canary="web01")
    assert run.hosts("conversion") == ["web01", "web04"] and "leaves out" not in run.output, run.output


@pytest.mark.parametrize(("system", "interrupted", "word", "calls"), [
    (ALMALINUX, "", True, ["conversion", "repositories"]), (ALMALINUX, "", False, ["repositories"]), (ROCKY, "", True, ["conversion", "repositories"]),
    (ROCKY, "", False, []), (KITTEN_OS, "", True, ["repositories"]), (KITTEN_OS, "interrupted", True, ["conversion", "repositories"])],
    ids=["a conversion that may be unfinished", "nobody asked", "another system", "another system, and nobody asked", "Kitten", "Kitten, half-way"])
def test_provision_converts_where_that_is_wanted(play, system, interrupted, word, calls):
    """And synchronises nobody, which convert_sync is for."""
    hosts = {"web01": {"os_release": system, "interrupted": interrupted, "answers": {"conversion": DONE, "repositories": REPOSITORIES}}}
    run = play("provision", hosts, inventory_vars={"convert_sync": True}, provision_convert=word)
    assert (run.rc == 0) == bool(calls) and [name for _host, name, _arguments in run.calls if name != "host_facts"] == calls, run.output
    assert ("not AlmaLinux. Nothing was changed" in run.output) == (not calls)
    assert all(arguments["sync"] is False for _host, name, arguments in run.calls if name == "conversion")


@pytest.mark.parametrize("core", CORES)
def test_hosts_that_leave_a_look_beforehand_have_not_failed(play, core):
    hosts = {name: {"os_release": ROCKY if name == "web01" else ALMALINUX, "answers": {"conversion": DONE, "repositories": REPOSITORIES}} for name in NAMES}
    run = play("provision", hosts, core=core, arguments=["--check"], provision_convert=True, provision_serial=2, provision_max_fail=0)
    assert run.rc == 0 and run.hosts("repositories") == NAMES[1:], run.output
    assert "Failed or unreachable" not in run.output


# --- evidence -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("playbook", "variable", "files", "arguments"), [
    ("preflight", "convert_evidence", ["web01-preflight.json"], ()),
    ("convert", "convert_evidence", ["web01-conversion.json"], ("--check",)),
    ("provision", "provision_evidence", ["web01.json"], ()),
])
@pytest.mark.parametrize("core", WIDE)
def test_the_folder_of_the_evidence_is_made_where_ansible_was_started(play, tmp_path, core, playbook, variable, files, arguments):
    """And by who started it, whatever the inventory says of the hosts."""
    answers = {"conversion_info": LOOKED, "conversion": DONE, "repositories": REPOSITORIES}
    hosts = {"web01": {"answers": answers, "os_release": ALMALINUX}}
    become = {"ansible_become": True, "ansible_become_user": "somebody"}
    run = play(playbook, hosts, core=core, inventory_vars=become, arguments=arguments, **{variable: "new/evidence"})
    assert run.rc == 0 and run.recap()["web01"]["changed"] == 0, run.output
    folder = tmp_path / "new" / "evidence"
    assert [path.name for path in folder.iterdir()] == files and json.loads((folder / files[0]).read_text())


def test_the_evidence_of_a_conversion_outlives_later_runs(play, tmp_path):
    converted = dict(DONE, result="converted", changed=True)
    for answer, kept in ((converted, "converted"), (DONE, "converted"), (dict(converted, number=2), 2), (FAILED, "the disk is full. Make room")):
        play("convert", {"web01": {"answers": {"conversion": answer}}}, convert_evidence="evidence")
        assert kept in json.loads((tmp_path / "evidence" / "web01-conversion.json").read_text()).values()


@pytest.mark.parametrize("core", CORES)
def test_the_evidence_of_provisioning_has_the_types_of_the_facts(play, tmp_path, core):
    streams = [{"name": "nodejs", "stream": "20", "changed": True}]
    answers = {"repositories": {"repositories": [{"id": "crb", "changed": True}], "files": ["/etc/dnf/dnf.conf", "/etc/yum.repos.d/almalinux-crb.repo"]},
               "module_streams": {"streams": streams}}
    run = play("provision", {"web01": {"answers": answers, "os_release": ALMALINUX}}, core=core, provision_evidence="evidence",
               module_streams_streams=["nodejs:20"])
    assert run.rc == 0 and json.loads((tmp_path / "evidence" / "web01.json").read_text()) == {
        "host": "web01", "release": "AlmaLinux release 9.8", "support_until": "2032-05-31", "support_days_left": 2000, "phase": "active",
        "repositories": ["baseos"], "streams": [], "changed": ["crb", "/etc/dnf/dnf.conf", "nodejs"], "hardening": "not looked at",
        "reboot_required": False}, run.output


def test_a_conversion_that_failed_leaves_its_evidence(play, tmp_path):
    run = play("convert", fleet(1, [1]), convert_evidence="evidence")
    assert run.rc != 0 and json.loads((tmp_path / "evidence" / "web01-conversion.json").read_text())["msg"] == FAILED["msg"], run.output


def test_a_folder_that_cannot_be_made_is_found_out_while_nothing_is_changed(play, tmp_path):
    (tmp_path / "evidence").write_text("a file")
    run = play("convert", fleet(1), convert_evidence="evidence")
    assert run.rc != 0 and run.calls == [] and "evidence" in run.output, run.output


# --- words --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("word", "module"), [("audits", None), ("Audit", "baseline_info"), ("yes", "baseline"), (False, "")])
def test_provision_knows_what_to_do_about_hardening_or_stops(play, word, module):
    hosts = {"web01": {"os_release": ALMALINUX, "answers": {"repositories": REPOSITORIES, "baseline": dict(HARD, mode="check"), "baseline_info": LOOK}}}
    run = play("provision", hosts, provision_harden=word)
    if module is None:
        assert run.rc != 0 and run.calls == [] and "provision_harden is audits. It may be false, audit or true. Nothing was changed." in run.output
        return
    assert run.rc == 0 and [name for _host, name, _arguments in run.calls if "baseline" in name] == [module] * bool(module), run.output
    # In check mode, too, what hardening changes counts.
    assert ("changed: ssh" in run.output) == (module == "baseline"), run.output


@pytest.mark.parametrize(("playbook", "module"), [("harden", "baseline"), ("audit", "baseline_info")])
def test_a_word_of_hardening_fail_on_that_there_is_not_stops_before_anything_is_done(play, playbook, module):
    run = play(playbook, fleet(1, module=module, good=HARD), hardening_fail_on=["failed"])
    assert run.rc != 0 and run.calls == [] and "hardening_fail_on names failed, which there is not" in run.output, run.output
    assert play(playbook, fleet(1, module=module, good=HARD), hardening_fail_on="fail,error").rc == 0


@pytest.mark.parametrize(("variables", "force", "to"), [({}, True, "first"), ({"rollback_force": False, "rollback_to": "last"}, False, "last")])
def test_rollback_leaves_what_the_inventory_says_unless_it_is_told(play, variables, force, to):
    concerns = ["hardening", "module_streams", "repositories", "conversion"]
    given = dict({f"{role}_force": True for role in ("hardening", "module_streams", "repositories", "convert")}, hardening_revert_to="first")
    run = play("rollback", fleet(1), inventory_vars=given, rollback_concerns=concerns, **variables)
    assert run.rc == 0 and {name: arguments["force"] for _host, name, arguments in run.calls} == dict.fromkeys(
        ("baseline", "module_streams", "repositories", "conversion"), force), run.output
    assert run.calls[0][2]["revert_to"] == to


def check(identifier, severity, overridden=False, remedy="Mend it"):
    return {"id": identifier, "severity": severity, "overridden": overridden, "found": f"{identifier} was found", "remedy": remedy}


SPACE, LOCKS, SECURE, NOTE = check("space", "inhibitor"), check("locks", "inhibitor", True), check("secure", "warning"), check("container", "note")


@pytest.mark.parametrize(("word", "checks", "said"), [
    (None, [SPACE, SECURE], None), ("inhibitor", [SPACE, LOCKS, SECURE, NOTE], "space: space was found"), ("inhibitor", [LOCKS, SECURE, NOTE], None),
    ("warning", [SPACE, LOCKS, SECURE, NOTE], "space: space was found; secure: secure was found"),
    ("warning", [LOCKS, SECURE, NOTE], "secure: secure was found"), ("warning", [LOCKS, NOTE], None)],
    ids=["nobody asked", "inhibitor", "overridden", "both", "warning", "note"])
def test_a_look_fails_for_what_it_is_asked_to(play, tmp_path, word, checks, said):
    """And leaves the verdict as facts, for plays that follow."""
    (tmp_path / "play.yml").write_text(json.dumps([
        {"ansible.builtin.import_playbook": "elkit.almalinux.preflight"},
        dict(PLAY, tasks=[{"ansible.builtin.debug": {"msg": "facts {{ ansible_facts['convert_facts'] | to_json }}"}}])]))
    look = dict(LOOKED, verdict="inhibited", inhibitors=["space"], summary={"replaced": 3}, checks=checks)
    run = play(str(tmp_path / "play.yml"), {"web01": {"answers": {"conversion_info": look}}}, **({"convert_fail_on": word} if word else {}))
    assert '"web01  inhibited  rocky-9  almalinux-9' in run.output and (run.rc != 0) == (run.recap()["web01"]["failed"] == 1) == bool(said), run.output
    if said:
        assert f'"msg": "{said}"' in run.output, run.output
    else:
        found = json.loads(json.loads(re.search(r'"msg": ("facts .*")', run.output)[1])[len("facts "):])
        assert found == {key: look[key] for key in ("verdict", "source", "target", "inhibitors", "summary")}


@pytest.mark.parametrize("core", WIDE)
def test_the_look_has_a_row_for_each_host_also_for_one_that_could_not_be_looked_at(play, core):
    answers = {"web01": dict(LOOKED, inhibitors=["space"]), "web02": LOOKED, "web03": AWAY, "web04": FAILED}
    hosts = {name: {"answers": {"conversion_info": answer}} for name, answer in answers.items()}
    hosts["web02"]["os_release"] = EL7
    run = play("preflight", hosts, core=core)
    table = [line.split('"')[1] for line in run.output.splitlines() if re.match(r' +"(host|web0.) ', line)]
    assert run.rc != 0 and [re.sub(" {2,}", "  ", line).rstrip() for line in table] == [
        "host  verdict  from  to  packages  against it", "web01  ready  rocky-9  almalinux-9  0  space",
        "web02  failed  CentOS Linux 7  -  -  it was not looked at: its error is above",
        "web03  failed  Rocky Linux 9.8  -  -  it was not looked at: its error is above",
        "web04  failed  Rocky Linux 9.8  -  -  it was not looked at: its error is above"], run.output


@pytest.mark.parametrize("core", WIDE)
def test_the_look_says_what_stands_against_a_host_and_how_to_mend_it(play, core):
    checks = [SECURE, NOTE, SPACE, LOCKS, check("mounts", "inhibitor", remedy=None)]
    run = play("preflight", {"web01": {"answers": {"conversion_info": dict(LOOKED, checks=checks, inhibitors=["space"])}},
                             "web02": {"answers": {"conversion_info": LOOKED}}}, core=core)
    said = re.findall(r'^ +"((?:ready|inhibitor|warning|note)\b.*?)",?$', run.output, re.M)
    # The hosts are in no order.
    verdict = "ready: rocky-9 to almalinux-9; no package changes; "
    assert sorted(line for line in said if line.startswith("ready")) == [verdict + "nothing stands against it", verdict + "this stands against it"]
    assert [line for line in said if not line.startswith("ready")] == [
        "inhibitor space: space was found. Mend it", "inhibitor mounts: mounts was found. ", "warning secure: secure was found. Mend it"], run.output


# --- hosts that no module can be sent to --------------------------------------------------------------------------------

@pytest.mark.parametrize("role", ["repositories", "module_streams", "convert"])
def test_a_role_sends_no_module_to_release_7(play, tmp_path, role):
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "roles": ["elkit.almalinux." + role]}]))
    run = play(str(tmp_path / "play.yml"), fleet(1), inventory_vars={"os_release": EL7}, module_streams_streams=["nodejs:20"])
    assert run.rc != 0 and run.calls == [] and "There is no AlmaLinux 7: upgrade the host to AlmaLinux 8 with" in run.output, run.output
    if role == "convert":
        # ELevate begins at 7.
        run = play(str(tmp_path / "play.yml"), fleet(1), inventory_vars={"os_release": "CentOS release 6.10 (Final)\n"})
        assert run.rc != 0 and run.calls == [] and "There is no AlmaLinux 6: install a new one of AlmaLinux 8, 9 or 10" in run.output, run.output
    run = play(str(tmp_path / "play.yml"), fleet(1), module_streams_streams=["nodejs:20"])
    assert run.rc == 0 and len(run.calls) == 1, run.output


@pytest.mark.parametrize(("has", "words"), [
    ("python39", ["CentOS Linux 8", "installed python39"]),
    ("python3.11", ["installed python3.11"]),
    ("python3", ["dnf installs none of python3.12, python3.11, python39 on web01", "AppStream of 8.4 and newer has one of them"]),
])
def test_bootstrap_asks_for_what_a_release_8_of_any_age_has(play, tmp_path, has, words):
    """The dnf is not real, and no Python of this machine is new enough."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dnf").write_text(f'#!/bin/sh\n[ "$*" = "-y -q install {has}" ]\n')
    (tmp_path / "bin" / "dnf").chmod(0o755)
    centos = ROCKY.replace("Rocky Linux", "CentOS Linux").replace("9.8", "8").replace("el9", "el8").replace("rocky", "centos")
    run = play("bootstrap", fleet(1), inventory_vars={"os_release": centos, "ansible_python_interpreter": "auto"}, __bootstrap_oldest="3.99")
    assert (run.rc == 0) == (has != "python3") and all(word in run.output for word in words), run.output


@pytest.mark.parametrize("core", WIDE)
@pytest.mark.parametrize(("pinned", "there", "good"), [
    ("python3.11", ["python3.11"], True), ("python3.6", ["python3.11"], False), ("python3.6", [], False), ("python3.12", [], True),
    (None, ["python3.11"], True), ("/usr/bin/env python3", ["python3.11"], True)],
    ids=["it is new enough", "it is too old", "it is too old, and one is installed", "it is the one that is installed", "none", "whichever comes first"])
def test_bootstrap_stops_where_the_inventory_pins_a_python_that_is_too_old(play, tmp_path, core, pinned, there, good):
    """None of them is real, nor is the dnf: python3.11 and newer say that they are new enough, and none of this machine is."""
    (tmp_path / "bin").mkdir()
    programs = {"python3.6": "exit 1", "dnf": f"cp {tmp_path}/bin/new {tmp_path}/bin/python3.12", "new": "exit 0", **dict.fromkeys(there, "exit 0")}
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n" + text)
        (tmp_path / "bin" / name).chmod(0o755)
    centos = ROCKY.replace("Rocky Linux", "CentOS Linux").replace("9.8", "8").replace("el9", "el8").replace("rocky", "centos")
    pin = {"ansible_python_interpreter": str(tmp_path / "bin" / pinned) if pinned else "auto"}
    run = play("bootstrap", fleet(1), core=core, inventory_vars=dict(pin, os_release=centos), __bootstrap_oldest="3.99")
    path = f"{tmp_path}/bin/python3.{11 if there else 12}"
    assert (run.rc == 0) == good and ("nothing to do" in run.output) == bool(good and there), run.output
    said = f"pins {tmp_path}/bin/{pinned}, which is too old or not there: remove it from the inventory, or set it to {path}"
    assert (said in run.output) == (not good), run.output
