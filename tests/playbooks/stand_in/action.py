# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for each module of the collection: notes that it was called, and answers what the host's variable `answers` has for it. Of a list, each
call gets the next, and those that are left over the last."""

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
        if isinstance(answer, list):
            with open(os.environ["ELKIT_CALLS"], encoding="utf-8") as calls:
                number = sum(json.loads(line)[:2] == [task_vars["inventory_hostname"], name] for line in calls)
            answer = answer[min(number, len(answer)) - 1]
        if answer.get("unreachable"):
            raise AnsibleConnectionFailure("the host is not there")
        result.update(answer)
        return result
