# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The test CA, where EL and where Debian look.
install -m 644 "$CONTENT/tls/ca.crt" /etc/pki/ca-trust/source/anchors/elkit-testbed.crt
mkdir -p /etc/pki/ca-trust/extracted/pem
ln -sf /etc/ssl/certs/ca-certificates.crt /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
ln -sf /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/pki/tls/certs/ca-bundle.crt
ln -sf /etc/pki/tls/certs/ca-bundle.crt /etc/pki/tls/cert.pem
update-ca-trust
