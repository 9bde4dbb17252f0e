# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.outside NAME EL PROFILE: the score of a running host, and what failed."""
import argparse
import json
import sys

from . import judge
from .why import why


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.outside", description=__doc__)
    parser.add_argument("name", help="a host of the testbed that is up")
    parser.add_argument("el", type=int, choices=(8, 9, 10))
    parser.add_argument("profile", choices=sorted(judge.PROFILES))
    parser.add_argument("--almalinux", action="store_true", help="with SSG's own content for AlmaLinux 9, which does not see drop-ins")
    parser.add_argument("--json", action="store_true", help="print every rule's result instead")
    parser.add_argument("--why", metavar="RULE", help="print what the judge looked at for this rule instead")
    options = parser.parse_args()
    content = "almalinux9" if options.almalinux else None
    try:
        if options.why:
            print(why(options.name, options.el, options.profile, options.why, content))
            return
        results = judge.scan(options.name, options.el, options.profile, content)
        counted = judge.score(results, options.el, options.profile)
    except judge.JudgeError as error:
        sys.exit("tests.outside: error: %s" % error)
    if options.json:
        print(json.dumps(results, indent=1, sort_keys=True))
        return
    for rule in counted.failed:
        print("%-14s %s" % (results.get(rule, "missing"), rule))
    for rule, reason in judge.waivers(options.el).items():
        if rule in counted.waived:
            print("%-14s %s  (%s)" % ("waived", rule, reason))
    for rule in counted.not_applicable:
        print("%-14s %s" % ("notapplicable", rule))
    print("%s, AlmaLinux %d look-alike, %s: %s" % (options.name, options.el, options.profile, counted))


main()
