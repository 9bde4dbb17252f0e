# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What each distribution brings that AlmaLinux has under another name, or not at all: data for a person to read and extend.

One entry per product of _identity.distributions. The release packages are there; here is the rest:

repositories  {id on the source: canonical id of AlmaLinux}. "{major}" and "{arch}" are filled in; the suffixes -debug,
              -debuginfo, -source and their like are understood by mapping.py.
replace       {package: AlmaLinux's package of the same purpose}
remove        packages that leave without a counterpart: names, or patterns of fnmatch
registration  packages of the client of a registration, as in remove; they stay where the user wants it preserved, and so do those of provides
provides      capabilities; whatever package of the source's vendor provides one of them leaves as well
streams       {stream of a module on the source: AlmaLinux's}, for every module that has such a stream
kernels       packages of kernels that AlmaLinux does not build, as in remove; they leave when an AlmaLinux kernel runs
firmware      packages of the source's vendor that those kernels need, as in remove; they stay with them, and AlmaLinux's come when the last of them leaves
exceptions    packages of the source's vendor (names or patterns) that may stay, and why
keys          full fingerprints that its packages are signed by
variables     names of dnf's variables (in /etc/dnf/vars) that its repositories use
oldest        {major: the oldest minor whose packages are known to convert}

Sources of the names: the distributions' own repository files and release packages; almalinux-deploy 2026-04,
oracle/migrate-to-ol 2026-05, rocky-tools and the AlmaLinux wiki 2026-08, as read for the facts in them.
"""

_BRANDS = ("backgrounds", "indexhtml", "logos", "logos-httpd", "logos-ipa")


def _brands(prefix):
    return dict(("{0}-{1}".format(prefix, brand), "almalinux-{0}".format(brand)) for brand in _BRANDS)


def _with(*parts):
    """One dict of several."""
    merged = {}
    for part in parts:
        merged.update(part)
    return merged


# CentOS's special interest groups: their repositories and packages are built for the family, and have no other home.
_SIG = {"centos-release-*": "a repository of a CentOS special interest group, left as it is"}

_SAME_IDS = {
    "baseos": "baseos", "appstream": "appstream", "extras": "extras", "crb": "crb", "powertools": "crb", "ha": "highavailability",
    "highavailability": "highavailability", "resilientstorage": "resilientstorage", "nfv": "nfv", "rt": "rt", "plus": "plus",
    "sap": "sap", "saphana": "saphana", "devel": "devel",
}

# What any host of the family may have, whatever it is.
COMMON = {
    # Whatever the source calls its own: mirrors that people made of it have these, and would hide AlmaLinux's repositories of the same ids.
    # Of epel-next-release, which leaves, the last two.
    "repositories": dict(_SAME_IDS, **{"epel-next": None, "epel-next-testing": None}),
    # Stream's name of the provider; openssl-libs of AlmaLinux brings the other.
    "replace": {"fips-provider-next": "openssl-fips-provider"},
    "remove": (
        # EPEL's companion for Stream: AlmaLinux is no place for it.
        "epel-next-release",
    ),
    "registration": (),
    "provides": (),
    "streams": {},
    "kernels": (),
    "firmware": (),
    "exceptions": {},
    "keys": (),
    "variables": (),
    "oldest": {},
}

# Of CentOS Linux 8 and every Stream.
_CENTOS_KEYS = ("99DB70FAE1D7CE227FB6488205B555B38483C65D",)

# RHEL's names of AlmaLinux's.
_RED_HAT = {
    "rhel-{major}-for-{arch}-baseos": "baseos", "rhel-{major}-for-{arch}-appstream": "appstream",
    "codeready-builder-for-rhel-{major}-{arch}": "crb", "rhel-{major}-for-{arch}-highavailability": "highavailability",
    "rhel-{major}-for-{arch}-resilientstorage": "resilientstorage", "rhel-{major}-for-{arch}-nfv": "nfv", "rhel-{major}-for-{arch}-rt": "rt",
    "rhel-{major}-for-{arch}-sap-netweaver": "sap", "rhel-{major}-for-{arch}-sap-solutions": "saphana",
    "rhel-{major}-for-{arch}-supplementary": None,
}


def _red_hat():
    """RHEL's ids: each with the longer supports of a minor (EUS, E4S, TUS, AUS), and on the mirrors of clouds (RHUI), some of which put rhui- before it."""
    return dict(("{0}{1}{2}{3}".format(place, stem, support, ending), target)
                for stem, target in _RED_HAT.items() for support in ("", "-eus", "-e4s", "-tus", "-aus")
                for place, ending in (("", "-rpms"), ("", "-rhui-rpms"), ("rhui-", "-rhui-rpms")))


TABLE = {
    "centos": {
        "repositories": _with(_SAME_IDS, {
            "cr": None, "fasttrack": None, "baseos-vault": "baseos", "centosplus": "plus"}),
        "replace": _brands("centos"),
        "exceptions": _SIG,
        "keys": _CENTOS_KEYS,
        "variables": ("contentdir", "infra", "stream"),
        "oldest": {8: 4},
    },
    "centos-stream": {
        "repositories": _with(_SAME_IDS, {"extras-common": "extras"}),
        "replace": _brands("centos"),
        "exceptions": _SIG,
        "keys": _CENTOS_KEYS,
        "variables": ("contentdir", "infra", "stream"),
    },
    "rocky": {
        "repositories": _with(_SAME_IDS, {"resilient-storage": "resilientstorage", "rockyrpi": None, "security": None}),
        "replace": _brands("rocky"),
        "remove": ("rocky-obsolete-packages", "rocky-release-security", "rocky-release-core", "rocky-release-kernel"),
        # Of 8, 9 and 10.
        "keys": ("7051C470A929F454CEBE37B715AF5DAC6D745A60", "21CB256AE16FC54C6E652949702D426D350D275D", "FC226859C0860BF0DDB95B085B106C736FEDFC85"),
        "variables": ("contentdir", "infra", "rltype", "sigcontentdir", "stream"),
        "oldest": {8: 4, 9: 0, 10: 0},
    },
    "oracle": {
        "repositories": {
            "ol{major}_baseos_latest": "baseos", "ol{major}_appstream": "appstream", "ol{major}_codeready_builder": "crb",
            "ol{major}_distro_builder": "crb", "ol{major}_addons": "extras",
            # Kernels and tools that AlmaLinux has no counterpart for.
            "ol{major}_UEKR6": None, "ol{major}_UEKR7": None, "ol{major}_UEKR8": None, "ol{major}_UEKR6_RDMA": None,
            "ol{major}_UEKR7_RDMA": None, "ol{major}_kvm_appstream": None, "ol{major}_RDMA": None, "ol{major}_oci_included": None,
            "ol{major}_developer": None, "ol{major}_developer_EPEL": "epel", "ol{major}_u*_baseos_base": "baseos",
        },
        "replace": _with(_brands("oracle"), _brands("redhat"), {
            "oracle-epel-release-el8": "epel-release", "oracle-epel-release-el9": "epel-release",
            "oracle-epel-release-el10": "epel-release"}),
        "remove": (
            # Oracle's own build of the name: AlmaLinux's release package provides it.
            "redhat-release", "redhat-release-eula", "oraclelinux-developer-release-el*", "oracle-database-preinstall-*", "oracle-instantclient-release-*",
            "oci-included-release-el*", "oraclelinux-automation-manager-release-el*", "oracle-ocne-release-el*", "oracle-gluster-release-el*",
            "oracle-spacewalk-*-release-el*", "linux-firmware-core", "iwlax2xx-firmware",
            "python3-gobject-base-noarch", "rhn-client-tools", "rhn-check", "rhn-setup", "rhnsd", "libreport-plugin-rhtsupport",
            "uptrack*", "ksplice*",
        ),
        "streams": {"ol8": "rhel8", "ol": "rhel", "ol9": "rhel9"},
        # Of 8; of 9 and 10, and the one that is kept in reserve.
        "keys": ("76FD3DB13AB67410B89DB10E82562EA9AD986DA3", "3E6D826D3FBAB389C2F38E34BC4D06A08D8B756F", "982231759C7467065D0CE9B2A7DD07088B4EFBE6"),
        "variables": ("ociregion", "ocidomain"),
        "kernels": ("kernel-uek", "kernel-uek-core", "kernel-uek-modules*", "kernel-uek-devel", "kernel-uek-debug*", "kernel-uek-doc", "kernel-uek-tools*",
                    "kernel-uek64k*"),
        # One source package, whose epoch (999) UEK 8 asks for; parts of it lie in files of another part of AlmaLinux's.
        "firmware": ("linux-firmware*", "iwl*-firmware", "libertas-*-firmware"),
        "oldest": {8: 4, 9: 0, 10: 0},
    },
    "rhel": {
        "repositories": _with(_red_hat(), {
            # Of clouds: short ids of their mirrors, and where the client of each comes from.
            "rhel-{major}-baseos-rhui-rpms": "baseos", "rhel-{major}-appstream-rhui-rpms": "appstream",
            "rhel-{major}-supplementary-rhui-rpms": None, "codeready-builder-for-rhel-{major}-rhui-rpms": "crb",
            "rhui-client-config-server-{major}": None, "rhui-client-config-server-{major}-*": None,
            "rhui-microsoft-azure-rhel{major}": None, "rhui-microsoft-azure-rhel{major}-*": None,
            "ubi-{major}-baseos-rpms": "baseos", "ubi-{major}-appstream-rpms": "appstream",
            "ubi-{major}-codeready-builder-rpms": "crb", "ubi-{major}-codeready-builder": "crb",
        }),
        "replace": _brands("redhat"),
        "remove": (
            "redhat-release-eula", "insights-client", "rhc", "rhc-worker-playbook", "rhc-worker-script", "rhc-playbook-verifier",
            "libreport-plugin-rhtsupport", "libreport-rhel", "libreport-rhel-anaconda-bugzilla",
            "libreport-rhel-bugzilla", "kpatch", "kpatch-dnf", "kpatch-patch*", "redhat-flatpak-*",
            "redhat-support-tool", "redhat-support-lib-python", "rhn-client-tools", "rhn-check", "rhn-setup", "rhnsd", "rhnlib", "rhui-*", "*-rhui-client*",
            "google-rhui-client-*", "redhat-cloud-client-configuration*",
        ),
        "registration": (
            "subscription-manager", "subscription-manager-cockpit", "subscription-manager-plugin-*", "subscription-manager-rhsm-certificates",
            "python3-subscription-manager-rhsm", "python3-cloud-what", "python3-syspurpose", "dnf-plugin-subscription-manager",
            "libdnf-plugin-subscription-manager", "katello-ca-consumer-*", "katello-host-tools*",
        ),
        "provides": ("dnf-plugin(subscription-manager)", "rhsm-ca-consumer"),
        # "release key 2", and the auxiliary ones of 8 and of 9 and 10.
        "keys": ("567E347AD0044ADE55BA8A5F199E2F91FD431D51", "43A6E49C4A38F4BE9ABF2A5345689C882FA658E0", "6A6AA7C97C8890AEC6AEBFE2F76F66C3D4082792",
                 "7E4624258C406535D56D6F135054E4A45A6340B3"),
        "oldest": {8: 4, 9: 0, 10: 0},
    },
    "miraclelinux": {
        "repositories": {
            "{major}-latest-BaseOS": "baseos", "{major}-latest-AppStream": "appstream", "{major}-latest-PowerTools": "crb",
            "{major}-latest-CRB": "crb", "{major}-latest-HighAvailability": "highavailability", "ML-{major}-BaseOS": "baseos",
            "ML-{major}-AppStream": "appstream"},
        "replace": _brands("miraclelinux"),
        "remove": ("asianux-release", "axtsn-client-tools", "axtsn-setup", "dnf-axtu-plugin", "NetworkManager-config-connectivity-miraclelinux"),
        "oldest": {8: 4, 9: 0},
    },
    "virtuozzo": {
        "repositories": _SAME_IDS,
        "replace": _with(_brands("vzlinux"), _brands("virtuozzo")),
        "remove": ("vzlinux-gpg-keys", "vzlinux-repos", "vzlinux-obsolete-packages"),
        "oldest": {8: 4, 9: 0},
    },
    # A newer build of the same: nothing is swapped but what Kitten names otherwise.
    "almalinux-kitten": {
        "repositories": _with(_SAME_IDS, {"extras-common": "extras"}),
        "replace": {},
    },
    "almalinux": {"repositories": _SAME_IDS, "replace": {}},
}
