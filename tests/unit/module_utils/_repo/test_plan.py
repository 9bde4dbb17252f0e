# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import catalogue, desired, ini, plan
from ansible_collections.elkit.almalinux.plugins.module_utils._repo.catalogue import Host
from hypothesis import given, settings
from hypothesis import strategies as st

HOSTS = {8: Host(8, 10), 9: Host(9, 8), 10: Host(10, 2)}
FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
EXTRA = {"id": "acme", "baseurl": "https://acme.example/", "gpgkey": "https://acme.example/KEY", "fingerprints": [FINGERPRINT]}
MAIN = "[main]\n# ours\ngpgcheck=1\nbest=True\n"
DIRECTORY = "/etc/yum.repos.d/"


def files(host):
    """Repository files as a release package ships them: {name: text}, with a comment and a key of nobody's."""
    texts = {}
    for name, repository in sorted(catalogue.known(host).items()):
        if repository.kind != "almalinux" or repository.suffix or repository.slug is None:
            continue
        key, url = catalogue.url(repository, host, "mirrorlist")
        texts[repository.file] = texts.get(repository.file, "") + (
            "# {0}\n[{0}]\nname = {1}\n{2}={3}\n# baseurl=https://old.example/\nenabled={4}\nunknown_key=kept\ngpgcheck=1\ngpgkey={5}\n\n".format(
                repository.id, repository.name, key, url, int(repository.enabled), repository.gpgkey))
    return texts


def make(major=9, texts=None, conf=MAIN, variables=None, **asked):
    params = {"enabled": [], "disabled": [], "undeclared": "keep", "source": None, "mirror": None, "minor": None, "vault_mirror": None,
              "options": {}, "epel": None, "extra": [], "main": {}, "vars": {}, "trusted_keys": []}
    params.update(asked)
    host = HOSTS[major]
    texts = files(host) if texts is None else texts
    return plan.make(desired.check(params, host), host, texts, conf, variables or {}), texts


def applied(planned, texts):
    """The repository files after a plan."""
    after = dict(texts)
    for path, text in planned.texts.items():
        if path.startswith(DIRECTORY):
            if text is None:
                after.pop(path[len(DIRECTORY):], None)
            else:
                after[path[len(DIRECTORY):]] = text
    return after


def state(texts, identifier):
    return plan.state_of(dict((name, ini.parse(text)) for name, text in texts.items()), identifier)[1]


def changed_lines(before, after):
    """Pairs of lines that differ; the files have as many lines."""
    old, new = before.splitlines(), after.splitlines()
    assert len(old) == len(new)
    return [(left, right) for left, right in zip(old, new) if left != right]


@pytest.mark.parametrize("major", [8, 9, 10])
def test_nothing_asked_changes_nothing(major):
    planned, _texts = make(major)
    assert planned.texts == {} and planned.rows == []


@pytest.mark.parametrize("major, identifier, file", [
    (8, "ha", "almalinux-ha.repo"), (9, "highavailability", "almalinux-highavailability.repo"),
    (10, "highavailability", "almalinux-highavailability.repo")])
def test_one_line_enables_a_repository_by_its_canonical_id(major, identifier, file):
    planned, texts = make(major, enabled=["highavailability"])
    assert list(planned.texts) == [DIRECTORY + file]
    assert changed_lines(texts[file], planned.texts[DIRECTORY + file]) == [("enabled=0", "enabled=1")]
    row = planned.rows[0]
    assert (row["id"], row["canonical"], row["changed"]) == (identifier, "highavailability", True)
    assert (row["before"]["enabled"], row["after"]["enabled"]) == (False, True)


REQUESTS = [
    {"enabled": ["crb", "ha"], "epel": True},
    {"mirror": "https://m.example/almalinux", "undeclared": "disable", "enabled": ["crb"]},
    {"mirror": "https://m.example", "source": "metalink"},
    {"options": {"appstream": {"excludepkgs": ["a*", "b"], "priority": 9}}, "disabled": ["extras"]},
    {"extra": [EXTRA, dict(EXTRA, id="other", enabled=False, options={"cost": 3})], "undeclared": "remove"},
    {"main": {"retries": 3, "best": None}, "vars": {"site": "north"}},
    {"epel": {"mirror": "https://m.example/epel", "testing": True}},
]


