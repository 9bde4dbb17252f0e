# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The kernel's command line, for every kernel that is there and for those to come, and the boot loader's password.

args, one of
    argument       a word that must be there ("audit=1"); at_least: true where a higher number is as good
    absent         a list of words that must not ("selinux=0"); and recovery: true where no recovery entries may be made
    password       the hash of grub2-mkpasswd-pbkdf2, a secret; "" where the user gave none
    superuser      the name that the password goes with

What grubby --update-kernel=ALL changes is changed as the files that they are: /etc/default/grub, the entries below /boot/loader/entries and, on
release 8, the environment block that they refer to. So a run can show them, and take them back byte by byte. What tuned gives the kernel by that
block counts, and is tuned's to change.
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
# What entries refer to in the environment block.
_KERNELOPTS, _TUNED = "$kernelopts", "$tuned_params"
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
        _fix_argument(control, view)
    else:
        _fix_absent(control, view)


# --- the command line ------------------------------------------------------------------------------------------------

def command_lines(view):
    """[(path, line number, command line)] of all files that a kernel's command line is made from, with what they refer to in the place of that."""
    block = place(view, "grubenv")
    entries = [(path, number, line) for path in view.glob(ENTRIES) for number, line in grubtext.entry_options(view.read(path) or "")]
    found = []
    options = grubtext.block_value(view.read(block) or "", "kernelopts")
    if options is not None and (view.el == 8 or any(_KERNELOPTS in line.split() for _path, _number, line in entries)):
        found.append((block, options[0], options[1]))
    values = dict((word, _in_block(view, word)) for word in (_KERNELOPTS, _TUNED))
    found += [(path, number, " ".join(values.get(word, word) for word in line.split())) for path, number, line in entries]
    if view.read(CMDLINE):
        found.append((CMDLINE, 1, view.read(CMDLINE).split("\n")[0]))
    return found


def _in_block(view, reference):
    """What *reference* ("$tuned_params") stands for, "" where the environment block does not say."""
    return (grubtext.block_value(view.read(place(view, "grubenv")) or "", reference[1:]) or (None, ""))[1]


def _running(view):
    # A container's /proc/cmdline is its host's.
    return None if "container" in view.flags else (view.context.read("/proc/cmdline") or "")


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
    after = wanted + " or more" if control.arg("at_least") else wanted
    values = grubtext.shell_values(view.read(DEFAULT))
    rows = values.get("GRUB_CMDLINE_LINUX", [])
    lines = [(DEFAULT,) + row[:2] for row in rows[-1:] or [(None, "")]]
    # It comes behind the other.
    lines += [(DEFAULT,) + row[:2] for row in values.get("GRUB_CMDLINE_LINUX_DEFAULT", []) if grubtext.names(row[1], wanted)]
    for path, number, line in lines + command_lines(view):
        if not _has(control, line):
            return Finding(False, "another value" if grubtext.names(line, wanted) else "not set", after, path, number)
    running = _running(view)
    pending = running is not None and not _has(control, running)
    return Finding(True, wanted, after, DEFAULT, rows[-1][0], note="the running kernel was started without it" if pending else None, reboot=pending)


def _has(control, line):
    """Whether a command line has the wanted argument."""
    return grubtext.has(line.split(), control.arg("argument"), bool(control.arg("at_least")))


def _fix_argument(control, view):
    wanted = control.arg("argument")

    def change(line, must):
        return line if _has(control, line) or not (must or grubtext.names(line, wanted)) else grubtext.added(line, wanted)
    _change(view, change, wanted)
    if grubtext.names(_in_block(view, _TUNED), wanted) and not all(_has(control, line) for _path, _number, line in command_lines(view)):
        _leave_to_tuned(view, wanted.partition("=")[0])


def _leave_to_tuned(view, word):
    raise NotFixable("tuned gives the kernel {0} ({1}, tuned_params)".format(word, place(view, "grubenv")),
                     "Change cmdline in the [bootloader] section of its profile, and select the profile again (tuned-adm profile)")


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
    pending = any(unwanted.match(word) for word in (_running(view) or "").split())
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
    for word in _in_block(view, _TUNED).split():
        if unwanted.match(word):
            _leave_to_tuned(view, word)
    _change(view, lambda line, _must: grubtext.removed(line, unwanted))
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


def _change(view, change, missing=None):
    """Plan change(command line, whether it must have what is wanted, or gets it elsewhere) for every line.

    :param missing: the value (str) of GRUB_CMDLINE_LINUX where there is none, or None where it is not needed
    """
    text = view.read(DEFAULT)
    new = grubtext.with_shell_value(text, "GRUB_CMDLINE_LINUX", lambda line: change(line, True), missing)
    new = grubtext.with_shell_value(new, "GRUB_CMDLINE_LINUX_DEFAULT", lambda line: change(line, False))
    if new != text:
        view.write(DEFAULT, new)
    referred = bool(_in_block(view, _KERNELOPTS))
    for path in sorted(set(path for path, _number, _line in command_lines(view))):
        text = view.read(path)
        if path == CMDLINE:
            first, line_end, rest = text.partition("\n")
            new = change(first, True) + line_end + rest
        elif path.endswith(".conf"):
            new = grubtext.with_entry_options(text, lambda line: change(line, not (referred and _KERNELOPTS in line.split())))
        else:
            new = grubtext.with_kernelopts(text, lambda line: change(line, True))
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
