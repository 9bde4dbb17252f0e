# SPDX-License-Identifier: GPL-3.0-or-later
"""bare.py DIRECTORY: the transaction of the conversion whose state is in DIRECTORY by dnf's API alone: repositories, jobs, resolve, fetch,
run. Nothing is noted, tested twice, or kept, and no signature is looked at. Runs on the benchmark's host."""
import json
import os
import sys

import dnf
import dnf.repo


def main():
    state = json.load(open(os.path.join(sys.argv[1], "state.json")))
    jobs = json.load(open(os.path.join(sys.argv[1], "plan.json")))["jobs"]
    settings = state["request"]["settings"]
    base = dnf.Base()
    base.conf.read()
    base.conf.substitutions.update_from_etc("/")
    base.conf.substitutions["releasever"] = str(settings["major"])
    base.conf.module_platform_id = "platform:el%d" % settings["major"]
    base.conf.install_weak_deps = False
    base.conf.installonly_limit = 0
    base.conf.protected_packages = []
    for item in settings["repositories"]:
        repo = dnf.repo.Repo(item["id"], base.conf)
        url = item["url"].replace("$releasever", str(settings["major"])).replace("$basearch", "x86_64")
        setattr(repo, item["option"], [url] if item["option"] == "baseurl" else url)
        repo.skip_if_unavailable = item["options"].get("skip_if_unavailable", False)
        repo.enable()
        base.repos.add(repo)
    base.fill_sack()
    installed = {str(package): package for package in base.sack.query().installed()}
    for nevra in jobs["erase"]:
        base.package_remove(installed[nevra])
    for operation, specs in ((base.reinstall, jobs["reinstall"]), (base.distro_sync, jobs["sync"]), (base.install, jobs["install"])):
        for spec in specs:
            operation(spec)
    base.resolve(allow_erasing=False)
    base.download_packages(list(base.transaction.install_set))
    base.do_transaction()
    print(len(base.transaction))


main()
