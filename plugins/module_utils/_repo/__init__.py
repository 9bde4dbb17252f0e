# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Repository files and dnf configuration: parse, plan, render, put in place, undo.

ini, catalogue, options, redact and plan are pure; host.py and flow.py are the ones that look at and change a host.
"""
