# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# EL 8 and 9 hash by SHA-512 and start with the profile sssd, EL 10 by yescrypt with the profile local.
if [ "$MAJOR" -lt 10 ]; then
    sed -i 's/\byescrypt\b/sha512/' /usr/share/authselect/default/*/{system,password}-auth
    authselect select sssd --force --quiet --nobackup >/dev/null
else
    authselect select local --force --quiet --nobackup >/dev/null
fi
authselect check >/dev/null
