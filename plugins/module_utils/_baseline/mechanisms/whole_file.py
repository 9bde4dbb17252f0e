# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Files of ours that are there with these very lines, and files that are there with a mode.

args: files (list of dict): path, and text (str) or private: true (whatever is in it; an empty one is made), mode (str, "0644": at most)
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Finding


def _mode(item):
    return int(str(item.get("mode", "0644")), 8)


def _state(view, item):
    """The word for what is wrong with a file, or None; and its mode now."""
    text = view.read(item["path"])
    if text is None:
        return "missing", None
    if "text" in item and text != item["text"]:
        return "other lines", None
    planned = view.planned_files.get(item["path"])
    if planned is not None and planned.attrs is not None:
        return None, None
    now = view.state("mode", item["path"])
    if now is not None and (now[:2] != [0, 0] or now[2] & ~_mode(item)):
        return "{0}:{1} {2:04o}".format(*now), now
    return None, now


def check(control, view):
    bad = [(item["path"], _state(view, item)[0]) for item in control.need("files")]
    bad = [(path, word) for path, word in bad if word]
    return Finding(not bad, ", ".join("{0}: {1}".format(path, word) for path, word in bad) or "as wanted", "as wanted",
                   (bad or [(control.need("files")[0]["path"], None)])[0][0])


def fix(control, view):
    for item in control.need("files"):
        word, now = _state(view, item)
        if word is None:
            continue
        if now is not None:
            view.put("mode", item["path"], [0, 0, now[2] & _mode(item)])
        else:
            view.write(item["path"], item.get("text", ""), mode=_mode(item), uid=0, gid=0)
