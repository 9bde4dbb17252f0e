# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins baseline and baseline_info share: options in, controls compiled for the host, a module call, rows out."""

from __future__ import annotations

import datetime
import re

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.environment import FLAGS
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError, UnsupportedError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import distributions, os_release
from ansible_collections.elkit.almalinux.plugins.plugin_utils import catalogue as catalogues

# Options that the controller deals with; the modules never see them.
SELECTION = {"profile": "cis_server_l1", "values": {}, "exceptions": [], "expired": "report", "only_ids": [], "skip_ids": [], "themes": [],
             "skip_themes": [], "levels": [], "risks": [], "skip_risks": [], "controls_folders": [],
             # Of the guard: accounts that must get in whatever happens, and seconds until the host returns by itself.
             "guard": "login", "guard_users": [], "guard_timeout": 180}
# Less, and a slow host has returned before anybody could log in; more, and nobody waits for it.
GUARD_TIMEOUTS = (20, 3600)
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\Z")
# What the modules take besides, and nobody gives by hand.
PRIVATE = ("controls", "el", "guard_state", "scan_profile", "secrets")


def selection(arguments):
    """The options of SELECTION out of the task's *arguments*, which lose them; what the environment is said to be stays, with truth values.

    :raises InputError: one has the wrong form
    """
    options = {}
    for name, default in SELECTION.items():
        value = arguments.pop(name, None)
        if value is None:
            value = default
        if isinstance(default, list) and isinstance(value, (str, int)):
            value = [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else [value]
        if isinstance(default, int) and str(value).isdecimal():
            value = int(value)
        if not isinstance(value, type(default)) or isinstance(value, bool):
            raise InputError(f"{name} is {value!r}",
                             "It must be a " + {list: "list", dict: "dictionary", str: "word", int: "number"}[type(default)])
        options[name] = value
    options["levels"] = [int(item) if str(item).isdecimal() else item for item in options["levels"]]
    catalogues.check_words([options["expired"]], ("report", "enforce"), "expired")
    catalogues.check_words([options["guard"]], ("login", "local"), "guard")
    if not GUARD_TIMEOUTS[0] <= options["guard_timeout"] <= GUARD_TIMEOUTS[1]:
        raise InputError(f"guard_timeout is {options['guard_timeout']}", "It must be {0} to {1} seconds".format(*GUARD_TIMEOUTS))
    for name in options["guard_users"]:
        if not isinstance(name, str) or not USER.match(name):
            raise InputError(f"guard_users has {name!r}, which is no name of a user", "Correct it")
    if arguments.get("environment") is not None:
        arguments["environment"] = _environment(arguments["environment"])
    return options


def _environment(given):
    """{flag: bool}. Words count as they do in YAML: "no", which any text is for Python, must not say yes."""
    if not isinstance(given, dict):
        raise InputError(f"environment is {given!r}", "It must be a dictionary")
    found = {}
    for flag, value in given.items():
        if flag not in FLAGS:
            raise InputError(f"there is no environment {flag}{catalogues.nearest(flag, FLAGS)}", f"There are: {', '.join(FLAGS)}")
        try:
            found[flag] = boolean(value)
        except TypeError as error:
            raise InputError(f"environment says {value!r} of {flag}", "It must be true or false") from error
    return found


def host_of(text):
    """(major, name) of a host by its os-release.

    :raises UnsupportedError: it is none that the catalogue is for
    """
    values = os_release.parse(text)[0]
    name = values.get("PRETTY_NAME") or "a system without /etc/os-release"
    major = values.get("VERSION_ID", "").split(".")[0]
    if not distributions.is_el(values) or not major.isdigit() or int(major) not in catalogues.MAJORS:
        raise UnsupportedError(f"this host runs {name}", "The baseline is for Enterprise Linux 8, 9 and 10: take it out of the hosts of this play")
    return int(major), name


def controls_for(text, options):
    """(controls, major, catalogue) for the host with that os-release.

    :raises InputError, UnsupportedError: see catalogue.py
    """
    catalogue = catalogues.with_own(tuple(options["controls_folders"]))
    major, _name = host_of(text)
    return catalogues.compile_controls(catalogue, major, options, datetime.date.today()), major, catalogue


def secrets(catalogue, options):
    """The given values that no output may hold (list of str): the module masks them wherever they stand."""
    return [str(options["values"][name]) for name, variable in catalogue.variables.items() if variable.get("secret") and options["values"].get(name)]
