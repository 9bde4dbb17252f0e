# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lang.sh: nothing to set in a look-alike
