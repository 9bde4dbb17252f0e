# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error that the command turns into a message."""


class TestbedError(Exception):
    """Something that the user can read and act on; raised with the whole message."""

    __test__ = False  # not a pytest class
