# SPDX-License-Identifier: GPL-3.0-or-later
import re

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import grubtext
from hypothesis import given
from hypothesis import strategies as st

DEFAULT = """GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR="$(sed 's, release .*$,,g' /etc/system-release)"
GRUB_CMDLINE_LINUX="crashkernel=auto resume=/dev/mapper/almalinux-swap rd.lvm.lv=almalinux/root rhgb quiet"
GRUB_DISABLE_RECOVERY="true"
"""


@pytest.mark.parametrize("line, wanted, after", [
    ("", "audit=1", "audit=1"),
    ("ro quiet", "audit=1", "ro quiet audit=1"),
    ("ro audit=0 quiet", "audit=1", "ro audit=1 quiet"),
    ("audit=0  audit=1 x", "audit=1", "audit=1 x"),
    ("ro audit_backlog_limit=64", "audit=1", "ro audit_backlog_limit=64 audit=1"),
    ("nousb", "nousb", "nousb"),
])
def test_a_word_is_added(line, wanted, after):
    assert grubtext.added(line, wanted) == after
    assert grubtext.has(after.split(), wanted)


def test_the_last_word_of_a_name_counts():
    assert not grubtext.has("audit=1 audit=0".split(), "audit=1")


def test_shell_assignments():
    values = grubtext.shell_values(DEFAULT)
    assert values["GRUB_TIMEOUT"] == [(1, "5", "")] and values["GRUB_DISABLE_RECOVERY"] == [(4, "true", '"')]
    text = grubtext.with_shell_value(DEFAULT, "GRUB_CMDLINE_LINUX", lambda line: grubtext.added(line, "audit=1"))
    assert text == DEFAULT.replace("rhgb quiet", "rhgb quiet audit=1")
    assert grubtext.with_shell_value("A=1\n", "GRUB_CMDLINE_LINUX", str, "audit=1") == 'A=1\nGRUB_CMDLINE_LINUX="audit=1"\n'
    assert grubtext.with_shell_value("GRUB_CMDLINE_LINUX=quiet\n", "GRUB_CMDLINE_LINUX", lambda line: line + " x") == 'GRUB_CMDLINE_LINUX="quiet x"\n'


@pytest.mark.parametrize("line, after", [
    ('GRUB_CMDLINE_LINUX="ro rhgb quiet" # site: keep "rhgb"',
     'GRUB_CMDLINE_LINUX="ro rhgb quiet audit=1" # site: keep "rhgb"'),
    ("GRUB_CMDLINE_LINUX='quiet'\t#x", "GRUB_CMDLINE_LINUX='quiet audit=1'\t#x"), ("GRUB_CMDLINE_LINUX=quiet # x", 'GRUB_CMDLINE_LINUX="quiet audit=1" # x'),
    ("  GRUB_CMDLINE_LINUX=quiet#x  ", '  GRUB_CMDLINE_LINUX="quiet#x audit=1"  '),
    ('GRUB_CMDLINE_LINUX="a\\"b \\$x"\r', 'GRUB_CMDLINE_LINUX="a\\"b \\$x audit=1"\r'),
    # Nothing but a shell could tell.
    ('GRUB_CMDLINE_LINUX="quiet', None), ('GRUB_CMDLINE_LINUX="quiet \\', None), ("GRUB_CMDLINE_LINUX=quiet\\", None), ('GRUB_CMDLINE_LINUX="a"b', None),
    ('GRUB_CMDLINE_LINUX="a" "b"', None), ("GRUB_CMDLINE_LINUX=$(cat /x)", None), ('GRUB_CMDLINE_LINUX+=" quiet"', None), ("GRUB_CMDLINE_LINUX=a; b", None),
    ('GRUB_CMDLINE_LINUX="`cat /x`"', None), ('export GRUB_CMDLINE_LINUX="quiet"', None)])
def test_only_a_whole_word_is_edited_and_a_comment_behind_it_stays(line, after):
    text = "GRUB_TIMEOUT=5\n" + line + "\n"
    assert grubtext.unclear(text, "GRUB_CMDLINE_LINUX") == (2 if after is None else None)
    assert grubtext.unclear(text, "GRUB_TIMEOUT") is None
    assert grubtext.with_shell_value(text, "GRUB_CMDLINE_LINUX", lambda value: grubtext.added(value, "audit=1")) == (
        text if after is None else "GRUB_TIMEOUT=5\n" + after + "\n")


def block(options):
    text = grubtext.HEADER + "saved_entry=0\nkernelopts=" + options + "\nboot_success=0\n"
    return text + "#" * (grubtext.BLOCK - len(text))


def test_the_environment_block_keeps_its_length():
    text = grubtext.with_kernelopts(block("root=/dev/sda1 ro"), lambda line: grubtext.added(line, "audit=1"))
    assert len(text) == grubtext.BLOCK and "kernelopts=root=/dev/sda1 ro audit=1\nboot_success=0\n#" in text
    assert grubtext.with_kernelopts(text, lambda line: grubtext.added(line, "audit=1")) == text
    assert grubtext.with_kernelopts(block("x" * 950), lambda line: line + " audit_backlog_limit=8192") is None
    assert grubtext.with_kernelopts("nothing", str) == "nothing"


ENTRY = "title AlmaLinux (5.14.0-503.el9.x86_64) 9.5\nversion 5.14.0-503.el9.x86_64\n" \
        "options root=/dev/mapper/almalinux-root ro $tuned_params\ngrub_users $grub_users\n"


def test_an_entry():
    assert grubtext.entry_options(ENTRY) == [(3, "root=/dev/mapper/almalinux-root ro $tuned_params")]
    assert grubtext.with_entry_options(ENTRY, lambda line: grubtext.added(line, "audit=1")) == ENTRY.replace("$tuned_params", "$tuned_params audit=1")


PARTS = st.lists(st.sampled_from([
    "ro", "quiet", "audit=1", "audit=0", "audit", "selinux=0", "enforcing=0", "root=UUID=1", "$kernelopts", "x=a=b"]), max_size=8)


@given(PARTS, st.sampled_from(["audit=1", "nousb"]))
def test_other_words_keep_their_order(words, wanted):
    line = " ".join(words)
    after = grubtext.added(line, wanted)
    assert grubtext.added(after, wanted) == after and grubtext.has(after.split(), wanted)
    name = wanted.split("=")[0]
    assert [word for word in after.split() if word.split("=")[0] != name] == [word for word in words if word.split("=")[0] != name]


@given(PARTS)
def test_words_are_removed(words):
    after = grubtext.removed(" ".join(words), re.compile(r"(?:selinux=0|enforcing=0)\Z"))
    assert after.split() == [word for word in words if word not in ("selinux=0", "enforcing=0")]


@given(st.text())
def test_any_text_survives_a_look(text):
    grubtext.shell_values(text)
    assert grubtext.with_shell_value(text, "GRUB_CMDLINE_LINUX", lambda line: line) == text
    assert grubtext.with_entry_options(text, lambda line: line) == text
