# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is this machine, but for the name of its system: that is the host's variable `os_release`, base64."""

from __future__ import annotations

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
"""


class Connection(Local):
    transport = "elkit.almalinux.pretend"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        if "/etc/os-release" in cmd:
            return 0, self.get_option("os_release").encode(), b""
        return super().exec_command(cmd, in_data, sudoable)
