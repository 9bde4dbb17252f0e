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
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import kernel
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import transaction as rpm_transaction
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files


def difference(before, now, running):
    """What rpm must do to get from *now* to *before* (as rpm_transaction.installed() gives them).

    :param running: the release of the kernel that runs: its packages stay, whatever they are, but where the source has a kernel of the very
        same version: that takes their place, as AlmaLinux's did
    :returns: (packages to bring in, packages to take away, packages that stay for the running kernel)
    """
    have = set((item["nevra"], item["hash"]) for item in now)
    want = set((item["nevra"], item["hash"]) for item in before)
    add = [item for item in before if (item["nevra"], item["hash"]) not in have]
    images = [item["nevra"] for item in now if item["name"] in kernel.IMAGES and is_kernel_of(item, running)]
    returning = set(item["nevra"] for item in add)
    # Of a kernel that is the source's again nothing waits for a reboot, either, which would not tell the two apart.
    in_place = bool(images) and set(images) <= set(item["nevra"] for item in before)
    erase, stay = [], []
    for item in now:
        if (item["nevra"], item["hash"]) in want:
            continue
        (stay if is_kernel_of(item, running) and not in_place and item["nevra"] not in returning else erase).append(item)
    return add, erase, stay


def without(add, erase, absent):
    """What of *add* and *erase* (see difference()) can be done where the packages *absent* (of *add*) cannot be had: (add, erase).

    What has taken the place of one of them stays in it, so that the host does not lose it altogether.
    """
    gone = set(item["nevra"] for item in absent)
    come = [item for item in add if item["nevra"] not in gone]
    orphaned = set((item["name"], item["arch"]) for item in absent) - set((item["name"], item["arch"]) for item in come)
    # Kernels have several versions side by side: another one that comes back is no place for this one.
    return come, [item for item in erase if (item["name"], item["arch"]) not in orphaned and item["nevra"] not in gone]


def rows(add, erase, stay, absent):
    """What becomes of each package on a way back, sorted: [{"package" (NEVRA of what is there now, or None), "verdict", "becomes" (NEVRA or None)}].

    Verdicts: "returns", "removed", "pending-reboot" (of the kernel that runs), "not-kept" (it cannot be put back).
    """
    there = {}
    for item in erase:
        there.setdefault((item["name"], item["arch"]), []).append(item["nevra"])
    found = []
    for item in add:
        places = there.get((item["name"], item["arch"]))
        found.append({"package": places.pop(0) if places else None, "verdict": "returns", "becomes": item["nevra"]})
    found += [{"package": nevra, "verdict": "removed", "becomes": None} for places in there.values() for nevra in places]
    found += [{"package": item["nevra"], "verdict": "pending-reboot", "becomes": None} for item in stay]
    found += [{"package": None, "verdict": "not-kept", "becomes": item["nevra"]} for item in absent]
    return sorted(found, key=lambda row: (row["package"] or row["becomes"], row["verdict"]))


def diff(packages, paths, before):
    """What Ansible shows with --diff of a way back: of the packages, and of the files of /etc (their names).

    :param packages: as rows() gives them
    :param paths: as snapshot.returning() gives them
    :param before: the snapshot from before the conversion
    """
    moving = [row for row in packages if row["verdict"] in ("returns", "removed")]
    shown = {"before_header": "packages", "before": "".join("{0}\n".format(row["package"]) for row in moving if row["package"]),
             "after_header": "packages", "after": "".join(
                 "{0}{1}\n".format(row["becomes"], " (the source's build)" if row["becomes"] == row["package"] else "") for row in moving if row["becomes"])}
    return [shown, {"before_header": "files", "before": "".join("{0}\n".format(path) for path in paths),
                    "after_header": "files", "after": "".join("{0} (as it was)\n".format(path) for path in paths if path in before)}]


def is_kernel_of(item, running):
    """Whether an installed package belongs to the kernel that runs."""
    return item["name"] in plan.KERNELS and kernel.matches(running, item["nevra"][len(item["name"]) + 1:])


def set_aside(now, earlier, before):
    """The copies (sorted paths) that rpm made on this way back: of AlmaLinux's files, which the conversion wrote.

    :param now: paths as remains.leftovers() gives them
    :param earlier: the same before rpm ran, or None where that was not noted
    :param before: the snapshot from before the conversion
    """
    return [] if earlier is None else sorted(set(now) - set(earlier) - set(before))


def keys_that_came(before, after, now):
    """rpm's names (sorted) of the keys that came with the conversion and are there still, of the keys at three times ({fingerprint: rpm's name}).

    :param after: those at the conversion's end, or None if it did not come so far: then nobody knows who imported what, and all that came counts
    """
    return sorted(name for fingerprint, name in now.items() if fingerprint not in before and (after is None or fingerprint in after))


