# SPDX-License-Identifier: GPL-3.0-or-later
"""The images, each named by a hash of what it is made from, so that a second build, or another clone, finds them made.

base-<debian>   a Debian userland by mmdebstrap             images/base/*.txt
content         packages, repositories, keys, certificates   packages/, manifests/  (built inside a base-debian13 container)
content-<kind>  the same of one kind in manifests/sources, made when it is asked for
kind-<name>     base + content + images/mend                 what a host is started from; a layer's: kind + images/<layer>
judge           base + OpenSCAP's data streams               images/judge  (for tests/outside)
"""
import hashlib
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from .errors import TestbedError
from .kinds import bases, kind_named, kinds
from .paths import CLONE, IMAGES, PREFIX, TESTBED, state_dir
from .podman import Podman
from .shell import run, say

BUILDER_BASE = "debian13"
PYTHONS = ("3.6", "3.9")
MADE_FROM = "elkit.made-from"  # label: the id of the image that this one goes with


def digest(*parts):
    """A short hash of files, folders (all their files) and strings."""
    total = hashlib.sha256()
    for part in parts:
        paths = [part]
        if isinstance(part, Path) and part.is_dir():
            paths = sorted(path for path in part.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        for path in paths:
            if isinstance(path, Path):
                total.update(str(path.relative_to(TESTBED)).encode() + b"\0" + path.read_bytes() + b"\0")
            else:
                total.update(str(path).encode() + b"\0")
    return total.hexdigest()[:12]


def debian_mirror():
    """The Debian archive to build from: ELKIT_DEBIAN_MIRROR, or this machine's own when it is a Debian, or deb.debian.org."""
    given = os.environ.get("ELKIT_DEBIAN_MIRROR")
    if given:
        return given
    targets = run(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"], check=False)
    for line in targets.stdout.splitlines():
        origin, label, uri = line.split("|", 2)
        if origin == label == "Debian":
            return uri.rstrip("/")
    return "http://deb.debian.org/debian"


def python_homes():
    """Where pyenv keeps Python 3.6 and 3.9 on this machine: {'3.6': Path}. Missing ones are left out."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    homes = {}
    for version in PYTHONS:
        found = sorted(root.glob(version + ".*"))
        if found and (found[-1] / "bin" / ("python" + version)).exists():
            homes[version] = found[-1]
    return homes


class Images:
    """Finds or makes images."""

    def __init__(self, podman: Podman):
        self.podman = podman

    # -- names -------------------------------------------------------------------------------------------------------------
    def base_tag(self, base):
        return "%sbase-%s:%s" % (IMAGES, base, digest(TESTBED / "images" / "base" / (base + ".txt"), bases()[base]))

    def content_tag(self):
        manifests = sorted((TESTBED / "manifests").glob("*.*"))
        return "%scontent:%s" % (IMAGES, digest(self.base_tag(BUILDER_BASE), TESTBED / "packages", *manifests))

    def own_content_tag(self, kind):
        """Of a derived kind."""
        return "%scontent-%s:%s" % (IMAGES, kind.name, digest(
            self.content_tag(), *(path for path in sorted((TESTBED / "manifests" / "sources").glob("*.yml")) if _has_kind(path, kind.name))))

    def own_contents(self):
        """{kind: tag} of the derived kinds whose packages are made."""
        tags = {name: self.own_content_tag(kind) for name, kind in sorted(kinds().items()) if kind.derived}
        return {name: tag for name, tag in tags.items() if self.podman.has_image(tag)}

    def kind_tag(self, name):
        kind = kind_named(name)
        if kind.below:
            below = self.kind_tag(kind.below)
            return "%skind-%s:%s" % (IMAGES, name, digest(below, TESTBED / "images" / kind.layer)) if kind.layer else below
        if self.mode() == "official" and kind.official:
            return "%sofficial-%s:%s" % (IMAGES, name, digest(kind.official, TESTBED / "images" / "official.sh"))
        homes = [str(home) for home in python_homes().values()] if kind.major == 8 else []
        content = self.own_content_tag(kind) if kind.derived else self.content_tag()
        return "%skind-%s:%s" % (IMAGES, name, digest(
            self.base_tag(kind.base), content, TESTBED / "images" / "mend", TESTBED / "images" / "standins", *homes))

    def is_official(self, name):
        return self.mode() == "official" and bool(kind_named(name).official)  # a layer's is that of the kind below

    # -- official or look-alike ----------------------------------------------------------------------------------------------
    def mode(self):
        """'official' or 'lookalike'. The answer to auto is kept in images-mode until `testbed down --all`."""
        wanted = os.environ.get("ELKIT_IMAGES", "auto")
        if wanted in ("official", "lookalike"):
            return wanted
        if wanted != "auto":
            raise TestbedError("ELKIT_IMAGES is %r; it can be official, lookalike or auto" % wanted)
        cache = state_dir() / "images-mode"
        if not cache.exists():
            registry = yaml.safe_load((TESTBED / "official.yml").read_text())["registry"]
            cache.write_text("official" if _registry_answers(registry) else "lookalike")
            say("images: %s" % cache.read_text())
        return cache.read_text()

    # -- making --------------------------------------------------------------------------------------------------------------
    def ensure_base(self, base):
        """Make the Debian userland; return its tag."""
        tag = self.base_tag(base)
        if self.podman.has_image(tag):
            return tag
        lines = (TESTBED / "images" / "base" / (base + ".txt")).read_text().splitlines()
        packages = [word for line in lines if not line.startswith("#") for word in line.split()]
        tarball = state_dir() / (base + ".tar")
        say("building %s (about two minutes)" % tag)
        try:
            run(["mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(packages),
                 bases()[base], tarball, debian_mirror()], show=True)
            self.podman("import", "--change", 'CMD ["/sbin/init"]', tarball, tag)
        finally:
            tarball.unlink(missing_ok=True)
        return tag

    def ensure_content(self):
        """Make packages, repositories and keys; return the tag of the image that holds them under /content."""
        tag = self.content_tag()
        if self.podman.has_image(tag):
            return tag
        base = self.ensure_base(BUILDER_BASE)
        if not (TESTBED / "packages" / "build.sh").exists():
            raise TestbedError("tests/testbed/packages/build.sh is missing")
        say("building %s (packages and repositories)" % tag)
        return self._commit(base, tag, ["bash", "/src/tests/testbed/packages/build.sh", "/content"])

    def judge_tag(self):
        """Of the image that holds, under /judge, what the outside judge brings to a host."""
        return "%sjudge:%s" % (IMAGES, digest(self.base_tag(BUILDER_BASE), TESTBED / "images" / "judge"))

    def ensure_judge(self):
        """Make that image; return its tag."""
        tag = self.judge_tag()
        with self.podman.storage_alone():
            if self.podman.has_image(tag):
                return tag
            say("building %s" % tag)
            return self._commit(self.ensure_base(BUILDER_BASE), tag, ["bash", "/src/tests/testbed/images/judge/build.sh"])

    def ensure_own_content(self, kind):
        """The same of a derived kind alone."""
        tag = self.own_content_tag(kind)
        if self.podman.has_image(tag):
            return tag
        say("building %s (packages and repositories)" % tag)
        return self._commit(self.ensure_base(BUILDER_BASE), tag,
                            ["bash", "/src/tests/testbed/packages/build.sh", "--kind", kind.name, "/content"])

    def ensure_kind(self, name):
        """Make or fetch what hosts of this kind are started from; return its tag."""
        kind, tag = kind_named(name), self.kind_tag(name)
        if kind.below:
            return self._ensure_layer(kind, tag)
        if self.is_official(name):
            if self.podman.has_image(tag):
                return tag
            say("fetching %s" % kind.official)
            self.podman("pull", "--quiet", kind.official, timeout=900)
            return self._commit(kind.official, tag, ["bash", "/src/tests/testbed/images/official.sh"])
        content = self.ensure_content()
        base = self.ensure_base(kind.base)
        own = self.ensure_own_content(kind) if kind.derived else None
        if self._is_of(tag, own or content):
            return tag
        say("building %s" % tag)
        mounts, pythons = ["--mount", "type=image,source=%s,destination=/mnt/content" % content], {}
        installed = "/mnt/content/content/installed/" + kind.manifest
        if own:
            mounts += ["--mount", "type=image,source=%s,destination=/mnt/own" % own]
            installed = "/mnt/own/content/installed/" + name
        if kind.major == 8:
            pythons = python_homes()
            mounts += ["--volume", "%s:/mnt/pythons:ro" % _stage_pythons(pythons, state_dir() / "pythons")]
        return self._commit(
            base, tag, ["bash", "/src/tests/testbed/images/mend/run.sh"], mounts,
            {"KIND": name, "INSTALLED": installed, "BASE": kind.base, "MAJOR": kind.major, "DISTRIBUTION": kind.distribution,
             "CONTENT": "/mnt/content/content"}, labels={"elkit.pythons": " ".join(pythons), MADE_FROM: self.podman.image_id(own or content)})

    def _is_of(self, tag, below):
        """Whether the image *tag* is there, and was made from *below* as that is now. Keys are made anew with every build of the content:
        an image that trusts those of an earlier build has the right name, and is no good."""
        return self.podman.has_image(tag) and self.podman.label(tag, MADE_FROM) == self.podman.image_id(below)

    def ensure(self, names=None):
        """Make the images of these kinds (default: all but those made when asked for), plus the content that the mirror serves. Returns tags by kind."""
        with self.podman.storage_alone():
            self.ensure_content()
            default = sorted(known for known, kind in kinds().items() if not kind.derived and not kind.below)
            return {name: self.ensure_kind(name) for name in (names or default)}

    def _ensure_layer(self, kind, tag):
        """A kind of kinds.yml's layers: run images/<layer> in the image of the kind below."""
        below = self.ensure_kind(kind.below)
        if not kind.layer:
            return below
        if self._is_of(tag, below):
            return tag
        official, mounts = self.is_official(kind.name), []
        if not official:
            # Debian's own apt is gone from a look-alike: the layer uses the one of its base. What it writes there is thrown away.
            mounts = ["--mount", "type=image,source=%s,destination=/mnt/content" % self.ensure_content(),
                      "--mount", "type=image,source=%s,destination=/mnt/debian,rw=true" % self.ensure_base(kind.base)]
        say("building %s" % tag)
        return self._commit(below, tag, ["bash", "/src/tests/testbed/images/%s/run.sh" % kind.layer], mounts,
                            {"KIND": kind.name, "MAJOR": kind.major, "MANIFEST": kind.manifest, "OFFICIAL": int(official),
                             "CONTENT": "/mnt/content/content", "DEBIAN": "/mnt/debian"}, labels={MADE_FROM: self.podman.image_id(below)})

    def _commit(self, base, tag, command, options=(), environment=None, labels=None):
        """Run ``command`` in a container of ``base`` with the clone at /src, read-only, and keep the result as ``tag``."""
        name = PREFIX + "build"
        self.podman("rm", "--force", "--ignore", name)
        words = ["run", "--name", name, "--volume", "%s:/src:ro" % CLONE, "--network=bridge", "--tmpfs=/tmp"]
        words += ["--cap-add=SYS_ADMIN", "--security-opt", "seccomp=unconfined"] if not self.podman.rootless else []
        for key, value in (environment or {}).items():
            words += ["--env", "%s=%s" % (key, value)]
        try:
            self.podman(*words, *options, base, *command, show=True, timeout=1800)
            changes = ['CMD ["/sbin/init"]'] + ['LABEL %s="%s"' % item for item in (labels or {}).items()]
            self.podman("commit", "--quiet", *["--change=" + change for change in changes], name, tag)
        finally:
            self.podman("rm", "--force", "--ignore", name, check=False)
        return tag


def _has_kind(path, name):
    return name in yaml.safe_load(path.read_text())["kinds"]


def _registry_answers(registry):
    """Whether the registry speaks its API within ten seconds (401 is how it greets a stranger)."""
    try:
        with urllib.request.urlopen("https://%s/v2/" % registry, timeout=10):
            return True
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False


def _stage_pythons(homes, folder):
    """Copy this machine's old Pythons, without their tests, and the shared libraries they need, to ``folder``; return it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lib").mkdir(parents=True)
    for version, home in homes.items():
        target = folder / version
        shutil.copytree(home, target, symlinks=True, ignore=shutil.ignore_patterns(
            "__pycache__", "test", "tests", "idlelib", "tkinter", "ensurepip", "site-packages", "config-*", "_tkinter*", "*.a", "share", "include"))
        (target / "lib" / ("python" + version) / "site-packages").mkdir(exist_ok=True)
        binaries = [target / "bin" / ("python" + version)] + sorted(target.glob("lib/python3*/lib-dynload/*.so"))
        for line in subprocess.run(["ldd"] + [str(path) for path in binaries], check=False, text=True, stdout=subprocess.PIPE).stdout.splitlines():
            words = line.split()
            if "=>" in words and len(words) > 2 and words[2].startswith("/"):
                library = Path(words[2])
                # the C library is the image's own; an older or newer one beside it would not start
                if not library.name.startswith(("libc.so", "libm.so", "libpthread", "libdl", "libutil", "librt", "ld-linux")):
                    shutil.copy2(library, folder / "lib" / library.name)
    return folder
