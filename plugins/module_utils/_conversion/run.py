# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The conversion itself: its stages, each of which can be begun again.

Runs inside the worker, under the host's own Python. A stage says in the state file that it begins, and that it is done;
a run that finds an unfinished conversion goes on at the first stage that is not done.
"""

import os
import shutil
import time

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import boot, mapping, plan, remains, snapshot, tidy, state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion.aside import Aside
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import conversion as dnf_conversion
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf.agent import Failure
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, VerificationError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import flow as repo_flow
from ansible_collections.elkit.almalinux.plugins.module_utils._repo.redact import redact_text
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import nevra as names
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import transaction as rpm_transaction
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import trust
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files


CONSUMER = "/etc/pki/consumer/cert.pem"
# What to do where the host, or what the repositories have, is no more what was looked at.
ANEW = "Run again, for a look at what there is now; if the packages were being swapped already, take it back first with state: reverted"


def source_of(request):
    """The mapping.Source that the request names: product, major, arch and extra."""
    return mapping.source(request["product"], request["major"], request["arch"], request["extra"], request.get("registration") == "preserve")


def wait_for_others(patience):
    """Wait up to *patience* seconds while somebody else works on the packages: _dnf.conversion.busy() at the end of it."""
    import dnf

    base = dnf.Base()
    base.conf.read()
    deadline = time.time() + patience
    while True:
        holder = dnf_conversion.busy(base)
        if holder is None or time.time() >= deadline:
            return holder
        time.sleep(0.5)


def leaving(answer):
    """NEVRAs (set) of the installed packages whose present build is gone after the transaction of *answer* (resolve())."""
    return set(row["package"] for row in answer["rows"] if row["package"] and row["verdict"] in plan.LEAVING)


def rounds(request):
    """Where packages of the source are looked for, one after the other as long as some are lacking: [(ids, further repositories)]."""
    return [(keep, more) for keep, more in ((request["source_repositories"], request["vault"]), (request.get("spare_repositories"), [])) if keep or more]


def source_folder(directory):
    """Where a look in *directory* has what dnf needs to load the source's repositories; their metadata are in "cache"."""
    return os.path.join(directory, "source")


def builds(request):
    """What the first round of the source's repositories has of all installed packages: nobody knows yet which will leave.

    :returns: {"found": as _dnf.conversion.builds_of() gives it, "silent": [id] of those of the source that cannot be loaded}
    """
    return _builds(request, rounds(request)[:1], dict((item["nevra"], item["name"]) for item in rpm_transaction.installed()))


def all_builds(request, answer, first):
    """*first* (what builds() gave) with what the further rounds have of the packages that leave and that the first one lacks.

    :param answer: resolve()'s
    """
    lacking = leaving(answer) - set(first["found"])
    more = _builds(request, rounds(request)[1:], dict((nevra, names.parse(nevra).name) for nevra in lacking))
    return {"found": dict(first["found"], **more["found"]), "silent": first["silent"] + more["silent"]}


def _builds(request, where, wanted):
    """What the repositories of *where* (some of rounds()) have of *wanted* ({NEVRA: name}), one after the other as long as some are lacking; see
    builds()."""
    directory = source_folder(request["settings"]["directory"])
    found, silent = {}, []
    for keep, more in where:
        lacking = dict(item for item in wanted.items() if item[0] not in found)
        if not lacking:
            break
        os.makedirs(directory, exist_ok=True)
        base = dnf_conversion.source_base({"directory": directory, "cache": os.path.join(directory, "cache")}, keep, more)
        found.update(dnf_conversion.builds_of(base, lacking))
        silent += [name for name in dnf_conversion.silent(base) if name in keep]
        base.close()
    return {"found": found, "silent": silent}


