# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a benchmark's play against a fresh host of the testbed and prints the ratios of the medians."""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import yaml
from elkit_testbed.inventory import path as inventory_path

import aims as aims_of
import conversions
import fleet
import hardening

HERE = Path(__file__).resolve().parent
CLONE = HERE.parents[1]
BUILD = CLONE / ".build"
OUT = BUILD / "bench"
INVENTORY = inventory_path()
TESTBED = CLONE / "tests" / "testbed" / "testbed"
HOST = "bench9"
PACKAGES = 500
# Benchmarks of conversions begin on another kind, and have fewer rounds: one takes a minute.
KINDS = {"conversion": "cs9", "look": "cs9"}
FEWER = {"conversion": 4, "look": 3, "fleet": 3, **hardening.ROUNDS}

# What to print: ratio = sum of the medians of the tasks on the left / the same on the right. An aim is (word, number).
RATIOS = {
    "facts": {
        "(setup + host_facts, one after the other) / setup": ("both in turn", "setup", ("at most", 1.33)),
        "(setup + host_facts, in parallel as by default) / setup": ("both in parallel", "setup", None),
        "the floor of the first: (setup + a module that does nothing) / setup": ("setup and ping in turn", "setup", None),
        "host_facts / setup": ("host_facts", "setup", None),
        "host_facts / ping": ("host_facts", "ping", None),
    },
    "repositories": {
        "first run: yum_repository tasks / one call": ("yum_repository, first run", "one call, first run", None),
        "first run, verify off: yum_repository tasks / one call": ("yum_repository, first run", "one call without verify, first run", None),
        "second run: yum_repository tasks / one call": ("yum_repository, second run", "one call, second run", ("at least", 8.0)),
    },
    "conversion": {
        "conversion without the revert cache / a bare transaction of dnf's API": ("conversion without the revert cache", "bare transaction", ("at most", 1.3)),
        "conversion with the revert cache / a bare transaction of dnf's API": ("conversion with the revert cache", "bare transaction", ("at most", 2.0)),
        "the look alone / a bare transaction of dnf's API": ("look", "bare transaction", None),
    },
    "look": {
        "look / dnf distro-sync --assumeno": ("look", "dnf distro-sync --assumeno", ("at most", 2.0)),
        "look without the way back / dnf distro-sync --assumeno": ("look without the way back", "dnf distro-sync --assumeno", None),
    },
}
NAMES = (*RATIOS, "fleet", *hardening.PARTS)


def testbed(*words, **more):
    """Run the testbed's command; its standard output (str)."""
    return subprocess.run([TESTBED, *words], check=True, text=True, stdout=subprocess.PIPE, timeout=3600, **more).stdout


def pipe(source, sink):
    """Run the testbed's command with *source* (words), and its output into the one with *sink*."""
    with subprocess.Popen([TESTBED, *source], stdout=subprocess.PIPE) as first:
        testbed(*sink, stdin=first.stdout)
    if first.returncode:
        raise SystemExit("bench: %s failed" % " ".join(source))


def prepared(name, variables):
    """Make the host ready for a benchmark; the number of its packages then."""
    if name == "conversion":
        return conversions.prepare(testbed, pipe, HOST, variables, conversions.CONVERTED, conversions.PAYLOAD, 0)
    if name == "look":
        have = int(testbed("exec", HOST, "--", "sh", "-c", "rpm -qa | wc -l"))
        more = conversions.INSTALLED - have
        return conversions.prepare(testbed, pipe, HOST, variables, more, 1, conversions.AVAILABLE - have - more)
    return fill(variables)


def host_variables():
    """What the inventory says of the benchmark's host (dict)."""
    return yaml.safe_load(INVENTORY.read_text())["all"]["hosts"][HOST]


def described():
    """The kind of the benchmark's host, and of what image it is (str)."""
    variables = host_variables()
    return "%s (%s)" % (variables["testbed_kind"], variables["testbed_image"])


def fill(variables):
    """Install filler packages until the host has PACKAGES of them; the number that it has then."""
    have = int(testbed("exec", HOST, "--", "sh", "-c", "rpm -qa | wc -l"))
    if have < PACKAGES:
        mirror = variables["testbed_container"][:-len(HOST)] + "mirror"
        script = "cd /content/installed/filler && ls | head -n %d | tar -c -T -" % (PACKAGES - have)
        with subprocess.Popen([TESTBED, "podman", "--", "exec", mirror, "sh", "-c", script], stdout=subprocess.PIPE) as source:
            testbed("exec", HOST, "--", "sh", "-c", "mkdir -p /root/filler && cd /root/filler && tar -x && rpm -i --nosignature ./*.rpm",
                    stdin=source.stdout)
        if source.returncode:
            raise SystemExit("bench: no filler packages in %s" % mirror)
    return int(testbed("exec", HOST, "--", "sh", "-c", "rpm -qa | wc -l"))


