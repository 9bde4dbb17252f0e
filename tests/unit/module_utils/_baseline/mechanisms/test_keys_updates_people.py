# SPDX-License-Identifier: GPL-3.0-or-later
"""The distribution's key, security updates that wait, and what people alone can see to."""
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import rpm_key as kind
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import manual, rpm_key, updates
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError, TrustError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result

KEYS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "fixtures", "keys")
# Release 8's file holds two; the second, which is pinned last, signs today. Those of 9 and 10, as in the catalogue.
OLD8, NOW8 = "5E9B8F5617B5066CE92057C3488FCF7C3ABB34F8", "BC5EDDCADF502C077F1582882AE81E8ACED7258B"
KEY9, KEY10 = "BF18AC2876178908D6E71267D36CB86CB86B3716", "EE6DB7B98F5BF5EDD9DA0DE5DEE5C11CC2A1E572"
OTHER = "DA931115AA02F8CBB3FDB863241C6B85264080D3"
FILE = "/etc/pki/rpm-gpg/RPM-GPG-KEY-AlmaLinux"


class Host(object):
    """A tree with a key file and an rpm that has keys; all commands are kept.

    :param keys: short ids that rpm has, with their releases: {"ced7258b": "6525146f"}
    """

    def __init__(self, root, keys, file=None):
        self.keys = keys
        self.asked = []
        if file is not None:
            place = root / FILE.lstrip("/")
            place.parent.mkdir(parents=True)
            with open(os.path.join(KEYS, file), "rb") as source:
                place.write_bytes(source.read())
        self.context = Context(root=str(root), run=self.run)
        self.view = View(self.context)

    def run(self, argv, **more):
        self.asked.append(argv)
        if argv[:3] == ["rpm", "-q", "gpg-pubkey"]:
            lines = ["{0} gpg-pubkey-{0}-{1}\n".format(key, self.keys[key]) for key in sorted(self.keys)]
            # What rpm says of none, with code 1.
            return Result(0 if lines else 1, "".join(lines) or "package gpg-pubkey is not installed\n", "")
        return Result(0, "", "")


def key_control(*fingerprints, **more):
    return Control({"id": "a", "mechanism": "rpm_key", "args": dict(more, fingerprints=list(fingerprints), file=FILE)})


# --- the distribution's key ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fingerprints, more, keys, ok", [
    ((OLD8, NOW8), None, {"ced7258b": "6525146f"}, True),
    ((OLD8, NOW8), None, {"3abb34f8": "5ffd890e", "ced7258b": "6525146f"}, True),
    ((OLD8, NOW8), None, {"3abb34f8": "5ffd890e"}, False),                            # its time was up in 2024: what is signed today is not trusted
    ((OLD8, NOW8), None, {}, False),
    ((KEY9,), None, {"b86b3716": "61e69f29"}, True),
    ((KEY9,), None, {"c2a1e572": "66838a30"}, False),                                 # release 10's
    ((KEY10,), None, {"c2a1e572": "66838a30"}, True),
    ((KEY10,), [OTHER], {"264080d3": "6b050b61"}, True),                              # that of a mirror that signs anew, which the user trusts
    ((KEY10,), [], {"264080d3": "6b050b61"}, False),
])
def test_a_key_is_trusted(tmp_path, fingerprints, more, keys, ok):
    found = rpm_key.check(key_control(*fingerprints, more=more), Host(tmp_path, keys).view)
    assert (found.ok, found.before, found.after) == (ok, "trusted" if ok else "not trusted", "trusted")


@pytest.mark.parametrize("file, fingerprints, more, planned", [
    ("RPM-GPG-KEY-AlmaLinux", (OLD8, NOW8), None, ["3abb34f8", "ced7258b"]),          # rpm takes both, and the undo gives both back
    ("ed25519.asc", (KEY9,), [OTHER.lower()], ["264080d3"]),
    ("ed25519.asc", (KEY9,), ["DA93 1115 AA02 F8CB B3FD B863 241C 6B85 2640 80D3"], ["264080d3"]),    # as gpg prints it
])
def test_the_keys_of_the_file_are_taken(tmp_path, file, fingerprints, more, planned):
    view = Host(tmp_path, {}, file).view
    control = key_control(*fingerprints, more=more)
    rpm_key.fix(control, view)
    assert view.changes() == ({}, dict((("rpm_key", "{0} {1}".format(FILE, key)), True) for key in planned))
    assert rpm_key.check(control, view).ok


