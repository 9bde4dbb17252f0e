# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.elkit.almalinux.plugins.filter.lifecycle import lifecycle
from ansible_collections.elkit.almalinux.plugins.filter.nevra import nevra
from ansible_collections.elkit.almalinux.plugins.filter.table import table

ROWS = [{"host": "web1", "release": "AlmaLinux 9.8", "changed": True}, {"host": "database", "repositories": ["a", "b"], "changed": False}]


def test_columns_line_up_and_nothing_trails():
    assert table(ROWS).split("\n") == [
        "host      release        changed  repositories",
        "--------  -------------  -------  ------------",
        "web1      AlmaLinux 9.8  yes      -",
        "database  -              no       a, b",
    ]


def test_columns_can_be_chosen():
    assert table(ROWS, ["changed", "host"]).split("\n")[2] == "yes      web1"


def test_no_rows_give_headings_alone():
    assert table([], ["host", "x"]) == "host  x\n----  -"
    assert table([]) == "\n"


def test_a_host_cannot_break_the_table_or_colour_the_terminal():
    text = table([{"a": "x\ny\x1b[31mz\u202e"}])
    assert text.split("\n")[2] == "x?y?[31mz?"


def test_long_values_are_cut_and_wide_letters_count_twice():
    assert table([{"a": "abcdef"}], max_width=4).split("\n")[2] == "abc…"
    assert table([{"a": "漢字", "b": 1}, {"a": "abcd", "b": 2}]).split("\n")[2:] == ["漢字  1", "abcd  2"]


@pytest.mark.parametrize("arguments", [("text",), ([1],), ([], "host"), ([], None, -1), ([], None, "x"), ({"a": 1},)])
def test_what_is_no_table_is_one_clear_error(arguments):
    with pytest.raises(AnsibleFilterError, match="elkit.almalinux.table"):
        table(*arguments)


def test_nevra():
    assert nevra("openssl-libs-1:3.5.5-6.el9_8.x86_64") == {
        "name": "openssl-libs", "epoch": 1, "version": "3.5.5", "release": "6.el9_8", "arch": "x86_64"}
    for bad in ("bash", 7):
        with pytest.raises(AnsibleFilterError, match="elkit.almalinux.nevra"):
            nevra(bad)


def test_lifecycle():
    assert lifecycle("almalinux", "9", "2032-05-31") == {
        "active_end": "2027-05-31", "security_end": "2032-05-31", "extended_end": None, "days_left": 0, "phase": "security"}
    assert lifecycle("almalinux", 11)["phase"] == "unknown"
    for bad in (("almalinux", "nine"), ("almalinux", 9, "tomorrow"), ("almalinux", 9, 5)):
        with pytest.raises(AnsibleFilterError, match="elkit.almalinux.lifecycle"):
            lifecycle(*bad)
