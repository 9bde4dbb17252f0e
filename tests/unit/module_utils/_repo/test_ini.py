# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import ini
from hypothesis import assume, given
from hypothesis import strategies as st

SHIPPED = """# almalinux-powertools.repo

[powertools]
name=AlmaLinux $releasever - PowerTools
mirrorlist=https://mirrors.almalinux.org/mirrorlist/$releasever/powertools
# baseurl=https://repo.almalinux.org/almalinux/$releasever/PowerTools/$basearch/os/
enabled=0
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-AlmaLinux

## Sources
[powertools-source]
name=AlmaLinux $releasever - PowerTools Source
enabled=0
"""

# Lines that meet every branch of the grammar, glued at random, find more than uniformly random text does.
FRAGMENTS = st.sampled_from([
    "[baseos]", "[a b]", "[extras] # note", "[broken", "[]", "[x] junk", "enabled=1", "enabled = 0", "enabled=", "=1",
    "baseurl=http://a/", "  http://b/", "\tmore", "# comment", "; comment", "  # indented", "", "   ", "word", "a=b=c",
    "name=\u00e4\u2028\x0b", "\ufeff[b]", "x=\x00", "\udcff=1", "gpgkey =file:///a", "enabled=1 ",
])
ENDINGS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", ""])
STRUCTURED = st.lists(st.tuples(FRAGMENTS, ENDINGS), max_size=25).map(lambda parts: "".join(a + b for a, b in parts))
TEXTS = st.one_of(STRUCTURED, STRUCTURED.map(lambda text: "\ufeff" + text), st.text())
# Edits need a section to work on; what dnf could read (no problems) is glued of good lines alone.
EDITABLE = TEXTS.map(lambda text: "[baseos]\n" + text)
GOOD = st.sampled_from([
    "[baseos]", "[a b]", "[extras] # note", "enabled=1", "enabled = 0", "enabled=", "a=b=c", "# comment", "; comment", "", "  ",
    "baseurl=http://a/\n  http://b/", "name=\u00e4\u2028\x0b", "gpgkey =file:///a", "enabled=1 ",
])
READABLE = st.lists(st.tuples(GOOD, st.sampled_from(["\n", "\n", "\r\n"])), max_size=25).map(
    lambda parts: "[first]\n" + "".join(a + b for a, b in parts))
KEYS = st.sampled_from(["enabled", "baseurl", "name", "priority", "gpgkey", "a"])
VALUES = st.sampled_from(["", "0", "http://x/ http://y/", "a=b", "# no comment", "[x]"])


@given(TEXTS)
def test_render_gives_back_any_text(text):
    assert ini.parse(text).render() == text


@given(TEXTS)
def test_copy_is_independent(text):
    document = ini.parse(text)
    copied = document.copy()
    for section in copied.sections():
        copied.set(section, "priority", "7")
    assert document.render() == text


@given(EDITABLE, KEYS, VALUES, st.data())
def test_set_changes_one_option_and_nothing_else(text, key, value, data):
    before = ini.parse(text)
    section = data.draw(st.sampled_from(before.sections()))
    after = before.copy()
    after.set(section, key, value)
    again = ini.parse(after.render())
    assert again.get(section, key) == value
    assert [line.body for line in again.lines] == [line.body for line in after.lines]
    assert again.problems == [] or before.problems != []
    for name in before.sections():
        old, new = before.options(name), again.options(name)
        if name == section:
            old.pop(key, None)
            new.pop(key, None)
        assert old == new
    # Every line that does not belong to the option is there as it was, in its order.
    assert _others(again, section, key) == _others(before, section, key)
    assert again.render().endswith("\n") == text.endswith("\n")


@given(EDITABLE, KEYS, st.data())
def test_remove_drops_one_option_and_nothing_else(text, key, data):
    before = ini.parse(text)
    section = data.draw(st.sampled_from(before.sections()))
    after = before.copy()
    assert after.remove(section, key) == (key in before.options(section))
    again = ini.parse(after.render())
    assert key not in again.options(section)
    assert _others(again, section, key) == _others(before, section, key)


@given(EDITABLE, KEYS, st.data())
def test_a_new_option_can_be_taken_back(text, key, data):
    document = ini.parse(text)
    section = data.draw(st.sampled_from(document.sections()))
    assume(key not in document.options(section))
    document.set(section, key, "1")
    document.remove(section, key)
    assert document.render() == text


@given(READABLE)
def test_added_section_is_last_and_leaves_the_rest(text):
    before = ini.parse(text)
    assert before.problems == []
    after = before.copy()
    after.add_section("new", [("name", "New"), ("enabled", "1")])
    again = ini.parse(after.render())
    assert again.sections() == before.sections() + ["new"]
    assert dict(again.options("new")) == {"name": "New", "enabled": "1"}
    assert [line.body for line in again.lines][:len(before.lines)] == [line.body for line in before.lines]
    assert again.problems == []


@given(READABLE, st.data())
def test_removed_section_leaves_the_others(text, data):
    before = ini.parse(text)
    section = data.draw(st.sampled_from(before.sections()))
    after = before.copy()
    assert after.remove_section(section)
    again = ini.parse(after.render())
    assert again.sections() == [name for name in before.sections() if name != section]
    for name in again.sections():
        assert again.options(name) == before.options(name)


