# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The kernel's command line, for every kernel that is there and for those to come, and the boot loader's password.

args, one of
    argument       a word that must be there ("audit=1")
    absent         a list of words that must not ("selinux=0"); and recovery: true where no recovery entries may be made
    password       the hash of grub2-mkpasswd-pbkdf2, a secret; "" where the user gave none
    superuser      the name that the password goes with

What grubby --update-kernel=ALL changes is changed as the files that they are: /etc/default/grub, the entries below /boot/loader/entries and, on
release 8, the environment block that they refer to. So a run can show them, and take them back byte by byte.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import grubtext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable, not_applicable

DEFAULT = "/etc/default/grub"
ENTRIES = "/boot/loader/entries/*.conf"
CMDLINE = "/etc/kernel/cmdline"
SCRIPTS = "/etc/grub.d/*"
EFI = "/boot/efi/EFI/almalinux"
HASH = re.compile(r"grub\.pbkdf2\.sha512\.[0-9]+\.[0-9A-Fa-f]+\.[0-9A-Fa-f]+\Z")
USER = re.compile(r"[A-Za-z_]+\Z")
_LINUX = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")
_RECOVERY = "GRUB_DISABLE_RECOVERY"
_SUPERUSERS = re.compile(r"""(?m)^([ \t]*set[ \t]+superusers=)("?)([A-Za-z_]+)\2[ \t]*$""")
_SOURCE = """if [ -f ${prefix}/user.cfg ]; then
  source ${prefix}/user.cfg
  if [ -n "${GRUB2_PASSWORD}" ]; then
    set superusers="root"
    export superusers
    password_pbkdf2 root ${GRUB2_PASSWORD}
  fi
fi
"""


def place(view, name):
    """The path of a file of grub's: release 8 keeps it on the EFI partition, if there is one."""
    if view.el == 8 and "efi" in view.flags:
        return "{0}/{1}".format(EFI, name)
    return "/boot/grub2/{0}".format(name)


def check(control, view):
    if "password" in control.args:
        return _check_password(control, view)
    if "superuser" in control.args:
        return _check_superuser(control, view)
    if view.read(DEFAULT) is None:
        return not_applicable("there is no {0}".format(DEFAULT))
    return _check_argument(control, view) if "argument" in control.args else _check_absent(control, view)


def fix(control, view):
    if "password" in control.args:
        _fix_password(control, view)
        return
    if "superuser" in control.args:
        _fix_superuser(control, view)
        return
    unclear = _unclear(control, view)
    if unclear is not None:
        raise NotFixable("{0}, line {1}, is more than a plain assignment".format(DEFAULT, unclear.line), "Write {0}".format(unclear.after))
    if "argument" in control.args:
        wanted = control.arg("argument")
        _change(view, lambda line: grubtext.added(line, wanted), {"GRUB_CMDLINE_LINUX": wanted})
    else:
        _fix_absent(control, view)


# --- the command line ------------------------------------------------------------------------------------------------

def command_lines(view):
    """[(path, line number, command line)] of all files that a kernel's command line is made from; a reference is no line of its own."""
    found = []
    block = place(view, "grubenv")
    referred = False
    for path in view.glob(ENTRIES):
        for number, line in grubtext.entry_options(view.read(path) or ""):
            if "$kernelopts" in line.split():
                referred = True
            else:
                found.append((path, number, line))
    options = grubtext.kernelopts(view.read(block) or "")
    if options is not None and (referred or view.el == 8):
        found.append((block, options[0], options[1]))
    if view.read(CMDLINE):
        found.append((CMDLINE, 1, view.read(CMDLINE).split("\n")[0]))
    return found


def _running(view):
    # A container's /proc/cmdline is its host's.
    return None if "container" in view.flags else (view.context.read("/proc/cmdline") or "").split()


