# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording stub in dnf's place: repositories and URLs come from the environment variable STUB_STATE (JSON)."""

import io
import json
import os
import time

STATE = json.loads(os.environ.get("STUB_STATE", "{}"))


class _Substitutions(dict):
    def update_from_etc(self, installroot):
        self["etc"] = installroot


class _Conf(object):
    def __init__(self):
        self.substitutions = _Substitutions()

    def read(self, filename=None):
        if filename is not None and not os.path.exists(filename):
            raise IOError(filename)


class _Repo(object):
    def __init__(self, data):
        self.metalink = data.get("metalink")
        self.mirrorlist = data.get("mirrorlist")
        self.baseurl = data.get("baseurl", [])


class Base(object):
    def __init__(self):
        self.conf = _Conf()
        self.repos = {}

    def read_all_repos(self):
        if "print" in STATE:
            print(STATE["print"])
            os.write(1, b"noise below Python\n")
        self.repos = dict((name, _Repo(data)) for name, data in STATE.get("repos", {}).items())

    def urlopen(self, url, repo=None):
        content = STATE.get("urls", {}).get(url)
        if content is None:
            raise IOError("Status code: 404 for {0}".format(url))
        if content == "HANG":
            time.sleep(60)
        return io.BytesIO(content.encode())
