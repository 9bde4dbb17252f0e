# SPDX-License-Identifier: GPL-3.0-or-later
"""What a way back decides."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import back


def kernel(name, version="5.14.0-687.el9.aarch64"):
    return {"nevra": "{0}-{1}".format(name, version), "name": name, "hash": "new"}


@pytest.mark.parametrize("running, stays", [
    ("5.14.0-687.el9.aarch64", True), ("5.14.0-687.el9.aarch64+64k", True), ("5.14.0-687.el9.aarch64+rt-64k", True), ("5.14.0-600.el9.aarch64+64k", False)])
@pytest.mark.parametrize("name", ["kernel-core", "kernel-64k-core", "kernel-64k-devel", "kernel-rt-64k-modules-core", "kernel-debug-devel"])
def test_the_kernel_that_runs_stays_whatever_its_flavour(name, running, stays):
    _add, erase, stay = back.difference([], [kernel(name)], running)
    assert (stay, erase) == (([kernel(name)], []) if stays else ([], [kernel(name)]))


def test_nothing_else_of_that_version_stays():
    assert back.difference([], [kernel("kernel-tools")], "5.14.0-687.el9.aarch64")[1] == [kernel("kernel-tools")]


@pytest.mark.parametrize("now, earlier, before, copies", [
    (["/etc/a.repo.rpmsave"], [], {}, ["/etc/a.repo.rpmsave"]),
    (["/etc/a.rpmsave", "/etc/b.rpmnew"], ["/etc/b.rpmnew"], {}, ["/etc/a.rpmsave"]),
    (["/etc/a.rpmsave"], [], {"/etc/a.rpmsave": {}}, []),
    (["/etc/a.rpmsave"], None, {}, []),
], ids=["none before", "one was there", "it was there before the conversion", "not noted"])
def test_only_copies_of_this_way_back_go(now, earlier, before, copies):
    assert back.set_aside(now, earlier, before) == copies
