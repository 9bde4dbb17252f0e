# SPDX-License-Identifier: GPL-3.0-or-later
"""repositories on all majors: what check mode says is what is done, dnf agrees with it, and the way back is exact."""
import json
import re

import pytest

from .conftest import STATE

ALL = ("t8", "t9", "t10", "td12")
EVERYONE = ":".join(ALL)
MODULE = "elkit.almalinux.repositories"
TRUSTED = "{{ repositories_trusted_keys }}"
OLDER = {"t8": "8.9", "t9": "9.7", "t10": "10.1", "td12": "9.7"}
CRB = {"t8": "powertools", "t9": "crb", "t10": "crb", "td12": "crb"}
HA = {"t8": "ha", "t9": "highavailability", "t10": "highavailability", "td12": "highavailability"}
MIRROR = "https://mirror.elkit.test"
SECRET = "mirror-secret"


def task(name, desired, **more):
    return dict({"name": name, MODULE: dict({"trusted_keys": TRUSTED}, **desired), "diff": True}, **more)


def look(name):
    return {"name": name, "ansible.builtin.shell": STATE, "changed_when": False, "check_mode": False}


def journey(play, desired, arguments=(), hosts=EVERYONE):
    """Check, apply, again, dnf's own view, and back, with a look at the host's files between; holds for any desired state."""
    run = play(hosts, [
        look("first"),
        task("check", desired, check_mode=True),
        look("checked"),
        task("apply", desired),
        look("applied"),
        task("again", desired),
        # dnf shows the URLs with their passwords, which this play must not.
        {"name": "repoinfo", "ansible.builtin.shell": "dnf -q -v repolist --all | sed 's#//[^@/ ]*@#//#'", "changed_when": False},
        {"name": "revert check", MODULE: {"state": "reverted"}, "check_mode": True, "diff": True},
        look("back checked"),
        {"name": "revert", MODULE: {"state": "reverted"}, "diff": True},
        look("back"),
        {"name": "revert again", MODULE: {"state": "reverted"}},
    ], arguments=arguments)
    assert run.rc == 0, run.output
    assert "Traceback" not in run.output
    for host in hosts.split(":"):
        states = {name: run.result(host, name)["stdout"] for name in ("first", "checked", "applied", "back checked", "back")}
        checked, applied, again = (run.result(host, name) for name in ("check", "apply", "again"))
        assert checked["changed"] and applied["changed"]
        for part in ("repositories", "files", "imported_keys", "diff"):
            assert checked[part] == applied[part], f"{host}: check mode said something else about {part}"
        assert states["checked"] == states["first"], "check mode changed something"
        assert states["applied"] != states["first"]
        assert again["changed"] is False and not again["files"] and not again["imported_keys"] and not again["diff"]
        assert not any(row["changed"] for row in again["repositories"])
        seen = enabled_by_dnf(run, host)
        assert enabled_of(applied) <= seen, "dnf sees what was enabled"
        assert not disabled_of(applied) & seen
        assert run.result(host, "revert check")["changed"] and run.result(host, "revert")["changed"]
        assert states["back checked"] == states["applied"] and states["back"] == states["first"], "the way back is not exact"
        assert run.result(host, "revert check")["files"] == run.result(host, "revert")["files"] == applied["files"]
        assert run.result(host, "revert again")["changed"] is False
    return run


def enabled_by_dnf(run, host):
    """Ids of the repositories that dnf itself calls enabled."""
    blocks = re.split(r"\n\s*\n", run.result(host, "repoinfo")["stdout"])
    values = [dict(re.findall(r"^(Repo-[\w-]+)\s*:\s*(.*)$", block, re.M)) for block in blocks]
    return {item["Repo-id"] for item in values if item.get("Repo-status") == "enabled"}


def enabled_of(result):
    return {row["id"] for row in result["repositories"] if row["after"] and row["after"]["enabled"]}


