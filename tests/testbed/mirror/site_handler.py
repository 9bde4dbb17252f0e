# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server for packages and metadata."""
import base64
import hmac
import re
import socket
import ssl
import struct
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler

from tree import PRIVATE

PRIVATE_USER = "mirror"
HTML = b"<!doctype html><html><head><title>Welcome</title></head><body><h1>Log in to the network</h1></body></html>\n"
STALE = str(946684800)  # 2000-01-01


class SiteHandler(BaseHTTPRequestHandler):
    """GET and HEAD, with ranges, basic authentication below /private/, and the faults in force."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server_version = "elkit-mirror"

    def log_message(self, format, *args):  # noqa: A002
        """The request log takes its place."""

    def do_HEAD(self):
        """As GET, without the body."""
        self._answer()

    def do_GET(self):
        """Send a file, a mirrorlist or a metalink."""
        self._answer()

    # -- the answer ----------------------------------------------------------------------------------------------------------
    def _answer(self):
        host = (self.headers.get("Host") or "").rsplit("@", 1)[-1].split(":")[0].lower()
        path = self.path
        if path.startswith("http://"):
            path = "/" + path.split("/", 3)[3] if path.count("/") > 2 else "/"
        if path.startswith(PRIVATE + "/") and not self._authorized():
            self._send(401, b"who are you?\n", "text/plain", {"WWW-Authenticate": 'Basic realm="private mirror"'}, host)
            return
        fault = self.server.state.faults.match(host, path)
        kind = fault["fault"] if fault else None
        if kind in ("dead", "reset"):
            self._note(host, 0, 0)
            self._reset()
            return
        if kind == "slow":
            time.sleep(fault.get("seconds", 5))
        if kind in ("404", "500", "503"):
            self._send(int(kind), b"a fault was asked for\n", "text/plain", {}, host)
            return
        answer = self.server.state.tree.find(host, path, "https" if isinstance(self.connection, ssl.SSLSocket) else "http")
        if answer.status != 200:
            self._send(answer.status, answer.body() or b"not found\n", "text/plain", {}, host)
            return
        body = answer.body()
        if kind == "not-a-repomd":
            self._send(200, HTML, "text/html", {}, host)
        elif kind == "tampered":
            self._send(200, tampered(path, body), answer.kind, {}, host)
        elif kind == "stale":
            self._send(200, stale(path, body), answer.kind, {}, host)
        elif kind in ("truncated", "hang"):
            self._cut(kind, fault, body, answer.kind, host)
        else:
            self._whole(body, answer, host)

    def _whole(self, body, answer, host):
        headers = {"Last-Modified": formatdate(answer.path.stat().st_mtime, usegmt=True)} if answer.path else {}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted and int(wanted.group(1)) < len(body):
            first, last = int(wanted.group(1)), min(int(wanted.group(2) or len(body) - 1), len(body) - 1)
            headers["Content-Range"] = "bytes %d-%d/%d" % (first, last, len(body))
            self._send(206, body[first:last + 1], answer.kind, headers, host)
        else:
            self._send(200, body, answer.kind, headers, host)

    def _cut(self, kind, fault, body, content_type, host):
        """Promise the whole and send a part; then close, or stay silent."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        part = body[:fault.get("bytes", len(body) // 2)] if kind == "truncated" else b""
        self._note(host, 200, len(part))
        if self.command == "GET":
            self.wfile.write(part)
            self.wfile.flush()
        if kind == "hang":
            # in short naps, so that a client that gave up frees the thread and a fault that is lifted lets go
            end = time.monotonic() + fault.get("seconds", 600)
            while time.monotonic() < end and self.server.state.faults.items():
                time.sleep(0.2)
        self.close_connection = True

    def _reset(self):
        """Close so that the client sees a reset, not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def finish(self):
        """The connection may be gone already: that is what a reset is."""
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    # -- small things --------------------------------------------------------------------------------------------------------
    def _authorized(self):
        password = self.server.state.private_password
        expected = "Basic " + base64.b64encode(("%s:%s" % (PRIVATE_USER, password)).encode()).decode()
        return bool(password) and hmac.compare_digest(self.headers.get("Authorization", ""), expected)

    def _send(self, status, body, kind, headers, host):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._note(host, status, len(body))
        if self.command == "GET":
            self.wfile.write(body)

    def _note(self, host, status, size):
        self.server.state.log.add(via="https" if isinstance(self.connection, ssl.SSLSocket) else "http", method=self.command, host=host, path=self.path,
                                  status=status, bytes=size, authorized="Authorization" in self.headers, agent=self.headers.get("User-Agent", ""))


def tampered(path, body):
    """The content with a change that keeps text readable: metadata gets another checksum, a package another byte near its end."""
    if path.endswith("repomd.xml"):
        return re.sub(rb'(<checksum type="sha256">)(..)', lambda match: match.group(1) + (b"00" if match.group(2) != b"00" else b"11"), body, count=1)
    if not body:
        return b"\0"
    return body[:-1] + bytes([body[-1] ^ 0xFF])


def stale(path, body):
    """repomd.xml as of long ago; other files as they are."""
    if not path.endswith("repomd.xml"):
        return body
    body = re.sub(rb"<timestamp>[^<]*</timestamp>", b"<timestamp>%s</timestamp>" % STALE.encode(), body)
    return re.sub(rb"<revision>[^<]*</revision>", b"<revision>%s</revision>" % STALE.encode(), body)