def environment_of(log):
    """The environment of ansible-playbook; the times of tasks go to *log*."""
    (OUT / "ansible.cfg").write_text("")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    environment.update({
        "ANSIBLE_COLLECTIONS_PATH": "%s/collections:%s/vendor" % (BUILD, BUILD),
        "ANSIBLE_HOME": str(BUILD / "ansible-home"),
        "ANSIBLE_LOCAL_TEMP": str(BUILD / "ansible-home" / "tmp"),
        # Empty: what this machine's user likes must not count.
        "ANSIBLE_CONFIG": str(OUT / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "bench_timer",
        "ANSIBLE_DISPLAY_OK_HOSTS": "false",
        "ANSIBLE_NOCOLOR": "1",
        "ELKIT_BENCH_LOG": str(log),
        "PATH": "%s:%s" % (Path(sys.executable).parent, os.environ["PATH"]),
    })
    return environment


def play(name, rounds, log):
    """Run the play of this benchmark; its tasks' times go to *log*. Ends the program if a task failed."""
    command = ["ansible-playbook", "-i", str(INVENTORY), "-l", HOST, "-e", "bench_rounds=%d" % rounds,
               str(HERE / ("%s.yml" % name))]
    done = subprocess.run(command, check=False, text=True, env=environment_of(log), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=3600)
    if done.returncode:
        raise SystemExit("bench: the play failed\n%s" % done.stdout[-4000:])


def medians(log):
    """Three dicts by task name: the median of its seconds, how often it ran well, how often it failed. Only tasks named "bench: …" are counted."""
    seconds, failures = {}, {}
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        if not entry["task"].startswith("bench: "):
            continue
        task = entry["task"][len("bench: "):]
        if entry["failed"]:
            failures[task] = failures.get(task, 0) + 1
        else:
            seconds.setdefault(task, []).append(entry["seconds"])
    return {task: statistics.median(each) for task, each in seconds.items()}, {task: len(each) for task, each in seconds.items()}, failures


def measure(name, rounds):
    """Run one benchmark, print and keep its result; gives it back."""
    testbed("up", "--fresh", "%s:%s" % (HOST, KINDS.get(name, "al9")))
    variables = host_variables()
    packages = prepared(name, variables)
    OUT.mkdir(parents=True, exist_ok=True)
    log = OUT / ("%s.jsonl" % name)
    log.unlink(missing_ok=True)
    play(name, rounds, log)
    seconds, counts, failures = medians(log)
    ratios, aims = {}, {}
    for title, (above, below, aim) in RATIOS[name].items():
        if above not in seconds or below not in seconds:
            raise SystemExit("bench: %r failed in every round" % (below if above in seconds else above))
        ratios[title] = round(seconds[above] / seconds[below], 2)
        if aim:
            aims[title] = "%s %s" % aim
    return report(name, "%s, %d packages" % (described(), packages), ratios, aims, seconds, max(counts.values()), failures)


def measure_fleet(rounds):
    """Run the benchmark of the fleet, print and keep its result; gives it back."""
    testbed("up", "--fresh", HOST + ":cs9")
    OUT.mkdir(parents=True, exist_ok=True)
    found = fleet.measure(testbed, HOST, yaml.safe_load(INVENTORY.read_text()), environment_of(OUT / "fleet.jsonl"), rounds)
    title = "%d hosts at %d forks / one host" % (fleet.SIZE, fleet.FORKS[1])
    return report("fleet", described() + fleet.CIRCUMSTANCES, {title: round(found["twenty"] / found["one"], 2)}, {title: "at most 12.0"},
                  {"one host": found["one"], "%d hosts" % fleet.SIZE: found["twenty"]}, found["n"], {},
                  {"MiB: the controller's peak memory at %d forks" % forks: round(value) for forks, value in found["memory"].items()})


def measure_hardening(name, rounds):
    """Run one of the benchmarks of hardening, print and keep its result; gives it back."""
    testbed("up", "--fresh", HOST + ":hard9")
    OUT.mkdir(parents=True, exist_ok=True)
    found = hardening.measure(name, testbed, HOST, INVENTORY, environment_of, rounds)
    return report(name, described() + found["circumstances"], found["ratios"], found["aims"], found["seconds"], rounds, {}, found["more"])


def report(name, host, ratios, aims, seconds, rounds, failures, more=None):
    """Print a result, keep it, and give it back.

    :param aims: {title of a ratio or of a number in *more*: "at most NUMBER" or "at least NUMBER"}
    """
    core = subprocess.run([sys.executable, "-c", "import ansible.release; print(ansible.release.__version__)"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    result = {
        "name": name, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "ratios": ratios, "aims": aims,
        "seconds": {task: round(value, 3) for task, value in seconds.items()}, "n": rounds, "failed": failures, "host": host, "core": core,
        "more": more or {}, "missed": aims_of.missed(aims, ratios, more or {}),
    }
    (OUT / ("%s.json" % name)).write_text(json.dumps(result, indent=1) + "\n")
    print("%s: %s, ansible-core %s, %d rounds" % (name, result["host"], core, result["n"]))
    notes = {title: " (aim: %s, %s)" % (aim, "missed" if title in result["missed"] else "met") for title, aim in aims.items()}
    for title, ratio in ratios.items():
        print("  %5.2f  %s%s" % (ratio, title, notes.get(title, "")))
    for task, value in seconds.items():
        print("  %5.2f s  %s%s" % (value, task, " (failed in %d rounds)" % failures[task] if task in failures else ""))
    for title, value in result["more"].items():
        print("  %5d    %s%s" % (value, title, notes.get(title, "")))
    return result


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description="Benchmarks that print ratios; see README.md.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all): %s" % ", ".join(NAMES))
    parser.add_argument("--rounds", type=int, help="how often each is measured (default: 12, of conversions and hardening 3 or 4)")
    parser.add_argument("--keep", action="store_true", help="leave the host up")
    options = parser.parse_args()
    for name in options.names:
        if name not in NAMES:
            parser.error("there is no benchmark %r, only %s" % (name, ", ".join(NAMES)))
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds must be 1 or more, not %d" % options.rounds)
    over = []
    try:
        for name in options.names or NAMES:
            rounds = options.rounds or FEWER.get(name, 12)
            if name == "fleet":
                result = measure_fleet(rounds)
            elif name in hardening.PARTS:
                result = measure_hardening(name, rounds)
            else:
                result = measure(name, rounds)
            over += aims_of.failing(result)
    finally:
        if not options.keep:
            testbed("down", HOST)
    if over:
        raise SystemExit("bench: " + "\nbench: ".join(over))


if __name__ == "__main__":
    main()