class Back(object):
    """One way back at work; the stages as in run.Run."""

    def __init__(self, state):
        self.state = state
        self.before = state.read("packages-before.json")
        source = state.read("source-packages.json") or {}
        self.kept, self.digests = source.get("kept", {}), source.get("sha256", {})
        # The stage that an earlier run was ended in, and the packages (NEVRAs) that come once more though they are there.
        self.ended_in, self.again = state.data["stage"], self.written_over()

    def backward(self):
        """Do what is left of the stages.

        :returns: what could not be put back because nobody has it any more, as state.json keeps an error; None where all is as it was
        :raises ElkitError: what stopped it
        """
        for stage in states.BACK_STAGES:
            if self.state.is_done(stage) and stage != "back-verify":
                continue
            began = time.time()
            if stage == self.ended_in == "back-transaction":
                self.again |= self.once_more()
            self.state.begin(stage)
            detail = getattr(self, stage.replace("-", "_"))()
            self.state.end(stage, time.time() - began, detail)
        absent = self.state.read("absent.json")
        if not absent:
            return None
        return {"message": "not everything could be put back, for it was not kept: {0}{1}".format(
            ", ".join(absent[:8]), " and {0} more".format(len(absent) - 8) if len(absent) > 8 else ""),
            "remedy": "All else is what it was. Install them from where they came from, if they are still needed", "stage": "back-verify"}

    def written_over(self):
        """NEVRAs (set) of the packages that were to leave and whose files may be those of what was to take their place: rpm lays the new ones over
        them, erases the old ones at the end, and was ended before."""
        planned = self.state.read("plan.json")
        if not planned or self.state.is_done("transaction") or rpm_transaction.installed() == self.before:
            return set()
        return set(row["package"] for row in planned["rows"] if row["verdict"] in plan.LEAVING) & set(self.kept)

    def once_more(self):
        """NEVRAs (set) of the packages that rpm had in its hands when it was ended, and of those with a scriptlet that runs after all packages."""
        last = set(nevra for nevra, path in self.kept.items()
                   if os.path.exists(path) and rpm_transaction.has_last_scriptlet(rpm_transaction.read_file(path)))
        return (remains.in_flight(self.state, "back-transaction") | last) & set(self.kept)

    def left(self, again=()):
        """(add, erase, stay, absent): what rpm must do (see difference()) with the packages that were kept, and those that were not.

        :param again: NEVRAs of what comes once more though it is there
        :raises HostError: a package that was kept is there no more
        """
        now = [item for item in rpm_transaction.installed() if item["nevra"] not in again or item not in self.before]
        add, erase, stay = difference(self.before, now, os.uname().release)
        lost = [item["nevra"] for item in add if item["nevra"] in self.kept and not os.path.exists(self.kept[item["nevra"]])]
        if lost:
            raise HostError("packages that were kept for the way back are gone: {0}".format(", ".join(lost[:10])),
                            "Put the rpm files where they were, and run again: {0}".format(" ".join(self.kept[nevra] for nevra in lost[:10])),
                            packages=lost)
        absent = [item for item in add if item["nevra"] not in self.kept]
        add, erase = without(add, erase, absent)
        return add, erase, stay, absent

    def work(self):
        """What left() says for rpm: paths, and NEVRAs with hashes; and the rest as it is."""
        add, erase, stay, absent = self.left(self.again)
        names = {}
        for item in self.before:
            names[item["name"]] = names.get(item["name"], 0) + 1
        # Kernels, and whatever else was there more than once.
        return ([(self.kept[item["nevra"]], names[item["name"]] > 1 or item["name"] in plan.KERNELS) for item in add],
                [(item["nevra"], item["hash"]) for item in erase], stay, absent)

    def foreseen(self):
        """What a way back does to the packages: rows()."""
        return rows(*self.left(self.again))

    def back_test(self):
        """What rpm and the journal say against it, before anything is touched."""
        snapshot.check_readable(self.state.read("etc-before.json"), self.state.path("before"))
        add, erase, _stay, absent = self.work()
        self.check_fetched(add)
        self.state.write("copies.json", remains.leftovers())
        if add or erase:
            rpm_transaction.run(add, erase, self.state.progress, test=True)
        return "{0} packages come back{1}".format(len(add), ", {0} cannot".format(len(absent)) if absent else "")

    def back_transaction(self):
        add, erase, stay, _absent = self.work()
        self.check_fetched(add)
        if add or erase:
            rpm_transaction.run(add, erase, self.state.progress)
        return "stays until another kernel runs: {0}".format(", ".join(item["nevra"] for item in stay)) if stay else None

    def check_fetched(self, add):
        """Whether the packages to bring in are what was kept.

        :param add: as work() gives it
        :raises HostError: one is not
        """
        noted = dict((path, self.digests.get(nevra)) for nevra, path in self.kept.items())
        remains.check_fetched(dict((path, noted[path]) for path, _side_by_side in add))

    def back_files(self):
        before = self.state.read("etc-before.json")
        paths = snapshot.restore(before, self.state.read("etc-after.json"), self.state.path("before"))
        copies = set_aside(remains.leftovers(), self.state.read("copies.json"), before)
        for path in copies:
            files.remove(path)
        for name in keys_that_came(self.state.read("keys-before.json"), self.state.read("keys-after.json"), remains.imported_keys()):
            commands.run(["rpm", "-e", "--allmatches", name], check=False)
        tidy.put_back(self.state)
        return "{0} files put back".format(len(paths) + len(copies))

    def back_boot(self):
        again = self.ended_in == "back-boot" or remains.was_ended(self.state, "back-transaction")
        return boot.mend_back(dict(self.state.data["request"]["boot"], again=again), self.noted_of_boot())

    def noted_of_boot(self):
        return self.state.read("boot-before.json") or {"default": None, "entries": []}

    def back_verify(self):
        """Whether packages, keys, files and what is booted are what they were.

        :raises VerificationError: something is not; names it
        """
        add, erase, stay, absent = self.left()
        self.state.write("absent.json", sorted(item["nevra"] for item in absent))
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
        found += boot.not_as_before(self.state.data["request"]["boot"], self.noted_of_boot())
        if found:
            raise VerificationError("not everything could be put back: {0}".format("; ".join(found[:8])), "Mend what is named and run again",
                                    remains=found)
        return "pending reboot: {0} runs".format(os.uname().release) if stay else "as it was"
