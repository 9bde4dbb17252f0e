# SPDX-License-Identifier: GPL-3.0-or-later
"""A conversion that is disturbed in every stage, inside rpm too: the same play again ends in AlmaLinux, and the way back is exact."""
import pytest

from tests.faults import matrix
from tests.faults.matrix import AGAIN, CONTROLLER, CUT, SIGKILL, STOP
from tests.faults.points import CONVERSION, conversion, in_conversion

from .conversions import LOOK, MODULE, TRUSTED

pytest_plugins = ["tests.faults.fixtures"]

STAGES = ("snapshot", "resolve", "download", "test", "transaction", "repositories", "boot", "leftovers", "verify")
BACK_STAGES = ("back-test", "back-transaction", "back-files", "back-boot", "back-verify")
APPLY = [{"name": "apply", MODULE: {"trusted_keys": TRUSTED}}]
UNDO = [{"name": "undo", MODULE: {"state": "reverted"}}]
STEPS = {stage: conversion(stage) for stage in STAGES}
# rpm opens each of the 224 packages once to verify it, then to install it, and then erases the 220 old ones.
STEPS.update({"verified package": in_conversion("transaction", 100), "first package": in_conversion("transaction", 226),
              "middle package": in_conversion("transaction", 446),
              "last package": in_conversion("transaction", 668)})
BACK = {stage: conversion(stage) for stage in BACK_STAGES}
SLICE = {("first package", SIGKILL), ("middle package", STOP), ("repositories", CUT), ("verify", CONTROLLER)}


table = matrix.table_of("conversion")


@pytest.fixture(scope="module")
def subject():
    """A function that gives the Subject, learnt on a host."""
    known = matrix.Subject(APPLY, UNDO, lambda host: host.run(LOOK), CONVERSION, {}, [{MODULE: {"state": "reverted", "force": True}}],
                           interrupted=("", *STAGES, *BACK_STAGES))
    return known.on


@pytest.mark.parametrize("step, action", matrix.wide([(step, action) for step in STEPS for action in matrix.ACTIONS], SLICE))
def test_disturbed_then_the_same_play_again(fault_host, subject, table, step, action):
    host = fault_host("fc9")
    table.add(matrix.case(subject(host), host, STEPS[step], action, AGAIN))


@pytest.mark.parametrize("step, action", matrix.wide([(step, action) for step in BACK for action in (SIGKILL, STOP)], {("back-files", SIGKILL)}))
def test_a_disturbed_way_back(fault_host, subject, table, step, action):
    host = fault_host("fc9")
    table.add(matrix.case(subject(host), host, BACK[step], action, AGAIN, of_undo=True))
