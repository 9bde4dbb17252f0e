# SPDX-License-Identifier: GPL-3.0-or-later
"""The same code gives the same result: property tests draw the same examples every time, but for `make test-full`, which looks for new ones."""
import os

try:
    from hypothesis import settings
except ImportError:
    pass
else:
    # A slow machine is no failure.
    settings.register_profile("elkit", derandomize=not os.environ.get("ELKIT_NEW_EXAMPLES"), deadline=None)
    settings.load_profile("elkit")
