# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of tests/testbed/testbed."""
import sys

from .cli import main

sys.exit(main())
