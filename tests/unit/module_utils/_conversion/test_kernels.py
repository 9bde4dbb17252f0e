# SPDX-License-Identifier: GPL-3.0-or-later
"""When kernels of the source may go."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import kernels

UEK = "kernel-uek-core-6.12.0-1.el9uek.x86_64"
ALMALINUX = {"release": "5.14.0-687.el9.x86_64", "vendor": "AlmaLinux"}
ORACLE = {"release": "6.12.0-1.el9uek.x86_64", "vendor": "Oracle America"}


def facts(running):
    return {"running": running, "installed": [ALMALINUX, ORACLE]}


@pytest.mark.parametrize("running, installed, beside, kept, gone", [
    ("5.14.0-687.el9.x86_64", [UEK], [UEK], [UEK], [UEK]),
    ("5.14.0-687.el9.x86_64+64k", [UEK], [UEK], [UEK], [UEK]),
    ("6.12.0-1.el9uek.x86_64", [UEK], [UEK], [UEK], []),
    ("6.99.0-of-a-container-host", [UEK], [UEK], [UEK], []),
    ("5.14.0-687.el9.x86_64", [], [UEK], [UEK], []),
    ("5.14.0-687.el9.x86_64", [UEK], [], [UEK], []),
    ("5.14.0-687.el9.x86_64", [UEK], [UEK], [], []),
    ("5.14.0-687.el9.x86_64", [UEK], [UEK], None, [UEK]),
], ids=["AlmaLinux's runs", "a flavour of it", "the source's runs", "nobody's runs", "gone already", "not of the conversion", "cannot be had again",
        "no way back wanted"])
def test_outlived(running, installed, beside, kept, gone):
    assert kernels.outlived(facts(running), installed, beside, kept) == gone


@pytest.mark.parametrize("running, gone", [
    ("5.14.0-687.el9.x86_64", []), ("5.14.0-687.el9.x86_64+64k", []), ("5.14.0-427.el9.x86_64", ["kernel-core-5.14.0-687.el9.x86_64"])])
def test_what_a_way_back_left_goes_when_another_kernel_runs(running, gone):
    assert kernels.not_running(["kernel-core-5.14.0-687.el9.x86_64"], running) == gone
    assert kernels.not_running([], running) == []
