# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds and runs the hosts that the tests work on. See ../../README.md."""
