# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What a plan needs to know of the host: who it is, its repository files, dnf.conf and variables, the keys rpm has."""

import os
import platform

from ansible_collections.elkit.almalinux.plugins.module_utils import _openpgp
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError, TrustError, UnsupportedError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import os_release
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue, ini, plan
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands, files

OS_RELEASE = "/etc/os-release"


def identity():
    """The catalogue.Host of this machine.

    :raises UnsupportedError: it is not AlmaLinux 8, 9 or 10; says what it is
    """
    values = os_release.parse(files.read_text(OS_RELEASE) or "")[0]
    name = values.get("PRETTY_NAME") or values.get("NAME") or "a system without /etc/os-release"
    if values.get("ID") != "almalinux":
        like = values.get("ID_LIKE", "").split() + [values.get("ID", "")]
        raise UnsupportedError(
            "this host runs {0}, not AlmaLinux".format(name),
            "Convert it first (playbook elkit.almalinux.convert)" if "rhel" in like or "fedora" in like
            else "Take it out of the hosts of this play")
    parts = values.get("VERSION_ID", "").split(".")
    major = int(parts[0]) if parts[0].isdigit() else 0
    if major not in catalogue.MAJORS:
        raise UnsupportedError("this host runs {0}".format(name), "AlmaLinux 8, 9 and 10 are known")
    minor = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None
    kitten = "Kitten" in values.get("NAME", "")
    return catalogue.Host(major, minor, _architecture(major), kitten)


def _architecture(major):
    machine = platform.machine()
    if machine != "x86_64" or major < 10:
        return machine
    # AlmaLinux 10's x86_64_v2 looks like x86_64 to the kernel: only its packages tell.
    found = commands.run(["rpm", "-qf", "--qf", "%{ARCH}\n", "/etc/almalinux-release"], check=False)
    return "x86_64_v2" if found.rc == 0 and found.stdout.strip() == "x86_64_v2" else machine


def repository_texts(directory=catalogue.REPOSITORY_DIRECTORY):
    """{file name: text} of the repository files.

    :raises HostError: one is unreadable, or dnf could not read it; names file and line
    """
    try:
        names = sorted(name for name in os.listdir(directory) if ini.is_read(name))
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise files.describe(error, directory)
    texts = {}
    for name in names:
        path = os.path.join(directory, name)
        texts[name] = _text(path)
        _check(path, texts[name])
    return texts


def _text(path):
    # A dangling link is a file that dnf does not see either, but nothing may be written through it.
    if os.path.islink(path) and not os.path.exists(path):
        raise HostError("{0} is a link to nothing".format(path), "Remove it", path=path)
    return files.read_text(path, missing_ok=False)


def _check(path, text):
    problems = ini.parse(text).problems
    if problems:
        raise HostError(
            "{0}, line {1}: {2}".format(path, problems[0].line, problems[0].reason),
            "dnf ignores the whole file: mend or remove it, and run again", path=path, line=problems[0].line)


def main_text():
    """The text of dnf.conf, or None.

    :raises HostError: it is unreadable or broken
    """
    text = files.read_text(plan.DNF_CONF)
    if text is not None:
        _check(plan.DNF_CONF, text)
    return text


def variables():
    """{name: text} of the files in /etc/dnf/vars."""
    try:
        names = os.listdir(plan.VARIABLES)
    except OSError:
        return {}
    return dict((name, files.read_text(os.path.join(plan.VARIABLES, name))) for name in names
                if os.path.isfile(os.path.join(plan.VARIABLES, name)))


def imported_keys():
    """{fingerprint: rpm's name of it ("gpg-pubkey-…")} of the keys that rpm trusts.

    :raises CommandError: the rpm database cannot be read
    """
    # rpm answers 1 where there is no key at all.
    listing = commands.run(["rpm", "-q", "gpg-pubkey", "--qf", "@%{NAME}-%{VERSION}-%{RELEASE}\n%{DESCRIPTION}\n"], check=False)
    found = {}
    for part in listing.stdout.split("@gpg-pubkey-")[1:]:
        name, _newline, text = part.partition("\n")
        try:
            for key in _openpgp.parse(text.encode("utf-8", "surrogateescape"), name):
                found[key.fingerprint] = "gpg-pubkey-" + name.strip()
        except TrustError:
            # Not a key that we could have imported; dnf may still use it.
            continue
    return found
