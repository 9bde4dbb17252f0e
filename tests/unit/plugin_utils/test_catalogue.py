# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the catalogue, and what users can get wrong."""

import datetime
import importlib.util
import pathlib
import re

import pytest
import yaml

from ansible_collections.elkit.almalinux.plugins.module_utils._baseline import environment, run
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.control import Control, NotFixable
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.mechanisms import keyvalue, registry, root_path
from ansible_collections.elkit.almalinux.plugins.module_utils._baseline.view import View
from ansible_collections.elkit.almalinux.plugins.module_utils._errors import InputError, UnsupportedError
from ansible_collections.elkit.almalinux.plugins.module_utils._facts.context import Context
from ansible_collections.elkit.almalinux.plugins.module_utils._system.commands import Result
from ansible_collections.elkit.almalinux.plugins.plugin_utils import baseline, report
from ansible_collections.elkit.almalinux.plugins.plugin_utils import catalogue as catalogues

ROOT = pathlib.Path(__file__).resolve().parents[3]
TODAY = datetime.date(2026, 11, 25)
PROFILES = ("cis_server_l1", "cis_server_l2", "hipaa", "pci_dss")
ALL = catalogues.builtin()


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def options(**given):
    return baseline.selection(dict(given))


def compiled(major=9, catalogue=ALL, **given):
    return catalogues.compile_controls(catalogue, major, options(**given), TODAY)


# --- the data --------------------------------------------------------------------------------------------------------

def test_every_rule_of_a_profile_is_implemented_or_said_to_be_for_people():
    faults = []
    for name in PROFILES:
        for major in catalogues.MAJORS:
            ours = {control["id"] for control in ALL.controls if major in control["el"]}
            left = {item for item, el in catalogues.not_automated() if el == major}
            faults += [f"{name} {major}: {item}" for item in sorted(ALL.profiles[name][major] - ours - left)]
            faults += [f"{name} {major}: {item} is implemented, and said not to be" for item in sorted(ALL.profiles[name][major] & ours & left)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", [
    "selinux_state", "sysctl_net_ipv4_conf_all_rp_filter", "sysctl_net_ipv4_conf_default_rp_filter", "sysctl_net_ipv6_conf_all_accept_ra",
    "sysctl_net_ipv6_conf_default_accept_ra", "service_autofs_disabled", "service_rpcbind_disabled", "file_permissions_home_directories",
    "file_ownership_home_directories", "sshd_use_directory_configuration", "sshd_disable_tcp_forwarding", "wireless_disable_interfaces"])
def test_what_can_cut_the_connection_is_of_risk_lockout(name):
    found = [control for control in ALL.controls if control["id"] == name]
    assert found and all({"lockout"} <= set(control.get("risk", ())) for control in found)


def test_what_may_stop_the_host_when_the_audit_has_no_room_is_of_risk_service():
    bad = []
    for control in (control for control in ALL.controls if control["theme"] == "auditd" and control["mechanism"] == "keyvalue"):
        given = control["args"].get("value")
        words = ALL.variables[given["var"]].get("choices", ()) if isinstance(given, dict) else [given]
        stops = {"single", "halt", "suspend", "keep_logs"} & {*words, *control["args"].get("allowed", ())}
        bad += [control["id"]] if stops and "service" not in control.get("risk", ()) else []
    assert bad == []


@pytest.mark.parametrize("name", ["service_autofs_disabled", "package_ypbind_removed", "sshd_disable_gssapi_auth"])
def test_what_a_joined_host_has_its_accounts_by_stays(name):
    assert all("joined" in control.get("not_in", ()) for control in ALL.controls if control["id"] == name)


@pytest.mark.parametrize("name, flags", [
    ("sysctl_net_ipv4_ip_forward", {"container_host", "router"}), ("sysctl_net_ipv6_conf_all_forwarding", {"container_host", "router"}),
    ("sysctl_net_ipv4_conf_all_rp_filter", {"router"}), ("sysctl_net_ipv4_conf_default_rp_filter", {"router"}),
    ("sysctl_net_ipv4_conf_all_send_redirects", {"router"}), ("sysctl_net_ipv4_conf_default_send_redirects", {"router"})])
def test_what_forwards_packets_goes_on_with_it(name, flags):
    found = [control for control in ALL.controls if control["id"] == name]
    assert found and all(set(control.get("not_in", ())) == flags for control in found)
    for flag in flags:
        for control in compiled(profile="cis_server_l2", only_ids=[name]):
            assert flag in run.exempt(Control(control), View(None, 9, {flag: "it is said so"})), flag


DENY, NEVER, OLD = "accounts_passwords_pam_faillock_deny", "accounts_passwords_pam_faillock_unlock_time", "accounts_password_pam_pwhistory_remember_system_auth"


@pytest.mark.parametrize("major, name, text, ok", [
    (9, DENY, "deny = 3 # site\n", True), (9, DENY, "deny 3\n", True), (9, DENY, "deny = -1\n", False), (9, DENY, "deny = 0\n", False),
    (9, DENY, "deny 3\ndeny = 50\n", False), (9, NEVER, "unlock_time = never\n", True), (9, NEVER, "unlock_time = 0\n", True),
    (9, NEVER, "unlock_time = 60\n", False), (9, OLD, "remember = 30 # site\n", True), (9, OLD, "Remember 3\nremember = 30\n", False),
    (9, "accounts_password_pam_minlen", "minlen = 14\nminlen 8\n", False), (9, "accounts_password_pam_minlen", "minlen 14\n", True),
    (9, "postfix_network_listening_disabled", "inet_interfaces = loopback-only\n    192.0.2.10\n", False),
    (9, "postfix_network_listening_disabled", "inet_interfaces =\n    loopback-only\n", True),
    (8, "set_password_hashing_algorithm_logindefs", "ENCRYPT_METHOD YESCRYPT\n", False),
    (9, "set_password_hashing_algorithm_logindefs", "ENCRYPT_METHOD YESCRYPT\n", True),
    (9, "set_password_hashing_algorithm_libuserconf", "[defaults]\ncrypt_style = yescrypt\n", True)])
