# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The worker as one file: the packages that this process has imported, zipped, to be run by the host's own Python.

A conversion outlives the connection, so it cannot live in what Ansible ships and removes; and dnf's bindings belong to a
Python that may not be the one that runs the module.
"""

import io
import sys
import zipfile

# Imported to be bundled, with all that it imports.
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import worker

ROOT = worker.__name__.rsplit(".", 2)[0]
MAIN = """# SPDX-License-Identifier: GPL-3.0-or-later
import sys

from {root}._conversion import worker

sys.exit(worker.main())
""".format(root=ROOT)


def build():
    """The zip file (bytes). The same packages give the same bytes."""
    sources = {"__main__.py": MAIN.encode("utf-8")}
    for name, module in sorted(sys.modules.items()):
        if module is None or not (name == ROOT or name.startswith(ROOT + ".")):
            continue
        path = name.replace(".", "/")
        if hasattr(module, "__path__"):
            # Packages are empty files here; a test says so.
            sources[path + "/__init__.py"] = b""
        else:
            sources[path + ".py"] = module.__loader__.get_data(module.__file__)
    parts = ROOT.split(".")
    for end in range(1, len(parts) + 1):
        sources.setdefault("/".join(parts[:end]) + "/__init__.py", b"")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(sources):
            # A fixed time: the name of a worker is the hash of its bytes.
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), sources[name], zipfile.ZIP_DEFLATED)
    return content.getvalue()
