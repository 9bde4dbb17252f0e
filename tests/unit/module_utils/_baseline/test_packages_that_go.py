# SPDX-License-Identifier: GPL-3.0-or-later
"""The undo of a package that a run removed: its edited configuration and its units are as they were, which a mere installation does not do."""
import os

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import put, services
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.kinds import package
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.run import Row
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ChangedSinceError, CommandError, HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands

NEVRA = "httpd-1:2.4.62-9.el9.x86_64"
UNIT = "httpd.service"
# Flags and files, as rpm gives them: 1 is configuration, 16 is not replaced, 64 is a ghost, 2 documentation.
FILES = [(17, "/etc/httpd/conf/httpd.conf", "vendor\n"), (17, "/etc/httpd/conf/magic", "vendor\n"), (81, "/etc/httpd/state", None),
         (0, "/usr/lib/systemd/system/httpd.service", "[Unit]\n"), (0, "/usr/lib/systemd/system/httpd@.service", "[Unit]\n"),
         (0, "/usr/lib/systemd/system/httpd.service.d/10-vendor.conf", "[Service]\n"), (0, "/usr/sbin/httpd", "program\n"), (2, "/usr/share/doc/x y", "")]


class Host(object):
    """rpm, dnf and systemd over a tree, as far as one package goes."""

    def __init__(self, root):
        self.root = root
        self.unit = None
        self.repository = True
        self.fails = None
        self.broken = None
        self.started_with = []
        for directory in ("run/systemd/system", "usr/bin"):
            (root / directory).mkdir(parents=True)
        (root / "usr/bin/systemctl").write_text("")
        self.install()

    @property
    def there(self):
        return self.unit is not None

    def path(self, name):
        return self.root / name[1:]

    def conf(self, name="httpd.conf"):
        path = self.path("/etc/httpd/conf/" + name)
        return path.read_text() if path.exists() else None

    def install(self):
        for _flags, name, text in FILES:
            path = self.path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                assert not (path.exists() and name.startswith("/etc")), "rpm would put it aside"
                path.write_text(text)
        self.unit = ["disabled", False]

    def erase(self):
        for flags, name, text in FILES:
            path = self.path(name)
            if flags & 1 and path.exists() and path.read_text() != text and not flags & 64:
                os.rename(str(path), str(path) + ".rpmsave")
            elif path.exists():
                path.unlink()
        self.unit = None

    def run(self, argv, check=True, **more):
        if argv[0] == self.broken or argv[1] == self.broken:
            raise CommandError("{0} failed".format(self.broken), command=argv)
        if argv[0] == "rpm":
            assert argv[-1] == "httpd-2.4.62-9.el9.x86_64", argv
            return commands.Result(0, "".join("{0} {1}\n".format(flags, name) for flags, name, _text in FILES), "")
        if argv[0] != "systemctl":
            return commands.Result(0, "", "")
        verb = argv[1]
        if verb == "list-unit-files":
            found = "{0} {1}\n".format(UNIT, self.unit[0]) if self.there and UNIT in argv else ""
            return commands.Result(0 if found else 1, found, "")
        if verb == "list-units":
            return commands.Result(0, "{0} loaded active running x\n".format(UNIT) if self.there and self.unit[1] else "", "")
        if verb == "is-enabled":
            return commands.Result(0, self.unit[0] if self.there else "not-found", "")
        if verb == "start":
            self.started_with.append(self.conf())
        self.unit[verb in ("start", "stop")] = {"start": True, "stop": False, "enable": "enabled", "disable": "disabled"}[verb]
        return commands.Result(0, "", "")

    def context(self):
        return Context(root=str(self.root), run=self.run, uname=("5.14", "x86_64"))

    def call(self, operation, request):
        if operation == "want":
            transaction = {"installed": [], "removed": [NEVRA] if self.there else []}
            if request["apply"]:
                if self.fails == "half":
                    self.erase()
                if self.fails:
                    raise (HostError if self.fails != "killed" else KeyboardInterrupt)("failed")
                self.erase()
            return {"transaction": transaction}
        assert operation == "packages" and request["before"] == [NEVRA] and request["partial"]
        if not self.repository:
            return {"missing": [NEVRA]}
        if not self.there:
            self.install()
        return {"missing": []}

    def work(self):
        view, row = View(self.context()), Row(Control({"id": "package_httpd_removed", "mechanism": "package"}))
        row.status, view.current = "changed", row.control.id
        view.put("package", "httpd", False)
        run = put.Run()
        run.put(view, [row])
        run.commit()
        return row

    def picture(self):
        found = {}
        for directory, _names, names in os.walk(str(self.root / "etc")):
            for name in names:
                path = os.path.join(directory, name)
                found[path] = (open(path).read(), os.stat(path).st_mode)
        return found, self.unit

    def revert(self, force=False):
        return put.revert(self.context, force, False)


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host(tmp_path)
    monkeypatch.setattr(package, "_agent", lambda: host)
    monkeypatch.setattr(package, "load", lambda view, name: host.there)
    monkeypatch.setattr(services, "READERS", ())
    host.unit = ["enabled", True]
    host.path("/etc/httpd/conf/httpd.conf").write_text("edited\n")
    os.chmod(str(host.path("/etc/httpd/conf/httpd.conf")), 0o600)
    return host