def disabled_of(result):
    return {row["id"] for row in result["repositories"] if row["after"] and not row["after"]["enabled"]}


def row(result, identifier):
    return next(item for item in result["repositories"] if item["id"] == identifier)


def diff_of(result, path):
    """(lines that go, lines that come) of one file in a result's diff."""
    part = next(item for item in result["diff"] if item["after_header"] == path)
    before, after = part["before"].splitlines(), part["after"].splitlines()
    return [line for line in before if line not in after], [line for line in after if line not in before]


def config(repoinfo, identifier):
    """What dnf says of one repository: {"Repo-baseurl": …}."""
    for block in re.split(r"\n\s*\n", repoinfo):
        values = dict(re.findall(r"^(Repo-[\w-]+)\s*:\s*(.*)$", block, re.M))
        if values.get("Repo-id") == identifier:
            return values
    raise AssertionError(f"dnf does not list {identifier}:\n{repoinfo}")


def test_canonical_ids_epel_options_main_and_variables(play, hosts, keys):
    run = journey(play, {
        "enabled": ["crb", "highavailability"], "epel": True,
        "options": {"appstream": {"excludepkgs": ["nginx*", "redis"], "priority": 90}, "crb": {"cost": 500}},
        "main": {"max_parallel_downloads": 7, "best": None}, "vars": {"elkit_site": "north"}})
    for host in ALL:
        applied, repolist = run.result(host, "apply"), enabled_by_dnf(run, host)
        assert {CRB[host], HA[host], "epel", "baseos", "appstream", "extras"} <= repolist
        assert "epel-next" not in repolist
        assert row(applied, CRB[host])["canonical"] == "crb" and row(applied, HA[host])["canonical"] == "highavailability"
        assert all(item["verified"] for item in applied["repositories"] if item["after"]["enabled"])
        major = "9" if host == "td12" else host[1:]
        assert {keys["almalinux-" + major], keys["epel-" + major]} <= {key["fingerprint"] for key in applied["imported_keys"]}
        gone, come = diff_of(applied, "/etc/dnf/dnf.conf")
        assert gone == ["best=True"] and come == ["max_parallel_downloads=7"]
        assert diff_of(applied, "/etc/dnf/vars/elkit_site") == ([], ["north"])
        appstream = config(run.result(host, "repoinfo")["stdout"], "appstream")
        assert appstream.get("Repo-exclude-packages", appstream.get("Repo-exclude", "")).replace(",", " ").split() == ["nginx*", "redis"]


@pytest.mark.parametrize("source, where", [("baseurl", ("t8", "t10")), ("mirrorlist", ("td12",)), ("metalink", ("t9", "t10"))])
def test_one_mirror_for_all(play, hosts, source, where):
    # The mirror service is itself the mirror of lists.
    mirror = MIRROR + "/almalinux" if source == "baseurl" else "https://mirrors.almalinux.org"
    run = journey(play, {"enabled": ["crb"], "source": source, "mirror": mirror, "undeclared": "disable"}, hosts=":".join(where))
    for host in where:
        for identifier in ("baseos", "appstream", "extras", CRB[host]):
            after = row(run.result(host, "apply"), identifier)["after"] if source != "mirrorlist" or identifier == CRB[host] else None
            shown = config(run.result(host, "repoinfo")["stdout"], identifier)
            if after is not None:
                assert [name for name in ("baseurl", "mirrorlist", "metalink") if name in after] == [source]
                assert after[source].startswith(mirror + "/")
            # dnf calls a mirror list what it is, and shows the address it has taken from it besides.
            assert shown["Repo-" + ("mirrors" if source == "mirrorlist" else source)].startswith(mirror)
            assert "Repo-revision" in shown, "dnf has metadata of it"


