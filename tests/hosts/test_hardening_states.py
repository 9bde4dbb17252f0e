# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that somebody had set up before: what counts afterwards is what is wanted, what wins over us is named, and the way back is exact."""
import pytest

from tests.hosts.hardened import Host, baseline, play

KINDS = {8: "hard8", 9: "hard9", 10: "hard10"}


@pytest.fixture(scope="module")
def hosts():
    up = {}

    def give(el):
        if el not in up:
            up[el] = Host(f"st{el}", KINDS[el]).up()
        return up[el]
    yield give
    for host in up.values():
        host.down()


@pytest.fixture
def state(hosts):
    """A function that brings a host into a state, by a script; afterwards the host is what it was at first."""
    used = []

    def bring(el, script):
        host = hosts(el)
        used.append((host, host.look()))
        host.run("set -e\n" + script)
        return host
    yield bring
    for host, clean in used:
        if host.run("grep -L '\"reverted\"' /var/lib/elkit/journal/baseline/*/state.json 2>/dev/null; true"):
            play(host.name, [baseline("undo", state="reverted", revert_to="first", force=True)])
        host.restore()
        now = host.look()
        assert now == clean, sorted(set(now.splitlines()) ^ set(clean.splitlines()))


def exact(host, before, variables=None):
    """The way back is exact."""
    host.undo(variables)
    now = host.look()
    assert now == before, sorted(set(now.splitlines()) ^ set(before.splitlines()))


def majors(*slice_of):
    return [pytest.param(el, marks=[] if el in slice_of else [pytest.mark.full]) for el in (8, 9, 10)]


SSHD = ["sshd_disable_root_login", "sshd_set_max_auth_tries", "sshd_set_idle_timeout", "sshd_disable_x11_forwarding", "sshd_set_login_grace_time",
        "sshd_set_keepalive", "sshd_enable_warning_banner_net"]
SYSCTL = ["sysctl_net_ipv4_conf_all_send_redirects", "sysctl_net_ipv4_conf_all_log_martians", "sysctl_net_ipv4_conf_all_accept_redirects"]

BY_HAND = """
printf 'net.ipv4.conf.all.send_redirects = 1\\n' >/etc/sysctl.d/10-hand.conf
printf '# the last word\\nnet/ipv4/conf/all/log_martians=0\\n' >/etc/sysctl.d/zzz-hand.conf
printf 'net.ipv4.conf.all.accept_redirects=0\\n' >>/etc/sysctl.conf
sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 30/; s/^PASS_WARN_AGE.*/PASS_WARN_AGE 3/' /etc/login.defs
printf 'Defaults timestamp_timeout=1\\n' >/etc/sudoers.d/10_hand; chmod 440 /etc/sudoers.d/10_hand
printf 'Defaults !use_pty\\n' >/etc/sudoers.d/zzz_hand; chmod 440 /etc/sudoers.d/zzz_hand
sed -i '1i PermitRootLogin yes\\nMaxAuthTries 2\\nX11Forwarding yes' /etc/ssh/sshd_config
systemctl reload sshd
"""


@pytest.mark.parametrize("el", majors(10))
def test_hardened_by_hand_differently(state, el):
    host = state(el, BY_HAND)
    before = host.look()
    others = ["sudo_add_use_pty", "sudo_require_reauthentication", "accounts_maximum_age_login_defs", "accounts_password_warn_age_login_defs"]
    done = host.apply(only_ids=SSHD + SYSCTL + others)
    # What is stricter than asked for stays.
    assert done.rows["sshd_set_max_auth_tries"]["status"] == "pass" and host.sshd("maxauthtries") == "2"
    assert done.rows["sudo_require_reauthentication"]["status"] == "pass"
    assert done.rows["accounts_maximum_age_login_defs"]["status"] == "pass"
    assert "PASS_MAX_DAYS 30" in host.run("cat /etc/login.defs")
    assert done.rows["accounts_password_warn_age_login_defs"]["status"] == "changed"
    # What stands against it is named, and gives way.
    assert done.looked["sysctl_net_ipv4_conf_all_log_martians"]["overridden_by"] == "/etc/sysctl.d/zzz-hand.conf:2"
    assert done.looked["sshd_disable_root_login"]["overridden_by"] == "/etc/ssh/sshd_config:1"
    assert host.sshd("permitrootlogin") == "no" and host.sshd("x11forwarding") == "no"
    host.run("sysctl --system >/dev/null 2>&1; true")
    for name, value in (("send_redirects", "0"), ("log_martians", "1"), ("accept_redirects", "0")):
        assert host.run(f"sysctl -n net.ipv4.conf.all.{name}").strip() == value
    # Nobody wins over a file of sudoers that sorts after ours but the one who takes it out.
    row = done.rows["sudo_add_use_pty"]
    assert row["status"] == "fail" and "/etc/sudoers.d/zzz_hand, line 1" in row["message"] and "Take that line out" in row["message"], row
    assert row["overridden_by"] == "/etc/sudoers.d/zzz_hand:1"
    assert "parsed OK" in host.run("visudo -c") and host.fresh_login() == "root"
    exact(host, before)