def _unclear(control, view):
    """The Finding for a line of /etc/default/grub of which only a shell could tell what value it gives, or None."""
    for name in _LINUX + ((_RECOVERY,) if control.arg("recovery") else ()):
        number = grubtext.unclear(view.read(DEFAULT), name)
        if number is not None:
            return Finding(False, "no plain value", '{0}="…" on one line'.format(name), DEFAULT, number)
    return None


def _check_argument(control, view):
    wanted = control.arg("argument")
    unclear = _unclear(control, view)
    if unclear is not None:
        return unclear
    rows = grubtext.shell_values(view.read(DEFAULT)).get("GRUB_CMDLINE_LINUX", [])
    if not rows or not grubtext.has(rows[-1][1].split(), wanted):
        return Finding(False, "not set", wanted, DEFAULT, rows[-1][0] if rows else None)
    for path, number, line in command_lines(view):
        if not grubtext.has(line.split(), wanted):
            return Finding(False, "not set", wanted, path, number)
    running = _running(view)
    pending = running is not None and not grubtext.has(running, wanted)
    return Finding(True, wanted, wanted, DEFAULT, rows[-1][0], note="the running kernel was started without it" if pending else None, reboot=pending)


def _unwanted(control):
    words = [str(word) for word in control.need("absent")]
    return words, re.compile("(?:{0})\\Z".format("|".join(re.escape(word) for word in words)))


def _check_absent(control, view):
    words, unwanted = _unwanted(control)
    after = "without {0}".format(", ".join(words))
    unclear = _unclear(control, view)
    if unclear is not None:
        return unclear
    values = grubtext.shell_values(view.read(DEFAULT))
    for name in _LINUX:
        for number, value, _quote in values.get(name, []):
            bad = [word for word in value.split() if unwanted.match(word)]
            if bad:
                return Finding(False, bad[0], after, DEFAULT, number)
    for path, number, line in command_lines(view) + _generated(view):
        bad = [word for word in line.split() if unwanted.match(word)]
        if bad:
            return Finding(False, bad[0], after, path, number)
    if control.arg("recovery") and [value for _number, value, _quote in values.get(_RECOVERY, [])][-1:] != ["true"]:
        return Finding(False, "recovery entries", "{0}=true".format(_RECOVERY), DEFAULT)
    pending = any(unwanted.match(word) for word in _running(view) or ())
    return Finding(True, after, after, DEFAULT, note="the running kernel was started with it" if pending else None, reboot=pending)


def _generated(view):
    """The lines of what grub2-mkconfig wrote, and of the scripts it runs."""
    found = []
    for path in [place(view, "grub.cfg")] + view.glob(SCRIPTS):
        if not view.is_directory(path):
            found.extend((path, number, line) for number, line in enumerate(view.lines(path), 1))
    return found


def _fix_absent(control, view):
    words, unwanted = _unwanted(control)
    for path in view.glob(SCRIPTS):
        if any(unwanted.match(word) for line in view.lines(path) for word in line.split()):
            raise NotFixable("{0} writes {1}".format(path, " or ".join(words)), "Correct that script, and run grub2-mkconfig")
    _change(view, lambda line: grubtext.removed(line, unwanted), {})
    generated = place(view, "grub.cfg")
    text = view.read(generated) or ""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if any(unwanted.match(word) for word in line.split()):
            lines[number] = line[:len(line) - len(line.lstrip())] + grubtext.removed(line, unwanted)
    if "\n".join(lines) != text:
        view.write(generated, "\n".join(lines))
    if control.arg("recovery"):
        view.write(DEFAULT, grubtext.with_shell_value(view.read(DEFAULT), _RECOVERY, lambda _value: "true", "true"))


