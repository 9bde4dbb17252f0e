# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories: createrepo_c's metadata, modules.yaml, updateinfo.xml."""
import hashlib
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import yaml

from .errors import FactoryError
from .nevra import parse
from .rpms import EPOCH
from .tool import run

OPTIONS = ["--general-compress-type=gz", "--no-database", "--revision=" + EPOCH, "--set-timestamp-to-revision", "--quiet", "--workers=1"]
TYPES = {"ALSA": "security", "ALBA": "bugfix", "ALEA": "enhancement"}


def publish(repository, www: Path, work: Path, keys, key):
    """Write one repository under the document root."""
    folder = www / repository.path
    (folder / "Packages").mkdir(parents=True)
    for package in repository.packages:
        target = folder / "Packages" / package.path.name
        if target.exists():
            raise FactoryError("%s is twice in %s" % (package, repository.path))
        os.link(package.path, target)
    extra = work / "metadata" / repository.path
    extra.mkdir(parents=True)
    run(["createrepo_c"] + OPTIONS + [folder])
    documents = []
    if repository.modules:
        documents.append(("modules", "modules.yaml", modules_yaml(repository.modules)))
    if repository.advisories:
        documents.append(("updateinfo", "updateinfo.xml", updateinfo(repository)))
    for kind, name, text in documents:
        (extra / name).write_text(text)
        run(["modifyrepo_c", "--mdtype=" + kind, "--compress-type=gz", extra / name, folder / "repodata"])
    if key:
        keys.sign_text(key, folder / "repodata" / "repomd.xml")


def copy_empty(source: Path, www: Path, path):
    """A repository without packages, made from another one without packages."""
    shutil.copytree(source, www / path)


def modules_yaml(modules):
    """modules.yaml: modulemd version 2 documents, and modulemd-defaults for modules with a default stream."""
    documents = []
    for module in modules:
        for stream in module["streams"]:
            documents.append({"document": "modulemd", "version": 2, "data": {
                "name": module["name"], "stream": str(stream["stream"]), "version": int(stream["version"]), "context": stream["context"], "arch": "x86_64",
                "summary": module.get("summary", module["name"] + " module"), "description": "A look-alike of the %s module." % module["name"],
                "license": {"module": ["MIT"], "content": ["GPL-3.0-or-later"]},
                "dependencies": [{"requires": {"platform": [stream["platform"]], **{name: list(values) for name, values in stream.get("needs", {}).items()}}}],
                "profiles": {name: {"rpms": rpms} for name, rpms in stream["profiles"].items()},
                "api": {"rpms": sorted({package.nevra.name for package in stream["built"]})},
                "artifacts": {"rpms": sorted(full_nevra(package.nevra) for package in stream["built"])}}})
        if "default" in module or "default_profiles" in module:
            data = {"module": module["name"], "modified": int(EPOCH),
                    "profiles": {str(name): profiles for name, profiles in module.get("default_profiles", {}).items()}}
            if "default" in module:
                data["stream"] = str(module["default"])
            documents.append({"document": "modulemd-defaults", "version": 1, "data": data})
    return "".join("---\n" + yaml.safe_dump(document, sort_keys=False) + "...\n" for document in documents)


def full_nevra(nevra):
    """name-epoch:version-release.arch, epoch always there: what modules.yaml wants."""
    return "%s-%s:%s-%s.%s" % nevra


def updateinfo(repository):
    """updateinfo.xml in AlmaLinux's form. Every named package must be in the repository. Raises FactoryError otherwise."""
    root = ElementTree.Element("updates")
    present = {str(package.nevra): package for package in repository.packages}
    for item in repository.advisories:
        kind = TYPES[item["id"][:4]]
        update = ElementTree.SubElement(root, "update", {"from": "packager@almalinux.org", "status": "final", "type": kind, "version": "3"})
        fields = {"id": item["id"], "title": item["title"], "rights": "Copyright look-alike test data", "release": "AlmaLinux", "pushcount": "1",
                  "severity": item.get("severity", "None"), "summary": item["title"], "description": item.get("description", item["title"]),
                  "solution": "Update the affected packages."}
        for name, value in fields.items():
            ElementTree.SubElement(update, name).text = value
        ElementTree.SubElement(update, "issued", {"date": item["issued"] + " 00:00:00"})
        ElementTree.SubElement(update, "updated", {"date": item.get("updated", item["issued"]) + " 00:00:00"})
        references = ElementTree.SubElement(update, "references")
        for cve in item.get("cves", []):
            ElementTree.SubElement(references, "reference", {"href": "https://access.redhat.com/security/cve/" + cve, "id": cve, "title": cve, "type": "cve"})
        ElementTree.SubElement(references, "reference", {"href": "https://errata.almalinux.org/%s" % item["id"].replace(":", "-"), "id": item["id"],
                                                         "title": item["id"], "type": "self"})
        collection = ElementTree.SubElement(ElementTree.SubElement(update, "pkglist"), "collection", {"short": "almalinux"})
        ElementTree.SubElement(collection, "name").text = "AlmaLinux"
        if "module" in item:
            ElementTree.SubElement(collection, "module", {key: str(value) for key, value in item["module"].items()})
        for text in item["packages"]:
            _listed(collection, text, present, item, repository)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _listed(collection, text, present, item, repository):
    nevra = parse(text)
    if str(nevra) not in present:
        raise FactoryError("%s names %s, which is not in %s" % (item["id"], nevra, repository.path))
    built = present[str(nevra)]
    source = "%s-%s-%s.src.rpm" % (nevra.name, nevra.version, nevra.release)
    element = ElementTree.SubElement(collection, "package", {"name": nevra.name, "version": nevra.version, "release": nevra.release, "epoch": nevra.epoch,
                                                             "arch": nevra.arch, "src": source})
    ElementTree.SubElement(element, "filename").text = built.path.name
    if item.get("reboot"):
        ElementTree.SubElement(element, "reboot_suggested").text = "True"
    ElementTree.SubElement(element, "sum", {"type": "sha256"}).text = hashlib.sha256(built.path.read_bytes()).hexdigest()
