# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import modulesd
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError


@pytest.mark.parametrize("text, expected", [
    ("[nodejs]\nname=nodejs\nstream=20\nprofiles=common, development\nstate=enabled\n",
     {"nodejs": {"stream": "20", "profiles": ["common", "development"], "state": "enabled"}}),
    ("[php]\nname=php\nstream=\nprofiles=\nstate=disabled\n", {"php": {"stream": None, "profiles": [], "state": "disabled"}}),
    ("[perl]\nname=perl\nstream=5.26\nprofiles=\nstate=enabled\n", {"perl": {"stream": "5.26", "profiles": [], "state": "enabled"}}),
    # Reset leaves a section without a state.
    ("[ruby]\nname=ruby\nstream=\nprofiles=\nstate=\n", {"ruby": {"stream": None, "profiles": [], "state": ""}}),
    # As dnf of EL8's first minors wrote it.
    ("[idm]\nstream = client\nprofiles = \nenabled = 1\n", {"idm": {"stream": "client", "profiles": [], "state": "enabled"}}),
    ("", {}),
])
def test_parse(text, expected):
    assert modulesd.parse(text) == expected


@pytest.mark.parametrize("text", ["no section\n", "[a\n", "\x00[[["])
def test_broken_file_is_named(text):
    with pytest.raises(HostError, match="/etc/dnf/modules.d/x.module"):
        modulesd.parse(text, "/etc/dnf/modules.d/x.module")


def test_render_and_parse_are_inverse():
    modules = {"a": {"stream": "1", "profiles": ["x", "y"], "state": "enabled"}, "b": modulesd.empty()}
    assert modulesd.parse(modulesd.render(modules)) == modules
