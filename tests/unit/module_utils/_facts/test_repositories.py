# SPDX-License-Identifier: GPL-3.0-or-later
"""One repository file as facts: by table."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import repositories


@pytest.mark.parametrize("line, enabled", [
    ("", True), ("enabled=1", True), ("enabled=Off", False),
    # dnf passes over what is no boolean to it.
    ("enabled=disabled", True), ("enabled=2", True)])
def test_enabled_is_what_dnf_makes_of_it(line, enabled):
    found, problems = repositories.parse("/x.repo", "[x]\nbaseurl=http://x/\n{0}\n".format(line), {}, 9)
    assert (found[0]["enabled"], problems) == (enabled, [])
