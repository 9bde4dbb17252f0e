# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests of distributions that are built from the same sources as AlmaLinux: manifests/sources/*.yml say what differs."""
import copy

from .errors import FactoryError
from .nevra import parse


def raw(name, source, like, substitute):
    """The manifest of one kind, as if a person had written it out.

    :param name: the kind, one of *source*'s kinds
    :param source: what a file of manifests/sources holds
    :param like: the manifest of the AlmaLinux of that major, its variables filled in
    :param substitute: manifest.substitute
    :returns: (manifest, variables)
    """
    variables = {"major": None, **source["kinds"][name]}
    words = substitute({key: source[key] for key in ("rename", "rebuilt", "without", "streams", "repositories") if key in source},
                       {**source.get("vars", {}), **variables})
    change = _Change(words.get("rename", {}), words.get("rebuilt", {}), set(like["lists"]["identity_names"]) | set(words.get("without", ())))
    own = copy.deepcopy({key: value for key, value in source.items() if key not in (
        "kinds", "rename", "rebuilt", "without", "streams", "repositories", "keys")})
    own["major"] = variables["major"]
    own["packages"] = {**{key: value for key, value in like["packages"].items() if key not in change.without}, **own.get("packages", {})}
    lists = {key: change.entries(value) for key, value in like["lists"].items() if key not in ("identity", "identity_names")}
    own["lists"] = {**lists, **own.get("lists", {})}
    own["repositories"] = {}
    for identifier, repository in words["repositories"].items():
        found = [like["repositories"][known] for known in repository.get("like", []) if known in like["repositories"]]
        packages = [entry for one in found for entry in change.entries(one.get("packages", []))]
        own["repositories"][identifier] = {
            **{key: value for one in found for key, value in one.items() if key not in ("packages", "dir", "slug")},
            **{key: value for key, value in repository.items() if key != "like"},
            "packages": packages + repository.get("packages", [])}
    own["modules"] = _modules(like.get("modules", []), change, words.get("streams", {}))
    hosts = {key: change.entries(like["hosts"][key]) for key in ("payload", "installed")}
    own["hosts"] = {**own.get("hosts", {}), **{key: hosts[key] + own.get("hosts", {}).get(key, []) for key in hosts}}
    return own, variables


class _Change:
    """What happens to a package on its way from AlmaLinux's list to another's."""

    def __init__(self, rename, rebuilt, without):
        self.rename, self.rebuilt, self.without = rename, rebuilt, without

    def entries(self, items):
        """The list, with names and releases of the other distribution."""
        return [entry for entry in map(self._entry, items) if entry is not None]

    def _entry(self, item):
        if isinstance(item, str):
            return item if item.startswith("list:") else self._nevra(item)
        if item.get("key"):  # signed by another key of AlmaLinux
            return None
        text = self._nevra(item["nevra"])
        return text and {**item, "nevra": text}

    def _nevra(self, text):
        nevra = parse(text)
        if nevra.name in self.without:
            return None
        release = nevra.release + self.rebuilt.get(nevra.name, "")
        return str(nevra._replace(name=self.rename.get(nevra.name, nevra.name), release=release))


def _modules(modules, change, streams):
    answer = copy.deepcopy(modules)
    for module in answer:
        for stream in module["streams"]:
            stream["packages"] = change.entries(stream["packages"])
            stream["stream"] = streams.get(stream["stream"], stream["stream"])
        module["default_profiles"] = {streams.get(name, name): value for name, value in module.get("default_profiles", {}).items()}
        if "default" in module:
            module["default"] = streams.get(module["default"], module["default"])
    return answer


def identity_names(like):
    """Names of the packages of the list identity."""
    try:
        return [parse(text).name for text in like["lists"]["identity"]]
    except KeyError as error:
        raise FactoryError("the manifest to derive from has no %s" % error)
