# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes one JSON line per task and host: its name, seconds on the wall clock, changed and failed.

The time runs from the moment the strategy queues the task for the host to its result, so it holds the module, its
transport and the fork, but not the start-up of ansible-playbook.
"""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_timer
type: notification
short_description: Times tasks for the benchmarks
description: Writes one JSON line per task and host to the file named by ELKIT_BENCH_LOG.
requirements:
  - the environment variable ELKIT_BENCH_LOG
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "bench_timer"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._path = os.environ["ELKIT_BENCH_LOG"]
        self._started = {}

    def v2_runner_on_start(self, host, task):
        self._started[(host.get_name(), task._uuid)] = time.perf_counter()

    def _write(self, result, failed=False):
        now = time.perf_counter()
        # Core 2.19 renamed the attributes; both names are read so that one callback serves every lane.
        host = getattr(result, "host", None) or result._host
        task = getattr(result, "task", None) or result._task
        data = getattr(result, "result", None) or result._result
        with open(self._path, "a", encoding="utf-8") as log:
            log.write(json.dumps({
                "task": task.get_name(),
                "host": host.get_name(),
                "seconds": now - self._started[(host.get_name(), task._uuid)],
                "changed": bool(data.get("changed")),
                "failed": failed,
            }) + "\n")

    def v2_runner_on_ok(self, result):
        self._write(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write(result, failed=True)