@pytest.mark.parametrize("major", [8, 9, 10])
@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
def test_a_second_plan_is_empty(major, request_):
    planned, texts = make(major, **request_)
    assert planned.texts
    variables = dict((path.rsplit("/", 1)[1], text) for path, text in planned.texts.items() if path.startswith(plan.VARIABLES))
    again, _texts = make(major, texts=applied(planned, texts), conf=planned.texts.get(plan.DNF_CONF, MAIN), variables=variables, **request_)
    assert again.texts == {}
    assert not [row for row in again.rows if row["changed"]]


@pytest.mark.parametrize("major", [8, 9, 10])
def test_a_mirror_replaces_the_list_in_its_place_and_keeps_the_rest(major):
    planned, texts = make(major, mirror="https://m.example/almalinux")
    for name, text in applied(planned, texts).items():
        for old, new in changed_lines(texts[name], text):
            assert old.startswith("mirrorlist=") and new.startswith("baseurl=https://m.example/almalinux/$releasever/")


@pytest.mark.parametrize("major, minor", [(8, "8.9"), (9, "9.7"), (10, "10.1")])
def test_a_minor_is_pinned_in_urls_and_taken_back_by_mirrorlist(major, minor):
    planned, texts = make(major, minor=minor)
    pinned = applied(planned, texts)
    for identifier in ("baseos", "appstream", "extras"):
        found = state(pinned, identifier)
        assert "mirrorlist" not in found and "/" + minor + "/" in found["baseurl"] and "$releasever" not in found["baseurl"]
    assert plan.DNF_CONF not in planned.texts and not [path for path in planned.texts if path.startswith(plan.VARIABLES)]
    back, _texts = make(major, texts=pinned, source="mirrorlist")
    assert applied(back, pinned) == texts


@pytest.mark.parametrize("major", [8, 9, 10])
def test_epel_is_made_where_it_is_missing_with_crb(major):
    planned, texts = make(major, epel=True)
    after = applied(planned, texts)
    assert state(after, "epel")["enabled"] == "1" and "metalink" in state(after, "epel")
    assert state(after, "powertools" if major == 8 else "crb")["enabled"] == "1"
    assert state(after, "epel-next") is None
    assert [key.repository for key in planned.keys if key.fetch], "its key can be fetched"


def test_an_enabled_repository_is_checked_again_unless_named():
    texts = files(HOSTS[9])
    texts["almalinux-crb.repo"] = texts["almalinux-crb.repo"].replace("gpgcheck=1", "gpgcheck=0")
    assert state(applied(*make(texts=texts, enabled=["crb"])), "crb")["gpgcheck"] == "1"
    assert state(applied(*make(texts=texts, enabled=["crb"], options={"crb": {"gpgcheck": False}})), "crb")["gpgcheck"] == "0"


@pytest.mark.parametrize("undeclared, alien, crb", [("keep", "1", "1"), ("disable", "0", "0"), ("remove", None, "0")])
def test_what_nobody_declared(undeclared, alien, crb):
    texts = files(HOSTS[9])
    texts["alien.repo"] = "# theirs\n[alien]\nname=x\nbaseurl=file:///x\nenabled=1\n"
    texts["almalinux-crb.repo"] = texts["almalinux-crb.repo"].replace("enabled=0", "enabled=1")
    planned, _texts = make(texts=texts, undeclared=undeclared, main={"retries": 1})
    after = applied(planned, texts)
    assert (state(after, "alien") or {}).get("enabled") == alien
    assert state(after, "crb")["enabled"] == crb
    assert state(after, "baseos")["enabled"] == "1", "shipped enabled counts as named"


def test_epel_next_is_disabled_with_a_warning():
    texts = dict(files(HOSTS[9]), **{"epel-next.repo": "[epel-next]\nname=x\nmetalink=https://x/\nenabled=1\n"})
    planned, _texts = make(texts=texts)
    assert state(applied(planned, texts), "epel-next")["enabled"] == "0"
    assert "epel-next" in planned.warnings[0]


