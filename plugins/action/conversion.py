# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part in a conversion: it begins or goes on, prints what changes, and waits for the end.

What does the work is a process on the host. If this one dies, the same play attaches to it again.
"""

from __future__ import annotations

import time

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

# Seconds that the module waits on the host for something to change: one round trip, not many.
PATIENCE = 20


class ActionModule(ActionBase):
    """Runs the module of the same name until the worker is through."""

    _requires_connection = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        # Before the base class refuses it without a reason.
        if self._task.async_val:
            raise AnsibleActionFail("conversion: async is not supported, nor needed: the work outlives the connection by itself")
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        arguments.pop("attach", None)
        began = time.monotonic()
        answer = self._execute_module(module_args=arguments, task_vars=task_vars)
        if answer.get("failed") or not answer.get("running") or self._task.check_mode:
            result.update(answer)
            return result
        first, known = answer, None
        # The stages that nothing is to be said of any more.
        told = set(stage["name"] for stage in answer.get("stages") or ())
        while answer.get("running"):
            self._tell_ended(task_vars, answer, told)
            # The module answers when its patience is up, too: then there is nothing new to say.
            if known != [answer.get("stage"), answer.get("progress")]:
                known = [answer.get("stage"), answer.get("progress")]
                told.add(answer.get("stage"))
                self._say(task_vars, answer, began)
            answer = self._execute_module(
                module_args={"attach": {"number": first["number"], "known": known, "patience": PATIENCE}}, task_vars=task_vars)
            if answer.get("failed") or answer.get("unreachable"):
                result.update(answer)
                return result
            if answer.get("running") and not answer.get("alive"):
                break
        self._tell_ended(task_vars, answer, told)
        for key in ("checks", "packages", "summary", "verdict", "source", "target", "repositories", "streams", "configuration", "download_size",
                    "installed_size", "inhibitors", "diff"):
            if key in first:
                result[key] = first[key]
        result.update(answer)
        result["changed"] = True
        if answer.get("error") or answer.get("running"):
            error = answer.get("error") or {
                "message": "the worker was ended in the stage {0}".format(answer.get("stage")), "remedy": "Run the play again: it goes on from there"}
            result["failed"] = True
            result["msg"] = "{0}. {1}".format(error["message"].rstrip("."), error["remedy"] or "").strip()
        return result

    def _tell_ended(self, task_vars, answer, told):
        """Print the stages that began and ended between two answers, which nobody saw as the one at work; adds them to *told* (set of names)."""
        for stage in answer.get("stages") or ():
            if stage["name"] not in told:
                told.add(stage["name"])
                display.display("{0}: {1} took {2} s".format(task_vars["inventory_hostname"], stage["name"], stage["seconds"]))

    def _say(self, task_vars, answer, began):
        progress = answer.get("progress")
        count = " {0}/{1}".format(progress["done"], progress["total"]) if progress else ""
        display.display("{0}: {1}{2} ({3} s)".format(
            task_vars["inventory_hostname"], answer.get("stage") or "starting", count, int(time.monotonic() - began)))
