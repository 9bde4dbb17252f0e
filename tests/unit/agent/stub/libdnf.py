# SPDX-License-Identifier: GPL-3.0-or-later
"""libdnf beside the recording stub of dnf."""

import re


class module(object):
    class ModulePackageContainer(object):
        ModuleErrorType_ERROR_IN_DEFAULTS = "defaults"


class transaction(object):
    TransactionItemState_ERROR = "error"


class conf(object):
    class ConfigParser(object):
        @staticmethod
        def substitute(text, variables):
            return re.sub(r"\$(\{)?(\w+)(?(1)\})", lambda match: variables.get(match.group(2), match.group(0)), text)
