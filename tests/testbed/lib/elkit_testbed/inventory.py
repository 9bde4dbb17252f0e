# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible inventory of the hosts that are up."""
import yaml

from .keys import fingerprints, ssh_key, trusted_for
from .kinds import kinds
from .paths import state_dir

SSH_ARGUMENTS = ("-F /dev/null -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=%s -o LogLevel=ERROR "
                 "-o ControlMaster=auto -o ControlPersist=60s")


def path():
    """Where the inventory is."""
    return state_dir() / "inventory.yml"


def write(hosts, images):
    """Write the inventory for the hosts that run; return its path."""
    known = kinds()
    running = [host for host in hosts.all().values() if host.running]
    prints = fingerprints(images) if any(not host.official for host in running) else {}
    groups, members = {}, {}
    for host in running:
        kind = known[host.kind]
        members[host.name] = _variables(host, kind, prints)
        for group in kind.groups + (("fleet",) if host.fleet else ()):
            groups.setdefault(group, {"hosts": {}})["hosts"][host.name] = {}
    for group in ("almalinux", "el8", "el9", "el10", "sources"):
        groups.setdefault(group, {"hosts": {}})
    inventory = {"all": {
        "vars": {
            "ansible_user": "admin",
            "ansible_ssh_private_key_file": str(ssh_key()),
            # Addresses are used again by later hosts, with other keys: each inventory has a known_hosts of its own.
            "ansible_ssh_common_args": SSH_ARGUMENTS % (state_dir() / "known_hosts"),
            "ansible_pipelining": True,
        },
        "hosts": members,
        "children": dict(sorted(groups.items())),
    }}
    (state_dir() / "known_hosts").unlink(missing_ok=True)
    text = "# Written by tests/testbed/testbed for the hosts that are up.\n" + yaml.safe_dump(inventory, sort_keys=False)
    temporary = path().with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(path())
    return path()


def _variables(host, kind, prints):
    variables = {"ansible_host": host.address, "testbed_kind": host.kind, "testbed_container": host.container,
                 "testbed_image": "official" if host.official else "lookalike"}
    if host.port != 22:
        variables["ansible_port"] = host.port
    if not host.official:
        variables["repositories_trusted_keys"] = trusted_for(kind, prints)
        variables.update(_interpreters(host, kind))
    return variables


def _interpreters(host, kind):
    """The look-alike's Python: the image's own, or on release 8 the old ones from /opt, so that modules meet the versions of EL8."""
    if kind.major != 8:
        return {"ansible_python_interpreter": "/usr/bin/python3"}
    found = [version for version in ("3.6", "3.9") if version in host.pythons]
    variables = {"testbed_python_%s" % version.replace(".", ""): "/opt/elkit-python/{0}/bin/python{0}".format(version) for version in found}
    variables["ansible_python_interpreter"] = variables.get("testbed_python_39", "/usr/libexec/platform-python")
    if not found:
        variables["testbed_note"] = "this machine had no pyenv 3.6 or 3.9 when the image was built: modules run on the image's own Python"
    return variables
