#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: repositories
short_description: Repositories, keys, dnf.conf and dnf variables of AlmaLinux as one desired state
version_added: 0.1.0
description:
  - Brings the repositories of an AlmaLinux host to a wanted state in one call.
  - Canonical ids hold on every major release. V(crb) is C(powertools) on 8, V(highavailability) is C(ha) on 8.
  - Before anything is written, C(repomd.xml) of every repository that will be enabled is fetched with the new settings; if one
    does not answer as it must, nothing is changed.
  - Edits keep comments, order and options that nobody asked about. A journal on the host (C(/var/lib/elkit), root only) keeps what
    was there, and O(state=reverted) puts the last change back byte for byte.
  - What an option does not name stays as it is.
author:
  - elkit.almalinux contributors (@elkit)
options:
  enabled:
    description:
      - Canonical ids of AlmaLinux's and EPEL's repositories to enable; one that is missing is created as AlmaLinux ships it.
      - There are V(baseos), V(appstream), V(extras), V(crb), V(highavailability), V(plus), V(resilientstorage) (8 and 9), V(sap),
        V(saphana), V(nfv) and V(rt) (x86_64), V(devel), V(synergy), V(testing), V(epel), V(epel-testing), and each with C(-debuginfo) and
        C(-source).
    type: list
    elements: str
    default: []
  disabled:
    description: Canonical ids of repositories to disable.
    type: list
    elements: str
    default: []
  undeclared:
    description:
      - What becomes of repositories that nobody named. AlmaLinux's own that are shipped enabled always count as named.
      - V(keep) leaves them. V(disable) disables them. V(remove) removes those that are neither AlmaLinux's nor EPEL's, and disables the
        others.
    type: str
    choices: [keep, disable, remove]
    default: keep
  source:
    description:
      - How AlmaLinux's repositories find their packages. Not given, the URLs stay as they are, unless O(mirror) or O(minor) is.
      - V(mirrorlist) without O(mirror) is AlmaLinux's own service, and takes a pin or a mirror back.
    type: str
    choices: [mirrorlist, metalink, baseurl]
  mirror:
    description:
      - One root for all of AlmaLinux's repositories, with the layout of the public mirrors below it.
      - For V(baseurl) C($releasever/BaseOS/$basearch/os/) follows, for V(mirrorlist) and V(metalink) C(mirrorlist/$releasever/baseos) and
        C(metalink/$releasever/baseos).
    type: str
  minor:
    description:
      - A minor release to stay at, for example V("9.7"), quoted. It is pinned in the URLs of AlmaLinux's repositories, in the vault;
        C(releasever) is not touched, so EPEL and third parties go on working.
      - Security updates end for a minor when the next one appears.
    type: str
  vault_mirror:
    description: Root of the vault for O(minor). Default is O(mirror), else AlmaLinux's own.
    type: str
  options:
    description:
      - Options per repository, by canonical id or the id of an extra one, with the names of dnf.conf(5). A null removes the option.
      - This is the one place where C(gpgcheck) can be switched off for a repository of AlmaLinux, by its name.
    type: dict
    default: {}
  epel:
    description:
      - V(true) enables EPEL and the crb that it needs, V(false) disables it. Not given, it stays as it is.
      - A dictionary has C(enabled), C(testing), C(mirror) (a root like C(https://dl.fedoraproject.org/pub/epel)) and C(key_url).
      - Files of an installed C(epel-release) are edited in place; without it they are made. The key is fetched where it is missing and
        taken only with its pinned fingerprint.
    type: raw
  extra:
    description: Repositories of others.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: Its id, which also names a new file.
        type: str
        required: true
      name:
        description: Its name. Default is the id.
        type: str
      baseurl:
        description: URL or URLs. One of O(extra[].baseurl), O(extra[].mirrorlist) and O(extra[].metalink) is needed.
        type: list
        elements: str
      mirrorlist:
        description: URL of a mirror list.
        type: str
      metalink:
        description: URL of a metalink.
        type: str
      gpgkey:
        description: URLs or paths of its keys.
        type: list
        elements: str
      key:
        description: Its key as armored text, instead of O(extra[].gpgkey).
        type: str
      fingerprints:
        description:
          - Full fingerprints of the keys that O(extra[].gpgkey) or O(extra[].key) may hold. Another one stops the run, and each of these places
            must hold one of them at least.
          - A key that is to follow can be named in advance. As long as rpm lacks a named one, keys with a URL are fetched on every run.
        type: list
        elements: str
      gpgcheck:
        description: Whether its packages are checked.
        type: bool
        default: true
      enabled:
        description: Whether it is enabled.
        type: bool
        default: true
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
      options:
        description: Further options with the names of dnf.conf(5).
        type: dict
        default: {}
  main:
    description:
      - Options of C([main]) in C(/etc/dnf/dnf.conf). A null removes the option.
      - C(gpgcheck) can be neither switched off nor removed here, for without it dnf checks nothing.
    type: dict
    default: {}
  vars:
    description: dnf variables, files in C(/etc/dnf/vars). A null removes the variable.
    type: dict
    default: {}
  trusted_keys:
    description:
      - Full fingerprints that are trusted for AlmaLinux's and EPEL's repositories besides their own, for rebuilt or re-signed mirrors.
    type: list
    elements: str
    default: []
  verify:
    description: Whether the new settings are tried before they are written.
    type: bool
    default: true
  verify_timeout:
    description: Seconds that one repository has to answer.
    type: int
    default: 20
  state:
    description:
      - V(present) brings the host to the wanted state.
      - V(reverted) takes the last change of this module back. A second time changes nothing.
    type: str
    choices: [present, reverted]
    default: present
  force:
    description: Whether V(state=reverted) may overwrite what someone changed since.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and say what would be done.
    support: full
  diff_mode:
    description: Shows every line that changes, without passwords.
    support: full
  platform:
    description: The hosts it works on.
    platforms: AlmaLinux 8, 9 and 10
    support: full
"""

EXAMPLES = r"""
- name: CRB, HighAvailability and EPEL on any release
  elkit.almalinux.repositories:
    enabled: [crb, highavailability]
    epel: true

- name: A mirror of one's own, and nothing else
  elkit.almalinux.repositories:
    mirror: https://mirror.example.com/almalinux
    undeclared: disable

- name: Stay at a minor release
  elkit.almalinux.repositories:
    minor: "9.7"

- name: A third party with its key, and options
  elkit.almalinux.repositories:
    extra:
      - id: example
        name: Packages of Example
        baseurl: https://rpm.example.com/el/$releasever/$basearch/
        gpgkey: https://rpm.example.com/KEY
        fingerprints: ["0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"]
    options:
      appstream:
        excludepkgs: [nginx*]
      example:
        priority: 90
    main:
      fastestmirror: true

- name: Take the last change back
  elkit.almalinux.repositories:
    state: reverted
"""

RETURN = r"""
repositories:
  description: The repositories that were named or that change.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its id on this host.
      type: str
      sample: powertools
    canonical:
      description: Its canonical id, or null for one of others.
      type: str
      sample: crb
    file:
      description: Name of its file in C(/etc/yum.repos.d).
      type: str
    before:
      description: Its options before, without passwords, or null if it was not there.
      type: dict
    after:
      description: Its options after, or as they would be in check mode.
      type: dict
    changed:
      description: Whether the two differ.
      type: bool
    verified:
      description: Whether its C(repomd.xml) was fetched with the new settings. Null if that was not tried.
      type: bool
files:
  description: Files that change.
  returned: success
  type: list
  elements: str
imported_keys:
  description: Keys that are imported, or removed again by an undo.
  returned: success
  type: list
  elements: dict
  contains:
    fingerprint:
      description: Its full fingerprint.
      type: str
    file:
      description: The key's file.
      type: str
    repository:
      description: The repository that needs it.
      type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import HostError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo import flow, host, redact


class Module(AnsibleModule):
    """An AnsibleModule that knows the passwords in URLs and options before it writes its arguments to the system log."""

    def _log_invocation(self):
        # Ansible masks these wherever they appear: in the log, in what the module returns, its arguments included.
        self.no_log_values.update(redact.secrets(self.params))
        super()._log_invocation()


def work(module):
    if os.geteuid() != 0:
        host.identity()
        raise HostError("repositories can be changed by root alone", "Run with become: true")
    if module.params["state"] == "reverted":
        result = flow.revert(module.params["force"], module.check_mode)
    else:
        result = flow.ensure(module.params, module.check_mode)
    for warning in result.pop("warnings"):
        module.warn(_module.readable(warning))
    return result


def main():
    extra = {
        "id": {"type": "str", "required": True},
        "name": {"type": "str"},
        "baseurl": {"type": "list", "elements": "str"},
        "mirrorlist": {"type": "str"},
        "metalink": {"type": "str"},
        "gpgkey": {"type": "list", "elements": "str", "no_log": False},
        "key": {"type": "str", "no_log": False},
        "fingerprints": {"type": "list", "elements": "str"},
        "gpgcheck": {"type": "bool", "default": True},
        "enabled": {"type": "bool", "default": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "options": {"type": "dict", "default": {}},
    }
    module = Module(
        argument_spec={
            "enabled": {"type": "list", "elements": "str", "default": []},
            "disabled": {"type": "list", "elements": "str", "default": []},
            "undeclared": {"type": "str", "choices": ["keep", "disable", "remove"], "default": "keep"},
            "source": {"type": "str", "choices": ["mirrorlist", "metalink", "baseurl"]},
            "mirror": {"type": "str"},
            "minor": {"type": "str"},
            "vault_mirror": {"type": "str"},
            "options": {"type": "dict", "default": {}},
            "epel": {"type": "raw"},
            "extra": {"type": "list", "elements": "dict", "default": [], "options": extra},
            "main": {"type": "dict", "default": {}},
            "vars": {"type": "dict", "default": {}},
            "trusted_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "verify": {"type": "bool", "default": True},
            "verify_timeout": {"type": "int", "default": 20},
            "state": {"type": "str", "choices": ["present", "reverted"], "default": "present"},
            "force": {"type": "bool", "default": False},
        },
        supports_check_mode=True)
    _module.run(module, work)


if __name__ == "__main__":
    main()