def test_an_extra_repository_comes_and_goes():
    planned, texts = make(extra=[EXTRA])
    there = applied(planned, texts)
    assert state(there, "acme") == {"name": "acme", "baseurl": "https://acme.example/", "enabled": "1", "gpgcheck": "1",
                                    "gpgkey": "https://acme.example/KEY"}
    assert [(key.repository, key.pinned) for key in planned.keys if key.repository == "acme"] == [("acme", {FINGERPRINT})]
    gone, _texts = make(texts=there, extra=[{"id": "acme", "state": "absent"}])
    assert gone.texts == {DIRECTORY + "acme.repo": None}
    row = gone.rows[0]
    assert row["after"] is None and row["before"]["enabled"] is True


def test_a_repository_in_two_files_is_right_in_both():
    texts = files(HOSTS[9])
    texts["zz.repo"] = "[crb]\nname=again\nbaseurl=https://x/\nenabled=0\n"
    after = applied(*make(texts=texts, enabled=["crb"]))
    assert "enabled=1" in after["zz.repo"] and "enabled=1" in after["almalinux-crb.repo"]


def test_dnf_conf_and_variables():
    planned, _texts = make(main={"retries": 3, "best": None}, vars={"site": "north", "gone": None}, variables={"gone": "x\n"})
    assert planned.texts[plan.DNF_CONF] == "[main]\n# ours\ngpgcheck=1\nretries=3\n"
    assert planned.texts[plan.VARIABLES + "/site"] == "north\n"
    assert planned.texts[plan.VARIABLES + "/gone"] is None
    assert make(conf=None)[0].texts == {}


def test_of_an_id_in_two_files_the_first_says_whether_it_is_enabled():
    off, on = "[x]\nbaseurl=http://x/\nenabled=0\n", "[x]\nbaseurl=http://x/\n"
    assert plan.enabled_ids({"a.repo": ini.parse(off), "b.repo": ini.parse(on)}) == []
    assert plan.enabled_ids({"a.repo": ini.parse(on), "b.repo": ini.parse(off)}) == ["x"]


@pytest.mark.parametrize("written, enabled", [
    ("1", True), ("Yes", True), ("on", True), ("0", False), ("False", False), ("off", False),
    # What is no boolean to dnf it passes over, and a repository is enabled where nothing else is said.
    ("enabled", True), ("disabled", True), ("2", True), ("", True)])
def test_what_dnf_takes_for_enabled(written, enabled):
    assert plan.enabled_ids({"a.repo": ini.parse("[x]\nbaseurl=http://x/\nenabled={0}\n".format(written))}) == (["x"] if enabled else [])


@pytest.mark.parametrize("given, warned", [({"priority": 5}, True), ({"priority": None}, False)])
def test_options_of_a_repository_that_is_not_there_are_told(given, warned):
    planned, _texts = make(options={"epel": given})
    assert planned.texts == {} and [line.startswith("epel is not on this host") for line in planned.warnings] == [True] * warned
    planned, texts = make(options={"epel": given}, epel=True)
    assert planned.warnings == [] and state(applied(planned, texts), "epel").get("priority") == ("5" if warned else None)


def test_rows_hold_no_password():
    planned, _texts = make(mirror="https://me:s3cr3t@m.example/almalinux", options={"extras": {"password": "0ther"}})
    assert "s3cr3t" in str(planned.texts) and "s3cr3t" not in str(planned.rows) and "0ther" not in str(planned.rows)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abc=[]# \n\t;%$", max_size=80), st.sampled_from(REQUESTS))
def test_a_file_of_others_is_not_touched(text, request_):
    """Whatever stands in a file that has nothing of ours comes out byte for byte."""
    if request_.get("undeclared"):
        request_ = dict(request_, undeclared="keep")
    texts = dict(files(HOSTS[9]), **{"others.repo": text})
    planned, _texts = make(texts=texts, **request_)
    assert DIRECTORY + "others.repo" not in planned.texts
