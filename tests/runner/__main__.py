# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.runner [--full [--resume]] [step …]: run the steps, two lanes side by side, and count."""

from __future__ import annotations

import argparse
import datetime
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import yaml

from tests.runner import junit, kept, made, report, skips

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
LOGS = BUILD / "log"
OUTCOMES = ROOT / kept.OUTCOMES
DEFAULT_MINUTES = 15
COVERAGE = "log/coverage.txt"
OUTPUT = threading.Lock()
RUNNING = set()  # the process groups of the steps that run now


class Outcome:
    """What became of a step: state ("passed", "failed", "skipped"), seconds, the counts that it adds, when, of which commit and where,
    and what it made and used (see made.py)."""

    def __init__(self, step, state, seconds=0.0, passed=0, failed=(), skipped=(), note="", ended=None, commit="", machine="", made=(),
                 hosts=()):
        self.step = step
        self.state = state
        self.seconds = seconds
        self.passed = passed
        self.failed = list(failed)
        self.skipped = list(skipped)
        self.note = note
        self.ended = ended or datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M")
        self.commit = commit
        self.machine = machine
        self.made = dict(made)
        self.hosts = dict(hosts)


def say(text):
    with OUTPUT:
        print(text, flush=True)


def run_step(step, full):
    """Run one step; its output goes to .build/log/<id>.log. Returns an Outcome."""
    made.clear(BUILD, step)
    needs = step.get("needs")
    if needs and not (ROOT / needs).exists():
        return Outcome(step, "skipped", skipped=[(step["id"], "{} is not there".format(needs))])
    log = LOGS / (step["id"] + ".log")
    xml = LOGS / (step["id"] + ".xml")
    hosts = LOGS / (step["id"] + ".hosts")
    for path in (xml, hosts):
        path.unlink(missing_ok=True)
    environment = dict(os.environ, ELKIT_TESTBED=step["lane"], ELKIT_HOSTS_NOTE=str(hosts))
    if full:
        environment["ELKIT_NEW_EXAMPLES"] = "1"
    if step.get("pytest"):
        environment["PYTEST_ADDOPTS"] = "--junitxml={} -o junit_family=xunit1 -p no:cacheprovider{}".format(
            xml, "" if full else " -m 'not full'")
    started = time.monotonic()
    with open(log, "w", encoding="utf-8") as output:
        # A group of its own, so that a step that hangs can be ended with what it started.
        process = subprocess.Popen(
            ["bash", "-c", ". scripts/lib.sh; set -e; export PYTHONPATH=$build/collections PATH=$build/venv/main/bin:$PATH; "
             + step["run"]],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True)
        RUNNING.add(process.pid)
        try:
            code = process.wait(step.get("minutes", DEFAULT_MINUTES) * 60)
            note = "" if code == 0 else "exit code {}".format(code)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code, note = -1, "no end after {} minutes".format(step.get("minutes", DEFAULT_MINUTES))
        finally:
            RUNNING.discard(process.pid)
    seconds = time.monotonic() - started
    outcome = judge(step, code, note, seconds, xml)
    outcome.made, outcome.hosts = made.read(BUILD, step), made.hosts(hosts)
    return outcome


def judge(step, code, note, seconds, xml):
    """The Outcome of a step that ended with *code*; *xml* is where a pytest step wrote its JUnit file."""
    if not step.get("pytest"):
        state = "passed" if code == 0 else "failed"
        return Outcome(step, state, seconds, passed=int(code == 0), failed=[step["id"]] if code else [], note=note)
    if not xml.exists():
        return Outcome(step, "failed", seconds, failed=[step["id"]], note=note or "no test ran")
    counts = junit.read(xml)
    failed = counts["failed"]
    if code != 0 and not failed:
        failed = [step["id"]]
    if code == 0 and not counts["passed"] and not counts["skipped"]:
        failed, note = [step["id"]], "no test ran"
    return Outcome(step, "failed" if failed else "passed", seconds, counts["passed"], failed, counts["skipped"], note)


def tail(step, lines=40):
    log = LOGS / (step["id"] + ".log")
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