def test_a_minor_is_pinned_in_the_vault_and_nowhere_else(play, hosts):
    older = "{{ %s[inventory_hostname] }}" % OLDER
    run = journey(play, {"minor": older, "enabled": ["crb"], "vault_mirror": MIRROR + "/vault"})
    for host in ALL:
        shown = run.result(host, "repoinfo")["stdout"]
        for identifier in ("baseos", "appstream", "extras", CRB[host]):
            assert config(shown, identifier)["Repo-baseurl"].startswith(f"{MIRROR}/vault/{OLDER[host]}/")
        assert "releasever" not in "".join(run.result(host, "apply")["files"])


def test_others_with_key_and_fingerprint(play, hosts, keys):
    key = hosts.run(f"curl -sf {MIRROR}/third-party/RPM-GPG-KEY-acme", ["t9"])["t9"]
    shared = {"baseurl": MIRROR + "/third-party/", "fingerprints": [" ".join(re.findall("....", keys["third-party"].lower()))]}
    run = journey(play, {"extra": [
        dict(shared, id="acme", name="Acme", key=key, options={"priority": 50}),
        dict(shared, id="acme-by-url", gpgkey=MIRROR + "/third-party/RPM-GPG-KEY-acme", enabled=False)],
        "options": {"acme": {"module_hotfixes": True}}}, hosts="t8:t10")
    for host in ("t8", "t10"):
        applied = run.result(host, "apply")
        assert {"acme", "baseos"} <= enabled_by_dnf(run, host)
        assert keys["third-party"] in {item["fingerprint"] for item in applied["imported_keys"]}
        assert "/etc/pki/rpm-gpg/RPM-GPG-KEY-acme" in run.result(host, "applied")["stdout"]
        assert row(applied, "acme")["before"] is None and row(applied, "acme")["verified"] is True
        _gone, come = diff_of(applied, "/etc/yum.repos.d/acme.repo")
        assert {"[acme]", "priority=50", "module_hotfixes=1", "gpgcheck=1"} <= set(come)


def test_a_key_by_url_is_fetched_checked_and_imported_and_its_packages_install(play, hosts, keys):
    desired = {"extra": [{"id": "acme", "baseurl": MIRROR + "/third-party/", "gpgkey": MIRROR + "/third-party/RPM-GPG-KEY-acme",
                          "fingerprints": [keys["third-party"]]}]}
    run = journey(play, desired, hosts="td12")
    for host in ("td12",):
        assert keys["third-party"] in {item["fingerprint"] for item in run.result(host, "apply")["imported_keys"]}
    run = play("td12", [task("apply", desired),
                        {"name": "install", "ansible.builtin.command": "dnf -y --disablerepo=* --enablerepo=acme install acme-tools"}])
    assert run.rc == 0, run.output


@pytest.mark.parametrize("undeclared", ["keep", "disable", "remove"])
def test_repositories_that_nobody_declared(play, hosts, undeclared):
    text = "# what a person wrote\n[stranger]\nname = Stranger  \nbaseurl=file:///srv/stranger\nenabled=1\nmy_own_key = kept\n"
    hosts.run(f"cat >/etc/yum.repos.d/stranger.repo <<'END'\n{text}END\n", ["t8", "t10"])
    run = play("t8:t10", [task("apply", {"undeclared": undeclared, "verify": undeclared != "keep", "main": {"retries": 3}}),
                          task("again", {"undeclared": undeclared, "verify": undeclared != "keep", "main": {"retries": 3}})])
    assert run.rc == 0, run.output
    now = hosts.run("cat /etc/yum.repos.d/stranger.repo 2>/dev/null; true", ["t8", "t10"])
    for host in ("t8", "t10"):
        assert run.result(host, "again")["changed"] is False
        if undeclared == "keep":
            assert now[host] == text
        elif undeclared == "disable":
            assert now[host] == text.replace("enabled=1", "enabled=0")
        else:
            assert "stranger" not in now[host]


