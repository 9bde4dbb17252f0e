# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups, ages of passwords and homes, over a small tree."""
import json
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import passwd
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, ControlError, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import account, directory, group
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import accounts, home, password_age
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

TODAY = 20000
HASH = "$6$saltsalt$" + "h" * 86
PASSWD = """root:x:0:0:root:/root:/bin/bash
bin:x:1:1:bin:/bin:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin
anna:x:1000:1000:Anna:/home/anna:/bin/bash
berta:x:1001:1001::/home/berta/:/bin/zsh
+@netgroup::::::
"""
GROUP = "root:x:0:\nbin:x:1:\nnobody:x:65534:\nanna:x:1000:\nberta:x:1001:\nwheel:x:10:anna,berta\n"
SHADOW = """root:{0}:19990:0:99999:7:::
bin:*:19000:0:99999:7:::
sync:*:19000:0:99999:7:::
nobody:*:19000:0:99999:7:::
anna:{0}:19990:0:99999:7:::
berta:!!:19000::::::
""".format(HASH)


class Host(object):
    def __init__(self, root, user=PASSWD, groups=GROUP, shadow=SHADOW, **files):
        self.root, self.calls = str(root), []
        for path, text in (("/etc/passwd", user), ("/etc/group", groups), ("/etc/shadow", shadow), ("/etc/login.defs", "UID_MIN 1000\n")):
            self.put(path, text)

    def put(self, path, text="", mode=None):
        place = self.root + path
        if not os.path.isdir(os.path.dirname(place)):
            os.makedirs(os.path.dirname(place))
        with open(place, "w") as handle:
            handle.write(text)
        if mode is not None:
            os.chmod(place, mode)

    def directory(self, path, mode=0o700):
        os.makedirs(self.root + path)
        os.chmod(self.root + path, mode)

    def run(self, argv, check=True, **_more):
        self.calls.append(list(argv))
        return commands.Result(0, "", "")

    @property
    def context(self):
        return Context(root=self.root, run=self.run, now=TODAY * 86400 + 5000, is_root=True)

    def view(self):
        return View(self.context, 9)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def control(mechanism="accounts", **args):
    return Control({"id": "x", "mechanism": mechanism, "args": args})


def replaced(text, *pairs):
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


# --- the files ---------------------------------------------------------------------------------------------------------

def test_no_hash_is_kept(host):
    view = host.view()
    everything = json.dumps([vars(item) for item in list(passwd.shadows(view).values()) + passwd.users(view)])
    assert "$6$" not in everything and "hhh" not in everything
    assert "$6$" not in json.dumps(view.state("account", "anna"))


@pytest.mark.parametrize("field, kind", [
    ("", "empty"), ("*", "locked"), ("!", "locked"), ("!!", "locked"), ("!*", "locked"), ("!$6$x$y", "locked"), ("$6$x$y", "set"), ("$y$j9T$x", "set"),
])
def test_kinds_of_a_password_field(field, kind):
    assert passwd.kind_of(field) == kind


@pytest.mark.parametrize("text", ["", "#root:x:0:0::/:/bin/sh\n", "broken\n", "a:x:no:0::/:/bin/sh\n", "+::::::\n", "-guest::::::\n"])
def test_lines_that_are_no_user(text):
    assert passwd.parse_passwd(text) == []


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_line_ends_at_a_line_feed_alone(host, mark):
    [user] = passwd.parse_passwd("anna:x:1000:1000:Anna{0}Amann:/home/anna:/bin/bash\n".format(mark))
    assert (user.name, user.line) == ("anna", 1)
    text = "# a{0}b\nUID_MIN 500{0}\n".format(mark)
    with open(host.root + "/etc/login.defs", "wb") as handle:
        handle.write(text.encode("utf-8"))
    assert host.view().lines("/etc/login.defs") == text.split("\n")[:-1]


def test_a_host_without_passwd_is_an_error(host):
    os.unlink(host.root + "/etc/passwd")
    with pytest.raises(ControlError, match="no /etc/passwd"):
        passwd.users(host.view())


# --- accounts ----------------------------------------------------------------------------------------------------------

def test_a_plain_host_is_well(host):
    for name in accounts.CHECKS:
        assert accounts.check(control(check=name), host.view()).ok, name


