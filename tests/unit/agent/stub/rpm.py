# SPDX-License-Identifier: GPL-3.0-or-later
"""rpm's binding beside the recording stub of dnf."""

import json
import os


def expandMacro(text):
    return text.replace("%{_rpmlock_path}", json.loads(os.environ["STUB_STATE"])["rpmlock"])
