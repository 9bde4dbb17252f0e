# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for each module of the collection: notes that it was called, and answers what the host's variable `answers` has for it."""

from __future__ import annotations

import json
import os

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        name = self._task.action.rsplit(".", 1)[-1]
        with open(os.environ["ELKIT_CALLS"], "a", encoding="utf-8") as calls:
            calls.write(json.dumps([task_vars["inventory_hostname"], name, self._task.args]) + "\n")
        answer = (task_vars.get("answers") or {}).get(name) or {}
        if answer.get("unreachable"):
            raise AnsibleConnectionFailure("the host is not there")
        result.update(answer)
        return result
