# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input and bad hosts: one error that names the thing and the remedy, no traceback, and nothing changed."""
import pytest

REPOSITORIES = "elkit.almalinux.repositories"
STREAMS = "elkit.almalinux.module_streams"
TRUSTED = "{{ repositories_trusted_keys }}"
MIRROR = "https://mirror.elkit.test"
ACME = {"id": "acme", "baseurl": MIRROR + "/third-party/", "gpgkey": MIRROR + "/third-party/RPM-GPG-KEY-acme"}
# All of /etc, the packages and the journal.
EVERYTHING = """
find /etc -type f -not -path '/etc/pki/ca-trust/extracted/*' -exec sha256sum {} + | sort -k 2
find /etc/yum.repos.d /etc/dnf /etc/pki/rpm-gpg -printf '%p %m %U:%G\\n' | sort
rpm -qa | sort
find /var/lib/elkit -type f -not -name lock -exec sha256sum {} + 2>/dev/null | sort -k 2
find /var/lib/elkit -mindepth 3 -type d 2>/dev/null
true
"""
OS_RELEASE_7 = 'NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n'
OS_RELEASE_DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nID=debian\n'


def repositories(**desired):
    return {REPOSITORIES: dict({"trusted_keys": TRUSTED}, **desired)}


def streams(*wanted, **more):
    return {STREAMS: dict({"streams": list(wanted)}, **more)}


# What is asked for: (name, task, words of the error: the thing and the remedy).
ASKED = [
    ("unknown id", repositories(enabled=["highavailabilty"]), ["enabled", "highavailabilty", "Did you mean highavailability?"]),
    ("unknown id, nothing near", repositories(disabled=["docker-ce-stable"]), ["docker-ce-stable", "extra"]),
    ("unknown id in options", repositories(options={"base": {"priority": 1}}), ["base", "Did you mean baseos"]),
    ("unknown option", repositories(options={"baseos": {"prioritty": 1}}), ["prioritty", "priority"]),
    ("no URL", repositories(mirror="mirror.example.com/almalinux"), ["mirror", "mirror.example.com/almalinux", "https://"]),
    ("no URL in extra", repositories(extra=[{"id": "acme", "baseurl": "not a url", "gpgcheck": False}]), ["acme", "not a url", "https://"]),
    ("both", repositories(enabled=["crb"], disabled=["crb"]), ["crb", "enabled and disabled", "Drop one"]),
    ("both by two names", repositories(enabled=["powertools"], disabled=["crb"]), ["crb", "enabled and disabled"]),
    ("EPEL without crb", repositories(epel=True, disabled=["crb"]), ["EPEL", "crb"]),
    ("epel-next", repositories(enabled=["epel-next"]), ["epel-next", "CentOS Stream", "Use epel"]),
    ("short fingerprint", repositories(extra=[dict(ACME, fingerprints=["BE9920A7"])]), ["acme", "BE9920A7", "40"]),
    ("no fingerprint", repositories(extra=[ACME]), ["acme", "fingerprint"]),
    ("another fingerprint", repositories(extra=[dict(ACME, fingerprints=["0" * 39 + "1"])]),
     ["RPM-GPG-KEY-acme", "{third-party}", "fingerprints"]),
    ("key that is not there", repositories(extra=[dict(ACME, gpgkey=MIRROR + "/third-party/NO-KEY", fingerprints=["0" * 40])]),
     ["acme", "/third-party/NO-KEY", "404"]),
    ("key that is none", repositories(extra=[dict(ACME, gpgkey=MIRROR + "/third-party/", fingerprints=["0" * 40])]), ["/third-party", "key"]),
    ("untrusted vendor key", {REPOSITORIES: {"enabled": ["crb"]}}, ["RPM-GPG-KEY-AlmaLinux", "not pinned", "trusted_keys"]),
    ("twice", repositories(extra=[dict(ACME, fingerprints=["0" * 40])] * 2), ["acme", "twice"]),
    ("a known id as extra", repositories(extra=[dict(ACME, id="baseos", fingerprints=["0" * 40])]), ["baseos", "options"]),
    ("another major's minor", repositories(minor="7.9"), ["7.9", "does not belong"]),
    ("a minor that is not there", repositories(minor="9.99"), ["9.99", "baseos", "404"]),
    ("no minor", repositories(minor="latest"), ["latest", "in quotes"]),
    ("metalink of AlmaLinux", repositories(source="metalink"), ["metalink", "mirror"]),
    ("gpgcheck for all", repositories(main={"gpgcheck": False}), ["gpgcheck", "by name"]),
    ("releasever", repositories(vars={"releasever": "9.4"}), ["releasever", "minor"]),
    ("epel, neither", repositories(epel="perhaps"), ["epel", "perhaps", "true or false"]),
    ("mirror that is no mirror", repositories(mirror=MIRROR + "/nothing-here"), ["baseos", "/nothing-here/", "404", "verify: false"]),
    ("mirror without a name", repositories(mirror="https://mirror.invalid/almalinux"), ["baseos", "mirror.invalid"]),
    ("no root", dict(repositories(enabled=["crb"]), become=False), ["root", "become: true"]),
    ("streams: no root", dict(streams("nodejs:20"), become=False), ["root", "become: true"]),
    ("streams: no stream", streams("node js"), ["node js", "name:stream"]),
    ("streams: twice", streams("nodejs:20", "nodejs:18"), ["nodejs", "twice"]),
    ("streams: unknown module", streams("nodjs:20"), ["nodjs", "Did you mean nodejs?"]),
    ("streams: unknown stream", streams("nodejs:21"), ["nodejs", "21", "There are: ", "20"]),
    ("streams: unknown profile", streams("nodejs:20/comon"), ["nodejs:20", "comon", "common"]),
    ("streams: unknown field", streams({"name": "nodejs", "strem": "20"}), ["strem", "nodejs"]),
    ("streams: bad state", streams({"name": "nodejs", "state": "on"}), ["nodejs", "on", "installed"]),
    ("streams: unsigned by a known key", streams("nodejs:20/common"), ["signature", "nodejs", "repositories"]),
]


