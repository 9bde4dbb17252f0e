# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of hardening on the controller: a JSON file and an HTML page per host, and an index page for all hosts of a folder.

    HOST-hardening.json     docs/evidence.schema.json says what it holds
    HOST-hardening.html     the same for people; one file, nothing is fetched from anywhere
    hardening-index.html    all hosts of the folder
    hardening-index.json    what the index is made of: a line per host
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
import urllib.parse

import jinja2

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import redact
from ansible_collections.elkit.almalinux.plugins.plugin_utils import catalogue as catalogues
from ansible_collections.elkit.almalinux.plugins.plugin_utils import scores

SCHEMA = "elkit.almalinux/hardening-evidence"
SCHEMA_VERSION = 1
AUDIT, CHECK, APPLY = "audit", "check", "apply"
TEXTS = {
    "error": "Could not be looked at, or did not take", "fail": "Not as wanted", "pending": "Waits", "pending_reboot": "Waits for a reboot",
    "changed": "Put right", "excepted": "Excepted", "pass": "As wanted", "not_applicable": "Does not apply",
}


def without_secrets(thing):
    """*thing* with anything that looks like a secret replaced, at any depth."""
    if isinstance(thing, dict):
        return {str(key): without_secrets(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [without_secrets(value) for value in thing]
    if isinstance(thing, str):
        return str(redact.redact_file(thing))
    return thing


def joined(rows, catalogue, major):
    """The rows of a module with what the catalogue knows besides: title, theme, level."""
    known = {control["id"]: control for control in catalogue.controls if major in control["el"]}
    found = []
    for row in rows:
        control = known.get(row["id"], {})
        more = {"title": control.get("title") or row["id"], "theme": control.get("theme") or "other"}
        level = catalogue.level(row["id"], major)
        if level:
            more["level"] = level
        if control.get("unverified"):
            more["unverified"] = True
        found.append(dict(row, **more))
    return found


def document(host, mode, result, catalogue, major, release, profile, scan=None):
    """The evidence of one host, ready for JSON.

    :param host: str, its name in the inventory
    :param mode: AUDIT, CHECK or APPLY
    :param result: what baseline_info or baseline returned, its controls joined()
    :param release: str, the PRETTY_NAME of the host
    """
    rows = result.get("controls") or []
    good = mode != CHECK
    evidence = {
        "schema": SCHEMA, "schema_version": SCHEMA_VERSION, "host": host, "mode": mode,
        "checked_at": result.get("checked_at"), "release": release, "el": major,
        "profile": profile, "profile_title": catalogue.profile_titles.get(profile, profile),
        "system": result.get("system") or {}, "environment": result.get("environment") or {},
        "score": scores.score(rows, good),
        "themes": [dict(item, title=catalogue.themes.get(item["theme"], item["theme"])) for item in scores.by_theme(rows, good)],
        "controls": [dict(row, refs=catalogue.refs(row["id"], major)) for row in scores.failing_first(rows)],
        "benchmarks": {name: item["benchmark"].get(major) for name, item in catalogue.references.items()},
        "not_automated": [{"id": name, "reason": reason} for (name, el), reason in sorted(catalogues.not_automated().items())
                          if el == major and name in catalogue.profiles.get(profile, {}).get(major, ())],
        "exceptions_unused": result.get("exceptions_unused") or [],
        "files": result.get("files") or [], "run": result.get("run"),
    }
    if scan is not None:
        evidence["scan"] = scan
    if result.get("guard"):
        # What the controller needs to commit is no evidence; how it ended is.
        evidence["guard"] = {key: value for key, value in result["guard"].items() if key in ("outcome", "mode", "reason", "controls", "seconds", "logins")}
    return without_secrets(evidence)


# --- pages -----------------------------------------------------------------------------------------------------------

def shown(value):
    """A value of a finding as lines of text."""
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_word(item)}" for key, item in value.items()) or "nothing"
    if isinstance(value, (list, tuple)):
        return "\n".join(_word(item) for item in value) or "nothing"
    return _word(value)


def _word(value):
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _templates():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(catalogues.ROLE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True)
    environment.filters["shown"] = shown
    environment.globals["texts"] = TEXTS
    return environment


def page(evidence):
    """The HTML page of one host (str)."""
    groups = []
    for status in scores.WORST_FIRST:
        rows = [row for row in evidence["controls"] if row["status"] == status]
        if rows:
            groups.append({"status": status, "rows": rows})
    exceptions = sorted((row for row in evidence["controls"] if row.get("exception")), key=lambda row: row["exception"]["expires"])
    return _templates().get_template("host.html.j2").render(
        evidence=evidence, groups=groups, exceptions=exceptions,
        scored=sorted((item for item in evidence["themes"] if item["percent"] is not None), key=lambda item: (item["percent"], item["title"])))


def index_page(rows):
    """The HTML page of a folder (str)."""
    return _templates().get_template("index.html.j2").render(
        rows=sorted(rows, key=lambda row: (row["percent"] if row["percent"] is not None else 101, row["host"])))


def index_row(evidence, name):
    """What the index says of a host."""
    score = evidence["score"]
    return {"host": evidence["host"], "page": name + ".html", "release": evidence["release"], "profile": evidence["profile"],
            "profile_title": evidence["profile_title"], "mode": evidence["mode"], "checked_at": evidence["checked_at"],
            "percent": score["percent"], "passed": score["passed"], "of": score["of"], "fail": score["fail"], "error": score["error"],
            "pending": score["pending"] + score["pending_reboot"], "excepted": score["excepted"],
            "expired": sum(scores.expired(row) for row in evidence["controls"])}


# --- files -----------------------------------------------------------------------------------------------------------

def file_name(host):
    """The name of a host's files, without ending: one name per host, whatever letters it has, and none that leads elsewhere."""
    name = urllib.parse.quote(host, safe="")
    name = "%2E" + name[1:] if name.startswith(".") else name
    # A name of a file has 255 bytes at most.
    if len(name) > 200:
        name = name[:150] + "~" + hashlib.sha256(host.encode("utf-8")).hexdigest()[:32]
    return name + "-hardening"


def write(folder, evidence):
    """Write the evidence of one host into *folder*, and the index anew. The paths that were written.

    :raises InputError: the folder cannot be made or written
    """
    folder = os.path.abspath(os.path.expanduser(folder))
    name = file_name(evidence["host"])
    try:
        os.makedirs(folder, mode=0o750, exist_ok=True)
        paths = [os.path.join(folder, name + ending) for ending in (".json", ".html")]
        _put(paths[0], json.dumps(evidence, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        _put(paths[1], page(evidence))
        with _locked(folder):
            _index(folder, index_row(evidence, name))
    except OSError as error:
        raise InputError(f"the evidence cannot be written to {error.filename or folder}: {error.strerror}",
                         "Check the folder that hardening_evidence names, on the controller") from error
    return paths


def _index(folder, row):
    path = os.path.join(folder, "hardening-index.json")
    try:
        with open(path, encoding="utf-8") as handle:
            rows = {item["host"]: item for item in json.load(handle)["hosts"] if set(item) == set(row)}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # Not there, damaged, or of another version: the next runs fill it again.
        rows = {}
    rows[row["host"]] = row
    _put(path, json.dumps({"schema": SCHEMA + "-index", "schema_version": SCHEMA_VERSION, "hosts": [rows[name] for name in sorted(rows)]},
                          indent=1, ensure_ascii=False) + "\n")
    _put(os.path.join(folder, "hardening-index.html"), index_page(rows.values()))


@contextlib.contextmanager
def _locked(folder):
    """Hosts finish side by side, each in a process of its own."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _put(path, text):
    """Write a file whole or not at all; nothing is written through a link."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".elkit-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
        os.chmod(temporary, 0o640)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
