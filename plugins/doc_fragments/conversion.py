# -*- coding: utf-8 -*-
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


class ModuleDocFragment(object):
    """What conversion_info and conversion are told alike; the argument spec is module_utils/_conversion/options.py."""

    DOCUMENTATION = r"""
options:
  mirror:
    description:
      - One root for AlmaLinux's repositories, with the layout of the public mirrors below it; see the option of the same name of
        M(elkit.almalinux.repositories). It may be a C(file://) URL.
    type: str
  source:
    description: How AlmaLinux's repositories are found. Default is C(mirrorlist), or C(baseurl) where there is a mirror.
    type: str
    choices: [mirrorlist, metalink, baseurl]
  sync:
    description: >-
      Whether a host that is AlmaLinux already gets the newest packages of its major by the same road, with a plan, a resumable run and a
      way back, and a newer kernel beside the one it has. The packages for the way back come from the vault where they are in no repository any
      more. Otherwise such a host is left as it is.
    type: bool
    default: false
  minor:
    description: A minor release of AlmaLinux to convert to, for example V("9.7"), quoted. Default is the newest.
    type: str
  vault_mirror:
    description: Root of the vault for O(minor), and for the way back of O(sync). Default is O(mirror), else AlmaLinux's own.
    type: str
  ignore:
    description: Ids of checks that must not stop the conversion, or dictionaries with C(id) and C(reason), which is then in the evidence.
    type: list
    elements: raw
    default: []
  key_url:
    description: Where AlmaLinux's keys are fetched from. Default is the file of the release at the root of O(mirror) or of AlmaLinux's own.
    type: str
  keys:
    description: AlmaLinux's keys as armored text, instead of O(key_url).
    type: str
  trusted_keys:
    description: Full fingerprints that are trusted besides AlmaLinux's own, for rebuilt or re-signed mirrors.
    type: list
    elements: str
    default: []
  revert_cache:
    description:
      - Whether the packages that leave are fetched first and kept on the host, without which there is no way back. Where one cannot be had
        the conversion does not begin, unless O(ignore) names V(rollback-packages), and a way back then does all but those and says so. The look
        says which those are.
    type: bool
    default: true
  registration:
    description:
      - What becomes of a registration with Red Hat, a Satellite or a Foreman.
      - V(refuse) does not begin, so that somebody decides.
      - V(unregister) unregisters the host when everything is fetched and tested, right before the transaction; the client is removed.
      - V(preserve) leaves the registration and its client alone, for a Satellite that brings AlmaLinux's packages afterwards. The
        repositories of the source that it brings are disabled.
      - A way back restores the client, and not the registration.
    type: str
    choices: [refuse, unregister, preserve]
    default: refuse
  source_extra:
    description:
      - What is known of these hosts and not in the collection's table of sources. Keys are C(repositories) (id to canonical id),
        C(replace) (package to package), C(remove) (packages, with * and ?), C(provides) (capabilities), C(streams) (stream to stream),
        C(kernels) (packages), C(firmware) (packages that those kernels need), C(exceptions) (package to the reason why it may stay),
        C(registration) (packages of the client of a registration, with * and ?), C(keys) (full fingerprints that the packages of the source are
        signed by; rpm forgets them at the end where nothing needs them) and C(variables) (names of variables in C(/etc/dnf/vars) that leave
        where no repository uses them).
    type: dict
    default: {}
notes:
  - >-
    Behind a proxy, what C(dnf.conf) says counts, and so do C(http_proxy), C(https_proxy), C(all_proxy) and C(no_proxy) in the task's environment,
    for the look and for the work that outlives the connection.
"""
