# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What runs under the host's own Python, out of the zip file that bundle.py makes, without Ansible.

    python worker.zip look    one JSON request on standard input, one JSON answer on standard output; changes nothing
    python worker.zip back    the same, of a way back
    python worker.zip exchange  the same; exchanges packages that a conversion let stay
    python worker.zip run     goes on with the newest conversion; its state file says how it went
"""

import json
import os
import sys
import traceback

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import back, run
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import state as states
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion.aside import Aside, respond
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import agent
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import conversion as dnf_conversion
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo.redact import redact_text
from ansible_collections.elkit.almalinux.plugins.module_utils._system.lock import host_lock


# Seconds that somebody else's dnf or rpm is waited for; dnf-makecache.timer comes now and then.
PATIENCE = 20


def look(request):
    """run.resolve(), and what else must be asked of dnf before a conversion: "busy" (_dnf.conversion.busy), "unknown_streams" (see
    _dnf.conversion.unknown_streams()) and "back" (see way_back), or None.

    :param request: also "revert_cache" and "kept_streams" ([[module, stream]])
    """
    # Both metadata are large: the source's are loaded beside those of AlmaLinux.
    # dnf must not have been imported before.
    builds = Aside(run.builds, request) if request["revert_cache"] else None
    try:
        busy = run.wait_for_others(PATIENCE)
        base, answer = run.resolve(request)
        answer["unknown_streams"] = dnf_conversion.unknown_streams(base, request["kept_streams"])
        base.close()
        wanted = builds and not answer["problems"]
        answer.update(busy=busy, back=run.way_back(answer, run.all_builds(request, answer, builds.result())) if wanted else None)
        return answer
    finally:
        if builds:
            builds.stop()


def exchange(request):
    """Let AlmaLinux's packages take the place of *request*["packages"] (NEVRAs), which conversion *request*["number"] let stay: None.

    :raises Failure: it cannot be done
    """
    # A connection that is lost takes the module's process group along.
    os.setsid()
    try:
        run.Run(states.numbered(request["number"])).exchange(request["packages"])
    except ElkitError as error:
        raise agent.Failure("host", error.message, error.remedy, **error.details)


def foresee(request):
    """What the way back of conversion *request*["number"] does to the packages: back.rows().

    :raises Failure: it cannot be begun
    """
    try:
        return back.Back(states.numbered(request["number"])).foreseen()
    except ElkitError as error:
        raise agent.Failure("host", error.message, error.remedy, **error.details)


def work():
    """Go on with the newest conversion, under the host's lock: 0 if it came to its end."""
    with host_lock():
        state = states.newest()
        if state is None or state.data["finished"]:
            return 0
        state.data["process"] = os.getpid()
        state.data["error"] = None
        state.save()
        try:
            if state.data["direction"] == states.FORWARD:
                run.Run(state).forward()
                states.prune(state, over=True)
                state.finish(states.CONVERTED)
                state.discard(states.OF_THE_WAY if state.data["request"]["revert_cache"] else states.OF_THE_WAY + states.OF_THE_WAY_BACK)
            else:
                left = back.Back(state).backward()
                state.finish(states.REVERTED, left)
                state.discard(states.OF_THE_WAY + states.OF_THE_WAY_BACK)
        except (ElkitError, agent.Failure) as error:
            stop(state, error.message, error.remedy)
            return 1
        except Exception as error:  # pylint: disable=broad-except
            # For whoever looks at the host; the result is one line.
            traceback.print_exc()
            failure = agent.failure_of(error)
            again = "Run again: it goes on from the stage {0}".format(state.data["stage"]) if states.past_no_return(state) else "Run again"
            stop(state, failure.message, failure.remedy or again)
            return 1
    return 0


def stop(state, message, remedy):
    """Write down why it stops. Before the point of no return nothing but our own directory was written: it is over then.
    So it is with a way back that does not pass its test."""
    # dnf's words may hold the passwords of URLs.
    error = {"message": redact_text(message), "remedy": remedy and redact_text(remedy), "stage": state.data["stage"]}
    if state.turn_forward(error):
        return
    if states.past_no_return(state):
        state.data.update(error=error, process=None)
        state.save()
    else:
        state.finish(states.FAILED, error)


def main():
    """:returns: the exit code"""
    if sys.argv[1] == "run":
        return work()
    # What dnf prints goes to standard error: standard output holds the answer alone.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(respond({"look": look, "back": foresee, "exchange": exchange}[sys.argv[1]], json.loads(sys.stdin.read())), answer)
    answer.close()
    return 0