def test_settings_count_as_their_programs_read_them(tmp_path, major, name, text, ok):
    """Of a control that a mechanism of several parts has, the part with the setting."""
    control = Control(compiled(major, only_ids=[name])[0])
    control.args = control.arg("setting", control.args)
    place = tmp_path / control.need("ours" if name != "accounts_password_pam_minlen" else "compat_file").lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text(text, encoding="utf-8")
    view = View(Context(root=str(tmp_path)), major)
    assert keyvalue.check(control, view).ok is ok
    if not ok:
        keyvalue.fix(control, view)
        assert keyvalue.check(control, view).ok


JOURNAL = "/etc/systemd/journald.conf"


@pytest.mark.parametrize("files, found", [
    ({JOURNAL: "persistent", "/usr/lib/systemd/journald.conf.d/40-x.conf": "volatile"}, "volatile"),
    ({JOURNAL: "persistent", "/usr/local/lib/systemd/journald.conf.d/40-x.conf": "none"}, "none"),
    ({JOURNAL: "volatile", JOURNAL + ".d/50-x.conf": "persistent", "/usr/lib/systemd/journald.conf.d/40-x.conf": "volatile"}, "persistent"),
    ({JOURNAL + ".d/40-x.conf": "persistent", "/usr/lib/systemd/journald.conf.d/40-x.conf": "volatile"}, "persistent"),
    ({JOURNAL: "persistent", "/usr/lib/systemd/journald.conf.d/40-x.conf": "persistent"}, "persistent"),
    ({"/usr/lib/systemd/journald.conf.d/40-x.conf": "persistent"}, None),
])
def test_a_vendors_drop_in_of_the_journal_counts_where_it_is_bad_and_is_not_enough_where_it_is_good(tmp_path, files, found):
    control = Control(compiled(9, only_ids=["journald_storage"])[0])
    for path, value in files.items():
        place = tmp_path / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"[Journal]\nStorage={value}\n", encoding="utf-8")
    view = View(Context(root=str(tmp_path)), 9)
    finding = keyvalue.check(control, view)
    assert (finding.before, finding.ok) == (found, found == "persistent")
    if not finding.ok:
        keyvalue.fix(control, view)
        assert keyvalue.check(control, view).ok and list(view.changes()[0]) == [control.need("ours")]


@pytest.mark.parametrize("major", [9, 10])
def test_sshd_reads_its_drop_ins_before_anything_of_the_guarded_part_is_planned(major):
    ids = [control["id"] for control in ALL.controls
           if major in control["el"] and control["mechanism"].startswith("sshd") and "lockout" in control.get("risk", ())]
    assert len(ids) > 5 and ids[0] == "sshd_use_directory_configuration"


