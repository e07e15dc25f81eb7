# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: to_html
short_description: Write rows as a page of HTML
description:
  - Returns a page without external resources. It works on a phone, shows the worst rows first, and can be filtered and
    sorted.
  - All text is escaped, since a miner can send any text. Invisible characters are shown by their numbers.
  - M(minerops.dragonmint.dragonmint_report) writes such a page to a file.
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

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.page import Page, render
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.texts import collection_version
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import require_rows


def to_html(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], title: str) -> str:
    require_rows("to_html", rows, columns)
    return render(Page(str(title), time.time(), version=collection_version()), plain(rows), plain(columns))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"to_html": to_html}
