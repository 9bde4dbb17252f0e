# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the house that no linter knows. Each test collects every fault, so that one run shows them all."""

import ast
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]

# What Ansible itself gives under these names: settings of the connection and the play, no facts of a host.
NO_FACTS = re.compile(
    r"ansible_(facts(_modules|_parallel)?|version|host|port|user|password|connection|managed|check_mode|diff_mode|run_tags|skip_tags|config_file"
    r"|verbosity|forks|limit|inventory_sources|playbook_python|collection_name|role_name|role_names|parent_role_\w+|search_path|async_dir"
    r"|remote_tmp|python_interpreter|index_var|loop|loop_var|failed_task|failed_result|ssh_\w+|become\w*|play_\w+|current_hosts|shell_\w+)")


def files_of(*patterns):
    """The files of the tree (sorted paths) that match any of the glob *patterns*."""
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file() and "__pycache__" not in path.parts})


def short(path):
    return str(path.relative_to(ROOT))


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None


def roles():
    return sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())


def entry_points(role):
    return (load(role / "meta/argument_specs.yml") or {}).get("argument_specs", {})


def test_defaults_of_roles_are_those_of_their_argument_specs():
    faults = []
    for role in roles():
        defaults = load(role / "defaults/main.yml") or {}
        options = {}
        for entry in entry_points(role).values():
            options.update(entry.get("options", {}))
        for name, value in defaults.items():
            if name not in options:
                faults.append("{}: default {} is in no argument spec".format(role.name, name))
            elif "default" in options[name] and options[name]["default"] != value:
                faults.append("{}: {} defaults to {!r}, its argument spec says {!r}".format(role.name, name, value, options[name]["default"]))
        for name, option in options.items():
            if "default" in option and name not in defaults:
                faults.append("{}: {} has a default in its argument spec only".format(role.name, name))
    assert not faults, "\n".join(faults)


def test_every_entry_point_of_a_role_has_an_argument_spec():
    faults = []
    for role in roles():
        entries = entry_points(role)
        if "main" not in entries:
            faults.append("{}: no argument spec of main".format(role.name))
        for name in entries:
            if not (role / "tasks" / (name + ".yml")).is_file():
                faults.append("{0}: argument spec of {1}, but no tasks/{1}.yml".format(role.name, name))
    assert not faults, "\n".join(faults)


def test_variables_of_roles_carry_the_role_s_name():
    faults = []
    for role in roles():
        for name in load(role / "defaults/main.yml") or {}:
            if not name.startswith(role.name + "_"):
                faults.append("{}: default {}".format(role.name, name))
        for path in sorted((role / "vars").glob("*.yml")):
            faults += ["{}: {}".format(short(path), name) for name in load(path) or {}
                       if not name.startswith(("__{}_".format(role.name), role.name + "_"))]
    assert not faults, "\n".join(faults)


def test_roles_and_their_variables_are_documented():
    faults = []
    for role in roles():
        readme = role / "README.md"
        text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
        if not text:
            faults.append("{}: no README.md".format(role.name))
        faults += ["{}: README.md does not name {}".format(role.name, name)
                   for name in load(role / "defaults/main.yml") or {} if name not in text]
    assert not faults, "\n".join(faults)


def test_every_module_is_in_the_action_group_and_the_other_way_round():
    group = load(ROOT / "meta/runtime.yml")["action_groups"]["all"]
    modules = {path.stem for path in files_of("plugins/modules/*.py")}
    assert sorted(group) == sorted(modules)


def test_the_readme_names_every_module_role_and_playbook():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [path.stem for path in files_of("plugins/modules/*.py", "playbooks/*.yml")] + [role.name for role in roles()]
    assert [name for name in names if not re.search(r"\b{}\b".format(re.escape(name)), text)] == []


def test_what_users_get_knows_nothing_of_the_test_hosts():
    faults = []
    for path in files_of("roles/**/*", "plugins/**/*", "playbooks/**/*"):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if re.search(r"look-?alike|testbed|\b(debian|ubuntu|dpkg|apt-get|bookworm|trixie)\b", line, re.IGNORECASE):
                faults.append("{}:{}: {}".format(short(path), number, line.strip()))
    assert not faults, "\n".join(faults)


def injected(text):
    """The names of injected facts (ansible_distribution …) that YAML or a template uses; comments do not count."""
    bare = re.sub(r"(?m)(^|\s)#.*$", "", text)
    return [name for name in re.findall(r"(?<![\w.'\"-])ansible_\w+", bare) if not NO_FACTS.fullmatch(name)]


def test_the_search_for_injected_facts_finds_them():
    assert injected("when: ansible_distribution == 'AlmaLinux'") == ["ansible_distribution"]
    assert injected("{{ ansible_os_family | lower }}") == ["ansible_os_family"]
    assert injected("when: ansible_facts['distribution'] == 'x' and not ansible_check_mode") == []
    assert injected("# ansible_distribution is not used") == []


def test_no_injected_facts():
    files = files_of("roles/**/*.yml", "roles/**/*.j2", "playbooks/**/*.yml", "molecule/**/*.yml", "tests/hosts/**/*.yml", "tests/bench/**/*.yml")
    faults = ["{}: {}".format(short(path), name) for path in files for name in injected(path.read_text(encoding="utf-8"))]
    assert not faults, "\n".join(faults)


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                yield item.name
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_commands_are_started_in_one_place():
    faults = []
    for path in files_of("plugins/modules/*.py", "plugins/module_utils/**/*.py"):
        names = set(imports(ast.parse(path.read_text(encoding="utf-8"))))
        if "subprocess" in names and short(path) != "plugins/module_utils/_system/commands.py":
            faults.append("{} imports subprocess".format(short(path)))
    assert not faults, "\n".join(faults)


def test_what_carries_no_ansible_imports_none():
    faults = []
    for path in files_of("plugins/module_utils/_*/**/*.py"):
        names = set(imports(ast.parse(path.read_text(encoding="utf-8"))))
        faults += ["{} imports {}".format(short(path), name) for name in sorted(names)
                   if name == "ansible" or name.startswith("ansible.")]
    assert not faults, "\n".join(faults)


def test_target_code_is_written_for_python_3_6():
    faults = []
    for path in files_of("plugins/modules/*.py", "plugins/module_utils/**/*.py"):
        text = path.read_text(encoding="utf-8")
        try:
            names = {"{}.{}".format(node.module, item.name) for node in ast.walk(ast.parse(text, feature_version=(3, 6)))
                     if isinstance(node, ast.ImportFrom) for item in node.names}
        except SyntaxError as error:
            faults.append("{}: {}".format(short(path), error))
            continue
        faults += ["{}: {}".format(short(path), word) for word in ("capture_output=", "dataclasses") if word in text]
        faults += ["{}: {}".format(short(path), name) for name in names if name == "__future__.annotations"]
    assert not faults, "\n".join(faults)


def test_code_names_its_licence():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py", "*.sh"],
                            cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    faults = []
    for name in filter(None, listed):
        path = ROOT / name
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text.strip() and "SPDX-License-Identifier: GPL-3.0-or-later" not in text[:400]:
            faults.append(name)
    assert not faults, "\n".join(faults)


def test_actions_are_pinned_by_commit():
    uses = re.findall(r"uses:\s*(\S+)", "".join(path.read_text(encoding="utf-8") for path in files_of(".github/workflows/*.yml")))
    assert uses
    assert [use for use in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use)] == []


def test_sanity_has_no_ignores():
    assert files_of("tests/sanity/ignore*") == []
