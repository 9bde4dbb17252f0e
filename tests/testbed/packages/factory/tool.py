# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a program."""
import subprocess

from .errors import FactoryError


def run(words, check=True, env=None, stdin=None):
    """Run a program; return its standard output. Raises FactoryError with its last lines when it fails and ``check`` is set."""
    words = [str(word) for word in words]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, input=stdin, check=False)
    if check and done.returncode:
        raise FactoryError("%s failed (%d):\n%s" % (" ".join(words[:6]), done.returncode, (done.stdout + done.stderr)[-3000:]))
    return done.stdout
