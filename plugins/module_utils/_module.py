# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The edge between our packages and AnsibleModule: the one place where errors become fail_json."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError


def run(module, work):
    """Call work(module) and end the module with what it returns (dict) or with its ElkitError."""
    try:
        result = work(module)
    except ElkitError as error:
        module.fail_json(msg=str(error), error=type(error).__name__, **error.details)
    module.exit_json(**result)