def attempt(name, task):
    return dict(task, name=name, ignore_errors=True)


def shell(script):
    return {"name": "shell", "ansible.builtin.shell": script, "changed_when": False}


def check(result, words, output):
    message = result["msg"]
    missing = [word for word in words if word not in message]
    assert not missing, f"{missing} not in: {message}"
    assert "Traceback" not in output and "Traceback" not in str(result), result
    # Thing and remedy: two sentences, and no more than a person reads.
    assert ". " in message and len(message) < 1500, message


@pytest.fixture(scope="module")
def asked(changeable, play_module, keys):
    """The Run of all of ASKED on a 9, and its state before and after. What differs by major has unit tests."""
    where = ("td12",)
    before = changeable.run(EVERYTHING, where)
    run = play_module(":".join(where), [attempt(name, task) for name, task, _words in ASKED])
    return run, before, changeable.run(EVERYTHING, where)


@pytest.mark.parametrize("name, words", [(name, words) for name, _task, words in ASKED], ids=[name for name, _task, _words in ASKED])
def test_what_is_asked_for_is_wrong(asked, keys, name, words):
    run, _before, _after = asked
    check(run.failure("td12", name), [keys[word[1:-1]] if word.startswith("{") else word for word in words], run.output)


def test_nothing_of_that_changed_anything(asked):
    run, before, after = asked
    assert after == before
    assert "Traceback" not in run.output


