# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section module_streams: what dnf has on record of enabled, disabled and installed streams."""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError


DIRECTORY = "/etc/dnf/modules.d"


def parse(texts):
    """(streams, errors) of {path: text}: a list of {"module", "stream", "state", "profiles"}, sorted by module."""
    # Few hosts have any: the others need not load it.
    from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import modulesd
    found, errors = [], []
    for path in sorted(texts):
        try:
            modules = modulesd.parse(texts[path], path)
        except ElkitError as error:
            errors.append(str(error))
            continue
        for name in sorted(modules):
            module = modules[name]
            if module["state"] or module["profiles"]:
                found.append({"module": name, "stream": module["stream"], "state": module["state"] or "default",
                              "profiles": module["profiles"]})
    return found, errors


def collect(context):
    major = context.identity()[0]["major"]
    texts, errors = {}, []
    for name in context.names(DIRECTORY):
        if name.endswith(".module"):
            path = os.path.join(DIRECTORY, name)
            try:
                texts[path] = context.read(path) or ""
            except ElkitError as error:
                errors.append(str(error))
    streams, problems = parse(texts) if texts else ([], [])
    # Modularity came with release 8 and went with 10.
    supported = major in (8, 9) if context.identity()[0]["is_el"] else False
    return {"supported": supported, "streams": streams, "errors": errors + problems}
