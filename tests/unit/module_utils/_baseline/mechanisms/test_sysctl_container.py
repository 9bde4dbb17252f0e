# SPDX-License-Identifier: GPL-3.0-or-later
import os

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import sysctl
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context


def test_a_parameter_that_a_container_s_host_gives_does_not_apply(tmp_path, monkeypatch):
    class Mounted(object):
        f_flag = os.ST_RDONLY
    (tmp_path / "proc/sys/net/ipv4").mkdir(parents=True)
    (tmp_path / "proc/sys/net/ipv4/ip_forward").write_text("1\n")
    control = Control({"id": "x", "mechanism": "sysctl", "args": {"key": "net.ipv4.ip_forward", "value": 0}})
    context = Context(root=str(tmp_path), run=None, uname=("5", "x"))
    assert sysctl.check(control, View(context, flags={"container"})).applies
    monkeypatch.setattr(sysctl.os, "statvfs", lambda path: Mounted)
    assert not sysctl.check(control, View(context, flags={"container"})).applies
    assert sysctl.check(control, View(context)).applies
