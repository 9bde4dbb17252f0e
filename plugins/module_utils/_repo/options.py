# SPDX-License-Identifier: GPL-3.0-or-later
# Private to elkit.almalinux.
"""Names of dnf's options and how their values are written. Source: dnf.conf(5) of dnf 4.7 to 4.20. Pure."""

import re

from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError
from ansible_collections.elkit.almalinux.plugins.module_utils._repo.catalogue import nearest

# What libdnf reads as a boolean.
_TRUE = ("1", "yes", "true", "on")
_FALSE = ("0", "no", "false", "off")
_WHOLE_NUMBER = re.compile(r"-?\d+\Z")
WHOLE_NUMBERS = frozenset(["priority", "cost", "retries", "max_parallel_downloads", "installonly_limit", "deltarpm_percentage"])
SWITCHES = frozenset("""
    enabled gpgcheck repo_gpgcheck localpkg_gpgcheck skip_if_unavailable sslverify sslverifystatus proxy_sslverify
    fastestmirror countme module_hotfixes enabled_metadata enablegroups best clean_requirements_on_remove install_weak_deps
    assumeyes assumeno defaultyes keepcache obsoletes strict plugins exit_on_lock
""".split())

URLS = ("mirrorlist", "metalink", "baseurl")

# Options that a repository and [main] share.
SHARED = frozenset("""
    bandwidth countme deltarpm deltarpm_percentage enablegroups exclude excludepkgs fastestmirror gpgcheck includepkgs
    ip_resolve localpkg_gpgcheck max_parallel_downloads metadata_expire minrate password proxy proxy_auth_method
    proxy_password proxy_sslcacert proxy_sslclientcert proxy_sslclientkey proxy_sslverify proxy_username repo_gpgcheck
    retries skip_if_unavailable sslcacert sslclientcert sslclientkey sslverify sslverifystatus throttle timeout
    user_agent username
""".split())
REPOSITORY = SHARED | frozenset("""
    baseurl cost enabled enabled_metadata gpgkey mediaid metalink mirrorlist module_hotfixes name priority type
""".split())
MAIN = SHARED | frozenset("""
    allow_vendor_change alwaysprompt arch assumeno assumeyes autocheck_running_kernel autorefresh basearch best bugtracker_url
    cacheonly cachedir check_config_file_age clean_requirements_on_remove color color_list_available_downgrade
    color_list_available_install color_list_available_reinstall color_list_available_upgrade color_list_installed_extra
    color_list_installed_newer color_list_installed_older color_list_installed_reinstall color_search_match
    color_update_installed color_update_local color_update_remote commands debug_solver debuglevel defaultyes
    destdir diskspacecheck downloadonly errorlevel exclude_from_weak exclude_from_weak_autodetect exit_on_lock
    gpgkey_dns_verification group_package_types history_list_view history_record history_record_packages
    ignorearch installonly_limit installonlypkgs install_weak_deps keepcache log_compress log_rotate log_size
    logdir logfilelevel metadata_timer_sync module_obsoletes module_platform_id module_stream_switch multilib_policy
    obsoletes persistdir persistence plugins pluginconfpath pluginpath protect_running_kernel protected_packages recent
    reposdir reset_nice rpmverbosity strict tsflags upgrade_group_objects_upgrade varsdir zchunk
""".split())


def value(key, given):
    """*given* (str, bool, int, float or list of these) of option *key* as it stands in a file, or None for None.

    :raises InputError: it cannot be written in one line, or is not of the option's kind
    """
    if given is None:
        return None
    if isinstance(given, dict):
        raise InputError("{0} has a dictionary for its value".format(key), "Give a text, a number, true, false or a list")
    if isinstance(given, (list, tuple)):
        return " ".join(value(key, item) or "" for item in given).strip()
    text = ("1" if given else "0") if isinstance(given, bool) else str(given).strip()
    if "\n" in text or "\r" in text or "\0" in text:
        raise InputError("the value of {0} holds a line break".format(key), "Give several values as a list")
    if key in WHOLE_NUMBERS and not _WHOLE_NUMBER.match(text):
        raise InputError("{0} is a whole number, not {1}".format(key, repr(text)), "See dnf.conf(5)")
    if key in SWITCHES and text.lower() not in _TRUE + _FALSE:
        raise InputError("{0} is true or false, not {1}".format(key, repr(text)), "Write true or false")
    return text


def check(names, known, place):
    """Whether every name in *names* is one of *known*.

    :param place: str for the error: "the repository crb", "dnf.conf"
    :raises InputError: one is not; names the nearest
    """
    for name in names:
        if name not in known:
            near = nearest(str(name), known)
            raise InputError(
                "{0}: dnf has no option {1}".format(place, name),
                "Did you mean {0}?".format(near) if near else "See dnf.conf(5) for those there are")


def is_true(text, default=False):
    """What dnf makes of a boolean option's text (str or None). What is no boolean is passed over, as if it were not there."""
    word = (text or "").strip().lower()
    return word in _TRUE if word in _TRUE + _FALSE else default