def run_lane(steps, full, outcomes, files=None, commit=""):
    """Run *steps* one after the other. *files* (see kept.files): what passes is kept for a run that resumes."""
    for step in steps:
        if files:
            kept.forget(OUTCOMES, step["id"])
        outcome = run_step(step, full)
        outcome.commit, outcome.machine = commit, report.machine()
        outcomes.append(outcome)
        if files and outcome.state == "passed":
            kept.write(OUTCOMES, outcome, kept.digest(files, step))
        say("{:8} {:28} {:7.1f} s  {}".format(
            outcome.state if outcome.state != "failed" else "FAILED", step["id"], outcome.seconds,
            "{} passed, {} failed, {} skipped".format(outcome.passed, len(outcome.failed), len(outcome.skipped))
            if step.get("pytest") else outcome.note))
        if outcome.state == "failed":
            say("\n".join("    failed: " + name for name in outcome.failed[:20]))
            say(tail(step) + "\n    (all of it: .build/log/{}.log)".format(step["id"]))


def stop(number, frame):
    """Interrupted: end what the steps started, too."""
    for group in list(RUNNING):
        try:
            os.killpg(group, signal.SIGTERM)
        except ProcessLookupError:
            pass
    say("interrupted")
    os._exit(128 + number)


def tally(outcomes, allowed):
    """What the outcomes come to.

    :param outcomes: list of Outcome
    :param allowed: the entries of tests/skips.yml
    :returns: (passed, failed, skipped, unlisted): three numbers, and the (id, reason) of the skips that no entry
        allows; those count as failed, not as skipped
    """
    skipped = [entry for outcome in outcomes for entry in outcome.skipped]
    unlisted = [entry for entry in skipped if skips.entry_for(entry[0], allowed) is None]
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(len(outcome.failed) for outcome in outcomes) + len(unlisted)
    return passed, failed, len(skipped) - len(unlisted), unlisted


def main():
    parser = argparse.ArgumentParser(prog="tests.runner")
    parser.add_argument("--full", action="store_true", help="the long matrices and benchmarks too, and docs/verification.md")
    parser.add_argument("--resume", action="store_true", help="with --full: what passed already with the same files counts as it is")
    parser.add_argument("only", nargs="*", metavar="step", help="only these steps")
    arguments = parser.parse_args()
    steps = yaml.safe_load((ROOT / "tests/runner/steps.yml").read_text(encoding="utf-8"))
    unknown = set(arguments.only) - {step["id"] for step in steps}
    if unknown:
        parser.error("unknown step: {}; there are: {}".format(
            ", ".join(sorted(unknown)), ", ".join(step["id"] for step in steps)))
    try:
        allowed = skips.validate(yaml.safe_load((ROOT / "tests/skips.yml").read_text(encoding="utf-8")) or [])
    except skips.SkipListError as error:
        parser.error(str(error))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    wanted = [step for step in steps
              if (step["id"] in arguments.only if arguments.only else arguments.full or not step.get("full"))]
    LOGS.mkdir(parents=True, exist_ok=True)
    lanes, alone, outcomes = {}, [], []
    files = kept.files(ROOT) if arguments.full else None
    commit = kept.commit(ROOT)
    for step in wanted:
        known = kept.read(OUTCOMES, step["id"], kept.digest(files, step)) if arguments.resume and files else None
        if known:
            outcomes.append(Outcome(step, **known))
            say("passed   {:28} before, with the same files".format(step["id"]))
            continue
        (alone if step.get("alone") else lanes.setdefault(step["lane"], [])).append(step)
    started = time.monotonic()
    threads = [threading.Thread(target=run_lane, args=(lane, arguments.full, outcomes, files, commit)) for lane in lanes.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_lane(alone, arguments.full, outcomes, files, commit)

    passed, failed, listed, unlisted = tally(outcomes, allowed)
    for identifier, reason in unlisted:
        say("FAILED   {} was skipped ({}) and is not in tests/skips.yml".format(identifier, reason))
    for outcome in outcomes:
        if COVERAGE in outcome.made:
            say(outcome.made[COVERAGE].rstrip())
    if arguments.full and not arguments.only:
        order = {step["id"]: index for index, step in enumerate(steps)}
        outcomes.sort(key=lambda outcome: order[outcome.step["id"]])
        (ROOT / "docs/verification.md").write_text(
            report.render(ROOT, outcomes, allowed, (passed, failed, listed)), encoding="utf-8")
    say("took {:.0f} s".format(time.monotonic() - started))
    say("{} passed, {} failed, {} skipped".format(passed, failed, listed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    if shutil.which("bash") is None:
        sys.exit("bash is not there")
    sys.exit(main())
