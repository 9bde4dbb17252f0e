# SPDX-License-Identifier: GPL-3.0-or-later
"""What the look hands over to the worker, and when a module that waits for it reports."""
import subprocess
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import manage
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states


def test_metadata_move_to_the_worker(tmp_path):
    (tmp_path / "look" / "cache").mkdir(parents=True)
    (tmp_path / "look" / "cache" / "baseos.solv").write_text("x")
    one = states.create({}, str(tmp_path / "elkit"))
    manage.hand_over(SimpleNamespace(caches=lambda: {"cache": str(tmp_path / "look" / "cache")}), one)
    with open(one.path("cache", "baseos.solv")) as handle:
        assert handle.read() == "x"
    assert not (tmp_path / "look" / "cache").exists()


def test_what_cannot_be_moved_leaves_no_part(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    one = states.create({}, str(tmp_path / "elkit"))

    def full(_source, target):
        (tmp_path / "elkit" / "conversion" / one.data["number"] / "cache.new").mkdir()
        raise OSError(28, "No space left on device", target)
    monkeypatch.setattr(manage.shutil, "move", full)
    manage.hand_over(SimpleNamespace(caches=lambda: {"cache": str(tmp_path / "cache")}), one)
    assert sorted(path.name for path in (tmp_path / "elkit" / "conversion" / one.data["number"]).iterdir()) == ["state.json"]


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """(the State of a conversion that runs, a function that gives the seconds that attach() waited); time passes by sleeping alone."""
    one = states.create({}, str(tmp_path))
    one.begin("download")
    one.progress(1, 9, "a")
    clock = {"now": 100.0}
    monkeypatch.setattr(manage.states, "newest", lambda: states.State(one.data, one.directory))
    monkeypatch.setattr(manage, "running", lambda: True)
    monkeypatch.setattr(manage.time, "time", lambda: clock["now"])
    monkeypatch.setattr(manage.time, "sleep", lambda seconds: clock.update(now=clock["now"] + seconds))
    return one, lambda: clock["now"] - 100


@pytest.mark.parametrize("known, least, most", [
    (["snapshot", None], manage.STAGE_SPELL, manage.STAGE_SPELL + 1),
    (["download", {"done": 0, "total": 9, "what": "z"}], manage.PACKAGE_SPELL, manage.PACKAGE_SPELL + 1),
    (["download", {"done": 1, "total": 9, "what": "a"}], 20, 21)], ids=["another stage", "another package", "nothing new"])
def test_reports_are_some_time_apart(worker, known, least, most):
    one, waited = worker
    answer = manage.attach(one.data["number"], known, 20)
    assert least <= waited() <= most and answer["alive"] and not answer["finished"]


def test_the_end_is_reported_at_once(worker):
    one, waited = worker
    one.finish(states.CONVERTED)
    assert manage.attach(one.data["number"], ["download", None], 20)["result"] == "converted" and waited() == 0


PROXY = "http://us$er:it's%20me@proxy.example.com:3128/"


def test_the_worker_gets_the_proxies_and_nobody_sees_them(tmp_path, monkeypatch):
    for name in manage.PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", PROXY)
    monkeypatch.setenv("no_proxy", "localhost,.example.com")
    one = states.create({}, str(tmp_path))
    monkeypatch.setattr(manage.states, "newest", lambda: one)
    monkeypatch.setattr(manage, "running", lambda: True)
    monkeypatch.setattr(manage.commands, "find", lambda name: "/usr/bin/" + name)
    started = []
    monkeypatch.setattr(manage.commands, "run", started.append)
    manage.start(one)
    assert "proxy.example.com" not in str(started)
    path = tmp_path / "conversion" / one.data["number"] / "proxies"
    assert path.stat().st_mode & 0o777 == 0o600
    # What is started, but for the worker itself.
    shell = started[0][-1].replace("exec ", "exec env; : ")
    done = subprocess.run(["/bin/sh", "-c", shell.split(" >>")[0]], env={}, stdout=subprocess.PIPE, check=True)
    assert {"https_proxy=" + PROXY, "no_proxy=localhost,.example.com"} <= set(done.stdout.decode().splitlines())
    assert not path.exists()
