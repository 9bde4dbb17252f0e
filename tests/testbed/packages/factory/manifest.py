# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the manifests. Their form is described in manifests/README.md."""
import copy
import re
from pathlib import Path

import yaml

from . import derived
from .errors import FactoryError
from .nevra import Nevra, parse

LISTS = ("requires", "provides", "obsoletes", "conflicts", "recommends", "suggests", "supplements", "enhances", "files", "triggers")
WORDS = ("summary", "vendor", "packager", "key", "payload", "license", "buildhost", "modularitylabel", "relations", "sourcerpm", "installed_files")
KNOWN = set(LISTS) | set(WORDS) | {"scripts", "also", "nevra"}
_VARIABLE = re.compile(r"@([a-z_]+)@")
# Filled in per package when its spec is written, not from a manifest's vars.
PER_PACKAGE = ("name", "evr", "version", "release")


def substitute(value, variables):
    """Replace @name@ in every string of a structure. Unknown names raise FactoryError; per-package ones stay."""
    if isinstance(value, str):
        def lookup(match):
            name = match.group(1)
            if name in variables:
                return str(variables[name])
            if name in PER_PACKAGE:
                return match.group(0)
            raise FactoryError("no variable %r for %r" % (name, value[:80]))
        return _VARIABLE.sub(lookup, value)
    if isinstance(value, list):
        return [substitute(item, variables) for item in value]
    if isinstance(value, dict):
        return {substitute(key, variables): substitute(item, variables) for key, item in value.items()}
    return value


def merge(base, extra):
    """Attributes of a package: lists grow, words are replaced, scripts are joined by name."""
    unknown = set(extra) - KNOWN
    if unknown:
        raise FactoryError("unknown package attributes: %s" % ", ".join(sorted(unknown)))
    result = dict(base)
    for name, value in extra.items():
        if name in LISTS:
            result[name] = result.get(name, []) + value
        elif name == "scripts":
            result[name] = {**result.get(name, {}), **value}
        elif name not in ("also", "nevra"):
            result[name] = value
    return result


class Package:
    """One package to build: its NEVRA and attributes."""

    def __init__(self, nevra: Nevra, attributes: dict, home: str):
        self.nevra = nevra
        self.attributes = attributes
        self.home = home  # a package is made once per home, e.g. 'al9' and 'cs9' both have their own bash
        self.path = None  # the rpm, once built

    def __repr__(self):
        return "%s/%s" % (self.home, self.nevra)

    def provided(self):
        """What a Requires can name to get this package."""
        words = {self.nevra.name} | {text.split(" ")[0] for text in self.attributes.get("provides", [])}
        return words | {item["path"] for item in self.attributes.get("files", []) if "path" in item}


class Repository:
    """One repository: where it lies under the document root, its packages, and its extra metadata."""

    def __init__(self, identifier, path, packages, modules=(), advisories=(), plain=False):
        self.identifier, self.path, self.packages = identifier, path, packages
        self.modules, self.advisories, self.plain = list(modules), list(advisories), plain


