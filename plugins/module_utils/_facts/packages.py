# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section packages: how many, from whom, signed by which key; what does not belong."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions, keys
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import database, signature

# Names whose packages may be there in several versions (dnf's installonlypkgs and what they consist of).
_SEVERAL = re.compile(r"(?:kernel|raspberrypi2-kernel\d*|installonlypkg)(?!-(?:headers|tools|srpm|rpm|abi))(?:-|\Z)")


def several(name):
    """Whether several versions of package *name* may be installed at once."""
    return bool(_SEVERAL.match(name))


def summarise(content, distribution):
    """The facts of *content* (_rpm.database.Database) on a host of *distribution* (Distribution or None)."""
    own = frozenset(distribution.vendors if distribution else ())
    others = frozenset(vendor for item in distributions.DISTRIBUTIONS for vendor in item.vendors) - own
    by_vendor, by_key = {}, {}
    unsigned, foreign, third_party = [], [], []
    for package in content.packages:
        vendor = package.vendor or "(none)"
        by_vendor[vendor] = by_vendor.get(vendor, 0) + 1
        for key in package.keys:
            by_key[key] = by_key.get(key, 0) + 1
        if not package.keys:
            unsigned.append(package.nevra)
        if package.vendor in others:
            foreign.append(package.nevra)
        elif package.vendor not in own:
            third_party.append(package.nevra)
    twins = database.duplicates(content.packages, several)
    imported = [package.version for package in content.pubkeys]
    return {
        "count": len(content.packages),
        "size": sum(package.size for package in content.packages),
        "by_vendor": by_vendor,
        "by_key": [{"key": key, "owner": keys.owner(key), "count": by_key[key], "imported": signature.imported(key, imported)}
                   for key in sorted(by_key)],
        "imported_keys": [{"id": package.version, "release": package.release, "summary": package.summary,
                           "owner": keys.owner(package.version[-8:])} for package in content.pubkeys],
        "unsigned": unsigned,
        "foreign": foreign,
        "third_party": third_party,
        "duplicates": dict((name, [package.nevra for package in twins[name]]) for name in twins),
    }


def collect(context):
    content = context.database()
    distribution = distributions.recognise(context.os_release()[0])
    return dict(summarise(content, distribution), errors=list(content.errors))
