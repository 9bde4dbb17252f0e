# SPDX-License-Identifier: GPL-3.0-or-later
import html.parser
import json
import multiprocessing
import pathlib
import stat

import jsonschema
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.plugin_utils import catalogue as catalogues
from ansible_collections.elkit.almalinux.plugins.plugin_utils import report

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs/evidence.schema.json").read_text(encoding="utf-8"))
ENDED = {"reason": "old <client>", "owner": "ops", "expires": "2026-01-01", "expired": True, "ticket": "SEC-1"}
HOLDS = {"reason": "it routes", "owner": "net", "expires": "2099-01-01", "expired": False}
ROWS = [
    {"id": "sshd_disable_root_login", "status": "pass", "seconds": 0.1, "before": "no", "after": "no", "file": "/etc/ssh/sshd_config", "line": 3},
    {"id": "sysctl_net_ipv4_ip_forward", "status": "excepted", "seconds": 0, "before": {"running": "1"}, "after": "0", "exception": HOLDS, "holds": False},
    {"id": "a", "status": "fail", "seconds": 0, "before": None, "after": ["x"], "exception": ENDED, "holds": False,
     "message": "the exception ended on 2026-01-01", "overridden_by": "/etc/x.d/50-cloud.conf"},
    {"id": "b", "status": "error", "seconds": 0, "message": "<script>alert(1)</script>\u2028&\x1b[31m"},
    {"id": "c", "status": "changed", "seconds": 0, "before": True, "after": 5},
    {"id": "d", "status": "pending", "seconds": 0, "before": 1, "after": 2, "waits_for": ["aide"]},
    {"id": "e", "status": "pending_reboot", "seconds": 0, "before": 1, "after": 2},
    {"id": "f", "status": "not_applicable", "seconds": 0, "message": "the package gdm is not installed"},
]
UNUSED = [{"id": "gdm_x", "title": "A <title>", "message": "its theme gdm takes no part", "exception": dict(ENDED, owner="the <desk>")}]
SCAN = {"content": "/x-ds.xml", "profile": "cis", "agree": 3, "disagreements": [{"id": "a", "ours": None, "theirs": "fail"}]}


def evidence(host="web1", mode=report.APPLY, rows=None, **more):
    catalogue = catalogues.builtin()
    result = {"controls": report.joined(ROWS if rows is None else rows, catalogue, 9), "checked_at": "2026-11-25T10:00:00Z",
              "environment": {"cloud": "it runs on aws"},
              "system": {"kernel": "5.14", "name": host, "architecture": "x86_64"}, "files": ["/etc/x"], "run": "20261125T100000Z"}
    return report.document(host, mode, dict(result, **more), catalogue, 9, "AlmaLinux 9.8", "cis_server_l1", SCAN)


@pytest.mark.parametrize("mode", [report.AUDIT, report.CHECK, report.APPLY])
@pytest.mark.parametrize("rows", [ROWS, []])
def test_evidence_is_as_its_schema_has_it(mode, rows):
    document = evidence(mode=mode, rows=rows)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(json.dumps(document)), SCHEMA)
    # A key that no reader knows must not slip in.
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(dict(document, more=1), SCHEMA)


def test_exceptions_of_what_takes_no_part_are_evidence_too():
    document = evidence(exceptions_unused=UNUSED)
    jsonschema.validate(document, SCHEMA)
    assert document["exceptions_unused"] == UNUSED and evidence()["exceptions_unused"] == []
    words = Page(report.page(document)).words
    for word in ("Exceptions of controls that take no part (1)", "A <title>", "gdm_x", "its theme gdm takes no part", "the <desk>", "2026-01-01 (ended)"):
        assert word in words, word
    assert "take no part" not in report.page(evidence())


@pytest.mark.parametrize("guard", [
    {"outcome": "committed", "mode": "local", "controls": ["a"], "seconds": 0.2},
    {"outcome": "returned", "mode": "login", "controls": ["a"], "seconds": 9.1, "logins": 3, "reason": "a: no"}])
def test_how_the_guard_ended_is_evidence_and_what_a_commit_needs_is_not(guard):
    document = evidence(guard=dict(guard, token="secret"))
    jsonschema.validate(document, SCHEMA)
    assert document["guard"] == guard


def test_titles_levels_and_numbers_come_from_the_catalogue():
    row = next(item for item in evidence()["controls"] if item["id"] == "sysctl_net_ipv4_ip_forward")
    assert row["level"] == 1 and row["theme"] == "sysctl" and row["refs"]["cis"] == "3.3.1" and row["title"] != row["id"]


def test_failing_come_first():
    assert [row["status"] for row in evidence()["controls"]] == [
        "error", "fail", "pending", "pending_reboot", "changed", "excepted", "pass", "not_applicable"]