def _change(view, change, missing):
    text = view.read(DEFAULT)
    new = text
    for name in _LINUX:
        if name == "GRUB_CMDLINE_LINUX" or not missing:
            new = grubtext.with_shell_value(new, name, change, missing.get(name))
    if new != text:
        view.write(DEFAULT, new)
    for path in sorted(set(path for path, _number, _line in command_lines(view))):
        text = view.read(path)
        if path == CMDLINE:
            first, line_end, rest = text.partition("\n")
            new = change(first) + line_end + rest
        elif path.endswith(".conf"):
            new = grubtext.with_entry_options(text, change)
        else:
            new = grubtext.with_kernelopts(text, change)
            if new is None:
                raise NotFixable("{0} has no room for more".format(path), "Shorten kernelopts in it (grub2-editenv)")
        if new != text:
            view.write(path, new)


# --- the password ----------------------------------------------------------------------------------------------------

def _password_now(view):
    for line in view.lines(place(view, "user.cfg")):
        name, _equals, value = line.strip().partition("=")
        if name == "GRUB2_PASSWORD":
            return value.strip()
    return None


def _check_password(control, view):
    generated = view.read(place(view, "grub.cfg"))
    if generated is None:
        return not_applicable("there is no {0}".format(place(view, "grub.cfg")))
    now, wanted = _password_now(view), control.arg("password") or ""
    # Hashes stay out of what is reported.
    good = now is not None and bool(HASH.match(now)) and (not wanted or now == wanted)
    names = bool(_SUPERUSERS.search(generated))
    before = "set" if good else "another one" if now else "not set"
    return Finding(good and names, before if names else "no superuser", "set", place(view, "user.cfg"))


def _fix_password(control, view):
    wanted = control.arg("password") or ""
    if wanted and not HASH.match(wanted):
        raise ControlError("grub_password_hash is no hash of grub2-mkpasswd-pbkdf2", "Give what it prints, from grub.pbkdf2.sha512 on")
    now = _password_now(view)
    if not wanted and (now is None or not HASH.match(now)):
        raise NotFixable("no password of the boot loader was given",
                         "Give grub_password_hash, what grub2-mkpasswd-pbkdf2 prints from grub.pbkdf2.sha512 on")
    if wanted and now != wanted:
        path = place(view, "user.cfg")
        kept = [line for line in view.lines(path) if line.strip().partition("=")[0] != "GRUB2_PASSWORD"]
        view.write(path, "\n".join(kept + ["GRUB2_PASSWORD={0}".format(wanted)]) + "\n", mode=0o600, uid=0, gid=0)
    generated = place(view, "grub.cfg")
    if not _SUPERUSERS.search(view.read(generated)):
        # What the boot loader's own script 01_users writes; a grub.cfg that was made without it asks nobody for a password.
        view.write(generated, _SOURCE + view.read(generated))


def _check_superuser(control, view):
    wanted = control.arg("superuser")
    path = place(view, "grub.cfg")
    if view.read(path) is None:
        return not_applicable("there is no {0}".format(path))
    found = _SUPERUSERS.search(view.read(path))
    return Finding(found is not None and found.group(3) == wanted, found.group(3) if found else None, wanted, path)


def _fix_superuser(control, view):
    wanted = control.arg("superuser")
    if not USER.match(wanted or ""):
        raise ControlError("grub_superuser is {0!r}, which grub takes for no name".format(wanted), "Use letters and underscores")
    accounts = [line.partition(":")[0] for line in view.lines("/etc/passwd")]
    if wanted in accounts:
        raise NotFixable("grub_superuser is {0}, an account of this host".format(wanted), "Choose a name that is none")
    path = place(view, "grub.cfg")
    if not _SUPERUSERS.search(view.read(path)):
        view.write(path, _SOURCE + view.read(path))
    # The script is what the next grub2-mkconfig runs.
    for name in [path, "/etc/grub.d/01_users"]:
        text = view.read(name)
        found = _SUPERUSERS.search(text or "")
        if found:
            text = _SUPERUSERS.sub(lambda match: '{0}"{1}"'.format(match.group(1), wanted), text)
            text = re.sub(r"(?m)^([ \t]*password_pbkdf2[ \t]+){0}([ \t])".format(re.escape(found.group(3))),
                          lambda match: match.group(1) + wanted + match.group(2), text)
            view.write(name, text)
