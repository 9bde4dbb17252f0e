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
    "source_extra": {"type": "dict", "default": {}},
}