@pytest.mark.parametrize("name, change, said", [
    ("unique_uid", ("berta:x:1001", "berta:x:1000"), "1000: anna, berta"),
    ("unique_user", ("berta:x:1001", "anna:x:1001"), "anna: line 5, line 6"),
    ("known_gids", ("berta:x:1001:1001", "berta:x:1001:77"), "berta: 77"),
    ("only_root_is_0", ("berta:x:1001", "berta:x:0"), "berta"),
    ("only_root_group_is_0", ("berta:x:1001:1001", "berta:x:1001:0"), "berta"),
    ("shadowed", ("berta:x:", "berta:" + HASH + ":"), "berta"),
])
def test_what_people_must_see_to_is_named(tmp_path, name, change, said):
    view = Host(tmp_path, user=replaced(PASSWD, change)).view()
    finding = accounts.check(control(check=name), view)
    assert not finding.ok and finding.before == said
    with pytest.raises(NotFixable) as caught:
        accounts.fix(control(check=name), view)
    assert said in caught.value.message and caught.value.remedy and "$6$" not in str(caught.value)
    assert view.changes() == ({}, {})


@pytest.mark.parametrize("name, change, said", [
    ("unique_gid", ("berta:x:1001", "berta:x:1000"), "1000: anna, berta"),
    ("unique_group", ("berta:x:1001", "anna:x:1001"), "anna: line 4, line 5"),
])
def test_doubles_of_groups(tmp_path, name, change, said):
    assert accounts.check(control(check=name), Host(tmp_path, groups=replaced(GROUP, change)).view()).before == said


def test_root_without_a_password(tmp_path):
    view = Host(tmp_path, shadow=replaced(SHADOW, ("root:" + HASH, "root:*"))).view()
    with pytest.raises(NotFixable):
        accounts.fix(control(check="root_password"), view)


@pytest.mark.parametrize("name, change, who", [
    ("no_empty_password", ("anna:" + HASH, "anna:"), "anna"), ("system_locked", ("bin:*", "bin:" + HASH), "bin"),
    ("system_locked", ("bin:*", "bin:"), "bin"),
])
def test_a_password_that_should_not_be_is_locked(tmp_path, name, change, who):
    host = Host(tmp_path, shadow=replaced(SHADOW, change))
    view = host.view()
    wanted = control(check=name)
    assert accounts.check(wanted, view).before == who
    accounts.fix(wanted, view)
    assert accounts.check(wanted, view).ok
    account.put(host.context, who, view.state("account", who))
    assert host.calls == [["usermod", "-L", who]]


@pytest.mark.parametrize("before, call", [("set", ["usermod", "-U", "anna"]), ("empty", ["passwd", "-d", "anna"])])
def test_the_undo_of_a_lock(tmp_path, before, call):
    host = Host(tmp_path, shadow=replaced(SHADOW, ("anna:" + HASH, "anna:!" + HASH)))
    value = dict(account.load(host.view(), "anna"), password=before)
    account.put(host.context, "anna", value)
    assert host.calls == [call]


def test_a_system_account_loses_its_shell_unless_it_keeps_it(tmp_path):
    user = replaced(PASSWD, ("bin:/sbin/nologin", "bin:/bin/bash"),
                    ("nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin", "postgres:x:26:26::/var/lib/pgsql:/bin/bash"))
    host = Host(tmp_path, user=user, shadow=replaced(SHADOW, ("nobody:", "postgres:")))
    view = host.view()
    wanted = control(check="system_nologin", keep=["postgres"])
    assert accounts.check(wanted, view).before == "bin"
    assert accounts.check(control(check="system_nologin"), view).before == "bin, postgres"
    accounts.fix(wanted, view)
    account.put(host.context, "bin", view.state("account", "bin"))
    assert host.calls == [["usermod", "-s", "/sbin/nologin", "bin"]]


def test_a_check_that_there_is_not():
    with pytest.raises(ControlError, match="nosuch"):
        accounts.check(control(check="nosuch"), None)


# --- ages --------------------------------------------------------------------------------------------------------------

def age(name, value=None, compare="at_most", **more):
    return control("password_age", age=name, value=value, compare=compare, **more)


def test_only_who_has_a_password_ages(host):
    view = host.view()
    wanted = age("max", 365)
    assert password_age.check(wanted, view).before == "root (99999), anna (99999)"
    password_age.fix(wanted, view)
    finding = password_age.check(wanted, view)
    assert finding.ok and finding.note.startswith("the first to expire: anna on 2025-")
    assert sorted(view.changes()[1]) == [("account", "anna"), ("account", "root")]
    account.put(host.context, "anna", view.state("account", "anna"))
    assert host.calls == [["chage", "-M", "365", "anna"]]
    account.put(host.context, "anna", dict(view.state_now("account", "anna"), max=None))
    assert host.calls[-1] == ["chage", "-M", "-1", "anna"]


