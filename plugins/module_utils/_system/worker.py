# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A worker as one file: the packages that this process has imported, zipped, to be run by the host's own Python without Ansible.

What outlives the connection cannot live in what Ansible ships and removes; and the Python that runs the module may be gone, or another one.
"""

import io
import sys
import zipfile

from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

ROOT = __name__.rsplit(".", 2)[0]
MAIN = """# SPDX-License-Identifier: GPL-3.0-or-later
import sys

from {package} import {module}

sys.exit({module}.main())
"""
# What a worker finds in its environment, as systemd and env(1) take it.
ENVIRONMENT = ("LC_ALL=C.UTF-8", "LANG=C.UTF-8", "PATH=" + ":".join(commands.SEARCH_PATH))


def build(main):
    """The zip file (bytes). The same packages give the same bytes.

    :param main: the module of ours whose main() it runs, imported with all that it needs
    """
    package, _dot, module = main.__name__.rpartition(".")
    sources = {"__main__.py": MAIN.format(package=package, module=module).encode("utf-8")}
    for name, item in sorted(sys.modules.items()):
        if item is None or not (name == ROOT or name.startswith(ROOT + ".")):
            continue
        path = name.replace(".", "/")
        if hasattr(item, "__path__"):
            # Packages are empty files here; a test says so.
            sources[path + "/__init__.py"] = b""
        else:
            sources[path + ".py"] = item.__loader__.get_data(item.__file__)
    parts = ROOT.split(".")
    for end in range(1, len(parts) + 1):
        sources.setdefault("/".join(parts[:end]) + "/__init__.py", b"")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(sources):
            # A fixed time: the name of a worker may be the hash of its bytes.
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), sources[name], zipfile.ZIP_DEFLATED)
    return content.getvalue()