@pytest.mark.parametrize("file, fingerprints, error, words, remedy", [
    (None, (KEY9,), NotFixable, "there is no " + FILE, "Install almalinux-release"),
    ("ed25519.asc", (KEY9,), NotFixable, "holds a key that is not AlmaLinux's", "dnf reinstall almalinux-release"),
    ("RPM-GPG-KEY-AlmaLinux", (NOW8,), NotFixable, "holds a key that is not AlmaLinux's", "see who changed it"),     # one good, one that nobody pinned
])
def test_a_file_with_another_key_is_not_taken(tmp_path, file, fingerprints, error, words, remedy):
    view = Host(tmp_path, {}, file).view
    with pytest.raises(error, match=words) as caught:
        rpm_key.fix(key_control(*fingerprints), view)
    assert remedy in caught.value.remedy and view.changes() == ({}, {})


def test_a_file_that_is_no_key(tmp_path):
    host = Host(tmp_path, {}, "ed25519.asc")
    (tmp_path / FILE.lstrip("/")).write_text("404 Not Found\n")
    with pytest.raises(TrustError, match=FILE):
        rpm_key.fix(key_control(KEY9), host.view)
    assert host.view.changes() == ({}, {}) and host.asked == []


def test_rpm_takes_a_key_and_gives_back_that_one_alone(tmp_path):
    host = Host(tmp_path, {"ced7258b": "6525146f", "264080d3": "6b050b61"})
    kind.put(host.context, FILE + " b86b3716", True)
    assert host.asked[1:] == [["rpm", "--import", host.context.at(FILE)]]
    del host.asked[:]
    kind.put(host.context, FILE + " ced7258b", True)
    assert len(host.asked) == 1, "it came with another one of the file"
    del host.asked[:]
    kind.put(host.context, FILE + " ced7258b", False)
    assert host.asked[1:] == [["rpm", "-e", "--allmatches", "gpg-pubkey-ced7258b-6525146f"]]
    del host.asked[:]
    kind.put(host.context, FILE + " b86b3716", False)
    assert len(host.asked) == 1, "one that is not there is not taken out"


# --- security updates ------------------------------------------------------------------------------------------------

def pending(*types):
    return [{"name": "p{0:02}".format(number), "nevra": "p{0:02}-1-1.x86_64".format(number), "type": word} for number, word in enumerate(types)]


@pytest.mark.parametrize("answer, ok, before", [
    ([], True, "none waits"),
    (pending("bugfix", "enhancement", None, "newpackage"), True, "none waits"),
    (pending("bugfix", "security"), False, "1 wait: p01"),
    (pending("Security", "security"), False, "2 wait: p00, p01"),
    (pending("security") + pending("security"), False, "1 wait: p00"),                          # the same package for two architectures
    (pending(*["security"] * 12), False, "12 wait: p00, p01, p02, p03, p04, p05, p06, p07, p08, p09"),
    ([{"nevra": "a-1-1.noarch", "type": "security"}, {"type": "security"}], False, "2 wait: ?, a-1-1.noarch"),
])
def test_security_updates_that_wait(tmp_path, monkeypatch, answer, ok, before):
    asked = []

    def call(operation, request, **more):
        asked.append(operation)
        return {"pending": answer}
    monkeypatch.setattr(client, "call", call)
    control, view = Control({"id": "a", "mechanism": "updates"}), Host(tmp_path, {}).view
    found = updates.check(control, view)
    assert (found.ok, found.before, found.after) == (ok, before, "none waits")
    assert updates.check(control, view).ok is ok and asked == ["updates"], "dnf is asked once"
    with pytest.raises(NotFixable, match="security updates wait") as caught:
        updates.fix(control, view)
    assert "dnf upgrade --security" in caught.value.remedy and view.changes() == ({}, {})


def test_no_answer_is_no_pass(tmp_path, monkeypatch):
    def call(operation, request, **more):
        raise CommandError("dnf did not answer", command=["dnf"], rc=None, stderr="")
    monkeypatch.setattr(client, "call", call)
    with pytest.raises(CommandError, match="did not answer"):
        updates.check(Control({"id": "a", "mechanism": "updates"}), Host(tmp_path, {}).view)


# --- what people alone can see to ------------------------------------------------------------------------------------

def test_for_people(tmp_path):
    view = Host(tmp_path, {}).view
    control = Control({"id": "a", "mechanism": "manual", "args": {"reason": "known by people alone", "remedy": "Compare them"}})
    found = manual.check(control, view)
    assert (found.ok, found.applies, found.before, found.note) == (False, True, "not known", "known by people alone")
    with pytest.raises(NotFixable, match="known by people alone") as caught:
        manual.fix(control, view)
    assert caught.value.remedy == "Compare them" and view.changes() == ({}, {})


@pytest.mark.parametrize("args, missing", [({"remedy": "x"}, "reason"), ({"reason": "x"}, "remedy")])
def test_for_people_with_a_word_missing(tmp_path, args, missing):
    control = Control({"id": "a", "mechanism": "manual", "args": args})
    with pytest.raises(ControlError, match="has no " + missing):
        manual.fix(control, Host(tmp_path, {}).view)
