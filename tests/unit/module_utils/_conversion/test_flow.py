# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look says of the repositories: by table."""
from types import SimpleNamespace

import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._conversion import flow, mapping, target

D = "/etc/yum.repos.d/"
EPEL_NEXT = {D + "epel-next.repo": "epel-next-release-9-11.el9.noarch"}
REDHAT = D + "redhat.repo"

CASES = {
    # product, major, {enabled id: file}, files that leave, registered, registration, {before: (after, kept)}
    "the source's own": ("rocky", 9, {"crb": "rocky.repo"}, {}, False, "refuse", {"crb": ("crb", False)}),
    "real ids of release 8": ("rocky", 8, {"powertools": "r.repo", "powertools-debug": "r.repo", "ha-source": "r.repo"}, {}, False, "refuse", {
        "powertools": ("powertools", False), "powertools-debug": ("powertools-debuginfo", False), "ha-source": ("ha-source", False)}),
    "real ids of RHEL 8": ("rhel", 8, {"codeready-builder-for-rhel-8-x86_64-debug-rpms": "redhat.repo"}, {}, False, "refuse", {
        "codeready-builder-for-rhel-8-x86_64-debug-rpms": ("powertools-debuginfo", False)}),
    "the source's own without a counterpart": ("oracle", 9, {"ol9_UEKR7": "uek.repo"}, {}, False, "refuse", {"ol9_UEKR7": (None, False)}),
    "a third party's": ("rocky", 9, {"acme": "acme.repo"}, {}, False, "refuse", {"acme": ("acme", True)}),
    "EPEL's for Stream": ("centos-stream", 9, {"epel-next": "epel-next.repo"}, EPEL_NEXT, False, "refuse", {"epel-next": (None, False)}),
    "of a package that leaves": ("oracle", 9, {"ol9_gluster": "gluster.repo"}, {D + "gluster.repo": "oracle-gluster-release-el9-1.0-1.el9.noarch"},
                                 False, "refuse", {"ol9_gluster": (None, False)}),
    "in another file, too": ("oracle", 9, {"mine": ("gluster.repo", "mine.repo")}, {D + "gluster.repo": "oracle-gluster-release-el9-1.0-1.el9.noarch"},
                             False, "refuse", {"mine": ("mine", True)}),
    "unregistered": ("rhel", 9, {"satellite-client-6-for-rhel-9-x86_64-rpms": "redhat.repo", "acme": "acme.repo"}, {}, True, "unregister", {
        "satellite-client-6-for-rhel-9-x86_64-rpms": (None, False), "acme": ("acme", True)}),
    "the registration is preserved": ("rhel", 9, {"satellite-client-6-for-rhel-9-x86_64-rpms": "redhat.repo"}, {}, True, "preserve", {
        "satellite-client-6-for-rhel-9-x86_64-rpms": ("satellite-client-6-for-rhel-9-x86_64-rpms", True)}),
    "none was there to be unregistered": ("rocky", 9, {"acme": "redhat.repo"}, {}, False, "unregister", {"acme": ("acme", True)}),
    "the cloud's client": ("rhel", 8, {"rhui-client-config-server-8": "c.repo", "rhui-rhel-8-for-x86_64-baseos-rhui-rpms": "c.repo"}, {}, False, "refuse", {
        "rhui-client-config-server-8": (None, False), "rhui-rhel-8-for-x86_64-baseos-rhui-rpms": ("baseos", False)}),
}


@pytest.mark.parametrize("product, major, enabled, leaving, registered, registration, found", list(CASES.values()), ids=list(CASES))
def test_repositories_before_and_after(product, major, enabled, leaving, registered, registration, found):
    configured = [{"id": name, "file": D + file, "enabled": True}
                  for name, files in enabled.items() for file in ([files] if isinstance(files, str) else files)]
    seen = SimpleNamespace(source=mapping.source(product, major, "x86_64"), repositories={"enabled": sorted(enabled), "configured": configured},
                           leaving_files=leaving, registered=registered, registration=registration, enabled_after=[])
    rows = flow.repository_rows(seen)
    assert {row["before"]: (row["after"], row["kept"]) for row in rows} == found


@pytest.mark.parametrize("major, crb", [(8, "powertools"), (9, "crb")])
def test_what_is_enabled_afterwards_alone_is_said(major, crb):
    ids = ["ol{0}_baseos_latest".format(major), "ol{0}_developer_EPEL".format(major)]
    source = mapping.source("oracle", major, "x86_64")
    seen = SimpleNamespace(source=source, repositories={"enabled": ids, "configured": []}, leaving_files={}, registered=False, registration="refuse",
                           enabled_after=target.enabled(source, ids))
    assert [(row["before"], row["after"], row["kept"]) for row in flow.repository_rows(seen)] == [
        (ids[0], "baseos", False), (ids[1], "epel", False), (None, "appstream", False), (None, crb, False)]
