# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: to_html
short_description: Write rows as a page of HTML
description:
  - Returns a page with a table that needs nothing else to be shown. All text is escaped, since a miner can send any.
positional: columns, title
options:
  _input:
    description: The rows, each a dictionary.
    type: list
    elements: dict
    required: true
  columns:
    description: The keys to show, in this order.
    type: list
    elements: str
    required: true
  title:
    description: The title of the page.
    type: str
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ [{'miner': 'rack1-01'}] | minerops.dragonmint.to_html(['miner'], 'Miners') }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import require_rows

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; margin: 2em; }}
table {{ border-collapse: collapse; }}
th, td {{ border-bottom: 1px solid #ccc; padding: 0.3em 0.8em; text-align: left; vertical-align: top; }}
th {{ position: sticky; top: 0; background: #fff; }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>
<thead><tr>{heading}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def to_html(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], title: str) -> str:
    require_rows("to_html", rows, columns)
    lines = ["<tr>" + "".join(f"<td>{_text(row.get(column))}</td>" for column in columns) + "</tr>" for row in rows]
    heading = "".join(f"<th>{escape(column)}</th>" for column in columns)
    return _PAGE.format(title=escape(title), heading=heading, rows="\n".join(lines))


def _text(value: Any) -> str:
    return "" if value is None else escape(str(value))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"to_html": to_html}
