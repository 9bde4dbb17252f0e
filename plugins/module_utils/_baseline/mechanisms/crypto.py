# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The system-wide crypto policy.

args: value ("DEFAULT:NO-SHA1"), and optional: keep (list of base policies that are as good or better and stay), refused (list of sub-policies
that undo it).

A base policy that somebody made for this host stays, and so do sub-policies that are there.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable, not_applicable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import crypto_policy as kind

STATE = ("crypto_policy", "system")
OWN = "/etc/crypto-policies/policies"
PLACES = (OWN, "/usr/share/crypto-policies/policies")


def configured(text):
    """The policy that the text of the configuration names; DEFAULT where it names none."""
    for line in text.splitlines():
        if line.strip() and not line.strip().startswith("#"):
            return line.strip().upper()
    return "DEFAULT"


def with_policy(text, policy):
    """*text* naming *policy*; comments stay."""
    lines = [line for line in text.splitlines() if not line.strip() or line.strip().startswith("#")]
    return "".join(line + "\n" for line in lines + [policy])


def policy_of(view):
    """The policy as planned, or None where the host has none."""
    state = view.state(*STATE)
    return None if state is None else configured(state["config"])


def wanted_policy(present, value, keep=(), refused=(), own=()):
    """What *present* becomes, to be as good as *value*.

    :param own: names of base policies that somebody made for this host
    """
    base, modules = present.split(":")[0], present.split(":")[1:]
    wanted_base, wanted_modules = value.split(":")[0], value.split(":")[1:]
    if base != wanted_base and base not in keep and (base not in own or wanted_base == "FIPS"):
        base = wanted_base
    modules = [name for name in modules if name not in refused]
    return ":".join([base] + modules + [name for name in wanted_modules if name not in modules])


def exists(view, name, module=True):
    return any(view.exists("{0}/{1}{2}".format(place, "modules/" if module else "", name + (".pmod" if module else ".pol"))) for place in PLACES)


def check(control, view):
    state = view.state(*STATE)
    if state is None:
        return not_applicable("it has no crypto policies")
    present, wanted = configured(state["config"]), _wanted(control, view)
    if present == wanted and state["current"].upper() != wanted:
        return Finding(False, state["current"] or None, wanted, kind.CURRENT, 1, note="configured, and not applied")
    return Finding(present == wanted, present, wanted, kind.CONFIG)


def _wanted(control, view):
    own = [name[:-len(".pol")] for name in view.names(OWN) if name.endswith(".pol")]
    return wanted_policy(policy_of(view), str(control.need("value")).upper(), control.arg("keep") or (), control.arg("refused") or (), own)


def fix(control, view):
    wanted = _wanted(control, view)
    names = wanted.split(":")
    for name in names[1:]:
        if not exists(view, name):
            raise ControlError("there is no sub-policy {0} on this host".format(name), "Choose another value, or put it below {0}/modules".format(OWN))
    if not exists(view, names[0], module=False):
        raise ControlError("there is no crypto policy {0} on this host".format(names[0]), "Choose another value")
    if names[0] == "FIPS" and (view.context.read("/proc/sys/crypto/fips_enabled") or "").strip() != "1":
        raise NotFixable("FIPS mode is more than a policy: kernel and boot must have it, too",
                         "Set it up as the release has it (fips-mode-setup --enable on 8 and 9, at installation on 10), or choose another value")
    put(view, wanted)


def put(view, policy):
    """Plan *policy* for the host."""
    now = view.state(*STATE)
    view.put(STATE[0], STATE[1], {"config": with_policy(now["config"], policy), "current": policy})


def add_module(view, name, text):
    """Plan a sub-policy of ours, behind those that are there."""
    view.write("{0}/modules/{1}.pmod".format(OWN, name), text)
    present = policy_of(view)
    if name not in present.split(":")[1:]:
        put(view, "{0}:{1}".format(present, name))
