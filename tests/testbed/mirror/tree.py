# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host name and a path mean: a file, a mirrorlist or a metalink."""
import hashlib
import json
import posixpath
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

# Trees that can be reached under any host name or address, as on a mirror of one's own.
PREFIXES = {
    "/almalinux": "repo.almalinux.org/almalinux",
    "/vault": "vault.almalinux.org",
    "/pub/epel": "dl.fedoraproject.org/pub/epel",
    "/epel": "dl.fedoraproject.org/pub/epel",
    "/centos-stream": "mirror.stream.centos.org",
    "/third-party": "mirror.elkit.test/third-party",
    "/plain": "mirror.elkit.test/plain",
}
PRIVATE = "/private"


class Answer:
    """``path`` of a file, or ``content`` with its type, or a ``status`` other than 200."""

    def __init__(self, status=200, path=None, content=None, kind="application/octet-stream"):
        self.status, self.path, self.content, self.kind = status, path, content, kind

    def body(self):
        """The bytes to send."""
        if self.content is not None:
            return self.content
        return self.path.read_bytes() if self.path else b""


class Tree:
    """The document roots: in each one folder per host name, and mirrors.json which says what the mirror services answer."""

    def __init__(self, *roots):
        self.roots = [Path(root).resolve() for root in roots]
        self.mirrorlists, self.metalinks = {}, {}
        for root in self.roots:
            mirrors = root / "mirrors.json"
            data = json.loads(mirrors.read_text()) if mirrors.exists() else {}
            for release, slugs in data.get("mirrorlists", {}).items():
                self.mirrorlists.setdefault(release, {}).update(slugs)
            self.metalinks.update(data.get("metalinks", {}))

    def find(self, host, target, scheme="https"):
        """The Answer for a request. ``target`` is a path with or without a query."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        words = path.strip("/").split("/")
        if words[0] == "mirrorlist" and len(words) == 3:
            return self._mirrorlist(words[1], words[2], query.get("arch"))
        if words == ["mirrorlist"]:
            return self._mirrors_of(self.metalinks.get("%s %s" % (query.get("repo"), query.get("arch", "x86_64"))))
        if words[0] == "metalink":
            if len(words) == 3:
                path = self.mirrorlists.get(words[1], {}).get(words[2])
                return self._metalink(path)
            return self._metalink(self.metalinks.get("%s %s" % (query.get("repo"), query.get("arch", "x86_64"))))
        if path.startswith(PRIVATE + "/"):
            path = path[len(PRIVATE):]
        place = self._file(host, path)
        if place is None:
            return Answer(404)
        if place.is_dir():
            return self._listing(place, path)
        kind = {".xml": "text/xml", ".repo": "text/plain"}.get(place.suffix, "application/octet-stream")
        return Answer(path=place, kind=kind)

    def _file(self, host, path):
        """The file or folder under the host's own tree, else under a tree that every host has; None when there is none."""
        if ".." in path.split("/"):
            return None
        candidates = []
        if host and "/" not in host and not host.startswith("."):
            candidates.append(host + path)
        for prefix, place in PREFIXES.items():
            if path == prefix or path.startswith(prefix + "/"):
                candidates.append(place + path[len(prefix):])
        for candidate, root in ((candidate, root) for candidate in candidates for root in self.roots):
            place = root / posixpath.normpath("/" + candidate).lstrip("/")
            resolved = place.resolve()
            if resolved.exists() and resolved.is_relative_to(root) and resolved != root:
                return resolved
        return None

    @staticmethod
    def _listing(place, path):
        names = sorted(item.name + ("/" if item.is_dir() else "") for item in place.iterdir())
        rows = "".join('<a href="%s">%s</a>\n' % (escape(name), escape(name)) for name in names)
        return Answer(content=("<html><body><h1>Index of %s</h1><pre>\n%s</pre></body></html>\n" % (escape(path), rows)).encode(), kind="text/html")

    def _mirrorlist(self, release, slug, arch):
        """As AlmaLinux's service answers: who names no architecture gets dnf's variable for it."""
        path = self.mirrorlists.get(release, {}).get(slug)
        if path is None:
            return Answer(404, content=b"unknown release or repository\n", kind="text/plain")
        if not arch:
            return self._mirrors_of(path.replace("/x86_64/", "/$basearch/"))
        if arch != "x86_64":
            path = path.replace("/x86_64/", "/%s/" % arch)
            if not any((root / path).exists() for root in self.roots):
                return Answer(404, content=b"no such architecture\n", kind="text/plain")
        return self._mirrors_of(path)

    @staticmethod
    def _mirrors_of(path):
        if path is None:
            return Answer(404, content=b"no such repository\n", kind="text/plain")
        return Answer(content=("https://%s/\n" % path).encode(), kind="text/plain")

    def _metalink(self, path):
        if path is None:
            return Answer(404, content=b"# no such repository\n", kind="text/plain")
        repomd = next(root / path for root in self.roots if (root / path).exists()).joinpath("repodata", "repomd.xml").read_bytes()
        urls = "".join('    <url protocol="%s" type="%s" location="XX" preference="%d">%s://%s/repodata/repomd.xml</url>\n'
                       % (scheme, scheme, 100 - number, scheme, escape(path)) for number, scheme in enumerate(("https", "http")))
        # The timestamp is the newest in repomd.xml: librepo compares it with what it gets.
        stamp = max([int(float(part.split("<")[0])) for part in repomd.decode().split("<timestamp>")[1:]] or [0])
        text = """<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files>
  <file name="repomd.xml">
   <mm0:timestamp>%d</mm0:timestamp>
   <size>%d</size>
   <verification>
    <hash type="sha256">%s</hash>
    <hash type="sha512">%s</hash>
   </verification>
   <resources maxconnections="1">
%s   </resources>
  </file>
 </files>
</metalink>
""" % (stamp, len(repomd), hashlib.sha256(repomd).hexdigest(), hashlib.sha512(repomd).hexdigest(), urls)
        return Answer(content=text.encode(), kind="application/metalink+xml")
