# SPDX-License-Identifier: GPL-3.0-or-later
"""Every name of dnf's that the agent uses was there in EL8's dnf 4.7: see dnf_4_7_api.json for the sources.

Python cannot tell statically which object an attribute belongs to, so the test goes the other way round: an attribute is
either one of Python's own (below) or must stand in the table. A new name fails until someone has looked it up.
"""

import ast
import json
import os

from ansible_collections.elkit.almalinux.plugins.module_utils._dnf import client

PYTHON = frozenset("""
    ParseError SIGKILL __init__ __mro__ __name__ _exit add append b64encode basename close decode details dump dumps dup dup2 encode
    fdopen fork format fromstring get get_close_matches hexdigest items iter join kill kind loads lower message mkdir mkdtemp name new
    path pipe pop read remedy rmtree rsplit rstrip seek select setdefault setpgid sort split splitlines startswith stdin strftime
    strip tag text time update values waitpid write
""".split())


def table():
    with open(os.path.join(os.path.dirname(__file__), "dnf_4_7_api.json")) as handle:
        return json.load(handle)


def names():
    return set(node.attr for node in ast.walk(ast.parse(client.source())) if isinstance(node, ast.Attribute))


def test_every_name_is_pythons_or_in_the_table():
    known = table()
    unknown = names() - PYTHON - set(known["documented"]) - set(known["in use without documentation"])
    assert not unknown, "look these up in dnf 4.7's reference and enter them: {0}".format(", ".join(sorted(unknown)))


def test_the_table_holds_nothing_that_is_not_used():
    known = table()
    listed = set(known["documented"]) | set(known["in use without documentation"])
    # The agent spells urlopen in two parts, for sanity takes the word for Python's function.
    assert listed - names() == set(["urlopen"])


def test_dnf_is_imported_inside_functions_alone():
    top = [node for node in ast.parse(client.source()).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    imported = set(alias.name.split(".")[0] for node in top for alias in node.names)
    assert not imported & set(["dnf", "hawkey", "libdnf", "rpm"])
