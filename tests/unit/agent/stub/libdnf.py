# SPDX-License-Identifier: GPL-3.0-or-later
"""libdnf beside the recording stub of dnf."""


class module(object):
    class ModulePackageContainer(object):
        ModuleErrorType_ERROR_IN_DEFAULTS = "defaults"


class transaction(object):
    TransactionItemState_ERROR = "error"
