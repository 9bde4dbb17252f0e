# SPDX-License-Identifier: GPL-3.0-or-later
"""Real files for packages: what Debian's own packages hold, laid out under AlmaLinux's package names."""
import fnmatch
import os
import re
import shutil
from pathlib import Path

from .errors import FactoryError
from .tool import run

MERGED = ("bin", "sbin", "lib", "lib64")


class Payloads:
    """Fetches and unpacks the Debian packages that payloads.yml names."""

    def __init__(self, description, work: Path):
        self.suite = description["suite"]
        self.payloads = description["payloads"]
        self.work = work

    def prepare(self, names):
        """Unpack the payloads; after this ``tree`` and ``describe`` answer."""
        debs = sorted({deb for name in names for deb in self.payloads[name].get("debs", [])})
        self._download(debs)
        for name in names:
            self._unpack(name)

    def describe(self, name):
        """The payload's own attributes: files, scripts, config patterns."""
        if name not in self.payloads:
            raise FactoryError("payloads.yml has no %r" % name)
        return self.payloads[name]

    def tree(self, name):
        """The folder that holds the payload's files."""
        return self.work / "trees" / name

    def _download(self, debs):
        """One suite for every base: what is linked against the older C library runs on both."""
        apt = self.work / "apt"
        for folder in ("lists/partial", "archives/partial"):
            (apt / folder).mkdir(parents=True)
        sources = "".join(path.read_text() for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")] if path.is_file())
        uri = re.search(r"^(?:deb(?: \[[^]]*\])? |URIs: *)(\S+)", sources, re.MULTILINE)
        if not uri:
            raise FactoryError("the builder's apt sources name no Debian archive")
        (apt / "sources.list").write_text("deb %s %s main\n" % (uri.group(1), self.suite))
        options = []
        for option in ("Dir::Etc::sourcelist=%s/sources.list" % apt, "Dir::Etc::sourceparts=-", "Dir::State::lists=%s/lists" % apt,
                       "Dir::State::status=/dev/null", "Dir::Cache=%s" % apt, "Dir::Cache::archives=%s/archives" % apt,
                       "APT::Sandbox::User=root", "Acquire::Languages=none",
                       "Acquire::Retries=3", "Acquire::http::Timeout=60"):
            options += ["-o", option]
        run(["apt-get"] + options + ["update", "-q"])
        here = os.getcwd()
        os.chdir(apt)
        try:
            run(["apt-get"] + options + ["download", "-q"] + debs)
        finally:
            os.chdir(here)
        self.files = {path.name.split("_")[0]: path for path in apt.glob("*.deb")}

    def _unpack(self, name):
        payload, target = self.describe(name), self.tree(name)
        raw = self.work / "raw" / name
        raw.mkdir(parents=True)
        for deb in payload.get("debs", []):
            run(["dpkg-deb", "-x", self.files[deb], raw])
        for folder in MERGED:
            if (raw / folder).is_dir():
                shutil.copytree(raw / folder, raw / "usr" / folder, symlinks=True, dirs_exist_ok=True)
                shutil.rmtree(raw / folder)
        for path in sorted(path for path in raw.rglob("*") if not path.is_dir() or path.is_symlink()):
            inside = "/" + str(path.relative_to(raw))
            if any(fnmatch.fnmatch(inside, pattern) for pattern in payload.get("drop", [])):
                continue
            place = payload.get("move", {}).get(inside, inside)
            (target / place.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target / place.lstrip("/"))
        target.mkdir(parents=True, exist_ok=True)
