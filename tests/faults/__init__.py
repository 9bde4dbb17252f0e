# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault harness; README.md says how to use it."""