def test_after_an_undo_daemons_do_what_their_old_files_say(state):
    """By a connection of its own: what the running sshd does, not what its files say that it would do. Who did not run is not started."""
    # Where there is a socket of syslog's, it would bring rsyslog up.
    host = state(9, "echo 'look-alike banner' >/etc/issue.net; systemctl stop syslog.socket 2>/dev/null || true; systemctl stop rsyslog")
    before = host.look()
    assert host.refusal() == (False, 6)
    done = host.apply(only_ids=["sshd_set_max_auth_tries", "sshd_enable_warning_banner_net", "rsyslog_remote_loghost"],
                      values={"logging_loghost": "loghost.example"})
    assert set(done.statuses().values()) == {"changed"} and host.refusal() == (True, 4)
    assert host.run("systemctl is-active rsyslog; true").strip() == "inactive"
    exact(host, before)
    assert host.refusal() == (False, 6)
    assert host.run("systemctl is-active rsyslog; true").strip() == "inactive"
    host.run("systemctl start syslog.socket 2>/dev/null; systemctl start rsyslog")


CLOUD = """
printf 'PasswordAuthentication yes\\nMaxAuthTries 20\\n' >/etc/ssh/sshd_config.d/50-cloud-init.conf
printf 'PermitRootLogin yes\\nClientAliveInterval 0\\n' >/etc/ssh/sshd_config.d/00-aaa-vendor.conf
mkdir -p /etc/systemd/journald.conf.d; printf '[Journal]\\nCompress=no\\n' >/etc/systemd/journald.conf.d/zzz-vendor.conf
mkdir -p /etc/security/pwquality.conf.d; printf 'minlen = 6\\n' >/etc/security/pwquality.conf.d/50-vendor.conf
printf 'net.ipv4.conf.all.send_redirects=1\\n' >/usr/lib/sysctl.d/zzz-vendor.conf
systemctl reload sshd
"""


@pytest.mark.parametrize("el", [9, pytest.param(10, marks=pytest.mark.full)])
def test_drop_ins_of_vendors_that_come_before_ours(state, el):
    host = state(el, CLOUD)
    before = host.look()
    done = host.apply(only_ids=[*SSHD, *SYSCTL[:1], "journald_compress", "accounts_password_pam_minlen"])
    assert done.looked["sshd_disable_root_login"]["overridden_by"] == "/etc/ssh/sshd_config.d/00-aaa-vendor.conf:1"
    assert done.looked["sshd_set_max_auth_tries"]["overridden_by"] == "/etc/ssh/sshd_config.d/50-cloud-init.conf:2"
    for key, value in (("permitrootlogin", "no"), ("maxauthtries", "4"), ("clientaliveinterval", "300"), ("passwordauthentication", "yes")):
        assert host.sshd(key) == value, key
    # A vendor's file is left alone.
    assert host.run("cat /etc/ssh/sshd_config.d/00-aaa-vendor.conf") == "PermitRootLogin yes\nClientAliveInterval 0\n"
    for name in ("journald_compress", "accounts_password_pam_minlen", "sysctl_net_ipv4_conf_all_send_redirects"):
        row = done.rows[name]
        where = {"journald_compress": "/etc/systemd/journald.conf.d/zzz-vendor.conf",
                 "accounts_password_pam_minlen": "/etc/security/pwquality.conf.d/50-vendor.conf",
                 "sysctl_net_ipv4_conf_all_send_redirects": "/usr/lib/sysctl.d/zzz-vendor.conf"}[name]
        assert where in str(done.looked[name].get("overridden_by")), done.looked[name]
        assert row["status"] == "changed" or where in row["message"], row
    assert host.fresh_login() == "root"
    exact(host, before)


