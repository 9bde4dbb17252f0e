# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins make of a module's result."""
import json
import pathlib

import jsonschema
import pytest

from ansible_collections.elkit.almalinux.plugins.plugin_utils import baseline, evidence, report
from ansible_collections.elkit.almalinux.plugins.plugin_utils import catalogue as catalogues

ROOT = pathlib.Path(__file__).resolve().parents[3]
RELEASE = 'ID="almalinux"\nVERSION_ID="9.8"\nPRETTY_NAME="AlmaLinux 9.8"\n'
EXCEPTION = {"id": "sshd_disable_root_login", "reason": "x", "owner": "y", "expires": "2099-01-01"}


def finished(folder, **given):
    """(result, evidence) of an audit that found nothing."""
    result = {"controls": [], "checked_at": "2026-11-25T10:00:00Z"}
    evidence.finish(None, result, {"scan": False, "evidence": str(folder)}, baseline.selection(given), (catalogues.builtin(), 9, RELEASE), report.AUDIT,
                    {"inventory_hostname": "web1"})
    return result, json.loads((folder / "web1-hardening.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("theme", "ids"), [("sudo", ["sshd_disable_root_login"]), ("sshd", [])])
def test_an_exception_of_what_takes_no_part_is_in_result_and_evidence(tmp_path, theme, ids):
    result, document = finished(tmp_path, themes=[theme], exceptions=[EXCEPTION], profile="cis_server_l2")
    assert [row["id"] for row in result.get("exceptions_unused", [])] == [row["id"] for row in document["exceptions_unused"]] == ids
    # A result is short: what says nothing is not in it.
    assert ("exceptions_unused" in result) is bool(ids) and result["profile"] == document["profile"] == "cis_server_l2"
    jsonschema.validate(document, json.loads((ROOT / "docs/evidence.schema.json").read_text(encoding="utf-8")))
