# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole conversion, there and back, of a host of any source: what test_conversion*.py share."""
import fnmatch
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.faults import remote
from tests.faults.plays import Play

MODULE = "elkit.almalinux.conversion"
INFO = "elkit.almalinux.conversion_info"
TRUSTED = "{{ repositories_trusted_keys }}"
# What the scenarios of Molecule look at, which a way back must bring back, and what rpm and dnf think of it.
LOOK = (Path(__file__).parents[2] / "molecule" / "shared" / "convert" / "state.sh").read_text() + """
rpm --verifydb || echo 'the database is damaged'
dnf -q check 2>&1 || true
"""
NEVRAS = "rpm -qa --qf '%{nevra}\\n' | grep -v ^gpg-pubkey | sort"
# Verdicts after which the installed package is there no more.
GONE = {"upgraded", "downgraded", "removed", "swapped", "obsoleted"}


def from_mirror(name, script, place):
    """Run *script* (bash) in the container of the mirror, which has rpm's and createrepo's tools and the throw-away keys, and bring
    what it left in /tmp/made to the folder *place* of host *name*; what it printed."""
    container = remote.container_of(name)
    podman = [remote.TESTBED, "podman", "--"]
    mirror = container[:-len(name)] + "mirror"
    done = subprocess.run([*podman, "exec", mirror, "bash", "-c", "set -e; rm -rf /tmp/made; mkdir -p /tmp/made\n" + script],
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    packed = subprocess.run([*podman, "exec", mirror, "tar", "-C", "/tmp/made", "-cf", "-", "."], capture_output=True, check=True).stdout
    subprocess.run([*podman, "exec", "--interactive", container, "sh", "-c", f"rm -rf {place}; mkdir -p {place}; tar -C {place} -xf -"],
                   input=packed, check=True)
    return done.stdout


def stand_in(nevra, vendor, *lines, more="", into="/tmp/made"):
    """Shell that builds a package without files, where rpm's tools are: *into*/NEVRA.rpm.

    lines: of its preamble; more: sections, such as %post
    """
    rest, arch = nevra.rsplit(".", 1)
    name, version, release = rest.rsplit("-", 2)
    preamble = [f"Name: {name}", f"Version: {version}", f"Release: {release}", f"Vendor: {vendor}", "Summary: A stand-in", "License: GPL-3.0-or-later", *lines]
    preamble += ["BuildArch: noarch"] if arch == "noarch" else []
    return "\n".join([
        "cat >/tmp/stand-in.spec <<'SPEC'", "%global debug_package %{nil}", *preamble, "%description", "A stand-in.", "%files", more, "SPEC",
        f"rpmbuild --quiet -bb --nodeps --target {arch} --define '_topdir /tmp/top' --define '_rpmdir {into}' "
        "--define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' /tmp/stand-in.spec", ""])


def _first(name, code):
    """Shell after which every Python of the host runs *code* first; who takes it back removes the files elkit_NAME.*."""
    return f"""
for python in /usr/bin/python3 /usr/libexec/platform-python; do
    [ -x $python ] || continue
    site=$($python -c 'import site; print(site.getsitepackages()[0])'); mkdir -p "$site"
    cat >"$site/elkit_{name}.py" <<'END'
{code}END
    echo 'import elkit_{name}' >"$site/elkit_{name}.pth"
done
"""


# The host says that this kernel runs (KERNEL % release), and that it is no container.
KERNEL = _first("kernel", """\
import os
_uname, _Result = os.uname, type(os.uname())
os.uname = lambda: _Result((_uname()[0], _uname()[1], "%s", _uname()[3], _uname()[4]))
""")
IS_A_MACHINE = _first("machine", """\
import builtins, io, os
_open, _lexists = builtins.open, os.path.lexists
builtins.open = lambda file, *more, **named: io.BytesIO() if file in ("/proc/1/environ", "/run/systemd/container") else _open(file, *more, **named)
os.path.lexists = lambda path: path != "/run/.containerenv" and _lexists(path)
""")


def convert(**more):
    return {"name": "convert", MODULE: dict({"trusted_keys": TRUSTED}, **more)}


def look(**more):
    return {"name": "look", INFO: dict({"trusted_keys": TRUSTED}, **more)}


def ran(name, *tasks, rc=0):
    """The conftest.Run of *tasks* on the host *name*, which ended with *rc*."""
    run = Play(name, list(tasks)).wait(600)
    assert run.rc == rc and "Traceback" not in run.output, run.output
    return run


def refused(name, words, *tasks):
    """The result of the last of *tasks*, which fails with all of *words*."""
    run = ran(name, *tasks, rc=2)
    result = run.result(name, tasks[-1]["name"])
    assert all(word in result["msg"] for word in words), result["msg"]
    return result


def as_source(name, host):
    """*host* as what it was before any conversion, whatever a test has left."""
    if "AlmaLinux" in host.run("cat /etc/os-release"):
        ran(name, convert(state="reverted", force=True))
    return host


@contextmanager
def timed(steps, step):
    """Note the seconds of what is done under *step* in *steps* (dict, or None: nobody wants them)."""
    begun = time.monotonic()
    yield
    if steps is not None:
        steps[step] = time.monotonic() - begun


def there(name, host, vendors, enabled, steps=None, **options):
    """*host* becomes AlmaLinux as check mode said, once: the result of the module.

    :param vendors: str, an extended regular expression of the source's vendors
    :param enabled: ids of the repositories that are enabled then
    :param steps: see timed()
    """
    before = host.run(LOOK)
    nevras = host.run(NEVRAS).split()
    with timed(steps, "check"):
        checked = ran(name, dict(convert(**options), check_mode=True)).result(name, "convert")
    assert checked["changed"] and host.run(LOOK) == before
    rows = checked["packages"]
    assert sorted(row["package"] for row in rows if row["package"]) == nevras, "a verdict for every package"
    with timed(steps, "convert"):
        done = ran(name, convert(**options)).result(name, "convert")
    assert done["result"] == "converted" and done["packages"] == rows
    expected = [row["package"] for row in rows if row["package"] and row["verdict"] not in GONE] + [
        row["becomes"] for row in rows if row["becomes"] and row["verdict"] != "replaced"]
    assert host.run(NEVRAS).split() == sorted(expected)
    stay = {row["package"] for row in rows if row["verdict"] in ("kept-beside", "kept-foreign", "excepted")}
    assert set(host.run("rpm -qa --qf '%%{vendor}|%%{nevra}\\n' | grep -E '^(%s)' | cut -d'|' -f2 || true" % vendors).split()) == stay
    assert "AlmaLinux" in host.run("cat /etc/os-release") and host.run("dnf -q check").strip() == ""
    assert sorted(host.run("dnf -q repolist --enabled | awk 'NR>1 {print $1}'").split()) == sorted(enabled)
    assert {row["after"] for row in checked["repositories"] if row["after"]} == set(enabled)
    converted = host.run(LOOK)
    with timed(steps, "again"):
        again = ran(name, convert(**options)).result(name, "convert")
    assert again["changed"] is False and again["verdict"] == "almalinux" and host.run(LOOK) == converted
    facts = ran(name, {"name": "facts", "elkit.almalinux.host_facts": {"gather_subset": ["identity"]}}).result(name, "facts")
    assert facts["ansible_facts"]["almalinux"]["identity"]["is_almalinux"]
    return done


# Every file, link and directory of the host's own file systems. ctime: nobody can put that back. What a directory holds is seen anyway.
EVERYTHING = """
find / -xdev ! -type d -printf '%p\\t%y %s %m %U %G %T@ %C@ %l\\n'
find / -xdev -type d -printf '%p\\t%y %m %U %G\\n'
rpm -qa --qf '/rpmdb/%{nevra}\\t%{sha256header}\\n'
rpm -Va --nodeps --noscripts | sed 's/\\(.*\\) \\([^ ]*\\)$/\\/verify\\2\\t\\1/'
"""
BESIDE = [entry["path"] for entry in yaml.safe_load((Path(__file__).parent / "look_beside.yml").read_text())]


def everything(host):
    """{path: what it is} of a whole host."""
    return dict(line.split("\t", 1) for line in host.run(EVERYTHING).splitlines() if "\t" in line)


def changed(before, after):
    """Paths (set) that differ, but for those of look_beside.yml."""
    return {path for path in set(before) | set(after) if before.get(path) != after.get(path)
            and not any(fnmatch.fnmatchcase(path, pattern) for pattern in BESIDE)}


def changes_nothing(name, host, task):
    """*task* changes no more of *host* than an idle login of the same length does."""
    before, begun = everything(host), time.monotonic()
    ran(name, task)
    seconds = time.monotonic() - begun
    after = everything(host)
    by_task = changed(before, after)
    ran(name, {"name": "idle", "ansible.builtin.command": f"sleep {seconds:.0f}", "changed_when": False})
    by_idling = changed(after, everything(host))
    assert by_task - by_idling == set(), f"changed by {task['name']}, and not by an idle login"
    assert len(before) > 5000 and any(path.startswith("/rpmdb/") for path in before), "this looks at too little"


def back(name, host, before, scriptlets=":", steps=None):
    """*host* is what LOOK said *before* again, as check mode said, and a second way back does nothing.

    :param scriptlets: shell that does what those of the real packages do, which the look-alike's have not
    :param steps: see timed()
    """
    converted, nevras = host.run(LOOK), host.run(NEVRAS).split()
    with timed(steps, "check back"):
        run = Play(name, [dict(convert(state="reverted"), check_mode=True, diff=True)]).wait(600)
    checked = run.result(name, "convert")
    assert run.rc == 0 and checked["changed"] and host.run(LOOK) == converted, run.output
    rows = checked["packages"]
    assert not {row["verdict"] for row in rows} - {"returns", "removed"} and "/etc/os-release" not in checked["files"] and checked["diff"]
    with timed(steps, "back"):
        done = ran(name, convert(state="reverted")).result(name, "convert")
    host.run(scriptlets)
    assert done["result"] == "reverted" and host.run(LOOK) == before
    expected = (set(nevras) - {row["package"] for row in rows}) | {row["becomes"] for row in rows if row["becomes"]}
    assert set(host.run(NEVRAS).split()) == expected
    with timed(steps, "back again"):
        again = ran(name, convert(state="reverted")).result(name, "convert")
    assert again["changed"] is False