def way_back(answer, there):
    """Whether the packages that leave could be fetched again: {"missing": [NEVRA], "later": [NEVRA] of those that leave later and could not, "size":
    bytes of the others, "silent": [id] of the source's repositories that cannot be loaded}.

    By NEVRA and the time of the build, which metadata tell; a run compares the headers of what it fetched.

    :param answer: resolve()'s
    :param there: what all_builds() gave
    """
    gone = leaving(answer)
    later = set(row["package"] for row in answer["rows"] if row["verdict"] == "kept-beside")
    both, now = (plan.way_back(nevras, answer["built"], there["found"]) for nevras in (gone | later, gone))
    return {"missing": now["missing"], "later": sorted(set(both["missing"]) - set(now["missing"])), "size": both["size"], "silent": there["silent"]}


def resolve(request):
    """Open dnf's base and resolve the conversion: (base, answer).

    :param request: product, major, arch, extra (see mapping.source); settings (see _dnf.conversion.open_base); streams; flavour (see plan.jobs)
    :returns: answer is {"jobs", "rows" (see plan.verdicts), "items", "problems" [str], "protected" [NEVRA] (what is to leave, and dnf
        protects), "not_allowed" [NEVRA], "unmarked", "built" {NEVRA: time}, "kernel" (see plan.Jobs), "release" (see plan.release),
        "silent" (see _dnf.conversion.silent_of(), and "why": text)}
    """
    source = source_of(request)
    heard = []
    base = dnf_conversion.open_base(request["settings"], heard)
    if request["settings"]["directory"] is not None:
        dnf_conversion.only_look(base)
    dnf_conversion.switch_streams(base, request["streams"])
    installed = dnf_conversion.installed_of(base)
    # A repository has many more; what plan.jobs() asks for are these.
    wanted = set(package["name"] for package in installed) | set(source.replace.values()) | set(plan.METAS.values()) | set(plan.RELEASE_PACKAGES[source.major])
    available = dnf_conversion.available_of(base, [item["id"] for item in request["settings"]["repositories"]], wanted)
    jobs = plan.jobs(source, installed, available, request.get("flavour"))
    unmarked = dnf_conversion.put(base, jobs.data())
    problems = dnf_conversion.resolve(base)
    items = [] if problems else dnf_conversion.items_of(base)
    return base, {
        "jobs": jobs.data(), "rows": plan.verdicts(jobs, installed, items, problems), "items": items, "problems": problems,
        "protected": dnf_conversion.protected_of(base, jobs.erase), "not_allowed": plan.not_allowed(jobs, installed, items),
        "unmarked": unmarked, "kernel": jobs.kernel,
        "built": dict((package["nevra"], package["built"]) for package in installed), "release": plan.release(available),
        "silent": dict(dnf_conversion.silent_of(base, request["settings"]), why=redact_text(dnf_conversion.reasons(heard)))}


def agree(answer, agreed, before, now):
    """Whether *answer* (resolve()) is what was agreed to, of a host that is what it was then.

    :param agreed: plan.moves() of what the look found
    :param before: the packages when the conversion began, as rpm_transaction.installed() gives them
    :param now: the packages now
    :raises HostError: it is not
    """
    if now != before:
        known, there = (set((item["nevra"], item["hash"]) for item in items) for items in (before, now))
        raise HostError("packages of the host were changed since the conversion began: {0}".format(_some(set(nevra for nevra, _hash in known ^ there))),
                        ANEW)
    check_resolved(answer)
    found = plan.moves(answer["items"])
    if agreed is not None and found != agreed:
        raise HostError("the repositories offer other packages than those that were looked at: {0}".format(
            _some(set(found["come"] + found["go"]) ^ set(agreed["come"] + agreed["go"]))), ANEW)


def check_resolved(answer):
    """Whether nothing stands against *answer* (resolve()).

    :raises HostError: something does
    """
    for problem, words in (("problems", "the packages do not fit together"), ("not_allowed", "packages would be lost that no table names"),
                           ("unmarked", "dnf cannot do")):
        if answer[problem]:
            raise HostError("{0}: {1}".format(words, " ".join(str(item) for item in answer[problem][:5])),
                            "Look at it with the playbook elkit.almalinux.preflight")


def _some(nevras):
    return ", ".join(sorted(nevras)[:8]) + (" and {0} more".format(len(nevras) - 8) if len(nevras) > 8 else "")


