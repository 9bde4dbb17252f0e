# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""No mail server takes mail from other hosts.

args: none, or setting (args of keyvalue: what keeps postfix to this host, set where postfix is installed)
"""

import copy
import socket
import struct

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import keyvalue

LISTEN = "0A"
PORT = 25


def address_of(text):
    """("127.0.0.1", 25) of "0100007F:0019" as /proc/net/tcp has it: words of 32 bits in the machine's order."""
    address, _colon, port = text.partition(":")
    words = [int(address[place:place + 8], 16) for place in range(0, len(address), 8)]
    raw = b"".join(struct.pack("=I", word) for word in words)
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw), int(port, 16)


def listeners(text):
    """[(address, port)] of /proc/net/tcp or tcp6."""
    found = []
    for line in (text or "").splitlines()[1:]:
        words = line.split()
        if len(words) > 3 and words[3] == LISTEN:
            found.append(address_of(words[1]))
    return found


def local(address):
    return address == "::1" or address.startswith("127.") or address.startswith("::ffff:127.")


def open_ones(view):
    return sorted(set(address for path in ("/proc/net/tcp", "/proc/net/tcp6") for address, port in listeners(view.context.read(path))
                      if port == PORT and not local(address)))


def _setting(control):
    part = copy.copy(control)
    part.args = control.need("setting")
    return part


def check(control, view):
    found = open_ones(view)
    # The sockets are there until postfix starts anew, which it does when its file is written.
    planned = control.arg("setting") and control.arg("setting")["ours"] in view.planned_files and keyvalue.check(_setting(control), view).ok
    return Finding(not found or bool(planned), ", ".join(found) or "none", "127.0.0.1 and ::1 alone")


def looks_only(control):
    return not control.arg("setting")


def fix(control, view):
    if not control.arg("setting") or not view.has_package("postfix") or keyvalue.check(_setting(control), view).ok:
        raise NotFixable("something takes mail on {0}, port 25".format(", ".join(open_ones(view))),
                         "Look who it is (ss -ltnp), and have it listen on 127.0.0.1 alone or stop it")
    keyvalue.fix(_setting(control), view)
