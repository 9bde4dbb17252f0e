# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# dnf as EL sets it up.
cat >/etc/dnf/dnf.conf <<'END'
[main]
gpgcheck=1
installonly_limit=3
clean_requirements_on_remove=True
best=True
skip_if_unavailable=False
END
rm -f /etc/dnf/dnf-strict.conf
# Debian's local plugin is on, and breaks the download of metadata.
[ ! -e /etc/dnf/plugins/local.conf ] || sed -i -E 's/^enabled\s*=.*/enabled = false/' /etc/dnf/plugins/local.conf
mkdir -p /etc/dnf/{vars,protected.d,modules.d,aliases.d} /etc/yum /etc/yum.repos.d
rm -f /etc/yum.repos.d/*
ln -sf dnf-3 /usr/bin/yum
ln -sf dnf/dnf.conf /etc/yum.conf
for folder in pluginconf.d:plugins protected.d:protected.d vars:vars; do ln -sfn "../dnf/${folder#*:}" "/etc/yum/${folder%:*}"; done
for name in dnf systemd sudo; do echo $name >/etc/dnf/protected.d/$name.conf; done
systemctl disable -q dnf-makecache.timer 2>/dev/null || :

mkdir -p /usr/libexec
python=$(readlink -f /usr/bin/python3)
if [ "$MAJOR" = 8 ]; then
    # EL 8 has no /usr/bin/python3 until one is installed; its own programs run on platform-python.
    mv "$python" "/usr/libexec/platform-$(basename "$python")"
    rm -f /usr/bin/python3
    ln -s "platform-$(basename "$python")" /usr/libexec/platform-python
    grep -rlIE '^#! ?/usr/bin/(env )?python3' /usr/bin /usr/sbin /usr/libexec 2>/dev/null | while read -r script; do
        sed -i -E '1s|/usr/bin/(env )?python3|/usr/libexec/platform-python|' "$script"
    done
    find /usr/lib/systemd/system -type f -exec sed -i -E 's|/usr/bin/python3|/usr/libexec/platform-python|' {} +
elif [ "$MAJOR" = 9 ]; then
    ln -s "$python" /usr/libexec/platform-python
fi
