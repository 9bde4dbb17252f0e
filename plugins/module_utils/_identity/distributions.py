# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The distributions of the Enterprise Linux family: how each is told apart, and what it can be converted from.

Source of names, packages and vendors: the distributions' own release packages and os-release files, as of 2026-11.
"""

ALMALINUX = "almalinux"
KITTEN = "almalinux-kitten"
CENTOS = "centos"
STREAM = "centos-stream"
RHEL = "rhel"
ROCKY = "rocky"
ORACLE = "oracle"

# The majors that AlmaLinux has, thus those a host can be converted to.
TARGET_MAJORS = (8, 9, 10)


class Distribution(object):
    """One distribution: product (our name), os_id (ID in os-release), title, vendors (of its packages), packages
    (names of its release, repos and keys packages), source_majors (those AlmaLinux can take over)."""

    def __init__(self, product, os_id, title, vendors, packages, source_majors=()):
        self.product = product
        self.os_id = os_id
        self.title = title
        self.vendors = tuple(vendors)
        self.packages = tuple(packages)
        self.source_majors = tuple(source_majors)


DISTRIBUTIONS = (
    # A few packages of AlmaLinux 8 of 2021 (basesystem, …) still carry the vendor CloudLinux.
    # An older minor of AlmaLinux needs no more than a sync.
    Distribution(ALMALINUX, "almalinux", "AlmaLinux", ("AlmaLinux", "CloudLinux"),
                 ("almalinux-release", "almalinux-repos", "almalinux-gpg-keys"), (8, 9, 10)),
    Distribution(KITTEN, "almalinux", "AlmaLinux Kitten", ("AlmaLinux",),
                 ("almalinux-kitten-release", "almalinux-kitten-repos", "almalinux-kitten-gpg-keys"), (10,)),
    Distribution(CENTOS, "centos", "CentOS Linux", ("CentOS",),
                 ("centos-release", "centos-linux-release", "centos-linux-repos", "centos-gpg-keys"), (8,)),
    Distribution(STREAM, "centos", "CentOS Stream", ("CentOS",),
                 ("centos-stream-release", "centos-stream-repos", "centos-gpg-keys"), (8, 9, 10)),
    Distribution(RHEL, "rhel", "Red Hat Enterprise Linux", ("Red Hat, Inc.",),
                 ("redhat-release", "redhat-release-eula", "redhat-release-server"), (8, 9, 10)),
    Distribution(ROCKY, "rocky", "Rocky Linux", ("Rocky Enterprise Software Foundation", "Rocky"),
                 ("rocky-release", "rocky-repos", "rocky-gpg-keys"), (8, 9, 10)),
    Distribution(ORACLE, "ol", "Oracle Linux", ("Oracle America",),
                 ("oraclelinux-release", "oraclelinux-release-el8", "oraclelinux-release-el9", "oraclelinux-release-el10"),
                 (8, 9, 10)),
    Distribution("miraclelinux", "miraclelinux", "MIRACLE LINUX", ("Cybertrust Japan Co., Ltd.",),
                 ("miraclelinux-release", "miraclelinux-repos"), (8, 9)),
    Distribution("virtuozzo", "virtuozzo", "Virtuozzo Linux", ("Virtuozzo",), ("vzlinux-release", "virtuozzo-release"), (8, 9)),
)
BY_PRODUCT = dict((item.product, item) for item in DISTRIBUTIONS)

# Of the family, but nothing that AlmaLinux takes over.
OTHER_EL_IDS = ("cloudlinux", "scientific", "eurolinux", "springdale", "circle", "anolis", "openela")


def recognise(values):
    """The Distribution of os-release *values* ({name: value}), or None."""
    os_id, name = values.get("ID", ""), values.get("NAME", "")
    if os_id == "almalinux":
        # A Kitten has no minor and says its name; no release of AlmaLinux goes without a minor.
        kitten = "kitten" in name.lower() or "." not in values.get("VERSION_ID", ".")
        return BY_PRODUCT[KITTEN if kitten else ALMALINUX]
    if os_id == "centos":
        return BY_PRODUCT[STREAM if "stream" in name.lower() else CENTOS]
    for item in DISTRIBUTIONS:
        if item.os_id == os_id:
            return item
    return None


def is_el(values):
    """Whether os-release *values* speak of an Enterprise Linux (Fedora and Amazon Linux are none)."""
    if recognise(values) is not None or values.get("ID") in OTHER_EL_IDS:
        return True
    if values.get("PLATFORM_ID", "").startswith("platform:el"):
        return True
    like = values.get("ID_LIKE", "").split()
    return values.get("ID") not in ("fedora", "amzn") and ("rhel" in like or "centos" in like)


def as_source(distribution, major, arch, sync=False):
    """What the host would be as the source of a conversion to AlmaLinux.

    :param distribution: Distribution or None
    :param major: int or None
    :param arch: str, of packages
    :param sync: whether AlmaLinux itself is a source: of its newest packages
    :returns: {"possible": bool, "source": "centos-stream-9" or None, "target": "almalinux-9" or None, "reason": str or None};
        reason says why not
    """
    refused = {"possible": False, "source": None, "target": None, "reason": None}
    if distribution is None:
        return dict(refused, reason="It is none of the distributions that AlmaLinux can take over: {0}".format(", ".join(
            item.title for item in DISTRIBUTIONS if item.product != ALMALINUX and major in item.source_majors) or "of this release there is none"))
    if distribution.product == ALMALINUX and not sync:
        return dict(refused, reason="It is AlmaLinux already")
    source = "{0}-{1}".format(distribution.product, major)
    if major not in TARGET_MAJORS:
        return dict(refused, source=source, reason="{0} {1} has no AlmaLinux of the same major release".format(
            distribution.title, major))
    if major not in distribution.source_majors:
        return dict(refused, source=source, reason="{0} {1} is no known source".format(distribution.title, major))
    if arch not in ("x86_64", "x86_64_v2", "aarch64", "ppc64le", "s390x"):
        return dict(refused, source=source, reason="AlmaLinux is not built for {0}".format(arch))
    return {"possible": True, "source": source, "target": "almalinux-{0}".format(major), "reason": None}
