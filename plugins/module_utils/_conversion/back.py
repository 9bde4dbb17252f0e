# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The way back: the packages that were there, exactly, and every file of /etc as it was.

Runs inside the worker. rpm alone does it: the packages were fetched before the point of no return.
"""

import os
import time

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import boot, plan, remains, snapshot, tidy
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, VerificationError
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import transaction as rpm_transaction
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files


def difference(before, now, running):
    """What rpm must do to get from *now* to *before* (as rpm_transaction.installed() gives them).

    :param running: the release of the kernel that runs: its packages stay, whatever they are
    :returns: (packages to bring in, packages to take away, packages that stay for the running kernel)
    """
    have = set((item["nevra"], item["hash"]) for item in now)
    want = set((item["nevra"], item["hash"]) for item in before)
    add = [item for item in before if (item["nevra"], item["hash"]) not in have]
    erase, stay = [], []
    for item in now:
        if (item["nevra"], item["hash"]) in want:
            continue
        (stay if is_kernel_of(item, running) else erase).append(item)
    return add, erase, stay


def is_kernel_of(item, running):
    """Whether an installed package belongs to the kernel that runs."""
    return item["name"] in plan.KERNELS and item["nevra"] == "{0}-{1}".format(item["name"], running)


def set_aside(now, earlier, before):
    """The copies (sorted paths) that rpm made on this way back: of AlmaLinux's files, which the conversion wrote.

    :param now: paths as remains.leftovers() gives them
    :param earlier: the same before rpm ran, or None where that was not noted
    :param before: the snapshot from before the conversion
    """
    return [] if earlier is None else sorted(set(now) - set(earlier) - set(before))


class Back(object):
    """One way back at work; the stages as in run.Run."""

    def __init__(self, state):
        self.state = state
        self.before = state.read("packages-before.json")
        self.kept = (state.read("source-packages.json") or {"kept": {}})["kept"]

    def backward(self):
        for stage in states.BACK_STAGES:
            if self.state.is_done(stage) and stage != "back-verify":
                continue
            began = time.time()
            self.state.begin(stage)
            detail = getattr(self, stage.replace("-", "_"))()
            self.state.end(stage, time.time() - began, detail)

    def work(self):
        """(add, erase, stay) for rpm: paths and hashes.

        :raises HostError: a package that was there cannot be had
        """
        add, erase, stay = difference(self.before, rpm_transaction.installed(), os.uname().release)
        missing = [item["nevra"] for item in add if not os.path.exists(self.kept.get(item["nevra"], ""))]
        if missing:
            raise HostError("packages that were there before were not kept: {0}".format(", ".join(missing[:10])),
                            "Put the rpm files where source-packages.json in {0} names them, and run again".format(self.state.directory),
                            packages=missing)
        names = {}
        for item in self.before:
            names[item["name"]] = names.get(item["name"], 0) + 1
        # Kernels, and whatever else was there more than once.
        return ([(self.kept[item["nevra"]], names[item["name"]] > 1 or item["name"] in plan.KERNELS) for item in add],
                [(item["nevra"], item["hash"]) for item in erase], stay)

    def back_test(self):
        """What rpm and the journal say against it, before anything is touched."""
        snapshot.check_readable(self.state.read("etc-before.json"), self.state.path("before"))
        add, erase, _stay = self.work()
        self.state.write("copies.json", remains.leftovers())
        if add or erase:
            rpm_transaction.run(add, erase, self.state.progress, test=True)
        return "{0} packages come back".format(len(add))

    def back_transaction(self):
        add, erase, stay = self.work()
        if add or erase:
            rpm_transaction.run(add, erase, self.state.progress)
        return "stays until another kernel runs: {0}".format(", ".join(item["nevra"] for item in stay)) if stay else None

    def back_files(self):
        before = self.state.read("etc-before.json")
        paths = snapshot.restore(before, self.state.read("etc-after.json"), self.state.path("before"))
        copies = set_aside(remains.leftovers(), self.state.read("copies.json"), before)
        for path in copies:
            files.remove(path)
        keys = self.state.read("keys-before.json")
        for fingerprint, name in sorted(remains.imported_keys().items()):
            if fingerprint not in keys:
                commands.run(["rpm", "-e", "--allmatches", name], check=False)
        tidy.put_back(self.state)
        return "{0} files put back".format(len(paths) + len(copies))

    def back_boot(self):
        return boot.mend_back(self.state.data["request"]["boot"], self.state.read("boot-before.json") or {"default": None, "entries": []})

    def back_verify(self):
        """Whether packages, keys and files are what they were.

        :raises VerificationError: something is not; names it
        """
        add, erase, stay = difference(self.before, rpm_transaction.installed(), os.uname().release)
        # A later run takes them away.
        self.state.write("pending.json", sorted(item["nevra"] for item in stay))
        found = ["{0} is missing".format(item["nevra"]) for item in add] + ["{0} is still there".format(item["nevra"]) for item in erase]
        keys = remains.imported_keys()
        before = self.state.read("keys-before.json")
        found += ["the key {0} is imported no more".format(item) for item in sorted(set(before) - set(keys))]
        etc, after = self.state.read("etc-before.json"), self.state.read("etc-after.json")
        paths = snapshot.changed(etc, snapshot.take())
        touched = set(snapshot.changed(etc, after)) if after is not None else set(paths)
        found += ["{0} is not what it was".format(path) for path in paths if path in touched]
        if found:
            raise VerificationError("not everything could be put back: {0}".format("; ".join(found[:8])), "Mend what is named and run again",
                                    remains=found)
        return "pending reboot: {0} runs".format(os.uname().release) if stay else "as it was"