class Page(html.parser.HTMLParser):
    """The tags of a page, its text, and every attribute that could fetch something."""

    VOID = {"meta", "link", "img", "br", "hr", "input"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.fetches = [], set(), "", []
        self.feed(text)
        self.close()
        assert self.open == [], "not closed: {}".format(self.open)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.fetches += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data", "poster")]
        assert not [name for name, _value in attrs if name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words += data


@pytest.mark.parametrize("mode", [report.AUDIT, report.CHECK, report.APPLY])
def test_a_page_is_well_formed_fetches_nothing_and_runs_nothing(mode):
    text = report.page(evidence("web<1>&\"'", mode))
    page = Page(text)
    assert not page.fetches and not page.tags & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in text and "@import" not in text
    assert "<script>alert(1)</script>" in page.words and "web<1>&\"'" in page.words
    for word in ("old <client>", "2026-01-01 (ended)", "2099-01-01", "SEC-1", "/etc/x.d/50-cloud.conf", "the package gdm is not installed",
                 "it runs on aws", "5.14", "AlmaLinux 9.8", "CIS AlmaLinux OS 9 Benchmark"):
        assert word in page.words, word


def block(style, condition):
    """What stands in the block "@media CONDITION" of a style sheet."""
    assert style.count("@media " + condition + " {") == 1, condition
    start = style.index("@media " + condition + " {") + len("@media " + condition + " {")
    depth, end = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(style[end], 0)
        end += 1
    return style[start:end - 1]


def test_pages_fit_a_narrow_screen_the_dark_and_paper():
    for text in (report.page(evidence()), report.index_page([report.index_row(evidence(), "web1")])):
        head, style = text.partition("<body")[0], text.partition("<style>")[2].partition("</style>")[0]
        assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in head
        # A table becomes a list of its cells, each with the name of its column.
        narrow = block(style, "(max-width: 40rem)")
        for rule in ("table.stack thead { display: none; }", "table.stack tr { display: block;", "content: attr(data-name)"):
            assert rule in narrow, rule
        # Dark ink on white whatever the screen has, and no row over two pages.
        paper = block(style, "print")
        for rule in ("color-scheme: light;", "--ink: #000;", "--paper: #fff;", "tr { break-inside: avoid; }", "print-color-adjust: exact;"):
            assert rule in paper, rule
        dark = block(style, "(prefers-color-scheme: dark)")
        assert "--ink: #e6eaf0;" in dark and "--paper: #12161c;" in dark
        assert '<table class="stack' in text and "data-name=" in text


def test_a_page_shows_all_hosts_the_lowest_score_first():
    rows = [report.index_row(evidence(name), report.file_name(name)) for name in ("b", "a", "x/<y>")]
    rows[0]["percent"], rows[1]["percent"], rows[2]["percent"] = 90, 10, None
    page = Page(report.index_page(rows))
    assert page.words.index("a") < page.words.index("90 %") and "x/<y>" in page.words
    assert page.fetches == ["a-hardening.html", "b-hardening.html", "x%252F%253Cy%253E-hardening.html"]


@pytest.mark.parametrize(("host", "name"), [
    ("web1.example.com", "web1.example.com"), ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"), ("a/b", "a%2Fb"), (".hidden", "%2Ehidden"),
    ("[2001:db8::1]", "%5B2001%3Adb8%3A%3A1%5D"), ("größe 1", "gr%C3%B6%C3%9Fe%201"),
    ("x" * 200, "x" * 200)])
def test_names_of_files(host, name):
    assert report.file_name(host) == name + "-hardening"


def test_long_names_stay_apart():
    names = {report.file_name("ä" * 300), report.file_name("ä" * 301)}
    assert len(names) == 2 and max(map(len, names)) < 240


def test_files_are_written_whole_and_not_for_everybody(tmp_path):
    folder = tmp_path / "a folder" / "deep"
    paths = report.write(str(folder), evidence())
    report.write(str(folder), evidence("db1"))
    assert sorted(item.name for item in folder.iterdir()) == [
        "db1-hardening.html", "db1-hardening.json", "hardening-index.html", "hardening-index.json", "web1-hardening.html", "web1-hardening.json"]
    assert [stat.S_IMODE(item.stat().st_mode) for item in folder.iterdir()] == [0o640] * 6
    assert json.loads(pathlib.Path(paths[0]).read_text(encoding="utf-8"))["host"] == "web1"
    assert [row["host"] for row in json.loads((folder / "hardening-index.json").read_text(encoding="utf-8"))["hosts"]] == ["db1", "web1"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"hosts": 3}', '{"hosts": [{"host": "old"}]}', '{"hosts": [3]}'])
def test_a_damaged_index_is_made_anew(tmp_path, damage):
    (tmp_path / "hardening-index.json").write_text(damage, encoding="utf-8")
    report.write(str(tmp_path), evidence())
    assert [row["host"] for row in json.loads((tmp_path / "hardening-index.json").read_text(encoding="utf-8"))["hosts"]] == ["web1"]


def test_a_link_in_the_folder_is_replaced_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "web1-hardening.json").symlink_to(victim)
    report.write(str(folder), evidence())
    assert victim.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_is_named(tmp_path, place):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="the evidence cannot be written to .*file"):
        report.write(str(tmp_path / place), evidence())


def _one(folder, name):
    report.write(folder, evidence(name))


def test_hosts_that_finish_at_once_are_all_in_the_index(tmp_path):
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_one, args=(str(tmp_path), "host{}".format(number))) for number in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(json.loads((tmp_path / "hardening-index.json").read_text(encoding="utf-8"))["hosts"]) == 8


@pytest.mark.parametrize("secret", [
    "$6$rounds=5000$saltsalt$Zm9vYmFyYmF6cXV4", "$y$j9T$abcdefgh$ijklmnopqrstuvwx", "$2b$12$abcdefghijklmnopqrstuv",
    "grub.pbkdf2.sha512.10000.ABCDEF0123456789.FEDCBA98", "hunter2:geheim", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----"])
def test_secrets_never_reach_evidence(secret):
    text = "https://{}@proxy.example.com/".format(secret) if "hunter2" in secret else "root:{}:19000:0:99999".format(secret)
    rows = [{"id": "a", "status": "fail", "seconds": 0, "before": {"line": [text]}, "after": text, "message": text}]
    document = evidence(rows=rows)
    for given in (json.dumps(document), report.page(document)):
        assert secret.split("\n")[-1][:60] not in given and "geheim" not in given
        assert "***" in given