def test_who_would_be_shut_out_is_named_and_nothing_is_changed(tmp_path):
    view = Host(tmp_path, shadow=replaced(SHADOW, ("anna:" + HASH + ":19990", "anna:" + HASH + ":19000"))).view()
    with pytest.raises(NotFixable, match="anna .must change the password first") as caught:
        password_age.fix(age("max", 365), view)
    assert "accounts_expired" in caught.value.remedy


def test_or_its_password_counts_as_new(tmp_path):
    host = Host(tmp_path, shadow=replaced(SHADOW, ("anna:" + HASH + ":19990", "anna:" + HASH + ":19000")))
    view = host.view()
    wanted = age("max", 365, expired="renew")
    password_age.fix(wanted, view)
    assert password_age.check(wanted, view).ok
    account.put(host.context, "anna", view.state("account", "anna"))
    assert host.calls == [["chage", "-d", str(TODAY), "-M", "365", "anna"]]


@pytest.mark.parametrize("expired", ["refuse", "renew"])
@pytest.mark.parametrize("name, value", [("max", 365), ("inactive", 30)])
def test_a_change_that_is_due_at_the_next_login_stays_due(tmp_path, expired, name, value):
    shadow = replaced(SHADOW, ("anna:{0}:19990:0:99999:7:::".format(HASH), "anna:{0}:0:0:99999:7:::".format(HASH)))
    view = Host(tmp_path, shadow=shadow).view()
    wanted = age(name, value, expired=expired)
    password_age.fix(wanted, view)
    anna, finding = view.state("account", "anna"), password_age.check(wanted, view)
    assert (anna["last"], anna[name], finding.ok) == (0, value, True) and "anna" not in (finding.note or "")


def test_inactivity_that_would_lock_at_once(tmp_path):
    shadow = replaced(SHADOW, ("anna:{0}:19990:0:99999:7:::".format(HASH), "anna:{0}:19800:0:90:7:::".format(HASH)))
    with pytest.raises(NotFixable, match="anna .locked"):
        password_age.fix(age("inactive", 30), Host(tmp_path, shadow=shadow).view())


@pytest.mark.parametrize("name, value, compare, field, good", [
    ("max", 365, "at_most", 365, True), ("max", 365, "at_most", 90, True), ("max", 365, "at_most", 366, False), ("max", 365, "at_most", -1, False),
    ("max", 365, "at_most", None, False), ("min", 1, "at_least", 0, False), ("min", 1, "at_least", 7, True), ("warn", 7, "at_least", None, False),
    ("inactive", 30, "at_most", None, False), ("inactive", 30, "at_most", 0, True), ("last", None, None, TODAY, True),
    ("last", None, None, TODAY + 1, False), ("last", None, None, None, True),
])
def test_ages_that_are_good(host, name, value, compare, field, good):
    ages = dict((word, None) for word in passwd.AGES)
    ages[name] = field
    assert password_age.good(age(name, value, compare), host.view(), ages) == good


def test_a_change_in_the_future_counts_as_today(tmp_path):
    view = Host(tmp_path, shadow=replaced(SHADOW, ("anna:" + HASH + ":19990", "anna:" + HASH + ":20100"))).view()
    password_age.fix(age("last"), view)
    assert view.state("account", "anna")["last"] == TODAY and password_age.check(age("last"), view).ok


# --- groups and directories --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name, value, calls", [
    ("sugroup", [], [["groupadd", "-r", "sugroup"]]), ("wheel", [], [["gpasswd", "-d", "anna", "wheel"], ["gpasswd", "-d", "berta", "wheel"]]),
    ("wheel", ["anna", "carla"], [["gpasswd", "-d", "berta", "wheel"], ["gpasswd", "-a", "carla", "wheel"]]), ("wheel", None, [["groupdel", "wheel"]]),
    ("nosuch", None, []), ("bin", [], []),
])
def test_groups(host, name, value, calls):
    group.put(host.context, name, value)
    assert host.calls == calls


