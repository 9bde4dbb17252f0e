# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority of the test network, and the mirror's certificate."""
from pathlib import Path

from .tool import run

DAYS = "3650"


def make(folder: Path, names):
    """Write ca.crt, ca.key, server.crt and server.key for the host ``names``."""
    folder.mkdir(parents=True)
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", DAYS, "-subj", "/CN=elkit test network CA",
         "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
         "-keyout", folder / "ca.key", "-out", folder / "ca.crt"])
    run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mirror", "-keyout", folder / "server.key", "-out", folder / "server.csr"])
    extensions = folder / "server.ext"
    extensions.write_text("subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n"
                          % ",".join("DNS:" + name for name in names))
    run(["openssl", "x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-CAcreateserial",
         "-days", DAYS, "-extfile", extensions, "-out", folder / "server.crt"])
    for name in ("server.csr", "server.ext", "ca.srl"):
        (folder / name).unlink(missing_ok=True)
