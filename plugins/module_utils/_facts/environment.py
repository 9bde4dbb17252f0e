# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Section environment: container, virtual machine, cloud or hardware; and whether it hosts containers itself."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import ElkitError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts import hardware

DMI = "/sys/class/dmi/id/"
# (DMI field, how it starts, cloud). The first that fits counts: clouds run on hypervisors that show their own names too.
CLOUDS = (
    ("sys_vendor", "Amazon EC2", "aws"), ("bios_vendor", "Amazon EC2", "aws"),
    ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "azure"),
    ("product_name", "Google Compute Engine", "gcp"), ("sys_vendor", "Google", "gcp"),
    ("chassis_asset_tag", "OracleCloud.com", "oci"), ("sys_vendor", "Alibaba Cloud", "alibaba"),
    ("sys_vendor", "DigitalOcean", "digitalocean"), ("sys_vendor", "Hetzner", "hetzner"), ("sys_vendor", "Vultr", "vultr"),
    ("sys_vendor", "Linode", "linode"), ("sys_vendor", "Akamai", "linode"), ("sys_vendor", "Scaleway", "scaleway"),
    ("sys_vendor", "UpCloud", "upcloud"), ("sys_vendor", "OpenStack Foundation", "openstack"),
    ("product_name", "OpenStack", "openstack"), ("sys_vendor", "Exoscale", "exoscale"), ("sys_vendor", "Tencent Cloud", "tencent"),
    ("sys_vendor", "Huawei Cloud", "huawei"),
)
HYPERVISORS = (
    ("sys_vendor", "QEMU", "kvm"), ("product_name", "KVM", "kvm"), ("bios_vendor", "Amazon EC2", "kvm"),
    ("sys_vendor", "Amazon EC2", "kvm"), ("product_name", "Google Compute Engine", "kvm"), ("sys_vendor", "Google", "kvm"),
    ("product_name", "OpenStack", "kvm"), ("product_name", "RHEV", "kvm"), ("sys_vendor", "oVirt", "kvm"),
    ("product_name", "RHEL", "kvm"), ("sys_vendor", "Red Hat", "kvm"), ("sys_vendor", "Nutanix", "nutanix"),
    ("sys_vendor", "VMware", "vmware"), ("product_name", "VMware", "vmware"), ("product_name", "VirtualBox", "virtualbox"),
    ("sys_vendor", "innotek GmbH", "virtualbox"), ("product_name", "HVM domU", "xen"), ("sys_vendor", "Xen", "xen"),
    ("sys_vendor", "Parallels", "parallels"), ("sys_vendor", "bhyve", "bhyve"), ("product_name", "vServer", "kvm"),
    ("product_name", "Alibaba Cloud ECS", "kvm"), ("product_name", "Apple Virtualization", "apple"),
)
FIELDS = ("sys_vendor", "product_name", "bios_vendor", "bios_version", "chassis_asset_tag")
# s390x tells its guests so in /proc/sysinfo; the nearest hypervisor is number 0.
_CONTROL_PROGRAM = re.compile(r"^VM00 Control Program:[ \t]*(\S*)", re.MULTILINE)
CONTROL_PROGRAMS = {"z/VM": "zvm", "KVM/Linux": "kvm"}
TREE = "/proc/device-tree/"
ENGINES = (
    ("podman", ("/usr/bin/podman",)),
    ("docker", ("/usr/bin/dockerd", "/usr/bin/docker-current")),
    ("containerd", ("/usr/bin/containerd", "/usr/local/bin/containerd")),
    ("cri-o", ("/usr/bin/crio", "/usr/local/bin/crio")),
    ("kubelet", ("/usr/bin/kubelet", "/usr/local/bin/kubelet")),
    ("k3s", ("/usr/local/bin/k3s",)),
    ("lxc", ("/usr/bin/lxc-start",)),
)


