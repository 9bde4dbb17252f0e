# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Work that needs dnf: an agent that the host's own Python runs, the client that starts it, and module streams."""
