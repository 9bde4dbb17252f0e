# SPDX-License-Identifier: GPL-3.0-or-later
"""The container that serves the packages under the vendors' own host names."""
import json
import time
import urllib.error
import urllib.request

from .errors import TestbedError
from .paths import PREFIX, TESTBED

NAME = PREFIX + "mirror"
DOMAINS = ("mirrors.almalinux.org", "repo.almalinux.org", "vault.almalinux.org", "mirrors.fedoraproject.org", "dl.fedoraproject.org",
           "mirrors.centos.org", "mirror.stream.centos.org", "vault.centos.org", "mirror.elkit.test",
           "mirrors.rockylinux.org", "dl.rockylinux.org", "yum.oracle.com", "cdn.redhat.com", "kitten.repo.almalinux.org", "repo.dist.miraclelinux.net")
CONTROL_PORT = 8081
START_SECONDS = 30

# Rewrites the names in a running host whose mirror came back with another address. /etc/hosts is a mount: it can be written, not replaced.
REPOINT = """
grep -q "^$1[[:space:]].*mirrors.almalinux.org" /etc/hosts && exit 0
address=$1; shift
kept=$(cat /etc/hosts)
for domain; do kept=$(printf '%s\\n' "$kept" | grep -v "[[:space:]]$domain\\$"); done
{ printf '%s\\n' "$kept"; for domain; do printf '%s\\t%s\\n' "$address" "$domain"; done; } >/etc/hosts
"""


def address_of(data):
    """The address in a container's inspect data, or ''."""
    settings = data["NetworkSettings"]
    if settings.get("IPAddress"):
        return settings["IPAddress"]
    for network in (settings.get("Networks") or {}).values():
        if network.get("IPAddress"):
            return network["IPAddress"]
    return ""


def _inspect(podman):
    shown = podman("container", "inspect", NAME, check=False)
    return json.loads(shown.stdout)[0] if shown.returncode == 0 else None


def ensure(podman, images):
    """Start the mirror, with the content of today, unless it runs; return its address."""
    tag = images.ensure_content()
    contents = images.own_contents()
    served = " ".join(sorted(contents.values()))
    data = _inspect(podman)
    place = []
    if data and (data["ImageName"] != tag or data["Config"]["Labels"].get("elkit.contents", "") != served or not data["State"]["Running"]):
        # Hosts that run, and those that are stopped and started, know it by this address.
        if address_of(data):
            place = ["--ip", address_of(data)]
        podman("rm", "--force", "--time", "0", NAME)
        data = None
    if data is None:
        publish = ["--publish=127.0.0.1::%d" % CONTROL_PORT] if podman.rootless else []
        mounts = [word for name, content in contents.items()
                  for word in ("--mount", "type=image,source=%s,destination=/contents/%s" % (content, name))]
        roots = ["/content/www"] + ["/contents/%s/content/www" % name for name in contents]
        podman("run", "--detach", "--name", NAME, "--hostname", "mirror", "--network=bridge", *place, "--label", "elkit.clone=" + PREFIX,
               "--label", "elkit.contents=" + served, *mounts, "--volume", "%s:/mirror:ro" % (TESTBED / "mirror"), *publish, tag,
               "python3", "/mirror/server.py", "--root", *roots, "--tls", "/content/tls", "--control-port", str(CONTROL_PORT))
        data = _wait(podman)
    return address_of(data)


def _wait(podman):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        data = _inspect(podman)
        if not data["State"]["Running"]:
            break
        try:
            control(podman, "GET", "/faults", data=data)
            return data
        except (OSError, TestbedError):
            time.sleep(0.2)
    logs = podman("logs", "--tail", "20", NAME, check=False)
    raise TestbedError("the mirror did not start:\n%s%s" % (logs.stdout, logs.stderr))


def control(podman, method, path, body=None, data=None):
    """Speak to the mirror's control API; return the decoded JSON answer."""
    data = data or _inspect(podman)
    if not data or not data["State"]["Running"]:
        raise TestbedError("the mirror is not up: start a host with `tests/testbed/testbed up`")
    if podman.rootless:
        place = "127.0.0.1:%s" % data["NetworkSettings"]["Ports"]["%d/tcp" % CONTROL_PORT][0]["HostPort"]
    else:
        place = "%s:%d" % (address_of(data), CONTROL_PORT)
    request = urllib.request.Request("http://%s%s" % (place, path), method=method,
                                     data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        raise TestbedError("the mirror refused: %s" % error.read().decode(errors="replace").strip())


def point_at(podman, container, address):
    """Make the vendors' names in a running host mean the mirror's address."""
    podman("exec", container, "sh", "-c", REPOINT, "repoint", address, *DOMAINS)
