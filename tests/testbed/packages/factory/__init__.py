# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes signed packages, repositories, keys and certificates from the manifests."""
