# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section lifecycle: how long the host's release is supported."""

import datetime

from ansible_collections.elkit.almalinux.plugins.module_utils._identity import lifecycle


def collect(context):
    identity = context.identity()[0]
    values = context.os_release()[0]
    today = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=context.now)
    facts = lifecycle.assess(identity["product"], identity["major"], identity["minor"], today.date())
    facts["support_end"] = values.get("SUPPORT_END") or None
    facts["errors"] = []
    return facts