def test_a_directory_is_taken_away_only_while_it_is_empty(host):
    host.directory("/home")
    wanted = [os.getuid(), os.getgid(), 0o700]
    directory.put(host.context, "/home/anna", wanted)
    assert directory.load(host.view(), "/home/anna") == wanted
    host.put("/home/anna/file")
    directory.put(host.context, "/home/anna", None)
    assert os.listdir(host.root + "/home/anna") == ["file"]
    os.unlink(host.root + "/home/anna/file")
    directory.put(host.context, "/home/anna", None)
    assert os.listdir(host.root + "/home") == []


# --- homes -------------------------------------------------------------------------------------------------------------

@pytest.fixture
def homes(host):
    """Anna's and Berta's homes: Anna's open to all, with dot files; both of this very user."""
    host.directory("/home/anna", 0o755)
    host.directory("/home/berta", 0o700)
    host.put("/home/anna/.profile", "PATH=$PATH:/opt/bin\n. /opt/tool; $HOME/bin/mine\n#/opt/other\n", 0o664)
    host.put("/home/anna/.dir/.deep", "", 0o600)
    os.symlink("/etc/passwd", host.root + "/home/anna/.link")
    return host


def modes(view):
    return dict((key[1], value[2]) for key, value in view.changes()[1].items())


@pytest.mark.parametrize("args, expected", [
    ({"check": "mode", "mode": "0750"}, {"/home/anna": 0o750}), ({"check": "dot_mode", "mode": "0740"}, {"/home/anna/.profile": 0o640}),
    ({"check": "mode", "mode": "0755"}, {}),
])
def test_only_bits_too_many_are_taken(homes, args, expected):
    view = homes.view()
    wanted = control("home", **args)
    assert home.check(wanted, view).ok == (not expected)
    home.fix(wanted, view)
    assert modes(view) == expected and home.check(wanted, view).ok


def test_dot_files_are_their_users(homes):
    view = homes.view()
    wanted = control("home", check="dot_owner")
    home.fix(wanted, view)
    # A link is left alone: what it leads to is not Anna's.
    assert dict((key[1], value[0]) for key, value in view.changes()[1].items()) == {"/home/anna/.dir/.deep": 1000, "/home/anna/.profile": 1000}
    assert home.check(wanted, view).ok
    assert not home.check(control("home", check="dot_group"), view).ok or os.getgid() == 1000


def test_owner_of_homes(homes):
    view = homes.view()
    home.fix(control("home", check="owner"), view)
    assert dict((key[1], value[0]) for key, value in view.changes()[1].items()) == {"/home/anna": 1000, "/home/berta": 1001}


def test_two_users_of_one_home_are_named(tmp_path):
    host = Host(tmp_path, user=replaced(PASSWD, ("/home/berta/", "/home/anna")))
    host.directory("/home/anna")
    assert "anna, berta" in home.check(control("home", check="owner"), host.view()).before
    with pytest.raises(NotFixable, match="share /home/anna"):
        home.fix(control("home", check="owner"), host.view())


@pytest.mark.parametrize("path", ["/", "/var/lib", "/usr/share/app", "/etc/app", "/tmp", "/srv"])
def test_a_directory_of_the_system_is_nobodys_home(tmp_path, path):
    host = Host(tmp_path, user=replaced(PASSWD, ("/home/anna", path)))
    if path != "/":
        host.directory(path, 0o777)
    os.chmod(host.root + path, 0o777)
    with pytest.raises(NotFixable, match="directory of the system"):
        home.fix(control("home", check="mode", mode="0750"), host.view())


@pytest.mark.parametrize("path", ["/", "/opt", "//opt", "/opt/.", "/var/lib"])
@pytest.mark.parametrize("args", [{"check": "dot_owner"}, {"check": "dot_group"}, {"check": "dot_mode", "mode": "0740"},
                                  {"check": "file_mode", "name": ".netrc", "mode": "0600"}])
def test_files_in_a_directory_of_the_system_become_nobodys(tmp_path, path, args):
    """Root's .bashrc is one level below a home that is /."""
    host = Host(tmp_path, user=replaced(PASSWD, (":1000:1000:Anna:/home/anna", ":4711:4711:Anna:" + path)))
    for name in (".netrc", "acme/.bashrc"):
        host.put("{0}/{1}".format("" if path == "/" else path, name), "", 0o644)
    view = host.view()
    wanted = control("home", **args)
    assert not home.check(wanted, view).ok
    with pytest.raises(NotFixable, match="the home of anna is {0}, a directory of the system".format(path)):
        home.fix(wanted, view)
    assert view.changes()[1] == {}


