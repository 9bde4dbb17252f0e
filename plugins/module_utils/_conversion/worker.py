# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""What runs under the host's own Python, out of the zip file that bundle.py makes, without Ansible.

    python worker.zip look    one JSON request on standard input, one JSON answer on standard output; changes nothing
"""

import json
import os
import sys

from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import mapping, plan
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import agent
from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import conversion as transaction


def source_of(request):
    """The mapping.Source that the request names: product, major, arch and extra."""
    return mapping.source(request["product"], request["major"], request["arch"], request["extra"])


def resolve(request):
    """Open dnf's base and resolve the conversion: (base, answer).

    :param request: product, major, arch, extra (see mapping.source); settings (see _dnf.conversion.open_base); streams
    :returns: answer is {"jobs", "rows" (see plan.verdicts), "items", "problems" [str], "not_allowed" [NEVRA], "unmarked"}
    """
    source = source_of(request)
    base = transaction.open_base(request["settings"])
    transaction.switch_streams(base, request["streams"])
    installed = transaction.installed_of(base)
    available = transaction.available_of(base, [item["id"] for item in request["settings"]["repositories"]])
    jobs = plan.jobs(source, installed, available)
    unmarked = transaction.put(base, jobs.data())
    problems = transaction.resolve(base)
    items = [] if problems else transaction.items_of(base)
    return base, {
        "jobs": jobs.data(), "rows": plan.verdicts(jobs, installed, items, problems), "items": items, "problems": problems,
        "not_allowed": plan.not_allowed(jobs, installed, items), "unmarked": unmarked}


def look(request):
    """resolve(), and no more."""
    base, answer = resolve(request)
    base.close()
    return answer


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


def main():
    """:returns: the exit code"""
    # What dnf and scriptlets print goes to standard error: standard output holds the answer alone.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    operations = {"look": look}
    json.dump(respond(operations[sys.argv[1]], json.loads(sys.stdin.read())), answer)
    answer.close()
    return 0