# --- firewall ----------------------------------------------------------------------------------------------------------

# The look-alike's unit reads the first of the two files, Enterprise Linux's the other.
NFTABLES = """
systemctl disable --now firewalld.service
for path in /etc/nftables.conf /etc/sysconfig/nftables.conf; do
    printf 'flush ruleset\\ntable inet ours {\\n chain input {\\n  type filter hook input priority 0;\\n  tcp dport 23 drop\\n }\\n}\\n' >$path
done
systemctl enable --now nftables.service
"""


@pytest.mark.parametrize("el", majors(9))
def test_one_firewall_takes_the_place_of_the_other_and_back(state, el):
    host = state(el, NFTABLES)
    before = host.look()
    assert "table inet ours" in host.run("nft list ruleset")
    # Nothing goes where nothing takes its place.
    assert host.apply(only_ids=["service_nftables_disabled"], guard="local").statuses() == {"service_nftables_disabled": "fail"}
    assert "table inet ours" in host.run("nft list ruleset")
    done = host.apply(only_ids=["service_firewalld_enabled", "service_nftables_disabled"])
    assert done.statuses() == {"service_firewalld_enabled": "changed", "service_nftables_disabled": "changed"}
    rules = host.run("nft list ruleset")
    assert "table inet firewalld" in rules and "table inet ours" not in rules and host.fresh_login() == "root"
    exact(host, before)
    rules = host.run("nft list ruleset")
    assert "table inet ours" in rules and "table inet firewalld" not in rules
    assert host.run("systemctl is-enabled nftables.service; systemctl is-active nftables.service").split() == ["enabled", "active"]
    host.run("systemctl disable --now nftables.service; systemctl enable --now firewalld.service")


# --- packages ----------------------------------------------------------------------------------------------------------

NGINX = """
rpm -qa | sort >/root/.elkit-packages
dnf -y -q install nginx
sed -i 's/worker_connections 256/worker_connections 64/' /etc/nginx/nginx.conf
chgrp nginx /etc/nginx/nginx.conf; chmod 640 /etc/nginx/nginx.conf
printf 'server_tokens off;\\n' >/etc/nginx/conf.d/ours.conf
systemctl enable --now nginx.service
"""
# What the package's own scriptlet does as it goes, on Enterprise Linux; the look-alike's has none.
GOES = "systemctl stop nginx.service; rm /etc/systemd/system/multi-user.target.wants/nginx.service; systemctl daemon-reload"


@pytest.mark.parametrize("el", majors(9))
def test_a_package_that_goes_comes_back_with_its_configuration_and_its_service(state, el):
    host = state(el, NGINX)
    before = host.look()
    done = host.apply(only_ids=["package_nginx_removed"])
    assert done.statuses() == {"package_nginx_removed": "changed"}
    assert "worker_connections 64" in host.run("cat /etc/nginx/nginx.conf.rpmsave") and host.run("rpm -q nginx || true").startswith("package nginx is not")
    host.run(GOES)
    exact(host, before)
    assert host.run("systemctl is-enabled nginx.service; systemctl is-active nginx.service").split() == ["enabled", "active"]
    assert "worker_connections 64" in host.run("cat /etc/nginx/nginx.conf")
    host.run("systemctl disable --now nginx.service; rpm -qa | sort | comm -13 /root/.elkit-packages - >/root/.elkit-came\n"
             "grep -v gpg-pubkey /root/.elkit-came | xargs dnf -y -q remove; grep gpg-pubkey /root/.elkit-came | xargs -r rpm -e")


# --- PAM ---------------------------------------------------------------------------------------------------------------

FAILLOCK = ["account_password_pam_faillock_password_auth", "account_password_pam_faillock_system_auth", "accounts_passwords_pam_faillock_deny",
            "enable_authselect"]
