# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether package files are signed by keys that are pinned, and were signed while those keys were valid.

rpm checks the signatures, with a database of its own that holds the pinned keys and no others: what the host trusts besides
does not count, and what is trusted here does not become the host's.
"""

import os
import re
import time

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, TrustError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files

# How many files one call of rpmkeys gets: a command line has its limits.
BATCH = 200
_SIGNED = re.compile(r"signature.*\bkey id\b.*: ok\Z", re.I)
REMEDY = "Get it from AlmaLinux or a mirror that has it unchanged; nothing was installed"


def signature_of(header, path):
    """(when, key id) of the signature of a package's header, see _openpgp.signature.

    :raises TrustError: it has none
    """
    import rpm

    for tag in (rpm.RPMTAG_RSAHEADER, rpm.RPMTAG_DSAHEADER):
        data = header[tag]
        if data:
            return _openpgp.signature(bytes(data), path)
    raise TrustError("{0} is not signed".format(os.path.basename(path)), REMEDY, package=os.path.basename(path))


def key_of(key_id, keys):
    """The _openpgp.Key (a subkey, perhaps) that has *key_id*, or None."""
    for key in keys:
        for one in [key] + key.subkeys:
            ours = one.fingerprint[-16:] if one.version == 4 else one.fingerprint[:16]
            if ours == key_id:
                return one
    return None


def check_dates(signatures, keys):
    """Whether each signature was made by one of *keys* in its time. rpm itself looks at that on release 10 alone.

    :param signatures: {path: (when, key id)}
    :raises TrustError: one was not; names the package
    """
    for path, (made, key_id) in sorted(signatures.items()):
        name = os.path.basename(path)
        key = key_of(key_id, keys)
        if key is None:
            raise TrustError("{0} is signed by the key {1}, which is not pinned".format(name, key_id), REMEDY, package=name)
        if key.expires is not None and made > key.expires:
            raise TrustError("{0} was signed on {1}, after the time of the key {2} was up ({3})".format(
                name, day(made), key_id, day(key.expires)), REMEDY, package=name)


def day(seconds):
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def check(headers, keys, directory):
    """Whether every package file is whole, and signed by one of *keys* in its time.

    :param headers: {path: its rpm header}
    :param keys: [_openpgp.Key], pinned ones
    :param directory: where rpm may keep a database for this
    :raises TrustError: one is not; names it
    """
    check_dates(dict((path, signature_of(header, path)) for path, header in headers.items()), keys)
    database = os.path.join(directory, "keys")
    files.make_directory(database, 0o700)
    for number, key in enumerate(keys):
        path = os.path.join(directory, "key-{0}.asc".format(number))
        files.write_atomic(path, _openpgp.armor(key.data), files.Attributes(0, 0, 0o600))
        commands.run(["rpmkeys", "--define", "_dbpath {0}".format(database), "--import", path], check=False)
    paths = sorted(headers)
    for start in range(0, len(paths), BATCH):
        check_batch(paths[start:start + BATCH], database)


def check_batch(paths, database):
    result = commands.run(["rpmkeys", "--define", "_dbpath {0}".format(database), "--checksig", "--verbose"] + paths, timeout=900, check=False)
    verdicts = parse(result.stdout)
    for path in paths:
        lines = verdicts.get(path, [])
        bad = [line for line in lines if not line.lower().endswith(": ok")]
        if bad or not any(_SIGNED.search(line) for line in lines):
            raise TrustError("{0} is not what was signed: {1}".format(
                os.path.basename(path), "; ".join(bad) or result.stderr.strip()[:300] or "no signature that is pinned"),
                REMEDY, package=os.path.basename(path))
    if result.rc != 0:
        raise CommandError("rpmkeys failed with code {0}: {1}".format(result.rc, result.stderr.strip()[:300]), None)


def parse(text):
    """{path: [line]} of what `rpmkeys --checksig --verbose` prints."""
    found, current = {}, None
    for line in text.splitlines():
        if line and not line[0].isspace() and line.endswith(":"):
            current = found.setdefault(line[:-1], [])
        elif current is not None and line.strip():
            current.append(line.strip())
    return found
