# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""The only place that touches a host. Imports nothing of Ansible, so that workers can carry it too."""
