# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""rpm's own transactions, for where dnf cannot be used: on the way back, and after a run that was killed inside rpm.

Runs under the host's own Python; rpm is imported inside the functions. Whoever calls it has checked the signatures.
"""

import os

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, LockedError

QUERY = ("name", "epoch", "version", "release", "arch")


def text(value):
    """rpm gives bytes on EL8, str on newer ones, and None or 0 for what is missing."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def nevra_of(header):
    """ "name-[epoch:]version-release.arch", as dnf writes it."""
    epoch = header["epoch"]
    return "{0}-{1}{2}-{3}.{4}".format(
        text(header["name"]), "{0}:".format(epoch) if epoch else "", text(header["version"]), text(header["release"]), text(header["arch"]))


def header_hash(header):
    """%{SHA256HEADER}: what tells two builds of a NEVRA apart; None where there is none."""
    import rpm

    return text(header[rpm.RPMTAG_SHA256HEADER]) or None


def installed():
    """[{"nevra", "name", "arch", "vendor", "hash"}] of the rpm database; the imported keys are left out."""
    import rpm

    transaction = rpm.TransactionSet()
    transaction.setVSFlags(-1)
    found = []
    for header in transaction.dbMatch():
        if text(header["name"]) == "gpg-pubkey":
            continue
        found.append({"nevra": nevra_of(header), "name": text(header["name"]), "arch": text(header["arch"]), "vendor": text(header["vendor"]) or "",
                      "hash": header_hash(header)})
    return sorted(found, key=lambda item: (item["nevra"], item["hash"] or ""))


def read_file(path):
    """The header of an rpm file.

    :raises HostError: it is none
    """
    import rpm

    transaction = rpm.TransactionSet()
    transaction.setVSFlags(-1)
    try:
        with open(path, "rb") as handle:
            return transaction.hdrFromFdno(handle.fileno())
    except (rpm.error, IOError, OSError) as error:
        raise HostError("{0} is no package: {1}".format(path, error), "Run again; the file is fetched anew", path=path)


def has_last_scriptlet(header):
    """Whether the package has a %posttrans, which rpm runs after all packages of a transaction, and so not where it was killed."""
    import rpm

    return bool(header[rpm.RPMTAG_POSTTRANS] or header[rpm.RPMTAG_POSTTRANSPROG])


def run(add, erase, progress, test=False):
    """Bring packages in and take others away, in one transaction of rpm.

    :param add: paths of rpm files; one takes the place of every other version of its name, unless several may be installed side by side
    :param erase: (nevra, hash or None) of installed packages that leave; a hash tells builds of the same NEVRA apart
    :param progress: called as progress(done, total, nevra) before each package; of one that leaves, with its name
    :param test: let rpm try it, and change nothing
    :raises HostError: what rpm says against it; nothing was begun then, or rpm's own words on what failed
    """
    import rpm

    transaction = rpm.TransactionSet()
    # The caller's word, after a look at key and digest of every file.
    transaction.setVSFlags(-1)
    transaction.setProbFilter(rpm.RPMPROB_FILTER_OLDPACKAGE | rpm.RPMPROB_FILTER_REPLACEPKG)
    transaction.setFlags(rpm.RPMTRANS_FLAG_TEST if test else 0)
    coming = {}
    for path, side_by_side in add:
        header = read_file(path)
        coming[path] = nevra_of(header)
        transaction.addInstall(header, path, "i" if side_by_side else "u")
    wanted = set(erase)
    for header in transaction.dbMatch():
        key = nevra_of(header)
        if (key, header_hash(header)) in wanted or (key, None) in wanted:
            transaction.addErase(header)
    problems = transaction.check()
    if problems:
        raise HostError("rpm finds what does not fit: {0}".format("; ".join(describe(item) for item in problems[:5])),
                        "Look at the packages that are named, and run again", problems=len(problems))
    transaction.order()
    handles = {}
    count = {"done": 0, "total": len(add) + len(wanted)}

    def callback(reason, _amount, _total, key, _data):
        if reason == rpm.RPMCALLBACK_INST_OPEN_FILE:
            handles[key] = os.open(key, os.O_RDONLY)
            if not test:
                progress(count["done"], count["total"], coming[key])
            count["done"] += 1
            return handles[key]
        if reason == rpm.RPMCALLBACK_INST_CLOSE_FILE:
            os.close(handles.pop(key))
        elif reason == rpm.RPMCALLBACK_UNINST_START:
            count["done"] += 1
            if not test:
                progress(count["done"], count["total"], str(text(key)))
        return None

    problems = transaction.run(callback, "")
    transaction.closeDB()
    if problems is None:
        # Some scriptlet failed; rpm goes on all the same.
        return
    if problems:
        words = "; ".join(str(item[0]) if isinstance(item, tuple) else str(item) for item in problems[:5])
        if "lock" in words:
            raise LockedError("rpm's database is locked", "Wait for the other package run to end and run again")
        raise HostError("rpm refuses the transaction: {0}".format(words), "Look at what is named, and run again")


def describe(problem):
    """A problem of rpm's check as words; it is an object on newer rpms, a tuple on older ones."""
    if isinstance(problem, tuple):
        (name, version, release), needed = problem[0], problem[1]
        return "{0}-{1}-{2} needs {3}".format(text(name), text(version), text(release), " ".join(str(text(part)) for part in needed if part))
    return str(problem)
