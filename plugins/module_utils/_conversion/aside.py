# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Work in a forked process: beside this one, or so that this one stays as it is."""

import json
import os
import signal

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import agent


class Aside(object):
    """work(request), whose answer JSON can hold, in a process beside this one: with a copy of all that this one has in memory."""

    def __init__(self, work, request):
        reader, writer = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.close(reader)
            try:
                with os.fdopen(writer, "w") as handle:
                    json.dump(respond(work, request), handle)
            finally:
                os._exit(0)
        os.close(writer)
        self.reader = os.fdopen(reader)

    def result(self):
        """What it returned, once it is through.

        :raises Failure: what went wrong there
        """
        text = self.reader.read()
        said = json.loads(text) if text else {"error": {"kind": "host", "message": "the process beside ended without an answer", "remedy": None,
                                                        "details": {}}}
        if "error" in said:
            raise agent.Failure(said["error"]["kind"], said["error"]["message"], said["error"]["remedy"], **said["error"]["details"])
        return said["ok"]

    def stop(self):
        """End it, if it did not end by itself: nothing may be written any more when this one returns."""
        self.reader.close()
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)


def respond(work, request):
    """{"ok": …} or {"error": …}, as the agent answers."""
    try:
        return {"ok": work(request)}
    except agent.Failure as failure:
        return agent.describe(failure)
    except ImportError as error:
        return {"error": {"kind": "no-dnf", "message": agent.first_line(error), "remedy": None, "details": {}}}
    except Exception as error:  # pylint: disable=broad-except
        return agent.describe(agent.failure_of(error))
