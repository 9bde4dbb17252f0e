# SPDX-License-Identifier: GPL-3.0-or-later
"""What a way back decides."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import back


@pytest.mark.parametrize("now, earlier, before, copies", [
    (["/etc/a.repo.rpmsave"], [], {}, ["/etc/a.repo.rpmsave"]),
    (["/etc/a.rpmsave", "/etc/b.rpmnew"], ["/etc/b.rpmnew"], {}, ["/etc/a.rpmsave"]),
    (["/etc/a.rpmsave"], [], {"/etc/a.rpmsave": {}}, []),
    (["/etc/a.rpmsave"], None, {}, []),
], ids=["none before", "one was there", "it was there before the conversion", "not noted"])
def test_only_copies_of_this_way_back_go(now, earlier, before, copies):
    assert back.set_aside(now, earlier, before) == copies
