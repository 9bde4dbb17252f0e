# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What conversion_info and conversion are told alike: the argument spec of the doc fragment conversion."""

LOOK = {
    "mirror": {"type": "str"},
    "source": {"type": "str", "choices": ["mirrorlist", "metalink", "baseurl"]},
    "sync": {"type": "bool", "default": False},
    "minor": {"type": "str"},
    "vault_mirror": {"type": "str"},
    "ignore": {"type": "list", "elements": "raw", "default": []},
    "key_url": {"type": "str", "no_log": False},
    "keys": {"type": "str", "no_log": False},
    "trusted_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "revert_cache": {"type": "bool", "default": True},
    "registration": {"type": "str", "choices": ["refuse", "unregister", "preserve"], "default": "refuse"},
    "source_extra": {"type": "dict", "default": {}},
}
