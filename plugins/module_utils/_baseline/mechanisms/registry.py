# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The mechanisms. A new one is one file beside this one and one line here.

A mechanism is a module with
    check(control, view)   the Finding of what there is; reads only
    fix(control, view)     plans what is missing, with view.write(), view.put() and the like; it is called only where check() found a
                           failure, and check() on the same view is asked afterwards whether the plan is enough
Both raise ControlError for what they cannot read or plan, and fix() NotFixable where software should not.
"""

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import (
    aide,
    all_files,
    chrony,
    content,
    cpu,
    crypto,
    dconf,
    dnf_repos,
    firewalld,
    grub,
    ip6tables,
    kernel_module,
    keyvalue,
    limits,
    link,
    manual,
    mount,
    packages,
    partition,
    permissions,
    rpm_key,
    rpm_verify,
    rsyslog,
    selinux,
    sshd,
    sshd_access,
    sshd_algorithms,
    sshd_include,
    sudo,
    sudo_password,
    sysctl,
    unit,
    updates,
)

MECHANISMS = {
    "aide": aide,
    "all_files": all_files,
    "chrony": chrony,
    "content": content,
    "cpu": cpu,
    "crypto_policy": crypto,
    "dconf": dconf,
    "dnf_repos": dnf_repos,
    "firewalld": firewalld,
    "grub": grub,
    "ip6tables": ip6tables,
    "kernel_module": kernel_module,
    "keyvalue": keyvalue,
    "limits": limits,
    "link": link,
    "manual": manual,
    "mount": mount,
    "package": packages,
    "partition": partition,
    "permissions": permissions,
    "rpm_key": rpm_key,
    "rpm_verify": rpm_verify,
    "rsyslog": rsyslog,
    "selinux": selinux,
    "sshd": sshd,
    "sshd_access": sshd_access,
    "sshd_algorithms": sshd_algorithms,
    "sshd_include": sshd_include,
    "sudo": sudo,
    "sudo_password": sudo_password,
    "sysctl": sysctl,
    "unit": unit,
    "updates": updates,
}
