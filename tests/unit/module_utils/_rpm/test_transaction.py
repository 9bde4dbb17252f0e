# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a transaction that rpm runs. rpm itself is on the hosts alone; here stands one that calls back as it does."""
import sys
from types import ModuleType

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import transaction


@pytest.fixture
def rpm(monkeypatch, tmp_path):
    """A module rpm whose packages are files with the five words of a header; what is installed is in its list installed."""
    module = ModuleType("rpm")
    module.error = RuntimeError
    module.installed, module.marked = [], []
    for number, name in enumerate(("RPMTAG_SHA256HEADER", "RPMTAG_POSTTRANS", "RPMTAG_POSTTRANSPROG", "RPMPROB_FILTER_OLDPACKAGE", "RPMPROB_FILTER_REPLACEPKG",
                                   "RPMTRANS_FLAG_TEST", "RPMCALLBACK_INST_OPEN_FILE", "RPMCALLBACK_INST_CLOSE_FILE", "RPMCALLBACK_UNINST_START")):
        setattr(module, name, 1 << number)

    def header(words):
        found = dict(zip(transaction.QUERY, words.split()))
        found["epoch"] = int(found["epoch"])
        found[module.RPMTAG_SHA256HEADER] = "hash of " + words
        return found

    class TransactionSet:
        """As little of it as is asked."""

        def __init__(self):
            self.coming, self.going = [], []

        def hdrFromFdno(self, number):
            with open(number, closefd=False) as handle:
                return header(handle.read())

        def addInstall(self, _header, key, how):
            self.coming.append(key)
            module.marked.append((key.rsplit("/", 1)[1], how))

        def dbMatch(self):
            return [header(words) for words in module.installed]

        def addErase(self, found):
            self.going.append(found["name"])

        def run(self, callback, _data):
            for key in self.coming:
                callback(module.RPMCALLBACK_INST_OPEN_FILE, 0, 0, key, "")
                callback(module.RPMCALLBACK_INST_CLOSE_FILE, 0, 0, key, "")
            for name in self.going:
                callback(module.RPMCALLBACK_UNINST_START, 0, 0, name.encode(), "")
            return []

        def check(self):
            return []

        def setFlags(self, _flags):
            pass

        def order(self):
            pass

        setVSFlags = setProbFilter = setFlags
        closeDB = order

    module.TransactionSet = TransactionSet
    monkeypatch.setitem(sys.modules, "rpm", module)
    module.file = lambda name, words: (tmp_path / name).write_text(words) and str(tmp_path / name)
    return module


@pytest.mark.parametrize("test", [False, True])
def test_it_tells_nevras(rpm, test):
    """A run that goes on after a kill must know what was in flight, and the names of files do not say the epoch."""
    told = []
    add = [(rpm.file("tar-1.34-6.el9.x86_64.rpm", "tar 2 1.34 6.el9 x86_64"), False), (rpm.file("k.rpm", "kernel-core 0 5 1.el9 x86_64"), True)]
    rpm.installed = ["sed 0 4 1.el9 x86_64", "awk 0 4 1.el9 x86_64"]
    transaction.run(add, [("sed-4-1.el9.x86_64", None)], lambda *words: told.append(words), test=test)
    assert told == ([] if test else [(0, 3, "tar-2:1.34-6.el9.x86_64"), (1, 3, "kernel-core-5-1.el9.x86_64"), (3, 3, "sed")])
    assert rpm.marked == [("tar-1.34-6.el9.x86_64.rpm", "u"), ("k.rpm", "i")]


@pytest.mark.parametrize("script, program, found", [
    (None, None, False), (b"", [], False), ("kernel-install add", ["/bin/sh"], True), (b"x", [b"/bin/sh"], True), (None, ["<lua>"], True)])
def test_a_scriptlet_that_runs_after_all_packages(rpm, script, program, found):
    assert transaction.has_last_scriptlet({rpm.RPMTAG_POSTTRANS: script, rpm.RPMTAG_POSTTRANSPROG: program}) is found
