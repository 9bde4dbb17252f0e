# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""sshd_config is an Include of its drop-in directory and no more conditional than that: no Match stands in the file itself.

The Include comes last, so that whatever sshd_config says still counts. Where a drop-in that sshd did not read would set something all the same,
nothing is changed, and it is named: who wrote it may not know what it would do. What the vendor ships, and what is ours, is meant to count.
"""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils import _keytext as keytext
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import sshd_text
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import ControlError, Finding, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import sshd

PATTERN = "/etc/ssh/sshd_config.d/*.conf"
LINE = "Include {0}".format(PATTERN)
EXPECTED = re.compile(r"/etc/ssh/sshd_config\.d/[0-9]+-redhat[^/]*\Z|/etc/crypto-policies/back-ends/|{0}\Z".format(re.escape(sshd.OURS)))
# Of these every line counts, not the first alone.
ADD_UP = ("acceptenv", "allowgroups", "allowusers", "denygroups", "denyusers", "hostcertificate", "hostkey", "listenaddress", "port", "subsystem")


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
    if includes:
        return
    before = sshd.settings(view)
    view.write(sshd.MAIN, keytext.join_lines(keytext.split_lines(text) + [LINE]))
    brought = _brought(before, sshd.settings(view))
    if brought:
        raise NotFixable("{0}, line {1}, which sshd does not read now, would set {2} to {3}".format(
            brought[0].path, brought[0].line, brought[0].key, brought[0].value),
            "Take that line out, or add the Include to {0} by hand".format(sshd.MAIN))


def _brought(before, after):
    """The Settings of *after* that count, did not before, and that nobody could expect to."""
    known = set((item.path, item.line) for item in before)
    new = [item for item in after if item.path != sshd.MAIN and (item.path, item.line) not in known and not EXPECTED.match(item.path)]
    return [item for item in new if item.key not in ("include", "match")
            and (item.conditional or item.key in ADD_UP or sshd.effective(before, item.key) is None)]
