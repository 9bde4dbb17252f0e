# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys: the clone's ssh key, and the fingerprints of the package keys that the content was signed with."""
import json

from .errors import TestbedError
from .images import Images
from .paths import state_dir
from .shell import run


def ssh_key():
    """Path of the clone's private ssh key; made on first use."""
    path = state_dir() / "ssh-key"
    if not path.exists():
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "elkit-testbed", "-f", path])
    return path


def fingerprints(images: Images):
    """Fingerprints of the package keys by name, e.g. {'almalinux-9': '40 hex digits'}."""
    tag = images.ensure_content()
    cache = state_dir() / ("keys-%s.json" % tag.rpartition(":")[2])
    if not cache.exists():
        text = images.podman.out("run", "--rm", "--network=none", tag, "cat", "/content/keys/fingerprints.json")
        try:
            json.loads(text)
        except ValueError:
            raise TestbedError("/content/keys/fingerprints.json in %s is no JSON" % tag)
        cache.write_text(text + "\n")
    return json.loads(cache.read_text())


def trusted_for(kind, prints):
    """The fingerprints that a look-alike host of this kind should trust: its vendor's for every major that it may meet, and EPEL's."""
    wanted = ("almalinux-%d" % kind.major, "epel-%d" % kind.major)
    return [prints[name] for name in sorted(prints) if name in wanted or name.startswith(wanted[0] + "-")]
