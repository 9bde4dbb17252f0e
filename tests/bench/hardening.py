# SPDX-License-Identifier: GPL-3.0-or-later
"""What hardening costs: whole commands against `ansible -m ping`, a hundred settings against a task for each, and twenty hosts against one."""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

import fleet
import settings

HERE = Path(__file__).resolve().parent
FILES = 300000
# Among them one that anybody may write, and the control that names it: an audit where that fails has walked through them.
OPEN, OPEN_ID = "/srv/bench-files/29/2999/open", "file_permissions_unauthorized_world_writable"
# Module calls of a first and a second run together; bytes of output of one command on one host.
CALLS, BYTES = 8, 20 * 1024
# Of the word "molecule", as in molecule/hardening; a real one comes from a vault.
HASH = "grub.pbkdf2.sha512.10000." + "6D6F6C6563756C65." + "6D6F6C6563756C65" * 4
VARIABLES = {"hardening_profile": settings.PROFILE, "hardening_values": {"grub_password_hash": HASH}}
CALL = {"profile": settings.PROFILE, "values": VARIABLES["hardening_values"]}
AUDIT, APPLY = "elkit.almalinux.audit", "elkit.almalinux.harden"


class Bench:
    """The commands of a benchmark: ansible's, timed, and the testbed's.

    :param testbed: runs the testbed's command; gives its output
    :param host: the name of the host
    :param inventory: path of its inventory
    :param environment: function that gives the environment for a log of task times
    """

    def __init__(self, testbed, host, inventory, environment):
        self.testbed, self.host, self.inventory = testbed, host, str(inventory)
        self.folder = Path(tempfile.mkdtemp(prefix="elkit-bench-"))
        self.log = self.folder / "tasks.jsonl"
        self.environment = environment(self.log)
        # At default verbosity, as users see it: the bytes of the output are measured as well.
        del self.environment["ANSIBLE_DISPLAY_OK_HOSTS"]
        self.taken = {}
        self.output = ""

    def command(self, words, label=None, failing="bench"):
        """Run an ansible command; its seconds count for *label*. Ends the program if it fails."""
        self.log.unlink(missing_ok=True)
        begun = time.monotonic()
        done = subprocess.run([words[0], "-i", self.inventory, *words[1:]], check=False, text=True, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=3600)
        seconds = time.monotonic() - begun
        if done.returncode:
            raise SystemExit("%s: %s failed\n%s" % (failing, " ".join(words[:4]), done.stdout[-4000:]))
        self.output = done.stdout
        if label:
            self.taken.setdefault(label, []).append(seconds)
        return seconds

    def ping(self):
        self.command(["ansible", self.host, "-m", "ping"], "ping")

    def playbook(self, name, label=None, *more):
        """A playbook of the collection at Level 2."""
        self.command(["ansible-playbook", "-l", self.host, "-e", json.dumps(VARIABLES), name, *more], label)

    def play(self, name, tasks, label=None, *more):
        """A play of these tasks; what counts for *label* is the time of its tasks alone."""
        path = self.folder / (name + ".yml")
        path.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "become": True, "tasks": tasks}]))
        self.command(["ansible-playbook", "-l", self.host, str(path), *more])
        entries = self.entries()
        if label:
            self.taken.setdefault(label, []).append(sum(entry["seconds"] for entry in entries))
        return entries

    def entries(self):
        """What the tasks of the last command took (list of dict)."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def on_host(self, *words):
        """lib/hardening.sh on the host, as root."""
        with open(HERE / "lib" / "hardening.sh") as script:
            self.testbed("exec", self.host, "--", "sh", "-s", *words, stdin=script)

    def medians(self):
        return {label: statistics.median(seconds) for label, seconds in self.taken.items()}

    def trust(self):
        """Whoever installs packages trusts their keys first."""
        self.play("trust", [{"ansible.builtin.include_role": {"name": "elkit.almalinux.repositories"}, "vars": {"repositories_verify": False}}])


def calls(output):
    """(module calls, all commands over ssh) that the output of -vvv shows."""
    executed = [line for line in output.splitlines() if re.match(r"<[^>]*> SSH: EXEC ", line)]
    return sum(1 for line in executed if "python" in line), len(executed)


def opened(output):
    """How many files that anybody may write an audit's table shows (int)."""
    found = re.search(r"fail +[12] +%s +(\d+) of them" % OPEN_ID, output)
    return int(found.group(1)) if found else 0


