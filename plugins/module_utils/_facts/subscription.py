# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section subscription: whether a RHEL host is registered. Files only: nothing is asked of any server."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions

CONSUMER = "/etc/pki/consumer/cert.pem"
ENTITLEMENTS = "/etc/pki/entitlement"


def certificates(names):
    """The serial numbers (str) of the entitlement certificates among file *names*; their keys left out."""
    return sorted(name[:-4] for name in names if name.endswith(".pem") and not name.endswith("-key.pem"))


def collect(context):
    errors = []
    distribution = distributions.recognise(context.os_release()[0])
    applicable = distribution is not None and distribution.product == distributions.RHEL
    serials = []
    if applicable:
        try:
            serials = certificates(context.names(ENTITLEMENTS))
        except ElkitError as error:
            errors.append(str(error))
    return {
        "applicable": applicable,
        "registered": context.exists(CONSUMER) if applicable else None,
        "entitlements": serials,
        "insights": context.exists("/etc/insights-client/.registered") if applicable else None,
        "errors": errors,
    }
