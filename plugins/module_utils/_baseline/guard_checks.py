# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What a plan would do to those who must get in, and which control of it does that."""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard_account, guard_firewall, guard_sshd, guard_sudo
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import registry
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError

CHECKS = (guard_sshd, guard_account, guard_sudo, guard_firewall)
# What a mechanism may trip over; its own look or plan has reported it.
UNREADABLE = (ElkitError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError)


def problems(view, people):
    """{(name, reason)} for what shuts somebody out on *view*."""
    found = set()
    for who in people:
        for check in CHECKS:
            try:
                found.update((who.name, reason) for reason in check.problems(view, who))
            except UNREADABLE:
                # What cannot be read here is no reason to refuse: the login that follows tells.
                continue
    return found


def bare(view):
    """The same host with nothing planned."""
    return View(view.context, view.el, view.flags, view.scanner_compat, view.units)


def planned(controls, view):
    """A fresh View of the same host with the plan of *controls* alone."""
    fresh = bare(view)
    for control in controls:
        mark = fresh.mark()
        fresh.current = control.id
        try:
            mechanism = registry.MECHANISMS[control.mechanism]
            if not mechanism.check(control, fresh).ok:
                mechanism.fix(control, fresh)
        except UNREADABLE:
            fresh.forget(mark)
    fresh.current = None
    return fresh


def guilty(controls, view, people):
    """{control id: reason} of the *controls* whose plan, which *view* holds, shuts one of *people* out who gets in now.

    Each alone first, then all but each: two that do harm only together are both named.
    """
    now = problems(bare(view), people)
    bad = problems(view, people) - now
    if not bad:
        return {}
    found = {}
    for control in controls:
        alone = problems(planned([control], view), people) - now
        if alone & bad:
            found[control.id] = words(alone & bad)
    left = bad - set(item for control in controls if control.id in found for item in problems(planned([control], view), people))
    if left:
        for control in controls:
            better = left - problems(planned([other for other in controls if other is not control], view), people)
            if better:
                found.setdefault(control.id, words(better))
    # Nobody alone and nobody missing: then it is all of them.
    return found or dict((control.id, words(bad)) for control in controls)


def words(reasons):
    return "refused, for it would shut out {0}".format("; ".join("{0}: {1}".format(name, reason) for name, reason in sorted(reasons)))
