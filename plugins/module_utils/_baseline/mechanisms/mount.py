# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""An option of a mount: where it is configured, and as it is mounted now.

args: path ("/var/tmp"), option ("nodev", "nosuid" or "noexec"), and optional: entry (dict: source, fstype, options), the line that fstab gets where
nothing configures the mount but the system itself mounts it (/dev/shm).

A mount comes from fstab, or from a unit of systemd, which gets a drop-in. What is neither is not ours to configure.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import fstab
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable, not_applicable

FSTAB = "/etc/fstab"
UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
DROP_IN = "elkit-hardening.conf"


def mounted(view):
    """{path: fstab.Mount} of what is mounted now."""
    return view.once("mounts", lambda: fstab.mounts(view.context.read("/proc/self/mountinfo") or ""))


def unit_of(path):
    """The name of the mount unit of *path* (systemd.unit(5): "/" is "-", other odd characters are escaped)."""
    words = []
    for number, letter in enumerate(path.strip("/")):
        if letter == "/":
            words.append("-")
        elif letter.isalnum() or letter in "_:" or (letter == "." and number):
            words.append(letter)
        else:
            words.append("".join("\\x{0:02x}".format(byte) for byte in letter.encode("utf-8", "surrogateescape")))
    return "".join(words) + ".mount"


def unit_options(view, name):
    """(options (str), path of the file that sets them) of a mount unit and its drop-ins; (None, None) where there is no such unit."""
    for directory in UNITS:
        path = "{0}/{1}".format(directory, name)
        if view.exists(path):
            break
    else:
        return None, None
    options, decides = "", path
    for each in [path] + view.drop_ins(["{0}/{1}.d".format(directory, name) for directory in UNITS]):
        section = None
        for line in view.lines(each):
            line = line.strip()
            if line.startswith("["):
                section = line
            elif section == "[Mount]" and line.partition("=")[0].strip() == "Options":
                options, decides = line.partition("=")[2].strip(), each
    return options, decides


def _wanted(control):
    option = control.need("option")
    if option not in fstab.OPPOSITES:
        raise ControlError("the control {0} wants the mount option {1}".format(control.id, option),
                           "Use one of {0}".format(", ".join(sorted(fstab.OPPOSITES))))
    return control.need("path"), option


def check(control, view):
    path, option = _wanted(control)
    now = view.state("mount", path)
    rows = [entry for entry in fstab.entries(view.read(FSTAB) or "") if entry.path == path]
    if now is None and not rows and not control.arg("entry"):
        return not_applicable("{0} is no mount of its own".format(path))
    running = None if now is None else option in now
    if rows:
        bad = [entry for entry in rows if not fstab.has_option(entry.options, option)]
        configured, place, line = not bad, FSTAB, (bad or rows)[0].line
    elif control.arg("entry"):
        configured, place, line = False, FSTAB, None
    else:
        options, place = unit_options(view, unit_of(path))
        configured, line = options is not None and fstab.has_option(options.split(","), option), None
    return Finding(running is not False and configured, {"mounted": running, "configured": configured}, option, place, line)


def fix(control, view):
    path, option = _wanted(control)
    text = view.read(FSTAB) or ""
    if any(entry.path == path for entry in fstab.entries(text)):
        _write(view, text, fstab.with_option(text, path, option))
    elif control.arg("entry"):
        entry = control.arg("entry")
        _write(view, text, fstab.with_option(fstab.with_entry(text, entry["source"], path, entry["fstype"], list(entry["options"])), path, option))
    else:
        _drop_in(view, path, option)
    now = view.state("mount", path)
    if now is not None and option not in now:
        view.put("mount", path, sorted(now + [option]))


def _write(view, before, after):
    if after != before:
        view.write(FSTAB, after)


def _drop_in(view, path, option):
    name = unit_of(path)
    options, decides = unit_options(view, name)
    if options is None:
        raise NotFixable("{0} is mounted, and neither {1} nor a unit of systemd configures it".format(path, FSTAB), "Add it to {0}".format(FSTAB))
    words = [word for word in options.split(",") if word and word != fstab.OPPOSITES[option]]
    if fstab.has_option(words, option):
        return
    ours = "/etc/systemd/system/{0}.d/{1}".format(name, DROP_IN)
    if decides != ours and decides.startswith("/etc/systemd/system/{0}.d/".format(name)) and decides > ours:
        raise NotFixable("{0} overrides what we would write".format(decides), "Add {0} to its Options=".format(option))
    view.write(ours, "[Mount]\nOptions={0}\n".format(",".join(words + [option])))
