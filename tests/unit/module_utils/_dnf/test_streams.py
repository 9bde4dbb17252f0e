# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import modulesd, streams
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError


def enabled(stream, *profiles):
    return {"stream": stream, "profiles": sorted(profiles), "state": "enabled"}


DISABLED = {"stream": None, "profiles": [], "state": "disabled"}


@pytest.mark.parametrize("item, expected", [
    ("nodejs", ("nodejs", None, [], "enabled")),
    ("nodejs:20", ("nodejs", "20", [], "enabled")),
    ("nodejs:20/common", ("nodejs", "20", ["common"], "installed")),
    ("nodejs/common,development", ("nodejs", None, ["common", "development"], "installed")),
    ({"name": "php", "stream": 8.2, "state": "installed"}, ("php", "8.2", [], "installed")),
    ({"name": "php:8.2", "profiles": "common"}, ("php", "8.2", ["common"], "installed")),
    ({"name": "nginx", "state": "disabled"}, ("nginx", None, [], "disabled")),
    ({"name": "nginx", "state": "reset"}, ("nginx", None, [], "reset")),
])
def test_parse_item(item, expected):
    wanted = streams.parse_item(item)
    assert (wanted.name, wanted.stream, wanted.profiles, wanted.state) == expected


@pytest.mark.parametrize("item, words", [
    ("a b", "no module stream"),
    ("", "no module stream"),
    ({"stream": "20"}, "no name of a module"),
    ({"name": "a", "version": "1"}, "unknown field version"),
    ({"name": "a:1", "stream": "2"}, "given twice"),
    ({"name": "a", "state": "absent"}, "unknown state absent"),
    ({"name": "a", "state": "disabled", "profiles": ["x"]}, "to have profiles"),
    ({"name": "a", "state": "enabled", "profiles": ["x"]}, "enabled only"),
])
def test_bad_items_are_refused(item, words):
    with pytest.raises(InputError, match=words):
        streams.parse_item(item)


def test_a_module_is_named_once():
    with pytest.raises(InputError, match="nodejs is named twice"):
        streams.parse_items(["nodejs:20", "nodejs:22"])


@pytest.mark.parametrize("current, item, expected", [
    (modulesd.empty(), "a:1", True),
    (enabled("1"), "a:1", False),
    (enabled("1"), "a", False),
    (enabled("2"), "a:1", True),
    (DISABLED, "a:1", True),
    (enabled("1"), "a:1/common", True),
    (enabled("1", "common"), "a:1/common", False),
    (enabled("1", "common", "x"), "a/common", False),
    (enabled("1", "x"), {"name": "a", "state": "installed"}, False),
    (enabled("1"), {"name": "a", "state": "installed"}, True),
    (DISABLED, {"name": "a", "state": "disabled"}, False),
    (modulesd.empty(), {"name": "a", "state": "disabled"}, True),
    (modulesd.empty(), {"name": "a", "state": "reset"}, False),
    (DISABLED, {"name": "a", "state": "reset"}, True),
])
def test_needs_work(current, item, expected):
    assert streams.needs_work(current, streams.parse_item(item)) is expected


def test_a_switch_is_refused_unless_allowed():
    wanted = streams.parse_items(["nodejs:22"])
    with pytest.raises(InputError, match="nodejs has the stream 20 enabled, and 22 is wanted.*allow_switch"):
        try:
            streams.check_switches({"nodejs": enabled("20")}, wanted, False)
        except InputError as error:
            raise InputError(str(error))
    streams.check_switches({"nodejs": enabled("20")}, wanted, True)
    streams.check_switches({"nodejs": DISABLED}, wanted, False)
    streams.check_switches({}, wanted, False)


@pytest.mark.parametrize("current, item, stream, profiles, expected", [
    (modulesd.empty(), "a:1", "1", [], enabled("1")),
    (enabled("1", "x"), "a:1/y", "1", ["y"], enabled("1", "x", "y")),
    # A switch forgets the profiles of the old stream.
    (enabled("2", "x"), "a:1", "1", [], enabled("1")),
    (enabled("1", "x"), {"name": "a", "state": "disabled"}, None, [], DISABLED),
    (enabled("1", "x"), {"name": "a", "state": "reset"}, None, [], modulesd.empty()),
])
def test_predict(current, item, stream, profiles, expected):
    assert streams.predict(current, streams.parse_item(item), stream, profiles) == expected


@pytest.mark.parametrize("current, item, switched, stream, switch", [
    (enabled("1"), "a:2", [], "2", True),
    (enabled("1"), "a:1", [], "1", False),
    (enabled("1"), "a", [], "1", False),
    (modulesd.empty(), "a:1", [], "1", False),
    (DISABLED, "a:1", [], "1", False),
    # The killed run had the new stream written, and not all of its packages.
    (enabled("2"), "a:2", ["a"], "2", True),
    (enabled("2"), "a", ["a"], "2", True),
    (enabled("2"), "a:2", ["b"], "2", False),
])
def test_jobs(current, item, switched, stream, switch):
    wanted = streams.parse_item(item)
    assert streams.jobs({"a": current}, [wanted], switched) == [
        {"name": "a", "stream": stream, "profiles": wanted.profiles, "state": wanted.state, "switch": switch}]
