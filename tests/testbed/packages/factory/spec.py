# SPDX-License-Identifier: GPL-3.0-or-later
"""Spec files for rpmbuild."""
import os
import shutil
from pathlib import Path

from .errors import FactoryError

TAGS = (("requires", "Requires"), ("provides", "Provides"), ("obsoletes", "Obsoletes"), ("conflicts", "Conflicts"), ("recommends", "Recommends"),
        ("suggests", "Suggests"), ("supplements", "Supplements"), ("enhances", "Enhances"))
SCRIPTS = ("pretrans", "pre", "post", "preun", "postun", "posttrans")
TRIGGERS = ("triggerin", "triggerun", "triggerpostun", "filetriggerin", "transfiletriggerin")


def stage(package, folder: Path, payloads, keys):
    """Lay the package's files out under ``folder``; return the lines of %files."""
    lines, attributes = [], package.attributes
    items = list(attributes.get("files", []))
    scripts = dict(attributes.get("scripts", {}))
    if "payload" in attributes:
        payload = payloads.describe(attributes["payload"])
        items += payload.get("files", [])
        scripts = {**payload.get("scripts", {}), **scripts}
        lines += _payload_lines(payloads.tree(attributes["payload"]), folder, {item["path"] for item in items})
    for item in items:
        lines.append(_stage_file(item, folder, keys))
    return lines, scripts


def _payload_lines(tree, folder, replaced):
    lines = []
    for path in sorted(path for path in tree.rglob("*") if not path.is_dir() or path.is_symlink()):
        inside = "/" + str(path.relative_to(tree))
        if inside in replaced:
            continue
        target = folder / inside.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            os.symlink(os.readlink(path), target)
        else:
            shutil.copy2(path, target)
        lines.append(("%config(noreplace) " if inside.startswith("/etc/") else "") + '"%s"' % inside)
    return lines


def _stage_file(item, folder, keys):
    path = item["path"]
    target = folder / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = item.get("mode", "0755" if item.get("directory") else "0644")
    if item.get("ghost"):
        target.touch()
        return '%%ghost %%attr(%s,root,root) "%s"' % (mode, path)
    if item.get("directory"):
        target.mkdir(exist_ok=True)
        return '%%dir %%attr(%s,root,root) "%s"' % (mode, path)
    if "symlink" in item:
        os.symlink(item["symlink"], target)
        return '"%s"' % path
    target.write_text(keys.public(item["keys"]) if "keys" in item else item.get("content", ""))
    config = {"noreplace": "%config(noreplace) ", True: "%config ", None: ""}[item.get("config")]
    return '%s%%attr(%s,root,root) "%s"' % (config, mode, path)


def text(package, root, files, scripts):
    """The spec of a package whose files lie under ``root``."""
    nevra, attributes = package.nevra, package.attributes
    lines = ["Name: " + nevra.name, "Version: " + nevra.version, "Release: " + nevra.release]
    if nevra.epoch != "0":
        lines.append("Epoch: " + nevra.epoch)
    lines += ["Summary: " + attributes.get("summary", "Stand-in for %s" % nevra.name),
              "License: " + attributes.get("license", "GPL-3.0-or-later"), "AutoReqProv: no"]
    for name, tag in (("vendor", "Vendor"), ("packager", "Packager"), ("modularitylabel", "ModularityLabel")):
        if attributes.get(name):
            lines.append("%s: %s" % (tag, attributes[name]))
    if nevra.arch == "noarch":
        lines.append("BuildArch: noarch")
    for name, tag in TAGS:
        lines += ["%s: %s" % (tag, value) for value in attributes.get(name, [])]
    lines += ["%description", "A stand-in made for tests."]
    if files:
        lines += ["%install", "mkdir -p %{buildroot}", "cp -a " + str(root) + "/. %{buildroot}/"]
    for name, script in scripts.items():
        if name not in SCRIPTS:
            raise FactoryError("%s: unknown scriptlet %r" % (package, name))
        lines += ["%" + name, script.rstrip()]
    for trigger in attributes.get("triggers", []):
        if trigger["type"] not in TRIGGERS:
            raise FactoryError("%s: unknown trigger %r" % (package, trigger["type"]))
        lines += ["%%%s -- %s" % (trigger["type"], trigger["watch"]), trigger["script"].rstrip()]
    lines += ["%files"] + files
    return "\n".join(lines) + "\n"
