# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins baseline and baseline_info do with a result: join the catalogue to it, scan beside it, write the evidence."""

from __future__ import annotations

import datetime

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import scan as scans
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._identity import os_release
from ansible_collections.elkit.almalinux.plugins.plugin_utils import catalogue as catalogues
from ansible_collections.elkit.almalinux.plugins.plugin_utils import report

INFO = "elkit.almalinux.baseline_info"


def wanted(arguments):
    """{"evidence": folder or "", "scan": bool} out of the task's *arguments*, which lose them.

    :raises InputError: one has the wrong form
    """
    folder, scan = arguments.pop("evidence", None) or "", arguments.pop("scan", None)
    if not isinstance(folder, str):
        raise InputError(f"evidence is {folder!r}", "It must be the path of a folder")
    try:
        return {"evidence": folder, "scan": boolean(scan or False)}
    except TypeError as error:
        raise InputError(f"scan is {scan!r}", "It must be true or false") from error


def finish(action, result, reporting, options, compiled, mode, task_vars):
    """Make *result* (of the module, changed in place) what users get, and write the evidence.

    :param action: the action plugin
    :param reporting: what wanted() gave
    :param options: what baseline.selection() gave
    :param compiled: (catalogue, major, text of os-release)
    :param mode: report.AUDIT, CHECK or APPLY
    :raises InputError: the evidence cannot be written
    """
    scanned = result.pop("scanned", None)
    if "controls" not in result:
        return
    catalogue, major, text = compiled
    profile = options["profile"]
    rows = result["controls"] = report.joined(result["controls"], catalogue, major)
    result["mode"], result["profile"] = mode, profile
    unused = catalogues.unused_exceptions(catalogue, major, options, datetime.date.today())
    if unused:
        result["exceptions_unused"] = unused
    if reporting["scan"]:
        if scanned is None:
            answer = action._execute_module(
                module_name=INFO, module_args={"controls": [], "el": major, "scan_profile": profile}, task_vars=task_vars)
            scanned = answer.get("scanned") or {"error": answer.get("msg") or "the scan gave no answer"}
        result["scan"] = scans.compare(scanned, rows, mode != report.CHECK)
    if reporting["evidence"]:
        release = os_release.parse(text)[0].get("PRETTY_NAME") or ""
        evidence = report.document(
            task_vars["inventory_hostname"], mode, result, catalogue, major, release, profile, result.get("scan"))
        result["evidence"] = report.write(reporting["evidence"], evidence)
