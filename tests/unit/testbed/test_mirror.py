# SPDX-License-Identifier: GPL-3.0-or-later
"""The test network's mirror: what it answers, and each of its faults, spoken to over real sockets."""
import base64
import hashlib
import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

MIRROR = Path(__file__).resolve().parents[2] / "testbed" / "mirror"
sys.path.insert(0, str(MIRROR))

from server import State, start  # noqa: E402
from tree import Tree  # noqa: E402

REPOMD = b"""<?xml version="1.0"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1788220800</revision>
<data type="primary"><checksum type="sha256">abcdef</checksum><timestamp>1788220800</timestamp></data>
</repomd>
"""
BASEOS = "repo.almalinux.org/almalinux/9.8/BaseOS/x86_64/os"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A running mirror over a small tree; its servers by name."""
    root = tmp_path_factory.mktemp("mirror")
    www = root / "www"
    (www / BASEOS / "repodata").mkdir(parents=True)
    (www / BASEOS / "repodata" / "repomd.xml").write_bytes(REPOMD)
    (www / BASEOS / "Packages").mkdir()
    (www / BASEOS / "Packages" / "a.rpm").write_bytes(bytes(range(256)) * 10)
    (www / "repo.almalinux.org/almalinux/9").symlink_to("9.8")
    (www / "secret-outside").symlink_to(root / "tls")
    (www / "vault.almalinux.org/9.7/BaseOS/x86_64/os/repodata").mkdir(parents=True)
    (www / "vault.almalinux.org/9.7/BaseOS/x86_64/os/repodata/repomd.xml").write_bytes(b"vault")
    (www / "mirrors.json").write_text(json.dumps({
        "mirrorlists": {"9": {"baseos": BASEOS}, "9.7": {"baseos": "vault.almalinux.org/9.7/BaseOS/x86_64/os"}},
        "metalinks": {"epel-9 x86_64": BASEOS}}))
    tls = root / "tls"
    tls.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                    "-keyout", str(tls / "server.key"), "-out", str(tls / "server.crt")], check=True, stderr=subprocess.DEVNULL)
    state = State(Tree(www), "pw-of-the-mirror")
    servers = start(state, "127.0.0.1", http=0, https=0, proxy=0, control=0, tls=tls)
    state.upstream = {"http": servers["http"].server_address, "https": servers["https"].server_address}
    yield servers
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def calm(site):
    """No faults and no log before each test, and none left behind."""
    state = site["http"].state
    state.faults.replace([])
    state.log.clear()
    state.proxy_user = None
    yield
    state.faults.replace([])


def port(site, name):
    return site[name].server_address[1]


def get(site, path, host="repo.almalinux.org", headers=None, timeout=5, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port(site, "http"), timeout=timeout)
    try:
        connection.request(method, path, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


def control(site, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port(site, "control"), timeout=5)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def fault(site, kind, **more):
    status, answer = control(site, "PUT", "/faults", [{"prefix": "/almalinux", "fault": kind, **more}])
    assert status == 200, answer


REPOMD_PATH = "/almalinux/9/BaseOS/x86_64/os/repodata/repomd.xml"


class TestTree:
    def test_a_file_under_its_host(self, site):
        assert get(site, REPOMD_PATH)[:2] == (200, REPOMD)

    @pytest.mark.parametrize("host", ["10.1.2.3", "mirror", "other.example:80"])
    def test_the_tree_under_any_name(self, site, host):
        assert get(site, REPOMD_PATH, host)[:2] == (200, REPOMD)

    def test_the_vault_under_any_name(self, site):
        assert get(site, "/vault/9.7/BaseOS/x86_64/os/repodata/repomd.xml", "10.1.2.3")[:2] == (200, b"vault")

    @pytest.mark.parametrize("path", ["/almalinux/9/nothing", "/../mirrors.json", "/..%2fmirrors.json", "/secret-outside/server.key"])
    def test_nothing_else(self, site, path):
        assert get(site, path)[0] == 404
        assert get(site, path, "..")[0] == 404

    def test_a_range(self, site):
        status, body, headers = get(site, "/almalinux/9/BaseOS/x86_64/os/Packages/a.rpm", headers={"Range": "bytes=10-19"})
        assert (status, body, headers["Content-Range"]) == (206, bytes(range(10, 20)), "bytes 10-19/2560")

    def test_head_has_no_body(self, site):
        status, body, headers = get(site, REPOMD_PATH, method="HEAD")
        assert (status, body, headers["Content-Length"]) == (200, b"", str(len(REPOMD)))

    def test_https(self, site):
        import ssl
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port(site, "https"), timeout=5, context=context)
        connection.request("GET", REPOMD_PATH, headers={"Host": "repo.almalinux.org"})
        assert connection.getresponse().read() == REPOMD
        connection.close()


class TestMirrorService:
    @pytest.mark.parametrize("query, path", [("", BASEOS.replace("x86_64", "$basearch")), ("?arch=x86_64", BASEOS)])
    def test_mirrorlist_of_a_major(self, site, query, path):
        assert get(site, "/mirrorlist/9/baseos" + query, "mirrors.almalinux.org")[:2] == (200, ("https://%s/\n" % path).encode())

    def test_mirrorlist_of_an_old_minor_leads_to_the_vault(self, site):
        assert get(site, "/mirrorlist/9.7/baseos", "mirrors.almalinux.org")[1] == b"https://vault.almalinux.org/9.7/BaseOS/$basearch/os/\n"

    @pytest.mark.parametrize("path", ["/mirrorlist/9/nope", "/mirrorlist/7/baseos", "/mirrorlist/9/baseos?arch=riscv64"])
    def test_unknown_mirrorlist(self, site, path):
        assert get(site, path, "mirrors.almalinux.org")[0] == 404

    @pytest.mark.parametrize("path", ["/metalink?repo=epel-9&arch=x86_64&infra=stock", "/metalink/9/baseos"])
    def test_metalink_tells_the_truth_about_repomd(self, site, path):
        status, body, _headers = get(site, path, "mirrors.fedoraproject.org")
        text = body.decode()
        assert status == 200
        assert '<hash type="sha256">%s</hash>' % hashlib.sha256(REPOMD).hexdigest() in text
        assert "<size>%d</size>" % len(REPOMD) in text
        assert "<mm0:timestamp>1788220800</mm0:timestamp>" in text
        assert "https://%s/repodata/repomd.xml" % BASEOS in text

    def test_unknown_metalink(self, site):
        assert get(site, "/metalink?repo=epel-7&arch=x86_64")[0] == 404


class TestPrivate:
    PATH = "/private" + REPOMD_PATH

    def test_refused_without_password(self, site):
        status, _body, headers = get(site, self.PATH)
        assert status == 401 and headers["WWW-Authenticate"].startswith("Basic")

    def test_refused_with_a_wrong_one(self, site):
        wrong = base64.b64encode(b"mirror:wrong").decode()
        assert get(site, self.PATH, headers={"Authorization": "Basic " + wrong})[0] == 401

    def test_given_with_it_and_not_logged(self, site):
        right = base64.b64encode(b"mirror:pw-of-the-mirror").decode()
        assert get(site, self.PATH, "10.1.1.1", {"Authorization": "Basic " + right})[:2] == (200, REPOMD)
        log = control(site, "GET", "/log")[1]
        assert [(item["path"], item["status"], item["authorized"]) for item in log] == [(self.PATH, 200, True)]
        assert right not in json.dumps(log) and "pw-of-the-mirror" not in json.dumps(log)


class TestFaults:
    @pytest.mark.parametrize("kind", ["404", "500", "503"])
    def test_status(self, site, kind):
        fault(site, kind)
        assert get(site, REPOMD_PATH)[0] == int(kind)
        assert get(site, "/vault/9.7/BaseOS/x86_64/os/repodata/repomd.xml")[0] == 200

    def test_slow(self, site):
        fault(site, "slow", seconds=0.4)
        begin = time.monotonic()
        assert get(site, REPOMD_PATH)[0] == 200
        assert time.monotonic() - begin >= 0.4

    def test_hang(self, site):
        fault(site, "hang", seconds=3)
        with pytest.raises((socket.timeout, TimeoutError)):
            get(site, REPOMD_PATH, timeout=0.5)

    @pytest.mark.parametrize("kind", ["reset", "dead"])
    def test_reset(self, site, kind):
        fault(site, kind)
        with pytest.raises(ConnectionError):
            get(site, REPOMD_PATH)

    def test_truncated(self, site):
        fault(site, "truncated", bytes=7)
        with pytest.raises(http.client.IncompleteRead) as caught:
            get(site, REPOMD_PATH)
        assert caught.value.partial == REPOMD[:7]

    def test_tampered_metadata_stays_xml(self, site):
        from xml.etree import ElementTree
        fault(site, "tampered")
        body = get(site, REPOMD_PATH)[1]
        assert body != REPOMD
        ElementTree.fromstring(body)

    def test_tampered_package_has_its_length(self, site):
        fault(site, "tampered")
        body = get(site, "/almalinux/9/BaseOS/x86_64/os/Packages/a.rpm")[1]
        assert len(body) == 2560 and body != bytes(range(256)) * 10

    def test_not_a_repomd(self, site):
        fault(site, "not-a-repomd")
        status, body, headers = get(site, REPOMD_PATH)
        assert status == 200 and b"<html>" in body and headers["Content-Type"] == "text/html"

    def test_stale(self, site):
        fault(site, "stale")
        assert b"<timestamp>946684800</timestamp>" in get(site, REPOMD_PATH)[1]

    def test_the_longest_prefix_wins_and_times_runs_out(self, site):
        control(site, "PUT", "/faults", [{"prefix": "/almalinux", "fault": "500"}, {"prefix": "/almalinux/9", "fault": 404, "times": 1}])
        assert [get(site, REPOMD_PATH)[0] for _unused in range(2)] == [404, 500]

    def test_a_prefix_with_its_host(self, site):
        control(site, "PUT", "/faults", [{"prefix": "repo.almalinux.org/almalinux", "fault": "500"}])
        assert (get(site, REPOMD_PATH)[0], get(site, REPOMD_PATH, "10.0.0.1")[0]) == (500, 200)

    def test_lifted(self, site):
        fault(site, "500")
        assert control(site, "GET", "/faults")[1] == [{"prefix": "/almalinux", "fault": "500"}]
        assert control(site, "DELETE", "/faults") == (200, [])
        assert get(site, REPOMD_PATH)[0] == 200

    @pytest.mark.parametrize("body", [{}, [{"prefix": "/x"}], [{"prefix": "/x", "fault": "boom"}], [{"prefix": "/x", "fault": "slow", "second": 1}],
                                      [{"prefix": "/x", "fault": "slow", "seconds": "1"}]])
    def test_nonsense_is_refused_and_changes_nothing(self, site, body):
        fault(site, "500")
        status, answer = control(site, "PUT", "/faults", body)
        assert status == 400 and answer["error"]
        assert control(site, "GET", "/faults")[1] == [{"prefix": "/almalinux", "fault": "500"}]


class TestProxy:
    def fetch(self, site, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", port(site, "proxy"), timeout=5)
        connection.request("GET", "http://repo.almalinux.org" + REPOMD_PATH, headers={"Host": "repo.almalinux.org", **(headers or {})})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def test_fetches_and_logs(self, site):
        assert self.fetch(site) == (200, REPOMD)
        assert [item["via"] for item in control(site, "GET", "/log")[1]] == ["proxy", "http"]

    def test_asks_for_its_user(self, site):
        assert control(site, "PUT", "/proxy", "user:word")[0] == 200
        assert self.fetch(site)[0] == 407
        right = base64.b64encode(b"user:word").decode()
        assert self.fetch(site, {"Proxy-Authorization": "Basic " + right}) == (200, REPOMD)
        assert right not in json.dumps(control(site, "GET", "/log")[1])

    def test_tunnel(self, site):
        import ssl
        connection = http.client.HTTPSConnection("127.0.0.1", port(site, "proxy"), timeout=5, context=ssl._create_unverified_context())
        connection.set_tunnel("repo.almalinux.org", 443)
        connection.request("GET", REPOMD_PATH, headers={"Host": "repo.almalinux.org"})
        assert connection.getresponse().read() == REPOMD
        connection.close()
