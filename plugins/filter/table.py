# Copyright: (c) 2026, elkit.almalinux contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: table
short_description: Turn a list of dictionaries into a table of plain text
version_added: 0.1.0
author: elkit.almalinux contributors (@elkit)
description:
  - Turns a list of dictionaries into a table of plain text with aligned columns, for people to read.
positional: columns
options:
  _input:
    description: The rows.
    type: list
    elements: dict
    required: true
  columns:
    description: The keys to show, in this order. By default those of all rows, in the order in which they first appear.
    type: list
    elements: str
  max_width:
    description: Longer values are cut to this number of characters, with an ellipsis at the end. V(0) cuts nothing.
    type: int
    default: 0
notes:
  - A missing key and V(null) show as a dash, a list as its items with commas between them, truth values as V(yes) and
    V(no). Control characters, such as line breaks and those that colour terminals, show as a question mark.
"""

EXAMPLES = r"""
- name: Show a table
  ansible.builtin.debug:
    msg: "{{ (rows | elkit.almalinux.table(['host', 'release'])).split('\n') }}"
  vars:
    rows:
      - {host: web1, release: AlmaLinux 9.8}
      - {host: db1, release: AlmaLinux 10.2}
"""

RETURN = r"""
_value:
  description: A line of headings, a line of dashes, and a line for each row, without a line break at the end.
  type: str
"""

import unicodedata
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError


def _printable(text):
    """*text* with what could break the line or steer a terminal replaced."""
    return "".join("?" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter for letter in text)


def _cell(value, max_width):
    if value is None or value == "" or value == []:
        text = "-"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, (list, tuple)):
        text = ", ".join(str(item) for item in value)
    else:
        text = str(value)
    text = _printable(text)
    return text[:max_width - 1] + "…" if 0 < max_width < len(text) else text


def _width(text):
    """How many columns of a terminal *text* takes: wide letters take two, combining ones none."""
    return sum(0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def table(rows, columns=None, max_width=0):
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
        raise AnsibleFilterError("elkit.almalinux.table: give it a list of dictionaries")
    if columns is None:
        columns = list(dict.fromkeys(key for row in rows for key in row))
    if isinstance(columns, str) or not isinstance(columns, (list, tuple)):
        raise AnsibleFilterError("elkit.almalinux.table: columns must be a list of keys")
    if isinstance(max_width, bool) or not isinstance(max_width, int) or max_width < 0:
        raise AnsibleFilterError("elkit.almalinux.table: max_width must be a number of characters, 0 or more")
    lines = [[_printable(str(column)) for column in columns]]
    lines += [[_cell(row.get(column), max_width) for column in columns] for row in rows]
    widths = [max(_width(line[index]) for line in lines) for index in range(len(columns))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


class FilterModule:
    def filters(self):
        return {"table": table}
