# SPDX-License-Identifier: GPL-3.0-or-later
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import database
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "facts")


def recorded(host):
    with open(os.path.join(FIXTURES, host, "rpm-qa.txt"), newline="") as handle:
        return handle.read()


def test_packages_and_keys_are_told_apart():
    content = database.parse(recorded("el8"))
    assert len(content.packages) == 13 and not content.errors
    assert [key.version for key in content.pubkeys] == ["3abb34f8", "ced7258b"]
    ssl = content.by_name()["openssl-libs"][0]
    assert (ssl.epoch, ssl.nevra, ssl.vendor, ssl.keys) == (
        1, "openssl-libs-1:1.1.1k-14.el8_6.x86_64", "AlmaLinux", ("2ae81e8aced7258b",))


def test_an_unsigned_package_of_nobody_and_a_summary_of_two_lines():
    local = database.parse(recorded("el8")).by_name()["local-tool"][0]
    assert (local.vendor, local.keys, local.summary) == ("", (), "line one\nline two")


def test_two_signatures_count_both():
    bash = database.parse(recorded("el9")).by_name()["bash"][0]
    assert bash.keys == ("d36cb86cb86b3716", "199e2f91fd431d51")


def test_a_damaged_record_is_an_error_and_the_others_stay():
    content = database.parse("rubbish\x1e" + recorded("el9") + "\x1f\x1f")
    assert len(content.packages) == 5
    assert len(content.errors) == 2 and "rubbish" in content.errors[0]


def test_duplicates_leave_multilib_and_kernels_alone():
    packages = database.parse(recorded("el8")).packages
    twins = database.duplicates(packages, lambda name: name.startswith("kernel"))
    assert list(twins) == ["vim-minimal.x86_64"]
    assert "kernel-core.x86_64" in database.duplicates(packages, lambda name: False)


def run_with(result):
    def run(argv, timeout=None, check=True):
        assert tuple(argv) == database.COMMAND and timeout and not check
        return result
    return run


def there(path):
    return path == "/var/lib/rpm/rpmdb.sqlite"


def test_without_a_database_rpm_is_not_run_for_it_would_make_one():
    with pytest.raises(HostError, match="no rpm database"):
        database.read(lambda *args, **more: pytest.fail("rpm was run"), lambda path: False)


def test_an_empty_answer_is_an_error_that_says_what_rpm_said():
    with pytest.raises(HostError, match="cannot be read or is empty: error: malformed"):
        database.read(run_with(Result(1, "", "error: malformed database\n")), there)


def test_what_rpm_complains_of_beside_packages_is_kept():
    content = database.read(run_with(Result(0, recorded("el9"), "error: rpmdbNextIterator: skipping h# 7\n")), there)
    assert len(content.packages) == 5 and "skipping h# 7" in content.errors[0]
