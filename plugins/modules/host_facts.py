#!/usr/bin/python
# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: host_facts
short_description: Says what an Enterprise Linux host is
version_added: 0.1.0
description:
  - Fills C(ansible_facts['almalinux']) with what maintaining, converting and hardening a host needs to know of it. What
    the release is and how long it is supported, which repositories and module streams are set up, where packages come from,
    whether the host must boot again, and how it is secured.
  - It only reads. It asks nothing of the network, unless the section V(updates) is named.
  - It works on AlmaLinux, on the other distributions of the Enterprise Linux family, and on hosts that are none, where
    RV(ansible_facts.almalinux.identity.is_el) is V(false).
  - One unreadable thing (a broken repository file, no rpm database, a missing command) does not make it fail. It is named
    in C(errors) of its section.
options:
  gather_subset:
    description:
      - The sections to gather. V(all), the default, means every section but V(updates), which must be named.
      - V(!name) leaves a section out. Exclusions alone mean V(all) but those. V(!all) leaves out all that are not named.
      - The sections are V(identity), V(lifecycle), V(repositories), V(module_streams), V(packages), V(kernel), V(reboot),
        V(security), V(hardware), V(environment), V(subscription) and V(updates).
      - The names of subsets that M(ansible.builtin.setup) has, and this module has not, choose nothing.
      - Beside M(ansible.builtin.setup) in C(FACTS_MODULES), C(module_defaults) is the only way in which this option
        arrives, because Ansible does not hand C(gather_subset) of a play to other modules.
    type: list
    elements: str
    default: [all]
  updates_timeout:
    description:
      - How long the section V(updates) may take, in seconds.
    type: int
    default: 300
  fact_path:
    description:
      - Not used. Ansible hands C(fact_path) of a play to every module in C(FACTS_MODULES), so it must not be an error.
    type: path
attributes:
  check_mode:
    description: Can run in check mode, and then does the same, for it changes nothing.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
  facts:
    description: The result is put into C(ansible_facts).
    support: full
notes:
  - With more than one module in C(FACTS_MODULES), Ansible runs them as background jobs that it polls, about a second
    more for each host. C(ansible_facts_parallel) set to V(false) runs them one after the other, which is faster here,
    because both are short.
  - In check mode, ansible-core 2.16 waits without end for facts modules that run side by side. Set C(ansible_facts_parallel) to
    V(false) there.
  - Without root, other users' processes, and files that only root may read, cannot be looked at. Those things are then
    missing, and RV(ansible_facts.almalinux.reboot.all_processes_seen) is V(false).
  - In a container, C(kernel) shows the kernel of the machine that runs the container, and C(reboot) means starting
    the container again.
  - The secrets in the URLs of repositories are masked, and so are dnf's variables that stand for one.
seealso:
  - module: ansible.builtin.setup
author:
  - elkit.almalinux contributors (@elkit)
"""

EXAMPLES = r"""
- name: Look at everything that needs no network
  elkit.almalinux.host_facts:

- name: Show how long this release is supported
  ansible.builtin.debug:
    msg: "{{ ansible_facts['almalinux']['lifecycle']['days_left'] }} days left"

- name: Look at two things only
  elkit.almalinux.host_facts:
    gather_subset: [identity, repositories]

- name: Leave the packages out
  elkit.almalinux.host_facts:
    gather_subset: ['!packages']

- name: Look at the updates there are, too
  elkit.almalinux.host_facts:
    gather_subset: [all, updates]

# Facts of all hosts when a play starts, beside Ansible's own. The same goes into ansible.cfg as
# facts_modules = ansible.builtin.setup, elkit.almalinux.host_facts
- name: Gather both
  hosts: all
  vars:
    ansible_facts_modules: [ansible.builtin.setup, elkit.almalinux.host_facts]
    ansible_facts_parallel: false
  module_defaults:
    elkit.almalinux.host_facts:
      gather_subset: [identity, lifecycle, reboot]
  tasks:
    - name: Say which hosts must boot again
      ansible.builtin.debug:
        msg: "{{ ansible_facts['almalinux']['reboot']['reasons'] }}"
      when: ansible_facts['almalinux']['reboot']['required']
