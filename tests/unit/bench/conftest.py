# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks are programs, no package: they import each other from the folder that they are started in."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
