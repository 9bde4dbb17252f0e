# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Policies with rules in them, and a stand-in that works with these.
python=/usr/bin/python3
[ -x $python ] || python=/usr/libexec/platform-python
sed -e "1s,.*,#!$python," -e "s/@MAJOR@/$MAJOR/" "$HERE/standins/update-crypto-policies" >/usr/bin/update-crypto-policies
chmod 755 /usr/bin/update-crypto-policies
share=/usr/share/crypto-policies/policies
ciphers='AES-256-GCM CHACHA20-POLY1305 AES-256-CTR AES-128-GCM AES-128-CTR'
macs='HMAC-SHA2-256 HMAC-SHA1 UMAC-128 HMAC-SHA2-512'
for policy in DEFAULT LEGACY FUTURE FIPS EMPTY; do
    case $policy in
    DEFAULT) size=2048 c=$ciphers m=$macs ;;
    LEGACY) size=1024 c="$ciphers AES-256-CBC AES-128-CBC 3DES-CBC" m=$macs ;;
    FUTURE) size=3072 c='AES-256-GCM CHACHA20-POLY1305 AES-256-CTR' m='HMAC-SHA2-256 UMAC-128 HMAC-SHA2-512' ;;
    FIPS) size=2048 c='AES-256-GCM AES-256-CTR AES-128-GCM AES-128-CTR' m='HMAC-SHA2-256 HMAC-SHA1 HMAC-SHA2-512' ;;
    EMPTY) size=0 c='' m='' ;;
    esac
    printf '# stand-in\ncipher = %s\nmac = %s\ngroup = X25519 SECP256R1 SECP384R1 FFDHE-2048\nmin_rsa_size = %s\n' "$c" "$m" "$size" >"$share/$policy.pol"
done
printf '# stand-in\nmac = -HMAC-SHA1\n' >$share/modules/NO-SHA1.pmod
[ "$MAJOR" -lt 10 ] || rm -f $share/modules/NO-SHA1.pmod
printf '# stand-in\ncipher = -CAMELLIA-*\n' >$share/modules/NO-CAMELLIA.pmod
mkdir -p /etc/crypto-policies/policies/modules
update-crypto-policies --set DEFAULT >/dev/null
sshd -t
