# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of controls on the controller: read it, check it, and compile what one host is asked for.

    roles/hardening/controls/*.yml     a file per theme: variables, and controls
    roles/hardening/profiles/*.yml     a file per profile: the rule ids it has on each release
    roles/hardening/references/*.yml   a file per standard: what it calls each rule, with the version of the benchmark
    roles/hardening/not_automated.yml  the rules of the profiles that software should not do, each with the reason

The modules take the whole union of the releases' controls; each release of a control is chosen here by the host's major.
"""

from __future__ import annotations

import datetime
import difflib
import functools
import json
import pathlib
import re

import yaml

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.environment import FLAGS
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError

ROLE = pathlib.Path(__file__).resolve().parents[2] / "roles" / "hardening"
MAJORS = (8, 9, 10)
RISKS = ("lockout", "service", "reboot")
TYPES = {"int": int, "str": str, "bool": bool, "list": list}
THEME_KEYS = {"theme", "title", "variables", "controls"}
# Mechanisms that go in before all others: what they bring is what others need.
UNGUARDED = ("package", "rpm_key")
CONTROL_KEYS = {"id", "title", "mechanism", "args", "el", "level", "risk", "not_in", "only_in", "package", "unverified", "severity", "why"}
REQUIRED = {"id", "title", "mechanism"}
EXCEPTION_KEYS = ("id", "reason", "owner", "expires", "ticket")
VARIABLE_KEYS = {"type", "default", "min", "max", "choices", "description", "by_el", "by_profile", "secret"}
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
# Values that contradict each other: the first may not be above the second.
NOT_ABOVE = (("accounts_min_days", "accounts_max_days", "a password would end before its user may change it"),)
# A tab is none: it may stand in a line.
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def read(path):
    """The YAML document of a file.

    :raises InputError: it cannot be read, or is no YAML; names file and line
    """
    try:
        with open(path, encoding="utf-8") as handle:
            return yaml.load(handle, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", "Check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{path}{place} is no YAML: {getattr(error, 'problem', None) or error}", "Mend the file") from error


def nearest(word, words):
    """" (the nearest is X)" for an error about a *word* that is none of *words*, or ""."""
    word, words = str(word), [str(item) for item in words]
    # Whoever writes "cis" means cis_server_l1, which is far from it by its letters.
    found = difflib.get_close_matches(word, words, 1, 0.75) or sorted(item for item in words if word and item.startswith(word)) or (
        difflib.get_close_matches(word, words, 1))
    return f" (the nearest is {found[0]})" if found else ""


class Catalogue:
    """All controls there are.

    controls         list of dict, as in the files plus "theme", "el" and "extra" (the file of a user's; of others None)
    variables        {name: dict}
    themes           {name: title}
    theme_values     {name: the names of its variables}
    own_levels       {(id, major): level} of the controls of a user's that say one
    profiles         {name: {major: set of ids}}, and profile_titles {name: str}
    references       {standard: document}, read when asked for
    """

    def __init__(self):
        self.controls = []
        self.variables = {}
        self.themes = {}
        self.theme_values = {}
        self.own_levels = {}
        self.profiles = {}
        self.profile_titles = {}

    @property
    def references(self):
        return references()

    def refs(self, control_id, major):
        """{standard: number} of what the standards call a control on that release; those that do not know it are left out."""
        found = {}
        for standard, document in self.references.items():
            number = document["refs"].get(control_id)
            if isinstance(number, dict):
                number = number.get(major)
            if number:
                found[standard] = number
        return found

    @property
    def ids(self):
        return {control["id"] for control in self.controls}

    def add_theme(self, path, document, extra=False):
        """Take the document of a theme file in.

        :param extra: whether it is a user's
        :raises InputError: it is not as the schema has it; names file, control and key
        """
        problem = problem_of(document, self.profiles) or (extra and _mechanism_problem(document))
        if problem:
            raise InputError(f"{path}: {problem}", "See docs/hardening.md for what a theme file holds")
        for name, variable in (document.get("variables") or {}).items():
            if name in self.variables:
                raise InputError(f"{path}: the variable {name} is there already", "Give it another name")
            self.variables[name] = variable
        self.themes.setdefault(document["theme"], document.get("title") or document["theme"])
        self.theme_values.setdefault(document["theme"], set()).update(document.get("variables") or {})
        known = {(control["id"], major) for control in self.controls for major in control["el"]}
        for control in document.get("controls") or []:
            control = dict(control, theme=document["theme"], el=list(control.get("el") or MAJORS), extra=path if extra else None)
            for major in control["el"]:
                if (control["id"], major) in known:
                    raise InputError(f"{path}: the control {control['id']} is there already for release {major}", "Give it another id")
                known.add((control["id"], major))
                if extra and control.get("level"):
                    self.own_levels[control["id"], major] = control["level"]
            self.controls.append(control)

    def level(self, control_id, major):
        """1 or 2: the level of the CIS server profile that has the control on that release, or what a control of a user's says; or None."""
        for level in (1, 2):
            if control_id in self.profiles.get(f"cis_server_l{level}", {}).get(major, ()):
                return level
        return self.own_levels.get((control_id, major))


def problem_of(document, profiles):
    """What is wrong with the document of a theme file (str), or None.

    :param profiles: the names of the profiles there are; empty while they are not read
    """
    if not isinstance(document, dict):
        return "it holds no theme"
    problem = _unknown_key(document, THEME_KEYS, "it")
    if problem:
        return problem
    if not _is_text(document.get("theme")):
        return "it has no theme"
    if not _is_text(document.get("title", "-")):
        return f"title is {document['title']!r}, and must be a text"
    variables, controls = document.get("variables"), document.get("controls")
    if not isinstance({} if variables is None else variables, dict):
        return f"variables is {_short(variables)}, and must be a mapping of names"
    if not isinstance([] if controls is None else controls, list):
        return f"controls is {_short(controls)}, and must be a list"
    for name, variable in (variables or {}).items():
        problem = _variable_problem(name, variable, profiles)
        if problem:
            return problem
    for control in controls or []:
        problem = _control_problem(control)
        if problem:
            return problem
    return None


def _variable_problem(name, variable, profiles):
    if not isinstance(name, str) or not ID.match(name):
        return f"the variable {name!r} is no name (letters, digits, underscores and dashes)"
    what = f"the variable {name}"
    if not isinstance(variable, dict):
        return f"{what} is {_short(variable)}, and must be a mapping with type, default and description"
    problem = _unknown_key(variable, VARIABLE_KEYS, what)
    if problem:
        return problem
    wanted = variable.get("type")
    if not isinstance(wanted, str) or wanted not in TYPES:
        return f"{what} needs type ({', '.join(TYPES)}){'' if wanted is None else f', which is {_short(wanted)}{nearest(wanted, TYPES)}'}"
    if not isinstance(variable.get("secret", False), bool):
        return f"{what}: secret is {_short(variable['secret'])}, and must be true or false"
    if not isinstance(variable.get("description", ""), str):
        return f"{what}: description is {_short(variable['description'])}, and must be a text"
    for key in ("min", "max"):
        if key in variable and (wanted != "int" or not _is_number(variable[key])):
            return f"{what}: {key} is {_short(variable[key])}, and must be a number, of a variable of type int"
    if "choices" in variable and not (isinstance(variable["choices"], list) and variable["choices"]):
        return f"{what}: choices is {_short(variable['choices'])}, and must be a list of values"
    given = {"default": variable.get("default")}
    for key, known in (("by_el", MAJORS), ("by_profile", profiles)):
        part = variable.get(key, {})
        if not isinstance(part, dict):
            return f"{what}: {key} is {_short(part)}, and must be a mapping"
        problem = _list_problem(list(part), key, known) if known else None
        if problem:
            return f"{what}: {problem}"
        given.update((f"{key} {word}", value) for word, value in part.items())
    if given["default"] is None:
        return f"{what} has no default"
    try:
        for key, value in given.items():
            checked(name, variable, value)
    except InputError as error:
        return f"{what}, {key}: {error.message}"
    return None


def _control_problem(control):
    if not isinstance(control, dict) or REQUIRED - set(control):
        return f"a control needs {', '.join(sorted(REQUIRED))}: {str(control)[:80]}"
    if not isinstance(control["id"], str) or not ID.match(control["id"]):
        return f"{control['id']!r} is no id (letters, digits, underscores and dashes)"
    what = f"the control {control['id']}"
    problem = _unknown_key(control, CONTROL_KEYS, what)
    if problem:
        return problem
    for key in ("title", "mechanism", "severity", "why"):
        if not _is_text(control.get(key, "-")):
            return f"{what}: {key} is {_short(control[key])}, and must be a text"
    if not isinstance(control.get("args", {}), dict):
        return f"the args of {what} are no mapping"
    try:
        json.dumps(control.get("args"))
    except (TypeError, ValueError, RecursionError) as error:
        return f"the args of {what} hold what is no text, number, truth value, list or mapping ({error}); a date is written in quotes"
    for key, known in (("el", MAJORS), ("risk", RISKS), ("not_in", FLAGS), ("only_in", FLAGS)):
        problem = _list_problem(control[key], key, known) if key in control else None
        if problem:
            return f"{what}: {problem}"
    if control.get("el") == []:
        return f"{what}: el is empty, and must name one of {_words(MAJORS)}; without it all are meant"
    both = sorted(set(control.get("not_in", ())) & set(control.get("only_in", ())))
    if both:
        return f"{what}: {both[0]} is in not_in and in only_in"
    if "level" in control and (not _is_number(control["level"]) or control["level"] not in (1, 2)):
        return f"{what}: level is {_short(control['level'])}, and must be 1 or 2"
    if not isinstance(control.get("unverified", False), bool):
        return f"{what}: unverified is {_short(control['unverified'])}, and must be true or false"
    packages = control.get("package", "-")
    if not all(map(_is_text, packages if isinstance(packages, list) else [packages])):
        return f"{what}: package is {_short(packages)}, and must be the name of a package, or a list of names"
    return None


def _mechanism_problem(document):
    """That a control of *document* has a mechanism there is not (str), or None."""
    # Here, as only files of users' own need it: it imports every mechanism.
    from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import registry
    for control in document.get("controls") or []:
        name = control["mechanism"]
        if name not in registry.MECHANISMS:
            return (f"the control {control['id']}: mechanism is {name!r}, which there is not{nearest(name, registry.MECHANISMS)}; "
                    f"there are: {_words(sorted(registry.MECHANISMS))}")
        if "lockout" in control.get("risk", ()) and name in UNGUARDED:
            return (f"the control {control['id']}: {name} goes in before the lockout guard is there, which could not take it back; "
                    f"leave the risk lockout away if that is meant, or keep to what a drop-in, a unit or a mode can do")
    return None


def _unknown_key(mapping, known, what):
    for key in mapping:
        if key not in known:
            return f"{what} has a key {key}, which there is not{nearest(key, sorted(known))}; there are: {_words(sorted(known))}"
    return None


def _list_problem(value, key, known):
    """What is wrong with *value* as a list of words that are *known* (str), or None."""
    known = tuple(known)
    if not isinstance(value, list):
        return f"{key} is {_short(value)}, and must be a list of: {_words(known)}"
    for word in value:
        if isinstance(word, bool) or word not in known:
            return f"{key} names {_short(word)}, which is none of {_words(known)}{nearest(word, known)}"
    return None


def _is_text(value):
    return isinstance(value, str) and bool(value.strip())


def _is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _short(value):
    """*value* as an error shows it."""
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _words(words):
    return ", ".join(map(str, words))


@functools.cache
def builtin():
    """The Catalogue that ships with the collection; do not change it."""
    catalogue = Catalogue()
    for path in sorted((ROLE / "controls").glob("*.yml")):
        catalogue.add_theme(path.name, read(path))
    for path in sorted((ROLE / "profiles").glob("*.yml")):
        document = read(path)
        catalogue.profiles[path.stem] = {int(major): set(ids) for major, ids in document["rules"].items()}
        catalogue.profile_titles[path.stem] = document["title"]
    return catalogue


@functools.cache
def references():
    """{standard: document} of roles/hardening/references: for reports alone, so a run without one does not read them."""
    return {path.stem: read(path) for path in sorted((ROLE / "references").glob("*.yml"))}


@functools.cache
def not_automated():
    """{(id, major): reason} of the rules that software should not do."""
    found = {}
    for item in read(ROLE / "not_automated.yml")["rules"]:
        for major in item.get("el") or MAJORS:
            found[item["id"], major] = item["reason"]
    return found


def with_own(folders):
    """The built-in Catalogue and the theme files in *folders* (of an inventory).

    :raises InputError: a folder or file cannot be read or is wrong
    """
    if not folders:
        return builtin()
    catalogue = Catalogue()
    catalogue.controls = list(builtin().controls)
    catalogue.variables = dict(builtin().variables)
    catalogue.themes = dict(builtin().themes)
    catalogue.theme_values = {name: set(values) for name, values in builtin().theme_values.items()}
    catalogue.profiles, catalogue.profile_titles = builtin().profiles, builtin().profile_titles
    for folder in folders:
        if not _is_text(folder):
            raise InputError(f"controls_folders has {_short(folder)}, which is no path", "Name folders on the controller")
        place = pathlib.Path(folder)
        if not place.is_dir():
            raise InputError(f"the folder of controls {folder} is not there", "Check hardening_controls_folders")
        for path in sorted(place.glob("*.yml")) + sorted(place.glob("*.yaml")):
            catalogue.add_theme(str(path), read(path), extra=True)
    return catalogue


# --- values ----------------------------------------------------------------------------------------------------------

def values_of(catalogue, given, profile, major):
    """{name: value} of all variables for this host.

    :param given: {name: value} from the user
    :raises InputError: a name there is not, a wrong type, a value out of range, or two that contradict each other
    """
    unknown = sorted(set(given) - set(catalogue.variables), key=str)
    if unknown:
        raise InputError(f"there is no value {unknown[0]}{nearest(unknown[0], catalogue.variables)}", "See docs/controls.md for those there are")
    values = {}
    for name, variable in catalogue.variables.items():
        if name in given:
            values[name] = checked(name, variable, given[name])
            continue
        value = variable.get("default")
        value = (variable.get("by_el") or {}).get(major, value)
        values[name] = checked(name, variable, (variable.get("by_profile") or {}).get(profile, value))
    for small, large, why in NOT_ABOVE:
        if values[small] > values[large]:
            raise InputError(f"the value {small} is {values[small]}, more than {large}, which is {values[large]}: {why}", "Change one of them")
    return values


def checked(name, variable, value):
    """*value* in its type. :raises InputError: it has another type, or is out of range"""
    wanted = variable["type"]
    if wanted == "int" and isinstance(value, str) and re.match(r"-?\d+\Z", value):
        value = int(value)
    if wanted == "bool" and isinstance(value, str) and value.lower() in ("true", "false", "yes", "no"):
        value = value.lower() in ("true", "yes")
    if wanted == "str" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    # Whoever has the type wrong may still have written the secret.
    shown = "of another type" if variable.get("secret") else _short(value)
    if not isinstance(value, TYPES[wanted]) or (wanted == "int" and isinstance(value, bool)):
        raise InputError(f"the value {name} is {shown}, and must be {wanted}", "Correct it")
    if isinstance(value, str) and CONTROL_CHARACTER.search(value):
        raise InputError(f"the value {name} has a line break or another control character", "Write it in one line")
    if wanted == "list" and any(isinstance(item, bool) or not isinstance(item, (str, int)) or CONTROL_CHARACTER.search(str(item)) for item in value):
        raise InputError(f"the value {name} must be a list of words", "Correct it: a word that YAML takes for a truth value is written in quotes")
    for word, wrong in (("min", lambda limit: value < limit), ("max", lambda limit: value > limit)):
        if word in variable and wrong(variable[word]):
            raise InputError(f"the value {name} is {value}, out of {variable.get('min', '…')} to {variable.get('max', '…')}", "Correct it")
    if "choices" in variable and value not in variable["choices"]:
        raise InputError(f"the value {name} is {shown}, and must be one of {_words(variable['choices'])}{nearest(value, variable['choices'])}", "Correct it")
    return value


def filled(thing, values, control):
    """*thing* with {"var": name} replaced by its value, at any depth.

    :raises InputError: *control*, of whose args it is, names a value there is not
    """
    if isinstance(thing, dict):
        if set(thing) == {"var"}:
            name = thing["var"]
            if not isinstance(name, str) or name not in values:
                place = f"{control['extra']}: " if control["extra"] else ""
                raise InputError(f"{place}the control {control['id']} names the value {_short(name)}, which there is not{nearest(name, values)}",
                                 "Declare it below variables")
            return values[name]
        return {key: filled(value, values, control) for key, value in thing.items()}
    if isinstance(thing, list):
        return [filled(value, values, control) for value in thing]
    return thing


# --- selection -------------------------------------------------------------------------------------------------------

def exceptions_of(given, catalogue, today, skip_ids=()):
    """{control id: {reason, owner, expires, expired}}.

    :param given: list of dicts with id, reason, owner, expires ("YYYY-MM-DD")
    :param today: datetime.date
    :param skip_ids: ids that take no part
    :raises InputError: one of them is missing or empty, the date is none, or the id is unknown or takes no part
    """
    found = {}
    for item in given:
        if not isinstance(item, dict) or not item.get("id"):
            raise InputError(f"an exception has no id: {_short(item)}", "Give id, reason, owner and expires")
        name = item["id"]
        check_ids([name], catalogue, "an exception")
        missing = [key for key in ("reason", "owner", "expires") if not str(item.get(key) or "").strip()]
        if missing:
            raise InputError(f"the exception of {name} has no {', '.join(missing)}", "All three of reason, owner and expires are required")
        problem = _unknown_key(item, EXCEPTION_KEYS, f"the exception of {name}")
        if problem:
            raise InputError(problem, "Correct it")
        for key in ("reason", "owner", "ticket"):
            if item.get(key) and (isinstance(item[key], bool) or not isinstance(item[key], (str, int))):
                raise InputError(f"the {key} of the exception of {name} is {_short(item[key])}, and must be a text", "Correct it")
        expires = item["expires"]
        # A time of a day, which YAML knows too, is a date for Python.
        if not isinstance(expires, datetime.date) or isinstance(expires, datetime.datetime):
            try:
                expires = datetime.date.fromisoformat(str(expires))
            except ValueError as error:
                raise InputError(f"the exception of {name} ends on {str(expires)[:40]!r}, which is no date", "Write YYYY-MM-DD") from error
        if name in found:
            raise InputError(f"there are two exceptions of {name}", "Keep one")
        if name in skip_ids:
            raise InputError(f"{name} is in skip_ids and has an exception", "Keep the exception alone: it is looked at, reported, and left as it is")
        found[name] = {"reason": str(item["reason"]), "owner": str(item["owner"]), "expires": expires.isoformat(),
                       "expired": expires < today, **({"ticket": str(item["ticket"])} if item.get("ticket") else {})}
    return found


def check_ids(words, catalogue, what):
    """:raises InputError: one of *words* is no id of a control"""
    for word in words:
        if not isinstance(word, str) or word not in catalogue.ids:
            raise InputError(f"{what} names the control {word}, which there is not{nearest(word, catalogue.ids)}", "Correct the id")


def check_words(words, known, what):
    """:raises InputError: one of *words* is not *known*"""
    for word in words:
        if isinstance(word, bool) or not isinstance(word, (str, int)) or word not in known:
            raise InputError(f"{what} is {word}, which there is not{nearest(word, known)}", f"There are: {_words(sorted(known))}")


def _check_themes(catalogue, options):
    both = sorted(set(options["themes"]) & set(options["skip_themes"]))
    if both:
        raise InputError(f"{both[0]} is in themes and in skip_themes", "Take it out of one of them")


def _check_chosen(catalogue, options):
    """A choice of some is one; a choice of none, on no release, is a run that looks at nothing and calls that a success."""
    reasons = {}
    for control in catalogue.controls:
        for major in control["el"]:
            why = _left_out(catalogue, control, major, options)
            if why is None:
                return
            reasons.setdefault(control["id"], why)
    if options["only_ids"]:
        said = "; ".join(f"{name}: {reasons[name]}" for name in sorted(options["only_ids"]))
    else:
        given = {key: options[key] for key in ("themes", "skip_themes", "levels", "risks", "skip_risks") if options[key]}
        said = f"the profile {options['profile']} has none with " + ", ".join(f"{key} {_words(value)}" for key, value in given.items())
    raise InputError(f"no control is chosen on any release ({said})", "Take one of them away")


def _theme_chosen(theme, options):
    return theme not in options["skip_themes"] and (not options["themes"] or theme in options["themes"])


def _left_out(catalogue, control, major, options):
    """Why a *control* of the release takes no part in a run (str), or None."""
    name = control["id"]
    if name in options["skip_ids"]:
        return "skip_ids names it"
    if options["only_ids"]:
        if name not in options["only_ids"]:
            return "only_ids does not name it"
    elif name not in catalogue.profiles[options["profile"]].get(major, ()) and not control["extra"]:
        return f"the profile {options['profile']} has it not on release {major}"
    if not _theme_chosen(control["theme"], options):
        return f"its theme {control['theme']} takes no part"
    if options["levels"] and catalogue.level(name, major) not in options["levels"]:
        return f"levels is {_words(options['levels'])}, and its level {catalogue.level(name, major) or 'none'}"
    risks = control.get("risk") or []
    if options["risks"] and not set(risks) & set(options["risks"]):
        return f"risks is {_words(options['risks'])}, and its risk {_words(risks) or 'none'}"
    skipped = [risk for risk in risks if risk in options["skip_risks"]]
    return f"skip_risks names its risk {skipped[0]}" if skipped else None


def unused_exceptions(catalogue, major, options, today):
    """The exceptions of controls that take no part in this run, by their ids: [{id, title, message (why), exception}].

    :raises InputError: see exceptions_of()
    """
    found = []
    for name, exception in sorted(exceptions_of(options["exceptions"], catalogue, today).items()):
        controls = [control for control in catalogue.controls if control["id"] == name]
        here = [control for control in controls if major in control["el"]]
        why = _left_out(catalogue, here[0], major, options) if here else f"there is no such control on release {major}"
        if why:
            found.append({"id": name, "title": controls[0]["title"], "message": why, "exception": exception})
    return found


def compile_controls(catalogue, major, options, today):
    """The controls for one host, as the modules take them.

    :param options: dict: profile, values, exceptions, expired ("report" or "enforce"), only_ids, skip_ids, themes, skip_themes, levels,
        risks, skip_risks
    :returns: list of dict
    :raises InputError: names the thing and the nearest that there is
    """
    profile = options["profile"]
    check_words([profile], catalogue.profiles, "the profile")
    check_ids(options["only_ids"], catalogue, "only_ids")
    check_ids(options["skip_ids"], catalogue, "skip_ids")
    both = sorted(set(options["only_ids"]) & set(options["skip_ids"]))
    if both:
        raise InputError(f"{both[0]} is in only_ids and in skip_ids", "Take it out of one of them")
    known_themes = {control["theme"] for control in catalogue.controls}
    check_words(options["themes"], known_themes, "a theme of themes")
    check_words(options["skip_themes"], known_themes, "a theme of skip_themes")
    _check_themes(catalogue, options)
    check_words(options["levels"], (1, 2), "a level")
    check_words(options["risks"], RISKS, "a risk of risks")
    check_words(options["skip_risks"], RISKS, "a risk of skip_risks")
    both = sorted(set(options["risks"]) & set(options["skip_risks"]))
    if both:
        raise InputError(f"{both[0]} is in risks and in skip_risks", "Take it out of one of them")
    _check_chosen(catalogue, options)
    exceptions = exceptions_of(options["exceptions"], catalogue, today, options["skip_ids"])
    values = values_of(catalogue, options["values"], profile, major)
    found = []
    for control in catalogue.controls:
        name = control["id"]
        if major not in control["el"] or _left_out(catalogue, control, major, options):
            continue
        data = {"id": name, "mechanism": control["mechanism"], "theme": control["theme"],
                "args": filled(control.get("args") or {}, values, control)}
        for key in ("risk", "not_in", "only_in", "package"):
            if control.get(key):
                data[key] = control[key]
        if name in exceptions:
            data["exception"] = exceptions[name]
            data["enforce"] = options["expired"] == "enforce" and exceptions[name]["expired"]
        found.append(data)
    return found
