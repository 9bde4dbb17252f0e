# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import os_release


def test_quotes_escapes_comments_and_the_last_of_equals():
    values, problems = os_release.parse(
        '# c\nID="almalinux"\nNAME=\'A "b"\'\nX="a\\$b \\"c\\""\nEMPTY=\n\nVERSION_ID=8\nVERSION_ID="8.10"\n')
    assert values == {"ID": "almalinux", "NAME": 'A "b"', "X": 'a$b "c"', "EMPTY": "", "VERSION_ID": "8.10"}
    assert problems == []


def test_broken_lines_are_named_and_the_others_stay():
    values, problems = os_release.parse('ID="almalinux\nnothing at all\nVERSION_ID=9.8\n=x\n')
    assert values["VERSION_ID"] == "9.8" and values["ID"] == "almalinux"
    assert problems == ["line 1: the quote is not closed", "line 2 is no assignment", "line 4 is no assignment"]
