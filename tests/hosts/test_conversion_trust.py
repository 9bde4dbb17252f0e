# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages and metadata of a mirror of one's own, on the host's own disk: what is not as it must be stops a conversion before it begins."""
import time
from contextlib import contextmanager

import pytest

from tests.faults.host import mirror_fault

from . import conversions
from .conversions import LOOK, MODULE, TRUSTED, back

pytest_plugins = ["tests.faults.fixtures"]

HOST = "fc9"
MIRROR = "file:///srv/mirror"
BASH = "Packages/bash-5.1.8-9.el9.x86_64.rpm"
# A copy of AlmaLinux 9's tree. What is filled in runs in BaseOS.
COPY = """
export GNUPGHOME=/tmp/keys
rm -rf "$GNUPGHOME"; cp -a /content/keys/private "$GNUPGHOME"
cp -a /content/www/repo.almalinux.org/almalinux/9.8 /tmp/made/9
cp /content/www/repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-9 /tmp/made/
cd /tmp/made/9/BaseOS/x86_64/os
sign() { rpmsign --define "_gpg_name $1!" --define "_gpg_path $GNUPGHOME" --define '_gpg_digest_algo sha256' "${@:3}" --addsign "$2" >/dev/null; }
print_of() { gpg --list-keys --with-colons "$1" | awk -F: '/^fpr:/ {print $10; exit}'; }
%s
createrepo_c --quiet .
gpgconf --kill all
"""
# Signs bash with a key that is valid until 2021, on the day $when.
EXPIRED = """
when=%s
gpg --batch --quiet --faked-system-time '20200101T000100!' --passphrase '' --quick-gen-key acme@expired.example rsa2048 sign never
print=$(print_of acme@expired.example)
rpmsign --delsign %s >/dev/null
sign "$print" %s --define "_gpg_sign_cmd_extra_args --faked-system-time $when!"
gpg --batch --quiet --faked-system-time '20200102T000000!' --passphrase '' --quick-set-expire "$print" 20210101T000000
gpg --armor --export "$print" >>/tmp/made/RPM-GPG-KEY-AlmaLinux-9
echo "print=$print"
"""


def mirror_with(change):
    """The mirror on the host, with *change* (shell) done in BaseOS; what that printed."""
    return conversions.from_mirror(HOST, COPY % change, MIRROR[len("file://"):])


def convert(*trusted):
    return {"name": "convert", MODULE: {
        "mirror": MIRROR, "trusted_keys": "%s" % TRUSTED if not trusted else "{{ repositories_trusted_keys + %s }}" % list(trusted)}}


@pytest.fixture
def untouched(fault_host):
    """The host as CentOS Stream, which must be afterwards what it was before."""
    host = conversions.as_source(HOST, fault_host(HOST))
    before = host.run(LOOK)
    yield host
    assert host.run(LOOK) == before, "something was changed"


def refused(words, task):
    conversions.refused(HOST, words, task)


def test_an_unsigned_package(untouched):
    mirror_with("rpmsign --delsign %s >/dev/null" % BASH)
    refused(["bash-5.1.8-9", "signed"], convert())


def test_a_package_signed_with_another_key(untouched):
    mirror_with('rpmsign --delsign {0} >/dev/null; sign "$(print_of nobody@unknown.example)" {0}'.format(BASH))
    refused(["bash-5.1.8-9", "key"], convert())


def test_a_package_signed_after_its_key_was_up(untouched):
    text = mirror_with(EXPIRED % ("20220101T000000", BASH, BASH))
    refused(["bash-5.1.8-9", "2022-01-01", "2021-01-01"], convert(text.split("print=")[1].split()[0]))


def test_a_package_signed_while_its_expired_key_was_valid(untouched):
    text = mirror_with(EXPIRED % ("20200601T000000", BASH, BASH))
    before = untouched.run(LOOK)
    done = conversions.ran(HOST, convert(text.split("print=")[1].split()[0])).result(HOST, "convert")
    assert done["result"] == "converted"
    back(HOST, untouched, before)


def test_a_package_that_is_another_than_the_metadata_say(untouched):
    mirror_with(":")
    untouched.run(f"echo >>/srv/mirror/9/BaseOS/x86_64/os/{BASH}")
    refused(["bash"], convert())


@pytest.mark.parametrize("script, words", [
    ("rm -rf repodata", ["target", "baseos"]),
    pytest.param("for file in repodata/*primary*; do head -c 1000 $file >$file.new; mv $file.new $file; done", ["target", "baseos"], marks=pytest.mark.full),
    ("echo '<repomd' >repodata/repomd.xml", ["target", "baseos"])], ids=["missing", "truncated", "damaged"])
