# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Keep passwords out of everything that people and logs see."""

import re

MASK = "***"

# dnf.conf(5): options whose value is a secret by itself.
SECRET_OPTIONS = frozenset(["password", "proxy_password"])

_SCHEME = r"([A-Za-z][A-Za-z0-9+.\-]*://)"
# The usual form: everything between "//" and the last "@" of the host part.
_USERINFO = re.compile(_SCHEME + r"([^\s/?#\"'<>]*)@")
# A password that holds an unescaped "/", "?" or "#" makes the URL wrong, but must not be shown for that: what follows
# the first colon is then no port number.
_BROKEN = re.compile(_SCHEME + r"([^\s/?#:@\"'<>]*:(?!\d*(?:[/?#\s,\"'<>]|$))[^\s\"'<>]*)@")
# What was meant to be a URL and is none, such as "https:/user:password@mirror/".
_MISTYPED = re.compile(r"\b((?:h?t?tps?|ftps?|file)[:;]/?)((?!/)[^\s/@:]*:[^\s@]*)@", re.IGNORECASE)
_BARE = re.compile(r"\A()([^\s/@:]+:[^\s/@]+)@(?=[A-Za-z0-9])")
_QUERY = re.compile(
    r"([?&](?:[a-z_\-]*token|[a-z_\-]*key|password|passwd|secret|sig|signature|auth|[a-z_\-]*credential)=)([^&\s#\"'<>]+)",
    re.IGNORECASE)
_OPTION_LINE = re.compile(
    r"^([-+ ]?(?:{0})[ \t]*=[ \t]*)(\S.*)$".format("|".join(sorted(SECRET_OPTIONS))), re.MULTILINE)
# Wherever they stand: hashes of passwords (crypt(5)), grub's, and private keys.
HASHES = (
    re.compile(r"\$(?:1|2[abxy]?|5|6|7|y|gy|md5|sha1)\$[./A-Za-z0-9$,=+-]{8,}"),
    re.compile(r"grub\.pbkdf2\.[A-Za-z0-9.]{8,}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
)
# "password=…" among the words of any configuration: mount options, arguments of a PAM module, settings of sssd.
_WORD = re.compile(r"((?:\b|_)(?:password|passwd|passphrase|pwd|secret|authtok)[ \t]*=[ \t]*)(\"[^\"\n]*\"|'[^'\n]*'|[^\s,;\"']+)", re.IGNORECASE)


def redact_url(text):
    """*text* (str: a URL, or any text that holds URLs) with the user part of each URL and secrets in queries masked."""
    if not text:
        return text
    text = _USERINFO.sub(r"\g<1>" + MASK + "@", text)
    text = _BROKEN.sub(r"\g<1>" + MASK + "@", text)
    text = _MISTYPED.sub(r"\g<1>" + MASK + "@", text)
    text = _BARE.sub(MASK + "@", text)
    return _QUERY.sub(r"\g<1>" + MASK, text)


def redact_text(text):
    """*text* (str: a repository file, a diff of one, dnf.conf) as redact_url() does, its password options masked too."""
    return redact_url(_OPTION_LINE.sub(r"\g<1>" + MASK, text or ""))


def redact_file(text):
    """*text* (str: any configuration file of a host) as redact_text() does, with passwords of other programs and hashes masked too."""
    text = _WORD.sub(r"\g<1>" + MASK, redact_text(text))
    for pattern in HASHES:
        text = pattern.sub(MASK, text)
    return text


def redact_option(key, value):
    """The *value* (str) of repository option *key* as it may be shown."""
    if value and key in SECRET_OPTIONS:
        return MASK
    return redact_url(value)


def redact_data(data):
    """Module arguments or results (nested dict, list, str, …) with redact_option() done to every string."""
    if isinstance(data, dict):
        return dict(
            (key, MASK if key in SECRET_OPTIONS and value else redact_data(value)) for key, value in data.items())
    if isinstance(data, (list, tuple)):
        return [redact_data(item) for item in data]
    if isinstance(data, str):
        return redact_text(data)
    return data


def secrets(data):
    """The secrets in nested module arguments: set of str, as written and with URL escapes undone."""
    found = set()
    if isinstance(data, dict):
        for key, value in data.items():
            if key in SECRET_OPTIONS and isinstance(value, (str, int, float)) and not isinstance(value, bool):
                # Ansible masks a number by its text, too.
                found.add(str(value))
            else:
                found.update(secrets(value))
    elif isinstance(data, (list, tuple)):
        for item in data:
            found.update(secrets(item))
    elif isinstance(data, str):
        for pattern in (_USERINFO, _BROKEN, _MISTYPED, _BARE):
            for match in pattern.finditer(data):
                found.update(_credentials(match.group(2)))
        found.update(match.group(2) for match in _QUERY.finditer(data))
        found.update(match.group(2).strip() for match in _OPTION_LINE.finditer(data))
    if any("%" in item for item in found):
        # Imported for those alone who need it: it takes longer than the rest of this module.
        from urllib.parse import unquote
        found.update([unquote(item) for item in found])
    return set(item for item in found if item and item != MASK)


def _credentials(userinfo):
    """The password of a URL's user part; the user itself where there is no password (a token)."""
    user, colon, password = userinfo.partition(":")
    return [password] if colon and password else [user]
