# SPDX-License-Identifier: GPL-3.0-or-later
"""The factory's one error."""


class FactoryError(Exception):
    """A manifest is wrong, or a tool failed; the message names which."""
