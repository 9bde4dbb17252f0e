# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Whether the sshd that is planned lets somebody in. sshd itself reads the planned files, in a private copy, and says what holds for whom."""

import fnmatch
import ipaddress
import os
import re
import shutil
import tempfile

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import guard_account, guard_who, sshd_command
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import files

MAIN = "/etc/ssh/sshd_config"
WITHOUT_PASSWORD = {"publickey", "gssapi-with-mic", "hostbased"}
WITH_PASSWORD = WITHOUT_PASSWORD | {"password", "keyboard-interactive"}
# What signs with a key of a type.
SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}
KEYTAB = "/etc/krb5.keytab"
ANY = {"0.0.0.0": "4", "::": "6"}


def problems(view, who):
    """[reason (str)] why *who* would not get in; no more than sshd's own settings can say."""
    settings, error = effective(view, who)
    if error:
        return ["sshd refuses its configuration: {0}".format(error)]
    if settings is None:
        return []
    found = listens(settings, who) if who.known else []
    found += admits(settings, who.name, who.address, guard_who.groups(view, who.name), guard_who.user_id(view, who.name) == 0,
                    who.password and who.known)
    found += methods(settings, who.password) if who.known else ways(view, settings, who)
    if first(settings, "forcecommand", "none") != "none":
        found.append("ForceCommand runs another command in place of any")
    if first(settings, "chrootdirectory", "none") != "none":
        found.append("ChrootDirectory shuts {0} in".format(who.name))
    if who.known and not who.password:
        found += keys(view, settings, who)
    return found


def effective(view, who):
    """(settings, error): what `sshd -T` says of the planned files for *who*, as {key: [value]}; (None, None) where there is no sshd."""
    try:
        given = [word for word, _path in sshd_command.words(view)]
    except ElkitError as error:
        return None, str(error)
    directory = tempfile.mkdtemp(prefix="elkit-guard-")
    try:
        path = render(view, directory)
        arguments = ["sshd", "-T", "-f", path, "-C", "user={0},host={1},addr={1},laddr={2},lport={3}".format(
            who.name, who.address, who.local[0], who.local[1])]
        try:
            result = view.run(arguments + given, check=False)
        except ElkitError:
            return None, None
        if result.rc != 0:
            # Without numbers of lines, which a block of ours moves: what sshd refused before is no harm of the plan's.
            said = re.sub(r":? line \d+(?=:)", "", (result.stderr or result.stdout).strip().replace(directory, ""))
            return None, said[-200:] or "code {0}".format(result.rc)
        return parse(result.stdout), None
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def render(view, directory):
    """Write the planned configuration with all that it includes below *directory*: the path of its main file."""
    numbers = iter(range(1000))

    def copy(path, place, seen):
        lines = []
        for line in view.lines(path):
            words = split(line)
            if words and words[0].lower() == "include" and path not in seen:
                for pattern in words[1:]:
                    pattern = pattern if pattern.startswith("/") else "/etc/ssh/" + pattern
                    folder = os.path.join(directory, "include-{0:03d}".format(next(numbers)))
                    os.mkdir(folder, 0o700)
                    found = view.glob(pattern)
                    for number, item in enumerate(found):
                        copy(item, os.path.join(folder, "{0:03d}.conf".format(number)), seen + (path,))
                    if found:
                        lines.append("Include {0}/*.conf".format(folder))
            else:
                lines.append(line)
        files.write_atomic(place, "\n".join(lines) + "\n", files.Attributes(os.geteuid(), os.getegid(), 0o600))

    main = os.path.join(directory, "sshd_config")
    copy(MAIN, main, ())
    return main


def split(line):
    """The words of a line of sshd_config; quotes go."""
    line = line.strip()
    if not line or line.startswith("#"):
        return []
    line = re.sub(r"^(\S+?)\s*=\s*", r"\1 ", line)
    return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]


def parse(text):
    """{key: [value]} of what sshd -T prints."""
    found = {}
    for line in text.splitlines():
        key, _space, value = line.strip().partition(" ")
        if key:
            found.setdefault(key.lower(), []).append(value)
    return found


