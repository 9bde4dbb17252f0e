# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The edge between our packages and AnsibleModule: the one place where errors become fail_json."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError


def run(module, work):
    """Call work(module) and end the module with what it returns (dict) or with its ElkitError."""
    try:
        result = work(module)
    except ElkitError as error:
        module.fail_json(msg=readable(str(error)), error=type(error).__name__, **readable(error.details))
    module.exit_json(**readable(result))


def readable(data):
    """*data* (nested dict, list, str, …) with a replacement character for each byte of a host's files that is no UTF-8: they are read with
    surrogateescape, and ansible-core from 2.19 on takes no lone surrogate."""
    if isinstance(data, dict):
        return dict((readable(key), readable(value)) for key, value in data.items())
    if isinstance(data, (list, tuple)):
        return [readable(item) for item in data]
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return data
