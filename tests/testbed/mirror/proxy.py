# SPDX-License-Identifier: GPL-3.0-or-later
"""A small forward proxy. Every host name leads to this mirror, so that a request through it proves that the proxy was used."""
import base64
import hmac
import select
import socket
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

IDLE_SECONDS = 60


class ProxyHandler(BaseHTTPRequestHandler):
    """GET and HEAD by absolute URL, CONNECT for https; with a user and password when the state has proxy_user."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # ports of the mirror that this proxy leads to, by scheme; a test that uses other ports sets them
    upstream = {"http": ("127.0.0.1", 80), "https": ("127.0.0.1", 443)}

    def log_message(self, format, *args):  # noqa: A002
        """The request log takes its place."""

    def do_GET(self):
        """Fetch an absolute URL."""
        self._fetch()

    def do_HEAD(self):
        """Fetch the head of an absolute URL."""
        self._fetch()

    def do_CONNECT(self):
        """Open a tunnel."""
        if not self._admitted(self.path):
            return
        try:
            upstream = socket.create_connection(self._upstream("https"), timeout=10)
        except OSError:
            self._refuse(502, "no answer")
            return
        with upstream:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._pump(self.connection, upstream)
        self.close_connection = True

    def _fetch(self):
        parts = urlsplit(self.path)
        if parts.scheme != "http" or not self._admitted(parts.netloc):
            if parts.scheme != "http":
                self._refuse(400, "an absolute http URL is wanted")
            return
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        lines = ["%s %s HTTP/1.1" % (self.command, target), "Host: " + parts.netloc.rsplit("@", 1)[-1], "Connection: close"]
        lines += ["%s: %s" % (name, value) for name, value in self.headers.items()
                  if name.lower() not in ("host", "connection", "proxy-authorization", "proxy-connection")]
        try:
            with socket.create_connection(self._upstream("http"), timeout=10) as upstream:
                upstream.settimeout(IDLE_SECONDS)
                upstream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
                while True:
                    data = upstream.recv(65536)
                    if not data:
                        break
                    self.wfile.write(data)
        except OSError:
            pass
        self.close_connection = True

    def _upstream(self, scheme):
        return getattr(self.server.state, "upstream", self.upstream)[scheme]

    def _admitted(self, target):
        user = self.server.state.proxy_user
        given = self.headers.get("Proxy-Authorization", "")
        fine = not user or hmac.compare_digest(given, "Basic " + base64.b64encode(user.encode()).decode())
        self.server.state.log.add(via="proxy", method=self.command, host=target.rsplit("@", 1)[-1].split(":")[0], path=self.path.rsplit("@", 1)[-1],
                                  status=200 if fine else 407, bytes=0, authorized=bool(given), agent=self.headers.get("User-Agent", ""))
        if not fine:
            self._refuse(407, "who are you?", {"Proxy-Authenticate": 'Basic realm="proxy"'})
        return fine

    def _refuse(self, status, text, headers=None):
        body = (text + "\n").encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @staticmethod
    def _pump(one, other):
        """Carry bytes both ways until one side ends."""
        pairs = {one: other, other: one}
        while True:
            ready, _writable, _broken = select.select(list(pairs), [], [], IDLE_SECONDS)
            if not ready:
                return
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                pairs[source].sendall(data)
