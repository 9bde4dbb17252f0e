# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sshd_text, sudoers_text
from ansible_collections.elkit.almalinux.plugins.module_utils._keytext import Form
from hypothesis import given
from hypothesis import strategies as st

LINES = st.sampled_from([
    "[Journal]", "[Other]", "[ x", "Storage=auto", "Storage = none", "#Storage=auto", "# Storage is a word", "; Storage=x", "storage=no", "Compress=yes",
    "  more", "\t# no more", "Size 10", "Storage 5", "Storage", "=x", "", "  ", "\tStorage\t=\tx", "a=b=c", "name=ä\u2028\x0b",
    "Storage=x\r", "\udcff=1", "Match user x",
])
TEXTS = st.one_of(st.lists(LINES, max_size=12).map("\n".join), st.lists(LINES, max_size=12).map(lambda lines: "".join(line + "\n" for line in lines)))
FORMS = st.builds(Form, separator=st.sampled_from(["=", " = ", " "]), section=st.sampled_from([None, "Journal"]), ignore_case=st.booleans(),
                  blanks=st.booleans(), continued=st.booleans())


@given(TEXTS, FORMS, st.sampled_from(["Storage", "New"]), st.sampled_from(["none", "5"]))
def test_an_edit_sets_the_key_once_changes_no_other_and_is_idempotent(text, form, key, value):
    new = keytext.with_value(text, form, key, value)
    assert [item for _number, item in keytext.values(new, form, key)] == [value]
    assert keytext.with_value(new, form, key, value) == new

    def others(whole):
        return [(name, item) for _number, name, item in keytext.entries(whole, form) if not form.same(name, key)]
    assert others(new) == others(text)
    # Comments, empty lines and other sections stay, in their order.
    kept = [line for line in keytext.split_lines(text) if form.split(line) is None]
    assert [line for line in keytext.split_lines(new) if form.split(line) is None and line in kept][:len(kept)] == kept


@given(TEXTS, FORMS)
def test_a_key_taken_out_stays_as_a_comment(text, form):
    new = keytext.without(text, form, "Storage")
    assert keytext.values(new, form, "Storage") == []
    assert len(keytext.split_lines(new)) == len(keytext.split_lines(text))
    assert keytext.without(new, form, "Storage") == new


PAM = Form(" = ", comments="#", inline_comments=True, blanks=True)
MAIN = Form(" = ", comments="#", continued=True)


@pytest.mark.parametrize("line, wanted", [
    ("deny=3", ("deny", "3")), ("deny 3", ("deny", "3")), ("\tdeny \t = 3 # site", ("deny", "3")), ("deny = 3=4", ("deny", "3=4")),
    ("deny 3 4", ("deny", "3 4")),
    ("even_deny_root", ("even_deny_root", None)), ("even_deny_root # x", ("even_deny_root", None)), ("# deny = 3", None), ("deny=", ("deny", ""))])
def test_a_line_of_a_module_of_pam(line, wanted):
    assert PAM.split(line) == wanted


def test_lines_that_go_on():
    text = "a = 1\n    2\n# no\n\n  3\nb\n = 4\n"
    assert keytext.entries(text, MAIN) == [(1, "a", "1 2 3"), (6, "b", "4")]
    assert keytext.without(text, MAIN, "a") == "# a = 1\n#     2\n# no\n\n#   3\nb\n = 4\n"


