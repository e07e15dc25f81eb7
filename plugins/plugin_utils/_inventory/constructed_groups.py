# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups that ``groups`` and ``keyed_groups`` of an inventory source can create, known before any host exists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def named(groups: Mapping[str, Any], keyed_groups: Sequence[Any], is_template: Callable[[Any], bool]) -> list[str]:
    """Returns the groups with fixed names: those of ``groups``, and parents of keyed groups that are not templates."""
    parents = [keyed.get("parent_group") for keyed in keyed_groups if isinstance(keyed, Mapping)]
    return [*groups, *(parent for parent in parents if parent and not is_template(parent))]


def beginnings(keyed_groups: Sequence[Any], leading_separator: bool) -> tuple[str, ...]:
    """Returns the prefixes of the names of keyed groups; an empty text if a name can be anything."""
    return tuple(_beginning(keyed, leading_separator) for keyed in keyed_groups if isinstance(keyed, Mapping))


def _beginning(keyed: Mapping[str, Any], leading_separator: bool) -> str:
    prefix = str(keyed.get("prefix") or "")
    return prefix + str(keyed.get("separator", "_")) if prefix or leading_separator else ""