def test_metadata_that_are_not_sound(untouched, script, words):
    mirror_with(":")
    untouched.run("cd /srv/mirror/9/BaseOS/x86_64/os && " + script)
    refused(words, convert())


@pytest.mark.full
def test_what_a_mirror_lacks_of_what_almalinux_enables_is_disabled(untouched):
    """And EPEL's key, which nobody can have there, stops nothing."""
    mirror_with("rm -rf /tmp/made/9/extras")
    # What is enabled now must be there afterwards, too.
    untouched.run("cp -a /etc/yum.repos.d /var/tmp/elkit-repos; sed -i '/^\\[extras-common\\]/,/^\\[/s/^enabled=1/enabled=0/' /etc/yum.repos.d/*.repo")
    untouched.run("printf '[epel]\nname=EPEL\nbaseurl=file:///srv/mirror/9/CRB/x86_64/os/\ngpgcheck=1\nenabled=1\n"
                  "gpgkey=http://127.0.0.1:9/RPM-GPG-KEY-EPEL-9\n' >/etc/yum.repos.d/epel.repo")
    try:
        before = untouched.run(LOOK)
        looked = conversions.ran(HOST, dict(convert(), check_mode=True)).result(HOST, "convert")
        assert any("of these, AlmaLinux enables extras, which the conversion disables" in row["found"] for row in looked["checks"])
        run = conversions.ran(HOST, convert())
        done = run.result(HOST, "convert")
        assert done["result"] == "converted" and {row["after"] for row in done["repositories"]} - {None} == {"appstream", "baseos", "epel"}
        assert "the key of epel cannot be fetched" in run.output
        untouched.run("dnf -q --refresh makecache")
        back(HOST, untouched, before)
    finally:
        untouched.run("rm -r /etc/yum.repos.d; mv /var/tmp/elkit-repos /etc/yum.repos.d")


METADATA = "repo.almalinux.org/almalinux/9.8/BaseOS/x86_64/os/repodata"


@pytest.mark.parametrize("fault", ["tampered", *(pytest.param(fault, marks=pytest.mark.full) for fault in ("truncated", "reset", "hang"))])
def test_metadata_that_a_server_spoils(untouched, fault):
    with mirror_fault(fault, METADATA):
        found = conversions.ran(HOST, conversions.look()).result(HOST, "look")
        assert found["verdict"] == "inhibited" and found["inhibitors"] == ["target"], found
        if fault != "hang":
            # Which takes two minutes each time.
            refused(["target", "baseos"], conversions.convert())


@contextmanager
def impatient(host):
    """dnf gives a mirror up that sends less than its `minrate` of 1000 bytes a second for two seconds."""
    host.run("cp -p /etc/dnf/dnf.conf /var/tmp/elkit-dnf.conf; sed -i '/^\\[main\\]/a timeout=2' /etc/dnf/dnf.conf")
    try:
        yield
    finally:
        host.run("mv /var/tmp/elkit-dnf.conf /etc/dnf/dnf.conf")


@pytest.mark.full
def test_metadata_that_come_slowly(untouched):
    # Five seconds before each file.
    with mirror_fault("slow", METADATA):
        found = conversions.ran(HOST, conversions.look()).result(HOST, "look")
        assert found["verdict"] == "ready" and found["packages"], "it is waited for"
        with impatient(untouched):
            refused(["target", "baseos", "Timeout was reached"], conversions.convert())


# A server on the host whose metadata of BaseOS come in at a hundred bytes a second.
TRICKLE = """
import functools, http.server, sys, threading, time
class Handler(http.server.SimpleHTTPRequestHandler):
    def copyfile(self, source, target):
        slow = "/BaseOS/" in self.path and "/repodata/" in self.path
        for part in iter(lambda: source.read(50 if slow else 65536), b""):
            target.write(part)
            time.sleep(0.5 if slow else 0)
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8642), functools.partial(Handler, directory="/srv/mirror"))
threading.Thread(target=server.serve_forever, daemon=True).start()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.full
def test_metadata_that_trickle_in(untouched):
    mirror_with(":")
    with untouched._held(TRICKLE), impatient(untouched):
        began = time.monotonic()
        task = convert()
        task[MODULE]["mirror"] = "http://127.0.0.1:8642"
        refused(["target", "baseos", "Operation too slow"], task)
        size = int(untouched.run("du -bc /srv/mirror/9/BaseOS/x86_64/os/repodata | tail -1 | cut -f1"))
        assert time.monotonic() - began < 120 < size / 100, "it is not waited for"
