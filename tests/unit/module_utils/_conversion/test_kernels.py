# SPDX-License-Identifier: GPL-3.0-or-later
"""When kernels of the source may go."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import kernels, mapping

SOURCE = mapping.source("oracle", 9, "x86_64")
FIRMWARE = "linux-firmware-core-999:20260309-999.1.el9.noarch"
UEK = "kernel-uek-core-6.12.0-1.el9uek.x86_64"
ALMALINUX = {"release": "5.14.0-687.el9.x86_64", "vendor": "AlmaLinux", "flavour": "standard", "package": "kernel-core-5.14.0-687.el9.x86_64"}
ORACLE = {"release": "6.12.0-1.el9uek.x86_64", "vendor": "Oracle America", "flavour": "uek", "package": UEK}


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
    ("5.14.0-687.el9.x86_64", [UEK, FIRMWARE], [UEK, FIRMWARE], [UEK, FIRMWARE], [UEK, FIRMWARE]),
    ("5.14.0-687.el9.x86_64", [UEK, FIRMWARE], [UEK, FIRMWARE], [FIRMWARE], []),
    ("5.14.0-687.el9.x86_64", [FIRMWARE], [UEK, FIRMWARE], None, [FIRMWARE]),
], ids=["AlmaLinux's runs", "a flavour of it", "the source's runs", "nobody's runs", "gone already", "not of the conversion", "cannot be had again",
        "no way back wanted", "with its firmware", "a kernel needs the firmware still", "the firmware alone is left"])
def test_outlived(running, installed, beside, kept, gone):
    found, lasting = kernels.outlived(SOURCE, facts(running), installed, beside, kept)
    assert found == gone
    # Of a kernel that stays though AlmaLinux's runs somebody has to hear.
    assert lasting == [nevra for nevra in installed if nevra == UEK and UEK in beside and nevra not in gone and running.startswith(ALMALINUX["release"])]
    assert len(kernels.words_of_staying(lasting)) == len(lasting)


@pytest.mark.parametrize("running, itself", [("6.6.31-20240529.v8.1.el9", True), ("5.14.0-687.el9.x86_64", False)])
def test_the_firmware_of_a_raspberry_pi_boots_its_kernels_by_itself(running, itself):
    pi = {"release": "6.6.31-20240529.v8.1.el9", "vendor": "AlmaLinux", "flavour": "raspberrypi", "package": "raspberrypi2-kernel4-6.6.31-20240529.v8.1.el9"}
    assert kernels.boots_itself({"running": running, "installed": [ALMALINUX, pi]}) is itself


def test_a_kernel_of_kitten_is_not_taken_for_almalinux_s():
    kitten = {"release": "6.12.0-200.el10.x86_64", "vendor": "AlmaLinux", "flavour": "standard", "package": "kernel-core-6.12.0-200.el10.x86_64"}
    facts = {"running": kitten["release"], "installed": [kitten, dict(ALMALINUX, release="6.12.0-124.el10.x86_64")]}
    source, there = mapping.source("almalinux-kitten", 10, "x86_64"), [kitten["package"]]
    assert kernels.outlived(source, facts, there, there, None) == ([], [])
    assert kernels.outlived(source, dict(facts, running="6.12.0-124.el10.x86_64"), there, there, None) == (there, [])


@pytest.mark.parametrize("running, flavour", [
    ("5.14.0-687.el9.x86_64", "standard"), ("6.12.0-1.el9uek.x86_64", "uek"), ("5.14.0-687.el9.x86_64+rt", "rt"), ("4.18.0-348.rt7.el8.x86_64", "rt"),
    ("7.0.0-of-nobody", "standard")])
def test_the_flavour_that_runs(running, flavour):
    real_time = [dict(ALMALINUX, release=release, flavour="rt") for release in ("4.18.0-348.rt7.el8.x86_64", "5.14.0-687.el9.x86_64")]
    assert kernels.flavour({"running": running, "installed": [ALMALINUX, ORACLE] + real_time}) == flavour


def test_kernels_that_are_replaced_in_place():
    rows = [{"package": package, "verdict": verdict} for package, verdict in [
        ("kernel-core-5.14.0-687.el9.x86_64", "replaced"), ("kernel-rt-core-5.14.0-687.el9.x86_64", "replaced"), ("kernel-5.14.0-687.el9.x86_64", "replaced"),
        ("kernel-64k-core-5.14.0-600.el9.aarch64", "kept-beside"), ("bash-5.1-1.el9.x86_64", "replaced"), (None, "added-kernel")]]
    assert kernels.in_place(rows) == ["5.14.0-687.el9.x86_64", "5.14.0-687.el9.x86_64+rt"]


@pytest.mark.parametrize("running, gone", [
    ("5.14.0-687.el9.x86_64", []), ("5.14.0-687.el9.x86_64+64k", []), ("5.14.0-427.el9.x86_64", ["kernel-core-5.14.0-687.el9.x86_64"])])
def test_what_a_way_back_left_goes_when_another_kernel_runs(running, gone):
    assert kernels.not_running(["kernel-core-5.14.0-687.el9.x86_64"], running) == gone
    assert kernels.not_running([], running) == []
