# SPDX-License-Identifier: GPL-3.0-or-later
import os
import subprocess
import sys

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError
from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands


def test_output_and_code():
    result = commands.run(["sh", "-c", "echo out; echo err >&2; exit 3"], check=False)
    assert (result.rc, result.stdout, result.stderr) == (3, "out\n", "err\n")


def test_a_failure_names_command_code_and_words():
    with pytest.raises(CommandError, match="sh -c .*failed with code 3: broken"):
        commands.run(["sh", "-c", "echo broken >&2; exit 3"])


def test_a_missing_command_is_named():
    with pytest.raises(CommandError, match="no-such-command is not there"):
        commands.run(["no-such-command"])


def test_a_command_that_hangs_is_ended():
    with pytest.raises(CommandError, match="did not end within 0.5 s"):
        commands.run(["sleep", "30"], timeout=0.5)


def test_locale_is_pinned_and_standard_input_given():
    result = commands.run(["sh", "-c", "cat; echo $LC_ALL $LANGUAGE"], stdin=u"\u00e4\n", env={"X": "1"})
    assert result.stdout == u"\u00e4\nC.UTF-8\n"


def test_text_beyond_ascii_under_the_c_locale():
    """As Ansible runs a module on EL8: Python 3.6, LC_ALL=C."""
    code = ("from ansible_collections.elkit.almalinux.plugins.module_utils._system import commands\n"
            "import sys; sys.exit(commands.run(['printf', '%s', u'\\u2026']).stdout != u'\\u2026')")
    environment = dict(os.environ, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0", PYTHONPATH=os.pathsep.join(sys.path))
    assert subprocess.call([sys.executable, "-c", code], env=environment) == 0