def whole(bench, rounds):
    """(ratios, aims, more) of first apply, second run and audit as whole commands, with the 300,000 files too.

    Ends the program if an audit does not look at those files, or one without them does.
    """
    bench.trust()
    bench.testbed("exec", bench.host, "--", "mkdir", "-p", "/var/lib/machines")
    bench.on_host("files", str(FILES), OPEN)
    sizes, numbers, tasks = {}, {}, {}
    look = [{"elkit.almalinux.baseline_info": dict(CALL, only_ids=[OPEN_ID]), "register": "look"},
            {"ansible.builtin.assert": {"that": "look.controls.0.before | list == ['%s']" % OPEN, "fail_msg": "{{ look.controls | string }}"}}]

    def measured(name, playbook, label, *more):
        bench.ping()
        bench.playbook(playbook, label, *more)
        sizes[label] = max(sizes.get(label, 0), len(bench.output.encode()))
        tasks.setdefault(name, []).append(max(entry["seconds"] for entry in bench.entries()))

    for number in range(rounds + 1):
        # The first round is for what is there once only: caches of dnf, of the page cache, and the count of calls, for which -vvv is needed.
        if not number:
            for label, playbook in (("first apply", APPLY), ("second run", APPLY), ("audit", AUDIT)):
                bench.playbook(playbook, None, "-vvv")
                numbers[label] = calls(bench.output)
            bench.on_host("show")
            # An audit's table says how many there are; this, that it is ours and no other.
            bench.play("look", look)
            bench.on_host("hide")
        else:
            measured("first apply", APPLY, "first apply")
            measured("second run", APPLY, "second run")
            measured("audit", AUDIT, "audit")
            before = opened(bench.output)
            bench.on_host("show")
            measured("audit with files", AUDIT, "audit with %d more files" % FILES)
            if (before, opened(bench.output)) != (0, 1):
                raise SystemExit("bench: audits found %d files that anybody may write without the %d files, and %d with them, where there is one"
                                 % (before, FILES, opened(bench.output)))
            bench.on_host("hide")
        bench.play("revert", [{"elkit.almalinux.baseline": {"state": "reverted", "revert_to": "first"}}])
    seconds = bench.medians()
    ratios = {"%s / ansible -m ping, whole commands" % label: seconds[label] / seconds["ping"] for label in ("first apply", "second run", "audit")}
    aims = dict.fromkeys(list(ratios)[1:], "at most 5.0")
    title = "audit with %d more files / audit, whole commands" % FILES
    ratios[title] = seconds["audit with %d more files" % FILES] / seconds["audit"]
    ratios["the same, the task alone"] = statistics.median(tasks["audit with files"]) / statistics.median(tasks["audit"])
    aims[title] = "at most 2.0"
    more = {"module calls on the host, %s" % label: number[0] for label, number in numbers.items()}
    together = "module calls on the host, first apply and second run together"
    more[together] = numbers["first apply"][0] + numbers["second run"][0]
    aims[together] = "at most %d" % CALLS
    more.update({"commands over ssh, %s" % label: number[1] for label, number in numbers.items()})
    output = {"bytes of output at default verbosity, %s" % label: size for label, size in sizes.items()}
    more.update(output)
    aims.update(dict.fromkeys(output, "at most %d" % BYTES))
    return ratios, aims, more


