# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One JSON object a line for every result of a task: what tests read instead of text made for people."""

DOCUMENTATION = """
name: elkit_json
type: aggregate
short_description: Write every result as a line of JSON
description: Appends to the file that the environment variable ELKIT_JSON names.
"""

import json
import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "elkit_json"

    def _write(self, status, result):
        # Core 2.19 renamed the members.
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        data = getattr(result, "result", None) or result._result
        line = {"status": status, "host": host.get_name(), "task": task.get_name(), "action": task.action, "result": data}
        with open(os.environ["ELKIT_JSON"], "a") as handle:
            handle.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)

    def v2_runner_on_skipped(self, result):
        self._write("skipped", result)
