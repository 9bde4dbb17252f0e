# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Stand-ins for programs of EL that Debian does not package. Each says in its first lines that it is one.
install -m 755 "$FILES/grubby" /usr/sbin/grubby
install -m 755 "$FILES/update-crypto-policies" /usr/bin/update-crypto-policies
install -m 755 "$FILES/efibootmgr" /usr/sbin/efibootmgr
install -m 755 "$FILES/leapp" /usr/bin/leapp
install -m 755 "$FILES/update-ca-trust" /usr/bin/update-ca-trust
# passwd -S says PS, LK or NP with a sentence on EL
mv /usr/bin/passwd /usr/libexec/passwd-of-debian
install -m 755 "$FILES/passwd" /usr/bin/passwd

share=/usr/share/crypto-policies
mkdir -p $share/policies/modules /etc/crypto-policies/{state,back-ends,local.d,policies/modules}
modules='AD-SUPPORT ECDHE-ONLY NO-CAMELLIA NO-SHA1 OSPP'
[ "$MAJOR" -lt 9 ] || modules='AD-SUPPORT AD-SUPPORT-LEGACY ECDHE-ONLY NO-ENFORCE-EMS NO-SHA1 OSPP SHA1'
[ "$MAJOR" -lt 10 ] || modules='AD-SUPPORT AD-SUPPORT-LEGACY ECDHE-ONLY NO-PQ NO-SHA1 OSPP SHA1'
for policy in DEFAULT LEGACY FUTURE FIPS EMPTY; do echo "# stand-in" >$share/policies/$policy.pol; done
for module in $modules; do echo "# stand-in" >$share/policies/modules/"$module".pmod; done
update-crypto-policies --set DEFAULT >/dev/null
