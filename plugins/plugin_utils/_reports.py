# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of all reports share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible.errors import AnsibleFilterError
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted


def address_of(miner: str, variables: Mapping[str, Any]) -> str:
    """Returns a miner's address for tasks of this collection, from its variables."""
    return str(variables.get("dragonmint_host") or variables.get("ansible_host") or miner)


def endpoint_of(url: Any) -> str:
    """Returns the host and port of a pool, which say where a miner mines; a URL may contain more."""
    try:
        return urlsplit(str(url)).netloc.rpartition("@")[2] or str(url)
    except ValueError:
        return str(url)


def require_rows(name: str, rows: Any, columns: Any) -> None:
    """Raises AnsibleFilterError, in one sentence, if a filter can't lay out these rows or columns."""
    if not isinstance(rows, (list, tuple)):
        raise AnsibleFilterError(f"{name} expects a list of rows, but found {quoted(rows)}.")
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise AnsibleFilterError(f"{name} expects a dictionary for each row, but row {number} is {quoted(row)}.")
    if not isinstance(columns, (list, tuple)) or not all(isinstance(column, str) for column in columns):
        raise AnsibleFilterError(f"{name} expects the columns as a list of keys, but found {quoted(columns)}.")


def filled_columns(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Returns the columns without those that are empty in all rows; all of them where there are no rows."""
    return [column for column in columns if not rows or any(row.get(column) not in _EMPTY for row in rows)]


_EMPTY: tuple[Any, ...] = (None, "", [], {})
