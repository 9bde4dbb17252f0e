# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""For modules whose arguments may hold passwords in URLs: an AnsibleModule that shows them to nobody."""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import redact


class Module(AnsibleModule):
    """An AnsibleModule that knows the passwords in URLs and options before it writes its arguments to the system log."""

    def _log_invocation(self):
        # Ansible masks these wherever they appear: in the log, in what the module returns, its arguments included.
        self.no_log_values.update(redact.secrets(self.params))
        super()._log_invocation()
