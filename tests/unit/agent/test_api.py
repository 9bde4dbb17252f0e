# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent uses of dnf what dnf_4_7_api.yml lists, and nothing else: its real runs are on newer ones, EL8 has 4.7."""

import ast
import os

import pytest
import yaml

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client

with open(os.path.join(os.path.dirname(__file__), "dnf_4_7_api.yml"), encoding="utf-8") as _handle:
    TABLE = yaml.safe_load(_handle)


class Walk(ast.NodeVisitor):
    """What a source uses: used, a set of (type, name); wrong, a list of str."""

    def __init__(self, source):
        self.used = set()
        self.wrong = []
        self.visit(ast.parse(source))

    def gives(self, owner, name, line):
        """The type of *name* of type *owner*, None for a plain value."""
        self.used.add((owner, name))
        documented = TABLE["documented"].get(owner, {})
        other = TABLE["undocumented"].get(owner, {})
        if name not in documented and name not in other:
            self.wrong.append("line {0}: {1}.{2} is not in the table".format(line, owner, name))
            return None
        return documented[name] if name in documented else other[name]["gives"]

    def type_of(self, node):
        if isinstance(node, ast.Name):
            return TABLE["variables"].get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.type_of(node.value)
            return None if owner is None else self.gives(owner, node.attr, node.lineno)
        if isinstance(node, ast.Call):
            if getattr(node.func, "id", None) == "getattr":
                owner = self.type_of(node.args[0])
                # Constants alone are evaluated: the source is ours.
                return None if owner is None else self.gives(owner, eval(compile(ast.Expression(node.args[1]), "", "eval")), node.lineno)
            return self.type_of(node.func)
        return None

    def holds(self, target, kind):
        """*target* is given something of type *kind*: its name must say so (what goes into a dict comes out by such a name)."""
        if kind is not None and isinstance(target, ast.Name) and TABLE["variables"].get(target.id) != kind:
            self.wrong.append("line {0}: a variable that the table does not know holds {1}".format(target.lineno, kind))

    def visit_Assign(self, node):
        for target in node.targets:
            self.holds(target, self.type_of(node.value))
        self.generic_visit(node)

    def visit_With(self, node):
        for item in node.items:
            if item.optional_vars is not None:
                self.holds(item.optional_vars, self.type_of(item.context_expr))
        self.generic_visit(node)

    def visit_For(self, node):
        self.holds(node.target, TABLE["elements"].get(self.type_of(node.iter)))
        self.generic_visit(node)

    def visit_comprehension(self, node):
        self.holds(node.target, TABLE["elements"].get(self.type_of(node.iter)))
        self.generic_visit(node)

    def visit_Attribute(self, node):
        self.type_of(node)
        self.generic_visit(node)

    def visit_Call(self, node):
        self.type_of(node)
        self.generic_visit(node)

    def visit_Import(self, node):
        for name in node.names:
            known = name.name in TABLE["documented"] or name.name in TABLE["undocumented"]
            if name.name.split(".")[0] in ("dnf", "libdnf", "hawkey", "rpm", "librepo") and not known:
                self.wrong.append("line {0}: {1} is not in the table".format(node.lineno, name.name))


def test_the_agent_uses_what_the_table_lists():
    walk = Walk(client.source())
    assert walk.wrong == []
    # The walk really sees what is there.
    assert {("dnf.Base", "urlopen"), ("dnf.Base", "do_transaction"), ("dnf.conf.substitutions.Substitutions", "update_from_etc"),
            ("libdnf.module.ModulePackage", "getArtifacts"), ("hawkey.AdvisoryRef", "type")} <= walk.used


def test_dnf_is_imported_inside_functions_alone():
    top = [node for node in ast.parse(client.source()).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    imported = set(alias.name.split(".")[0] for node in top for alias in node.names)
    assert not imported & set(["dnf", "hawkey", "libdnf", "rpm"])


def test_the_table_lists_nothing_that_is_not_used():
    used = Walk(client.source()).used
    for part in ("documented", "undocumented"):
        for owner, names in TABLE[part].items():
            for name in names:
                assert (owner, name) in used, "{0}.{1}".format(owner, name)
    assert all(entry["why"] for names in TABLE["undocumented"].values() for entry in names.values())


@pytest.mark.parametrize("source, words", [
    ("base.sack.query().installed().filterm(name='x')", "dnf.query.Query.filterm"),
    ("def f(base):\n    base.resolve_everything()", "dnf.Base.resolve_everything"),
    ("getattr(base, 'autore' + 'move')()", "dnf.Base.autoremove"),
    ("for thing in base.sack.query().installed():\n    pass", "does not know holds dnf.package.Package"),
    ("[str(thing) for thing in base.sack.query().available()]", "does not know holds dnf.package.Package"),
    ("everything = base.sack", "does not know holds dnf.sack.Sack"),
    ("import dnf.cli", "dnf.cli"),
])
def test_the_walk_finds(source, words):
    assert any(words in wrong for wrong in Walk(source).wrong), Walk(source).wrong