def first(settings, key, default=""):
    return (settings.get(key) or [default])[0]


def words_of(settings, key):
    return [word for value in settings.get(key, ()) for word in value.split()]


# --- where it listens ------------------------------------------------------------------------------------------------

def listens(settings, who):
    """Whether it still listens where this connection came in."""
    address, port = who.local
    places = [place for place in (endpoint(word) for word in words_of(settings, "listenaddress")) if place]
    if not places:
        return []
    if port not in [number for _host, number in places]:
        return ["sshd would listen on port {0}, not on {1}".format(", ".join(sorted(set(str(number) for _host, number in places))), port)]
    family = "6" if ":" in address else "4"
    for host, number in places:
        if number == port and (host == address or ANY.get(host) == family):
            return []
    return ["sshd would not listen on {0}".format(address)]


def endpoint(word):
    """(address, port) of "0.0.0.0:22" or "[::]:22", or None."""
    match = re.match(r"\[?([^\]]*?)\]?:(\d+)\Z", word)
    return (match.group(1), int(match.group(2))) if match else None


# --- whom it admits --------------------------------------------------------------------------------------------------

def admits(settings, name, address, groups, is_root, password):
    found = []
    deny_users, allow_users = words_of(settings, "denyusers"), words_of(settings, "allowusers")
    deny_groups, allow_groups = words_of(settings, "denygroups"), words_of(settings, "allowgroups")
    if any(matches_user(pattern, name, address) for pattern in deny_users):
        found.append("DenyUsers names {0}".format(name))
    if allow_users and not any(matches_user(pattern, name, address) for pattern in allow_users):
        found.append("AllowUsers does not name {0}".format(name))
    if any(fnmatch.fnmatchcase(group, pattern) for pattern in deny_groups for group in groups):
        found.append("DenyGroups names a group of {0}".format(name))
    if allow_groups and not any(fnmatch.fnmatchcase(group, pattern) for pattern in allow_groups for group in groups):
        found.append("AllowGroups names no group of {0}".format(name))
    if is_root:
        root = first(settings, "permitrootlogin", "yes")
        if root == "no":
            found.append("PermitRootLogin is no")
        elif root == "forced-commands-only":
            found.append("PermitRootLogin lets root run forced commands only")
        elif root in ("prohibit-password", "without-password") and password:
            found.append("PermitRootLogin lets root in with a key only")
    return found


def matches_user(pattern, name, address):
    """Whether USER or USER@HOST of AllowUsers fits. Host names are not looked up: such a pattern fits no address."""
    user, at, host = pattern.partition("@")
    if not fnmatch.fnmatchcase(name, user):
        return False
    return not at or matches_address(host, address)


def matches_address(pattern, address):
    if "/" in pattern:
        return in_network(pattern, address)
    return fnmatch.fnmatchcase(address.lower(), pattern.lower())


def in_network(network, address):
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


# --- by which way ----------------------------------------------------------------------------------------------------

def methods(settings, password):
    """Whether a way is left by which they log in."""
    found = []
    mine = WITH_PASSWORD if password else WITHOUT_PASSWORD
    words = words_of(settings, "authenticationmethods")
    if words and words != ["any"]:
        if not any(set(part.partition(":")[0] for part in word.split(",")) <= mine for word in words):
            found.append("AuthenticationMethods asks for more than they have ({0})".format(" ".join(words)))
    yes = allowed(settings)
    if not password and not yes & {"pubkeyauthentication", "gssapiauthentication", "hostbasedauthentication"}:
        found.append("PubkeyAuthentication is no")
    if password and not yes:
        found.append("no way of authentication is left")
    return found


def allowed(settings):
    return set(key for key in ("pubkeyauthentication", "passwordauthentication", "kbdinteractiveauthentication", "challengeresponseauthentication",
                               "gssapiauthentication", "hostbasedauthentication") if first(settings, key, "no") == "yes")


