#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The layer on top of a vendor's own image: what it takes to be reached by ssh. Runs in a container, as root, at build time.
set -euo pipefail
dnf -y --setopt=install_weak_deps=False install openssh-server sudo python3-dnf-plugins-core iproute procps-ng hostname
dnf clean all
systemctl enable sshd.service
ssh-keygen -A
useradd --create-home --groups wheel admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/90-cloud-init-users
chmod 440 /etc/sudoers.d/90-cloud-init-users
# a machine-id of its own for every host, and no console nobody has
: >/etc/machine-id
systemctl mask getty.target console-getty.service
