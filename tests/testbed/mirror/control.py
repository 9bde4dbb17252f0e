# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: GET, PUT and DELETE /faults; GET and DELETE /log; GET and PUT /proxy (the user and password that the proxy asks for)."""
import json
from http.server import BaseHTTPRequestHandler

from faults import BadFault


class ControlHandler(BaseHTTPRequestHandler):
    """JSON in, JSON out."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, format, *args):  # noqa: A002
        """Nothing to say."""

    def do_GET(self):
        """The faults in force, the recent requests, or whether the proxy asks for a user."""
        state = self.server.state
        found = {"/faults": state.faults.items, "/log": state.log.entries, "/proxy": lambda: {"user": bool(state.proxy_user)}}.get(self.path)
        if found is None:
            self._send(404, {"error": "known: /faults, /log, /proxy"})
        else:
            self._send(200, found())

    def do_PUT(self):
        """Replace the faults, or the proxy's user (a string USER:PASSWORD, or null for none)."""
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
            if self.path == "/faults":
                self.server.state.faults.replace(body)
                self._send(200, self.server.state.faults.items())
            elif self.path == "/proxy" and (body is None or isinstance(body, str)):
                self.server.state.proxy_user = body
                self._send(200, {"user": bool(body)})
            else:
                self._send(404, {"error": "PUT /faults takes a list, PUT /proxy a string or null"})
        except (BadFault, ValueError) as error:
            self._send(400, {"error": str(error)})

    do_POST = do_PUT

    def do_DELETE(self):
        """Lift all faults, or forget the log."""
        if self.path == "/faults":
            self.server.state.faults.replace([])
        elif self.path == "/log":
            self.server.state.log.clear()
        else:
            self._send(404, {"error": "known: /faults, /log"})
            return
        self._send(200, [])

    def _send(self, status, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