def one_by_one(bench, rounds):
    """(ratios, aims, more) of a hundred settings by one call and by a task for each: to put them, to put them again, and to look at them."""
    bench.on_host("keep")
    ours = [{"name": "one call", "elkit.almalinux.baseline": dict(CALL, only_ids=settings.IDS)}]
    theirs = settings.tasks()
    look = [{"elkit.almalinux.baseline_info": dict(CALL, only_ids=settings.IDS), "register": "look"},
            {"ansible.builtin.assert": {"that": "look.counts.pass == 100", "fail_msg": "{{ look.controls | rejectattr('status', 'equalto', 'pass') | list }}"}}]
    for number in range(rounds):
        # Whoever comes first in a round has the colder caches.
        ways = [("a task per control", theirs, theirs), ("one call", ours, look[:1])]
        for label, tasks, audit in ways[::-1] if number % 2 else ways:
            bench.on_host("reset")
            bench.ping()
            changed = sum(entry["changed"] for entry in bench.play("settings", tasks, label + ", first run"))
            if not changed:
                raise SystemExit("bench: %s changed nothing in its first run" % label)
            changed = sum(entry["changed"] for entry in bench.play("settings", tasks, label + ", second run"))
            if changed:
                raise SystemExit("bench: %s changed something in its second run" % label)
            # A look by tasks is their check mode.
            if sum(entry["changed"] for entry in bench.play("settings", audit, label + ", audit", "--check")):
                raise SystemExit("bench: %s found something to change after its second run" % label)
            if not number:
                # Both ways leave the same hundred settings.
                bench.play("look", look)
    bench.on_host("reset")
    seconds = bench.medians()
    ratios = {"%s: a task per control / one call, a hundred settings, time of the tasks" % run:
              seconds["a task per control, " + run] / seconds["one call, " + run] for run in ("first run", "second run", "audit")}
    return ratios, dict.fromkeys(ratios, "at least 10.0"), {"settings": len(settings.IDS)}


def many(bench, rounds):
    """(ratios, aims, more) of a second run on twenty hosts at twenty forks against one host."""
    hosts = fleet.Fleet(bench.testbed, bench.host, yaml.safe_load(Path(bench.inventory).read_text()))
    inventory = bench.folder / "inventory.yml"
    play = bench.folder / "second.yml"
    play.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "become": True, "tasks": [{"elkit.almalinux.baseline": CALL}]}]))
    trust = bench.folder / "trust.yml"
    trust.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "become": True, "tasks": [
        {"ansible.builtin.include_role": {"name": "elkit.almalinux.repositories"}, "vars": {"repositories_verify": False}}]}]))
    title = "second run on %d hosts at %d forks / on one host, whole commands" % (fleet.SIZE, fleet.FORKS[1])
    one, all_of_them = "one host", "%d hosts at %d forks" % (fleet.SIZE, fleet.FORKS[1])
    memory = {forks: [] for forks in fleet.FORKS}

    def run(name, forks, *more):
        return fleet.run(["ansible-playbook", "-i", str(inventory), "--forks", str(forks), str(name), *more], bench.environment, bench.folder / "log")

    try:
        hosts.fresh(fleet.SIZE, inventory)
        run(trust, 5)
        run(play, 5)
        for _round in range(rounds):
            bench.taken.setdefault(one, []).append(run(play, 1, "-l", hosts.names[0])[0])
            seconds, peak = run(play, fleet.FORKS[1])
            bench.taken.setdefault(all_of_them, []).append(seconds)
            memory[fleet.FORKS[1]].append(peak)
            seconds, peak = run(play, fleet.FORKS[0])
            bench.taken.setdefault("%d hosts at %d forks" % (fleet.SIZE, fleet.FORKS[0]), []).append(seconds)
            memory[fleet.FORKS[0]].append(peak)
    finally:
        hosts.remove()
    seconds = bench.medians()
    return ({title: seconds[all_of_them] / seconds[one]}, {title: "at most 12.0"},
            {"MiB: the controller's peak memory at %d forks" % forks: round(statistics.median(peaks)) for forks, peaks in memory.items()})


PARTS = {"hardening": whole, "hardening_settings": one_by_one, "hardening_fleet": many}
ROUNDS = {"hardening": 4, "hardening_settings": 2, "hardening_fleet": 3}


def measure(name, testbed, host, inventory, environment, rounds):
    """One part on a host that is up: {"ratios", "aims", "seconds", "more", "circumstances"} as bench.report() takes them."""
    # The catalogue is read with the collection's own code.
    sys.path[:0] = [path for path in environment(Path(os.devnull))["ANSIBLE_COLLECTIONS_PATH"].split(":") if path not in sys.path]
    bench = Bench(testbed, host, inventory, environment)
    ratios, aims, more = PARTS[name](bench, rounds)
    return {"ratios": {title: round(value, 2) for title, value in ratios.items()}, "aims": aims, "seconds": bench.medians(), "more": more,
            "circumstances": fleet.CIRCUMSTANCES if name == "hardening_fleet" else ""}
