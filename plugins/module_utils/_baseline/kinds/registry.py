# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The kinds of state. A new kind is one file beside this one and one line here.

A kind is a module with
    PHASE            int: lower ones are put first, and undone last
    load(view, name) the value on the host now, JSON-able, no secrets
    put(context, name, value)
                     make it so; raises an ElkitError; *context* is a _facts.context.Context
    change(context, name, before, value)
                     in place of put() where what it was when it was looked at counts
    seen(after, now) with it, for the undo: that *before*, of what the run made of it and what it is now; by force these are not the same
and, where putting one at a time would be slow,
    put_all(context, values)
                     the same for {name: value}
and, where that counts among those of a phase,
    order(value)     int: lower ones are put first, and undone last
and, for the undo,
    keep(context), give_back(context, kept)
                     what put() changes besides (JSON-able, no secrets): taken before, and given back once the state is what it was
    NONE_IS_GONE     True where the value None means that there is no such thing, and put() cannot make it: what is gone is left, and named
    PARTS            True where the value is a dict of settings that stand by themselves: only those that the run changed are compared, and
                     put back
    MOVES            those keys of PARTS that move by themselves: they are put back only while they are what the run made of them
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import (
    account,
    aide,
    authselect,
    crypto_policy,
    dconf,
    directory,
    group,
    link,
    mode,
    mount,
    package,
    promiscuous,
    radio,
    rpm_key,
    selinux,
    sysctl,
    unit,
)

KINDS = {
    "account": account,
    "authselect": authselect,
    "directory": directory,
    "group": group,
    "package": package,
    "promiscuous": promiscuous,
    "radio": radio,
    "mode": mode,
    "sysctl": sysctl,
    "crypto_policy": crypto_policy,
    "dconf": dconf,
    "link": link,
    "unit": unit,
    "aide": aide,
    "mount": mount,
    "rpm_key": rpm_key,
    "selinux": selinux,
}


def change(context, kind, name, before, value):
    """Make a state *value* that was *before* when it was looked at.

    :raises ElkitError: of the kind
    """
    module = KINDS[kind]
    if hasattr(module, "change"):
        module.change(context, name, before, value)
    else:
        module.put(context, name, value)