BASE = {8: "sssd", 9: "sssd", 10: "local"}


def custom(el):
    return (f"authselect create-profile ours -b {BASE[el]} >/dev/null\n"
            "sed -i '/pam_env.so/a auth        optional      pam_echo.so' /etc/authselect/custom/ours/system-auth\n"
            "authselect select custom/ours with-silent-lastlog --force --nobackup >/dev/null\n")


@pytest.mark.parametrize("el", majors())
def test_a_custom_profile_of_authselect_stays(state, el):
    host = state(el, custom(el))
    before = host.look()
    done = host.apply(only_ids=FAILLOCK)
    assert set(done.statuses().values()) <= {"changed", "pass"}, done.rows
    current = host.run("authselect current --raw").split()
    assert current[0] == "custom/ours" and {"with-silent-lastlog", "with-faillock"} <= set(current[1:])
    assert "valid" in host.run("authselect check")
    stack = host.run("cat /etc/pam.d/system-auth")
    assert "pam_echo.so" in stack and "pam_faillock.so" in stack
    assert host.fresh_login() == "root"
    exact(host, before)


@pytest.mark.full
def test_a_custom_profile_without_the_feature(state):
    script = custom(9).replace("authselect select", "sed -i '/faillock/d' /etc/authselect/custom/ours/*-auth\nauthselect select")
    host = state(9, script)
    before = host.look()
    done = host.apply(only_ids=[*FAILLOCK, "accounts_maximum_age_login_defs"])
    row = done.rows["account_password_pam_faillock_system_auth"]
    assert row["status"] == "fail" and "custom/ours" in row["message"], row
    assert done.rows["accounts_maximum_age_login_defs"]["status"] == "changed"
    assert host.run("authselect current --raw").split() == ["custom/ours", "with-silent-lastlog"]
    exact(host, before)


@pytest.mark.parametrize("el", majors())
def test_pam_that_somebody_edited_by_hand_is_not_overwritten(state, el):
    host = state(el, "sed -i '/pam_env.so/a auth optional pam_echo.so' /etc/authselect/system-auth")
    before = host.look()
    done = host.apply(only_ids=[*FAILLOCK, "accounts_maximum_age_login_defs"])
    for name in FAILLOCK:
        row = done.rows[name]
        assert row["status"] in ("error", "fail") and "edited by hand" in row["message"] and "system-auth" in row["message"], row
    assert done.rows["accounts_maximum_age_login_defs"]["status"] == "changed"
    exact(host, before)


JOINED = """
mkdir -p /etc/sssd
printf '[sssd]\\ndomains = example.com\\nservices = nss, pam\\n[domain/example.com]\\nid_provider = ad\\nad_domain = example.com\\n' >/etc/sssd/sssd.conf
chmod 600 /etc/sssd/sssd.conf; : >/etc/krb5.keytab; chmod 600 /etc/krb5.keytab
authselect select sssd with-mkhomedir with-sudo --force --nobackup >/dev/null
"""


@pytest.mark.parametrize("el", majors())
def test_a_host_that_sssd_joined_to_a_domain(state, el):
    host = state(el, JOINED)
    before = host.look()
    done = host.apply(only_ids=[*FAILLOCK, "sshd_disable_gssapi_auth", "sshd_disable_root_login"])
    assert "keytab" in done.result["environment"]["joined"]
    # Users of a domain log in by it.
    row = done.rows["sshd_disable_gssapi_auth"]
    assert row["status"] == "not_applicable" and "joined" in row["message"], row
    current = host.run("authselect current --raw").split()
    assert current[0] == "sssd" and {"with-mkhomedir", "with-sudo", "with-faillock"} == set(current[1:])
    stack = host.run("cat /etc/pam.d/password-auth")
    assert "pam_sss.so" in stack and "pam_faillock.so" in stack and "valid" in host.run("authselect check")
    assert host.run("grep ^sudoers /etc/nsswitch.conf").split() == ["sudoers:", "files", "sss"]
    assert host.sshd("gssapiauthentication") == "yes" and host.fresh_login() == "root"
    exact(host, before)


# --- sshd --------------------------------------------------------------------------------------------------------------