class Distribution:
    """A manifest with its variables filled in."""

    def __init__(self, home, data, relations, variables, registry):
        """``registry`` holds the packages made so far; a release and its vault share one, so that common packages are made once."""
        self.home = home
        self.variables = variables
        self.data = data
        self.relations = relations
        self.major = int(data["major"]) if "major" in data else None
        self._registry = registry
        self._own = {}
        self.repositories = []
        self.installed = []
        self.payload = set()
        self._fill()

    # -- packages ------------------------------------------------------------------------------------------------------------
    def attributes(self, nevra: Nevra, extra, related=True):
        """All that the manifests say of a package; ``related`` False leaves the relations out."""
        result = merge({}, self.data.get("defaults", {}))
        if related:
            shared = self.relations["packages"].get(nevra.name, {})
            result = merge(result, self._for_major(shared))
            if nevra.arch != "noarch" and nevra.name not in self.relations["without_libc"]:
                result = merge(result, {"requires": [self.relations["libc"]]})
        own = self.data.get("packages", {}).get(nevra.name, {})
        result = merge(merge(result, self._for_major(own)), extra)
        if not related:
            result = {key: value for key, value in result.items() if key not in LISTS or key == "files"}
        return substitute(result, {**self.variables, "name": nevra.name, "evr": nevra.evr, "version": nevra.version, "release": nevra.release})

    def _for_major(self, attributes):
        result = merge({}, attributes)
        for part in attributes.get("also", []):
            if self.major in part["majors"]:
                result = merge(result, {key: value for key, value in part.items() if key != "majors"})
        return result

    def package(self, entry, related=True, home=None):
        """The package of an entry: a NEVRA, or a mapping with nevra and more attributes."""
        entry = {"nevra": entry} if isinstance(entry, str) else entry
        nevra = parse(entry["nevra"])
        home = home or self.home
        key = (home, str(nevra), entry.get("key", ""))
        if key not in self._registry:
            extra = {name: value for name, value in entry.items() if name != "nevra"}
            if extra.pop("relations", "yes") == "none":
                related = False
            self._registry[key] = Package(nevra, self.attributes(nevra, extra, related), home)
        self._own[key] = self._registry[key]
        return self._registry[key]

    def all_packages(self):
        """Every package of the manifest, once."""
        return list(self._own.values())

    # -- contents ------------------------------------------------------------------------------------------------------------
    def _entries(self, items):
        """Flatten a list of entries; `list:NAME` stands for one of the manifest's lists, or one that all manifests share."""
        for item in items:
            if isinstance(item, str) and item.startswith("list:"):
                yield from self._entries({**self.relations.get("lists", {}), **self.data.get("lists", {})}[item[5:]])
            elif isinstance(item, dict) and "repeat" in item:
                for number in range(1, item["repeat"] + 1):
                    yield {**{key: value for key, value in item.items() if key != "repeat"}, "nevra": _place(item["nevra"], {"number": "%03d" % number})}
            else:
                yield item

    def _fill(self):
        data = self.data
        hosts = data.get("hosts", {})
        for entry in self._entries(hosts.get("payload", [])):
            package = self.package(entry)
            self.installed.append(package)
            self.payload.add(package)
        self.installed += [self.package(entry) for entry in self._entries(hosts.get("installed", []))]
        for identifier, repository in data.get("repositories", {}).items():
            self._repository(identifier, repository, data["layout"])
        for plain in data.get("plain", []):
            packages = [self.package(entry, related=False, home=self.home + "-plain") for entry in self._entries(plain["packages"])]
            self.repositories.append(Repository("plain", plain["path"], packages, plain=True))

    def _repository(self, identifier, repository, layout):
        names = _names(identifier, repository)
        packages = [self.package(entry) for entry in self._entries(repository.get("packages", []))]
        modules = []
        if repository.get("modules"):
            modules = self.data.get("modules", [])
            for module in modules:
                for stream in module["streams"]:
                    label = "%s:%s:%s:%s" % (module["name"], stream["stream"], stream["version"], stream["context"])
                    stream["built"] = [self.package(merge(
                        {"nevra": entry} if isinstance(entry, str) else entry, {"modularitylabel": label})
                        if isinstance(entry, dict) else {"nevra": entry, "modularitylabel": label}) for entry in stream["packages"]]
                    packages += stream["built"]
        unique = list(dict.fromkeys(packages))
        advisories = [item for item in self.data.get("advisories", []) if item.get("repository", "baseos") == identifier]
        self.repositories.append(Repository(identifier, _place(repository.get("path", layout["binary"]), names), unique, modules, advisories))
        for kind in ("debug", "source"):
            if kind in layout and repository.get("extra", True):
                self.repositories.append(Repository(identifier + "-" + kind, _place(layout[kind], names), []))

    # -- what the mirror must know -------------------------------------------------------------------------------------------
    def mirrors(self):
        """{'mirrorlists': {release: {slug: path}}, 'metalinks': {'repo arch': path}} for this manifest."""
        answer = {"mirrorlists": {}, "metalinks": {}}
        spec = self.data.get("mirrors", {})
        layout = self.data.get("layout", {})
        for identifier, repository in self.data.get("repositories", {}).items():
            names = _names(identifier, repository)
            for kind in ("binary", "debug", "source"):
                if kind not in layout or kind != "binary" and not repository.get("extra", True):
                    continue
                path = _place(repository.get("path", layout[kind]), names)
                if kind in spec.get("slugs", {}):
                    slug = _place(spec["slugs"][kind], names)
                    for release in spec.get("releases", []):
                        answer["mirrorlists"].setdefault(str(release), {})[slug] = path
                for name in spec.get("metalinks", {}).get(kind, []):
                    answer["metalinks"][_place(name, names)] = path
        return answer

    # -- checks --------------------------------------------------------------------------------------------------------------
    def check(self):
        """Every Requires must be met by something in the manifest's repositories. Raises FactoryError with those that are not."""
        if not self.data.get("closed", True):
            return
        offered = set()
        for repository in self.repositories:
            if not repository.plain:
                for package in repository.packages:
                    offered |= package.provided()
        for package in self.installed:
            offered |= package.provided()
        missing = []
        for package in self.all_packages():
            for text in package.attributes.get("requires", []):
                if not text.startswith("(") and not package.home.endswith("-plain") and text.split(" ")[0] not in offered:
                    missing.append("%s requires %s" % (package, text))
        if missing:
            raise FactoryError("nothing in %s provides what is required:\n  %s" % (self.home, "\n  ".join(missing)))


