# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is this machine, but for the name of its system: that is the host's variable `os_release`, base64. It can be booted, too: nothing is,
but that is noted among the calls (host, "boot"), and the host's `boots` says whether it comes back. Nothing gets through to a host that is `down`."""

from __future__ import annotations

import json
import os

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: pretend
short_description: This machine under another name
description: See above.
author: elkit.almalinux contributors (@elkit)
options:
  pipelining:
    description: As ever.
    type: bool
    default: false
    vars:
      - name: ansible_pipelining
  os_release:
    description: What its os-release says.
    type: str
    vars:
      - name: os_release
  interrupted:
    description: What it answers to whoever looks for a conversion that was interrupted.
    type: str
    default: ""
    vars:
      - name: interrupted
  boots:
    description: Whether it comes up anew when it is told to.
    type: bool
    default: true
    vars:
      - name: boots
  down:
    description: Whether it is not there at all.
    type: bool
    default: false
    vars:
      - name: down
"""


class Connection(Local):
    transport = "elkit.almalinux.pretend"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        if self.get_option("down"):
            raise AnsibleConnectionFailure("connection refused")
        if "/etc/os-release" in cmd:
            return 0, self.get_option("os_release").encode(), b""
        if "/var/lib/elkit/conversion" in cmd:
            return 0, self.get_option("interrupted").encode(), b""
        # What ansible.builtin.reboot asks and does; no such word may ever come to this machine's own shell.
        if "AnsiballZ_find" in cmd:
            return 0, json.dumps({"changed": False, "files": [{"path": "/sbin/shutdown"}]}).encode(), b""
        if "shutdown" in cmd:
            with open(os.environ["ELKIT_CALLS"], "a", encoding="utf-8") as calls:
                calls.write(json.dumps([self._play_context.remote_addr, "boot", {}]) + "\n")
            return 0, b"", b""
        if "boot_id" in cmd:
            return 0, str(self._booted() if self.get_option("boots") else 0).encode(), b""
        return super().exec_command(cmd, in_data, sudoable)

    def _booted(self):
        """How often it was booted."""
        with open(os.environ["ELKIT_CALLS"], encoding="utf-8") as calls:
            return sum(json.loads(line)[:2] == [self._play_context.remote_addr, "boot"] for line in calls)