@pytest.mark.parametrize("text, form, wanted", [
    ("", Form("="), "K=v\n"),
    ("", Form(" = ", section="S"), "[S]\nK = v\n"),
    ("[S]\na=1\n\n[T]\nK=x\n", Form("=", section="S"), "[S]\na=1\nK=v\n\n[T]\nK=x\n"),
    ("[S]\n#K=x\nb=1\n", Form("=", section="S"), "[S]\n#K=x\nK=v\nb=1\n"),
    ("# K is a sentence\nb=1", Form("="), "# K is a sentence\nb=1\nK=v\n"),
    ("K=1\nb=1\nK=2\n", Form("="), "K=v\nb=1\n"),
    ("K  v\n", Form(" "), "K  v\n"),
    ("k=x\n", Form("=", ignore_case=True), "K=v\n"),
    ("K=x\r\nb=1\r\n", Form("="), "K=v\r\nb=1\r\n"),
    ("K=v # why\n", Form("=", inline_comments=True), "K=v # why\n"),
    ('K="v"\n', Form("=", quotes=True), 'K="v"\n'),
    ("K v # why\n", PAM, "K v # why\n"),
    ("K 1\nb=1\nK = 2\n", PAM, "K = v\nb=1\n"),
    ("K = 1\n  2\nb = 1\nK =\n\t3\n# x\n\n  4\nc = 1\n", MAIN, "K = v\nb = 1\n# x\n\nc = 1\n"),
    ("K =\n  v\n", MAIN, "K =\n  v\n"),
    ("b = 1\n#K = 2\n  2\n#\n  3\nc = 1\n", MAIN, "b = 1\n#K = 2\n  2\n#\n  3\nK = v\nc = 1\n"),
    ("b = 1\n#K = 2\n#\n\nc = 1\n", MAIN, "b = 1\n#K = 2\nK = v\n#\n\nc = 1\n"),
])
def test_where_a_value_goes(text, form, wanted):
    assert keytext.with_value(text, form, "K", "v") == wanted


def test_a_bare_word():
    form = Form(" = ")
    assert keytext.with_value("a = 1\n", form, "even_deny_root", None) == "a = 1\neven_deny_root\n"
    assert keytext.values("even_deny_root\n", form, "even_deny_root") == [(1, None)]


# --- sshd_config -----------------------------------------------------------------------------------------------------

SSHD = st.lists(st.sampled_from([
    "PermitRootLogin yes", "permitrootlogin no", "PermitRootLogin=no", "Match User x", "Match all", "# PermitRootLogin yes", "Port 2222", "Port 22",
    "Include /etc/ssh/sshd_config.d/*.conf", "", "  X11Forwarding yes # no", 'Banner "/etc/a b"', "Subsystem sftp internal-sftp",
]), max_size=12).map(keytext.join_lines)
# What an earlier run left, at the top.
BLOCK = st.sampled_from(["", keytext.join_lines([sshd_text.BEGIN, "PermitRootLogin no", sshd_text.END])])


@given(BLOCK, SSHD, st.sampled_from([sshd_text.with_block, sshd_text.with_compat]))
def test_our_block_sets_its_key_and_keeps_the_rest(block, below, edit):
    text = block + below
    new = edit(text, "MaxSessions", "10")
    assert edit(new, "MaxSessions", "10") == new
    found = sshd_text.parse(new)
    assert [(value, conditional) for _number, key, value, conditional in found if key == "maxsessions"] == [("10", False)]
    assert [item[1:] for item in found if item[1] != "maxsessions"] == [item[1:] for item in sshd_text.parse(text) if item[1] != "maxsessions"]


def test_blocks_stand_above_everything_and_above_the_first_match():
    text = "Port 2222\nMatch User x\n  X11Forwarding yes\n"
    assert sshd_text.with_block(text, "A", "1") == "{0}\nA 1\n{1}\n{2}".format(sshd_text.BEGIN, sshd_text.END, text)
    assert sshd_text.with_compat(text, "A", "1") == "Port 2222\n{0}\nA 1\n{1}\nMatch User x\n  X11Forwarding yes\n".format(
        sshd_text.COMPAT_BEGIN, sshd_text.COMPAT_END)


@pytest.mark.parametrize("line, wanted", [
    ("PermitRootLogin no", ("PermitRootLogin", "no")), ("  PermitRootLogin=no # x", ("PermitRootLogin", "no")), ('Banner "/a b"', ("Banner", "/a b")),
    ("# x", None), ("", None), ("!", None), ("Match", ("Match", "")), ('AllowUsers "a b" c', ("AllowUsers", '"a b" c')),
])
def test_a_line_of_sshd_config(line, wanted):
    assert sshd_text.split(line) == wanted


@pytest.mark.parametrize("text, wanted", [("90", 90), ("1m30s", 90), ("2h", 7200), ("1x", None), ("", None), (None, None)])
def test_times(text, wanted):
    assert sshd_text.seconds(text) == wanted


# --- sudoers ---------------------------------------------------------------------------------------------------------

