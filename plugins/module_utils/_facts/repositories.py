# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section repositories: which are configured, as dnf reads them."""

import os
import re
from collections import Counter

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue, ini, redact

DNF_CONF = "/etc/dnf/dnf.conf"
VARIABLES = "/etc/dnf/vars"
# dnf.conf(5): the defaults of reposdir.
DIRECTORIES = ("/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d")
MAIN = "main"

# $name, ${name} and, for newer dnf, ${name:-default}.
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z0-9_]+)[^}\s]*\}|([A-Za-z0-9_]+))")
# What an id may consist of once its variables are filled in.
_ID = re.compile(r"[A-Za-z0-9_.:-]*\Z")
_SECRET_NAME = re.compile(r"pass|pwd|token|secret|key|credential", re.IGNORECASE)

_TRUE = frozenset(["1", "yes", "true", "on"])
_FALSE = frozenset(["0", "no", "false", "off"])


def boolean(text, default):
    """True, False, or None where *text* (str or None) is no boolean of dnf; *default* where it is None."""
    if text is None:
        return default
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def words(text):
    """dnf's lists: separated by blanks, commas or line breaks."""
    return (text or "").replace(",", " ").split()


def parse(path, text, main, major, variables):
    """What one file says.

    :param main: {option: value} of [main] in dnf.conf, which gives defaults
    :param major: int or None, for the canonical ids
    :param variables: {name: value} of dnf's variables, which may stand in ids
    :returns: (list of repositories (dict), list of problems (str)). With problems, dnf ignores the whole file.
    """
    document = ini.parse(text)
    problems = ["line {0}: {1}".format(problem.line, problem.reason) for problem in document.problems]
    found = []
    for section in document.sections():
        if section != MAIN:
            ignored = bool(problems) or not is_id(section, variables)
            found.append(_repository(section, path, document.options(section), main, major, ignored))
    return found, problems


def is_id(text, variables):
    """Whether dnf takes *text* for the id of a repository. A variable that is not among *variables* is one that dnf knows by itself."""
    return bool(_ID.match(_VARIABLE.sub(lambda match: variables.get(match.group(1) or match.group(2), ""), text)))


def _repository(repo_id, path, options, main, major, ignored):
    enabled = boolean(options.get("enabled"), True)
    return {
        "id": repo_id,
        "canonical": catalogue.canonical_id(repo_id, major),
        "name": options.get("name"),
        "file": path,
        # dnf passes over what is no boolean.
        "enabled": enabled is not False and not ignored,
        "ignored": ignored,
        "mirrorlist": redact.redact_url(options.get("mirrorlist")) or None,
        "metalink": redact.redact_url(options.get("metalink")) or None,
        "baseurl": words(redact.redact_url(options.get("baseurl"))),
        "gpgcheck": boolean(options.get("gpgcheck", main.get("gpgcheck")), False),
        "repo_gpgcheck": boolean(options.get("repo_gpgcheck", main.get("repo_gpgcheck")), False),
        "gpgkey": words(redact.redact_url(options.get("gpgkey"))),
    }


def check(repositories, variables):
    """What is wrong with the whole of *repositories*: list of str.

    :param variables: as for parse()
    """
    errors = ["{0!r} ({1}) is no id of a repository: dnf leaves it out".format(item["id"], item["file"])
              for item in repositories if not is_id(item["id"], variables)]
    seen = {}
    for item in repositories:
        if item["ignored"]:
            continue
        if item["id"] in seen:
            errors.append("{0} is defined in {1} and in {2}".format(item["id"], seen[item["id"]], item["file"]))
        seen[item["id"]] = item["file"]
        if item["enabled"] and not has_url(item):
            errors.append("{0} ({1}) is enabled but has no mirrorlist, metalink or baseurl".format(item["id"], item["file"]))
    return errors


def counting(repositories):
    """{id: the one of *repositories* that dnf takes}: the first that it can use, of those in the order in which it reads them."""
    found = {}
    for item in repositories:
        if not item["ignored"] and (item["id"] not in found or not has_url(found[item["id"]]) and has_url(item)):
            found[item["id"]] = item
    return found


def has_url(item):
    return bool(item["mirrorlist"] or item["metalink"] or item["baseurl"])


def collect(context):
    identity = context.identity()[0]
    errors, broken, found = [], [], []
    main, texts = {}, []
    variables = _variables(context, errors)
    for path in [DNF_CONF] + _files(context, errors):
        try:
            text = context.read(path)
        except ElkitError as error:
            broken.append({"file": path, "problems": [str(error)]})
            continue
        if text is None:
            if path != DNF_CONF and context.exists(path):
                broken.append({"file": path, "problems": ["it is a link to nothing"]})
            continue
        texts.append(text)
        if path == DNF_CONF:
            main = ini.parse(text).options(MAIN)
        repositories, problems = parse(path, text, main, identity["major"], variables)
        found.extend(repositories)
        if problems:
            broken.append({"file": path, "problems": problems})
    errors.extend("{0} is broken: {1}".format(item["file"], item["problems"][0]) for item in broken)
    errors.extend(check(found, variables))
    return {
        "configured": found,
        "enabled": sorted(identifier for identifier, item in counting(found).items() if item["enabled"]),
        "broken_files": broken,
        "variables": shown(variables, texts),
        "errors": errors,
    }


def _directories(context):
    try:
        text = context.read(DNF_CONF)
    except ElkitError:
        return DIRECTORIES
    return words(ini.parse(text or "").get(MAIN, "reposdir")) or DIRECTORIES


def _files(context, errors):
    found = []
    for directory in _directories(context):
        try:
            found.extend(os.path.join(directory, name) for name in context.names(directory) if ini.is_read(name))
        except ElkitError as error:
            errors.append(str(error))
    return ini.in_order(found)


def _variables(context, errors):
    """{name: value} of dnf's variables, secrets included; the first line counts."""
    found = {}
    try:
        names = context.names(VARIABLES)
    except ElkitError as error:
        errors.append(str(error))
        return found
    for name in names:
        path = os.path.join(VARIABLES, name)
        # As dnf, which passes over what is no file.
        if os.path.isfile(context.at(path)):
            try:
                found[name] = ((context.read(path) or "").splitlines() or [""])[0].strip()
            except ElkitError as error:
                errors.append(str(error))
    return found


def shown(variables, texts):
    """dnf's *variables* ({name: value}) as they may be shown: masked where they stand for a secret in one of *texts* (of dnf.conf and the
    repository files), or where their name speaks of one."""
    secret = set(name for name in variables if _SECRET_NAME.search(name))
    for text in texts:
        # Those that are mentioned less often once the secrets are masked.
        secret.update(_mentioned(text) - _mentioned(redact.redact_text(text)))
    return dict((name, redact.MASK if value and name in secret else redact.redact_url(value)) for name, value in variables.items())


def _mentioned(text):
    return Counter(braced or plain for braced, plain in _VARIABLE.findall(text))
