# SPDX-License-Identifier: GPL-3.0-or-later
"""A hundred settings of CIS Level 2 on release 9, and the task that a play without this collection has for each of them.

They are picked from the catalogue by id; values, files and modes come out of it, so both ways set the same.
"""
import datetime

PROFILE, MAJOR = "cis_server_l2", 9
IDS = """
sysctl_net_ipv4_conf_all_accept_redirects sysctl_net_ipv4_conf_all_accept_source_route
sysctl_net_ipv4_conf_all_log_martians sysctl_net_ipv4_conf_all_rp_filter sysctl_net_ipv4_conf_all_secure_redirects
sysctl_net_ipv4_conf_all_send_redirects sysctl_net_ipv4_conf_default_accept_redirects sysctl_net_ipv4_conf_default_accept_source_route
sysctl_net_ipv4_conf_default_log_martians sysctl_net_ipv4_conf_default_rp_filter sysctl_net_ipv4_conf_default_secure_redirects
sysctl_net_ipv4_conf_default_send_redirects sysctl_net_ipv4_icmp_echo_ignore_broadcasts sysctl_net_ipv4_icmp_ignore_bogus_error_responses
sysctl_net_ipv4_tcp_syncookies sysctl_net_ipv6_conf_all_accept_ra sysctl_net_ipv6_conf_all_accept_redirects
sysctl_net_ipv6_conf_all_accept_source_route sysctl_net_ipv6_conf_default_accept_ra sysctl_net_ipv6_conf_default_accept_redirects
sysctl_net_ipv6_conf_default_accept_source_route

kernel_module_cramfs_disabled kernel_module_dccp_disabled kernel_module_freevxfs_disabled kernel_module_hfs_disabled
kernel_module_hfsplus_disabled kernel_module_jffs2_disabled kernel_module_rds_disabled kernel_module_sctp_disabled
kernel_module_squashfs_disabled kernel_module_tipc_disabled kernel_module_udf_disabled kernel_module_usb-storage_disabled

disable_host_auth sshd_disable_rhosts sshd_disable_empty_passwords sshd_disable_gssapi_auth sshd_disable_root_login
sshd_do_not_permit_user_env sshd_enable_pam sshd_enable_warning_banner_net sshd_set_idle_timeout sshd_set_keepalive
sshd_set_login_grace_time sshd_set_loglevel_verbose sshd_set_max_auth_tries sshd_set_max_sessions sshd_set_maxstartups

account_disable_post_pw_expiration accounts_maximum_age_login_defs accounts_minimum_age_login_defs accounts_password_warn_age_login_defs
accounts_umask_etc_login_defs set_password_hashing_algorithm_logindefs auditd_data_disk_error_action auditd_data_disk_full_action
auditd_data_retention_action_mail_acct auditd_data_retention_admin_space_left_action auditd_data_retention_max_log_file
auditd_data_retention_max_log_file_action auditd_data_retention_space_left_action
coredump_disable_storage coredump_disable_backtraces journald_compress journald_storage

banner_etc_issue_cis banner_etc_issue_net_cis

file_owner_crontab file_groupowner_crontab file_permissions_crontab file_owner_cron_d file_groupowner_cron_d file_permissions_cron_d
file_permissions_cron_hourly file_permissions_cron_daily file_permissions_cron_weekly file_permissions_cron_monthly
file_cron_allow_exists file_cron_deny_not_exist file_owner_etc_group file_groupowner_etc_group file_permissions_etc_group
file_owner_etc_gshadow file_groupowner_etc_gshadow file_permissions_etc_gshadow file_owner_etc_passwd file_groupowner_etc_passwd
file_permissions_etc_passwd file_owner_etc_shadow file_groupowner_etc_shadow file_permissions_etc_shadow file_owner_etc_shells
file_groupowner_etc_shells file_permissions_etc_shells file_owner_sshd_config file_groupowner_sshd_config file_permissions_sshd_config
file_permissions_etc_motd file_owner_etc_motd file_groupowner_etc_motd
""".split()


def compiled():
    """The controls of IDS as the action plugin compiles them (list of dict)."""
    from ansible_collections.elkit.almalinux.plugins.plugin_utils import baseline, catalogue
    options = dict(baseline.SELECTION, profile=PROFILE, only_ids=IDS)
    found = catalogue.compile_controls(catalogue.builtin(), MAJOR, options, datetime.date.today())
    missing = sorted(set(IDS) - {control["id"] for control in found})
    if missing or len(found) != 100:
        raise SystemExit("bench: %d settings, without %s" % (len(found), ", ".join(missing)))
    return found


def _sysctl(args):
    return {"ansible.posix.sysctl": {"name": args["key"], "value": str(args["value"]), "sysctl_file": "/etc/sysctl.d/99-bench.conf", "sysctl_set": True,
                                     "reload": False}}


def _kernel_module(args):
    name = args["name"]
    return {"ansible.builtin.copy": {"dest": "/etc/modprobe.d/bench-%s.conf" % name, "mode": "0644",
                                     "content": "install %s /bin/false\nblacklist %s\n" % (name, name)}}


def _sshd(args):
    # In the file that ours is written to: the first of what sshd reads.
    return {"ansible.builtin.lineinfile": {"path": "/etc/ssh/sshd_config.d/00-bench.conf", "regexp": "(?i)^%s " % args["key"], "create": True,
                                           "mode": "0600", "line": "%s %s" % (args["key"], args["value"]), "validate": "sshd -t -f %s"}}


def _keyvalue(args):
    separator = args.get("format", "=")
    line = "%s%s%s" % (args["key"], separator, args["value"])
    if "section" in args:
        place = args["ours"].rpartition("/")[0]
        return {"ansible.builtin.copy": {"dest": "%s/zz-bench-%s.conf" % (place, args["key"]), "mode": "0644",
                                         "content": "[%s]\n%s\n" % (args["section"], line)}}
    return {"ansible.builtin.lineinfile": {"path": args["ours"], "regexp": r"^\s*%s\s*%s" % (args["key"], separator.strip() or r"\s"), "line": line}}


def _content(args):
    return {"ansible.builtin.copy": {"dest": args["path"], "content": args["text"] + "\n", "mode": args["mode"]}}


def _permissions(args):
    wanted = {key: args[key] for key in ("owner", "group", "mode") if key in args}
    state = args.get("state")
    if state == "absent":
        wanted["state"] = "absent"
    elif state == "present":
        # A touch that leaves the times alone: a second one changes nothing.
        wanted.update(state="touch", access_time="preserve", modification_time="preserve")
    return {"ansible.builtin.file": dict(wanted, path=args["paths"][0])}


TASKS = {"sysctl": _sysctl, "kernel_module": _kernel_module, "sshd": _sshd, "keyvalue": _keyvalue, "content": _content, "permissions": _permissions}


def tasks():
    """The tasks (list of dict), one per control.

    Directories of drop-ins are there before, as nobody makes one per setting.
    """
    return [dict(TASKS[control["mechanism"]](control["args"]), name=control["id"]) for control in compiled()]
