# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""sshd_config is an Include of its drop-in directory and no more conditional than that: no Match stands in the file itself."""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sshd_text
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import sshd

PATTERN = "/etc/ssh/sshd_config.d/*.conf"
LINE = "Include {0}".format(PATTERN)


def _look(view):
    """(whether the Include is there, line of the first Match or None)."""
    lines = sshd_text.parse(view.read(sshd.MAIN) or "")
    includes = any(key == "include" and value == PATTERN and not conditional for _number, key, value, conditional in lines)
    matches = [number for number, key, _value, _conditional in lines if key == "match"]
    return includes, matches[0] if matches else None


def check(control, view):
    includes, match = _look(view)
    return Finding(includes and match is None, LINE if includes else None, LINE, sshd.MAIN, match,
                   note="line {0} begins a Match".format(match) if match else None)


def fix(control, view):
    includes, match = _look(view)
    if match:
        raise NotFixable("{0}, line {1}, begins a Match".format(sshd.MAIN, match),
                         "Move the Match blocks into a file below /etc/ssh/sshd_config.d whose name comes last")
    text = view.read(sshd.MAIN)
    if text is None:
        raise ControlError("there is no {0}".format(sshd.MAIN), "Install openssh-server again")
    if not includes:
        view.write(sshd.MAIN, "{0}\n{1}".format(LINE, text))