def state(host):
    return put.journal.Store(put.CONCERN, str(host.root) + "/var/lib/elkit").newest()


def test_configuration_and_units_come_back_with_it(host):
    before = host.picture()
    assert host.work().status == "changed" and not host.there and host.conf() is None and host.conf("httpd.conf.rpmsave") == "edited\n"
    done = host.revert()
    assert host.picture() == before and done["left"] == []
    # Whatever starts reads its own configuration, not the vendor's.
    assert host.started_with == ["edited\n"]
    assert sorted(done["files"]) == ["/etc/httpd/conf/httpd.conf", "/etc/httpd/conf/httpd.conf.rpmsave", "/etc/httpd/conf/magic"]


def test_a_leaving_that_was_there_comes_back(host):
    host.path("/etc/httpd/conf/httpd.conf.rpmsave").write_text("of long ago\n")
    before = host.picture()
    host.work()
    host.revert()
    assert host.picture() == before


@pytest.mark.parametrize("word", ["disabled", "enabled"])
def test_a_unit_that_is_down_stays_down(host, word):
    host.unit = [word, False]
    host.work()
    host.revert()
    assert host.unit == [word, False] and host.started_with == []


def test_what_did_not_happen_is_forgotten(host):
    before, host.fails = host.picture(), "not"
    assert host.work().status == "error" and host.picture() == before
    assert state(host) is None


@pytest.mark.parametrize("broken", ["rpm", "list-unit-files"])
def test_a_package_whose_belongings_nobody_tells_stays(host, broken):
    before, host.broken = host.picture(), broken
    row = host.work()
    assert row.status == "error" and "failed" in row.message and host.picture() == before and state(host) is None


def test_what_happened_half_is_kept(host):
    before, host.fails = host.picture(), "half"
    assert host.work().status == "error"
    host.revert()
    assert host.picture() == before


@pytest.mark.parametrize("after", ["nothing", "scriptlet", "erase"])
def test_a_run_that_is_killed_can_be_undone(host, after):
    before, host.fails = host.picture(), "killed"
    with pytest.raises(KeyboardInterrupt):
        host.work()
    if after == "erase":
        host.erase()
    elif after == "scriptlet":
        host.unit = ["disabled", False]
    host.revert()
    assert host.picture() == before


def test_a_run_that_is_killed_and_gone_on_with_can_be_undone(host):
    before, host.fails = host.picture(), "killed"
    with pytest.raises(KeyboardInterrupt):
        host.work()
    host.fails = None
    host.work()
    host.revert()
    assert host.picture() == before


def test_what_someone_made_of_it_since_is_not_overwritten(host):
    host.work()
    host.path("/etc/httpd/conf/httpd.conf").write_text("new\n")
    with pytest.raises(ChangedSinceError, match="httpd.conf"):
        host.revert()
    assert not host.there and host.conf() == "new\n"


def test_where_the_package_cannot_be_had_all_of_it_waits_for_it(host):
    before, host.repository = host.picture(), False
    host.work()
    with pytest.raises(HostError, match="no enabled repository has httpd"):
        host.revert()
    assert host.conf() is None
    host.repository = True
    host.revert()
    assert host.picture() == before


def test_where_the_package_cannot_be_had_its_files_come_back_by_force(host):
    host.repository = False
    host.work()
    done = host.revert(force=True)
    assert sorted((item["kind"], item["name"]) for item in done["left"]) == [("packages", NEVRA), ("unit", UNIT)]
    assert host.conf() == "edited\n" and host.revert()["changed"] is False
