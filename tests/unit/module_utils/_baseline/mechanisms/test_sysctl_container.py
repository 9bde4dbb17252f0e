# SPDX-License-Identifier: GPL-3.0-or-later
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, NotFixable
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


def test_a_vendor_s_file_that_is_read_after_ours_is_named(tmp_path):
    (tmp_path / "usr/lib/sysctl.d").mkdir(parents=True)
    (tmp_path / "usr/lib/sysctl.d/zzz.conf").write_text("kernel.x = 1\n")
    control = Control({"id": "x", "mechanism": "sysctl", "args": {"key": "kernel.x", "value": 0}})
    view = View(Context(root=str(tmp_path), run=None, uname=("5", "x")))
    assert sysctl.check(control, view).overridden_by == "/usr/lib/sysctl.d/zzz.conf:1"
    with pytest.raises(NotFixable, match="/usr/lib/sysctl.d/zzz.conf, line 1, sets 1 and is read after ours. Take that line out"):
        sysctl.fix(control, view)