def _names(identifier, repository):
    """What <word> may stand for in a layout, a slug or a metalink's name."""
    return {"id": identifier, "dir": repository.get("dir", identifier), "slug": repository.get("slug", identifier)}


def _place(text, names):
    for name, value in names.items():
        text = text.replace("<%s>" % name, value)
    return text


def _resolved(variables):
    """Variables whose values name other variables."""
    for _dummy in range(3):
        variables = {name: substitute(value, {**{key: "@%s@" % key for key in variables}, **variables}) if isinstance(value, str) else value
                     for name, value in variables.items()}
    return variables


def _expand_files(data):
    """files entries with `each` become one entry per variable set; text parts are joined."""
    for attributes in data.get("packages", {}).values():
        for group in [attributes] + attributes.get("also", []):
            group["files"] = [one for item in group.get("files", []) for one in _expand_file(item)]
            if not group["files"]:
                del group["files"]
    hosts = data.get("hosts", {})
    if hosts.get("files"):
        hosts["files"] = [one for item in hosts["files"] for one in _expand_file(item)]


def _fill_each(text, values):
    for name, value in values.items():
        text = text.replace("<%s>" % name, str(value))
    left = re.search(r"<[a-z]+>", text)
    if left:
        raise FactoryError("nothing given for %s in %r" % (left.group(0), text[:60]))
    return text


def _expand_file(item):
    if "parts" in item:
        content = "".join(part if isinstance(part, str) else (part.get("join", "")).join(
            _fill_each(part["text"], values) for values in part["each"]) for part in item["parts"])
        return [{**{key: value for key, value in item.items() if key != "parts"}, "content": content}]
    if "each" in item:
        return [{key: _fill_each(value, values) if isinstance(value, str) else value for key, value in item.items() if key != "each"}
                for values in item["each"]]
    return [item]


def load(folder: Path, kind=None):
    """All manifests of a folder, or one kind of its sources/. Returns (distributions, shared): shared holds relations, payloads and keys."""
    shared = {name: yaml.safe_load((folder / (name + ".yml")).read_text()) for name in ("relations", "payloads", "keys")}
    _expand_files(shared["relations"])
    distributions = []
    if kind:
        distributions = _source(folder, kind, shared)
    else:
        for path in sorted(folder.glob("*.yml")):
            if path.stem in shared:
                continue
            raw = yaml.safe_load(path.read_text())
            for number, variant in enumerate(raw.get("variants", [{}])):
                home = path.stem if number == 0 and "variants" not in raw else "%s-%s" % (path.stem, variant.get("major", number))
                distributions += _distribution(home, raw, variant, shared["relations"])
    for distribution in distributions:
        distribution.check()
    return distributions, shared


def _source(folder, kind, shared):
    """The distribution of a kind in sources/; its keys take the place of all others."""
    for path in sorted((folder / "sources").glob("*.yml")):
        source = yaml.safe_load(path.read_text())
        if kind in source["kinds"]:
            base = yaml.safe_load((folder / ("al%s.yml" % source["kinds"][kind]["major"])).read_text())
            values = _resolved({**base["vars"], "major": str(base["major"])})
            base = substitute({key: base[key] for key in ("packages", "lists", "modules", "hosts", "repositories") if key in base}, values)
            base["lists"]["identity_names"] = derived.identity_names(base)
            data, variables = derived.raw(kind, source, base, substitute)
            shared["keys"]["keys"] = source["keys"]
            return _distribution(kind, data, variables, shared["relations"])
    raise FactoryError("no file of manifests/sources has the kind %r" % kind)


def _distribution(home, raw, variant, relations):
    """The distribution of a manifest, and one for each older release it keeps in a vault."""
    try:
        registry = {}
        answer = [_one(home, raw, variant, relations, registry)]
        for old in raw.get("vault", []):
            data = {key: copy.deepcopy(value) for key, value in raw.items() if key not in ("hosts", "plain", "modules", "advisories")}
            data.update({key: value for key, value in old.items() if key != "vars"})
            answer.append(_one(home, data, {**variant, **old["vars"]}, relations, registry))
        return answer
    except (KeyError, TypeError, FactoryError) as error:
        raise FactoryError("%s: %s: %s" % (home, type(error).__name__, error))


def _one(home, raw, variant, relations, registry):
    data = copy.deepcopy(raw)
    variables = _resolved({**data.get("vars", {}), **{key: str(data[key]) for key in ("major", "distribution") if key in data}, **variant})
    if "major" in variables:
        data.setdefault("major", variables["major"])
    _expand_files(data)
    data.setdefault("packages", {})
    data = substitute({key: value for key, value in data.items() if key not in ("vars", "variants", "vault")}, variables)
    return Distribution(home, data, relations, variables, registry)