# What the host is: (name, script before, task, script after, words).
BROKEN = [
    ("a broken repository file", "printf '[ours]\\nname=x\\nno option here\\n' >/etc/yum.repos.d/zz.repo", repositories(enabled=["crb"]),
     "rm /etc/yum.repos.d/zz.repo", ["/etc/yum.repos.d/zz.repo", "line 3", "mend or remove"]),
    ("a link to nothing", "ln -s /nowhere /etc/yum.repos.d/zz.repo", repositories(enabled=["crb"]),
     "rm /etc/yum.repos.d/zz.repo", ["/etc/yum.repos.d/zz.repo", "link to nothing", "Remove it"]),
    ("a folder in a file's place", "mkdir /etc/yum.repos.d/zz.repo", repositories(enabled=["crb"]),
     "rmdir /etc/yum.repos.d/zz.repo", ["/etc/yum.repos.d/zz.repo"]),
    ("a broken dnf.conf", "cp -p /etc/dnf/dnf.conf /root/keep; echo nonsense >>/etc/dnf/dnf.conf", repositories(main={"retries": 3}),
     "mv /root/keep /etc/dnf/dnf.conf", ["/etc/dnf/dnf.conf", "line"]),
    ("a key file that is gone", "mv /etc/pki/rpm-gpg/RPM-GPG-KEY-AlmaLinux-9 /root/keep", repositories(enabled=["crb"]),
     "mv /root/keep /etc/pki/rpm-gpg/RPM-GPG-KEY-AlmaLinux-9", ["RPM-GPG-KEY-AlmaLinux-9", "Reinstall"]),
    ("a read-only /etc", "mount --bind /etc/yum.repos.d /etc/yum.repos.d; mount -o remount,bind,ro /etc/yum.repos.d",
     repositories(enabled=["crb"]), "umount /etc/yum.repos.d", ["/etc/yum.repos.d", "Read-only file system", "writable"]),
    ("a read-only journal", "mkdir -p /var/lib/elkit; mount -t tmpfs -o ro none /var/lib/elkit", repositories(enabled=["crb"]),
     "umount /var/lib/elkit", ["/var/lib/elkit", "Read-only file system", "writable"]),
    ("a full /etc", "cp -a /etc/yum.repos.d /root/keep; mount -t tmpfs -o size=128k,mode=0755 none /etc/yum.repos.d; "
     "cp -a /root/keep/. /etc/yum.repos.d; dd if=/dev/zero of=/etc/yum.repos.d/fill bs=4k 2>/dev/null; sync; ls -l /etc/yum.repos.d >/dev/null",
     repositories(enabled=["crb"]), "rm /etc/yum.repos.d/fill; diff -r /root/keep /etc/yum.repos.d && umount /etc/yum.repos.d && rm -r /root/keep",
     ["/etc/yum.repos.d", "space"]),
    ("a full journal", "mkdir -p /var/lib/elkit; mount -t tmpfs -o size=16k,mode=0700 none /var/lib/elkit; "
     "dd if=/dev/zero of=/var/lib/elkit/fill bs=4k 2>/dev/null; true",
     repositories(enabled=["crb"]), "umount /var/lib/elkit", ["/var/lib/elkit", "space"]),
    ("streams: a broken state file", "printf 'nonsense\\n' >/etc/dnf/modules.d/nodejs.module", streams("nodejs:20"),
     "rm /etc/dnf/modules.d/nodejs.module", ["/etc/dnf/modules.d/nodejs.module"]),
    ("streams: a broken repository", "sed -i.keep 's,^mirrorlist=.*/appstream$,baseurl=https://mirror.invalid/x/,' /etc/yum.repos.d/almalinux-appstream.repo",
     streams("nodejs:20"), "mv /etc/yum.repos.d/almalinux-appstream.repo.keep /etc/yum.repos.d/almalinux-appstream.repo",
     ["appstream", "run again"]),
    ("a mirror that hangs", "", repositories(enabled=["rt"], options={"rt": {"baseurl": MIRROR + "/almalinux/9/RT/x86_64/os/"}}, verify_timeout=4),
     "", ["rt", MIRROR + "/almalinux/9/RT/x86_64/os/"]),
    ("a mirror that says 404", "", repositories(enabled=["nfv"], options={"nfv": {"baseurl": MIRROR + "/almalinux/9/NFV/x86_64/os/"}}),
     "", ["nfv", MIRROR + "/almalinux/9/NFV/x86_64/os/", "404"]),
    ("a mirror that is a web page", "", repositories(enabled=["saphana"], options={"saphana": {"baseurl": MIRROR + "/almalinux/9/SAPHANA/x86_64/os/"}}),
     "", ["saphana", "no repomd.xml", MIRROR + "/almalinux/9/SAPHANA/x86_64/os/"]),
    ("a list that is a web page", "", repositories(enabled=["plus"], options={"plus": {"mirrorlist": "https://vault.almalinux.org/vault/"}}),
     "", ["plus", "https://vault.almalinux.org/vault/", "no mirror"]),
    ("a tampered mirror of a metalink", "", repositories(enabled=["sap"], options={"sap": {"metalink": "https://mirrors.almalinux.org/metalink/9.7/sap"}}),
     "", ["sap", "metalink", "checksum", "vault.almalinux.org/9.7/SAP"]),
    ("a cut answer", "", repositories(enabled=["resilientstorage"],
                                      options={"resilientstorage": {"baseurl": MIRROR + "/almalinux/9/ResilientStorage/x86_64/os/"}}),
     "", ["resilientstorage", "/ResilientStorage/"]),
    ("Enterprise Linux 7", f"cp -P /etc/os-release /root/keep; rm /etc/os-release; printf '%s' '{OS_RELEASE_7}' >/etc/os-release", repositories(),
     "mv -f /root/keep /etc/os-release", ["CentOS Linux 7", "not AlmaLinux"]),
    ("Debian", f"cp -P /etc/os-release /root/keep; rm /etc/os-release; printf '%s' '{OS_RELEASE_DEBIAN}' >/etc/os-release", repositories(),
     "mv -f /root/keep /etc/os-release", ["Debian GNU/Linux 13", "Take it out"]),
    ("streams: Debian", f"cp -P /etc/os-release /root/keep; rm /etc/os-release; printf '%s' '{OS_RELEASE_DEBIAN}' >/etc/os-release", streams("nodejs:20"),
     "mv -f /root/keep /etc/os-release", ["Debian GNU/Linux 13", "Enterprise Linux 8 and 9"]),
]


