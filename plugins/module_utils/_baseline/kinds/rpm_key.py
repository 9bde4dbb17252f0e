# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""A key that rpm trusts, by the path of its file and its id ("/etc/pki/rpm-gpg/RPM-GPG-KEY-AlmaLinux-9 b86b3716"): whether rpm has it (bool)."""

PHASE = 20


def _pubkeys(context):
    """[(id of 8 hex digits, rpm's name)] of the keys that there are."""
    said = context.run(["rpm", "-q", "gpg-pubkey", "--qf", "%{VERSION} %{NAME}-%{VERSION}-%{RELEASE}\n"], check=False, timeout=120).stdout
    return [(words[0].lower()[-8:], words[1]) for words in (line.split() for line in said.splitlines()) if len(words) == 2]


def load(view, name):
    return any(key == name.rpartition(" ")[2] for key, _name in _pubkeys(view.context))


def put(context, name, value):
    """
    :raises CommandError: rpm refuses
    """
    path, _space, wanted = name.rpartition(" ")
    if value and any(key == wanted for key, _name in _pubkeys(context)):
        # It came with another one of the same file.
        return
    if value:
        context.run(["rpm", "--import", context.at(path)], timeout=120)
        return
    for key, package in _pubkeys(context):
        if key == wanted:
            context.run(["rpm", "-e", "--allmatches", package], timeout=120)
