# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What a host is, from its os-release, its release file and its release packages."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions

_RELEASE = re.compile(r"release (\d+)(?:\.(\d+))?")
_PARENTHESES = re.compile(r"\(([^)]+)\)")
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


def identify(values, release_text, machine, packages):
    """The facts that the section "identity" shows, but for its errors.

    :param values: {name: value} of os-release
    :param release_text: /etc/system-release (str) or None
    :param machine: what uname says, e.g. "x86_64"
    :param packages: {name: [Package, …]} of the installed packages; {} if they are not known
    """
    distribution = distributions.recognise(values)
    major, minor = _version(values, release_text, distribution)
    present = _release_packages(packages)
    arch = _architecture(distribution, packages, machine)
    product = distribution.product if distribution else None
    return {
        "name": values.get("NAME") or None,
        "id": values.get("ID") or None,
        "distribution": _distribution(product, values),
        "product": product,
        "version": values.get("VERSION_ID") or None,
        "major": major,
        "minor": minor,
        "codename": _codename(values, release_text),
        "kitten": product == distributions.KITTEN,
        "stream": product == distributions.STREAM,
        "variant": values.get("VARIANT_ID") or values.get("VARIANT") or None,
        "platform_id": values.get("PLATFORM_ID") or None,
        "cpe": values.get("CPE_NAME") or None,
        "release": (release_text or "").strip() or None,
        "architecture": arch,
        "machine": machine,
        "is_almalinux": bool(distribution) and distribution.os_id == distributions.ALMALINUX,
        "is_el": distributions.is_el(values),
        "release_packages": [package.nevra for name, package in present],
        "leftover_release_packages": [
            package.nevra for name, package in present if distribution and not _is_its_own(distribution, name, package)],
        "conversion": distributions.as_source(distribution, major, arch),
    }


def _distribution(product, values):
    """One word for the family: "almalinux" for Kitten too, "centos" for Stream too."""
    if product == distributions.KITTEN:
        return distributions.ALMALINUX
    if product == distributions.STREAM:
        return distributions.CENTOS
    return product or values.get("ID") or None


def _version(values, release_text, distribution):
    """(major, minor), each int or None."""
    match = _VERSION.match(values.get("VERSION_ID", ""))
    major = int(match.group(1)) if match else None
    minor = int(match.group(2)) if match and match.group(2) else None
    match = _RELEASE.search(release_text or "")
    # CentOS Linux tells its minor in the release file only.
    if match and major in (None, int(match.group(1))):
        major = int(match.group(1))
        if minor is None and match.group(2):
            minor = int(match.group(2))
    if distribution and distribution.product in (distributions.KITTEN, distributions.STREAM):
        minor = None
    return major, minor


def _codename(values, release_text):
    for text in (values.get("VERSION", ""), values.get("PRETTY_NAME", ""), release_text or ""):
        match = _PARENTHESES.search(text)
        if match:
            return match.group(1)
    return values.get("VERSION_CODENAME") or None


def _release_packages(packages):
    """[(name, Package), …] of all known distributions' release packages that are installed, sorted.

    They are looked up by name, for AlmaLinux's own packages provide redhat-release and centos-release.
    """
    known = set(name for item in distributions.DISTRIBUTIONS for name in item.packages)
    return [(name, package) for name in sorted(known) for package in packages.get(name, ())]


def _is_its_own(distribution, name, package):
    """Whether a release package belongs to *distribution*. Oracle builds a redhat-release of its own."""
    family = set(item.os_id for item in distributions.DISTRIBUTIONS if name in item.packages)
    return name in distribution.packages or distribution.os_id not in family and package.vendor in distribution.vendors


def _architecture(distribution, packages, machine):
    """The architecture of the host's packages. AlmaLinux's x86_64_v2 looks like x86_64 to uname: only its packages tell."""
    for name in distribution.packages if distribution else ():
        for package in packages.get(name, ()):
            if package.arch and package.arch != "noarch":
                return package.arch
    return machine
