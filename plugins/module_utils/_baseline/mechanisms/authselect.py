# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What the stacks of PAM do, by way of authselect: features of the profile that is selected, never an edit of /etc/pam.d.

args:
    needs      what the stack must do: faillock, pwhistory, pwquality, no_nullok, hashing, lastlog
    files      the stacks in which ("system-auth", "password-auth"); both if not given
    feature    the feature of authselect that gives it; without: the feature that stands against it
    algorithm  for hashing; allowed: list of those that are as good
    module, setting   the module that reads a file of its own, and the args of keyvalue for the key in it: a limit counts only where the
               module is in the stack, so both belong to one control. A key that the stack itself gives the module would win, and is reported.
or, for the control that PAM is authselect's at all:
    selected: true, profile (str: what to select where nothing is selected; "" to leave that to people)

The profile that is selected stays, a custom one too. What somebody wrote into the files by hand is not overwritten.
"""

import copy
import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import pamstack
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import authselect as kind
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import keyvalue

NEEDS = {"faillock": pamstack.faillock, "pwhistory": pamstack.pwhistory, "pwquality": pamstack.pwquality, "no_nullok": pamstack.no_nullok,
         "lastlog": pamstack.lastlog}
FILES = ("system-auth", "password-auth", "fingerprint-auth", "smartcard-auth", "postlogin")
COMMAND = "/usr/bin/authselect"
NAME = "current"
HEADING = re.compile(r"File (/.*?):(?: Empty)?$")


def comes_first(control):
    return bool(control.arg("selected"))


def words_of(value):
    return "no profile" if value is None else " ".join([value["profile"]] + list(value["features"]))


def generated(view, value):
    """{file: text} that authselect makes of a profile and its features.

    :raises CommandError: it does not know them
    """
    def work():
        said = view.run(["authselect", "test", value["profile"]] + list(value["features"]) + ["--all"])
        return parse_test(said.stdout)
    return view.once(("authselect test", value["profile"], tuple(value["features"])), work)


def parse_test(text):
    """{name: text} of what `authselect test` prints: a line "File /etc/pam.d/system-auth:" before each, or that line with "Empty" alone for one
    of which the profile has no template (authselect then writes a file of comments)."""
    found, name = {}, None
    for line in text.splitlines():
        heading = HEADING.match(line)
        if heading:
            name = heading.group(1).rsplit("/", 1)[-1]
            found[name] = []
        elif name is not None:
            found[name].append(line)
    return dict((key, "\n".join(lines) + "\n") for key, lines in found.items())


def stack_of(view, name):
    """[Rule] of a stack as planned."""
    planned = view.state("authselect", NAME)
    if planned is not None and planned != view.state_now("authselect", NAME):
        return pamstack.parse(generated(view, planned).get(name))
    text = view.read("/etc/pam.d/" + name)
    if text is None:
        raise ControlError("there is no /etc/pam.d/{0}".format(name), "Select a profile: authselect list, authselect select")
    return pamstack.parse(text)


def _features(view, profile):
    """The set of features that a profile has."""
    return view.once(("features", profile), lambda: set(view.run(["authselect", "list-features", profile]).stdout.split()))


def by_hand(view):
    """What somebody made of PAM behind authselect's back (str), or None. authselect's own check looks at the links alone since 1.3."""
    def work():
        value = view.state_now("authselect", NAME)
        said = view.run(["authselect", "check"], check=False)
        if said.rc != 0:
            return " ".join((said.stdout + " " + said.stderr).split())[-300:]
        texts = generated(view, value)
        for name in FILES:
            if name in texts and kind.lines(view.context.read("/etc/pam.d/" + name)) != kind.lines(texts[name]):
                return "/etc/pam.d/{0} is not what the profile {1} gives".format(name, words_of(value))
        return None
    return view.once("authselect by hand", work)


def check_selected(view):
    """That authselect may change PAM here.

    :raises ControlError: it is not there, has nothing selected, or somebody edited what it made
    """
    if not view.context.exists(COMMAND):
        raise ControlError("authselect is not installed, and PAM is changed through nothing else", "Install it: dnf install authselect")
    if view.state("authselect", NAME) is None:
        raise ControlError("authselect has no profile selected: the files of PAM are made by hand",
                           "Look at what differs (authselect select PROFILE says so), then select one with --force yourself, "
                           "or name it in the value pam_authselect_profile")
    if view.state_now("authselect", NAME) is None:
        return
    wrong = by_hand(view)
    if wrong:
        raise ControlError("PAM was edited by hand, and authselect would overwrite it: {0}".format(wrong),
                           "Keep the edit in a custom profile (authselect create-profile), or drop it: authselect apply-changes --backup=mine")


def missing(control, view):
    """(what the stack lacks (str) or None, the path)."""
    need = control.arg("needs")
    for name in control.arg("files") or FILES[:2]:
        path = "/etc/pam.d/" + name
        stack = stack_of(view, name)
        if need is not None:
            if need not in NEEDS and need != "hashing":
                raise ControlError("the control {0} needs {1}, which there is not".format(control.id, need),
                                   "Use one of {0}, hashing".format(", ".join(sorted(NEEDS))))
            wrong = pamstack.hashing(stack, [control.need("algorithm")] + control.arg("allowed", [])) if need == "hashing" else NEEDS[need](stack)
            if wrong:
                return wrong, path
        setting = control.arg("setting")
        if setting and control.arg("module"):
            rule = pamstack.option(stack, control.arg("module"), setting["key"])
            if rule is not None:
                return "{0} is given {1} in the stack (line {2})".format(rule.module, " ".join(rule.options), rule.line), path
    return None, None


def setting_of(control):
    """The control for keyvalue that the setting stands for, or None."""
    if not control.arg("setting"):
        return None
    part = copy.copy(control)
    part.args = control.arg("setting")
    return part


def check(control, view):
    if control.arg("selected"):
        return check_is_selected(control, view)
    wrong, path = missing(control, view)
    setting = setting_of(control)
    if setting is not None:
        finding = keyvalue.check(setting, view)
        if wrong is None:
            return finding
        return Finding(False, "{0}; {1}".format(finding.before, wrong), finding.after, path)
    wanted = control.arg("algorithm") or control.arg("feature") or control.need("needs")
    return Finding(wrong is None, wrong or wanted, wanted, path)


def fix(control, view):
    if control.arg("selected"):
        fix_is_selected(control, view)
        return
    setting = setting_of(control)
    if setting is not None and not keyvalue.check(setting, view).ok:
        keyvalue.fix(setting, view)
    if missing(control, view)[0] is None:
        return
    check_selected(view)
    value = view.state("authselect", NAME)
    feature, without = control.arg("feature"), control.arg("without")
    features = [word for word in value["features"] if word != without]
    if feature and feature not in features:
        if feature not in _features(view, value["profile"]):
            raise NotFixable("the profile {0} has no feature {1}".format(value["profile"], feature),
                             "Add it to the custom profile, or update authselect (release 8.8, 9.2 or newer) and select a profile that has it")
        features = features + [feature]
    view.put("authselect", NAME, {"profile": value["profile"], "features": features})
    wrong, path = missing(control, view)
    if wrong:
        raise NotFixable("the profile {0} does not do it: {1} in {2}".format(value["profile"], wrong, path),
                         "Change the custom profile that gives it (authselect create-profile makes one), then authselect apply-changes")


def check_is_selected(control, view):
    value = view.state("authselect", NAME)
    if not view.context.exists(COMMAND):
        return Finding(False, "no authselect", "a profile", note="authselect is not installed")
    if value is None:
        return Finding(False, "no profile", "a profile")
    wrong = by_hand(view) if view.state_now("authselect", NAME) is not None else None
    return Finding(wrong is None, words_of(value), "a profile, unchanged", note=wrong)


def fix_is_selected(control, view):
    profile = control.arg("profile") or ""
    if view.context.exists(COMMAND) and view.state("authselect", NAME) is None and profile:
        _features(view, profile)
        view.put("authselect", NAME, {"profile": profile, "features": []})
        return
    check_selected(view)
