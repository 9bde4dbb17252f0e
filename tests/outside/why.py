# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a rule has its result: the tests that the judge made for it, and what it saw."""
from xml.etree import ElementTree

from . import judge


def _name(element):
    return element.tag.rpartition("}")[2]


def explain(arf):
    """Lines about every test in the text of an ARF result file (of one rule)."""
    comments, items, lines = {}, {}, []
    tests = []
    for element in ElementTree.fromstring(arf).iter():
        name = _name(element)
        if name.endswith("_test") and element.get("comment"):
            comments[element.get("id")] = element.get("comment")
        elif name.endswith("_item"):
            items[element.get("id")] = element
        elif name == "test" and element.get("test_id") and element.get("result") != "not evaluated":
            tests.append(element)
    for test in tests:
        lines.append("%-14s %s" % (test.get("result"), comments.get(test.get("test_id"), test.get("test_id"))))
        for seen in test:
            item = items.get(seen.get("item_id"))
            if _name(seen) == "tested_item" and item is not None:
                fields = ["%s=%s" % (_name(field), field.text) for field in item if field.text and field.text.strip()]
                lines.append("    %-10s %s" % (seen.get("result"), " ".join(fields)[:400]))
    return lines


def why(name, el, profile, rule, content=None):
    """The result of one rule and what stands behind it, as text."""
    words = ["xccdf", "eval", "--progress", "--skip-valid", "--profile", judge.PREFIX + "profile_" + judge.PROFILES[profile],
             "--rule", judge.PREFIX + "rule_" + rule, "--results-arf", "/mnt/arf.xml"]
    text, mark, arf = judge.oscap(name, content or el, words).partition("<?xml")
    if not mark:
        raise judge.JudgeError("oscap on %s said nothing of %s" % (name, rule))
    return "\n".join(["%s: %s" % (rule, judge.parse(text).get(rule, "missing"))] + explain(mark + arf))
