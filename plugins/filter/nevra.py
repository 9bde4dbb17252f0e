# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: nevra
short_description: Split the name of a package into its parts
version_added: 0.1.0
author: elkit.almalinux contributors (@elkit)
description:
  - Splits name, epoch, version, release and architecture of an rpm package, as C(dnf) and C(rpm) write them.
options:
  _input:
    description: The package, such as V(openssl-libs-1:3.5.5-6.el9_8.x86_64). The epoch may also stand in front, the
      architecture may be missing, and the name of an rpm file will do.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the version of a package
  ansible.builtin.debug:
    msg: "{{ ('openssl-libs-1:3.5.5-6.el9_8.x86_64' | elkit.almalinux.nevra)['version'] }}"
"""

RETURN = r"""
_value:
  description: The parts.
  type: dict
  contains:
    name:
      description: The name.
      type: str
      returned: success
      sample: openssl-libs
    epoch:
      description: The epoch; 0 if none is written.
      type: int
      returned: success
      sample: 1
    version:
      description: The version.
      type: str
      returned: success
      sample: 3.5.5
    release:
      description: The release.
      type: str
      returned: success
      sample: 6.el9_8
    arch:
      description: The architecture; null if none is written.
      type: str
      returned: success
      sample: x86_64
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import nevra as packages


def nevra(text):
    if not isinstance(text, str):
        raise AnsibleFilterError("elkit.almalinux.nevra: give it the name of a package, not {0}".format(type(text).__name__))
    try:
        return dict(packages.parse(text)._asdict())
    except ValueError as error:
        raise AnsibleFilterError("elkit.almalinux.nevra: {0}".format(error))


class FilterModule:
    def filters(self):
        return {"nevra": nevra}
