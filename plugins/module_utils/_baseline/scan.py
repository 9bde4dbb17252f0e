# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The host's own OpenSCAP, where it is installed: what it says of the same rules. It changes nothing."""

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import CommandError

CONTENT = "/usr/share/xml/scap/ssg/content/"
PREFIX = "xccdf_org.ssgproject.content_"
# What the data streams call the profiles.
PROFILES = {"cis_server_l1": "cis_server_l1", "cis_server_l2": "cis", "pci_dss": "pci-dss", "hipaa": "hipaa"}
# A whole scan takes seconds to minutes, and walks the file systems.
TIMEOUT = 1800


def content_for(context, el, identifier):
    """The path of the data stream for this host, or None.

    :param identifier: str, ID of os-release
    """
    names = {
        "almalinux": ["almalinux{0}"], "centos": ["cs{0}", "centos{0}", "rhel{0}"], "rocky": ["rl{0}"], "ol": ["ol{0}"], "rhel": ["rhel{0}"],
    }.get(identifier, [])
    return context.first([CONTENT + "ssg-{0}-ds.xml".format(name.format(el)) for name in names])


def parse(text):
    """{rule id: result} of what `oscap xccdf eval --progress` prints ("PREFIXrule_ID:pass")."""
    found = {}
    for line in text.splitlines():
        name, colon, result = line.strip().rpartition(":")
        if colon and name.startswith(PREFIX + "rule_"):
            found[name[len(PREFIX + "rule_"):]] = result.strip()
    return found


def look(context, el, identifier, profile):
    """What OpenSCAP says of this host.

    :returns: {"content", "profile", "results": {id: result}}, or {"error": str} where it says nothing
    """
    if profile not in PROFILES:
        return {"error": "OpenSCAP has no profile {0}".format(profile)}
    if not context.exists("/usr/bin/oscap"):
        return {"error": "OpenSCAP is not installed (package openscap-scanner)"}
    content = content_for(context, el, identifier)
    if content is None:
        return {"error": "there is no data stream for this release below {0} (package scap-security-guide)".format(CONTENT)}
    try:
        result = context.run(
            ["oscap", "xccdf", "eval", "--progress", "--profile", PREFIX + "profile_" + PROFILES[profile], content], check=False, timeout=TIMEOUT)
    except CommandError as error:
        return {"error": str(error)}
    # 2 says that some rules fail.
    if result.rc not in (0, 2):
        return {"error": "oscap ended with code {0}: {1}".format(result.rc, (result.stderr or result.stdout).strip()[-300:])}
    return {"content": content, "profile": PROFILES[profile], "results": parse(result.stdout)}


def compare(scanned, rows, changed_is_good):
    """What a person needs of a scan: how many agree, and every disagreement.

    :param scanned: what look() gave
    :param rows: list of dict: id, status, and "holds" where there is an exception
    :returns: {"content", "profile", "agree", "disagreements": [{"id", "ours", "theirs"}]}, or {"error"}; "ours" is None for a rule that
        this run did not look at, which counts as a disagreement where OpenSCAP fails it
    """
    if "error" in scanned:
        return dict(scanned)
    ours = dict((row["id"], row) for row in rows)
    agree, disagreements = 0, []
    for name, theirs in sorted(scanned["results"].items()):
        if theirs not in ("pass", "fail", "error", "unknown"):
            continue
        row = ours.get(name)
        status = row["status"] if row else None
        if row is None:
            same = theirs == "pass"
        else:
            good = row["holds"] if "holds" in row else status == "pass" or status == "changed" and changed_is_good
            same = good == (theirs == "pass")
        if not same:
            disagreements.append({"id": name, "ours": status, "theirs": theirs})
        elif row is not None:
            agree += 1
    return {"content": scanned["content"], "profile": scanned["profile"], "agree": agree, "disagreements": disagreements}