def ways(view, settings, who):
    """Whether one of whom nobody knows how they come has a way left, by a key, a password, or what another host says of them."""
    if guard_who.account(view, who.name) is None:
        return []
    yes = allowed(settings)
    key = next(iter(keys(view, settings, who)), None) if "pubkeyauthentication" in yes else "PubkeyAuthentication is no"
    asked = {"passwordauthentication": "password", "kbdinteractiveauthentication": "keyboard-interactive",
             "challengeresponseauthentication": "keyboard-interactive"}
    asked = set(method for setting, method in asked.items() if setting in yes)
    password = guard_account.no_password(view, who, first(settings, "permitemptypasswords") == "yes") if asked else "PasswordAuthentication is no"
    if guard_who.user_id(view, who.name) == 0 and first(settings, "permitrootlogin") in ("prohibit-password", "without-password"):
        password = "PermitRootLogin lets root in with a key only"
    have = (set() if key else {"publickey"}) | (set() if password else asked)
    # Every release allows Kerberos' tickets, and takes none where the host has no key of its own for them. No ticket is for an account of the host.
    have |= {"gssapi-with-mic"} if "gssapiauthentication" in yes and view.exists(KEYTAB) and not guard_who.is_local(view, who.name) else set()
    have |= {"hostbased"} if "hostbasedauthentication" in yes else set()
    words = words_of(settings, "authenticationmethods")
    if not words or words == ["any"]:
        return [] if have else ["{0}, and {1}".format(key, password)]
    if any(set(part.partition(":")[0] for part in word.split(",")) <= have for word in words):
        return []
    return [": ".join(["AuthenticationMethods asks for more than they have ({0})".format(" ".join(words))]
                      + [", and ".join(reason for reason in (key, password) if reason)] * bool(key or password))]


def keys(view, settings, who):
    """Whether a key of theirs is where sshd looks for it, of a type that it accepts, and safe enough for StrictModes."""
    # Of an account of the host, which is to work when all else does not, no other is asked.
    asks = first(settings, "authorizedkeyscommand", "none") != "none" and (who.known or not guard_who.is_local(view, who.name))
    if first(settings, "pubkeyauthentication") != "yes" or asks or first(settings, "trustedusercakeys", "none") != "none":
        return []
    account = guard_who.account(view, who.name)
    if account is None:
        return ["there is no user {0}".format(who.name)]
    home = account[0]
    paths = []
    for word in words_of(settings, "authorizedkeysfile"):
        if word != "none":
            word = word.replace("%%", "\0").replace("%h", home).replace("%u", who.name).replace("\0", "%")
            paths.append(os.path.normpath(word if word.startswith("/") else os.path.join(home, word)))
    types = {}
    for path in paths:
        for word in key_types(guard_who.text_of(view, path)):
            types.setdefault(word, path)
    if not types:
        return ["there is no key of {0} in {1}".format(who.name, " or ".join(paths) or "any file (AuthorizedKeysFile)")]
    accepted = first(settings, "pubkeyacceptedalgorithms") or first(settings, "pubkeyacceptedkeytypes")
    accepted = set(accepted.split(",")) if accepted else None
    good = [word for word in types if accepted is None or accepted & set(SIGNATURES.get(word, (word,)))]
    if not good:
        return ["keys of type {0} are not accepted".format(", ".join(sorted(types)))]
    if first(settings, "strictmodes", "yes") == "yes":
        unsafe = [unsafe_part(view, who.name, home, types[word]) for word in good]
        if all(unsafe):
            return ["{0} could be written by others (StrictModes)".format(unsafe[0])]
    return []


def key_types(text):
    """The types of the keys in an authorized_keys file; certificates' authorities are left out."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if line and not line.startswith("#") and "cert-authority" not in line:
            match = re.search(r"(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)\s+AAAA", line)
            if match:
                found.append(match.group(1))
    return found


def unsafe_part(view, name, home, path):
    """The part of the way to *path*, from the home on, that somebody else owns or could write, or None."""
    user = guard_who.user_id(view, name)
    part = path
    while True:
        try:
            mode = view.state("mode", part)
        except ElkitError:
            mode = None
        if mode is not None and (mode[2] & 0o022 or mode[0] not in (0, user)):
            return part
        if part in (home, "/", ""):
            return None
        part = os.path.dirname(part)