def _others(document, section, key):
    """The bodies of all lines but those of one option; a file's last line may gain or lose its ending."""
    bodies = []
    inside = False
    for line in document.lines:
        if line.kind == ini.OPTION:
            inside = line.section == section and line.key == key
        elif line.kind != ini.CONTINUATION:
            inside = False
        if not inside:
            bodies.append((line.kind, line.body))
    return bodies


@pytest.mark.parametrize("text, line, reason", [
    ("enabled=1\n", 1, "before the first section"),
    ("# x\n\nword\n", 3, "before the first section"),
    ("[a]\nword\n", 2, "neither an option"),
    ("[a]\n=1\n", 2, "no name before"),
    ("[a\nb=1\n", 1, "no closing bracket"),
    ("[]\n", 1, "header is empty"),
    ("[a] b\n", 1, "behind the section header"),
    ("[a]\n\n indented\n", 3, "follows no option"),
    ("\ufeff[a]\nb=1\n", 1, "byte order mark"),
    ("\x00\x01\x7fELF", 1, "before the first section"),
])
def test_broken_lines_are_named(text, line, reason):
    problem = ini.parse(text).problems[0]
    assert problem.line == line
    assert reason in problem.reason


@pytest.mark.parametrize("text", [SHIPPED, SHIPPED.replace("\n", "\r\n"), SHIPPED.rstrip("\n"), "", "# only a comment\n"])
def test_good_files_have_no_problems(text):
    assert ini.parse(text).problems == []


def test_reads_as_dnf_does():
    document = ini.parse("[a]\nx = 1 \nx=2\nURL=u\n  v\n\tw\n[b] # note\ny=\n[a]\nz=3\r\n")
    assert document.sections() == ["a", "b"]
    assert dict(document.options("a")) == {"x": "2", "URL": "u\nv\nw", "z": "3"}
    assert document.get("b", "y") == ""
    assert document.get("a", "url") is None


def test_set_in_place_keeps_position_style_and_comments():
    document = ini.parse(SHIPPED.replace("enabled=0\ngpg", "enabled = 0\ngpg"))
    document.set("powertools", "enabled", "1")
    assert document.render() == SHIPPED.replace("enabled=0\ngpg", "enabled = 1\ngpg")


def test_new_option_follows_the_last_one():
    document = ini.parse(SHIPPED)
    document.set("powertools", "priority", "10")
    assert document.render() == SHIPPED.replace("KEY-AlmaLinux\n", "KEY-AlmaLinux\npriority=10\n")


def test_last_of_equal_keys_is_the_one_that_is_set():
    document = ini.parse("[a]\nx=1\nx=2\n")
    document.set("a", "x", "3")
    assert document.render() == "[a]\nx=1\nx=3\n"


def test_replace_puts_another_key_in_the_same_place_and_back():
    document = ini.parse(SHIPPED)
    document.replace("powertools", "mirrorlist", "baseurl", "http://m/8/")
    assert "PowerTools\nbaseurl=http://m/8/\n# baseurl=" in document.render()
    document.replace("powertools", "baseurl", "mirrorlist", "https://mirrors.almalinux.org/mirrorlist/$releasever/powertools")
    assert document.render() == SHIPPED


def test_setting_a_value_of_several_lines_drops_its_continuations():
    document = ini.parse("[a]\nbaseurl=http://a/\n  http://b/\nenabled=1\n")
    document.set("a", "baseurl", "http://c/")
    assert document.render() == "[a]\nbaseurl=http://c/\nenabled=1\n"


def test_an_empty_line_before_the_last_option_stays():
    document = ini.parse("[a]\n\nx=1")
    document.remove("a", "x")
    assert document.render() == "[a]\n\n"


def test_carriage_returns_before_the_end_stay_out_of_the_lines_that_follow():
    document = ini.parse("[a]\n[a]\r\r")
    document.set("a", "x", "1")
    assert document.render() == "[a]\n[a]\nx=1\r\r"


def test_removed_section_takes_its_lines_and_leaves_the_next_ones_heading():
    document = ini.parse(SHIPPED)
    document.remove_section("powertools")
    assert document.render().startswith("# almalinux-powertools.repo\n\n## Sources\n[powertools-source]\n")


def test_section_is_added_behind_a_blank_line():
    document = ini.parse("[a]\nx=1")
    document.add_section("b", [("y", "2")])
    assert document.render() == "[a]\nx=1\n\n[b]\ny=2"
    document = ini.parse("")
    document.add_section("b", [("y", "2")])
    assert document.render() == "[b]\ny=2\n"


@pytest.mark.parametrize("key, value", [
    ("x", "a\nb"), ("x", "a\rb"), ("x", " a"), ("x", "a\0"), ("", "a"), ("a=b", "c"), ("#a", "c"), ("[a]", "c"), ("a\nb", "c"),
])
def test_what_cannot_be_written_is_refused(key, value):
    document = ini.parse("[a]\nx=1\n")
    with pytest.raises(ValueError):
        document.set("a", key, value)
    assert document.render() == "[a]\nx=1\n"


@pytest.mark.parametrize("name", ["", "a]b", "a\nb", "a"])
def test_sections_that_cannot_be_added(name):
    with pytest.raises(ValueError):
        ini.parse("[a]\nx=1\n").add_section(name, [])


def test_unknown_section_is_a_key_error():
    with pytest.raises(KeyError):
        ini.parse("[a]\n").set("b", "x", "1")
