#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same on a vendor's own image: a server's packages, from the vendor's repositories. No aide: a test installs it.
set -euo pipefail
dnf -y --setopt=install_weak_deps=False install authselect audit chrony cronie crontabs firewalld kmod libpwquality logrotate nftables \
    openscap-scanner policycoreutils polkit rsyslog sudo tuned crypto-policies-scripts util-linux
dnf clean all
