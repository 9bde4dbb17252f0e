# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of the host a plan looks at."""
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import host


def test_what_dnf_does_not_read_is_left_aside(tmp_path):
    for name, text in ((".ansible_tmpq1.repo", "nonsense\n"), (".repo", "nonsense\n"), ("a.repo.rpmnew", "nonsense\n"), ("a.repo", "[a]\n")):
        (tmp_path / name).write_text(text)
    assert host.repository_texts(str(tmp_path)) == {"a.repo": "[a]\n"}
    assert host.repository_texts(str(tmp_path / "nowhere")) == {}
