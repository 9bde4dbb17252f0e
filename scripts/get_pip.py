# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for get-pip.py, which ansible-test would download: installs the pip that Python carries."""

import ensurepip
import os
import subprocess
import sys

# ensurepip unsets the user's pip configuration, which may name the only index that is reached.
environment = dict(os.environ)
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
ensurepip.bootstrap()
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "-q"] + arguments, env=environment))
