# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Release 8: the build machine's Python 3.6 and 3.9, where it has them, for modules to run on.
[ "$MAJOR" = 8 ] && [ -d /mnt/pythons ] || exit 0
mkdir -p /opt/elkit-python
cp -r /mnt/pythons/. /opt/elkit-python/
# Last in the search order, so that the image's own libraries win.
echo /opt/elkit-python/lib >/etc/ld.so.conf.d/zz-elkit-python.conf
for home in /opt/elkit-python/3.*; do
    [ -d "$home" ] || continue
    echo "$home/lib" >>/etc/ld.so.conf.d/zz-elkit-python.conf
done
ldconfig
for home in /opt/elkit-python/3.*; do
    [ -d "$home" ] || continue
    "$home/bin/python${home##*/}" -c 'import ssl, json, zlib, hashlib, ctypes, sqlite3, bz2, lzma; print(ssl.OPENSSL_VERSION)'
done
