# SPDX-License-Identifier: GPL-3.0-or-later
"""inflate.py REPODATA NUMBER: the metadata of a repository, as it would be with that many more packages, which are there by name alone. Each has as
many files, provides and requires as a usual one. Runs where the testbed's mirror is."""
import glob
import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

PACKAGE = """<package type="rpm"><name>ballast-{n}</name><arch>x86_64</arch><version epoch="0" ver="1.{n}" rel="1.el9"/>
<checksum type="sha256" pkgid="YES">{sum}</checksum><summary>A package that is there by name alone</summary>
<description>It has a description of the usual length, which says what it is for, what it does, and which other packages it works with.</description>
<packager>nobody</packager><url>https://example.com/{n}</url><time file="1700000000" build="1700000000"/>
<size package="120000" installed="400000" archive="410000"/><location href="Packages/ballast-{n}-1.{n}-1.el9.x86_64.rpm"/>
<format><rpm:license>MIT</rpm:license><rpm:vendor>nobody</rpm:vendor><rpm:group>Unspecified</rpm:group><rpm:buildhost>example.com</rpm:buildhost>
<rpm:sourcerpm>ballast-1.{n}-1.el9.src.rpm</rpm:sourcerpm><rpm:header-range start="4504" end="20000"/>
<rpm:provides>{provides}</rpm:provides><rpm:requires>{requires}</rpm:requires><file>/usr/bin/ballast-{n}</file></format></package>
"""


def primary(number):
    """The <package> element of one."""
    provides = "".join(f'<rpm:entry name="libballast{number}_{one}.so.1()(64bit)"/>' for one in range(5))
    provides += f'<rpm:entry name="ballast-{number}" flags="EQ" epoch="0" ver="1.{number}" rel="1.el9"/>'
    requires = "".join(f'<rpm:entry name="libballast{(number * 7 + one * 13) % 12000}_0.so.1()(64bit)"/>' for one in range(10))
    requires += '<rpm:entry name="/bin/sh"/><rpm:entry name="libc.so.6(GLIBC_2.34)(64bit)"/>'
    return PACKAGE.format(n=number, sum=digest(number), provides=provides, requires=requires)


def filelists(number):
    files = "".join(f"<file>/usr/share/ballast/{number}/file-{one}</file>" for one in range(30))
    return f'<package pkgid="{digest(number)}" name="ballast-{number}" arch="x86_64"><version epoch="0" ver="1.{number}" rel="1.el9"/>{files}</package>\n'


def other(number):
    return f'<package pkgid="{digest(number)}" name="ballast-{number}" arch="x86_64"><version epoch="0" ver="1.{number}" rel="1.el9"/></package>\n'


def digest(number):
    return hashlib.sha256(b"ballast%d" % number).hexdigest()


def main():
    repodata, number = Path(sys.argv[1]), int(sys.argv[2])
    for kind, make, end in (("primary", primary, "</metadata>"), ("filelists", filelists, "</filelists>"), ("other", other, "</otherdata>")):
        text = gzip.open(glob.glob(f"{repodata}/*-{kind}.xml.gz")[0], "rt").read()
        have = int(text.split('packages="')[1].split('"')[0])
        text = text.replace(f'packages="{have}"', f'packages="{have + number}"').replace(end, "".join(make(one) for one in range(number)) + end)
        path = Path("/tmp") / f"{kind}.xml"
        path.write_text(text)
        subprocess.run(["modifyrepo_c", "--remove", kind, str(repodata)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["modifyrepo_c", "--mdtype", kind, "--compress-type", "gz", str(path), str(repodata)], check=True, stdout=subprocess.DEVNULL)
        path.unlink()


main()