def test_comments_order_and_unknown_keys_stay(play, hosts):
    hosts.run("sed -i -e '1i # ours, see ticket 7' -e 's/^enabled=0/enabled = 0   /' /etc/yum.repos.d/almalinux*highavail*.repo "
              "/etc/yum.repos.d/almalinux-ha.repo 2>/dev/null; chmod 0640 /etc/yum.repos.d/*a*.repo; chgrp adm /etc/yum.repos.d/*a*.repo", ALL)
    before = hosts.run("cat $(grep -lE '^.(ha|highavailability).$' /etc/yum.repos.d/*)", ALL)
    run = play(EVERYONE, [task("apply", {"enabled": ["highavailability"]})])
    assert run.rc == 0, run.output
    after = hosts.run("cat $(grep -lE '^.(ha|highavailability).$' /etc/yum.repos.d/*)", ALL)
    modes = hosts.run("stat -c '%a %G' $(grep -lE '^.(ha|highavailability).$' /etc/yum.repos.d/*)", ALL)
    for host in ALL:
        old, new = before[host].splitlines(), after[host].splitlines()
        assert len(old) == len(new) and new[0] == "# ours, see ticket 7"
        changed = [(a, b) for a, b in zip(old, new) if a != b]
        assert len(changed) == 1 and re.match(r"enabled\s*=\s*1\s*$", changed[0][1]), changed
        assert modes[host].strip() == "640 adm"


def test_passwords_reach_no_output_no_journal_and_no_log_of_others(play, hosts):
    private = MIRROR.replace("://", f"://mirror:{SECRET}@") + "/private/almalinux"
    desired = {"mirror": private, "main": {"proxy_password": "pr0xy-secret", "proxy_username": "me"},
               # Of a repository that no release enables by itself: the mirror knows another password.
               "options": {"plus": {"username": "you", "password": "0ther-secret"}}}
    run = journey(play, desired, arguments=["-vvv"], hosts="t9:t10")
    wrong = play("t9:t10", [task("wrong", dict(desired, mirror=private.replace("almalinux", "nothing-here")))], arguments=["-vvv"])
    assert wrong.rc != 0 and "404" in wrong.failure("t9", "wrong")["msg"]
    for output in (run.output, wrong.output, json.dumps(run.events), json.dumps(wrong.events)):
        # The play's own text, which holds them, is shown by nobody.
        for secret in (SECRET, "pr0xy-secret", "0ther-secret"):
            assert secret not in output
    # What the dnf command, which the journey ran, writes to its own log is its own affair.
    hosts.run("rm -f /var/log/dnf*.log*", ["t9", "t10"])
    play("t9:t10", [task("apply", desired)])
    # Repository files and dnf.conf that were there keep their mode: whether others may read them is their owner's choice.
    readable = hosts.run("find /var/lib/elkit -type f -perm /0044 -exec grep -lE "
                         f"'{SECRET}|pr0xy-secret|0ther-secret' {{}} + ; find /var/lib/elkit -maxdepth 0 -perm /0077; "
                         f"grep -rlE '{SECRET}|pr0xy-secret' /var/log 2>/dev/null; "
                         f"journalctl -q --no-pager 2>/dev/null | grep -cE '{SECRET}|pr0xy-secret'; true",
                         ["t9", "t10"])
    for host in ("t9", "t10"):
        assert readable[host].strip() in ("", "0"), f"{host}: {readable[host]}"


def test_a_change_by_someone_else_is_not_overwritten(play, hosts):
    first = hosts.state(ALL)
    run = play(EVERYONE, [task("apply", {"enabled": ["crb"], "main": {"retries": 4}}),
                          {"name": "edit", "ansible.builtin.shell": "echo '# by hand' >>/etc/dnf/dnf.conf"},
                          {"name": "refused", MODULE: {"state": "reverted"}, "ignore_errors": True},
                          {"name": "forced", MODULE: {"state": "reverted", "force": True}}])
    assert run.rc == 0, run.output
    for host in ALL:
        refused = run.failure(host, "refused")
        assert "/etc/dnf/dnf.conf" in refused["msg"] and "force" in refused["msg"]
    assert hosts.state(ALL) == first