SUDOERS = st.lists(st.sampled_from([
    "Defaults !visiblepw", "Defaults use_pty", "Defaults  env_keep = \"A B\"", "Defaults:bob !authenticate", "Defaults logfile=/a, use_pty",
    "Defaults !authenticate",
    "root ALL=(ALL) ALL", "%wheel ALL=(ALL) NOPASSWD: ALL", "bob ALL = NOPASSWD: /bin/a, PASSWD: /bin/b", "# bob ALL=NOPASSWD: ALL", "carl ALL = \\",
    "Defaults env_reset, \\", "  !authenticate, use_pty", "#1001 ALL=(ALL) NOPASSWD: ALL", "# a comment \\", "  NOPASSWD: ALL",
    "#includedir /etc/sudoers.d", "@include /etc/x", "User_Alias A = b, \\", "  c", "",
]), max_size=10).map(lambda lines: "".join(line + "\n" for line in lines))


@given(SUDOERS)
def test_a_default_is_set_once_and_rules_stay(text):
    new = sudoers_text.with_default(text, "timestamp_timeout", "Defaults timestamp_timeout=5")
    if text.rstrip("\n").endswith("\\"):
        return
    assert sudoers_text.with_default(new, "timestamp_timeout", "Defaults timestamp_timeout=5") == new
    assert [line for line in new.split("\n") if "timestamp_timeout" not in line] == text.split("\n")
    assert ("timestamp_timeout", "5") in [pair for _number, line in sudoers_text.logical(new) for pair in sudoers_text.defaults(line) or ()]


@given(SUDOERS)
def test_passwords_are_asked_for_afterwards(text):
    new = sudoers_text.with_password(text)
    assert not [line for _number, line in sudoers_text.logical(new) if sudoers_text.passwordless(line)]
    assert sudoers_text.with_password(new) == new
    assert len(new.split("\n")) == len(text.split("\n"))


@pytest.mark.parametrize("text, wanted", [
    ("Defaults env_reset, !authenticate, use_pty", "Defaults env_reset, use_pty"), ("Defaults !authenticate,use_pty # x", "Defaults use_pty # x"),
    ("Defaults:bob env_reset , \\\n  !authenticate", "Defaults:bob env_reset\\\n"),
    ("Defaults env_reset, \\\n  !authenticate, \\\n  use_pty", "Defaults env_reset\\\n, \\\n  use_pty"),
    ("Defaults \\\n  !authenticate # x", "# Defaults \\\n#   !authenticate # x"), ("Defaults !authenticate, ! authenticate", "# Defaults !authenticate"),
    ("alice ALL=(ALL) NOPASSWD: /bin/x # not !authenticate", "alice ALL=(ALL) /bin/x # not !authenticate"),
    ("bob ALL=(ALL) ALL # once NOPASSWD: ALL", "bob ALL=(ALL) ALL # once NOPASSWD: ALL"), ("bob ALL=/bin/a !authenticate", "bob ALL=/bin/a !authenticate"),
    ("#1001 ALL=(ALL) NOPASSWD: ALL", "#1001 ALL=(ALL) ALL"), ("bob, #1002 ALL=NOPASSWD: ALL", "bob, #1002 ALL=ALL"),
    ("%#-1 ALL=NOPASSWD: ALL", "%#-1 ALL=ALL"), ("# the old \\\nbob ALL=NOPASSWD: ALL", "# the old \\\nbob ALL=ALL"),
    ("bob ALL=/bin/a # old \\\neve ALL=NOPASSWD: ALL", "bob ALL=/bin/a # old \\\neve ALL=ALL"), ("bob ALL=NOPASSWD: ALL\\", "bob ALL=ALL\\"),
    ('Defaults passprompt="a # b", !authenticate', 'Defaults passprompt="a # b"'), ("bob ALL=NOPASSWD: /bin/a \\# b", "bob ALL=/bin/a \\# b"),
])
def test_what_asks_for_no_password_goes_and_nothing_else(text, wanted):
    assert sudoers_text.with_password(text) == wanted


@pytest.mark.parametrize("line, wanted", [
    ("Defaults use_pty", [("use_pty", True)]), ("Defaults !use_pty", [("use_pty", False)]),
    ("Defaults logfile=\"/a,b\", !x", [("logfile", "/a,b"), ("x", False)]),
    ("Defaults:bob use_pty", None), ("Defaults@host use_pty", None), ("root ALL=(ALL) ALL", None), ("Defaults env_keep += \"A\"", [("env_keep", "A")]),
])
def test_defaults(line, wanted):
    assert sudoers_text.defaults(line) == wanted
