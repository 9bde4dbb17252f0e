# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of CentOS Stream 9 for the benchmarks of conversions: many packages, a mirror of AlmaLinux and one of the source on their own disks."""
from pathlib import Path

LIB = Path(__file__).resolve().parent / "lib"
CONVERTED, PAYLOAD = 400, 220  # packages that are exchanged, and KiB in each
INSTALLED, AVAILABLE = 2000, 15000

# Both mirrors, below /tmp/bench. Packages of one name and version, in the source's build and in AlmaLinux's.
MIRRORS = """
set -euo pipefail
rm -rf /tmp/bench; mkdir -p /tmp/bench/alma /tmp/bench/source
cp -a /content/www/repo.almalinux.org/almalinux/9.8 /tmp/bench/alma/9
cp /content/www/repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-9 /tmp/bench/alma/
os=/tmp/bench/alma/9/BaseOS/x86_64/os
bash /tmp/packages.sh bench {number} {size} AlmaLinux $os/Packages {key}
sleep 1
bash /tmp/packages.sh bench {number} {size} CentOS /tmp/bench/source
for repository in $os /tmp/bench/source; do
    rm -rf $repository/repodata
    createrepo_c --quiet --workers 2 --general-compress-type gz $repository
    [ {ballast} = 0 ] || python3 /tmp/inflate.py $repository/repodata {ballast}
done
"""
INSTALL = """
set -e
rpm -i --nodeps --nosignature /srv/bench/source/*.rpm
cat >/etc/yum.repos.d/bench.repo <<'END'
[bench-source]
name=The source of the benchmark's packages
baseurl=file:///srv/bench/source
gpgcheck=0
enabled=1
END
"""
# What a round begins with: the package database, the configuration, dnf's history. Files of packages are the same in both builds.
KEEP = """
set -e
cat >/root/reset.sh <<'END'
set -e
rm -rf /var/lib/elkit /var/lib/rpm /var/lib/dnf /var/cache/dnf /etc/yum.repos.d /etc/dnf /etc/pki/rpm-gpg /etc/almalinux-release /etc/centos-release
[ ! -e /root/before.tar ] || tar -C / -xpf /root/before.tar
END
tar -C / -cf /root/before.tar --exclude etc/hosts --exclude etc/resolv.conf --exclude etc/hostname etc var/lib/rpm var/lib/dnf usr/lib/os-release
"""


def prepare(testbed, pipe, host, variables, number, size, ballast):
    """Make the mirrors, bring them to *host* and install the packages of the source.

    :param testbed, pipe: run the testbed's command, or two of them (see bench.py)
    :param number: packages that are installed besides those of the kind, each with *size* KiB
    :param ballast: packages that the metadata of both mirrors name besides
    """
    mirror = variables["testbed_container"][:-len(host)] + "mirror"
    for name in ("packages.sh", "inflate.py"):
        with open(LIB / name) as script:
            testbed("podman", "--", "exec", "--interactive", mirror, "sh", "-c", "cat >/tmp/" + name, stdin=script)
    # Nobody fetches packages for a look: no signatures.
    key = variables["repositories_trusted_keys"][0] if ballast == 0 else ""
    testbed("podman", "--", "exec", mirror, "bash", "-c", MIRRORS.format(number=number, size=size, key=key, ballast=ballast))
    pipe(["podman", "--", "exec", mirror, "tar", "-C", "/tmp", "-cf", "-", "bench"], ["exec", host, "--", "tar", "-C", "/srv", "-xf", "-"])
    testbed("podman", "--", "exec", mirror, "rm", "-rf", "/tmp/bench")
    testbed("exec", host, "--", "sh", "-c", INSTALL)
    testbed("exec", host, "--", "sh", "-c", KEEP)
    return int(testbed("exec", host, "--", "sh", "-c", "rpm -qa | wc -l"))