@pytest.mark.parametrize("major", catalogues.MAJORS)
def test_the_profile_that_is_named_is_planned_before_the_features_that_others_add(tmp_path, major):
    stack, stacks = "auth sufficient pam_unix.so{0}\n", registry.MECHANISMS["authselect"].FILES

    def authselect(argv, **more):
        text = stack.format("" if "without-nullok" in argv else " nullok")
        return Result(0, "without-nullok\n" if argv[1] == "list-features" else "".join(f"File /etc/pam.d/{name}:\n{text}\n" for name in stacks), "")
    for name in ("usr/bin/authselect", *(f"etc/pam.d/{name}" for name in stacks)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(stack.format(" nullok"), encoding="utf-8")
    controls = run.parse(compiled(major, only_ids=["no_empty_passwords", "enable_authselect"], values={"pam_authselect_profile": "sssd"}))
    outcome = run.preview(controls, Context(root=str(tmp_path), run=authselect), major, ())
    assert [(row.status, row.message) for row in outcome.rows] == [("changed", None)] * 2
    assert [state["after"] for state in outcome.states] == [{"profile": "sssd", "features": ["without-nullok"]}]


@pytest.mark.parametrize("major", catalogues.MAJORS)
def test_at_most_forty_of_level_2_and_none_of_level_1_are_for_people(major):
    left = {item for item, el in catalogues.not_automated() if el == major}
    assert len(left) <= 40 and not left & ALL.profiles["cis_server_l1"][major]
    assert all(reason.strip() for reason in catalogues.not_automated().values())


@pytest.mark.parametrize("major", catalogues.MAJORS)
def test_no_firewall_comes_or_goes_outside_the_guard(major):
    found = {control["id"]: control for control in ALL.controls if major in control["el"] and control["theme"] == "firewall"}
    assert found["package_firewalld_installed"]["args"]["stays_off"] == ["firewalld.service"]
    assert found["service_nftables_disabled"]["args"]["needs_active"] == ["firewalld.service"]
    assert all("lockout" in control["risk"] for control in found.values() if control["mechanism"] == "unit" or "running" in control["args"])


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("major", catalogues.MAJORS)
def test_profiles_are_the_lists_that_the_judge_has(name, major):
    lines = (ROOT / "tests/outside/rules" / f"{name}-{major}.txt").read_text(encoding="utf-8").splitlines()
    assert ALL.profiles[name][major] == {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def test_level_2_holds_level_1():
    for major in catalogues.MAJORS:
        assert ALL.profiles["cis_server_l1"][major] < ALL.profiles["cis_server_l2"][major]


def test_controls_are_well_made():
    faults = []
    titles = set((ROOT / "tests/unit/fixtures/ssg_titles.txt").read_text(encoding="utf-8").split("\n")[1:])
    digest = script("profiles").digest
    for control in ALL.controls:
        name = control["id"]
        if control["mechanism"] not in registry.MECHANISMS:
            faults.append(f"{name}: no mechanism {control['mechanism']}")
        if not 5 <= len(control["title"]) <= 110 or control["title"] != control["title"].strip() or control["title"].endswith("."):
            faults.append(f"{name}: its title is too long, too short or ends with a full stop: {control['title']!r}")
        if digest(control["title"]) in titles:
            faults.append(f"{name}: its title is SSG's: {control['title']!r}")
        # On a release whose CIS profile has not the rule it is there for another profile.
        levels = {ALL.level(name, major) for major in control["el"]} - {None}
        if "level" in control and levels != {control["level"]}:
            faults.append(f"{name}: level {control['level']}, the profiles say {levels}")
        unknown = set(control.get("not_in") or ()) | set(control.get("only_in") or ())
        faults += [f"{name}: no environment {flag}" for flag in unknown - set(environment.FLAGS)]
        if not any(name in ALL.profiles[profile][major] for profile in PROFILES for major in control["el"]):
            faults.append(f"{name}: in no profile")
    assert not faults, "\n".join(faults)


def test_values_are_well_made():
    faults = []
    used = set(re.findall(r"'var': '(\w+)'", str(ALL.controls)))
    for theme, names in ALL.theme_values.items():
        for name in names:
            variable = ALL.variables[name]
            if not name.startswith((theme + "_", theme.rstrip("s") + "_")):
                faults.append(f"{name} does not begin with its theme {theme}")
            if name not in used:
                faults.append(f"{name} is used by no control")
            if not variable.get("description"):
                faults.append(f"{name} has no description")
            if "default" not in variable:
                faults.append(f"{name} has no default")
            if set(variable.get("by_profile") or ()) - set(PROFILES) or set(variable.get("by_el") or ()) - set(catalogues.MAJORS):
                faults.append(f"{name} is by a profile or release that there is not")
            for value in [variable.get("default"), *(variable.get("by_el") or {}).values(), *(variable.get("by_profile") or {}).values()]:
                try:
                    catalogues.checked(name, variable, value)
                except InputError as error:
                    faults.append(f"{name}: {error}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("major", catalogues.MAJORS)
def test_every_profile_compiles(name, major):
    found = compiled(major, profile=name)
    assert {control["id"] for control in found} == ALL.profiles[name][major] - {item for item, el in catalogues.not_automated() if el == major}
    assert len({control["id"] for control in found}) == len(found) and "'var'" not in str(found)


def test_references_name_their_benchmark():
    assert sorted(ALL.references) == ["anssi", "cis", "hipaa", "pci_dss", "stig"]
    for document in ALL.references.values():
        assert sorted(document["benchmark"]) == [8, 9, 10] and document["standard"]
    for major in catalogues.MAJORS:
        without = {item for item in ALL.profiles["cis_server_l2"][major] if "cis" not in ALL.refs(item, major)}
        assert not without, without


def test_what_is_marked_as_look_only_is_never_put_right(tmp_path):
    looks_only = script("controls_table").looks_only
    marked = [control for control in ALL.controls if looks_only(control)]
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/bash\nbob:x:0:0::/home/bob:/bin/bash\n", encoding="utf-8")
    said = f"{root_path.MARK}/usr/bin:.\nS.5......    /usr/bin/ls\n"
    view = View(Context(root=str(tmp_path), run=lambda argv, **more: Result(0, said, "")))
    for control in marked:
        control = Control(dict(control, args=catalogues.filled(control.get("args") or {}, catalogues.values_of(ALL, {}, "cis_server_l1", 9), control)))
        with pytest.raises(NotFixable):
            registry.MECHANISMS[control.mechanism].fix(control, view)
        assert not view.changes()[0] and not view.changes()[1], control.id
    names = {control["id"] for control in marked}
    assert {"account_unique_id", "rpm_verify_hashes", "partition_for_var", "no_files_unowned_by_user", "root_path_no_dot", "no_netrc_files"} <= names
    # The same mechanisms put these right.
    assert not names & {"no_empty_passwords", "partition_for_tmp", "partition_for_dev_shm", "file_permissions_unauthorized_world_writable",
                        "accounts_root_path_dirs_no_write", "file_permissions_home_directories", "has_nonlocal_mta"}


def test_the_table_of_controls_is_up_to_date():
    assert script("controls_table").main(["--check"]) == 0


# --- selection -------------------------------------------------------------------------------------------------------

def test_selection():
    everything = {control["id"] for control in compiled()}
    sshd = {control["id"] for control in compiled(themes="sshd")}
    assert sshd and sshd < everything
    assert {control["id"] for control in compiled(skip_themes=["sshd"])} == everything - sshd
    assert {control["id"] for control in compiled(profile="cis_server_l2", levels=1)} == everything
    assert {control["id"] for control in compiled(profile="cis_server_l2", levels="2")} == ALL.profiles["cis_server_l2"][9] - everything
    assert not [control for control in compiled(skip_risks=["lockout"]) if "lockout" in control.get("risk", ())]
    of_risk = compiled(risks="service,reboot")
    assert of_risk and all({"service", "reboot"} & set(control.get("risk", ())) for control in of_risk)
    assert {control["id"] for control in compiled(skip_risks=["service", "reboot"])} == everything - {control["id"] for control in of_risk}
    assert [control["id"] for control in compiled(only_ids=["sysctl_net_ipv4_ip_forward"])] == ["sysctl_net_ipv4_ip_forward"]
    assert "sysctl_net_ipv4_ip_forward" not in {control["id"] for control in compiled(skip_ids="sysctl_net_ipv4_ip_forward")}


def test_themes_choose_among_the_ids_that_are_named():
    ids = ["sshd_disable_root_login", "sysctl_net_ipv4_ip_forward"]
    assert [control["id"] for control in compiled(only_ids=ids, themes=["sshd", "sudo"])] == ids[:1]
    assert [control["id"] for control in compiled(only_ids=ids, skip_themes=["sshd"])] == ids[1:]


def test_a_password_may_be_changed_on_the_day_it_ends_and_no_later():
    compiled(values={"accounts_min_days": 30, "accounts_max_days": 30})
    with pytest.raises(InputError, match="accounts_min_days is 31, more than accounts_max_days, which is 30"):
        compiled(values={"accounts_min_days": 31, "accounts_max_days": 30})


def test_values_of_users_win_over_those_of_profiles():
    def tries(**given):
        return str([control["args"] for control in compiled(only_ids=["sshd_set_max_auth_tries"], **given)])
    assert "4" in tries() and "3" in tries(values={"sshd_max_auth_tries": "3"})


GOOD = {"id": "sysctl_net_ipv4_ip_forward", "reason": "it routes", "owner": "net", "expires": "2026-11-25"}


@pytest.mark.parametrize(("expires", "expired"), [
    ("2026-11-25", False), ("2026-11-24", True), (datetime.date(2026, 11, 24), True), (datetime.date(2027, 1, 1), False)])
@pytest.mark.parametrize("word", ["report", "enforce"])
def test_exceptions_hold_through_their_last_day(expires, expired, word):
    control = compiled(only_ids=[GOOD["id"]], exceptions=[dict(GOOD, expires=expires)], expired=word)[0]
    assert control["exception"]["expired"] is expired and control["enforce"] is (expired and word == "enforce")


@pytest.mark.parametrize(("name", "given", "why"), [
    (GOOD["id"], {}, None),
    (GOOD["id"], {"themes": ["sudo"]}, "its theme sysctl takes no part"),
    (GOOD["id"], {"skip_themes": ["sysctl"]}, "its theme sysctl takes no part"),
    (GOOD["id"], {"levels": [2], "profile": "cis_server_l2"}, "levels is 2, and its level 1"),
    (GOOD["id"], {"only_ids": ["sshd_disable_root_login"]}, "only_ids does not name it"),
    ("sshd_disable_root_login", {"skip_risks": ["reboot", "lockout"]}, "skip_risks names its risk lockout"),
    ("sshd_disable_root_login", {"risks": ["reboot", "service"]}, "risks is reboot, service, and its risk lockout"),
    ("account_unique_id", {"risks": ["lockout"]}, "risks is lockout, and its risk none"),
    ("service_auditd_enabled", {}, "the profile cis_server_l1 has it not on release 9"),
    ("service_auditd_enabled", {"profile": "cis_server_l2"}, None),
    ("package_audit-libs_installed", {"major": 8, "profile": "cis_server_l2"}, "there is no such control on release 8"),
])
@pytest.mark.parametrize("day", ["2099-01-01", "2020-01-01"])
def test_an_exception_of_what_takes_no_part_is_named_with_the_reason(name, given, why, day):
    given = dict(given, exceptions=[dict(GOOD, id=name, expires=day)])
    major = given.pop("major", 9)
    found = catalogues.unused_exceptions(ALL, major, options(**given), TODAY)
    assert [(row["id"], row["message"], row["exception"]["expired"]) for row in found] == ([(name, why, day == "2020-01-01")] if why else [])
    assert all(row["title"] for row in found)
    # It is in one place, and not in both.
    assert [control["id"] for control in compiled(major, **given) if "exception" in control] == ([] if why else [name])


@pytest.mark.parametrize(("given", "words"), [
    ({"profile": "cis_server_l3"}, ["the profile is cis_server_l3", "nearest is cis_server_l"]),
    ({"profile": ["x"]}, ["profile is ['x']", "must be a word"]),
    ({"only_ids": ["sshd_disable_root_logins"]}, ["only_ids names the control sshd_disable_root_logins", "nearest is sshd_disable_root_login"]),
    ({"skip_ids": ["nothing_like_it_at_all_zzz"]}, ["skip_ids names the control nothing_like_it_at_all_zzz, which there is not"]),
    ({"only_ids": ["sshd_disable_root_login"], "skip_ids": ["sshd_disable_root_login"]}, ["is in only_ids and in skip_ids"]),
    ({"themes": ["ssh"]}, ["a theme of themes is ssh", "nearest is sshd"]),
    ({"skip_themes": ["x"]}, ["a theme of skip_themes is x", "There are: accounts"]),
    ({"themes": ["sudo", "sshd"], "skip_themes": ["sshd"]}, ["sshd is in themes and in skip_themes"]),
    ({"only_ids": ["sshd_disable_root_login"], "themes": ["sudo"]}, ["no control is chosen on any release", "its theme sshd takes no part"]),
    ({"only_ids": ["sshd_disable_root_login"], "skip_themes": ["sshd"]}, ["its theme sshd takes no part"]),
    ({"only_ids": ["sshd_disable_root_login"], "levels": [2]}, ["sshd_disable_root_login: levels is 2, and its level 1"]),
    ({"only_ids": ["sshd_disable_root_login"], "risks": ["reboot"]}, ["risks is reboot, and its risk lockout"]),
    ({"only_ids": ["sshd_disable_root_login"], "skip_risks": ["lockout"]}, ["skip_risks names its risk lockout"]),
    ({"levels": [2]}, ["no control is chosen on any release (the profile cis_server_l1 has none with levels 2)", "Take one of them away"]),
    ({"themes": ["banners"], "risks": ["reboot"]}, ["has none with themes banners, risks reboot"]),
    ({"values": {"accounts_min_days": 60, "accounts_max_days": 30}},
     ["accounts_min_days is 60, more than accounts_max_days, which is 30", "Change one of them"]),
    ({"values": {"accounts_max_days": "0"}}, ["accounts_max_days is 0, out of 1 to 99999"]),
    ({"levels": [3]}, ["a level is 3", "There are: 1, 2"]),
    ({"levels": ["one"]}, ["a level is one"]),
    ({"skip_risks": ["lock"]}, ["a risk of skip_risks is lock", "lockout"]),
    ({"risks": ["lock"]}, ["a risk of risks is lock", "nearest is lockout", "There are: lockout, reboot, service"]),
    ({"risks": [["lockout"]]}, ["a risk of risks is ['lockout']"]),
    ({"risks": ["lockout", "service"], "skip_risks": ["service"]}, ["service is in risks and in skip_risks"]),
    ({"expired": "ignore"}, ["expired is ignore", "enforce, report"]),
    ({"values": {"sshd_max_auth_trys": 3}}, ["there is no value sshd_max_auth_trys", "nearest is sshd_max_auth_tries"]),
    ({"values": {"sshd_max_auth_tries": "three"}}, ["sshd_max_auth_tries is 'three', and must be int"]),
    ({"values": {"sshd_max_auth_tries": True}}, ["must be int"]),
    ({"values": {"sshd_max_auth_tries": 99}}, ["sshd_max_auth_tries is 99, out of 1 to 10"]),
    ({"values": {"sshd_log_level": "LOUD"}}, ["must be one of INFO, VERBOSE"]),
    ({"values": {"sshd_allow_users": "root"}}, ["must be list"]),
    ({"values": {"sshd_banner": "/etc/issue\nPermitRootLogin yes"}}, ["line break"]),
    ({"values": {"sshd_allow_users": ["a\nPermitRootLogin yes"]}}, ["list of words"]),
    ({"values": ["x"]}, ["values is ['x']", "dictionary"]),
    ({"exceptions": ["x"]}, ["an exception has no id"]),
    ({"exceptions": [{"reason": "x"}]}, ["an exception has no id"]),
    ({"exceptions": [dict(GOOD, id="sysctl_net_ipv4_ip_forwards")]}, ["nearest is sysctl_net_ipv4_ip_forward"]),
    ({"exceptions": [{"id": GOOD["id"]}]}, ["has no reason, owner, expires", "All three"]),
    ({"exceptions": [dict(GOOD, reason=" ")]}, ["has no reason"]),
    ({"exceptions": [dict(GOOD, owner=None)]}, ["has no owner"]),
    ({"exceptions": [dict(GOOD, expires="31.12.2026")]}, ["31.12.2026", "no date", "YYYY-MM-DD"]),
    ({"exceptions": [dict(GOOD, expires="2026-02-30")]}, ["no date"]),
    ({"exceptions": [dict(GOOD, until="x")]}, ["a key until"]),
    ({"exceptions": [GOOD, GOOD]}, ["two exceptions of sysctl_net_ipv4_ip_forward"]),
    ({"exceptions": GOOD}, ["must be a list"]),
    ({"exceptions": [GOOD], "skip_ids": [GOOD["id"]]}, [GOOD["id"] + " is in skip_ids and has an exception", "Keep the exception"]),
    ({"exceptions": [dict(GOOD, id=["a"])]}, ["an exception names the control ['a'], which there is not"]),
    ({"exceptions": [dict(GOOD, id={"a": 1})]}, ["an exception names the control {'a': 1}"]),
    ({"exceptions": [dict(GOOD, **{"Reason": "x"})]}, ["a key Reason, which there is not (the nearest is reason)"]),
    ({"exceptions": [{**GOOD, 1: "x", "b": "x"}]}, ["a key 1"]),
    ({"exceptions": [dict(GOOD, expires=datetime.datetime(2027, 6, 30, 12))]}, ["ends on '2027-06-30 12:00:00', which is no date", "YYYY-MM-DD"]),
    ({"exceptions": [dict(GOOD, expires=["2027-06-30"])]}, ["no date"]),
    ({"exceptions": [dict(GOOD, expires=True)]}, ["no date"]),
    ({"exceptions": [dict(GOOD, reason=["x"])]}, ["the reason of the exception of sysctl_net_ipv4_ip_forward is ['x'], and must be a text"]),
    ({"exceptions": [dict(GOOD, owner={"a": 1})]}, ["the owner of the exception"]),
    ({"exceptions": [dict(GOOD, ticket=True)]}, ["the ticket of the exception"]),
    ({"only_ids": [{}]}, ["only_ids names the control {}, which there is not"]),
    ({"skip_ids": [["a"]]}, ["skip_ids names the control ['a']"]),
    ({"only_ids": [1]}, ["only_ids names the control 1"]),
    ({"themes": [{}]}, ["a theme of themes is {}", "There are: accounts"]),
    ({"skip_themes": [["sshd"]]}, ["a theme of skip_themes is ['sshd']"]),
    ({"skip_risks": [{"lockout": True}]}, ["a risk of skip_risks is {'lockout': True}"]),
    ({"levels": [[1]]}, ["a level is [1]"]),
    ({"levels": [True]}, ["a level is True"]),
    ({"levels": ["\u00b2"]}, ["a level is \u00b2"]),
    ({"guard_timeout": "\u00b2"}, ["guard_timeout is '\u00b2'", "number"]),
    ({"values": {1: 2}}, ["there is no value 1"]),
    ({"values": {1: 2, "sshd_baner": "x"}}, ["there is no value 1"]),
    ({"values": {"sshd_log_level": "VERBOS"}}, ["(the nearest is VERBOSE)"]),
    ({"values": {"sshd_allow_users": [True]}}, ["list of words", "in quotes"]),
    ({"values": {"sshd_allow_users": ["a\rb"]}}, ["list of words"]),
    ({"environment": {"moon": True}}, ["there is no environment moon", "There are: container, cloud"]),
    ({"environment": {"routers": True}}, ["there is no environment routers (the nearest is router)"]),
    ({"environment": {1: True}}, ["there is no environment 1"]),
    ({"environment": ["router"]}, ["environment is ['router']", "dictionary"]),
    ({"environment": "router=no"}, ["environment is 'router=no'", "dictionary"]),
    ({"environment": {"router": "perhaps"}}, ["environment says 'perhaps' of router", "true or false"]),
    ({"environment": {"router": None}}, ["environment says None of router"]),
    ({"environment": {"router": []}}, ["environment says [] of router"]),
    ({"guard_timeout": "soon"}, ["guard_timeout is 'soon'", "number"]),
])
def test_bad_input_is_one_error_that_names_the_thing(given, words):
    with pytest.raises(InputError) as caught:
        compiled(**given)
    for word in words:
        assert word in str(caught.value)


def test_a_secret_of_a_wrong_type_is_in_no_error():
    with pytest.raises(InputError, match="grub_password_hash is of another type, and must be str") as caught:
        compiled(values={"grub_password_hash": ["s3cr3t"]})
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(("word", "said"), [
    ("no", False), ("false", False), ("0", False), (0, False), (False, False), ("yes", True), ("True", True), (1, True), (True, True)])
def test_what_a_host_is_said_to_be_is_a_truth_value(word, said):
    arguments = {"environment": {"router": word}, "scanner_compat": True}
    baseline.selection(arguments)
    assert arguments == {"environment": {"router": said}, "scanner_compat": True}


@pytest.mark.parametrize(("text", "words"), [
    ("theme: own\ncontrols: [", ["own.yml, line ", "no YAML", "Mend the file"]),
    ("- x", ["own.yml: it holds no theme"]),
    ("", ["holds no theme"]),
    ("controls: []", ["it has no theme"]),
    ("theme: [own]", ["it has no theme"]),
    ("theme: own\ntitle: [x]", ["title is ['x'], and must be a text"]),
    ("theme: own\nrules: []", ["it has a key rules, which there is not", "controls, theme, title, variables"]),
    ("theme: own\ncontrol: []\n1: x", ["it has a key control, which there is not (the nearest is controls)"]),
    ("theme: own\ncontrols: {own_x: {title: Some title}}", ["controls is {'own_x'", "must be a list"]),
    ("theme: own\ncontrols: 7", ["controls is 7, and must be a list"]),
    ("theme: own\ncontrols: [{id: own_x}]", ["a control needs id, mechanism, title"]),
    ("theme: own\ncontrols: [own_x]", ["a control needs id, mechanism, title: own_x"]),
    ("theme: own\ncontrols: [{id: 'own x', title: Some title, mechanism: sysctl}]", ["'own x' is no id"]),
    ("theme: own\ncontrols: [{id: 7, title: Some title, mechanism: sysctl}]", ["7 is no id"]),
    *((f"theme: own\ncontrols: [{{id: own_x, title: Some title, mechanism: sysctl, {more}}}]", ["own.yml: ", "the control own_x", *words])
      for more, words in [
          ("values: 1", ["has a key values, which there is not"]),
          ("levl: 1", ["has a key levl, which there is not (the nearest is level)", "there are: args, el"]),
          ("7: 1", ["has a key 7"]),
          ("args: [1]", ["args of the control own_x are no mapping"]),
          ("args: {value: 2026-01-01}", ["the args of", "date", "in quotes"]),
          ("args: &a {value: *a}", ["the args of", "ircular"]),
          ("args: {key: {var: own_v}}", ["names the value 'own_v', which there is not"]),
          ("args: {key: {var: sshd_baner}}", ["'sshd_baner', which there is not (the nearest is sshd_banner)"]),
          ("args: {key: {var: [own_v]}}", ["names the value ['own_v'], which there is not"]),
          ("risk: [fire]", ["risk names 'fire', which is none of lockout, service, reboot"]),
          ("risk: [lock]", ["which is none of lockout, service, reboot (the nearest is lockout)"]),
          ("risk: lockout", ["risk is 'lockout', and must be a list of: lockout, service, reboot"]),
          ("risk: [[a]]", ["risk names ['a']"]),
          ("not_in: container", ["not_in is 'container', and must be a list of: container, cloud"]),
          ("not_in: [moon]", ["not_in names 'moon', which is none of container, cloud"]),
          ("not_in: [conteiner]", ["not_in names 'conteiner'", "(the nearest is container)"]),
          ("not_in: {container: true}", ["not_in is {'container': True}, and must be a list"]),
          ("not_in: [{container: true}]", ["not_in names {'container': True}"]),
          ("not_in: ~", ["not_in is None, and must be a list"]),
          ("only_in: router", ["only_in is 'router', and must be a list of: container, cloud"]),
          ("only_in: [routers]", ["only_in names 'routers'", "(the nearest is router)"]),
          ("only_in: [router], not_in: [cloud, router]", ["router is in not_in and in only_in"]),
          ("level: 3", ["level is 3, and must be 1 or 2"]),
          ("level: true", ["level is True"]),
          ("level: [1]", ["level is [1]"]),
          ("el: [7]", ["el names 7, which is none of 8, 9, 10"]),
          ("el: ['9']", ["el names '9', which is none of 8, 9, 10"]),
          ("el: 9", ["el is 9, and must be a list of: 8, 9, 10"]),
          ("el: [{}]", ["el names {}"]),
          ("el: []", ["el is empty"]),
          ("package: [[a]]", ["package is [['a']], and must be the name of a package, or a list of names"]),
          ("package: 7", ["package is 7"]),
          ("package: ''", ["package is ''"]),
          ("unverified: 'no'", ["unverified is 'no', and must be true or false"]),
          ("why: [x]", ["why is ['x'], and must be a text"])]),
    ("theme: own\ncontrols: [{id: own_x, title: [Some], mechanism: sysctl}]", ["the control own_x: title is ['Some'], and must be a text"]),
    ("theme: own\ncontrols: [{id: own_x, title: Some title, mechanism: package, args: {name: sssd, state: removed}, risk: [lockout]}]",
     ["the control own_x: package goes in before the lockout guard", "leave the risk lockout away"]),
    ("theme: own\ncontrols: [{id: own_x, title: Some title, mechanism: {a: b}}]", ["the control own_x: mechanism is {'a': 'b'}, and must be a text"]),
    ("theme: own\ncontrols: [{id: own_x, title: Some title, mechanism: sysctls}]",
     ["own.yml: the control own_x: mechanism is 'sysctls', which there is not (the nearest is sysctl)", "there are: accounts, aide"]),
    ("theme: own\nvariables: [a]", ["variables is ['a'], and must be a mapping"]),
    ("theme: own\nvariables: {7: {type: int, default: 1}}", ["the variable 7 is no name"]),
    *((f"theme: own\nvariables: {{own_v: {variable}}}", ["own.yml: the variable own_v", *words]) for variable, words in [
        ("3", ["is 3, and must be a mapping"]),
        ("{type: float}", ["needs type (int, str, bool, list), which is 'float'"]),
        ("{type: string}", ["which is 'string' (the nearest is str)"]),
        ("{type: [a]}", ["needs type (int, str, bool, list), which is ['a']"]),
        ("{default: 1}", ["needs type (int, str, bool, list)"]),
        ("{type: int, default: 1, minimum: 0}", ["has a key minimum, which there is not (the nearest is min)"]),
        ("{type: int}", ["has no default"]),
        ("{type: int, default: many}", ["default: the value own_v is 'many', and must be int"]),
        ("{type: int, default: 5, max: 4}", ["default: the value own_v is 5, out of"]),
        ("{type: int, default: 5, max: x}", ["max is 'x', and must be a number"]),
        ("{type: str, default: a, min: 1}", ["min is 1, and must be a number, of a variable of type int"]),
        ("{type: str, default: c, choices: [a, b]}", ["default: the value own_v is 'c', and must be one of a, b"]),
        ("{type: str, default: a, choices: a}", ["choices is 'a', and must be a list"]),
        ("{type: list, default: [[a]]}", ["default: ", "list of words"]),
        ("{type: int, default: 1, by_el: [8]}", ["by_el is [8], and must be a mapping"]),
        ("{type: int, default: 1, by_el: {7: 1}}", ["by_el names 7, which is none of 8, 9, 10"]),
        ("{type: int, default: 1, by_el: {8: x}}", ["by_el 8: the value own_v is 'x', and must be int"]),
        ("{type: int, default: 1, by_profile: {cis: 2}}", ["by_profile names 'cis'", "(the nearest is cis_server_l1)"]),
        ("{type: int, default: 1, by_profile: {hipaa: []}}", ["by_profile hipaa: the value own_v is []"]),
        ("{type: str, default: a, secret: 'yes'}", ["secret is 'yes', and must be true or false"]),
        ("{type: str, default: a, description: [x]}", ["description is ['x'], and must be a text"])]),
    ("theme: own\nvariables: {sshd_banner: {type: str, default: x}}", ["sshd_banner is there already"]),
    ("theme: own\ncontrols: [{id: sshd_disable_root_login, title: Some title, mechanism: sysctl}]", ["is there already for release"]),
])
def test_files_of_own_controls_that_are_wrong(tmp_path, text, words):
    (tmp_path / "own.yml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        compiled(catalogue=catalogues.with_own((str(tmp_path),)))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("text", [
    "{type: int, default: '5'}", "{type: int, default: 1, by_el: {9: '5'}}", "{type: int, default: 1, by_profile: {cis_server_l1: '5'}}"])
def test_a_value_that_is_not_given_has_its_type_too(tmp_path, text):
    (tmp_path / "own.yml").write_text(
        f"theme: own\nvariables: {{own_v: {text}}}\ncontrols: [{{id: own_x, title: Some title, mechanism: sysctl, args: {{value: {{var: own_v}}}}}}]",
        encoding="utf-8")
    found = compiled(catalogue=catalogues.with_own((str(tmp_path),)))
    assert [control["args"] for control in found if control["id"] == "own_x"] == [{"value": 5}]


@pytest.mark.parametrize("folder", [{}, 1, "", None])
def test_a_folder_that_is_no_path(folder):
    with pytest.raises(InputError, match="controls_folders has .*, which is no path"):
        catalogues.with_own((folder,))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="the folder of controls .*none is not there. Check hardening_controls_folders"):
        catalogues.with_own((str(tmp_path / "none"),))


def test_own_controls_come_on_top_of_any_profile(tmp_path):
    (tmp_path / "own.yml").write_text(
        "theme: own\ntitle: Our own\nvariables: {own_value: {type: int, default: 1, description: x}}\n"
        "controls: [{id: own_x, title: Some title, mechanism: sysctl, el: [9], args: {key: kernel.panic, value: {var: own_value}}}]", encoding="utf-8")
    catalogue = catalogues.with_own((str(tmp_path),))
    found = [control for control in compiled(catalogue=catalogue, values={"own_value": 5}) if control["id"] == "own_x"]
    assert found == [{"id": "own_x", "mechanism": "sysctl", "theme": "own", "args": {"key": "kernel.panic", "value": 5}}]
    assert not [control for control in compiled(8, catalogue=catalogue) if control["id"] == "own_x"]
    assert "own_x" not in ALL.ids and "own_value" not in ALL.variables and catalogue.themes["own"] == "Our own"


@pytest.mark.parametrize(("level", "found"), [("level: 1", [1]), ("level: 2", [2]), ("why: no level", [])])
def test_the_level_of_a_control_of_ones_own_counts(tmp_path, level, found):
    (tmp_path / "own.yml").write_text(
        f"theme: own\ncontrols: [{{id: own_x, title: Some title, mechanism: sysctl, el: [8, 9], {level}}}]", encoding="utf-8")
    catalogue = catalogues.with_own((str(tmp_path),))
    assert [number for number in (1, 2) if any(
        row["id"] == "own_x" for row in compiled(levels=[number], profile="cis_server_l2", catalogue=catalogue))] == found
    assert catalogue.level("own_x", 8) == (found or [None])[0] and catalogue.level("own_x", 10) is None
    assert report.joined([{"id": "own_x"}], catalogue, 9)[0].get("level") == (found or [None])[0]


@pytest.mark.parametrize(("text", "major"), [
    ('ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.8"\n', 9), ('ID="rhel"\nVERSION_ID="10.0"\n', 10),
    ('NAME="Oracle Linux Server"\nID="ol"\nID_LIKE="fedora"\nVERSION_ID="9.6"\nPLATFORM_ID="platform:el9"\n', 9),
    ('ID="ol"\nID_LIKE="fedora"\nVERSION_ID="8.10"\n', 8)])
def test_hosts_that_it_is_for(text, major):
    assert baseline.host_of(text)[0] == major


@pytest.mark.parametrize("text", [
    "", 'ID=debian\nVERSION_ID="12"\n', 'ID=fedora\nVERSION_ID=43\n', 'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n', 'ID="rhel"\nVERSION_ID="x"\n'])
def test_hosts_that_it_is_not_for(text):
    with pytest.raises(UnsupportedError, match="The baseline is for Enterprise Linux 8, 9 and 10"):
        baseline.host_of(text)


def test_theme_files_are_named_by_their_theme():
    for path in (ROOT / "roles/hardening/controls").glob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["theme"] == path.stem


def test_the_examples_of_the_guide_work(tmp_path):
    guide = (ROOT / "docs/hardening.md").read_text(encoding="utf-8") + (ROOT / "roles/hardening/README.md").read_text(encoding="utf-8")
    settings = {}
    for block in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL):
        document = yaml.safe_load(block)
        if isinstance(document, list):
            document = document[0]["roles"][0]["vars"]
        if "theme" in document:
            (tmp_path / "ours.yml").write_text(block, encoding="utf-8")
        else:
            settings.setdefault("exceptions", []).extend(document.pop("hardening_exceptions", []))
            settings.update({name[len("hardening_"):]: value for name, value in document.items()})
    own = catalogues.with_own((str(tmp_path),))
    assert {"ours_panic_reboots", "ours_ntp_offline"} <= {control["id"] for control in compiled(catalogue=own)}
    assert settings["values"] and settings["only_ids"] and len(settings["exceptions"]) == 2
    for name in ("exceptions", "values", "themes", "skip_themes", "levels", "risks", "skip_risks", "only_ids", "skip_ids"):
        compiled(**{name: settings[name]})