@pytest.fixture(scope="module")
def broken(changeable, play_module, faults):
    """The Run of all of BROKEN on a 9, and its state before and after."""
    faults("hang", "mirror.elkit.test/almalinux/9/RT/")
    faults("404", "mirror.elkit.test/almalinux/9/NFV/")
    faults("not-a-repomd", "mirror.elkit.test/almalinux/9/SAPHANA/")
    faults("truncated", "mirror.elkit.test/almalinux/9/ResilientStorage/")
    faults("tampered", "vault.almalinux.org/9.7/SAP/")
    before = changeable.run(EVERYTHING, ["td12"])
    tasks = []
    for name, ready, task, after, _words in BROKEN:
        tasks += [shell(ready)] if ready else []
        tasks += [attempt(name, task)]
        tasks += [shell(after)] if after else []
    run = play_module("td12", tasks)
    assert run.rc == 0, run.output
    return run, before, changeable.run(EVERYTHING, ["td12"])


@pytest.mark.parametrize("name, words", [(item[0], item[4]) for item in BROKEN], ids=[item[0] for item in BROKEN])
def test_the_host_or_its_mirror_is_broken(broken, name, words):
    run, _before, _after = broken
    check(run.failure("td12", name), words, run.output)


def test_none_of_those_changed_anything(broken):
    run, before, after = broken
    assert after == before
    assert "Traceback" not in run.output


def test_ten_has_neither_streams_nor_resilientstorage(changeable, play):
    before = changeable.run(EVERYTHING, ["t10"])
    run = play("t10", [attempt("stream", streams("nodejs:22")), attempt("repository", repositories(enabled=["resilientstorage"]))])
    check(run.failure("t10", "stream"), ["AlmaLinux 10", "no module streams", "ansible.builtin.dnf"], run.output)
    check(run.failure("t10", "repository"), ["resilientstorage", "AlmaLinux 10"], run.output)
    assert changeable.run(EVERYTHING, ["t10"]) == before
