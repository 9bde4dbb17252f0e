# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part in a baseline: it compiles the catalogue for the host, logs in afresh, and only then commits."""

from __future__ import annotations

import concurrent.futures

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.plugin_utils import baseline, evidence, lockout, login, report


class ActionModule(ActionBase):
    """Runs the module of the same name with the controls of this host."""

    _requires_connection = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        arguments = {key: value for key, value in self._task.args.items() if key not in baseline.PRIVATE}
        try:
            options, reporting = baseline.selection(arguments), evidence.wanted(arguments)
            if arguments.get("state", "present") != "present":
                result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
                return result
            way = login.Way(self._connection, self._play_context)
            text, first = self._begin(options, way)
            arguments["controls"], arguments["el"], catalogue = baseline.controls_for(text, options)
            arguments["secrets"] = baseline.secrets(catalogue, options)
            self._apply(result, arguments, self._guard(options, way, first), way, task_vars)
            mode = report.CHECK if self._task.check_mode else report.APPLY
            evidence.finish(self, result, reporting, options, (catalogue, arguments["el"], text), mode, task_vars)
        except ElkitError as error:
            raise AnsibleActionFail(f"baseline: {error}", result={"changed": bool(result.get("changed"))}) from None
        return result

    def _begin(self, options, way):
        """(text of os-release, Attempt or None): whether a second login can be tried at all is tried before anything is changed, at no
        time of its own."""
        wanted = options["guard"] == "login" and "lockout" not in options["skip_risks"] and not way.why_not()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            future = pool.submit(way.attempt) if wanted else None
            text = self._low_level_execute_command("cat /etc/os-release").get("stdout", "")
            return text, future.result() if future else None

    @staticmethod
    def _guard(options, way, first):
        """The guard_state of the module's first call."""
        reason = way.why_not()
        if first is not None and not first.ok:
            reason = f"no second login can be tried: one failed before anything was changed, at the {first.stage}: {first.message}"
        mode = "local" if options["guard"] == "local" else "none" if reason else "login"
        return dict(way.facts(), mode=mode, reason=reason, users=options["guard_users"], timeout=options["guard_timeout"])

    def _apply(self, result, arguments, guard, way, task_vars):
        result.update(self._execute_module(module_args=dict(arguments, guard_state=guard), task_vars=task_vars))

        def call(asked, controls):
            given = {"guard_state": asked} if controls is None else dict(arguments, guard_state=asked, controls=controls)
            try:
                return self._execute_module(module_args=given, task_vars=task_vars)
            except AnsibleError as error:
                return {"failed": True, "unreachable": True, "msg": str(error)}

        if not result.get("failed"):
            lockout.Lockout(call, way, guard, arguments["controls"]).finish(result)