def match(table, fields):
    """The name that the first fitting row of *table* gives for DMI *fields* ({name: str}), or None."""
    for field, start, name in table:
        if fields.get(field, "").lower().startswith(start.lower()):
            return name
    return None


def told(context):
    """The hypervisor (str) that s390x, or a device tree (ppc64le, some aarch64), tells its guest of, or None: there is no DMI there."""
    program = _CONTROL_PROGRAM.search(context.read("/proc/sysinfo") or "")
    if program:
        return CONTROL_PROGRAMS.get(program.group(1), "unknown")
    said = context.read(TREE + "hypervisor/compatible")
    if said is not None:
        return next((name for name in ("kvm", "xen", "vmware") if name in said), "unknown")
    # QEMU's partitions have a name, too.
    if (context.read(TREE + "compatible") or "").startswith("qemu"):
        return "kvm"
    return "powervm" if context.exists(TREE + "ibm,partition-name") else None


def machine(fields, cpuinfo, xen, said=None):
    """(hypervisor, cloud): each str or None.

    :param fields: {DMI field: value}
    :param cpuinfo: /proc/cpuinfo (str); a guest's processor has the flag "hypervisor" on x86, where alone there are flags
    :param xen: /sys/hypervisor/type (str) or None
    :param said: as told() gives it
    """
    cloud = match(CLOUDS, fields)
    if cloud is None and fields.get("bios_version", "").endswith(".amazon"):
        # EC2's instances on Xen.
        cloud = "aws"
    guest = match(HYPERVISORS, fields)
    if guest is None and fields.get("sys_vendor", "").startswith("Microsoft") and fields.get("product_name") == "Virtual Machine":
        guest = "hyperv"
    if guest is None and (xen or "").strip() == "xen":
        guest = "xen"
    guest = guest or said
    flags = hardware.flags(cpuinfo)
    flagged = "hypervisor" in flags
    # Oracle's cloud shows its name on bare metal, too; its guests are known by QEMU's.
    if guest is None and (flagged or not flags and cloud not in (None, "oci")):
        guest = "unknown"
    # EC2's bare metal machines show the cloud's name without being guests of anything.
    if guest is not None and not flagged and "metal" in fields.get("product_name", "").lower():
        guest = None
    return guest, cloud


def container(context):
    """What kind of container this is ("podman", "docker", "lxc", "systemd-nspawn", …), or None."""
    try:
        said = (context.read("/run/systemd/container") or "").strip()
        if not said:
            said = _variable(context.read_bytes("/proc/1/environ") or b"")
    except ElkitError:
        # Other users' environment.
        said = ""
    if said:
        return said
    if context.exists("/run/.containerenv"):
        return "podman"
    if context.exists("/.dockerenv"):
        return "docker"
    if context.exists("/proc/vz") and not context.exists("/proc/bc"):
        return "openvz"
    return None


def _variable(environ):
    for item in environ.split(b"\0"):
        if item.startswith(b"container="):
            return item[len(b"container="):].decode("ascii", "replace")
    return ""


def collect(context):
    errors = []
    inside = container(context)
    hypervisor = cloud = None
    if inside is None:
        # In a container these are the machine's below.
        fields = {}
        for field in FIELDS:
            try:
                fields[field] = (context.read(DMI + field) or "").strip()
            except ElkitError as error:
                errors.append(str(error))
        hypervisor, cloud = machine(fields, context.read("/proc/cpuinfo") or "", context.read("/sys/hypervisor/type"), told(context))
    engines = [name for name, paths in ENGINES if context.first(paths)]
    return {
        "type": "container" if inside else "vm" if hypervisor else "physical",
        "container": inside,
        "hypervisor": hypervisor,
        "cloud": cloud,
        "container_host": bool(engines),
        "container_engines": engines,
        "systemd": context.exists("/run/systemd/system"),
        "image_based": context.exists("/run/ostree-booted"),
        "errors": errors,
    }
