# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away keys that the packages are signed with, made anew by every build."""
import json
import os
from pathlib import Path

from .errors import FactoryError
from .tool import run

PARAMETERS = """%no-protection
Key-Type: RSA
Key-Length: 2048
Key-Usage: {usage}
{subkey}Name-Real: {real}
Name-Email: {email}
Creation-Date: {created}
Expire-Date: {expires}
%commit
"""
SUBKEY = "Subkey-Type: RSA\nSubkey-Length: 2048\nSubkey-Usage: sign\n"


def _stamp(day, clock="000000"):
    """A day, as YAML reads it, in gpg's form."""
    return str(day).replace("-", "") + "T" + clock


class Keys:
    """The key ring under ``folder``/private, and the public keys beside it."""

    def __init__(self, folder: Path, description):
        self.folder = folder
        self.home = folder / "private"
        self.description = description
        self.home.mkdir(parents=True, mode=0o700)
        self.env = {**os.environ, "GNUPGHOME": str(self.home)}
        self.prints = {}
        self.signers = {}  # what gpg is asked to sign with: the subkey where the primary only certifies

    def make(self):
        """Make every key; write NAME.asc and fingerprints.json."""
        for name, key in self.description.items():
            self._make(name, key)
        for name in self.description:
            (self.folder / (name + ".asc")).write_text(self.public([name]))
        (self.folder / "fingerprints.json").write_text(json.dumps(self.prints, indent=1, sort_keys=True) + "\n")

    def _make(self, name, key):
        subkey = key.get("subkey", False)
        text = PARAMETERS.format(usage="cert" if subkey else "sign,cert", subkey=SUBKEY if subkey else "", real=key["real"], email=key["email"],
                                 created=_stamp(key["created"]), expires=_stamp(key["expires"]) if "expires" in key else 0)
        before = self._secret()
        # An expired key can only be made by a gpg that believes in the day of its making.
        run(["gpg", "--batch", "--quiet", "--faked-system-time", _stamp(key["created"], "000100") + "!", "--gen-key"], env=self.env, stdin=text)
        made = [item for item in self._secret() if item not in before]
        if len(made) != (2 if subkey else 1):
            raise FactoryError("gpg made %d keys for %s" % (len(made), name))
        self.prints[name] = made[0]
        self.signers[name] = made[-1]

    def _secret(self):
        lines = run(["gpg", "--batch", "--list-secret-keys", "--with-colons", "--with-fingerprint", "--with-fingerprint"], env=self.env).splitlines()
        return [line.split(":")[9] for line in lines if line.startswith("fpr:")]

    def public(self, names):
        """The public keys of that many names, armoured, one block after the other, as a vendor's key file has them."""
        return "".join(run(["gpg", "--batch", "--armor", "--export", self.prints[name]], env=self.env) for name in names)

    def sign(self, name, paths):
        """Sign packages in place."""
        key = self.description[name]
        words = ["rpmsign", "--define", "_gpg_name %s!" % self.signers[name], "--define", "_gpg_path %s" % self.home,
                 "--define", "_gpg_digest_algo sha256"]
        when = key.get("signs_at")
        if when:
            words += ["--define", "_gpg_sign_cmd_extra_args --faked-system-time %s!" % _stamp(when)]
        run(words + ["--addsign"] + list(paths), env=self.env)

    def sign_text(self, name, path):
        """A detached signature of a file beside it, as repomd.xml.asc."""
        target = Path(str(path) + ".asc")
        run(["gpg", "--batch", "--quiet", "--yes", "--armor", "--detach-sign", "--local-user", self.signers[name] + "!",
             "--output", target, path], env=self.env)

    def stop(self):
        """End the agent that gpg left running, so that the key ring holds no socket."""
        run(["gpgconf", "--kill", "all"], env=self.env, check=False)
        for path in self.home.glob("S.*"):
            path.unlink()
