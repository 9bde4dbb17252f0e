# SPDX-License-Identifier: GPL-3.0-or-later
"""Building and signing the packages."""
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import spec
from .errors import FactoryError
from .tool import run

# 2026-09-01: every build gives its packages the same time.
EPOCH = "1788220800"
DEFINES = {
    "__spec_install_post": "%{nil}", "debug_package": "%{nil}", "_build_id_links": "none", "_binary_payload": "w0.ufdio", "_source_payload": "w0.ufdio",
    "use_source_date_epoch_as_buildtime": "1", "clamp_mtime_to_source_date_epoch": "1", "_buildhost": "lookalike.testbed.invalid",
    "_rpmfilename": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm", "_missing_doc_files_terminate_build": "0", "dist": "%{nil}",
    "__find_provides": "%{nil}", "__find_requires": "%{nil}", "__os_install_post": "%{nil}", "_build_pkgcheck": "%{nil}", "_build_pkgcheck_set": "%{nil}",
}


def workers():
    """As many jobs at once as there are processors."""
    return len(os.sched_getaffinity(0))


def build(packages, work: Path, payloads, keys):
    """Build every package and set its ``path``; then sign all of them, by key."""
    (work / "specs").mkdir(parents=True)
    with ThreadPoolExecutor(workers()) as pool:
        list(pool.map(lambda numbered: _build(numbered[1], work, str(numbered[0]), payloads, keys), enumerate(packages)))
    by_key = {}
    for package in packages:
        if package.attributes.get("key", "none") != "none":
            by_key.setdefault(package.attributes["key"], []).append(package.path)
    batches = [(key, paths[start:start + 100]) for key, paths in by_key.items() for start in range(0, len(paths), 100)]
    with ThreadPoolExecutor(workers()) as pool:
        list(pool.map(lambda batch: keys.sign(*batch), batches))


def _build(package, work, number, payloads, keys):
    top = work / "build" / number
    root, output = top / "stage", work / "rpms" / package.home / (package.attributes.get("key") or "none")
    root.mkdir(parents=True)
    output.mkdir(parents=True, exist_ok=True)
    lines, scripts = spec.stage(package, root, payloads, keys)
    path = work / "specs" / (number + ".spec")
    path.write_text(spec.text(package, root, lines, scripts))
    words = ["rpmbuild", "--quiet", "-bb", "--nodeps", "--target", "x86_64" if package.nevra.arch == "noarch" else package.nevra.arch]
    for name, value in {**DEFINES, "_topdir": top, "_rpmdir": output}.items():
        words += ["--define", "%s %s" % (name, value)]
    try:
        run(words + [path], env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})
    except FactoryError as error:
        raise FactoryError("%s: %s" % (package, error))
    package.path = output / (package.nevra.nvra + ".rpm")
    package.path.stat()
    shutil.rmtree(top)
