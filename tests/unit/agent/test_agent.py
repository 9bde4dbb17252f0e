# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's own logic, on every Python that a host may run it with (3.6 is EL8's)."""

import ast
import base64
import json
import os
import subprocess
import sys
import tempfile

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import agent, client

STUB = os.path.join(os.path.dirname(__file__), "stub")
REPOMD = (b'<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1714</revision>'
          b'<data type="primary"><location href="x"/></data></repomd>')
METALINK = """<?xml version="1.0"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files><file name="repomd.xml"><mm0:timestamp>1</mm0:timestamp><size>1</size>
  <verification><hash type="md5">aa</hash><hash type="sha256">{0}</hash></verification>
  <mm0:alternates><mm0:alternate><verification><hash type="sha256">{1}</hash></verification></mm0:alternate></mm0:alternates>
  <resources><url protocol="http" type="http">http://one/repodata/repomd.xml</url>
  <url protocol="rsync" type="rsync">rsync://one/repodata/repomd.xml</url>
  <url protocol="https" type="https">https://two/repodata/repomd.xml</url></resources></file></files></metalink>"""


def digest(content):
    import hashlib
    return hashlib.sha256(content).hexdigest()


def ask(request, stub_state=None, python=None):
    """The answer of the agent run as the client runs it, with the recording stub in dnf's place."""
    environment = dict(os.environ, PYTHONPATH=STUB, STUB_STATE=json.dumps(stub_state or {}))
    done = subprocess.Popen([python or sys.executable, "-c", client.source()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=environment)
    with tempfile.TemporaryDirectory() as directory:
        out, err = done.communicate(json.dumps(dict(request, directory=directory)).encode())
    assert done.returncode == 0, err.decode()
    return json.loads(out.decode()), err.decode()


def test_parses_as_python_36():
    if sys.version_info >= (3, 8):
        ast.parse(client.source(), feature_version=(3, 6))
    else:
        ast.parse(client.source())


@pytest.mark.parametrize("text, expected", [
    ("http://a/b/\nhttps://c/d\n", ["http://a/b", "https://c/d"]),
    ("# comment\n\n  http://a/b  \n", ["http://a/b"]),
    ("<html>no list</html>\n", []),
    ("", []),
])
def test_mirrors_of_list(text, expected):
    assert agent.mirrors_of_list(text) == expected


def test_metalink_gives_fetchable_urls_and_every_good_digest():
    urls, digests = agent.read_metalink(METALINK.format("BB", "cc").encode())
    assert urls == ["http://one/repodata/repomd.xml", "https://two/repodata/repomd.xml"]
    assert digests == [{"md5": "aa", "sha256": "bb"}, {"sha256": "cc"}]


@pytest.mark.parametrize("content", [b"", b"<html/>", b"<metalink/>", b"no xml"])
def test_what_is_no_metalink_is_refused(content):
    with pytest.raises(ValueError):
        agent.read_metalink(content)


def test_repomd_is_accepted_with_its_revision():
    assert agent.check_repomd(REPOMD, []) == "1714"
    assert agent.check_repomd(REPOMD, [{"sha256": "00"}, {"sha256": digest(REPOMD)}]) == "1714"


@pytest.mark.parametrize("content, digests, words", [
    (REPOMD, [{"sha256": "00" * 32}], "checksum"),
    (REPOMD, [{"sha256": digest(REPOMD), "sha512": "00"}], "checksum"),
    (REPOMD[:60], [], "no repomd.xml"),
    (b"<html><body>hello</body></html>", [], "<html>"),
    (b"<repomd></repomd>", [], "no primary"),
])
def test_what_is_no_good_repomd_is_refused(content, digests, words):
    with pytest.raises(ValueError, match=words):
        agent.check_repomd(content, digests)


def test_verify_answers_for_each_repository_in_order():
    state = {"repos": {"a": {"baseurl": ["http://good"]}, "b": {"baseurl": ["http://bad", "http://good"]},
                       "c": {"mirrorlist": "http://list"}, "d": {"baseurl": ["http://hang"]}},
             "urls": {"http://good/repodata/repomd.xml": REPOMD.decode(), "http://list": "http://bad\nhttp://good\n",
                      "http://hang/repodata/repomd.xml": "HANG"}}
    answer, _err = ask({"op": "verify", "files": {}, "repos": ["a", "b", "c", "d", "absent"], "timeout": 3}, state)
    rows = answer["ok"]["repos"]
    assert [row["id"] for row in rows] == ["a", "b", "c", "d", "absent"]
    assert [row["ok"] for row in rows] == [True, True, True, False, False]
    assert rows[0]["url"] == "http://good/repodata/repomd.xml"
    assert rows[3]["reason"] == "no answer within 3 s"
    assert "does not read" in rows[4]["reason"]


def test_a_repository_with_variables_in_its_id_is_found_and_answered_for_as_it_is_written():
    state = {"repos": {"acme-x86_64-9": {"baseurl": ["http://good"]}}, "urls": {"http://good/repodata/repomd.xml": REPOMD.decode()}}
    request = {"op": "verify", "files": {}, "vars": {"arch": "x86_64", "major": "9"}, "repos": ["acme-$arch-${major}", "acme-$other"], "timeout": 5}
    rows = ask(request, state)[0]["ok"]["repos"]
    assert [(row["id"], row["ok"]) for row in rows] == [("acme-$arch-${major}", True), ("acme-$other", False)]


@pytest.mark.parametrize("kind, content", [
    ("mirrorlist", "http://bad/$basearch/os/\nhttp://good/$basearch/os/\n"),
    ("mirrorlist", METALINK.format(digest(REPOMD), "00").replace("//one", "//good/${basearch}/os")),
    ("metalink", METALINK.format(digest(REPOMD), "00").replace("//one", "//good/$basearch/os")),
])
def test_variables_in_what_a_mirror_service_answers_are_filled_in(kind, content):
    good = "http://good/x86_64/os/repodata/repomd.xml"
    state = {"repos": {"a": {kind: "http://service"}}, "urls": {"http://service": content, good: REPOMD.decode()}}
    row = ask({"op": "verify", "files": {}, "vars": {"basearch": "x86_64"}, "repos": ["a"], "timeout": 5}, state)[0]["ok"]["repos"][0]
    assert (row["ok"], row["url"]) == (True, good), row


@pytest.mark.parametrize("value, directory", [("new", "new"), ("", ""), (None, "$site")])
def test_a_variable_that_goes_leaves_its_name_as_dnf_does(value, directory):
    good = "http://good/{0}/repodata/repomd.xml".format(directory)
    state = {"repos": {"a": {"mirrorlist": "http://list"}}, "urls": {"http://list": "http://good/$site", good: REPOMD.decode()}, "vars": {"site": "old"}}
    row = ask({"op": "verify", "files": {}, "vars": {"site": value}, "repos": ["a"], "timeout": 5}, state)[0]["ok"]["repos"][0]
    assert (row["ok"], row["url"]) == (True, good), row


def test_a_key_is_fetched_with_the_settings_of_its_repository():
    state = {"repos": {"acme-9": {"baseurl": ["http://a"]}},
             "urls": {"http://a/KEY": {"acme-9": "behind the proxy"}, "http://b/KEY": "for everybody", "http://c/KEY": {"other": ""}}}
    request = {"op": "fetch", "files": {}, "vars": {"major": "9"}, "timeout": 5,
               "urls": {"http://a/KEY": "acme-$major", "http://b/KEY": "of nobody", "http://c/KEY": "acme-$major"}}
    found = ask(request, state)[0]["ok"]["files"]
    assert [found[url]["content"] and base64.b64decode(found[url]["content"]) for url in sorted(found)] == [b"behind the proxy", b"for everybody", None]
    assert "404" in found["http://c/KEY"]["reason"]


def test_verify_says_why_and_where_when_no_mirror_works():
    state = {"repos": {"a": {"baseurl": ["http://bad"]}, "b": {"metalink": "http://metalink"}, "c": {}},
             "urls": {"http://metalink": METALINK.format("00", "11").replace("http://one", "http://good").replace("https://two", "http://good"),
                      "http://good/repodata/repomd.xml": REPOMD.decode()}}
    rows = ask({"op": "verify", "files": {}, "repos": ["a", "b", "c"], "timeout": 5}, state)[0]["ok"]["repos"]
    assert rows[0]["url"] == "http://bad/repodata/repomd.xml" and "404" in rows[0]["reason"]
    assert "checksum" in rows[1]["reason"]
    assert "neither baseurl" in rows[2]["reason"]


def test_what_dnf_prints_does_not_break_the_answer():
    state = {"repos": {"a": {"baseurl": ["http://good"]}}, "print": "noise on standard output",
             "urls": {"http://good/repodata/repomd.xml": REPOMD.decode()}}
    answer, err = ask({"op": "verify", "files": {}, "repos": ["a"], "timeout": 5}, state)
    assert answer["ok"]["repos"][0]["ok"]
    assert "noise" in err


def test_a_host_without_dnf_is_told_apart():
    done = subprocess.Popen([sys.executable, "-S", "-E", "-c", client.source()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _err = done.communicate(json.dumps({"op": "updates"}).encode())
    assert json.loads(out.decode())["error"]["kind"] == "no-dnf"


def test_every_kind_of_error_has_a_class():
    tree = ast.parse(client.source())
    kinds = set(node.args[0].value if hasattr(node.args[0], "value") else node.args[0].s for node in ast.walk(tree)
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Failure")
    assert kinds and kinds <= set(client.KINDS)


@pytest.mark.parametrize("nevra, name", [
    ("bash-5.1.8-9.el9.x86_64", "bash"),
    ("openssl-libs-1:3.5.5-6.el9.x86_64", "openssl-libs"),
    ("python3-dnf-4.14.0-1.el9.noarch", "python3-dnf"),
])
def test_split_name(nevra, name):
    assert agent.split_name(nevra) == name


# --- streams -------------------------------------------------------------------------------------------------------------

STREAMS = {"streams": {"nodejs": {"18": {"common": ["nodejs", "npm"], "minimal": ["nodejs"]}, "20": {"common": ["nodejs"]}},
                       "php": {"8.2": {"common": ["php"]}}}, "defaults": {"nodejs": "18"}}


@pytest.fixture
def streams(tmp_path):
    """A function that asks for items, and one that gives the calls that dnf got meanwhile."""
    rpmlock, calls = tmp_path / "rpm.lock", tmp_path / "calls"
    rpmlock.write_bytes(b"")

    def run(items, apply=True, **state):
        calls.write_text(u"")
        return ask({"op": "streams", "items": items, "apply": apply},
                   dict(STREAMS, rpmlock=str(rpmlock), record=str(calls), **state))[0]
    run.calls = lambda: [json.loads(line) for line in calls.read_text().splitlines()]
    run.rpmlock = str(rpmlock)
    return run


def item(name, stream=None, state="enabled", profiles=(), switch=False):
    return {"name": name, "stream": stream, "profiles": list(profiles), "state": state, "switch": switch}


def test_streams_are_marked_resolved_and_run(streams):
    answer = streams([item("nodejs", "18", "installed", ["common"]), item("php", state="disabled")])
    assert answer == {"ok": {"modules": {"nodejs": {"stream": "18", "profiles": ["common"]}},
                             "transaction": {"installed": ["nodejs", "npm"], "removed": []}}}
    assert streams.calls() == [
        ["init_plugins"], ["configure_plugins"], ["fill_sack"], ["enable", "nodejs:18"], ["install", "nodejs:18/common"], ["disable", "php"],
        ["resolve", False], ["download", "nodejs", "npm"], ["do_transaction"]]


def test_a_look_runs_no_transaction(streams):
    assert streams([item("nodejs", state="installed")], apply=False)["ok"]["transaction"]["installed"] == ["nodejs", "npm"]
    assert ["resolve", False] == streams.calls()[-1]


@pytest.mark.parametrize("wanted, words", [
    (item("nodesj", "18"), "no module nodesj.*Did you mean nodejs.*nodejs, php"),
    (item("nodejs", "19"), "no stream 19.*18, 20"),
    (item("nodejs", "20", "installed", ["minimal"]), "nodejs:20 has no profile minimal.*common"),
    (item("php"), "php has no default stream.*8.2"),
])
def test_unknown_names_stop_before_anything(streams, wanted, words):
    import re

    error = streams([wanted])["error"]
    assert error["kind"] == "input"
    assert re.search(words, "{0} {1}".format(error["message"], error["remedy"])), error
    assert not [call for call in streams.calls() if call[0] in ("resolve", "do_transaction")]


def test_a_bad_signature_stops_before_the_transaction(streams):
    error = streams([item("nodejs", "18", "installed")], bad_signature="npm")["error"]
    assert error["kind"] == "trust" and "npm" in error["message"] and error["details"] == {"untouched": True}
    assert ["do_transaction"] not in streams.calls()


def test_a_lock_of_dnfs_is_named_with_its_holder(streams):
    error = streams([item("nodejs", "18")], locked=1)["error"]
    assert error["kind"] == "locked" and "process 4711" in error["message"] and "run again" in error["remedy"]


def test_trouble_among_defaults_does_not_count_and_other_trouble_does(streams):
    assert "ok" in streams([item("nodejs", "18"), item("php", state="disabled")], refuse=[[], [], "defaults"])
    for refuse in ([["nodejs"], [], "defaults"], [[], ["nodejs"], None], [[], [], "latest"]):
        error = streams([item("nodejs", "18")], refuse=refuse)["error"]
        assert error["kind"] == "host" and "dnf refuses the streams" in error["message"]
        assert not [call for call in streams.calls() if call[0] in ("resolve", "do_transaction")]


def test_rpms_lock_is_found_with_its_holder(streams):
    code = ("import fcntl, sys; handle = open(sys.argv[1], 'r+'); fcntl.lockf(handle, fcntl.LOCK_EX); "
            "sys.stdout.write('held'); sys.stdout.flush(); sys.stdin.read()")
    holder = subprocess.Popen([sys.executable, "-c", code, streams.rpmlock], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.read(4) == b"held"
        error = streams([item("nodejs", "18")])["error"]
        assert error["kind"] == "locked" and "process {0}".format(holder.pid) in error["message"]
        assert ["do_transaction"] not in streams.calls()
        # Only a look does not mind.
        assert "ok" in streams([item("nodejs", "18")], apply=False)
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()
    assert "ok" in streams([item("nodejs", "18")])


def test_what_a_check_writes_is_in_the_folder_that_its_caller_gave(tmp_path):
    state = {"repos": {"a": {"baseurl": ["http://hang"]}}, "urls": {"http://hang/repodata/repomd.xml": "HANG"}}
    (tmp_path / "given").mkdir()
    (tmp_path / "other").mkdir()
    environment = dict(os.environ, PYTHONPATH=STUB, STUB_STATE=json.dumps(state), TMPDIR=str(tmp_path / "other"))
    done = subprocess.Popen([sys.executable, "-c", client.source()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    out = done.communicate(json.dumps({"op": "verify", "files": {"a.repo": "[a]\npassword=x\n"}, "repos": ["a"], "timeout": 1,
                                       "directory": str(tmp_path / "given")}).encode())[0]
    assert "no answer within 1 s" in json.loads(out.decode())["ok"]["repos"][0]["reason"]
    assert os.listdir(str(tmp_path / "other")) == [] and len(os.listdir(str(tmp_path / "given"))) == 1


def test_a_long_error_is_cut_between_words():
    url = "http://user:hush@mirror.example/list"
    message = agent.failure_of(ValueError("x" * 970 + "  " + url)).message
    assert "hush" not in message and message.endswith("x ...")
    assert agent.failure_of(ValueError("no\n " + url)).message == "dnf failed: ValueError: no " + url
