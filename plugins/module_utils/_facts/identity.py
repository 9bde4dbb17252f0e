# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section identity: what the host is."""


def collect(context):
    facts, errors = context.identity()
    return dict(facts, errors=list(errors))
