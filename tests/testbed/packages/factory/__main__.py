# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the work: manifests, keys, packages, repositories, installed sets, certificates."""
import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import manifest, repodata, rpms, tls
from .errors import FactoryError
from .keys import Keys
from .payload import Payloads

FOLDERS = ("www", "installed", "keys", "tls")


def main(words):
    """Build everything; return the exit code."""
    parser = argparse.ArgumentParser(prog="build.sh")
    parser.add_argument("--manifests", type=Path, required=True)
    parser.add_argument("--kind", help="a kind of manifests/sources, instead of the manifests beside that folder")
    parser.add_argument("output", type=Path)
    options = parser.parse_args(words)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        # packages are hard-linked into repositories: the work folder must be on the same file system
        with tempfile.TemporaryDirectory(dir=options.output, prefix=".work") as work:
            _build(options.manifests, options.kind, options.output, Path(work))
    except FactoryError as error:
        print("build.sh: %s" % error, file=sys.stderr)
        return 1
    return 0


def _build(manifests, kind, output, work):
    started = time.monotonic()

    def say(text):
        print("%5.1f s  %s" % (time.monotonic() - started, text), flush=True)

    distributions, shared = manifest.load(manifests, kind)
    for name in FOLDERS:
        shutil.rmtree(output / name, ignore_errors=True)
    packages = list(dict.fromkeys(package for distribution in distributions for package in distribution.all_packages()))
    say("%d manifests, %d packages" % (len(distributions), len(packages)))
    keys = Keys(output / "keys", shared["keys"]["keys"])
    keys.make()
    tls.make(output / "tls", shared["keys"]["host_names"])
    payloads = Payloads(shared["payloads"], work / "payloads")
    payloads.prepare(sorted({package.attributes["payload"] for package in packages if "payload" in package.attributes}))
    say("keys and payloads")
    try:
        rpms.build(packages, work, payloads, keys)
        say("packages built and signed")
        count = _publish(distributions, output / "www", work, keys, shared["keys"])
    finally:
        keys.stop()
    say("%d repositories" % count)
    for distribution in distributions:
        _installed(distribution, output / "installed" / distribution.home)
    say("done")


def _publish(distributions, www, work, keys, settings):
    jobs, empty, paths = [], [], set()
    mirrors = {"mirrorlists": {}, "metalinks": {}}
    for distribution in distributions:
        for repository in distribution.repositories:
            if repository.path in paths:
                raise FactoryError("two repositories at %s" % repository.path)
            paths.add(repository.path)
            key = distribution.data.get("defaults", {}).get("key")
            (jobs if repository.packages or not empty else empty).append((repository, key))
            if not repository.packages and len(empty) == 0:
                empty.append((repository, key))
        answer = distribution.mirrors()
        for release, slugs in answer["mirrorlists"].items():
            mirrors["mirrorlists"].setdefault(release, {}).update(slugs)
        mirrors["metalinks"].update(answer["metalinks"])
    with ThreadPoolExecutor(rpms.workers()) as pool:
        list(pool.map(lambda job: repodata.publish(job[0], www, work, keys, job[1]), jobs))
    for repository, _key in empty[1:]:
        repodata.copy_empty(www / empty[0][0].path, www, repository.path)
    for distribution in distributions:
        _loose_files(distribution, www, keys)
    (www / "mirrors.json").write_text(json.dumps(mirrors, indent=1, sort_keys=True) + "\n")
    return len(paths)


def _loose_files(distribution, www, keys):
    """Key files, links and single packages that lie beside the repositories."""
    for item in distribution.data.get("www", []):
        target = www / item["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if "keys" in item:
            target.write_text(keys.public(item["keys"]))
        elif "link" in item:
            if not target.is_symlink():
                os.symlink(item["link"], target)
        else:
            os.link(distribution.package(item["package"]).path, target)


def _installed(distribution, folder):
    """The packages that a host of this kind starts with, and files that no package owns."""
    if not distribution.installed:
        return
    folder.mkdir(parents=True)
    for package in distribution.installed:
        os.link(package.path, folder / package.path.name)
    for item in distribution.data.get("hosts", {}).get("files", []):
        target = folder / "files" / item["path"].lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(item["content"])
    (folder / "payload.txt").write_text("".join(sorted(package.path.name + "\n" for package in distribution.payload)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
