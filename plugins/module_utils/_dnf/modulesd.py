# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The state of module streams as dnf keeps it: /etc/dnf/modules.d/<name>.module, one INI section per module."""

import configparser
import io

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError

DIRECTORY = "/etc/dnf/modules.d"
ENDING = ".module"

ENABLED = "enabled"
DISABLED = "disabled"
NONE = ""


def empty():
    """What holds of a module that no file speaks of."""
    return {"stream": None, "profiles": [], "state": NONE}


def parse(text, path="modules.d"):
    """The modules of one file: {name: {"stream": str or None, "profiles": [str], "state": "enabled", "disabled" or ""}}.

    :param path: str, named in errors
    :raises HostError: the text is no INI file
    """
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text, source=path)
    except configparser.Error as error:
        raise HostError("{0}: {1}".format(path, str(error).splitlines()[0]), "Mend or remove that file", path=path)
    found = {}
    for section in parser.sections():
        options = dict(parser.items(section))
        # "1" is what dnf of the first EL8 minors wrote.
        state = (options.get("state") or "").strip().lower()
        if state == "1" or options.get("enabled") == "1":
            state = ENABLED
        name = (options.get("name") or section).strip()
        found[name] = {
            "stream": (options.get("stream") or "").strip() or None,
            "profiles": sorted(part.strip() for part in (options.get("profiles") or "").split(",") if part.strip()),
            "state": state if state in (ENABLED, DISABLED) else NONE,
        }
    return found


def render(modules):
    """*modules* (as parse() gives them) as text, sorted by name: what a diff shows."""
    out = io.StringIO()
    for name in sorted(modules):
        module = modules[name]
        out.write(u"[{0}]\nname={0}\nstream={1}\nprofiles={2}\nstate={3}\n\n".format(
            name, module["stream"] or "", ", ".join(module["profiles"]), module["state"]))
    return out.getvalue()
