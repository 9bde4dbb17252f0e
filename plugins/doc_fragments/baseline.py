# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


class ModuleDocFragment(object):
    """What baseline_info and baseline are told alike; the argument spec is module_utils/_baseline/options.py."""

    DOCUMENTATION = r"""
options:
  profile:
    description:
      - Which controls a host is held to, and their values. V(cis_server_l1) and V(cis_server_l2) are the CIS benchmarks for servers, level 2
        with all of level 1. V(pci_dss) and V(hipaa) are the profiles of those names in SSG.
      - Which controls a profile has is data of the SSG's data streams for the release of the host.
    type: str
    default: cis_server_l1
  values:
    description:
      - Values of controls, by their names, where those of the profile do not fit. C(docs/controls.md) of the collection lists them with
        their types and limits.
    type: dict
    default: {}
  exceptions:
    description:
      - Controls that are left alone, with the one who answers for it. They are looked at all the same, and reported as C(excepted).
      - After its last day an exception is reported as a failure, or no longer heeded; see O(expired).
      - Those of controls that take no part in this run are in the result and the evidence as C(exceptions_unused), with the reason.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The control.
        type: str
        required: true
      reason:
        description: Why it is left alone.
        type: str
        required: true
      owner:
        description: Who answers for it.
        type: str
        required: true
      expires:
        description: The last day of the exception, C(YYYY-MM-DD).
        type: str
        required: true
      ticket:
        description: Where more about it stands.
        type: str
  expired:
    description:
      - What becomes of a control whose exception has ended. V(report) leaves it alone and reports it as C(fail); V(enforce) treats it like any other.
    type: str
    choices: [report, enforce]
    default: report
  only_ids:
    description: Ids of controls. These are looked at, and no others, whether the profile has them or not.
    type: list
    elements: str
    default: []
  skip_ids:
    description:
      - Ids of controls that are not looked at. They are in no report either; use O(exceptions) where somebody may ask.
        An id that is in both is an error.
    type: list
    elements: str
    default: []
  themes:
    description: Themes, for example V(sshd) or V(sysctl). Only their controls are looked at.
    type: list
    elements: str
    default: []
  skip_themes:
    description: Themes whose controls are not looked at.
    type: list
    elements: str
    default: []
  levels:
    description: Levels of the CIS profiles for servers, V(1) and V(2). Only controls of these levels are looked at, those of
      one's own too if they say such a C(level).
    type: list
    elements: int
    default: []
  risks:
    description: >-
      Only controls with one of these risks are looked at, and none that has no risk. V(lockout) could shut somebody out, V(service) could break a
      service, V(reboot) needs a reboot to be in force.
    type: list
    elements: str
    default: []
  skip_risks:
    description: Controls with one of these risks are not looked at. The words are those of O(risks).
    type: list
    elements: str
    default: []
  controls_folders:
    description:
      - Folders on the controller with files of controls of one's own. They come on top of those of the profile.
    type: list
    elements: path
    default: []
  environment:
    description:
      - What the host is, where it cannot tell by itself. Keys are V(container), V(cloud), V(container_host), V(router), V(joined), V(desktop),
        V(efi) and V(no_systemd), values are truth values and win over what was found.
    type: dict
    default: {}
  scanner_compat:
    description:
      - Whether values are also written into the vendor files that scanners look at which do not know drop-ins, as the content for AlmaLinux 9 does.
    type: bool
    default: false
  scan:
    description:
      - Whether the host's own OpenSCAP looks too, where it is installed with the data stream of the release. It takes up to some minutes.
    type: bool
    default: false
  evidence:
    description:
      - A folder on the controller for a JSON file and an HTML page per host, and an index. It is made where it is missing. A relative path
        starts where C(ansible-playbook) was started.
    type: path
"""
