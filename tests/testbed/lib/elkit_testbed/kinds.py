# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of host: what manifests/*.yml, kinds.yml and official.yml say."""
from dataclasses import dataclass, field, replace

import yaml

from .errors import TestbedError
from .paths import TESTBED


@dataclass(frozen=True)
class Kind:
    """One kind of host. ``manifest`` names the file in manifests/, ``base`` the userland, ``official`` a vendor's image or None."""

    name: str
    manifest: str
    base: str
    distribution: str
    major: int
    official: str = None
    # Made when first asked for, with packages and repositories of its own: a kind of manifests/sources/*.yml.
    derived: bool = False
    # A kind of kinds.yml's layers: the kind below it and the folder of images/ that is run in its image.
    below: str = None
    layer: str = None
    systemd: bool = True
    groups: tuple = field(default=())


def _load(name):
    with open(TESTBED / name, encoding="utf-8") as stream:
        return yaml.safe_load(stream) or {}


def bases():
    """Suite by base name, e.g. {'debian13': 'trixie'}."""
    return {name: base["suite"] for name, base in _load("kinds.yml")["bases"].items()}


def _of_manifest(name, manifest, base, officials):
    data = _load("manifests/%s.yml" % manifest)
    try:
        distribution, major = data["distribution"], int(data["major"])
    except (KeyError, TypeError, ValueError):
        raise TestbedError("tests/testbed/manifests/%s.yml needs distribution and major at its top" % manifest)
    family = "almalinux" if distribution == "almalinux" else "sources"
    return Kind(name=name, manifest=manifest, base=data.get("base", base), distribution=distribution, major=major,
                official=officials.get(name), groups=(family, "el%d" % major))


def kinds():
    """All kinds by name."""
    config, officials = _load("kinds.yml"), _load("official.yml")["images"]
    found = {}
    for path in sorted((TESTBED / "manifests").glob("*.yml")):
        data = _load("manifests/" + path.name)
        if isinstance(data, dict) and "distribution" in data and "major" in data:
            found[path.stem] = _of_manifest(path.stem, path.stem, config["default_base"], officials)
    for path in sorted((TESTBED / "manifests" / "sources").glob("*.yml")):
        data = _load("manifests/sources/" + path.name)
        for name, variables in data["kinds"].items():
            found[name] = Kind(name=name, manifest=name, base=config["default_base"], distribution=data["distribution"],
                               major=int(variables["major"]), derived=True, groups=("sources", "el%s" % variables["major"]))
    for name, variant in config["variants"].items():
        if variant["manifest"] in found:
            kind = _of_manifest(name, variant["manifest"], config["default_base"], officials)
            found[name] = Kind(**{**kind.__dict__, "base": variant["base"]})
    for name, layer in config["layers"].items():
        if layer["below"] in found:
            kind = found[layer["below"]]
            found[name] = replace(kind, name=name, below=kind.name, layer=layer.get("layer"), systemd=layer.get("systemd", True))
    return found


def kind_named(name):
    """The kind of that name. Raises TestbedError with the known names."""
    known = kinds()
    if name not in known:
        raise TestbedError("there is no kind of host %r; known: %s (write NAME:KIND for another name)" % (name, ", ".join(sorted(known))))
    return known[name]