@pytest.mark.parametrize("what, name, value", [("dot_mode", ".bashrc", 0o640), ("file_mode", ".netrc", 0o600)])
def test_a_home_that_is_none_keeps_nobody_elses_files_from_being_put_right(tmp_path, what, name, value):
    host = Host(tmp_path, user=replaced(PASSWD, (":1000:1000:Anna:/home/anna", ":4711:4711:Anna:/srv")))
    host.put("/srv/" + name, "", 0o644)
    host.put("/home/berta/" + name, "", 0o644)
    wanted, view = control("home", check=what, name=name, mode=oct(value)[2:]), host.view()
    assert not home.check(wanted, view).ok and not home.check(wanted, view).left
    home.fix(wanted, view)
    assert [(key[1], state[2]) for key, state in view.changes()[1].items()] == [("/home/berta/" + name, value)]
    found = home.check(wanted, view)
    assert not found.ok and found.left and found.note == "the home of anna is /srv, a directory of the system"


def test_the_dot_files_in_a_home_below_another_are_those_of_its_user(homes):
    """Whether that is somebody's who logs in, or a service's."""
    homes.put("/etc/passwd", PASSWD.replace("/home/berta/", "/home/anna/berta") + "sql:x:26:26::/home/anna/sql/:/bin/bash\n")
    for name in ("berta", "sql"):
        homes.put("/home/anna/{0}/.profile".format(name), "", 0o600)
    view = homes.view()
    home.fix(control("home", check="dot_owner"), view)
    assert dict((key[1], value[0]) for key, value in view.changes()[1].items() if key[1] != "/home/anna/.dir/.deep") == {
        "/home/anna/.profile": 1000, "/home/anna/berta/.profile": 1001}


def test_a_missing_home_is_made(homes):
    os.rmdir(homes.root + "/home/berta")
    view = homes.view()
    wanted = control("home", check="exists")
    assert home.check(wanted, view).before == "berta: /home/berta"
    home.fix(wanted, view)
    assert home.check(wanted, view).ok
    assert view.changes()[1] == {("directory", "/home/berta"): [1001, 1001, 0o700]}


@pytest.mark.parametrize("spoil", ["file", "no parent"])
def test_a_home_that_cannot_be_made(tmp_path, spoil):
    host = Host(tmp_path, user=replaced(PASSWD, ("/home/anna", "/data/anna"), ("/home/berta/", "/data/anna")))
    if spoil == "file":
        host.put("/data/anna", "")
    with pytest.raises(NotFixable, match="cannot be made"):
        home.fix(control("home", check="exists"), host.view())


def test_programs_that_everybody_may_change(homes):
    homes.put("/opt/tool", "", 0o777)
    homes.put("/opt/other", "", 0o777)
    homes.put("/home/anna/bin/mine", "", 0o722)
    view = homes.view()
    wanted = control("home", check="dot_programs")
    home.fix(wanted, view)
    assert modes(view) == {"/opt/tool": 0o775, "/home/anna/bin/mine": 0o720} and home.check(wanted, view).ok


def test_files_that_should_not_be(homes):
    homes.put("/home/anna/.rhosts", "+\n")
    homes.put("/home/berta/.netrc", "machine x password secret\n", 0o644)
    homes.put("/etc/hosts.equiv", "+\n")
    view = homes.view()
    rhosts = control("home", check="no_file", name=".rhosts", others=["/etc/hosts.equiv"], remove=True)
    home.fix(rhosts, view)
    assert home.check(rhosts, view).ok and sorted(view.changes()[0]) == ["/etc/hosts.equiv", "/home/anna/.rhosts"]
    with pytest.raises(NotFixable, match="/home/berta/.netrc") as caught:
        home.fix(control("home", check="no_file", name=".netrc"), view)
    assert "secret" not in str(caught.value)
    home.fix(control("home", check="file_mode", name=".netrc", mode="0700"), view)
    assert modes(view) == {"/home/berta/.netrc": 0o600}


@pytest.mark.parametrize("text, paths", [
    ("/usr/bin/a --x=/usr/b\n", ["/usr/b", "/usr/bin/a"]), ("# /usr/bin/a\n", []), ("~/bin/a; \"$HOME/b\"\n", ["/h/b", "/h/bin/a"]),
])
def test_paths_in_an_init_file(text, paths):
    assert home.programs_of(text, "/h") == paths
