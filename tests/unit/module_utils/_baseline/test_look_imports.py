# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at a host imports nothing of what changes one: a module comes as a zip, and all it imports is compiled anew on the host."""
import subprocess
import sys

PACKAGE = "ansible_collections.elkit.almalinux.plugins.module_utils."
CODE = """
import sys
sys.path[:0] = {0!r}
import {1}_baseline.flow
print([name for name in {2!r} if "{1}" + name in sys.modules])
"""


def test_a_look_imports_nothing_that_changes():
    parts = ["_baseline.put", "_baseline.guard", "_baseline.guard_return", "_journal.entry", "_dnf.client", "_dnf.agent"]
    said = subprocess.check_output([sys.executable, "-c", CODE.format([path for path in sys.path if path], PACKAGE, parts)])
    assert said.decode().strip() == "[]"
