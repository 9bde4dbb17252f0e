# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part in an audit: it compiles the catalogue for the host, so that the host needs none."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.plugin_utils import baseline, evidence, report


class ActionModule(ActionBase):
    """Runs the module of the same name with the controls of this host."""

    _requires_connection = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        arguments = {key: value for key, value in self._task.args.items() if key not in baseline.PRIVATE}
        try:
            options, reporting = baseline.selection(arguments), evidence.wanted(arguments)
            text = self._low_level_execute_command("cat /etc/os-release").get("stdout", "")
            controls, major, catalogue = baseline.controls_for(text, options)
            private = {"controls": controls, "el": major, "secrets": baseline.secrets(catalogue, options),
                       "scan_profile": options["profile"] if reporting["scan"] else None}
            result.update(self._execute_module(module_args=dict(arguments, **private), task_vars=task_vars))
            evidence.finish(self, result, reporting, options, (catalogue, major, text), report.AUDIT, task_vars)
        except ElkitError as error:
            raise AnsibleActionFail(f"baseline_info: {error}") from None
        return result
