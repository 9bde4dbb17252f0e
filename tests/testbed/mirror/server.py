# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror of the test network: repositories under the vendors' own host names, with faults on request. See README.md.

    server.py --root WWW … --tls FOLDER [--http-port 80] [--https-port 443] [--proxy-port 3128] [--control-port 8099]
              [--address 0.0.0.0] [--private-password-file FILE] [--proxy-user USER:PASSWORD]

Standard library only, Python 3.11 or newer.
"""
import argparse
import os
import ssl
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from control import ControlHandler  # noqa: E402
from faults import Faults  # noqa: E402
from proxy import ProxyHandler  # noqa: E402
from requestlog import RequestLog  # noqa: E402
from site_handler import SiteHandler  # noqa: E402
from tree import Tree  # noqa: E402


class Server(ThreadingHTTPServer):
    """A server whose handlers find the shared state on it."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, handler, state, tls=None):
        self.state = state
        self.tls = tls
        super().__init__(address, handler)

    def finish_request(self, request, client_address):
        """The TLS handshake happens in the request's own thread, so that one slow client holds up no other."""
        if self.tls:
            request.settimeout(30)
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        """Clients that go away are everyday; anything else is printed."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)


class State:
    """What all handlers share."""

    def __init__(self, tree, private_password=None, proxy_user=None):
        self.tree = tree
        self.faults = Faults()
        self.log = RequestLog()
        self.private_password = private_password
        self.proxy_user = proxy_user


def start(state, address="0.0.0.0", http=80, https=None, proxy=None, control=8099, tls=None):
    """Start the servers in threads; return them by name ('http', 'https', 'proxy', 'control'). A port of 0 is any free one."""
    context = None
    if https is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "server.crt", tls / "server.key")
    servers = {}
    for name, port, handler in (("http", http, SiteHandler), ("https", https, SiteHandler), ("proxy", proxy, ProxyHandler),
                                ("control", control, ControlHandler)):
        if port is not None:
            servers[name] = Server((address, port), handler, state, context if name == "https" else None)
            threading.Thread(target=servers[name].serve_forever, name=name, daemon=True).start()
    return servers


def main():
    """Serve until the process ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, nargs="+", required=True)
    parser.add_argument("--tls", type=Path, required=True)
    parser.add_argument("--address", default="0.0.0.0")
    for name, port in (("http", 80), ("https", 443), ("proxy", 3128), ("control", 8099)):
        parser.add_argument("--%s-port" % name, type=int, default=port)
    parser.add_argument("--private-password-file", type=Path)
    parser.add_argument("--proxy-user", default=os.environ.get("MIRROR_PROXY_USER"))
    options = parser.parse_args()
    password = os.environ.get("MIRROR_PRIVATE_PASSWORD", "mirror-secret")
    if options.private_password_file:
        password = options.private_password_file.read_text().strip()
    state = State(Tree(*options.root), password, options.proxy_user)
    state.upstream = {"http": ("127.0.0.1", options.http_port), "https": ("127.0.0.1", options.https_port)}
    start(state, options.address, options.http_port, options.https_port, options.proxy_port, options.control_port, options.tls)
    threading.Event().wait()


if __name__ == "__main__":
    main()
