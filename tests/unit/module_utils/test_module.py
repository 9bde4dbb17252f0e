# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge to AnsibleModule: what leaves it is text for ansible-core, whatever bytes a host has."""

import pytest

from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError

# As a file with a byte of Latin-1 is read.
RAW = b"name=caf\xe9".decode("utf-8", "surrogateescape")


class Ended(Exception):
    pass


class Module(object):
    """Takes what a module ends with."""

    def exit_json(self, **result):
        raise Ended(dict(result, failed=False))

    def fail_json(self, **result):
        raise Ended(dict(result, failed=True))


def ended(work):
    with pytest.raises(Ended) as caught:
        _module.run(Module(), work)
    return caught.value.args[0]


def test_a_result_with_bytes_that_are_no_utf_8_is_shown():
    found = ended(lambda module: {"changed": True, "diff": [{"after": RAW, RAW: (RAW, 1, None, u"\u00e4 \U0001f600")}]})
    shown = u"name=caf\ufffd"
    assert found == {"failed": False, "changed": True, "diff": [{"after": shown, shown: [shown, 1, None, u"\u00e4 \U0001f600"]}]}


def test_an_error_with_bytes_that_are_no_utf_8_is_told():
    def work(module):
        raise HostError(RAW, u"mend it \ud800", path=RAW)

    shown = u"name=caf\ufffd"
    assert ended(work) == {"failed": True, "msg": shown + u". mend it \ufffd", "error": "HostError", "path": shown}
