# SPDX-License-Identifier: GPL-3.0-or-later
"""One repository file as facts: by table."""
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import repositories


@pytest.mark.parametrize("line, enabled", [
    ("", True), ("enabled=1", True), ("enabled=Off", False),
    # dnf passes over what is no boolean to it.
    ("enabled=disabled", True), ("enabled=2", True)])
def test_enabled_is_what_dnf_makes_of_it(line, enabled):
    found, problems = repositories.parse("/x.repo", "[x]\nbaseurl=http://x/\n{0}\n".format(line), {}, 9, {})
    assert (found[0]["enabled"], problems) == (enabled, [])


@pytest.mark.parametrize("repo_id, takes", [
    ("copr:example.com_a-b", True), ("my repo", False), ("a/b", False), ("b\u00fccher", False), ("x-$releasever-${basearch}", True),
    ("x-$place", True), ("x-${path}", False), ("x-$", False)])
def test_ids_that_dnf_does_not_take(repo_id, takes):
    variables = {"place": "here", "path": "a/b"}
    found = repositories.parse("/x.repo", "[{0}]\nbaseurl=http://x/\n".format(repo_id), {}, 9, variables)[0]
    assert [(item["id"], item["enabled"], item["ignored"]) for item in found] == [(repo_id, takes, not takes)]
    assert [repo_id in error and "/x.repo" in error for error in repositories.check(found, variables)] == ([] if takes else [True])


@pytest.mark.parametrize("text, secret", [
    ("baseurl=https://svc:$mirrorpw@x/$stream/", {"mirrorpw"}), ("baseurl=https://$account:${mirrorpw}@x/", {"account", "mirrorpw"}),
    ("#baseurl=https://svc:$mirrorpw@x/", {"mirrorpw"}), ("baseurl=https://x/$stream/?access_token=$mirrorpw", {"mirrorpw"}),
    ("password=$mirrorpw", {"mirrorpw"}), ("username=$account\nproxy_password = ${mirrorpw:-none}", {"mirrorpw"}),
    ("proxy=http://$account:pw@proxy:3128/", {"account"}), ("baseurl=https://svc:$stream@x/$stream/", {"stream"}),
    ("baseurl=https://x/$stream/$account/$mirrorpw/", set())])
def test_variables_that_stand_for_a_secret_are_masked(text, secret):
    variables = {"account": "svc", "mirrorpw": "s3cret", "stream": "9"}
    shown = repositories.shown(variables, ["[main]\n", "[x]\n" + text + "\n"])
    assert dict((name, value) for name, value in variables.items() if shown[name] != value) == dict((name, variables[name]) for name in secret)
    assert set(shown[name] for name in secret) <= {"***"}


@pytest.mark.parametrize("name, value, shown", [
    ("mirrorpass", "s3cret", "***"), ("API_TOKEN", "s3cret", "***"), ("entitlement_key", "s3cret", "***"), ("mirrorpass", "", ""),
    ("mirror", "https://svc:s3cret@x", "https://***@x"), ("contentdir", "almalinux", "almalinux")])
def test_a_variable_by_its_name_or_value(name, value, shown):
    assert repositories.shown({name: value}, []) == {name: shown}
