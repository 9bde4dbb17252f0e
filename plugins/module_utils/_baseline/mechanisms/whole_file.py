# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Files of ours that are there with these very lines.

args: files (list of dict): path, text, mode (str, "0644")
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding


def check(control, view):
    files = control.need("files")
    bad = [item["path"] for item in files if view.read(item["path"]) != item["text"]]
    before = ", ".join("{0}: {1}".format(path, "missing" if view.read(path) is None else "other lines") for path in bad)
    return Finding(not bad, before or "as wanted", "as wanted", (bad or [files[0]["path"]])[0])


def fix(control, view):
    for item in control.need("files"):
        if view.read(item["path"]) != item["text"]:
            view.write(item["path"], item["text"], mode=int(str(item.get("mode", "0644")), 8))
