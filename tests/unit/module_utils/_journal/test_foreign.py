# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that another program writes: what a killed run leaves in them is nobody's change; what is there once the work is done is."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError
from ansible_collections.elkit.almalinux.plugins.module_utils._journal import entry as journal


@pytest.fixture
def killed(tmp_path):
    """(file, state directory) after a run that was killed when the other program had written, and the entry it left."""
    path, root = tmp_path / "nodejs.module", tmp_path / "elkit"
    path.write_bytes(b"before")
    begun = journal.begin("streams", str(root))
    begun.record_file(str(path), b"before", foreign=True)
    begun.save()
    path.write_bytes(b"what dnf wrote")
    return path, str(root)


def test_an_undo_at_once_takes_it_back(killed):
    path, root = killed
    journal.revert("streams", root=root).apply(None)
    assert path.read_bytes() == b"before"


def test_once_the_work_is_done_a_later_change_is_somebody_elses(killed):
    path, root = killed
    again = journal.begin("streams", root)
    assert again.continued
    again.record_outcome(str(path))
    again.commit()
    path.write_bytes(b"by hand")
    with pytest.raises(ChangedSinceError, match="nodejs.module"):
        journal.revert("streams", root=root)
    assert journal.revert("streams", force=True, root=root) is not None


def test_a_file_of_our_own_is_not_taken_for_foreign(tmp_path):
    path, root = tmp_path / "x.repo", str(tmp_path / "elkit")
    path.write_bytes(b"before")
    begun = journal.begin("repositories", root)
    begun.record_file(str(path), b"after")
    begun.save()
    path.write_bytes(b"by hand")
    with pytest.raises(ChangedSinceError):
        journal.revert("repositories", root=root)


def test_what_the_other_program_left_as_it_was_is_somebody_elses_from_then_on(tmp_path):
    root, names = str(tmp_path / "elkit"), ("kept", "changed", "idle", "nowhere")
    for name in names[:3]:
        (tmp_path / name).write_bytes(b"before")
    paths = dict((name, str(tmp_path / name)) for name in names)
    begun = journal.begin("streams", root)
    for name in names:
        begun.record_file(paths[name], None, foreign=True)
    (tmp_path / "changed").write_bytes(b"after")
    for name in names:
        begun.record_outcome(paths[name])
    begun.drop_unchanged({paths["kept"]})
    begun.commit()
    (tmp_path / "idle").write_bytes(b"by hand")
    plan = journal.revert("streams", root=root)
    assert [item["path"] for item in plan.restore] == [paths["changed"]]
    plan.apply(None)
    assert (tmp_path / "changed").read_bytes() == b"before" and (tmp_path / "idle").read_bytes() == b"by hand"
    assert [item["path"] for item in plan.state["files"]] == [paths["kept"], paths["changed"]]