MATCH = "Match Address 10.1.0.0/16\\n    MaxAuthTries 9\\n    X11Forwarding yes\\nMatch User backup\\n    PermitRootLogin yes\\n    Banner none\\n"


@pytest.mark.parametrize("el", majors(8))
def test_match_blocks_are_kept_and_named(state, el):
    path = "/etc/ssh/sshd_config" if el == 8 else "/etc/ssh/sshd_config.d/60-match.conf"
    host = state(el, f"printf '{MATCH}' >>{path}; systemctl reload sshd")
    before = host.look()
    at = int(host.run(f"grep -n 'MaxAuthTries 9' {path}").split(":")[0])
    done = host.apply(only_ids=SSHD)
    assert set(done.statuses().values()) <= {"changed", "pass"}, done.rows
    assert f"{path}, line {at}" in done.looked["sshd_set_max_auth_tries"]["message"], done.looked["sshd_set_max_auth_tries"]
    at = int(host.run(f"grep -n 'MaxAuthTries 9' {path}").split(":")[0])
    row = done.rows["sshd_set_max_auth_tries"]
    assert "a Match sets 9" in row["message"] and f"{path}, line {at}" in row["message"], row
    assert (host.sshd("maxauthtries"), host.sshd("maxauthtries", addr="10.1.2.3")) == ("4", "9")
    assert (host.sshd("permitrootlogin"), host.sshd("permitrootlogin", user="backup")) == ("no", "yes")
    assert host.sshd("banner") == "/etc/issue.net" and host.sshd("banner", user="backup") in ("none", None)
    assert host.fresh_login() == "root"
    exact(host, before)


@pytest.mark.parametrize("el", majors())
def test_sshd_on_another_port(state, el):
    """Nothing closes the port that sshd really listens on, and the fresh login of the guard goes there."""
    host = state(el, "sed -i '1i Port 2222' /etc/ssh/sshd_config; firewall-cmd -q --permanent --add-port=2222/tcp; "
                 "firewall-cmd -q --reload; systemctl restart sshd")
    before = host.look()
    there = {"ansible_port": 2222}
    done = host.apply(variables=there, only_ids=["set_firewalld_default_zone", "service_firewalld_enabled", "configure_firewalld_ports", *SSHD])
    assert set(done.statuses().values()) <= {"changed", "pass"}, done.rows
    assert done.result["guard"]["outcome"] == "committed", done.result["guard"]
    assert host.run("firewall-cmd --get-default-zone").strip() == "drop"
    assert "2222/tcp" in host.run("firewall-cmd --zone=drop --list-all") and "2222/tcp" in host.run("firewall-cmd --permanent --zone=drop --list-ports")
    assert "success" in host.run("firewall-cmd --check-config")
    assert host.sshd("port") == "2222" and host.fresh_login(2222) == "root"
    exact(host, before, there)


# --- scanners ------------------------------------------------------------------------------------------------------------

def test_scanner_compat_says_it_in_the_vendors_files_too(state):
    host = state(9, "")
    before = host.look()
    ids = ["sshd_disable_root_login", "sshd_set_max_auth_tries", "accounts_password_pam_minlen", "journald_compress"]
    done = host.apply(only_ids=ids)
    assert host.run("rpm -Vf /etc/ssh/sshd_config | grep -E 'sshd_config$|pwquality.conf$' || true") == ""
    assert done.statuses()["sshd_disable_root_login"] == "changed"
    more = host.apply(only_ids=ids, scanner_compat=True)
    for name in ids[:2]:
        assert more.rows[name]["status"] == "changed" and "scanner_compat" in more.looked[name]["message"], more.looked[name]
    main = host.run("cat /etc/ssh/sshd_config")
    assert "\nPermitRootLogin no\n" in "\n" + main and "\nMaxAuthTries 4\n" in "\n" + main
    assert host.run("grep -E '^ *minlen' /etc/security/pwquality.conf").split() == ["minlen", "=", "14"]
    assert host.run("grep -E '^Compress' /etc/systemd/journald.conf").strip() == "Compress=yes"
    assert host.sshd("permitrootlogin") == "no" and host.fresh_login() == "root"
    exact(host, before)