"""

RETURN = r"""
ansible_facts:
  description: Facts to add to those of the host.
  returned: always
  type: dict
  contains:
    almalinux:
      description:
        - One entry for each section that was asked for. Each holds C(errors), a list of what could not be read.
          A section that could not be gathered at all holds nothing else.
      returned: always
      type: dict
      contains:
        identity:
          description: What the host is.
          returned: unless left out
          type: dict
          contains:
            name:
              description: C(NAME) of os-release.
              returned: success
              type: str
            id:
              description: C(ID) of os-release.
              returned: success
              type: str
            distribution:
              description:
                - >-
                  One word for the distribution: V(almalinux) for Kitten too, V(centos) for Stream too; V(rhel), V(rocky), V(oracle) and so on; for
                  others C(ID) of os-release.
              returned: success
              type: str
            product:
              description:
                - Like C(distribution), but V(almalinux-kitten) and V(centos-stream) are told apart. Null for what is no known distribution of the
                  family.
              returned: success
              type: str
            version:
              description: C(VERSION_ID) of os-release.
              returned: success
              type: str
            major:
              description: The major release.
              returned: success
              type: int
            minor:
              description: The minor release; null where there is none (Kitten, Stream).
              returned: success
              type: int
            codename:
              description: The name of the release.
              returned: success
              type: str
            kitten:
              description: Whether it is AlmaLinux Kitten.
              returned: success
              type: bool
            stream:
              description: Whether it is CentOS Stream.
              returned: success
              type: bool
            variant:
              description: C(VARIANT_ID) or C(VARIANT) of os-release.
              returned: success
              type: str
            platform_id:
              description: Such as V(platform:el9).
              returned: success
              type: str
            cpe:
              description: C(CPE_NAME) of os-release.
              returned: success
              type: str
            release:
              description: What C(/etc/system-release) says.
              returned: success
              type: str
            architecture:
              description:
                - >-
                  The architecture of the packages: V(x86_64_v2) where they are, even though C(machine) says V(x86_64).
              returned: success
              type: str
            machine:
              description: What C(uname -m) says.
              returned: success
              type: str
            is_almalinux:
              description: Whether it is AlmaLinux, Kitten included.
              returned: success
              type: bool
            is_el:
              description: Whether it is of the Enterprise Linux family.
              returned: success
              type: bool
            release_packages:
              description: The installed release, repos and keys packages of all distributions of the family.
              returned: success
              type: list
              elements: str
            leftover_release_packages:
              description: Those of them that belong to another distribution than the host.
              returned: success
              type: list
              elements: str
            conversion:
              description: What the host would be as the source of a conversion to AlmaLinux.
              returned: success
              type: dict
              contains:
                possible:
                  description: Whether it is a known source.
                  returned: success
                  type: bool
                source:
                  description: Such as V(centos-stream-9).
                  returned: success
                  type: str
                target:
                  description: Such as V(almalinux-9).
                  returned: success
                  type: str
                reason:
                  description: Why it is not possible; null if it is.
                  returned: success
                  type: str
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        lifecycle:
          description: How long the release is supported.
          returned: unless left out
          type: dict
          contains:
            active_end:
              description: Last day of active support (YYYY-MM-DD).
              returned: success
              type: str
            security_end:
              description: Last day of security support.
              returned: success
              type: str
            extended_end:
              description: Last day of paid extended support.
              returned: success
              type: str
            days_left:
              description: Days to the end of security support, negative after it; null if it is not known.
              returned: success
              type: int
            days_left_active:
              description: Days to the end of active support.
              returned: success
              type: int
            phase:
              description: V(active), V(security), V(extended), V(ended) or V(unknown).
              returned: success
              type: str
            released:
              description: The day this minor was released; null if it is not known.
              returned: success
              type: str
            newest_minor:
              description: The newest minor of this major that the data know.
              returned: success
              type: int
            newer_minor_known:
              description: Whether that is newer than the host's; null where that cannot be said.
              returned: success
              type: bool
            support_end:
              description: C(SUPPORT_END) of os-release.
              returned: success
              type: str
            source:
              description: Where the dates are from.
              returned: success
              type: str
            as_of:
              description: The day of the dates.
              returned: success
              type: str
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        repositories:
          description: The repositories, as dnf reads their files.
          returned: unless left out
          type: dict
          contains:
            configured:
              description: Every repository, in the order of the files.
              returned: success
              type: list
              elements: dict
              contains:
                id:
                  description: The id.
                  returned: success
                  type: str
                canonical:
                  description:
                    - The id that holds across majors, such as V(crb) for V(powertools) of 8; null for what is neither AlmaLinux's nor EPEL's.
                  returned: success
                  type: str
                name:
                  description: The name.
                  returned: success
                  type: str
                file:
                  description: The file.
                  returned: success
                  type: str
                enabled:
                  description: Whether dnf uses it.
                  returned: success
                  type: bool
                ignored:
                  description: Whether dnf ignores it because its file is broken, or because of a character in its id that dnf does not take.
                  returned: success
                  type: bool
                mirrorlist:
                  description: URL of the mirror list.
                  returned: success
                  type: str
                metalink:
                  description: URL of the metalink.
                  returned: success
                  type: str
                baseurl:
                  description: Base URLs.
                  returned: success
                  type: list
                  elements: str
                gpgcheck:
                  description:
                    - Whether signatures of packages are checked, C([main]) of dnf.conf included; null for a value that is no boolean.
                  returned: success
                  type: bool
                repo_gpgcheck:
                  description: Whether the signature of the metadata is checked.
                  returned: success
                  type: bool
                gpgkey:
                  description: URLs of the keys.
                  returned: success
                  type: list
                  elements: str
            enabled:
              description: The ids of the enabled ones, sorted. Of several definitions of one id the first counts, as it does for dnf.
              returned: success
              type: list
              elements: str
            broken_files:
              description: Files that dnf cannot read, and links to nothing.
              returned: success
              type: list
              elements: dict
              contains:
                file:
                  description: The file.
                  returned: success
                  type: str
                problems:
                  description: What is wrong with it, by line.
                  returned: success
                  type: list
                  elements: str
            variables:
              description:
                - dnf's variables in C(/etc/dnf/vars). Those that stand in the user part of a URL or for a password, and those
                  whose name speaks of a secret, are masked.
              returned: success
              type: dict
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        module_streams:
          description: What dnf has on record of module streams.
          returned: unless left out
          type: dict
          contains:
            supported:
              description: Whether the release has module streams (8 and 9).
              returned: success
              type: bool
            streams:
              description: The modules that have a state or profiles.
              returned: success
              type: list
              elements: dict
              contains:
                module:
                  description: The module.
                  returned: success
                  type: str
                stream:
                  description: The stream.
                  returned: success
                  type: str
                state:
                  description: V(enabled), V(disabled) or V(default).
                  returned: success
                  type: str
                profiles:
                  description: The installed profiles.
                  returned: success
                  type: list
                  elements: str
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        packages:
          description: The installed packages.
          returned: unless left out
          type: dict
          contains:
            count:
              description: How many there are.
              returned: success
              type: int
            size:
              description: Their size in bytes.
              returned: success
              type: int
            by_vendor:
              description: How many there are of each vendor.
              returned: success
              type: dict
            by_key:
              description: The keys that signed them.
              returned: success
              type: list
              elements: dict
              contains:
                key:
                  description: Id of the key (16 hexadecimal digits).
                  returned: success
                  type: str
                owner:
                  description: Whose key it is, if that is known.
                  returned: success
                  type: str
                count:
                  description: How many packages it signed.
                  returned: success
                  type: int
                imported:
                  description: Whether the key is in the rpm database; for a known subkey, its primary key.
                  returned: success
                  type: bool
            imported_keys:
              description: The keys in the rpm database.
              returned: success
              type: list
              elements: dict
              contains:
                id:
                  description:
                    - >-
                      Version of the C(gpg-pubkey) package: the last 8 digits of the key's id.
                  returned: success
                  type: str
                release:
                  description:
                    - >-
                      Its release: the time the key was made, in hexadecimal.
                  returned: success
                  type: str
                summary:
                  description: Whose key it says it is.
                  returned: success
                  type: str
                owner:
                  description: Whose key it is, if that is known.
                  returned: success
                  type: str
            unsigned:
              description: Packages without a signature.
              returned: success
              type: list
              elements: str
            foreign:
              description: Packages of another distribution of the family.
              returned: success
              type: list
              elements: str
            third_party:
              description: Packages of any other vendor, or of none.
              returned: success
              type: list
              elements: str
            duplicates:
              description:
                - >-
                  Packages of which several versions are installed although only one should be: lists by name and architecture.
              returned: success
              type: dict
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        kernel:
          description: The kernels.
          returned: unless left out
          type: dict
          contains:
            running:
              description: What C(uname -r) says.
              returned: success
              type: str
            installed:
              description: The installed kernels, oldest first.
              returned: success
              type: list
              elements: dict
              contains:
                release:
                  description: What C(uname -r) would say, without the flavour.
                  returned: success
                  type: str
                package:
                  description: The package.
                  returned: success
                  type: str
                flavour:
                  description: V(standard), V(rt), V(64k), V(debug), V(uek), V(raspberrypi) and so on.
                  returned: success
                  type: str
                vendor:
                  description: The vendor of the package.
                  returned: success
                  type: str
            newest:
              description: The newest installed one of the flavour that runs.
              returned: success
              type: str
            running_installed:
              description: Whether the running one is installed; in a container it usually is not.
              returned: success
              type: bool
            running_newest:
              description: Whether the newest runs; null if none is installed.
              returned: success
              type: bool
            foreign:
              description: Kernel packages of another vendor than the distribution.
              returned: success
              type: list
              elements: str
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        reboot:
          description: Whether the host must boot again.
          returned: unless left out
          type: dict
          contains:
            required:
              description: Whether it must; null if that cannot be said.
              returned: success
              type: bool
            reasons:
              description: Why.
              returned: success
              type: list
              elements: dict
              contains:
                package:
                  description: The package that was installed after the last boot.
                  returned: success
                  type: str
                name:
                  description: Its name.
                  returned: success
                  type: str
                installed:
                  description: When; null if only the running kernel shows it.
                  returned: success
                  type: str
            services:
              description: Services that still run program code that an update replaced, and need a restart.
              returned: success
              type: list
              elements: str
            sessions:
              description: Logins of which the same is true.
              returned: success
              type: list
              elements: str
            other:
              description: Other processes of which the same is true.
              returned: success
              type: list
              elements: str
            all_processes_seen:
              description: Whether all processes could be looked at, which takes root.
              returned: success
              type: bool
            booted:
              description: When the host, or the container, started (UTC).
              returned: success
              type: str
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        security:
          description: How the host is secured.
          returned: unless left out
          type: dict
          contains:
            selinux:
              description: SELinux.
              returned: success
              type: dict
              contains:
                status:
                  description: V(enabled) or V(disabled).
                  returned: success
                  type: str
                mode:
                  description: V(enforcing), V(permissive) or V(disabled), now.
                  returned: success
                  type: str
                configured_mode:
                  description: What C(/etc/selinux/config) says, as libselinux reads it. An argument of the kernel (C(selinux=0), C(enforcing=0)) wins.
                  returned: success
                  type: str
                policy:
                  description: The policy's name.
                  returned: success
                  type: str
            fips:
              description: Whether the kernel runs in FIPS mode.
              returned: success
              type: bool
            crypto_policy:
              description: The system-wide crypto policy.
              returned: success
              type: dict
              contains:
                configured:
                  description: What C(/etc/crypto-policies/config) says.
                  returned: success
                  type: str
                current:
                  description: The policy in force.
                  returned: success
                  type: str
            firmware:
              description: V(uefi) or V(bios); null in containers and where it is neither.
              returned: success
              type: str
            secure_boot:
              description: Whether Secure Boot is on; null if that cannot be said.
              returned: success
              type: bool
            firewall:
              description: Firewall services.
              returned: success
              type: dict
              contains:
                active:
                  description: Those that run.
                  returned: success
                  type: list
                  elements: str
                enabled:
                  description: Those that start at boot.
                  returned: success
                  type: list
                  elements: str
                installed:
                  description: Those that are installed.
                  returned: success
                  type: list
                  elements: str
                default_zone:
                  description: firewalld's default zone.
                  returned: success
                  type: str
            authselect:
              description: The authselect profile.
              returned: success
              type: dict
              contains:
                profile:
                  description: The profile; null if none is selected.
                  returned: success
                  type: str
                features:
                  description: Its features.
                  returned: success
                  type: list
                  elements: str
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        hardware:
          description: What the processor can run.
          returned: unless left out
          type: dict
          contains:
            x86_64_level:
              description: The x86-64 level, 0 to 4; null on other machines.
              returned: success
              type: int
            missing_for_next_level:
              description: The processor flags that the next level needs.
              returned: success
              type: list
              elements: str
            sufficient_for:
              description: The majors of Enterprise Linux whose ordinary x86_64 packages the processor can run.
              returned: success
              type: list
              elements: int
            model:
              description: The processor's name.
              returned: success
              type: str
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        environment:
          description: What the host runs on.
          returned: unless left out
          type: dict
          contains:
            type:
              description: V(container), V(vm) or V(physical).
              returned: success
              type: str
            container:
              description: The kind of container.
              returned: success
              type: str
            hypervisor:
              description: The kind of hypervisor; V(unknown) if only the processor or the cloud shows that there is one.
              returned: success
              type: str
            cloud:
              description: The cloud.
              returned: success
              type: str
            container_host:
              description: Whether a container engine is installed.
              returned: success
              type: bool
            container_engines:
              description: Which.
              returned: success
              type: list
              elements: str
            systemd:
              description: Whether systemd runs.
              returned: success
              type: bool
            image_based:
              description: Whether the host was booted from an image (bootc, ostree).
              returned: success
              type: bool
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        subscription:
          description: The subscription of a RHEL host.
          returned: unless left out
          type: dict
          contains:
            applicable:
              description: Whether it is RHEL.
              returned: success
              type: bool
            registered:
              description: Whether the host is registered; null if it is not RHEL.
              returned: success
              type: bool
            entitlements:
              description: Serial numbers of the entitlement certificates.
              returned: success
              type: list
              elements: str
            insights:
              description: Whether it is registered with Insights; null if it is not RHEL.
              returned: success
              type: bool
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
        updates:
          description: What could be updated. Only when the section is named.
          returned: when named
          type: dict
          contains:
            count:
              description: How many packages could be updated.
              returned: success
              type: int
            by_type:
              description: How many there are of each type; V(none) for those without an advisory.
              returned: success
              type: dict
            by_severity:
              description: How many there are of each severity, of those with a security advisory.
              returned: success
              type: dict
            pending:
              description: The packages.
              returned: success
              type: list
              elements: dict
              contains:
                name:
                  description: The name.
                  returned: success
                  type: str
                nevra:
                  description: What it would become.
                  returned: success
                  type: str
                installed:
                  description: What is installed.
                  returned: success
                  type: str
                advisory:
                  description: The gravest advisory between the two.
                  returned: success
                  type: str
                type:
                  description: V(security), V(bugfix), V(enhancement) or V(newpackage).
                  returned: success
                  type: str
                severity:
                  description: The severity of that advisory.
                  returned: success
                  type: str
            advisories:
              description: The advisories.
              returned: success
              type: list
              elements: dict
              contains:
                id:
                  description: The id, such as V(ALSA-2026:1234).
                  returned: success
                  type: str
                type:
                  description: The type.
                  returned: success
                  type: str
                severity:
                  description: The severity.
                  returned: success
                  type: str
                issued:
                  description: The day.
                  returned: success
                  type: str
                cves:
                  description: The CVEs.
                  returned: success
                  type: list
                  elements: str
                packages:
                  description: The packages that would be updated.
                  returned: success
                  type: list
                  elements: str
            cves:
              description: All CVEs, sorted.
              returned: success
              type: list
              elements: str
            errors:
              description: What could not be read, one sentence each.
              returned: success
              type: list
              elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.elkit.almalinux.plugins.module_utils import _module
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import registry
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context


def facts(module):
    sections = registry.choose(module.params["gather_subset"])
    context = Context(updates_timeout=module.params["updates_timeout"])
    return {"ansible_facts": {"almalinux": registry.gather(context, sections)}}


def main():
    module = AnsibleModule(
        argument_spec={
            "gather_subset": {"type": "list", "elements": "str", "default": ["all"]},
            "updates_timeout": {"type": "int", "default": 300},
            "fact_path": {"type": "path"},
        },
        supports_check_mode=True)
    _module.run(module, facts)


if __name__ == "__main__":
    main()