class Run(object):
    """One conversion at work. state (state.State); stages are methods named after them, and give the detail to keep."""

    def __init__(self, state):
        self.state = state
        self.request = state.data["request"]
        self.source = source_of(self.request)
        self.base = None
        self.answer = None
        self.recovered = False
        # The stage that an earlier run was ended in.
        self.ended_in = state.data["stage"]
        self.has_fetched = False

    def forward(self):
        """Do what is left of the stages.

        :raises ElkitError, Failure: what stopped it; the state file says in which stage
        """
        if self.state.data["stage"] == "transaction" and not self.state.is_done("transaction"):
            self.recover()
        if self.state.is_done("snapshot") and states.untouched(self.state):
            # Days may lie between, and what somebody has changed in them is not to be put back. Other packages end it: see agree().
            self.note_files()
        for stage in states.FORWARD_STAGES:
            if self.state.is_done(stage) and stage != "verify":
                continue
            self.one(stage, getattr(self, stage))

    def one(self, stage, work):
        began = time.time()
        self.state.begin(stage)
        detail = work()
        self.state.end(stage, time.time() - began, detail)

    # --- before the point of no return ---

    def snapshot(self):
        count = self.note_files()
        self.state.write("packages-before.json", rpm_transaction.installed())
        return "{0} files of /etc".format(count)

    def note_files(self):
        """Keep what there is besides packages: how many files."""
        kept = self.state.path("before")
        # A power cut may have left contents there that never came to the disk.
        shutil.rmtree(kept, ignore_errors=True)
        files.make_directory(kept, 0o700)
        before = snapshot.take(kept)
        self.state.write("etc-before.json", before)
        self.state.write("keys-before.json", remains.imported_keys())
        self.state.write("boot-before.json", boot.before(self.request["boot"]))
        return len(before)

    def resolve(self):
        self.ready()
        self.state.write("plan.json", self.answer)
        return "{0} packages come".format(len([item for item in self.answer["items"] if item["repository"]]))

    def ready(self):
        """dnf with the whole conversion resolved in it; a run that goes on makes it anew.

        :raises HostError: dnf's answer is another one than the look's, which is what the user has agreed to
        """
        if self.base is None:
            base, self.answer = resolve(self.request)
            agree(self.answer, self.request.get("agreed"), self.state.read("packages-before.json"), rpm_transaction.installed())
            self.base = base

    def download(self):
        self.ready()
        paths = dnf_conversion.download(self.base, self.state.progress)
        self.has_fetched = True
        headers = dict((nevra, rpm_transaction.read_file(path)) for nevra, path in paths.items())
        self.check(paths, headers)
        self.state.write("packages.json", dict(
            (nevra, {"path": path, "hash": rpm_transaction.header_hash(headers[nevra]), "sha256": files.digest(path),
                     "last": rpm_transaction.has_last_scriptlet(headers[nevra])}) for nevra, path in paths.items()))
        kept = self.keep_source() if self.request["revert_cache"] else 0
        return "{0} packages, {1} of the source kept".format(len(paths), kept)

    def check(self, paths, headers):
        """Whether AlmaLinux's keys, and no others, signed the packages that come from it.

        :param paths: {nevra: path}; those of other repositories are checked by their own rules
        :param headers: {nevra: the header in that file}
        """
        target = set(item["id"] for item in self.request["settings"]["repositories"])
        ours = set(item["nevra"] for item in self.answer["items"] if item["repository"] in target)
        keys = _openpgp.parse(self.request["keys"].encode("utf-8"), "AlmaLinux's keys")
        directory = self.state.path("trust")
        shutil.rmtree(directory, ignore_errors=True)
        trust.check(dict((paths[nevra], headers[nevra]) for nevra in ours if nevra in paths), keys, directory)
        for package in self.base.transaction.install_set:
            if package.reponame not in target:
                result, message = self.base.package_signature_check(package)
                if result != 0:
                    raise Failure("trust", "the signature of {0} is not good: {1}".format(package, message or "no key for it is imported"),
                                  "Import its key, or disable its repository", untouched=True)

    def keep_source(self):
        """Fetch, once more, every package that is about to leave, and the kernels that leave later if they can be had: how many.

        :raises HostError: one cannot be had, or is another build than the installed one
        """
        gone = leaving(self.answer)
        before = dict((item["nevra"], item) for item in self.state.read("packages-before.json"))
        paths, silent, lacking = {}, [], gone | set(self.request["kernels_beside"])
        for keep, more in rounds(self.request):
            if not lacking:
                break
            base = dnf_conversion.source_base({"directory": None, "cache": self.state.path("source-cache")}, keep, more)
            paths.update(dnf_conversion.fetch_exact(base, lacking))
            silent += [name for name in dnf_conversion.silent(base) if name in keep]
            base.close()
            lacking = gone - set(paths)
        kept, missing = {}, []
        for nevra in sorted(gone | set(self.request["kernels_beside"])):
            path = paths.get(nevra)
            if path is not None and nevra in before and rpm_transaction.header_hash(rpm_transaction.read_file(path)) == before[nevra]["hash"]:
                kept[nevra] = path
            elif nevra in gone:
                missing.append(nevra)
        if missing and "rollback-packages" not in self.request["ignore"]:
            raise HostError(
                plan.words_of_missing(_some(missing), silent),
                "Enable the repository that has them, name the check rollback-packages in ignore, or set revert_cache: false",
                packages=missing)
        self.state.write("source-packages.json", {
            "kept": kept, "missing": missing, "sha256": dict((nevra, files.digest(path)) for nevra, path in kept.items())})
        return len(kept)

    def test(self):
        self.ready()
        self.fetched()
        # A base that has tested a transaction cannot run it, and to make another takes as long as the test: a copy of it is tested.
        test = Aside(lambda base: dnf_conversion.transact(base, None, test=True), self.base)
        try:
            test.result()
        finally:
            test.stop()

    def registration(self):
        """Everything is fetched and tested: the host may leave its Satellite, which goes with the client that the transaction removes.

        :raises HostError: it cannot; nothing else was changed
        """
        if self.request.get("registration") != "unregister" or not os.path.exists(CONSUMER):
            return None
        result = commands.run(["subscription-manager", "unregister"], check=False, timeout=300)
        if result.rc != 0:
            raise HostError("the host cannot be unregistered: {0}".format((result.stderr or result.stdout).strip()[-300:]),
                            "Unregister it by hand (subscription-manager unregister) and run again, or name the check registration in ignore")
        return "unregistered"

    def fetched(self):
        """Have dnf know, and look at, the packages on the disk where this process did not fetch them.

        :raises HostError: one is another than that whose signature was checked
        """
        if self.base.transaction and not self.has_fetched:
            paths = dnf_conversion.download(self.base, self.state.progress)
            checked = self.state.read("packages.json")
            others = [nevra for nevra in paths
                      if nevra not in checked or rpm_transaction.header_hash(rpm_transaction.read_file(paths[nevra])) != checked[nevra]["hash"]]
            if others:
                raise HostError("the repositories have other packages of the same name than those that were checked: {0}".format(_some(others)), ANEW)
            self.has_fetched = True

    # --- from here on ---

    def transaction(self):
        if self.recovered:
            # dnf had written the module streams before it entered rpm; it may be dnf that is broken, which is asked for the rest.
            return "brought to its end by rpm alone"
        self.ready()
        if not self.base.transaction:
            return "nothing to do"
        self.fetched()
        complaints = dnf_conversion.transact(self.base, self.state.progress, test=False)
        self.base.close()
        self.base = None
        return "; ".join(complaints[-5:]) or None

    def recover(self):
        """After a run that was killed inside rpm: bring the packages to what the plan says, with rpm and the cache alone.

        What was in flight is put in once more, so that its scriptlets run, and so is what has a scriptlet that runs after all packages.
        Where rpm had not begun yet, dnf does it all.
        """
        answer, paths = self.state.read("plan.json"), self.state.read("packages.json")
        now, progress = rpm_transaction.installed(), self.state.progressed()
        if not answer or not paths or not progress and now == self.state.read("packages-before.json"):
            return
        again = remains.in_flight(self.state, "transaction") | set(nevra for nevra, item in paths.items() if item.get("last"))
        add, erase = remains.rest(answer, paths, now, again)
        if add or erase:
            noted = dict((item["path"], item.get("sha256")) for item in paths.values())
            remains.check_fetched(dict((path, noted[path]) for path, _side_by_side in add))
            self.state.step("recover")
            rpm_transaction.run(add, erase, self.state.progress)
        self.recovered = True

    def repositories(self):
        """AlmaLinux's repositories as the source's were: what was enabled stays enabled, under AlmaLinux's id."""
        if self.request.get("registration") == "preserve":
            self.disable_own()
        remains.drop_source_repositories(self.source, self.request)
        result = repo_flow.ensure(self.request["repositories"], False, concern="conversion")
        self.state.write(states.NOTES, result["warnings"])
        return "{0} enabled".format(len([row for row in result["repositories"] if row["after"] and row["after"]["enabled"]]))

    def disable_own(self):
        """Disable the source's repositories where subscription-manager, which stays, writes them: it would bring their file back."""
        own = [item for item in self.request["source_repositories"] if self.source.is_own(item)]
        if own and commands.find("subscription-manager") and os.path.exists(CONSUMER):
            # One that it does not manage is refused, and the others with it.
            for item in own:
                commands.run(["subscription-manager", "repos", "--disable={0}".format(item)], check=False, timeout=300)

    def boot(self):
        return boot.mend(dict(self.request["boot"], again=self.ended_in == "boot" or remains.was_ended(self.state, "transaction"),
                              password=(self.state.read("boot-before.json") or {}).get("password")))

    def leftovers(self):
        commands.run(["dnf", "-q", "clean", "metadata"], check=False, timeout=120)
        return tidy.clear(self.source, self.state)

    def exchange(self, nevras):
        """Once it is over: let AlmaLinux's packages take the place of *nevras*, which stayed with the source's kernels, and those without a counterpart
        go, as the conversion would have done it without such kernels.

        :raises HostError: they do not fit, or more would leave; nothing was changed
        :raises Failure: they cannot be had, or rpm refuses them
        """
        settings = self.request["settings"]
        self.base = dnf_conversion.open_base(dict(settings, others=[]))
        packages = [package for package in dnf_conversion.installed_of(self.base) if package["nevra"] in nevras]
        available = dnf_conversion.available_of(self.base, [item["id"] for item in settings["repositories"]], set(item["name"] for item in packages))
        jobs = plan.jobs(self.source, packages, available)
        # The release packages, which came long ago, are none of these.
        unmarked = dnf_conversion.put(self.base, dict(jobs.data(), install=[]))
        problems = dnf_conversion.resolve(self.base)
        items = [] if problems else dnf_conversion.items_of(self.base)
        self.answer = {"items": items, "problems": problems, "not_allowed": plan.not_allowed(jobs, packages, items), "unmarked": unmarked}
        check_resolved(self.answer)
        paths = dnf_conversion.download(self.base, lambda *_progress: None)
        self.check(paths, dict((nevra, rpm_transaction.read_file(path)) for nevra, path in paths.items()))
        dnf_conversion.transact(self.base, lambda *_progress: None, test=False)
        self.base.close()

    def left(self):
        """(NEVRA, hash) of each build (set) that was there before, and that the transaction took away. What came is none of them: Kitten
        and AlmaLinux may have the very same build of a package."""
        gone = leaving(self.state.read("plan.json"))
        came = set((nevra, item["hash"]) for nevra, item in (self.state.read("packages.json") or {}).items())
        return set((item["nevra"], item["hash"]) for item in self.state.read("packages-before.json") if item["nevra"] in gone) - came

    def verify(self):
        self.state.write("keys-after.json", remains.imported_keys())
        found = remains.verify(self.source, self.request, self.left(), lambda: self.state.write("etc-after.json", snapshot.take()))
        self.state.write("verdict.json", found)
        if found["remains"]:
            raise VerificationError("the host was converted, and does not pass: {0}".format("; ".join(found["remains"][:5])),
                                    "Mend what is named and run again, or go back with state: reverted", remains=found["remains"])
        return "passed"
