# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what `make test` and `make test-full` consist of. The steps are data: see steps.yml."""
